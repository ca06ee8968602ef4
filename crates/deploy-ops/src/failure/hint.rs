//! What the user can do about each failure.

use miette::Diagnostic as _;

use super::Failure;
use crate::call::{CallError, CallErrorKind};
use crate::publish;
use crate::record::RecordError;
use crate::resolve::{ResolveError, TagSource};
use crate::stack::StackError;
use crate::target::TargetError;
use crate::tasks::TaskError;

impl Failure {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unfinished { source, next, .. } => Some(match source.hint() {
                Some(hint) => format!("{hint}; what goes on is shown by `{next}`"),
                None => format!("what goes on is shown by `{next}`; the same command again takes it up"),
            }),
            Self::Config(error) => error.help().map(|help| help.to_string()),
            Self::Target(error) => target_hint(error),
            Self::Images(error) => error.hint(),
            Self::Secrets(error) => error.hint(),
            Self::WrongRole { .. } => {
                Some("assume that role, or name the environment that the role is for".to_owned())
            }
            Self::Resolve(ResolveError::MissingImages { commit, .. }) => Some(format!(
                "build and push the images of this commit first (cargo xtask images build --commit {commit}, then \
                 images push), or name a commit whose images exist"
            )),
            // The hint to make it would only lead to the next refusal.
            Self::Resolve(ResolveError::UnknownRelease { tag, .. }) if tag.version().is_none() => {
                Some(publish::NAMING.to_owned())
            }
            Self::Resolve(ResolveError::UnknownRelease { tag, asked }) => Some(match asked {
                TagSource::Git => {
                    format!(
                        "fetch the tags (git fetch --tags), or make the release: cargo xtask release {tag}"
                    )
                }
                TagSource::Registry => format!("make the release: cargo xtask release {tag} --local"),
            }),
            Self::Resolve(ResolveError::TagMoved { .. } | ResolveError::TagDiffers { .. }) => {
                Some("release tags never move: make a new release".to_owned())
            }
            Self::Resolve(ResolveError::Git(error)) | Self::Git(error) => Some(error.hint()),
            Self::Unsafe(refusals) => Some(refusals.hint()),
            Self::Remote(_) | Self::GitHub(_) => {
                Some("nothing is half-done: put it right, then run the same command again".to_owned())
            }
            Self::NoSharedStack { .. } => Some("cargo xtask stack deploy shared".to_owned()),
            Self::Stateful(change) => Some(format!(
                "if the data may go, name each of them: {}",
                change
                    .resources
                    .iter()
                    .map(|id| format!("--allow-replace {id}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            )),
            Self::StackUnusable { hint, .. }
            | Self::NothingDeployed { hint, .. }
            | Self::MissingSecrets { hint, .. }
            | Self::Guard { hint, .. }
            | Self::Input { hint, .. }
            | Self::Waits { hint, .. }
            | Self::Interrupted { hint } => Some(hint.clone()),
            Self::Task(TaskError::AnotherRuns { stop, .. }) => Some(format!(
                "a deployment follows it to its limit; `{stop}` stops it at once, where nobody works with it"
            )),
            Self::Task(TaskError::AnotherEnded { .. }) => Some("the same command again goes on".to_owned()),
            Self::Task(TaskError::GoesOn { stop, .. }) => {
                Some(format!("the same command again follows it to its limit; `{stop}` stops it"))
            }
            Self::Task(TaskError::NotPlaced { .. }) => {
                Some("nothing ran; try again later, or in other availability zones".to_owned())
            }
            Self::FaultMissed { .. } => Some(
                "what runs already is not broken, nor what the command leaves alone: name what it changes, or give it a new \
                 release to deploy (`cargo xtask release TAG --local` makes one)"
                    .to_owned(),
            ),
            Self::UnknownTask { known, .. } => {
                Some(format!("the tasks of infra/platform.toml are {}", known.join(", ")))
            }
            Self::Record(RecordError::Io { action: "read", .. }) => Some(
                "name a file below .deployments; every deployment prints the path of its record".to_owned(),
            ),
            Self::Record(RecordError::OtherFormat { .. }) => {
                Some("replay it with the version of this repository that wrote it".to_owned())
            }
            Self::Call(error) | Self::Stack(StackError::Call(error)) | Self::Task(TaskError::Call(error)) => {
                call_hint(error)
            }
            _ => None,
        }
    }
}

fn target_hint(error: &TargetError) -> Option<String> {
    match error {
        TargetError::NoCredentials(_) => Some(
            "sign in to AWS (aws sso login, or set AWS_PROFILE), or run it on the embedded local AWS with --local"
                .to_owned(),
        ),
        TargetError::WrongAccount { .. } => Some("choose the profile of that account (AWS_PROFILE)".to_owned()),
        TargetError::WrongRegion { variable, .. } => Some(format!("unset {variable}, or correct it")),
        TargetError::Local(local_aws::StateError::Locked { .. }) => Some("wait until it has ended".to_owned()),
        TargetError::Identity(error) => call_hint(error),
        _ => None,
    }
}

fn call_hint(error: &CallError) -> Option<String> {
    match error.kind {
        CallErrorKind::Denied if error.operation == "secretsmanager:GetSecretValue" => Some(
            "values are read with a person's credentials; a deployment goes by what a check of theirs has recorded"
                .to_owned(),
        ),
        CallErrorKind::Denied => Some(format!("the caller needs the permission {}", error.operation)),
        CallErrorKind::Expired => Some("sign in to AWS again".to_owned()),
        CallErrorKind::Clock => Some(
            "set the clock of this machine (AWS bears a difference of five minutes), or correct the secret key".to_owned(),
        ),
        CallErrorKind::Throttled => {
            Some("AWS limits the rate of calls; the same command again goes on".to_owned())
        }
        CallErrorKind::Network => {
            Some("check the network, or run it on the embedded local AWS with --local".to_owned())
        }
        CallErrorKind::Service | CallErrorKind::Fault => None,
    }
}
