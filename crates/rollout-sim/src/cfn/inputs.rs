//! What requests have in common: a template, parameters, tags and what they must satisfy.

use std::collections::{BTreeMap, BTreeSet};

use super::api::{Parameter, RollbackConfiguration, Tag};
use super::schema;
use super::scope::{self, StackScope};
use super::state::{Definition, Resource, Rollback, ValidationProblem};
use super::template::{Scope, Template};
use crate::{ApiError, Shared, World, s3};

/// Largest inline template body in bytes, and largest in S3 (CFN:cloudformation-limits).
const MAX_BODY_BYTES: usize = 51_200;
const MAX_OBJECT_BYTES: usize = 1_000_000;
const MAX_TAGS: usize = 50;
const MAX_ROLLBACK_TRIGGERS: usize = 5;
const MAX_MONITORING_MINUTES: u32 = 180;

/// A `ValidationError`.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// A message of the template reader as an error: what is not modelled stays recognisable.
pub(super) fn template_error(message: String) -> ApiError {
    match message.strip_prefix("not modelled: ") {
        Some(what) => ApiError::not_modelled(what),
        None => invalid(message),
    }
}

/// What a request says about the definition that a stack shall have.
#[derive(Debug, Default)]
pub(super) struct Proposal<'a> {
    pub template_body: Option<&'a str>,
    pub template_url: Option<&'a str>,
    pub use_previous_template: bool,
    pub parameters: &'a [Parameter],
    pub capabilities: &'a [String],
    pub tags: &'a [Tag],
    pub notification_arns: &'a [String],
    pub rollback: Option<&'a RollbackConfiguration>,
}

/// The stack that a proposal is for.
pub(super) struct Subject<'a> {
    pub stack_id: &'a str,
    pub stack_name: &'a str,
    pub previous: Option<&'a Definition>,
    pub resources: &'a BTreeMap<String, Shared<Resource>>,
}

/// Reads a template body, inline or from S3.
///
/// # Errors
/// `ValidationError`
pub(super) fn body<'a>(
    world: &'a World,
    body: Option<&'a str>,
    url: Option<&str>,
) -> Result<&'a str, ApiError> {
    if body.is_some() && url.is_some() {
        return Err(invalid("Template URL and Template Body cannot both be specified."));
    }
    if let Some(url) = url {
        let address = s3::Address::parse(url).ok_or_else(|| {
            invalid(format!("TemplateURL must be a supported URL: {url} is no object in Amazon S3"))
        })?;
        let input = s3::GetObjectInput { bucket: address.bucket, key: address.key };
        let body = s3::get_object(world, &input)
            .map_err(|error| invalid(format!("S3 error: {} ({})", error.message, error.code)))?;
        return if body.len() > MAX_OBJECT_BYTES {
            Err(invalid(format!("Template size is limited to {MAX_OBJECT_BYTES} bytes")))
        } else {
            Ok(body)
        };
    }
    let body = body.ok_or_else(|| invalid("Either Template URL or Template Body must be specified."))?;
    if body.is_empty() || body.len() > MAX_BODY_BYTES {
        return Err(invalid(format!(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to {MAX_BODY_BYTES}"
        )));
    }
    Ok(body)
}

/// Makes the definition that a request proposes.
///
/// # Errors
/// `ValidationError`, `InsufficientCapabilitiesException`, or what is not modelled.
pub(super) fn define(
    world: &World,
    subject: &Subject<'_>,
    proposal: &Proposal<'_>,
) -> Result<Definition, ApiError> {
    let template = match subject.previous {
        Some(previous) if proposal.use_previous_template => {
            if proposal.template_body.is_some() || proposal.template_url.is_some() {
                return Err(invalid("Specify only one of TemplateBody, TemplateURL and UsePreviousTemplate"));
            }
            previous.template.clone()
        }
        None if proposal.use_previous_template => {
            return Err(invalid("UsePreviousTemplate cannot be used for a stack without a template"));
        }
        previous => {
            let body = body(world, proposal.template_body, proposal.template_url)?;
            match previous {
                // The same text need not be compiled again.
                Some(previous) if previous.template.body == body => previous.template.clone(),
                _ => Template::parse(body).map_err(template_error)?,
            }
        }
    };
    let parameters = parameters(&template, proposal.parameters, subject.previous)?;
    check_capabilities(&template, proposal.capabilities)?;
    let tags = tags(proposal.tags, subject.previous)?;
    let mut definition = Definition {
        template,
        parameters,
        conditions: BTreeMap::new(),
        tags,
        capabilities: proposal.capabilities.to_vec(),
        notification_arns: match subject.previous {
            Some(previous) if proposal.notification_arns.is_empty() => previous.notification_arns.clone(),
            _ => proposal.notification_arns.to_vec(),
        },
        rollback: rollback(proposal.rollback, subject.previous)?,
    };
    let unknown = BTreeSet::new();
    let conditions = {
        let scope = scope(world, subject, &definition, &unknown);
        scope::check_rules(&scope).map_err(template_error)?;
        scope::conditions(&scope).map_err(template_error)?
    };
    definition.conditions = conditions;
    check_types(&definition.template)?;
    Ok(definition)
}

