//! The record that every deployment, rollback and recovery leaves on the machine it ran on: what was asked for, called
//! and observed, and what came of it, without anything that looks like a secret. `cargo xtask replay` judges it again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ops_cli::{Cause, DeployResult, Exit, LocalOnly, Verdict};
use rollout_verdict::Record;
use serde::{Deserialize, Serialize};

use crate::call::Calls;
use crate::clock::rfc3339;
use crate::failure::Failure;
use crate::recover::Recovered;
use crate::redact::Redactor;
use crate::report::Entry;
use crate::session::Session;

/// Directory of the records, below the top of the repository.
pub const DIRECTORY: &str = ".deployments";
/// What a record that is read may have, in bytes.
const MAX_RECORD: u64 = 256 * 1024 * 1024;
/// Version of the format; another one is refused.
pub const FORMAT: u32 = 1;

/// One change of a stack, as it was watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObservedOperation {
    /// Name of the stack.
    pub stack: String,
    /// Name of the change set, which is also the token of the operation's events.
    pub change_set: String,
    /// Whether it takes the operation before it back.
    #[serde(default)]
    pub takes_back: bool,
    /// What the tool made of it; nothing where the user interrupted.
    pub verdict: Option<Verdict>,
    /// What was expected and seen.
    pub record: Record,
}

/// Collects what a command observes, so that it is there however the command ends.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<ObservedOperation>>);

impl Recorder {
    /// Adds an operation.
    pub fn observed(&self, operation: ObservedOperation) {
        if let Ok(mut operations) = self.0.lock() {
            operations.push(operation);
        }
    }

    fn operations(&self) -> Vec<ObservedOperation> {
        self.0.lock().map(|operations| operations.clone()).unwrap_or_default()
    }
}

/// Who ran a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// ARN, as STS says it.
    pub arn: String,
    /// Person or session.
    pub who: String,
    /// Host, or GitHub run.
    pub place: String,
}

/// How a command ended, as its `--json` says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    /// A deployment or a rollback.
    Release(DeployResult),
    /// A recovery.
    Recovery(Recovered),
}

impl Outcome {
    /// The verdict.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Release(result) => result.verdict,
            Self::Recovery(recovered) => recovered.verdict,
        }
    }

    /// The release that it was about, if one.
    #[must_use]
    pub fn release(&self) -> Option<&str> {
        match self {
            Self::Release(result) => Some(&result.release),
            Self::Recovery(_) => None,
        }
    }

    /// Why it did not succeed.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Release(result) => result.cause.as_ref(),
            Self::Recovery(recovered) => recovered.cause.as_ref(),
        }
    }
}

/// The record of a command that changes what runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    /// [`FORMAT`].
    pub format: u32,
    /// `deploy`, `rollback` or `recover`.
    pub command: String,
    /// Its options, as they were understood.
    pub options: serde_json::Value,
    /// Environment, or `shared`.
    pub environment: String,
    /// `aws`, or `local` for the embedded local AWS.
    pub target: String,
    /// Account, twelve digits.
    pub account: String,
    /// Region.
    pub region: String,
    /// Who ran it.
    pub caller: Caller,
    /// When it began, RFC 3339 in UTC, on the deployment's clock.
    pub began: String,
    /// When it ended.
    pub ended: String,
    /// How it ended, where it came to a result.
    pub result: Option<Outcome>,
    /// Why it came to none.
    pub error: Option<String>,
    /// Exit code of the command.
    pub exit_code: u8,
    /// What is different on AWS, where the target is `local`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_only: Vec<LocalOnly>,
    /// What the user was shown.
    pub timeline: Vec<Entry>,
    /// How often each operation of AWS was called.
    pub calls: Calls,
    /// The changes of stacks, in order.
    pub operations: Vec<ObservedOperation>,
}

