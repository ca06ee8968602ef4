//! Everything that ends a command other than its own outcome, with the exit code and the hint that go with it.

use std::error::Error as _;

use env_config::ConfigError;
use ops_cli::{ErrorResult, Exit};

use crate::call::{CallError, CallErrorKind};
use crate::expand::ExpandError;
use crate::git::GitError;
use crate::github::GitHubError;
use crate::guards::Refusals;
use crate::health::HealthError;
use crate::images::ImagesError;
use crate::names::BadName;
use crate::plan::StatefulChange;
use crate::publish::RemoteError;
use crate::record::RecordError;
use crate::resolve::ResolveError;
use crate::secrets::SecretsError;
use crate::session::Session;
use crate::stack::StackError;
use crate::target::TargetError;
use crate::tasks::TaskError;
use crate::template::TemplateError;

mod hint;
mod kind;

/// Why a command ended without an outcome of its own.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration.
    #[error(transparent)]
    Config(Box<ConfigError>),
    /// The templates cannot be made of it.
    #[error("failed to make the template")]
    Model(#[source] stack_model::ModelError),
    /// The target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// An argument.
    #[error(transparent)]
    Argument(#[from] BadName),
    /// The role of another environment.
    #[error("the caller is {arn}, which is not the deploy role of this environment ({wanted})")]
    WrongRole {
        /// The caller.
        arn: String,
        /// Role that deploys here.
        wanted: String,
    },
    /// The release.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Git, at the remote.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// GitHub.
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    /// The stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The template.
    #[error("failed to read the template")]
    Template(#[from] TemplateError),
    /// The two templates.
    #[error("failed to join the new infrastructure with the live services")]
    Expand(#[from] ExpandError),
    /// A call that nothing else names.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A stateful resource.
    #[error(transparent)]
    Stateful(#[from] StatefulChange),
    /// A one-off task.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The health check.
    #[error(transparent)]
    Health(#[from] HealthError),
    /// Images.
    #[error(transparent)]
    Images(ImagesError),
    /// Secrets.
    #[error(transparent)]
    Secrets(SecretsError),
    /// The shared stack is missing.
    #[error("stack {stack} does not exist yet")]
    NoSharedStack {
        /// Its name.
        stack: String,
    },
    /// The environment does not exist.
    #[error("stack {stack} does not exist: nothing is deployed")]
    NothingDeployed {
        /// Its name.
        stack: String,
        /// What deploys it.
        hint: String,
    },
    /// The stack cannot be updated.
    #[error("stack {stack} is in {status} and cannot be updated")]
    StackUnusable {
        /// Its name.
        stack: String,
        /// Its status.
        status: String,
        /// What the user does about it.
        hint: String,
    },
    /// The template has a parameter that this program does not know.
    #[error("the template asks for the parameter {parameter}, which this program does not know")]
    UnknownParameter {
        /// Its name.
        parameter: String,
    },
    /// Secrets without a value, or with one that cannot be right.
    #[error("these secrets are not ready: {}", names.join(", "))]
    MissingSecrets {
        /// Paths in Secrets Manager, and what is wrong with each.
        names: Vec<String>,
        /// What enters them.
        hint: String,
    },
    /// A fault that had nothing to break in a command that ended well.
    #[error("the fault {fault} broke nothing: {moment}, and this command had none of that")]
    FaultMissed {
        /// The fault, as on the command line.
        fault: String,
        /// When it breaks something.
        moment: &'static str,
    },
    /// What the release in service cannot survive.
    #[error(transparent)]
    Unsafe(#[from] Refusals),
    /// An override for a service that does not exist.
    #[error("--override names the service {service}, but there is none of that name: {}", known.join(", "))]
    UnknownService {
        /// The service.
        service: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// The user did not confirm the plan.
    #[error("not confirmed: nothing was changed")]
    NotConfirmed,
    /// A guard of the plan.
    #[error("{reason}")]
    Guard {
        /// Why it refuses.
        reason: String,
        /// How it is done instead.
        hint: String,
    },
    /// What a file or an argument says is not usable.
    #[error("{reason}")]
    Input {
        /// Where and why.
        reason: String,
        /// What would be.
        hint: String,
    },
    /// What only a person can do has to be done first.
    #[error("{reason}")]
    Waits {
        /// What is waited for.
        reason: String,
        /// What a person does.
        hint: String,
    },
    /// The user interrupted.
    #[error("interrupted")]
    Interrupted {
        /// What goes on without the user, and how to follow it.
        hint: String,
    },
    /// The command failed after it had changed something.
    #[error("{source}; {}", state.join("; "))]
    Unfinished {
        /// Why.
        source: Box<Failure>,
        /// What goes on, or is left, one sentence each.
        state: Vec<String>,
        /// What follows it.
        next: String,
    },
    /// No such one-off task.
    #[error("there is no task {found}")]
    UnknownTask {
        /// What was asked for.
        found: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The answer could not be written to stdout.
    #[error("failed to write the result")]
    Output(#[source] std::io::Error),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}

impl From<ImagesError> for Failure {
    /// What another error explains better keeps its exit code and hint.
    fn from(error: ImagesError) -> Self {
        match error {
            ImagesError::Call(error) => Self::Call(error),
            ImagesError::Resolve(error) => Self::Resolve(error),
            other => Self::Images(other),
        }
    }
}

impl From<SecretsError> for Failure {
    /// A call that failed has its own exit code and hint.
    fn from(error: SecretsError) -> Self {
        match error {
            SecretsError::Call(error) => Self::Call(error),
            other => Self::Secrets(other),
        }
    }
}

impl Failure {
    /// The stack of an environment, or the shared one, does not exist.
    #[must_use]
    pub fn nothing_deployed(session: &Session, stack: &str, subject: impl std::fmt::Display) -> Self {
        let hint = session.command(&match subject.to_string().as_str() {
            "shared" => "stack deploy shared".to_owned(),
            environment => format!("deploy {environment}"),
        });
        Self::NothingDeployed { stack: stack.to_owned(), hint }
    }

    /// The text with its chain of causes, each once.
    #[must_use]
    pub fn chain(&self) -> String {
        if let Self::Unfinished { source, state, .. } = self {
            return format!("{}; {}", source.chain(), state.join("; "));
        }
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(inner) = source {
            let inner_text = inner.to_string();
            if !text.ends_with(&inner_text) {
                text = format!("{text}: {inner_text}");
            }
            source = inner.source();
        }
        text
    }

    /// What `--json` prints of it.
    #[must_use]
    pub fn result(&self) -> ErrorResult {
        let detail = match self {
            Self::Config(error) => error.line(),
            other => other.chain(),
        };
        ErrorResult::new(self.exit(), self.kind(), detail, self.hint())
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unfinished { .. } | Self::Waits { .. } => Exit::NeedsHuman,
            Self::Config(_)
            | Self::Argument(_)
            | Self::Input { .. }
            | Self::Git(_)
            | Self::UnknownService { .. }
            | Self::NothingDeployed { .. }
            | Self::UnknownTask { .. }
            | Self::FaultMissed { .. }
            | Self::Record(_) => Exit::BadInput,
            Self::Target(error) => match error {
                TargetError::NoCredentials(_) | TargetError::UnknownFault(_) | TargetError::Place(_) => {
                    Exit::BadInput
                }
                TargetError::WrongAccount { .. } | TargetError::WrongRegion { .. } => Exit::Refused,
                TargetError::Local(local_aws::StateError::Locked { .. }) => Exit::Refused,
                TargetError::Local(_) => Exit::BadInput,
                TargetError::Identity(error) => call_exit(error),
                TargetError::Serve(_) => Exit::Unexpected,
            },
            Self::Resolve(error) => match error {
                ResolveError::Call(error) => call_exit(error),
                ResolveError::Git(_) | ResolveError::UnknownRelease { .. } => Exit::BadInput,
                ResolveError::TagMoved { .. }
                | ResolveError::TagDiffers { .. }
                | ResolveError::MissingImages { .. } => Exit::Refused,
                ResolveError::BadDigest { .. } => Exit::Unexpected,
            },
            Self::Stack(error) => match error {
                StackError::Call(error) => call_exit(error),
                StackError::ChangeSetFailed { .. } | StackError::TooLong { .. } => Exit::Refused,
                _ => Exit::Unexpected,
            },
            Self::Images(error) => error.exit(),
            Self::Secrets(error) => error.exit(),
            Self::Call(error) => call_exit(error),
            Self::Task(error) => match error {
                TaskError::Call(error) => call_exit(error),
                TaskError::AnotherRuns { .. } | TaskError::AnotherEnded { .. } => Exit::Refused,
                TaskError::GoesOn { .. } => Exit::Interrupted,
                TaskError::NotPlaced { .. } | TaskError::Gone { .. } => Exit::TaskFailed,
            },
            Self::WrongRole { .. }
            | Self::Stateful(_)
            | Self::Unsafe(_)
            | Self::NotConfirmed
            | Self::NoSharedStack { .. }
            | Self::StackUnusable { .. }
            | Self::MissingSecrets { .. }
            | Self::Guard { .. } => Exit::Refused,
            Self::Interrupted { .. } => Exit::Interrupted,
            Self::Model(_) => Exit::BadInput,
            Self::Template(_)
            | Self::Remote(_)
            | Self::GitHub(_)
            | Self::Expand(_)
            | Self::Health(_)
            | Self::UnknownParameter { .. }
            | Self::Output(_) => Exit::Unexpected,
        }
    }
}

fn call_exit(error: &CallError) -> Exit {
    match error.kind {
        CallErrorKind::Denied | CallErrorKind::Expired | CallErrorKind::Clock => Exit::Refused,
        CallErrorKind::Throttled | CallErrorKind::Network | CallErrorKind::Fault | CallErrorKind::Service => {
            Exit::Unexpected
        }
    }
}
