//! Rare operations on an account: those whose SDK crates a deployment must not wait for. Sessions, targets, reports and
//! failures are those of `deploy-ops`.

// `ops_cli::say!` instead: a closed stderr must not end an operation.
#![cfg_attr(not(test), warn(clippy::print_stderr))]

pub mod commands;
pub mod database;
pub mod dns;
pub mod judge;
pub mod quotas;
