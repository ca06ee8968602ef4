//! The pinned `aws` CLI and boto3 against `local serve`: do they understand every answer?

use std::io::{BufRead as _, BufReader};

use super::validators::Python;
use crate::failure::Failure;
use crate::process::{built_binary, cargo, must_succeed};
use crate::project::Project;

/// Virtual seconds per second: a stack that takes six minutes takes 1.2 seconds, and a stopped task can be described for 12
/// (ECS keeps it for an hour), in which the command line has time to start.
const SPEED: &str = "300";

/// Serves an empty account and has the clients' script use it.
pub(super) fn run(project: &Project) -> Result<(), Failure> {
    let python = Python::prepare(project, "clients", "tests/clients/requirements.txt")?;
    must_succeed(&cargo(project, ["build", "--quiet", "--package", "deploy-ops"]), "building deploy-ops")?;
    let program =
        built_binary("deploy-ops").ok_or_else(|| Failure::unexpected("deploy-ops is not beside xtask"))?;
    let state = project.root().join("target/clients-local-aws");
    if state.exists() {
        std::fs::remove_dir_all(&state).map_err(|error| {
            Failure::unexpected(format!("failed to remove {}", state.display())).because(error)
        })?;
    }
    let failed = |error| Failure::unexpected("failed to serve the local AWS").because(error);
    let mut server = BufReader::new(
        duct::cmd!(program, "local", "serve", "--port", "0", "--speed", SPEED)
            .dir(project.root())
            .env("LOCAL_AWS_DIR", &state)
            .reader()
            .map_err(failed)?,
    );
    // The first line is the address; the server runs until it is killed.
    let mut endpoint = String::new();
    server.read_line(&mut endpoint).map_err(failed)?;
    let script = duct::cmd!(python.bin.join("python"), "tests/clients/clients.py")
        .dir(project.root())
        .env("LOCAL_AWS_ENDPOINT", endpoint.trim())
        .stdout_to_stderr();
    let outcome = must_succeed(&script, "tests/clients/clients.py");
    server.get_ref().kill().map_err(failed)?;
    outcome
}
