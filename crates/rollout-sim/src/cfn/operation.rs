//! A stack operation, and the work on its resources.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::state::{Definition, Resource};
use super::template::Policy;
use crate::{Shared, SimTime};

/// What an operation does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Towards the target definition.
    Apply,
    /// Waiting for the monitoring time of rollback triggers to pass.
    Monitor,
    /// Back to the previous definition.
    Revert,
    /// A nested stack has succeeded or is back, and waits for its parent before it cleans up.
    Held { rolled_back: bool },
    /// Deleting what is no longer used; `true` after a rollback.
    Cleanup { rolled_back: bool },
    /// Deleting what a failed creation left.
    UndoCreate,
    /// Deleting the stack.
    Delete,
    /// Failed, and left as it is until somebody decides.
    Stopped,
}

/// A stack operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Operation {
    pub id: String,
    pub token: Option<String>,
    pub create: bool,
    pub phase: Phase,
    pub started: SimTime,
    pub disable_rollback: bool,
    pub delete_on_failure: bool,
    pub retain_except_on_create: bool,
    /// Definition and role before the operation; `None` when it creates the stack.
    pub previous: Option<Shared<Definition>>,
    /// Stack policy for this update only.
    pub policy_during_update: Option<String>,
    pub steps: BTreeMap<String, Step>,
    /// What resources were before operations that stopped and that this one repeats, oldest first: the first of each is the
    /// last stable state, to which a rollback goes.
    #[serde(default)]
    pub former: BTreeMap<String, Vec<Shared<Resource>>>,
    /// Steps that are running or waiting.
    pub open: usize,
    pub deletions: Vec<Deletion>,
    pub open_deletions: usize,
    /// The resource that the fault `stack-fails` or `rollback-fails` hits.
    pub doomed: Option<String>,
    /// Whether a resource that cannot be rolled back is passed over.
    pub force: bool,
    /// What `ContinueUpdateRollback` was told to skip, here and in nested stacks; `None` before it was called.
    #[serde(default)]
    pub continued: Option<BTreeSet<String>>,
    /// Whether the operation of its parent drives this one.
    #[serde(default)]
    pub driven: bool,
    /// Whether everything that is not complete is configured.
    #[serde(default)]
    pub configured: bool,
}

impl Operation {
    /// One that begins, with nothing done and nothing to go back to.
    pub(super) fn new(id: String, token: Option<String>, phase: Phase, started: SimTime) -> Self {
        Self {
            id,
            token,
            create: false,
            phase,
            started,
            disable_rollback: false,
            delete_on_failure: false,
            retain_except_on_create: false,
            previous: None,
            policy_during_update: None,
            steps: BTreeMap::new(),
            former: BTreeMap::new(),
            open: 0,
            deletions: Vec::new(),
            open_deletions: 0,
            doomed: None,
            force: false,
            continued: None,
            driven: false,
            configured: false,
        }
    }

    /// What the resources were that it changed, or that those before it did which it repeats; oldest first.
    pub(super) fn former(&self) -> BTreeMap<String, Vec<Shared<Resource>>> {
        let mut former = self.former.clone();
        for (name, step) in self.steps.iter().filter(|(_, step)| step.has_changed()) {
            former.insert(name.clone(), step.before.iter().chain(&step.between).cloned().collect());
        }
        former
    }
}

/// Work on one resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Step {
    pub state: StepState,
    /// Dependencies that are not done.
    pub waiting: usize,
    /// Of the event that will move it on.
    pub token: u64,
    pub action: Action,
    /// The resource as it was in the last stable state.
    pub before: Option<Shared<Resource>>,
    /// As it was after each operation since then that stopped, oldest first.
    #[serde(default)]
    pub between: Vec<Shared<Resource>>,
    /// Until when it cannot be touched again, where an operation cannot be interrupted.
    pub busy_until: Option<SimTime>,
    pub reverted: bool,
    /// Whether its configuration is applied, and only the consistency check goes on.
    #[serde(default)]
    pub configured: bool,
}

impl Step {
    /// One that has not begun, with as many dependencies that are not done.
    pub(super) fn new(waiting: usize) -> Self {
        Self {
            state: StepState::Waiting,
            waiting,
            token: 0,
            action: Action::None,
            before: None,
            between: Vec::new(),
            busy_until: None,
            reverted: false,
            configured: false,
        }
    }

    /// Notes what the resource was: `now`, after what it was before operations that stopped and are repeated.
    pub(super) fn remember(&mut self, former: Option<&Vec<Shared<Resource>>>, now: &Shared<Resource>) {
        let mut all = former.into_iter().flatten().chain([now]).cloned();
        self.before = all.next();
        self.between = all.collect();
    }

    /// Whether the resource is not what it was in the last stable state.
    pub(super) fn has_changed(&self) -> bool {
        let by_this = !matches!(self.action, Action::None | Action::Create);
        self.before.is_some() && (by_this || !self.between.is_empty())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum StepState {
    Waiting,
    Running,
    Done,
    Failed,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Action {
    /// Nothing changes.
    None,
    Create,
    Update,
    /// Only what CloudFormation itself keeps: metadata and policies.
    Record,
    Replace,
}

/// Work on one physical resource that goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Deletion {
    pub logical_id: String,
    pub resource: Shared<Resource>,
    pub policy: Policy,
    pub state: StepState,
    pub token: u64,
    /// Deletions that come first: those of what depends on this.
    pub waiting: usize,
    /// Whether the stack's record of the logical id is this resource.
    pub current: bool,
}
