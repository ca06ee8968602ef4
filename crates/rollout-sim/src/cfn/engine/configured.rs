//! Resources whose configuration is applied while CloudFormation still checks their consistency
//! (CFN:stack-resource-configuration-complete).
//!
//! What refers to such a resource begins then; what names it in `DependsOn` waits until it is complete
//! (<https://aws.amazon.com/blogs/devops/how-we-sped-up-aws-cloudformation-deployments-with-optimistic-stabilization/>).
//! A dependent that comes too early for a resource is repeated by AWS; here none does.

use std::time::Duration;

use super::record::{configured, stack_configured};
use super::{apply, phase, step_mut};
use crate::cfn::api::ResourceStatus;
use crate::cfn::handlers::Wait;
use crate::cfn::state::{Action, Event, Operation, Phase, StepEvent, StepState};
use crate::cfn::template::Template;
use crate::{Event as WorldEvent, World};

/// The call that applies the configuration takes at least this long, in seconds.
const CALL_SECS: f64 = 1.0;
const SERVICE: &str = "AWS::ECS::Service";

/// Whether the event is known of the type. AWS only says "a subset" of those with drift detection; its page shows it for
/// repositories, clusters, task definitions and services, events in public show it for the others (OBS).
fn is_checked(kind: &str) -> bool {
    matches!(
        kind,
        "AWS::EC2::NatGateway"
            | "AWS::ECR::Repository"
            | "AWS::ECS::Cluster"
            | "AWS::ECS::TaskDefinition"
            | "AWS::Logs::LogGroup"
            | "AWS::S3::Bucket"
            | SERVICE
    )
}

/// Plans the moment from which only the consistency check goes on: it is the end of the time that the resource takes.
pub(super) fn expect(world: &mut World, index: usize, name: &str, action: Action, wait: Wait) {
    let kind = world.cfn.stacks[index].resources.get(name).map(|resource| resource.kind.as_str());
    if !kind.is_some_and(is_checked) {
        return;
    }
    let secs = match wait {
        Wait::Secs(secs) => {
            let check = world.params.cfn_consistency_secs.min(secs - CALL_SECS);
            if check <= 0.0 {
                return;
            }
            secs - check
        }
        // A service that is new is configured when it is made. Of one that is updated see `at_the_end`.
        Wait::Stabilise { .. } if action == Action::Update => return,
        Wait::Stabilise { .. } => CALL_SECS,
    };
    let Some(token) = step_mut(world, index, name).map(|step| step.token) else { return };
    let what = StepEvent::Configured;
    let event = Event::Step { stack: index, logical_id: name.to_owned(), token, what };
    world.schedule_in(Duration::from_secs_f64(secs), WorldEvent::Cfn(event));
}

/// The update of a service says only right before its end that it is configured
/// (OBS: <https://github.com/SiM07/copilot-cli/pull/1>).
pub(super) fn at_the_end(world: &mut World, index: usize, name: &str) {
    let resource = world.cfn.stacks[index].resources.get(name);
    let service = resource.is_some_and(|resource| resource.kind == SERVICE);
    let updates = step_mut(world, index, name).is_some_and(|step| step.action == Action::Update);
    if service && updates {
        configured(world, index, name, ResourceStatus::UpdateInProgress);
    }
}

/// The configuration is applied: what refers to the resource begins.
pub(super) fn reached(world: &mut World, index: usize, name: &str) {
    if phase(world, index) != Some(Phase::Apply) {
        return;
    }
    let Some(step) = step_mut(world, index, name) else { return };
    step.configured = true;
    let creates = step.action == Action::Create;
    let status = if creates { ResourceStatus::CreateInProgress } else { ResourceStatus::UpdateInProgress };
    configured(world, index, name, status);
    let stack = &mut world.cfn.stacks[index];
    let (Some(operation), Some(definition)) = (&mut stack.operation, &stack.definition) else { return };
    let template = definition.template.clone();
    let dependents = template.dependents.get(name).into_iter().flatten();
    let ready = release(operation, dependents.filter(|dependent| !waits_longer(&template, dependent, name)));
    for name in ready {
        apply::start(world, index, name);
    }
    of_the_stack(world, index);
}

/// Whether `dependent` waits until `name` is complete, because it names it in `DependsOn`.
pub(super) fn waits_longer(template: &Template, dependent: &str, name: &str) -> bool {
    template.resources.get(dependent).is_some_and(|definition| definition.explicit.contains(name))
}

/// One dependency less for each of these; answers those that wait for nothing any more.
pub(super) fn release<'a>(
    operation: &mut Operation,
    dependents: impl Iterator<Item = &'a String>,
) -> Vec<&'a String> {
    let mut ready = Vec::new();
    for dependent in dependents {
        if let Some(step) = operation.steps.get_mut(dependent) {
            step.waiting -= 1;
            if step.waiting == 0 && step.state == StepState::Waiting {
                ready.push(dependent);
            }
        }
    }
    ready
}

/// A stack that is created says so once, when nothing is left but consistency checks
/// (bc:cloudformation/Stack.DetailedStatus). Of updates it is not known.
pub(super) fn of_the_stack(world: &mut World, index: usize) {
    let Some(operation) = &mut world.cfn.stacks[index].operation else { return };
    let only_checks = |state, configured| state == StepState::Done || configured;
    let all = operation.steps.values().all(|step| only_checks(step.state, step.configured));
    if operation.create && all && operation.open > 0 && !operation.configured {
        operation.configured = true;
        stack_configured(world, index);
    }
}
