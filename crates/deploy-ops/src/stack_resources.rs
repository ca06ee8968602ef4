//! What a stack consists of, and what an operation on it failed on.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceSummary};

use crate::aws::Aws;
use crate::call::CallError;
use crate::pages::Pages;

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// Logical id.
    pub logical_id: String,
    /// Name or ARN; `None` while there is none.
    pub physical_id: Option<String>,
    /// CloudFormation type.
    pub resource_type: String,
    /// Status, such as `CREATE_COMPLETE`.
    pub status: ResourceStatus,
    /// CloudFormation's reason for the status.
    pub reason: Option<String>,
}

impl StackResource {
    /// Whether CloudFormation has it: it was created and not deleted.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.physical_id.is_some() && self.status != ResourceStatus::DeleteComplete
    }
}

/// Every resource of a stack, in the order of CloudFormation's answer.
pub async fn list(aws: &Aws, stack: &str) -> Result<Vec<StackResource>, CallError> {
    let call = aws.cloudformation.list_stack_resources().stack_name(stack);
    let pages = Pages::of("cloudformation:ListStackResources", call.into_paginator().send()).all().await?;
    let summaries = pages.into_iter().flat_map(|page| page.stack_resource_summaries.unwrap_or_default());
    let resource = |summary: StackResourceSummary| StackResource {
        logical_id: summary.logical_resource_id.unwrap_or_default(),
        physical_id: summary.physical_resource_id.filter(|id| !id.is_empty()),
        resource_type: summary.resource_type.unwrap_or_default(),
        status: summary.resource_status.unwrap_or_else(|| ResourceStatus::from("UNKNOWN")),
        reason: summary.resource_status_reason,
    };
    Ok(summaries.map(resource).collect())
}

/// A resource that could not be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// Logical id.
    pub logical_id: String,
    /// CloudFormation type.
    pub resource_type: String,
    /// CloudFormation's reason.
    pub reason: String,
}

/// What the latest rollback failed on, by logical id: exactly the resources that `ResourcesToSkip` takes. One
/// that failed on the way forward and is back is none of them.
pub async fn culprits(aws: &Aws, stack_id: &str) -> Result<Vec<Culprit>, CallError> {
    let call = aws.cloudformation.describe_stack_events().stack_name(stack_id);
    let mut pages = Pages::of("cloudformation:DescribeStackEvents", call.into_paginator().send());
    let mut latest: BTreeMap<String, Option<Culprit>> = BTreeMap::new();
    'pages: while let Some(page) = pages.next().await {
        for event in page?.stack_events.unwrap_or_default() {
            let status = event.resource_status.as_ref().map(ResourceStatus::as_str).unwrap_or_default();
            if event.physical_resource_id.as_deref() == Some(stack_id) {
                // Events come newest first: before this one the operation went forward.
                if status == "UPDATE_ROLLBACK_IN_PROGRESS" {
                    break 'pages;
                }
                continue;
            }
            let failed = status == "UPDATE_FAILED";
            let logical_id = event.logical_resource_id.unwrap_or_default();
            latest.entry(logical_id.clone()).or_insert_with(|| {
                failed.then(|| Culprit {
                    logical_id,
                    resource_type: event.resource_type.unwrap_or_default(),
                    reason: event.resource_status_reason.unwrap_or_default(),
                })
            });
        }
    }
    Ok(latest.into_values().flatten().collect())
}
