//! Tags of load balancers, listeners, rules and target groups.

use super::api::*;
use crate::{ApiError, World};

/// `AddTags`.
///
/// # Errors
/// The error of the resource that does not exist.
pub fn add_tags(world: &mut World, input: AddTagsInput) -> Result<AddTagsOutput, ApiError> {
    exist(world, &input.resource_arns)?;
    for arn in input.resource_arns {
        let tags = world.elb.tags.entry(arn).or_default();
        tags.retain(|old| input.tags.iter().all(|new| new.key != old.key));
        tags.extend(input.tags.iter().cloned());
    }
    Ok(AddTagsOutput {})
}

/// `RemoveTags`.
///
/// # Errors
/// The error of the resource that does not exist.
pub fn remove_tags(world: &mut World, input: &RemoveTagsInput) -> Result<RemoveTagsOutput, ApiError> {
    exist(world, &input.resource_arns)?;
    for arn in &input.resource_arns {
        if let Some(tags) = world.elb.tags.get_mut(arn) {
            tags.retain(|tag| !input.tag_keys.contains(&tag.key));
        }
    }
    Ok(RemoveTagsOutput {})
}

/// `DescribeTags`.
///
/// # Errors
/// The error of the resource that does not exist.
pub fn describe_tags(world: &World, input: &DescribeTagsInput) -> Result<DescribeTagsOutput, ApiError> {
    exist(world, &input.resource_arns)?;
    let describe = |arn: &String| TagDescription {
        resource_arn: arn.clone(),
        tags: world.elb.tags.get(arn).cloned().unwrap_or_default(),
    };
    Ok(DescribeTagsOutput { tag_descriptions: input.resource_arns.iter().map(describe).collect() })
}

fn exist(world: &World, arns: &[String]) -> Result<(), ApiError> {
    for arn in arns {
        let resource = arn.splitn(6, ':').nth(5).unwrap_or("");
        match resource.split('/').next().unwrap_or("") {
            "loadbalancer" => drop(super::load_balancer::find(world, arn)?),
            "targetgroup" => drop(world.elb.group_key(arn).ok_or_else(super::no_group)?),
            "listener" => drop(world.elb.listener(arn)?),
            "listener-rule" => drop(super::rule::find(world, arn)?),
            _ => {
                return Err(super::invalid(format!(
                    "'{arn}' is not a valid load balancer, target group, listener or rule ARN"
                )));
            }
        }
    }
    Ok(())
}
