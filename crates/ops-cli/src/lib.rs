//! The command-line contract, apart from what the commands do.
//!
//! `cargo xtask` parses with these definitions before it hands a command to the `deploy-ops` binary,
//! which parses the same arguments again. A typo is therefore answered at once, without compiling the
//! AWS SDK first, and the workflow tests parse every `cargo xtask` call with the real grammar.

/// Writes a line for people to stderr. Where nobody reads it any more the line is lost and the program goes on, which
/// `eprintln!` does not: a closed pipe must not leave a deployment unwatched.
/// Text of others in it is only text: see [`medium::here`].
#[macro_export]
macro_rules! say {
    () => {
        $crate::medium::say(::std::format_args!(""))
    };
    ($($arg:tt)*) => {
        $crate::medium::say(::std::format_args!($($arg)*))
    };
}

mod args;
mod exit;
pub mod git;
mod guard;
mod local_only;
pub mod medium;
mod result;

pub use args::*;
pub use exit::Exit;
pub use guard::{Guard, GuardKind, UnknownGuard};
pub use local_only::{LocalOnly, LocalOnlyKind};
pub use result::{Cause, DeployResult, ErrorResult, ServiceResult, Verdict};

/// Whether colour on stderr reaches somebody who wants it: a terminal, and no `NO_COLOR` (<https://no-color.org>).
#[must_use]
pub fn colour_on_stderr() -> bool {
    use std::io::IsTerminal as _;
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty())
}
