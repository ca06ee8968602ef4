//! Drift: what was changed or deleted behind a stack's back.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html>: only properties
//! that the template sets are compared; resources whose type cannot be compared are `NOT_CHECKED`.

use std::time::Duration;

use serde_json::Value;

use super::api::{
    DescribeStackDriftDetectionStatusInput, DescribeStackDriftDetectionStatusOutput,
    DescribeStackResourceDriftsInput, DescribeStackResourceDriftsOutput, DetectStackDriftInput,
    DetectStackDriftOutput, DetectStackResourceDriftInput, DetectStackResourceDriftOutput, DifferenceType,
    PropertyDifference, StackDriftDetectionStatus, StackDriftStatus, StackResourceDrift,
    StackResourceDriftStatus as Status, StackStatus,
};
use super::describe::page;
use super::handlers::{self, Actual};
use super::inputs::invalid;
use super::stacks::find;
use super::state::{Detection, Resource};
use super::template::scalar_text;
use super::{identifier, wire_name};
use crate::{ApiError, World};

const PAGE: usize = 100;

/// Seconds that a detection takes per resource. Undocumented: chosen because a stack of some tens of resources
/// is seen to take a minute or so.
const SECS_PER_RESOURCE: f64 = 1.0;

/// `DetectStackDrift`: looks at every resource now; the result can be read when the detection is complete.
///
/// # Errors
/// `ValidationError` for a stack that is in no state to be compared, and while another detection runs.
pub fn detect_stack_drift(
    world: &mut World,
    input: &DetectStackDriftInput,
) -> Result<DetectStackDriftOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    check_state(world, index)?;
    let now = world.now();
    if world.cfn.detections.iter().any(|one| one.stack == index && one.done_at > now) {
        return Err(invalid("Drift detection is already in progress for this stack"));
    }
    let wanted =
        |name: &String| input.logical_resource_ids.is_empty() || input.logical_resource_ids.contains(name);
    let names: Vec<String> =
        world.cfn.stacks[index].resources.keys().filter(|name| wanted(name)).cloned().collect();
    if let Some(missing) = input.logical_resource_ids.iter().find(|name| !names.contains(name)) {
        return Err(invalid(format!("Resource {missing} does not exist for stack {}", input.stack_name)));
    }
    let mut drifted = 0;
    for name in &names {
        let status = look(world, index, name).map(|drift| drift.stack_resource_drift_status);
        drifted += u32::from(matches!(status, Some(Status::Modified | Status::Deleted)));
    }
    let status = if drifted > 0 { StackDriftStatus::Drifted } else { StackDriftStatus::InSync };
    world.cfn.stacks[index].drift = Some((status, now));
    let id = identifier::uuid(&mut world.cfn);
    #[allow(clippy::cast_precision_loss, reason = "a stack has at most 500 resources")]
    let takes = Duration::from_secs_f64(SECS_PER_RESOURCE * names.len() as f64);
    world.cfn.detections.push(Detection {
        id: id.clone(),
        stack: index,
        started: now,
        done_at: now + takes,
        drifted,
        status,
    });
    Ok(DetectStackDriftOutput { stack_drift_detection_id: id })
}

fn check_state(world: &World, index: usize) -> Result<(), ApiError> {
    let stack = &world.cfn.stacks[index];
    match stack.status {
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::UpdateRollbackFailed => Ok(()),
        status => Err(invalid(format!(
            "Drift detection cannot be performed on stack [{}] in {} state",
            stack.id,
            wire_name(&status)
        ))),
    }
}

/// `DescribeStackDriftDetectionStatus`.
///
/// # Errors
/// `ValidationError` for a detection that there was not.
pub fn describe_stack_drift_detection_status(
    world: &World,
    input: &DescribeStackDriftDetectionStatusInput,
) -> Result<DescribeStackDriftDetectionStatusOutput, ApiError> {
    let id = &input.stack_drift_detection_id;
    let missing = || invalid(format!("Stack drift detection {id} does not exist"));
    let found = world.cfn.detections.iter().find(|one| &one.id == id).ok_or_else(missing)?;
    let done = found.done_at <= world.now();
    Ok(DescribeStackDriftDetectionStatusOutput {
        stack_id: world.cfn.stacks[found.stack].id.clone(),
        stack_drift_detection_id: id.clone(),
        stack_drift_status: done.then_some(found.status),
        detection_status: Some(if done {
            StackDriftDetectionStatus::DetectionComplete
        } else {
            StackDriftDetectionStatus::DetectionInProgress
        }),
        detection_status_reason: None,
        drifted_stack_resource_count: done.then_some(found.drifted),
        timestamp: found.started.as_epoch_secs(),
    })
}

