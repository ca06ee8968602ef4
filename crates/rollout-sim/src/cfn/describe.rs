//! What stacks are and what happened to them.

use super::api::{
    DescribeStackResourceInput, DescribeStackResourceOutput, DescribeStackResourcesInput,
    DescribeStackResourcesOutput, DescribeStacksInput, DescribeStacksOutput, GetTemplateInput,
    GetTemplateOutput, ListStackResourcesInput, ListStackResourcesOutput, ListStacksInput, ListStacksOutput,
    OperationEntry, Output, Parameter, RollbackConfiguration, RollbackTrigger, Stack as StackView,
    StackDriftInformation, StackDriftInformationSummary, StackDriftStatus, StackResource,
    StackResourceDetail, StackResourceDriftInformation, StackResourceDriftInformationSummary,
    StackResourceDriftStatus, StackResourceSummary, StackStatus, StackSummary, Tag,
};
use super::inputs::invalid;
use super::stacks::{find, root};
use super::state::{Definition, Resource, Stack};
use super::{change_sets, events};
use crate::{ApiError, Shared, World};

pub(super) const PAGE: usize = 100;

/// One page of `items`; tokens are positions.
pub(super) fn page<'a, T>(
    items: &'a [T],
    token: Option<&str>,
    size: usize,
) -> Result<(&'a [T], Option<String>), ApiError> {
    let start: usize = match token {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid("Token is invalid"))?,
    };
    if start > items.len() {
        return Err(invalid("Token is invalid"));
    }
    let end = items.len().min(start + size);
    Ok((&items[start..end], (end < items.len()).then(|| end.to_string())))
}

