//! CloudFormation behaves as the rules of AWS say: one test per rule, named after it.
#![allow(missing_docs, clippy::unwrap_used)]
#![allow(clippy::needless_pass_by_value, reason = "members are written in place with json!")]

mod access;
mod caches;
mod change_sets;
mod configured;
mod database_versions;
mod databases;
mod drift;
mod exports;
mod fixture;
mod functions;
mod gateways;
mod leftovers;
mod limits;
mod nested;
mod policies;
mod quotas;
mod reach;
mod rollback;
mod services;
mod triggers;
mod vpc;
