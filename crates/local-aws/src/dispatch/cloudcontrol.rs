//! Cloud Control: its handlers call the services with the rights of the caller.

use rollout_sim::cloudcontrol;

use super::access::Needs;
use super::{Operation, operations};

fn handler(type_name: &str) -> Needs {
    let actions = cloudcontrol::handler_actions(type_name).iter();
    actions.fold(Needs::any(), |needs, action| needs.and(action, "*"))
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read GetResource(world, input: cloudcontrol::GetResourceInput) {
        needs: handler(&input.type_name),
        does: cloudcontrol::get_resource(world, &input),
    }
    read ListResources(world, input: cloudcontrol::ListResourcesInput) {
        needs: handler(&input.type_name),
        does: cloudcontrol::list_resources(world, &input),
    }
};
