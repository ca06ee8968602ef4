//! Records: what a deployment observed, to be judged again later.

use serde::{Deserialize, Serialize};

use crate::{Assessment, Observations, Rollout, Snapshot, assess};

/// A rollout with everything that was observed of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What was started.
    pub rollout: Rollout,
    /// What each poll saw, in order.
    pub snapshots: Vec<Snapshot>,
}

/// Judges a record again: one assessment after each snapshot.
pub fn replay(record: &Record) -> impl Iterator<Item = Assessment> {
    record.snapshots.iter().scan(Observations::default(), |observations, snapshot| {
        observations.absorb(snapshot.clone());
        Some(assess(&record.rollout, observations))
    })
}
