//! Back to the release before, when the stack is complete and the services turn out not to live.
//!
//! CloudFormation calls an update complete when every service was stable once. What dies later only the tool puts back: by
//! a further update with the template and the parameters of before.

use rollout_sim::{SimTime, World};
use rollout_verdict::{Rollout, StackOutcome, State};

use crate::expected::rollout;
use crate::play::{Play, execute};
use crate::probe::Probe;
use crate::stage::{Stage, propose};
use crate::watch::{Watch, watch};
use crate::{Ending, LabError};

/// Name of the change set that puts the old release back.
const CHANGE_SET: &str = "put-back";

/// The update that puts the old release back.
pub(crate) struct Back {
    pub(crate) started_at: SimTime,
    pub(crate) rollout: Rollout,
    pub(crate) watch: Watch,
}

impl Back {
    /// How the whole ends.
    pub(crate) fn ending(&self) -> Ending {
        match self.watch.assessment.state {
            State::Succeeded => Ending::RolledBack,
            _ => Ending::NeedsHuman,
        }
    }
}

/// Puts the stack back, where this watch ended with a complete stack and without success; `None` where it did not, or where
/// nothing is to be put back.
pub(crate) fn put_back(
    stage: &Stage,
    world: &mut World,
    probe: &mut Probe<'_>,
    failed: &Watch,
    play: &Play<'_>,
    silent_until: SimTime,
) -> Result<Option<Back>, LabError> {
    if failed.assessment.stack != Some(StackOutcome::Complete) || failed.assessment.state == State::Succeeded
    {
        return Ok(None);
    }
    let (template, parameters) = &stage.before;
    let Some(rolling) = propose(world, &stage.stack_name, CHANGE_SET, template, parameters.clone())? else {
        return Ok(None);
    };
    let started_at = world.now();
    let rollout = rollout(stage, world, &rolling)?;
    execute(stage, world, CHANGE_SET)?;
    let watch = watch(stage, world, probe, &rollout, play, silent_until)
        .map_err(LabError::api("watch the way back"))?;
    Ok(Some(Back { started_at, rollout, watch }))
}
