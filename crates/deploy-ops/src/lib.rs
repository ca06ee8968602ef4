//! Deployment operations against AWS: the only crate that talks to it.

pub mod aws;
pub mod call;
pub mod clock;
pub mod expand;
pub mod git;
pub mod health;
pub mod interrupt;
pub mod logs;
pub mod names;
pub mod observe;
pub mod plan;
pub mod report;
pub mod resolve;
pub mod stack;
pub mod target;
pub mod tasks;
pub mod template;
pub mod watch;
