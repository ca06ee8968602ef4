//! Enumerations.

use serde::{Deserialize, Serialize};

/// `OnFailure` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OnFailure {
    DoNothing,
    Rollback,
    Delete,
}

/// `ChangeSetType` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeSetType {
    Create,
    Update,
}

/// `OnStackFailure` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OnStackFailure {
    DoNothing,
    Rollback,
    Delete,
}

/// `ExecutionStatus` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    Unavailable,
    Available,
    ExecuteInProgress,
    ExecuteComplete,
    ExecuteFailed,
    Obsolete,
}

/// `ChangeSetStatus` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeSetStatus {
    CreatePending,
    CreateInProgress,
    CreateComplete,
    DeletePending,
    DeleteInProgress,
    DeleteComplete,
    DeleteFailed,
    Failed,
}

/// `StackDriftStatus` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StackDriftStatus {
    Drifted,
    InSync,
    Unknown,
    #[default]
    NotChecked,
}

/// `PolicyAction` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PolicyAction {
    Delete,
    Retain,
    Snapshot,
    ReplaceAndDelete,
    ReplaceAndRetain,
    ReplaceAndSnapshot,
}

/// `ChangeAction` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChangeAction {
    Add,
    Modify,
    Remove,
    Import,
    Dynamic,
    SyncWithActual,
}

/// `Replacement` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Replacement {
    True,
    False,
    Conditional,
}

/// `ResourceAttribute` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ResourceAttribute {
    Properties,
    Metadata,
    CreationPolicy,
    UpdatePolicy,
    DeletionPolicy,
    UpdateReplacePolicy,
    Tags,
}

/// `StackResourceDriftStatus` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StackResourceDriftStatus {
    InSync,
    Modified,
    Deleted,
    #[default]
    NotChecked,
    Unknown,
    Unsupported,
}

/// `EvaluationType` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EvaluationType {
    Static,
    Dynamic,
}

/// `ChangeSource` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChangeSource {
    ResourceReference,
    ParameterReference,
    ResourceAttribute,
    DirectModification,
    Automatic,
    NoModification,
}

/// `RequiresRecreation` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RequiresRecreation {
    Never,
    Conditionally,
    Always,
}

/// `AttributeChangeType` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AttributeChangeType {
    Add,
    Remove,
    Modify,
    SyncWithActual,
}

/// `ResourceStatus` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResourceStatus {
    #[default]
    CreateInProgress,
    CreateFailed,
    CreateComplete,
    DeleteInProgress,
    DeleteFailed,
    DeleteComplete,
    DeleteSkipped,
    UpdateInProgress,
    UpdateFailed,
    UpdateComplete,
    UpdateRollbackInProgress,
    UpdateRollbackComplete,
    UpdateRollbackFailed,
    RollbackInProgress,
    RollbackComplete,
    RollbackFailed,
    ReviewInProgress,
    UpdateCompleteCleanupInProgress,
    UpdateRollbackCompleteCleanupInProgress,
}

/// `OperationType` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationType {
    CreateStack,
    UpdateStack,
    DeleteStack,
    ContinueRollback,
    Rollback,
    CreateChangeset,
}

/// `BeaconStackOperationStatus` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BeaconStackOperationStatus {
    InProgress,
    Succeeded,
    Failed,
}

/// `EventType` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventType {
    StackEvent,
    ProgressEvent,
    ValidationError,
    ProvisioningError,
    HookInvocationError,
}

/// `StackStatus` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StackStatus {
    #[default]
    CreateInProgress,
    CreateFailed,
    CreateComplete,
    RollbackInProgress,
    RollbackFailed,
    RollbackComplete,
    DeleteInProgress,
    DeleteFailed,
    DeleteComplete,
    UpdateInProgress,
    UpdateCompleteCleanupInProgress,
    UpdateComplete,
    UpdateFailed,
    UpdateRollbackInProgress,
    UpdateRollbackFailed,
    UpdateRollbackCompleteCleanupInProgress,
    UpdateRollbackComplete,
    ReviewInProgress,
}

/// `StackDriftDetectionStatus` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StackDriftDetectionStatus {
    DetectionInProgress,
    DetectionFailed,
    DetectionComplete,
}

/// `DifferenceType` of the CloudFormation API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DifferenceType {
    Add,
    Remove,
    NotEqual,
}
