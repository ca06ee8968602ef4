//! What CloudFormation remembers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::api::{
    ChangeSetStatus, ChangeSetType, ExecutionStatus, OnStackFailure, OperationType, ResourceStatus,
    StackDriftStatus, StackResourceDrift, StackResourceDriftStatus, StackStatus,
};
pub(super) use super::operation::{Action, Deletion, Operation, Phase, Step, StepState};
use super::template::{Policy, Template};
use crate::{Shared, SimTime};

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Every stack there ever was; events name them by index.
    pub(super) stacks: Vec<Stack>,
    /// Resources that no other module models, by type and physical id.
    pub(crate) bags: Shared<BTreeMap<String, BTreeMap<String, Bag>>>,
    pub(super) detections: Vec<Detection>,
    /// Source of the tokens that tell live events from stale ones.
    pub(super) next_token: u64,
    /// Source of identifiers. CloudFormation has its own, so that stack operations leave the world's
    /// sequence of random numbers, and so the rollouts in it, alone.
    pub(super) next_identifier: u64,
}

impl State {
    /// Whether a stack made a resource of a type that no other module models.
    pub(crate) fn has_resource(&self, kind: &str, physical_id: &str) -> bool {
        self.bags.get(kind).is_some_and(|bags| bags.contains_key(physical_id))
    }
}

/// A resource that lives here: its properties as they are, which may not be what its stack believes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bag {
    pub properties: Value,
    pub attributes: BTreeMap<String, Value>,
}

/// What a stack is made of at one time: a template and everything it is evaluated with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Definition {
    pub template: Template,
    pub parameters: BTreeMap<String, String>,
    pub conditions: BTreeMap<String, bool>,
    pub tags: BTreeMap<String, String>,
    pub capabilities: Vec<String>,
    pub notification_arns: Vec<String>,
    pub rollback: Rollback,
}

/// Alarms that roll an operation back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rollback {
    pub alarm_arns: Vec<String>,
    pub monitoring_minutes: u32,
}

/// A stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stack {
    pub id: String,
    pub name: String,
    pub status: StackStatus,
    pub reason: Option<String>,
    pub created: SimTime,
    pub updated: Option<SimTime>,
    pub deleted: Option<SimTime>,
    /// `None` while the stack is only under review.
    pub definition: Option<Shared<Definition>>,
    pub role: Option<String>,
    pub change_set_id: Option<String>,
    /// Index of the stack that this one is a resource of.
    #[serde(default)]
    pub parent: Option<usize>,
    pub disable_rollback: bool,
    /// Whether its creation was asked to do nothing where a resource fails (`OnFailure`, `OnStackFailure`).
    #[serde(default)]
    pub does_nothing_on_failure: bool,
    pub timeout_minutes: Option<u32>,
    pub termination_protection: bool,
    pub policy: Option<String>,
    pub outputs: Vec<OutputValue>,
    pub resources: BTreeMap<String, Shared<Resource>>,
    /// Oldest first.
    pub events: Vec<Shared<EventRecord>>,
    pub change_sets: Vec<Shared<ChangeSet>>,
    pub operation: Option<Operation>,
    pub last_operations: Vec<(OperationType, String)>,
    pub drift: Option<(StackDriftStatus, SimTime)>,
    /// What the latest look at each resource found, by logical id.
    #[serde(default)]
    pub drifts: BTreeMap<String, StackResourceDrift>,
}

impl Stack {
    /// Whether the operation of its parent drives its own.
    pub(super) fn is_driven(&self) -> bool {
        self.operation.as_ref().is_some_and(|operation| operation.driven)
    }

    /// Resources that the operation failed at.
    pub(super) fn failed(&self) -> BTreeSet<String> {
        let steps = self.operation.iter().flat_map(|operation| &operation.steps);
        steps.filter(|(_, step)| step.state == StepState::Failed).map(|(name, _)| name.clone()).collect()
    }
}

/// A value of the stack's outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OutputValue {
    pub key: String,
    pub value: String,
    pub description: Option<String>,
    pub export: Option<String>,
}

