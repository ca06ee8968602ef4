//! The arguments of this process.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Name under which cargo finds a ready xtask: with `CARGO_ALIAS_XTASK` naming it, `cargo xtask` compiles nothing.
pub(crate) const READY_COMMAND: &str = "ready-xtask";

/// File name of a ready xtask, in a directory where cargo looks for commands.
pub(crate) fn ready_file() -> String {
    format!("cargo-{READY_COMMAND}{}", std::env::consts::EXE_SUFFIX)
}

/// What the user typed after `cargo xtask`.
pub(crate) fn of_process() -> impl Iterator<Item = OsString> {
    let mut all = std::env::args_os();
    let program = all.next().unwrap_or_default();
    let rest: Vec<OsString> = all.collect();
    let skip = usize::from(is_ready(&program) && rest.first().is_some_and(|first| first == READY_COMMAND));
    rest.into_iter().skip(skip)
}

/// Whether this process is a ready xtask, started by cargo as a command of its own.
pub(crate) fn is_ready_process() -> bool {
    std::env::args_os().next().is_some_and(|program| is_ready(&program))
}

/// Cargo runs `cargo-NAME NAME …`: the name of the command is there twice.
fn is_ready(program: &OsStr) -> bool {
    Path::new(program).file_name().is_some_and(|name| name == OsStr::new(&ready_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_xtask_is_known_by_its_name() {
        assert!(is_ready(OsStr::new("somewhere/bin/cargo-ready-xtask")));
        assert!(!is_ready(OsStr::new("target/debug/xtask")));
    }
}
