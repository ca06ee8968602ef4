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
pub use result::{Cause, DeployResult, ErrorResult, ServiceResult, Verdict};

/// Whether colour on stderr reaches somebody who wants it: a terminal, and no `NO_COLOR` (<https://no-color.org>).
#[must_use]
pub fn colour_on_stderr() -> bool {
    use std::io::IsTerminal as _;
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty())
}
