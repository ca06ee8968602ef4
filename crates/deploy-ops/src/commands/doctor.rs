//! `doctor`, up to what needs more of the SDK than a deployment: that is handed in.

use std::path::Path;

use env_config::{Config, Environment};
use ops_cli::{DoctorArgs, Exit, Place};
use serde::Serialize;

use super::{close, print, print_json};
use crate::doctor::{Finding, State, account, github, machine, replace};
use crate::failure::Failure;
use crate::target::Target;

/// What `--json` prints.
#[derive(Serialize)]
struct Answer {
    healthy: bool,
    findings: Vec<Finding>,
}

/// Shows each finding as soon as it is there: some take seconds.
struct Findings {
    all: Vec<Finding>,
    json: bool,
}

impl Findings {
    fn add(&mut self, findings: impl IntoIterator<Item = Finding>) -> Result<(), Failure> {
        for finding in findings {
            if !self.json {
                print(&finding.to_string())?;
            }
            self.all.push(finding);
        }
        Ok(())
    }
}

/// Runs it without what this program does not compile; `cargo xtask doctor ENVIRONMENT` runs `account-ops`, which does.
pub(super) async fn of_machine(args: &DoctorArgs, root: &Path) -> Result<Exit, Failure> {
    let more = async |_: &Config, environment: Option<&Environment>, _: &Target| {
        let unasked = environment.map(|_| Finding::skipped("quotas", "not asked: account-ops asks"));
        unasked.into_iter().collect()
    };
    run(args, root, more).await
}

/// Runs it. `more` looks at the account once it is connected, at an environment where one is named.
///
/// # Errors
/// [`Failure`]: the configuration cannot be read, or nothing can be printed.
pub async fn run(
    args: &DoctorArgs,
    root: &Path,
    more: impl AsyncFn(&Config, Option<&Environment>, &Target) -> Vec<Finding>,
) -> Result<Exit, Failure> {
    let config = Config::load(root)?;
    let environment = args.environment.as_deref().map(|name| config.environment(name)).transpose()?;
    let mut findings = Findings { all: Vec::new(), json: args.json };
    // First, and before anything is called: with an example for an account every call would be a surprise.
    let local = args.target.place() == Ok(Place::Local);
    findings.add(replace::configuration(root, &config, local))?;
    let place = root.to_owned();
    // A look that panics is a defect of it, not of the machine: it is left out.
    findings.add(tokio::task::spawn_blocking(move || machine::programs(&place)).await.unwrap_or_default())?;
    findings.add(tokio::task::block_in_place(|| machine::checkout(root, Some(&config))))?;
    let (found, target) = account::connect(root, &config, &args.target).await;
    findings.add(found)?;
    if let Some(target) = &target {
        findings.add([account::role(&config, environment.map(|it| &it.name), target)])?;
        findings.add(more(&config, environment, target).await)?;
    }
    if let Some(environment) = environment {
        findings.add(account::environment(&config, environment, target.as_ref()).await)?;
        // No workflow deploys to the local AWS: GitHub protects nothing there.
        if args.target.place() == Ok(Place::Aws) && machine::is_signed_in_to_github(&findings.all) {
            let found = tokio::task::block_in_place(|| github::ids(root, &config));
            findings.add(found)?;
            let found = tokio::task::block_in_place(|| github::environment(root, &config, environment));
            findings.add(found)?;
        }
    }
    if let Some(target) = target {
        close(target).await;
    }
    let healthy = findings.all.iter().all(|finding| finding.state != State::Fail);
    if args.json {
        print_json(&Answer { healthy, findings: findings.all })?;
    }
    Ok(if healthy { Exit::Done } else { Exit::Differences })
}
