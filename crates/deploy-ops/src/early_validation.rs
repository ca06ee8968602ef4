//! What CloudFormation's early validation found in a change set: the change set's own reason only says that it found
//! something, and DescribeEvents what. What it only warns of is in DescribeEvents alone: such a change set can be executed
//! (CFN:validate-stack-deployments).

use aws_sdk_cloudformation::types::{HookFailureMode, OperationEvent, ValidationStatus};

use crate::aws::Aws;
use crate::call::CallError;
use crate::pages::Pages;
use crate::report::Report;
use crate::stack::ChangeSet;

/// How the reason of such a change set names the check: `AWS::EarlyValidation::ResourceExistenceCheck`.
const CHECKS: &str = "AWS::EarlyValidation::";

/// The reason for which a change set failed, with each finding of early validation where there are any.
pub(crate) async fn explained(aws: &Aws, change_set: &str, reason: String) -> String {
    let Some((_, rest)) = reason.split_once(CHECKS) else { return reason };
    let check = rest.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
    match findings(aws, change_set, Mode::Fails).await {
        Ok(findings) if !findings.is_empty() => format!("{check}: {}", findings.join("; ")),
        Ok(_) => reason,
        // What was refused matters more than that nobody may say why.
        Err(error) => format!("{reason} (which could not be asked: {error})"),
    }
}

/// What early validation warns of in a change set that can be executed.
pub(crate) async fn warnings(aws: &Aws, change_set: &str) -> Vec<String> {
    match findings(aws, change_set, Mode::Warns).await {
        Ok(findings) => findings,
        // Nobody is kept from a change because nobody may say whether there are warnings.
        Err(error) => vec![format!("its warnings could not be read: {error}")],
    }
}

/// Shows what it warns of.
pub(crate) fn show(report: &Report, change_set: &ChangeSet) {
    for warning in &change_set.warnings {
        report.warn(format!("early validation: {warning}"));
    }
}

/// Whether a finding stops the change set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Fails,
    Warns,
}

async fn findings(aws: &Aws, change_set: &str, mode: Mode) -> Result<Vec<String>, CallError> {
    let mut findings = Vec::new();
    let pages = aws.cloudformation.describe_events().change_set_name(change_set).into_paginator().send();
    let mut pages = Pages::of("cloudformation:DescribeEvents", pages);
    while let Some(page) = pages.next().await {
        let page = page?;
        findings.extend(page.operation_events().iter().filter_map(|event| finding(event, mode)));
    }
    Ok(findings)
}

fn finding(event: &OperationEvent, mode: Mode) -> Option<String> {
    let found = match event.validation_failure_mode() {
        Some(HookFailureMode::Warn) => Mode::Warns,
        _ => Mode::Fails,
    };
    if event.validation_status() != Some(&ValidationStatus::Failed) || found != mode {
        return None;
    }
    let place = event.validation_path().or(event.logical_resource_id()).unwrap_or_default();
    let kind = event.resource_type().unwrap_or("resource");
    Some(format!("{place} ({kind}): {}", event.validation_status_reason().unwrap_or("no reason given")))
}
