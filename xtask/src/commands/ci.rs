//! `ci`: everything the gate checks. A missing tool is a failure that says how to get the tool.

mod attacks;
mod clients;
mod validators;
mod workflows;

use std::process::ExitCode;
use std::time::Instant;

use crate::commands::{check, schema, tidy};
use crate::failure::Failure;
use crate::process::{cargo, must_succeed};
use crate::project::Project;

type Step = fn(&Project) -> Result<(), Failure>;

/// In the order in which a broken change is found soonest.
const STEPS: &[(&str, Step)] = &[
    ("format", |project| must_succeed(&cargo(project, ["fmt", "--all", "--check"]), "cargo fmt --check")),
    ("tidy", |project| tidy::run(project).map(drop)),
    ("schemas", |project| {
        let stale = schema::stale_schemas(project)?;
        schema::report(&stale.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>()).map(drop)
    }),
    ("configuration and templates", |project| check::run(project, &check::Args::default()).map(drop)),
    ("clippy", |project| {
        let args = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
        must_succeed(&cargo(project, args), "cargo clippy")
    }),
    ("tests", |project| must_succeed(&cargo(project, ["test"]), "cargo test")),
    ("least privilege", least_privilege),
    ("attacks", attacks::run),
    ("template validators", validators::templates),
    ("workflow linters", workflows::run),
    ("AWS clients", clients::run),
];

/// Every environment's deploy role: nothing missing, nothing unused.
fn least_privilege(project: &Project) -> Result<(), Failure> {
    for environment in project.config()?.environments.keys() {
        let check = ["run", "--quiet", "--package", "deploy-ops", "--", "iam", "check", environment.as_str()];
        must_succeed(&cargo(project, check), &format!("iam check {environment}"))?;
    }
    Ok(())
}

pub(crate) fn run(project: &Project) -> Result<ExitCode, Failure> {
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        ops_cli::say!("==> {name}");
        let start = Instant::now();
        match step(project) {
            Ok(()) => ops_cli::say!("    {name}: passed in {:.1} s", start.elapsed().as_secs_f64()),
            Err(failure) => {
                ops_cli::medium::say_coloured(failure.render().trim_end());
                failed.push(*name);
            }
        }
    }
    if failed.is_empty() {
        ops_cli::say!("ci: all {} steps passed", STEPS.len());
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::differences(format!(
        "{} of {} steps failed: {}",
        failed.len(),
        STEPS.len(),
        failed.join(", ")
    )))
}
