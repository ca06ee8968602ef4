//! Nested stacks whose operations this stack's operation drives.

use super::{phase, remove, set_phase};
use crate::World;
use crate::cfn::state::Phase;

fn driven(world: &World, index: usize) -> Vec<usize> {
    let stacks = world.cfn.stacks.iter().enumerate();
    let driven = stacks.filter(|(_, stack)| stack.parent == Some(index) && stack.is_driven());
    driven.map(|(child, _)| child).collect()
}

/// The stack cleans up: so do those that waited for it.
pub(super) fn release(world: &mut World, index: usize) {
    for child in driven(world, index) {
        if let Some(Phase::Held { rolled_back }) = phase(world, child) {
            remove::leftovers(world, child, rolled_back);
        }
    }
}

/// Whether some of them still clean up.
pub(super) fn clean_up(world: &World, index: usize) -> bool {
    driven(world, index).into_iter().any(|child| matches!(phase(world, child), Some(Phase::Cleanup { .. })))
}

/// Whether the stack waits for its parent before it cleans up; from now on it does.
pub(super) fn hold(world: &mut World, index: usize, rolled_back: bool) -> bool {
    let driven = world.cfn.stacks[index].is_driven();
    if driven {
        set_phase(world, index, Phase::Held { rolled_back });
    }
    driven
}
