//! What early validation finds before anything starts (CFN:validate-stack-deployments).
//!
//! Property syntax and names that are taken fail. What a change set deletes and what still holds something is only
//! warned of, and only for change sets; so is what it adds beyond a quota (`quotas.rs`). There is nothing to warn of recorders
//! and rules of Config, the last check: their types are not modelled.

use std::collections::{BTreeMap, BTreeSet};

use super::api::{Change, PolicyAction};
use super::inputs::{self, Subject};
use super::state::{Definition, ValidationProblem};
use super::{handlers, plan, quotas};
use crate::iam::{self, Principal};
use crate::{ApiError, World, ecr, s3};

const BUCKET: &str = "AWS::S3::Bucket";
const REPOSITORY: &str = "AWS::ECR::Repository";

/// Names of new resources that something else has already.
pub(super) fn name_conflicts(
    world: &World,
    subject: &Subject<'_>,
    definition: &Definition,
) -> Result<Vec<ValidationProblem>, ApiError> {
    let unknown = BTreeSet::new();
    let scope = inputs::scope(world, subject, definition, &unknown);
    let mut conflicts = Vec::new();
    for (name, resource) in &definition.template.resources {
        let exists = subject.resources.get(name).is_some_and(|resource| resource.exists());
        if exists || !plan::is_wanted(resource, &definition.conditions) {
            continue;
        }
        let properties =
            super::scope::properties(resource, &definition.tags, &scope).map_err(inputs::template_error)?;
        if let Some(message) = handlers::conflict(world, &resource.kind, &properties) {
            conflicts.push(ValidationProblem {
                logical_id: name.clone(),
                kind: resource.kind.clone(),
                path: format!("/Resources/{name}"),
                message,
            });
        }
    }
    Ok(conflicts)
}

/// The reason of a change set that failed validation; `None` where it passed.
pub(super) fn failed(problems: &[ValidationProblem], conflicts: &[ValidationProblem]) -> Option<String> {
    let name = match (problems.is_empty(), conflicts.is_empty()) {
        (true, true) => return None,
        (false, _) => "AWS::EarlyValidation::PropertyValidation",
        (true, false) => "AWS::EarlyValidation::ResourceExistenceCheck",
    };
    Some(format!(
        "The following hook(s)/validation failed: [{name}]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information."
    ))
}

/// Buckets and image repositories that `changes` deletes although they hold something: their deletion will fail. Then what
/// it adds beyond a quota.
///
/// They are read as the `caller`, with `s3:ListBucket` and `ecr:ListImages`. What it may not read is left out; AWS does
/// not say what it does then (UNCONFIRMED).
pub(super) fn warnings(
    world: &mut World,
    caller: &Principal,
    index: usize,
    changes: &[Change],
) -> Vec<ValidationProblem> {
    let mut warnings = Vec::new();
    for change in changes.iter().filter_map(|change| change.resource_change.as_ref()) {
        let deletes =
            matches!(change.policy_action, Some(PolicyAction::Delete | PolicyAction::ReplaceAndDelete));
        let (Some(name), Some(kind), Some(id)) =
            (&change.logical_resource_id, &change.resource_type, &change.physical_resource_id)
        else {
            continue;
        };
        let message = match kind.as_str() {
            BUCKET if deletes => bucket(world, caller, id),
            REPOSITORY if deletes => {
                let properties =
                    world.cfn.stacks[index].resources.get(name).map(|resource| &resource.properties);
                let forced = properties.is_some_and(|properties| properties["EmptyOnDelete"] == true);
                if forced { None } else { repository(world, caller, id) }
            }
            _ => None,
        };
        let (logical_id, kind) = (name.clone(), kind.clone());
        // What the template no longer has is nowhere in it.
        warnings.extend(message.map(|message| ValidationProblem {
            logical_id,
            kind,
            path: String::new(),
            message,
        }));
    }
    warnings.extend(quotas::warnings(world, caller, changes));
    warnings
}

/// The wording is AWS's, as a client showed it (<https://github.com/aws-cloudformation/rain/pull/744>).
fn bucket(world: &mut World, caller: &Principal, name: &str) -> Option<String> {
    may(world, caller, "s3:ListBucket", &format!("arn:aws:s3:::{name}"))?;
    s3::holds_objects(world, name).then(|| {
        format!(
            "The bucket '{name}' is not empty. You must either delete all objects and versions or use the deletion policy to retain it, otherwise the delete operation will fail."
        )
    })
}

/// AWS's wording is not public: this one follows the bucket's.
fn repository(world: &mut World, caller: &Principal, name: &str) -> Option<String> {
    let arn = world.arn("ecr", &format!("repository/{name}"));
    may(world, caller, "ecr:ListImages", &arn)?;
    ecr::holds_images(world, name).then(|| {
        format!(
            "The repository '{name}' is not empty. You must either delete all images, set EmptyOnDelete or use the deletion policy to retain it, otherwise the delete operation will fail."
        )
    })
}

/// Whether the `caller` may read this.
pub(super) fn may(world: &mut World, caller: &Principal, action: &str, resource: &str) -> Option<()> {
    iam::access(world, caller, action, resource, &BTreeMap::new()).ok()
}

/// Name of the check that warns of a resource of this type. The bucket's is AWS's
/// (<https://github.com/aws-cloudformation/rain/pull/744>); the others follow it.
pub(super) fn warning_name(kind: &str) -> &'static str {
    match kind {
        BUCKET => "BUCKET_EMPTINESS_VALIDATION",
        REPOSITORY => "REPOSITORY_EMPTINESS_VALIDATION",
        _ => "SERVICE_QUOTA_VALIDATION",
    }
}