/// The scope of a definition that is not the stack's yet.
pub(super) fn scope<'a>(
    world: &'a World,
    subject: &'a Subject<'_>,
    definition: &'a Definition,
    unknown: &'a BTreeSet<String>,
) -> StackScope<'a> {
    StackScope {
        stack_id: subject.stack_id,
        stack_name: subject.stack_name,
        account: &world.account,
        region: &world.region,
        state: &world.cfn,
        template: &definition.template,
        parameters: &definition.parameters,
        conditions: &definition.conditions,
        notification_arns: &definition.notification_arns,
        resources: subject.resources,
        unknown: Some(unknown),
    }
}

fn parameters(
    template: &Template,
    given: &[Parameter],
    previous: Option<&Definition>,
) -> Result<BTreeMap<String, String>, ApiError> {
    let mut values: BTreeMap<&str, String> = BTreeMap::new();
    let mut unknown = Vec::new();
    for parameter in given {
        let key = parameter.parameter_key.as_deref().unwrap_or_default();
        if !template.parameters.iter().any(|declaration| declaration.name == key) {
            unknown.push(key);
            continue;
        }
        let value = if parameter.use_previous_value == Some(true) {
            if parameter.parameter_value.is_some() {
                return Err(invalid(format!(
                    "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value for a parameter"
                )));
            }
            previous.and_then(|previous| previous.parameters.get(key)).cloned().ok_or_else(|| {
                invalid(format!("Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"))
            })?
        } else {
            parameter.parameter_value.clone().unwrap_or_default()
        };
        if values.insert(key, value).is_some() {
            return Err(invalid(format!("Parameter {key} is specified more than once")));
        }
    }
    if !unknown.is_empty() {
        return Err(invalid(format!("Parameters: [{}] do not exist in the template", unknown.join(", "))));
    }
    let mut resolved = BTreeMap::new();
    let mut missing = Vec::new();
    for declaration in &template.parameters {
        let value = values.remove(declaration.name.as_str()).or_else(|| declaration.default.clone());
        let Some(value) = value else {
            missing.push(declaration.name.as_str());
            continue;
        };
        declaration.check(&value).map_err(template_error)?;
        resolved.insert(declaration.name.clone(), value);
    }
    if missing.is_empty() {
        Ok(resolved)
    } else {
        Err(invalid(format!("Parameters: [{}] must have values", missing.join(", "))))
    }
}

fn check_capabilities(template: &Template, given: &[String]) -> Result<(), ApiError> {
    let has = |capability: &str| given.iter().any(|one| one == capability);
    let (needed, _) = template.capabilities();
    match needed {
        Some(needed) if !has("CAPABILITY_NAMED_IAM") && !has(needed) => Err(ApiError::new(
            "InsufficientCapabilitiesException",
            format!("Requires capabilities : [{needed}]"),
        )),
        _ => Ok(()),
    }
}

/// A template with a transform that is created or updated without a change set needs this capability.
pub(super) fn check_auto_expand(definition: &Definition) -> Result<(), ApiError> {
    const NEEDED: &str = "CAPABILITY_AUTO_EXPAND";
    let given = definition.capabilities.iter().any(|one| one == NEEDED);
    if definition.template.transforms.is_empty() || given {
        return Ok(());
    }
    Err(ApiError::new("InsufficientCapabilitiesException", format!("Requires capabilities : [{NEEDED}]")))
}

