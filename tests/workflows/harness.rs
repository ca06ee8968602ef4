//! Runs workflows as GitHub would, job by job and step by step, on this machine and against the local AWS.
//!
//! The commands of the steps are run as they are written, in bash, in a checkout, with the environment, outputs and files
//! that GitHub gives them. Actions of others cannot run here: each has a stand-in that does what matters, and the report
//! names it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use deploy_ops::infrastructure;
use deploy_ops::prepare;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::api;
use super::expression::{Contexts, to_text};
use super::model::{self, File, called, list};
use super::oidc::{About, about, shared_template, subject, trusts};
use crate::e2e::scene::{Scene, block_on, close};

/// Commands that need a container engine and the sources of the services. In place of the second one, made-up images of
/// the commit are pushed.
const NEEDS_DOCKER: &[&str] = &["cargo xtask images build", PUSH];
const PUSH: &str = "cargo xtask images push";

/// Why a workflow runs.
pub(super) struct Event {
    pub name: &'static str,
    /// `GITHUB_REF`
    pub reference: String,
    /// `GITHUB_SHA`
    pub sha: String,
    /// Content of the file `GITHUB_EVENT_PATH`.
    pub payload: Value,
}

/// What became of a step.
#[derive(Debug)]
pub(super) enum What {
    Ran {
        command: String,
        exit: i32,
        stdout: String,
        stderr: String,
    },
    /// Something else took its place: the name of the action, or the command.
    StandIn(String),
    /// Its condition did not hold, or a step before it had failed.
    Skipped,
}

/// Everything that happened.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Steps in order: `deploy / deploy: Deploy the commit`.
    pub steps: Vec<(String, What)>,
    /// `success`, `failure` or `skipped`, by job.
    pub results: BTreeMap<String, String>,
}

impl Report {
    /// The step with this end of its name.
    pub(super) fn step(&self, name: &str) -> &What {
        let found = self.steps.iter().find(|(place, _)| place.ends_with(name));
        &found.unwrap_or_else(|| panic!("no step {name} in {:#?}", self.steps)).1
    }
}

/// A machine with the tool and git, a checkout, the remote that it came from, and an account.
pub(super) struct Machine {
    pub scene: Scene,
    outside: TempDir,
    /// Address of what stands in for GitHub's API, and for S3.
    api: String,
}

impl Machine {
    /// Around a checkout, whose commits become those of `origin`, and an account with a shared stack.
    pub(super) fn new(scene: Scene) -> Self {
        let machine = Self::first_morning(scene);
        machine.shared_stack_is_made();
        machine
    }

    /// The shared stack exists, and with it its bucket, of which S3 tells strangers that much.
    pub(super) fn shared_stack_is_made(&self) {
        std::fs::write(self.outside.path().join(api::BUCKET), "").unwrap();
    }

    /// The same where nobody has made anything in the account yet.
    pub(super) fn first_morning(scene: Scene) -> Self {
        let outside = tempfile::tempdir().unwrap();
        let origin = outside.path().join("origin.git");
        let machine = Self { scene, outside, api: api::serve(origin.clone()) };
        let folder = machine.outside.path();
        machine.scene.git(&["init", "--quiet", "--bare", origin.to_str().unwrap()]);
        machine.scene.git(&["remote", "add", "origin", origin.to_str().unwrap()]);
        machine.push();
        let bin = folder.join("cargo/bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::os::unix::fs::symlink(programs().join("xtask"), bin.join("cargo-ready-xtask")).unwrap();
        std::os::unix::fs::symlink(programs().join("deploy-ops"), bin.join("deploy-ops")).unwrap();
        std::fs::create_dir(folder.join("bin")).unwrap();
        std::fs::copy(model::repository().join("tests/workflows/gh.sh"), folder.join("bin/gh")).unwrap();
        std::fs::write(machine.notes_file(), "First release.\n").unwrap();
        machine
    }

    /// Pushes main and all tags.
    pub(super) fn push(&self) {
        self.scene.git(&["push", "--quiet", "--follow-tags", "origin", "main"]);
    }

    /// Notes of the release, as `gh` has them.
    pub(super) fn notes(&self) -> String {
        std::fs::read_to_string(self.notes_file()).unwrap()
    }

    fn notes_file(&self) -> PathBuf {
        self.outside.path().join("notes.md")
    }

    /// Runs a workflow.
    pub(super) fn run(&self, name: &str, event: &Event) -> Report {
        let github = json!({
            "event": event.payload, "event_name": event.name, "ref": event.reference, "sha": event.sha,
            "repository": "specboard/doc-platform", "token": "the-token-of-this-job",
        });
        let mut run = Run { machine: self, event, about: about(event.name), report: Report::default() };
        let contexts =
            Contexts::default().with("github", github).with("inputs", event.payload["inputs"].clone());
        run.file("", &model::workflow(name), &contexts);
        run.report
    }
}

/// Where the programs under test are, built as `cargo xtask` builds them.
pub(crate) fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut build = Command::new(std::env::var_os("CARGO").unwrap());
        build.args(["build", "--quiet", "--package", "xtask", "--package", "deploy-ops"]);
        build.args(["--package", "account-ops"]);
        build.current_dir(model::repository());
        // What cargo sets for this test would make build scripts run again.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_")
                || text.starts_with("CARGO_MANIFEST_")
                || text.starts_with("CARGO_BIN_")
            {
                build.env_remove(name);
            }
        }
        assert!(build.env_remove("CARGO").status().unwrap().success(), "the programs cannot be built");
        std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned()
    })
}

