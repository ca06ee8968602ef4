//! What CloudFormation's early validation found in a change set: the change set's own reason only says that it found
//! something, and DescribeEvents what (CFN:validate-stack-deployments).

use aws_sdk_cloudformation::types::{OperationEvent, ValidationStatus};

use crate::aws::Aws;
use crate::call::{CallError, Called};

/// How the reason of such a change set names the check: `AWS::EarlyValidation::ResourceExistenceCheck`.
const CHECKS: &str = "AWS::EarlyValidation::";

/// The reason for which a change set failed, with each finding of early validation where there are any.
pub(crate) async fn explained(aws: &Aws, change_set: &str, reason: String) -> String {
    let Some((_, rest)) = reason.split_once(CHECKS) else { return reason };
    let check = rest.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
    match findings(aws, change_set).await {
        Ok(findings) if !findings.is_empty() => format!("{check}: {}", findings.join("; ")),
        Ok(_) => reason,
        // What was refused matters more than that nobody may say why.
        Err(error) => format!("{reason} (which could not be asked: {error})"),
    }
}

async fn findings(aws: &Aws, change_set: &str) -> Result<Vec<String>, CallError> {
    let mut findings = Vec::new();
    let mut pages = aws.cloudformation.describe_events().change_set_name(change_set).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.called("cloudformation:DescribeEvents")?;
        findings.extend(page.operation_events().iter().filter_map(finding));
    }
    Ok(findings)
}

fn finding(event: &OperationEvent) -> Option<String> {
    if event.validation_status() != Some(&ValidationStatus::Failed) {
        return None;
    }
    let place = event.validation_path().or(event.logical_resource_id()).unwrap_or_default();
    let kind = event.resource_type().unwrap_or("resource");
    Some(format!("{place} ({kind}): {}", event.validation_status_reason().unwrap_or("no reason given")))
}