/// `DetectStackResourceDrift`: looks at one resource and answers at once.
///
/// # Errors
/// `ValidationError`.
pub fn detect_stack_resource_drift(
    world: &mut World,
    input: &DetectStackResourceDriftInput,
) -> Result<DetectStackResourceDriftOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    check_state(world, index)?;
    let name = &input.logical_resource_id;
    let missing = || invalid(format!("Resource {name} does not exist for stack {}", input.stack_name));
    let drift = look(world, index, name).ok_or_else(missing)?;
    Ok(DetectStackResourceDriftOutput { stack_resource_drift: drift })
}

/// `DescribeStackResourceDrifts`: what the latest look at each resource found.
///
/// # Errors
/// `ValidationError`.
pub fn describe_stack_resource_drifts(
    world: &World,
    input: &DescribeStackResourceDriftsInput,
) -> Result<DescribeStackResourceDriftsOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let filters = &input.stack_resource_drift_status_filters;
    let wanted = |drift: &&StackResourceDrift| {
        filters.is_empty() || filters.contains(&drift.stack_resource_drift_status)
    };
    let drifts: Vec<&StackResourceDrift> = world.cfn.stacks[index].drifts.values().filter(wanted).collect();
    let size = input.max_results.map_or(PAGE, |size| (size as usize).clamp(1, PAGE));
    let (drifts, next_token) = page(&drifts, input.next_token.as_deref(), size)?;
    Ok(DescribeStackResourceDriftsOutput {
        stack_resource_drifts: drifts.iter().map(|drift| (*drift).clone()).collect(),
        next_token,
    })
}

/// Compares one resource with what its stack believes, and remembers the result.
fn look(world: &mut World, index: usize, name: &str) -> Option<StackResourceDrift> {
    let now = world.now();
    let stack = &world.cfn.stacks[index];
    let resource = stack.resources.get(name)?;
    let actual = match &resource.physical_id {
        Some(id) => handlers::read(world, &resource.kind, id, &resource.properties),
        None => Actual::Gone,
    };
    let drift = StackResourceDrift {
        stack_id: stack.id.clone(),
        logical_resource_id: name.to_owned(),
        physical_resource_id: resource.physical_id.clone(),
        resource_type: resource.kind.clone(),
        timestamp: now.as_epoch_secs(),
        ..compare(resource, &actual)
    };
    let stack = &mut world.cfn.stacks[index];
    if let Some(resource) = stack.resources.get_mut(name) {
        resource.drift = Some((drift.stack_resource_drift_status, now));
    }
    stack.drifts.insert(name.to_owned(), drift.clone());
    Some(drift)
}

fn compare(resource: &Resource, actual: &Actual) -> StackResourceDrift {
    let mut drift = StackResourceDrift::default();
    match actual {
        Actual::Gone => drift.stack_resource_drift_status = Status::Deleted,
        Actual::Unread => drift.stack_resource_drift_status = Status::NotChecked,
        Actual::Properties(actual) => {
            let mut expected = resource.properties.clone();
            if let (Value::Object(expected), Value::Object(actual)) = (&mut expected, actual) {
                expected.retain(|name, _| {
                    let absent = READ_WHEN_ABSENT.contains(&(resource.kind.as_str(), name.as_str()));
                    actual.contains_key(name) || absent
                });
            }
            differences("", &expected, actual, &mut drift.property_differences);
            drift.stack_resource_drift_status =
                if drift.property_differences.is_empty() { Status::InSync } else { Status::Modified };
            drift.expected_properties = Some(expected.to_string());
            drift.actual_properties = Some(actual.to_string());
        }
    }
    drift
}