fn tags(given: &[Tag], previous: Option<&Definition>) -> Result<BTreeMap<String, String>, ApiError> {
    if let (true, Some(previous)) = (given.is_empty(), previous) {
        return Ok(previous.tags.clone());
    }
    if given.len() > MAX_TAGS {
        return Err(invalid(format!(
            "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to {MAX_TAGS}"
        )));
    }
    Ok(given.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect())
}

fn rollback(
    given: Option<&RollbackConfiguration>,
    previous: Option<&Definition>,
) -> Result<Rollback, ApiError> {
    let mut rollback = previous.map(|previous| previous.rollback.clone()).unwrap_or_default();
    let Some(given) = given else { return Ok(rollback) };
    if given.rollback_triggers.len() > MAX_ROLLBACK_TRIGGERS {
        return Err(invalid(
            "1 validation error detected: Value at 'rollbackConfiguration.rollbackTriggers' failed to satisfy constraint: Member must have length less than or equal to 5",
        ));
    }
    for trigger in &given.rollback_triggers {
        match trigger.r#type.as_str() {
            "AWS::CloudWatch::Alarm" => {}
            "AWS::CloudWatch::CompositeAlarm" => {
                return Err(ApiError::not_modelled("composite alarms as rollback triggers"));
            }
            other => return Err(invalid(format!("Rollback trigger type {other} is not supported"))),
        }
    }
    rollback.alarm_arns = given.rollback_triggers.iter().map(|trigger| trigger.arn.clone()).collect();
    if let Some(minutes) = given.monitoring_time_in_minutes {
        if minutes > MAX_MONITORING_MINUTES {
            return Err(invalid(
                "1 validation error detected: Value at 'rollbackConfiguration.monitoringTimeInMinutes' failed to satisfy constraint: Member must have value less than or equal to 180",
            ));
        }
        rollback.monitoring_minutes = minutes;
    }
    Ok(rollback)
}

/// Every type must be known: CloudFormation names those it does not have, this simulator those it does not model.
pub(super) fn check_types(template: &Template) -> Result<(), ApiError> {
    for (name, resource) in &template.resources {
        if schema::find(&resource.kind).is_some() {
            continue;
        }
        if resource.kind.split("::").count() < 3 {
            return Err(invalid(format!(
                "Template format error: Unrecognized resource types: [{}]",
                resource.kind
            )));
        }
        return Err(ApiError::not_modelled(format!("resource type {} (resource {name})", resource.kind)));
    }
    Ok(())
}

/// Attributes that `Fn::GetAtt` asks for must be attributes of the type; found before anything starts.
pub(super) fn check_attributes(definition: &Definition) -> Result<(), ApiError> {
    for resource in definition.template.resources.values() {
        for (name, attribute) in &resource.uses.attributes {
            let Some(target) = definition.template.resources.get(name) else { continue };
            let known = schema::find(&target.kind).is_none_or(|schema| schema.has_attribute(attribute));
            if !known {
                return Err(invalid(format!(
                    "Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
                )));
            }
        }
    }
    Ok(())
}

/// Evaluates every resource with what is known now and checks it against its type.
///
/// # Errors
/// A template error.
pub(super) fn validate(
    world: &World,
    subject: &Subject<'_>,
    definition: &Definition,
) -> Result<Vec<ValidationProblem>, ApiError> {
    check_attributes(definition)?;
    let unknown: BTreeSet<String> = BTreeSet::new();
    let scope = scope(world, subject, definition, &unknown);
    let mut problems = Vec::new();
    for (name, resource) in &definition.template.resources {
        let wanted = match &resource.condition {
            Some(condition) => scope.condition(condition).map_err(template_error)?,
            None => true,
        };
        if !wanted {
            continue;
        }
        let properties = scope::properties(resource, &definition.tags, &scope).map_err(template_error)?;
        let Some(schema) = schema::find(&resource.kind) else { continue };
        problems.extend(schema.check(&properties).into_iter().map(|problem| ValidationProblem {
            logical_id: name.clone(),
            kind: resource.kind.clone(),
            path: problem.path,
            message: problem.message,
        }));
    }
    Ok(problems)
}
