//! Other programs: how they are found, run and handed the command.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use duct::Expression;

use crate::failure::Failure;
use crate::project::Project;

/// `cargo`, without what an outer cargo put into the environment: with it, build scripts that watch those
/// variables run again and a no-op build becomes a rebuild.
pub(crate) fn cargo<I>(project: &Project, args: I) -> Expression
where
    I: IntoIterator,
    I::Item: Into<OsString>,
{
    let command = duct::cmd(cargo_program(), args).dir(project.root());
    variables_of_outer_cargo().fold(command, |command, name| command.env_remove(name))
}

fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn variables_of_outer_cargo() -> impl Iterator<Item = OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| is_set_by_cargo(&name.to_string_lossy()))
}

/// Whether cargo sets this variable for the program that `cargo run` starts.
fn is_set_by_cargo(name: &str) -> bool {
    name == "CARGO"
        || name == "CARGO_MANIFEST_DIR"
        || name == "CARGO_MANIFEST_PATH"
        || name == "CARGO_MANIFEST_LINKS"
        || name == "CARGO_PRIMARY_PACKAGE"
        || name == "CARGO_CRATE_NAME"
        || name == "CARGO_BIN_NAME"
        || name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_BIN_EXE_")
}

/// Runs `command`, and fails with `what` and the exit status where it does not succeed.
pub(crate) fn must_succeed(command: &Expression, what: &str) -> Result<(), Failure> {
    let output = command
        .unchecked()
        .run()
        .map_err(|error| Failure::unexpected(format!("failed to start {what}")).because(error))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(Failure::differences(format!("{what} failed ({})", output.status)))
    }
}

/// Whether a program of this name is on PATH.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A program of this workspace that the command is handed to, because compiling it takes longer than most commands
/// should have to wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    /// Its package, and the name of its binary.
    package: &'static str,
    /// Environment variable that names a built one (CI caches it).
    variable: &'static str,
    /// What is said before it is built for the first time.
    first_build: &'static str,
}

/// What talks to AWS.
pub(crate) const DEPLOY_OPS: Program = Program {
    package: "deploy-ops",
    variable: "DEPLOY_OPS",
    first_build: "building deploy-ops with the AWS SDK: a few minutes the first time, then never again",
};

/// What talks to AWS rarely, and needs more of the SDK for it.
pub(crate) const ACCOUNT_OPS: Program = Program {
    package: "account-ops",
    variable: "ACCOUNT_OPS",
    first_build: "building account-ops with more of the AWS SDK: a few minutes the first time, then never again",
};

/// The simulator.
pub(crate) const ROLLOUT_LAB: Program = Program {
    package: "rollout-lab",
    variable: "ROLLOUT_LAB",
    first_build: "building the simulator: a minute or two the first time, then never again",
};

/// Hands the command to another program of the workspace, and its exit code back.
///
/// A binary named by the program's variable is used as it is; otherwise cargo builds it, showing its progress where that
/// takes minutes.
pub(crate) fn hand_to(
    program: Program,
    project: &Project,
    args: impl Iterator<Item = OsString>,
) -> Result<ExitCode, Failure> {
    let Program { package, variable, first_build } = program;
    let mut command = if let Some(program) = std::env::var_os(variable) {
        Command::new(program)
    } else {
        if !built_binary(package).is_some_and(|binary| binary.is_file()) {
            ops_cli::say!("{first_build}");
            let build = cargo(project, ["build", "--package", package]).stdout_to_stderr();
            must_succeed(&build, &format!("building {package}"))?;
        }
        let mut command = Command::new(cargo_program());
        command.args(["run", "--quiet", "--package", package, "--"]);
        variables_of_outer_cargo().for_each(|name| {
            command.env_remove(name);
        });
        command
    };
    // It starts where the user is: paths in arguments are relative to that.
    command.args(args);
    replace_with(command)
}

/// Where cargo puts a binary of the workspace: beside this one.
pub(crate) fn built_binary(name: &str) -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// Becomes the other program, so that Ctrl-C and the exit code reach the caller untouched.
#[cfg(unix)]
fn replace_with(mut command: Command) -> Result<ExitCode, Failure> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(Failure::unexpected(format!("failed to start {}", command.get_program().display())).because(error))
}

/// Runs the other program and passes its exit code on.
#[cfg(not(unix))]
fn replace_with(mut command: Command) -> Result<ExitCode, Failure> {
    let status = command
        .status()
        .map_err(|error| Failure::unexpected("failed to start the program").because(error))?;
    let code =
        status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(ops_cli::Exit::Unexpected.code());
    Ok(ExitCode::from(code))
}