pub(super) fn tags(definition: &Definition) -> Vec<Tag> {
    definition.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

/// Parameters as stacks and change sets show them: the values of `NoEcho` ones as stars.
pub(super) fn parameters(definition: &Definition) -> Vec<Parameter> {
    let shown = definition.template.parameters.iter().filter_map(|declaration| {
        let value = definition.parameters.get(&declaration.name)?;
        Some(Parameter {
            parameter_key: Some(declaration.name.clone()),
            parameter_value: Some(if declaration.no_echo { "****".to_owned() } else { value.clone() }),
            ..Parameter::default()
        })
    });
    shown.collect()
}

pub(super) fn rollback_configuration(definition: &Definition) -> RollbackConfiguration {
    RollbackConfiguration {
        rollback_triggers: definition
            .rollback
            .alarm_arns
            .iter()
            .map(|arn| RollbackTrigger { arn: arn.clone(), r#type: "AWS::CloudWatch::Alarm".to_owned() })
            .collect(),
        monitoring_time_in_minutes: Some(definition.rollback.monitoring_minutes),
    }
}

/// `DescribeStacks`: every stack that is not deleted, or one by name or id.
///
/// # Errors
/// `ValidationError` for a stack that does not exist.
pub fn describe_stacks(world: &World, input: &DescribeStacksInput) -> Result<DescribeStacksOutput, ApiError> {
    if let Some(name) = &input.stack_name {
        let index = find(world, name)?;
        return Ok(DescribeStacksOutput {
            stacks: vec![view(world, &world.cfn.stacks[index])],
            next_token: None,
        });
    }
    let stacks: Vec<&Stack> =
        world.cfn.stacks.iter().rev().filter(|stack| stack.status != StackStatus::DeleteComplete).collect();
    let (stacks, next_token) = page(&stacks, input.next_token.as_deref(), PAGE)?;
    Ok(DescribeStacksOutput { stacks: stacks.iter().map(|stack| view(world, stack)).collect(), next_token })
}

/// `GetTemplate`: the body as it was sent, of a stack or of a change set. The stages are the same here: a template
/// with macros is refused.
///
/// # Errors
/// `ValidationError` for a stack that does not exist or has no template yet, `ChangeSetNotFound`.
pub fn get_template(world: &World, input: &GetTemplateInput) -> Result<GetTemplateOutput, ApiError> {
    let template = if let Some(change_set) = &input.change_set_name {
        let (index, position) = change_sets::locate(world, change_set, input.stack_name.as_deref())?;
        &world.cfn.stacks[index].change_sets[position].definition.template
    } else {
        let name = input.stack_name.as_deref().unwrap_or_default();
        let definition = world.cfn.stacks[find(world, name)?].definition.as_ref();
        &definition.ok_or_else(|| invalid(format!("Template for stack {name} does not exist")))?.template
    };
    Ok(GetTemplateOutput {
        template_body: Some(template.body.clone()),
        stages_available: vec!["Original".to_owned(), "Processed".to_owned()],
    })
}

fn view(world: &World, stack: &Stack) -> StackView {
    let (parent_id, root_id) = above(world, stack);
    let definition = stack.definition.as_deref();
    StackView {
        stack_id: Some(stack.id.clone()),
        stack_name: stack.name.clone(),
        change_set_id: stack.change_set_id.clone(),
        description: definition.and_then(|definition| definition.template.description.clone()),
        parameters: definition.map(parameters).unwrap_or_default(),
        creation_time: stack.created.as_epoch_secs(),
        deletion_time: stack.deleted.map(crate::SimTime::as_epoch_secs),
        last_updated_time: stack.updated.map(crate::SimTime::as_epoch_secs),
        rollback_configuration: definition.map(rollback_configuration),
        stack_status: stack.status,
        stack_status_reason: stack.reason.clone(),
        detailed_status: events::detailed_status(
            stack.status == StackStatus::CreateInProgress
                && stack.operation.as_ref().is_some_and(|operation| operation.configured),
        ),
        disable_rollback: Some(stack.disable_rollback),
        notification_arns: definition
            .map(|definition| definition.notification_arns.clone())
            .unwrap_or_default(),
        timeout_in_minutes: stack.timeout_minutes,
        capabilities: definition.map(|definition| definition.capabilities.clone()).unwrap_or_default(),
        outputs: stack
            .outputs
            .iter()
            .map(|output| Output {
                output_key: Some(output.key.clone()),
                output_value: Some(output.value.clone()),
                description: output.description.clone(),
                export_name: output.export.clone(),
            })
            .collect(),
        role_arn: stack.role.clone(),
        tags: definition.map(tags).unwrap_or_default(),
        enable_termination_protection: Some(root(world, stack).termination_protection),
        parent_id,
        root_id,
        drift_information: Some(StackDriftInformation {
            stack_drift_status: stack.drift.map_or(StackDriftStatus::NotChecked, |(status, _)| status),
            last_check_timestamp: stack.drift.map(|(_, at)| at.as_epoch_secs()),
        }),
        last_operations: last_operations(stack),
        ..StackView::default()
    }
}

/// Ids of the stack that contains this one and of the outermost; none for a stack that is not nested.
fn above(world: &World, stack: &Stack) -> (Option<String>, Option<String>) {
    let parent = stack.parent.map(|parent| world.cfn.stacks[parent].id.clone());
    let root = parent.as_ref().map(|_| root(world, stack).id.clone());
    (parent, root)
}

fn last_operations(stack: &Stack) -> Vec<OperationEntry> {
    let entries = stack.last_operations.iter().take(2);
    entries
        .map(|(kind, id)| OperationEntry { operation_type: Some(*kind), operation_id: Some(id.clone()) })
        .collect()
}

/// `ListStacks`, deleted ones included.
///
/// # Errors
/// `ValidationError` for a token that was not handed out.
pub fn list_stacks(world: &World, input: &ListStacksInput) -> Result<ListStacksOutput, ApiError> {
    let wanted = |stack: &&Stack| {
        input.stack_status_filter.is_empty() || input.stack_status_filter.contains(&stack.status)
    };
    let stacks: Vec<&Stack> = world.cfn.stacks.iter().rev().filter(wanted).collect();
    let (stacks, next_token) = page(&stacks, input.next_token.as_deref(), PAGE)?;
    let stack_summaries = stacks
        .iter()
        .map(|stack| {
            let (parent_id, root_id) = above(world, stack);
            StackSummary {
                parent_id,
                root_id,
                stack_id: Some(stack.id.clone()),
                stack_name: stack.name.clone(),
                template_description: stack
                    .definition
                    .as_ref()
                    .and_then(|definition| definition.template.description.clone()),
                creation_time: stack.created.as_epoch_secs(),
                last_updated_time: stack.updated.map(crate::SimTime::as_epoch_secs),
                deletion_time: stack.deleted.map(crate::SimTime::as_epoch_secs),
                stack_status: stack.status,
                stack_status_reason: stack.reason.clone(),
                drift_information: Some(StackDriftInformationSummary {
                    stack_drift_status: stack
                        .drift
                        .map_or(StackDriftStatus::NotChecked, |(status, _)| status),
                    last_check_timestamp: stack.drift.map(|(_, at)| at.as_epoch_secs()),
                }),
                last_operations: last_operations(stack),
            }
        })
        .collect();
    Ok(ListStacksOutput { stack_summaries, next_token })
}

fn drift(resource: &Resource) -> (StackResourceDriftStatus, Option<f64>) {
    match resource.drift {
        None => (StackResourceDriftStatus::NotChecked, None),
        Some((status, at)) => (status, Some(at.as_epoch_secs())),
    }
}

/// `ListStackResources`.
///
/// # Errors
/// `ValidationError`.
pub fn list_stack_resources(
    world: &World,
    input: &ListStackResourcesInput,
) -> Result<ListStackResourcesOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let resources: Vec<(&String, &Shared<Resource>)> = world.cfn.stacks[index].resources.iter().collect();
    let (resources, next_token) = page(&resources, input.next_token.as_deref(), PAGE)?;
    let stack_resource_summaries = resources
        .iter()
        .map(|(name, resource)| {
            let (stack_resource_drift_status, last_check_timestamp) = drift(resource);
            StackResourceSummary {
                logical_resource_id: (*name).clone(),
                physical_resource_id: resource.physical_id.clone(),
                resource_type: resource.kind.clone(),
                last_updated_timestamp: resource.updated.as_epoch_secs(),
                resource_status: resource.status,
                resource_status_reason: resource.reason.clone(),
                drift_information: Some(StackResourceDriftInformationSummary {
                    stack_resource_drift_status,
                    last_check_timestamp,
                }),
            }
        })
        .collect();
    Ok(ListStackResourcesOutput { stack_resource_summaries, next_token })
}

/// `DescribeStackResource`.
///
/// # Errors
/// `ValidationError`.
pub fn describe_stack_resource(
    world: &World,
    input: &DescribeStackResourceInput,
) -> Result<DescribeStackResourceOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let stack = &world.cfn.stacks[index];
    let name = &input.logical_resource_id;
    let Some(resource) = stack.resources.get(name) else {
        return Err(invalid(format!("Resource {name} does not exist for stack {}", stack.name)));
    };
    let (stack_resource_drift_status, last_check_timestamp) = drift(resource);
    Ok(DescribeStackResourceOutput {
        stack_resource_detail: Some(StackResourceDetail {
            stack_name: Some(stack.name.clone()),
            stack_id: Some(stack.id.clone()),
            logical_resource_id: name.clone(),
            physical_resource_id: resource.physical_id.clone(),
            resource_type: resource.kind.clone(),
            last_updated_timestamp: resource.updated.as_epoch_secs(),
            resource_status: resource.status,
            resource_status_reason: resource.reason.clone(),
            description: resource.description.clone(),
            metadata: Some(resource.metadata.as_ref().map_or_else(|| "{}".to_owned(), ToString::to_string)),
            drift_information: Some(StackResourceDriftInformation {
                stack_resource_drift_status,
                last_check_timestamp,
            }),
        }),
    })
}

/// `DescribeStackResources`: of a stack, or of the stack that a physical resource belongs to; at most 100.
///
/// # Errors
/// `ValidationError`.
pub fn describe_stack_resources(
    world: &World,
    input: &DescribeStackResourcesInput,
) -> Result<DescribeStackResourcesOutput, ApiError> {
    let stack = match (&input.stack_name, &input.physical_resource_id) {
        (Some(_), Some(_)) | (None, None) => {
            return Err(invalid("Either stack name or physical resource id must be specified."));
        }
        (Some(name), None) => &world.cfn.stacks[find(world, name)?],
        (None, Some(physical_id)) => {
            let owns = |stack: &&Stack| {
                stack.resources.values().any(|resource| resource.physical_id.as_ref() == Some(physical_id))
            };
            let missing = || invalid(format!("Stack for {physical_id} does not exist"));
            world.cfn.stacks.iter().find(owns).ok_or_else(missing)?
        }
    };
    let wanted = |name: &String| input.logical_resource_id.as_ref().is_none_or(|wanted| wanted == name);
    let stack_resources = stack
        .resources
        .iter()
        .filter(|(name, _)| wanted(name))
        .take(PAGE)
        .map(|(name, resource)| {
            let (stack_resource_drift_status, last_check_timestamp) = drift(resource);
            StackResource {
                stack_name: Some(stack.name.clone()),
                stack_id: Some(stack.id.clone()),
                logical_resource_id: name.clone(),
                physical_resource_id: resource.physical_id.clone(),
                resource_type: resource.kind.clone(),
                timestamp: resource.updated.as_epoch_secs(),
                resource_status: resource.status,
                resource_status_reason: resource.reason.clone(),
                description: resource.description.clone(),
                drift_information: Some(StackResourceDriftInformation {
                    stack_resource_drift_status,
                    last_check_timestamp,
                }),
            }
        })
        .collect();
    Ok(DescribeStackResourcesOutput { stack_resources })
}
