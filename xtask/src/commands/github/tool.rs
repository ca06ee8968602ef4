//! `github tool`: this tool as a job of GitHub Actions has it, from the cache or built for it.
//!
//! The cache holds two files of cargo's own directory for programs: `deploy-ops`, and xtask as a cargo command. What is
//! exported lets `cargo xtask` run the one and hand over to the other, without compiling anything.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::append;
use crate::arguments::{READY_COMMAND, is_ready_process, ready_file};
use crate::failure::Failure;
use crate::output;
use crate::process::{built_binary, cargo, must_succeed};
use crate::project::Project;

pub(crate) fn run(project: &Project) -> Result<ExitCode, Failure> {
    let folder = programs()?;
    let ops = folder.join(format!("deploy-ops{}", std::env::consts::EXE_SUFFIX));
    if !is_ready_process() {
        must_succeed(
            &cargo(project, ["build", "--locked", "--package", "xtask", "--package", "deploy-ops"]),
            "building the tool",
        )?;
        let built = built_binary("deploy-ops")
            .ok_or_else(|| Failure::unexpected("cannot tell where xtask is built"))?;
        install(&built, &ops)?;
        install(
            &built.with_file_name(format!("xtask{}", std::env::consts::EXE_SUFFIX)),
            &folder.join(ready_file()),
        )?;
    }
    if !ops.is_file() {
        return Err(Failure::unexpected(format!("{} is not there", ops.display()))
            .hint("the cache holds half of the tool: delete it, the next run builds a new one"));
    }
    let exported = format!("CARGO_ALIAS_XTASK={READY_COMMAND}\nDEPLOY_OPS={}\n", ops.display());
    append("GITHUB_ENV", &exported)?;
    output::data(&exported)
}

/// Cargo's directory for programs, where it looks for commands first.
fn programs() -> Result<PathBuf, Failure> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    home.map(|home| home.join("bin")).ok_or_else(|| {
        Failure::unexpected("there is no home directory").hint("set CARGO_HOME to where cargo lives")
    })
}

/// Copies beside the target first: a half-written program is never found under its name.
fn install(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error| {
        Failure::unexpected(format!("failed to copy {} to {}", from.display(), to.display())).because(error)
    };
    let partial = to.with_extension("partial");
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::copy(from, &partial).map_err(failed)?;
    std::fs::rename(&partial, to).map_err(failed)
}