impl DeploymentRecord {
    /// Of a command that has ended.
    #[must_use]
    pub fn new(
        session: &Session,
        subject: &str,
        (command, options): (&str, serde_json::Value),
        outcome: Result<Outcome, &Failure>,
        calls: Calls,
    ) -> Self {
        let target = &session.target;
        let (result, error) = match outcome {
            Ok(outcome) => (Some(outcome), None),
            Err(failure) => (None, Some(failure)),
        };
        let verdict = result.as_ref().map(|result| result.verdict().exit());
        let exit = verdict.or_else(|| error.map(Failure::exit)).unwrap_or(Exit::Unexpected);
        Self {
            format: FORMAT,
            command: command.to_owned(),
            options,
            environment: subject.to_owned(),
            target: if target.is_self_contained() { "local" } else { "aws" }.to_owned(),
            account: target.identity.account.clone(),
            region: session.config.platform.region.to_string(),
            caller: Caller {
                arn: target.identity.arn.clone(),
                who: session.origin.who.clone(),
                place: session.origin.place.clone(),
            },
            began: rfc3339(session.report.began()),
            ended: rfc3339(target.clock.now()),
            result,
            error: error.map(Failure::chain),
            exit_code: exit.code(),
            local_only: session.report.local_only(),
            timeline: session.report.timeline(),
            calls,
            operations: session.recorder.operations(),
        }
    }

    /// `2026-11-26T23-50-12Z-staging-rolled_back`
    fn name(&self) -> String {
        let verdict = self.result.as_ref().map(|result| serde_json::json!(result.verdict()));
        let verdict = verdict.as_ref().and_then(|verdict| verdict.as_str()).unwrap_or("error");
        format!("{}-{}-{verdict}", self.began.replace(':', "-"), self.environment)
    }
}

/// A record could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system.
    #[error("failed to {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The file is no record.
    #[error("{} is no record of a deployment", path.display())]
    NotARecord {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Another version wrote it.
    #[error("{} has format {found}, and this version reads format {FORMAT}", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
}

/// Leaves the record of a command on `subject`, an environment or `shared`, and says where. A record that cannot be written is
/// no reason to fail.
pub fn leave(
    session: &Session,
    subject: &str,
    command: (&str, serde_json::Value),
    outcome: Result<Outcome, &Failure>,
    calls: Calls,
) -> Option<PathBuf> {
    let record = DeploymentRecord::new(session, subject, command, outcome, calls);
    match write(&session.root, &record, &Redactor::new(&session.config.platform)) {
        Ok(path) => {
            let shown = path.strip_prefix(&session.root).unwrap_or(&path);
            ops_cli::say!("  record   {}", shown.display());
            Some(path)
        }
        Err(error) => {
            session.report.warn(format!("no record of this run: {error}"));
            None
        }
    }
}

/// Writes a redacted record below `root`: complete or not at all, for the user's eyes only.
pub fn write(root: &Path, record: &DeploymentRecord, redactor: &Redactor) -> Result<PathBuf, RecordError> {
    let directory = root.join(DIRECTORY);
    let io = |action, path: &Path| {
        let path = path.to_owned();
        move |source| RecordError::Io { action, path, source }
    };
    fs::create_dir_all(&directory).map_err(io("create", &directory))?;
    // Records are of a machine, not of the code: whoever's repository this is need not know.
    let ignore = directory.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, "*\n").map_err(io("write", &ignore))?;
    }
    let mut value = serde_json::to_value(record)
        .map_err(|source| RecordError::NotARecord { path: directory.clone(), source })?;
    redactor.value(&mut value);
    let path = free_path(&directory, &record.name());
    let temporary = path.with_extension(format!("tmp-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary).map_err(io("create", &temporary))?;
    let text = ops_cli::medium::json(&format!("{value:#}\n")).into_owned();
    file.write_all(text.as_bytes()).map_err(io("write", &temporary))?;
    file.sync_all().map_err(io("write", &temporary))?;
    fs::rename(&temporary, &path).map_err(io("name", &path))?;
    Ok(path)
}

/// A name that no earlier record has: two deployments may begin in one second of virtual time.
fn free_path(directory: &Path, name: &str) -> PathBuf {
    let numbered = (2_u32..).map(|number| directory.join(format!("{name}-{number}.json")));
    let mut names = std::iter::once(directory.join(format!("{name}.json"))).chain(numbered);
    names.find(|path| !path.exists()).unwrap_or_else(|| directory.join(name))
}

/// Reads a record.
pub fn read(path: &Path) -> Result<DeploymentRecord, RecordError> {
    let text = env_config::read_text(path, MAX_RECORD).map_err(|source| RecordError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    let not_a_record = |source| RecordError::NotARecord { path: path.to_owned(), source };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(not_a_record)?;
    if let Some(found) = value.get("format").and_then(serde_json::Value::as_u64)
        && found != u64::from(FORMAT)
    {
        return Err(RecordError::OtherFormat { path: path.to_owned(), found });
    }
    serde_json::from_value(value).map_err(not_a_record)
}