/// Properties that a resource can lose: where they are not read, they are gone.
const READ_WHEN_ABSENT: [(&str, &str); 3] = [
    ("AWS::Logs::LogGroup", "RetentionInDays"),
    ("AWS::SecretsManager::Secret", "Description"),
    ("AWS::CloudWatch::Alarm", "AlarmDescription"),
];

/// What tells the parts of a list apart whose order means nothing; `None` where the order does.
fn identity<'a>(path: &str, item: &'a Value) -> Option<&'a str> {
    match path {
        "/Tags" => item.get("Key")?.as_str(),
        "/Policies" => item.get("PolicyName")?.as_str(),
        "/ManagedPolicyArns" | "/Roles" => item.as_str(),
        _ => None,
    }
}

/// Parts of a list, each with the part of the other list that it is to be compared with and its place in its own.
type Pairs<'a> = Vec<(usize, Option<&'a Value>, Option<&'a Value>)>;

fn pairs<'a>(path: &str, expected: &'a [Value], actual: &'a [Value]) -> Pairs<'a> {
    if !expected.iter().chain(actual).all(|item| identity(path, item).is_some()) {
        let length = expected.len().max(actual.len());
        return (0..length).map(|place| (place, expected.get(place), actual.get(place))).collect();
    }
    let same = |list: &'a [Value], item: &Value| {
        list.iter().find(|other| identity(path, other) == identity(path, item))
    };
    let wanted = expected.iter().enumerate();
    let mut pairs: Pairs<'a> = wanted.map(|(place, item)| (place, Some(item), same(actual, item))).collect();
    let added = actual.iter().enumerate().filter(|(_, item)| same(expected, item).is_none());
    pairs.extend(added.map(|(place, item)| (place, None, Some(item))));
    pairs
}

/// What of `expected` is otherwise in `actual`. What the template does not set does not matter, but for policy
/// documents: they are compared as the JSON that they are, and a condition that was added is a difference.
fn differences(path: &str, expected: &Value, actual: &Value, found: &mut Vec<PropertyDifference>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, expected) in expected {
                let path = format!("{path}/{name}");
                match actual.get(name) {
                    Some(actual) => differences(&path, expected, actual, found),
                    None => found.push(difference(&path, Some(expected), None)),
                }
            }
            let added = actual.iter().filter(|(name, _)| !expected.contains_key(*name));
            for (name, actual) in added.filter(|_| path.contains("PolicyDocument")) {
                found.push(difference(&format!("{path}/{name}"), None, Some(actual)));
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            for (place, expected, actual) in pairs(path, expected, actual) {
                let path = format!("{path}/{place}");
                match (expected, actual) {
                    (Some(expected), Some(actual)) => differences(&path, expected, actual, found),
                    (expected, actual) => found.push(difference(&path, expected, actual)),
                }
            }
        }
        // A template may give a document as JSON text.
        (Value::String(text), Value::Object(_)) if path.ends_with("PolicyDocument") => {
            let expected = serde_json::from_str(text).unwrap_or_else(|_| expected.clone());
            if expected.is_object() {
                differences(path, &expected, actual, found);
            } else {
                found.push(difference(path, Some(&expected), Some(actual)));
            }
        }
        _ => {
            let same = expected == actual
                || matches!((scalar_text(expected), scalar_text(actual)), (Some(a), Some(b)) if a == b);
            if !same {
                found.push(difference(path, Some(expected), Some(actual)));
            }
        }
    }
}

fn difference(path: &str, expected: Option<&Value>, actual: Option<&Value>) -> PropertyDifference {
    let plain = |value: Option<&Value>| {
        let plain = |value: &Value| scalar_text(value).unwrap_or_else(|| value.to_string());
        value.map_or_else(|| "null".to_owned(), plain)
    };
    PropertyDifference {
        property_path: path.to_owned(),
        expected_value: plain(expected),
        actual_value: plain(actual),
        difference_type: Some(match (expected, actual) {
            (None, _) => DifferenceType::Add,
            (_, None) => DifferenceType::Remove,
            _ => DifferenceType::NotEqual,
        }),
    }
}
