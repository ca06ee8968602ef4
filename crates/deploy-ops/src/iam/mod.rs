//! Least privilege, shown and proven: what the deploy roles may do, and that it is what the tool needs.

mod accounts;
mod boundaries;
mod by_hand;
mod check;
mod evidence;
mod execution;
mod policy;
mod scenarios;

pub use check::{Finding, RoleCheck, check};
pub use local_aws::{DecidedCall, RoleDocuments};

pub use evidence::{RoleEvidence, evidence};
pub use policy::{Policy, Statement, deploy_policy};
