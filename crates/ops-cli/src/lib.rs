//! The command-line contract, apart from what the commands do.
//!
//! `cargo xtask` parses with these definitions before it hands a command to the `deploy-ops` binary,
//! which parses the same arguments again. A typo is therefore answered at once, without compiling the
//! AWS SDK first, and the workflow tests parse every `cargo xtask` call with the real grammar.

mod args;
mod exit;
mod guard;
mod result;

pub use args::*;
pub use exit::Exit;
pub use guard::{Guard, GuardKind, UnknownGuard};
pub use result::{Cause, DeployResult, ServiceResult, Verdict};
