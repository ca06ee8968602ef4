//! Deployment operations against AWS: the only crate that talks to it.

pub mod aws;
pub mod call;
pub mod clock;
pub mod expand;
pub mod names;
pub mod plan;
pub mod report;
pub mod stack;
pub mod template;