/// A resource as its stack knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Resource {
    pub kind: String,
    pub physical_id: Option<String>,
    /// What `Ref` gives where that is not the physical id.
    pub reference: Option<String>,
    pub attributes: BTreeMap<String, Value>,
    /// As last applied, stack tags included.
    pub properties: Value,
    pub metadata: Option<Value>,
    pub description: Option<String>,
    pub status: ResourceStatus,
    pub reason: Option<String>,
    pub updated: SimTime,
    pub deletion_policy: Policy,
    pub update_replace_policy: Policy,
    pub depends_on: BTreeSet<String>,
    pub drift: Option<(StackResourceDriftStatus, SimTime)>,
}

impl Resource {
    /// What `Ref` gives.
    pub(super) fn reference(&self) -> Option<&str> {
        self.reference.as_deref().or(self.physical_id.as_deref())
    }

    /// Takes over which attributes an update changed; those that are null are gone.
    pub(super) fn change_attributes(&mut self, changed: &BTreeMap<String, Value>) {
        self.attributes.extend(changed.clone());
        self.attributes.retain(|_, value| !value.is_null());
    }

    /// Whether there is something behind it.
    pub(super) fn exists(&self) -> bool {
        let gone = matches!(self.status, ResourceStatus::DeleteComplete | ResourceStatus::DeleteSkipped);
        self.physical_id.is_some() && !gone
    }
}

/// A stack event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EventRecord {
    pub at: SimTime,
    pub id: u64,
    /// `None` is the stack itself.
    pub logical_id: Option<String>,
    pub physical_id: Option<String>,
    pub kind: String,
    pub status: ResourceStatus,
    pub reason: Option<String>,
    pub operation_id: Option<String>,
    pub token: Option<String>,
    /// Whether its detailed status is `CONFIGURATION_COMPLETE`.
    #[serde(default)]
    pub configured: bool,
}

/// A change set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ChangeSet {
    pub id: String,
    pub name: String,
    /// Token of the request that made it: the same request again is answered with it.
    pub client_token: Option<String>,
    /// Token of the request that executed it.
    pub execution_token: Option<String>,
    pub description: Option<String>,
    pub kind: ChangeSetType,
    pub created: SimTime,
    pub status: ChangeSetStatus,
    pub execution: ExecutionStatus,
    pub reason: Option<String>,
    pub definition: Shared<Definition>,
    pub role: Option<String>,
    pub on_stack_failure: Option<OnStackFailure>,
    /// Wire form, computed once when the change set is created.
    pub changes: Vec<super::api::Change>,
    pub problems: Vec<ValidationProblem>,
    /// What early validation only warns of.
    #[serde(default)]
    pub warnings: Vec<ValidationProblem>,
}

/// A resource or property that early validation found fault with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ValidationProblem {
    pub logical_id: String,
    pub kind: String,
    pub path: String,
    pub message: String,
}

/// A drift detection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Detection {
    pub id: String,
    pub stack: usize,
    pub started: SimTime,
    pub done_at: SimTime,
    pub drifted: u32,
    pub status: StackDriftStatus,
}

/// What happens by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// A resource operation is done, or is looked at again.
    Step {
        /// Index of the stack.
        stack: usize,
        /// Logical id.
        logical_id: String,
        /// Token of the step; an event with another one is stale.
        token: u64,
        /// What to do.
        what: StepEvent,
    },
    /// A deletion is done, or is looked at again.
    Deletion {
        /// Index of the stack.
        stack: usize,
        /// Position among the operation's deletions.
        position: usize,
        /// Token of the deletion.
        token: u64,
        /// What to do.
        what: StepEvent,
    },
    /// The operation moves on to its next phase.
    Advance {
        /// Index of the stack.
        stack: usize,
        /// Id of the operation.
        operation: String,
    },
    /// `TimeoutInMinutes` of a creation has passed.
    TimedOut {
        /// Index of the stack.
        stack: usize,
        /// Id of the operation.
        operation: String,
    },
    /// Rollback triggers are looked at.
    Triggers {
        /// Index of the stack.
        stack: usize,
        /// Id of the operation.
        operation: String,
    },
}

/// What a timed event does to its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepEvent {
    /// Starts the API call, after an operation that could not be interrupted.
    Start,
    /// The configuration is applied, and the consistency check begins.
    Configured,
    /// Completes it.
    Complete,
    /// Looks whether it has stabilised; fails when it has not by the deadline.
    Poll {
        /// When it gives up.
        deadline: SimTime,
    },
}