struct Run<'a> {
    machine: &'a Machine,
    event: &'a Event,
    about: About,
    report: Report,
}

impl Run<'_> {
    /// Runs the jobs of a workflow, each after those that it needs; what became of them, with their outputs.
    fn file(&mut self, place: &str, file: &File, contexts: &Contexts) -> Map<String, Value> {
        let mut done = Map::new();
        while done.len() < file.jobs().len() {
            let next = file.jobs().iter().find(|(id, job)| {
                !done.contains_key(*id) && list(&job["needs"]).iter().all(|need| done.contains_key(*need))
            });
            let (id, job) = next.unwrap_or_else(|| panic!("{}: jobs need each other", file.name));
            let needs = list(&job["needs"]);
            let success = needs.iter().all(|need| done[*need]["result"] == "success");
            let needs: Map<String, Value> =
                needs.iter().map(|need| ((*need).to_owned(), done[*need].clone())).collect();
            let contexts = Contexts { success, ..contexts.clone() }.with("needs", Value::Object(needs));
            let place = format!("{place}{id}");
            let (result, outputs) = match contexts.condition(job.get("if")) {
                Err(error) => panic!("{place}: {error}"),
                Ok(false) => ("skipped", json!({})),
                Ok(true) => self.job(&place, job, &contexts),
            };
            self.report.results.insert(place, result.to_owned());
            done.insert(id.clone(), json!({ "result": result, "outputs": outputs }));
        }
        done
    }

    fn job(&mut self, place: &str, job: &Value, contexts: &Contexts) -> (&'static str, Value) {
        if let Some(inner) = job["uses"].as_str().and_then(called) {
            let declared = &inner.content["on"]["workflow_call"];
            let mut inputs = json!({});
            for (name, input) in declared["inputs"].as_object().into_iter().flatten() {
                inputs[name] = match job["with"].get(name) {
                    Some(text) => contexts.interpolate(text.as_str().unwrap()).unwrap(),
                    None => input["default"].clone(),
                };
            }
            let github = contexts.values["github"].clone();
            let called = Contexts::default().with("github", github).with("inputs", inputs);
            let jobs = self.file(&format!("{place} / "), &inner, &called);
            let failed = jobs.values().any(|job| job["result"] == "failure");
            let after = called.with("jobs", Value::Object(jobs));
            let outputs = declared["outputs"].as_object().into_iter().flatten();
            let outputs = outputs
                .map(|(name, it)| (name.clone(), after.interpolate(it["value"].as_str().unwrap()).unwrap()));
            return (if failed { "failure" } else { "success" }, Value::Object(outputs.collect()));
        }
        let environment =
            job["environment"].as_str().map(|text| to_text(&contexts.interpolate(text).unwrap()));
        let contexts = Contexts { success: true, ..contexts.clone() };
        let mut variables = BTreeMap::new();
        let contexts = self.steps(place, &job["steps"], contexts, environment.as_deref(), &mut variables);
        let outputs = job["outputs"].as_object().into_iter().flatten();
        let outputs =
            outputs.map(|(name, text)| (name.clone(), contexts.interpolate(text.as_str().unwrap()).unwrap()));
        (if contexts.success { "success" } else { "failure" }, Value::Object(outputs.collect()))
    }

    /// Runs steps; the contexts after them. `variables` is the environment that they leave to later ones.
    fn steps(
        &mut self,
        place: &str,
        steps: &Value,
        contexts: Contexts,
        environment: Option<&str>,
        variables: &mut BTreeMap<String, String>,
    ) -> Contexts {
        let mut contexts = contexts.with("steps", json!({}));
        for step in steps.as_array().unwrap() {
            let place = format!("{place}: {}", step["name"].as_str().unwrap());
            let runs = contexts.condition(step.get("if")).unwrap_or_else(|error| panic!("{place}: {error}"));
            let (what, outputs) = if !runs {
                (What::Skipped, json!({}))
            } else if let Some(folder) = step["uses"].as_str().and_then(|uses| uses.strip_prefix("./")) {
                let inner = Contexts { success: true, ..contexts.clone() };
                let action = model::action(folder);
                contexts.success &= self
                    .steps(&place, &action.content["runs"]["steps"], inner, environment, variables)
                    .success;
                continue;
            } else if let Some(action) = step["uses"].as_str() {
                let outputs = self.stand_in(&place, action, step, &contexts, environment);
                (What::StandIn(action.split('@').next().unwrap().to_owned()), outputs)
            } else {
                self.command(&place, step, &contexts, variables)
            };
            if let What::Ran { exit, .. } = &what {
                contexts.success &= *exit == 0;
            }
            if let Some(id) = step["id"].as_str() {
                contexts.values["steps"][id] = json!({ "outputs": outputs });
            }
            self.report.steps.push((place, what));
        }
        contexts
    }

    /// Does what matters of an action of somebody else.
    fn stand_in(
        &self,
        place: &str,
        action: &str,
        step: &Value,
        contexts: &Contexts,
        environment: Option<&str>,
    ) -> Value {
        let with = |name: &str| {
            let text = step["with"][name].as_str().unwrap_or_default();
            to_text(&contexts.interpolate(text).unwrap_or_else(|error| panic!("{place}: {error}")))
        };
        match action.split('@').next().unwrap() {
            "actions/checkout" => {
                let wanted = [with("ref"), self.event.reference.clone()]
                    .into_iter()
                    .find(|it| !it.is_empty())
                    .unwrap();
                self.machine.scene.git(&["fetch", "--quiet", "--tags", "origin"]);
                self.machine.scene.git(&["checkout", "--quiet", "--detach", &wanted]);
                json!({})
            }
            // The tool of these sources is there, as after CI of the push.
            "actions/cache/restore" => json!({ "cache-hit": "true" }),
            "aws-actions/configure-aws-credentials" => {
                let config = crate::templates::config();
                let template = shared_template(&config);
                let subject = subject(&config.platform.github, true, environment, self.about);
                let role = with("role-to-assume");
                let role = role
                    .strip_prefix("arn:aws:iam::123456789012:role/")
                    .unwrap_or_else(|| panic!("{place}: {role}"));
                assert!(trusts(&template, role, &subject), "{place}: {role}: {subject}");
                assert_eq!(with("aws-region"), "us-west-2", "{place}");
                assert!(
                    (900..=14400).contains(&with("role-duration-seconds").parse::<u32>().unwrap()),
                    "{place}"
                );
                json!({})
            }
            other => panic!("{place}: {other} has no stand-in"),
        }
    }

    /// Pushes a made-up image for every service. The repositories are the shared stack's, which people deploy before
    /// any workflow runs.
    fn push_images(&self, commit: &str) {
        block_on(async {
            let session = self.machine.scene.session("staging", &[]).await;
            infrastructure::change_shared(&session, true, &[]).await.unwrap();
            prepare::images(&session, &commit.parse().unwrap(), None).await.unwrap();
            close(session).await;
        });
    }

    fn command(
        &self,
        place: &str,
        step: &Value,
        contexts: &Contexts,
        variables: &mut BTreeMap<String, String>,
    ) -> (What, Value) {
        let text = step["run"].as_str().unwrap();
        if NEEDS_DOCKER.iter().any(|command| text.starts_with(command)) {
            if text.starts_with(PUSH) {
                let commit = contexts.interpolate(step["env"]["COMMIT"].as_str().unwrap());
                self.push_images(&to_text(&commit.unwrap_or_else(|error| panic!("{place}: {error}"))));
            }
            return (What::StandIn(text.to_owned()), json!({}));
        }
        let outside = self.machine.outside.path();
        let files = tempfile::tempdir().unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", text])
            .current_dir(self.machine.scene.root());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO") || text.starts_with("GITHUB_") || text.starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        command
            .env("PATH", format!("{}:{path}", outside.join("bin").display()))
            .env("CARGO_HOME", outside.join("cargo"))
            .env("DEPLOY_TARGET", "local")
            .env("GH_STAND_IN_NOTES", self.machine.notes_file())
            .env("GITHUB_ACTIONS", "true")
            .env("AWS_ENDPOINT_URL_S3", &self.machine.api)
            .env("GITHUB_API_URL", &self.machine.api)
            .env("GITHUB_EVENT_NAME", self.event.name)
            .env("GITHUB_REF", &self.event.reference)
            .env("GITHUB_REPOSITORY", "specboard/doc-platform")
            .env("GITHUB_RUN_ID", "1")
            .env("GITHUB_SHA", &self.event.sha)
            .env("GITHUB_ENV", files.path().join("env"))
            .env("GITHUB_OUTPUT", files.path().join("output"))
            .env("GITHUB_STEP_SUMMARY", files.path().join("summary"))
            .envs(&*variables);
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            let value = contexts
                .interpolate(value.as_str().unwrap())
                .unwrap_or_else(|error| panic!("{place}: {error}"));
            command.env(name, to_text(&value));
        }
        let output = command.output().unwrap();
        variables.extend(assignments(&files.path().join("env")));
        let outputs =
            assignments(&files.path().join("output")).into_iter().map(|(name, value)| (name, json!(value)));
        let what = What::Ran {
            command: text.to_owned(),
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        (what, Value::Object(outputs.collect()))
    }
}

/// Lines `name=value` of a file that a step wrote, where it did.
fn assignments(file: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines =
        text.lines().map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line}: not name=value")));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
