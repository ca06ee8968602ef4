//! The stable word for each failure, for machines.

use super::Failure;
use crate::images::ImagesError;
use crate::resolve::ResolveError;
use crate::secrets::SecretsError;
use crate::stack::StackError;
use crate::target::TargetError;
use crate::tasks::TaskError;

impl Failure {
    /// Stable machine-readable kind, such as `no_credentials`; part of the contract (docs/commands.md).
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unfinished { source, .. } => source.kind(),
            Self::Config(_) | Self::Model(_) => "configuration",
            Self::Argument(_)
            | Self::Input { .. }
            | Self::UnknownService { .. }
            | Self::UnknownTask { .. }
            | Self::Record(_)
            | Self::FaultMissed { .. }
            | Self::Target(TargetError::UnknownFault(_) | TargetError::Place(_)) => "input",
            Self::Target(TargetError::NoCredentials(_)) => "no_credentials",
            Self::Target(TargetError::WrongAccount { .. }) => "wrong_account",
            Self::Target(TargetError::WrongRegion { .. }) => "wrong_region",
            Self::Target(TargetError::Local(local_aws::StateError::Locked { .. })) => "another_run",
            Self::Target(TargetError::Local(_) | TargetError::Serve(_)) => "local_account",
            Self::WrongRole { .. } => "wrong_role",
            Self::Resolve(ResolveError::UnknownRelease { .. }) => "unknown_release",
            Self::Resolve(ResolveError::MissingImages { .. }) => "image_missing",
            Self::Resolve(ResolveError::TagMoved { .. } | ResolveError::TagDiffers { .. }) => "tag_moved",
            Self::Resolve(ResolveError::Git(_)) | Self::Git(_) | Self::Remote(_) | Self::GitHub(_) => "git",
            Self::NoSharedStack { .. } | Self::NothingDeployed { .. } => "nothing_deployed",
            Self::StackUnusable { .. } => crate::ending::STACK_UNUSABLE,
            Self::MissingSecrets { .. } => "secret_missing",
            Self::Task(TaskError::AnotherRuns { .. } | TaskError::AnotherEnded { .. }) => "another_run",
            Self::Task(TaskError::NotPlaced { .. } | TaskError::Gone { .. }) => "task_failed",
            Self::Stateful(_) | Self::Unsafe(_) | Self::Guard { .. } => "refused",
            Self::Waits { .. } => "waits",
            Self::NotConfirmed => "not_confirmed",
            Self::Interrupted { .. } | Self::Task(TaskError::GoesOn { .. }) => "interrupted",
            Self::Call(error)
            | Self::Target(TargetError::Identity(error))
            | Self::Resolve(ResolveError::Call(error))
            | Self::Stack(StackError::Call(error))
            | Self::Task(TaskError::Call(error)) => error.kind_word(),
            Self::Images(ImagesError::Call(error)) | Self::Secrets(SecretsError::Call(error)) => {
                error.kind_word()
            }
            Self::Images(_) => "images",
            Self::Secrets(_) => "secrets",
            Self::Stack(_) | Self::Template(_) | Self::Expand(_) | Self::UnknownParameter { .. } => "stack",
            Self::Health(_) => "health",
            Self::Resolve(ResolveError::BadDigest { .. }) | Self::Output(_) => "unexpected",
        }
    }
}
