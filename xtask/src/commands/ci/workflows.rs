//! actionlint and zizmor over `.github`: no findings. Exceptions, each with its reason, are in `.github/zizmor.yml`.

use std::ffi::OsString;

use super::validators::{Python, VALIDATORS};
use crate::failure::Failure;
use crate::process::must_succeed;
use crate::project::Project;

pub(super) fn run(project: &Project) -> Result<(), Failure> {
    let python = Python::prepare(project, "validators", VALIDATORS)?;
    // Every step runs one command: there is no shell or Python to look into with tools that may or may not be installed.
    let args = ["-shellcheck=", "-pyflakes="].map(OsString::from);
    must_succeed(&python.run(project, "actionlint", args), "actionlint")?;
    let args = [
        "--offline",
        "--pedantic",
        "--strict-collection",
        "--no-progress",
        "--quiet",
        "--config",
        ".github/zizmor.yml",
        ".github",
    ];
    must_succeed(&python.run(project, "zizmor", args.map(OsString::from)), "zizmor")
}
