//! Drift: what was changed or deleted behind CloudFormation's back (CFN:using-cfn-stack-drift).
//!
//! CloudFormation reads every resource with the rights of whoever asks; what they may not read is not checked, and said
//! so. Only properties that the template sets are compared.

use std::fmt;
use std::time::Duration;

use aws_sdk_cloudformation::types::{
    DifferenceType, PropertyDifference, StackDriftDetectionStatus, StackResourceDrift,
    StackResourceDriftStatus,
};
use serde::Serialize;

use crate::call::{CallError, Called};
use crate::failure::Failure;
use crate::pages::Pages;
use crate::session::Session;
use crate::stack::{self, Standing};

/// A detection takes a second or so per resource, and minutes in a large stack.
const LIMIT_SECS: f64 = 15.0 * 60.0;
const POLL: Duration = Duration::from_secs(5);
/// Longest value that is shown, in characters: a policy document is compared, not read, here.
const SHOWN: usize = 120;

/// What a detection found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Name of the stack.
    pub stack: String,
    /// Number of resources that are as the template says.
    pub in_sync: usize,
    /// Those that are not.
    pub drifted: Vec<Drifted>,
    /// Logical ids of those that were not compared: their type cannot be, or the caller may not read them.
    pub not_checked: Vec<String>,
    /// Why the detection did not get to the end, where it did not.
    pub incomplete: Option<String>,
}

/// A resource that is not as the template says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drifted {
    /// Logical id.
    pub logical_id: String,
    /// Type.
    pub resource_type: String,
    /// Physical id.
    pub physical_id: Option<String>,
    /// Whether it is gone.
    pub deleted: bool,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// A property that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where, as a JSON pointer into the properties.
    pub path: String,
    /// What the template says; nothing where something was added.
    pub expected: Option<String>,
    /// What is there; nothing where something was removed.
    pub actual: Option<String>,
}

impl Drift {
    /// Whether everything that was compared is as the template says, and everything was looked at.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.drifted.is_empty() && self.incomplete.is_none()
    }
}

/// Detects drift of a stack that exists and is at rest.
pub async fn detect(session: &Session, stack_name: &str, subject: &str) -> Result<Drift, Failure> {
    let (aws, clock) = (&session.target.aws, &*session.target.clock);
    let view = stack::describe(aws, stack_name).await?.filter(|view| view.standing() != Standing::Absent);
    let Some(view) = view else {
        return Err(Failure::Guard {
            reason: format!("stack {stack_name} does not exist"),
            hint: session.command(&format!("stack plan {subject}")),
        });
    };
    if !matches!(view.standing(), Standing::Ready | Standing::RollbackStuck) {
        return Err(Failure::Guard {
            reason: format!(
                "stack {stack_name} is in {}: it is compared when it is at rest",
                view.status.as_str()
            ),
            hint: session.command(&format!("diagnose {subject}")),
        });
    }
    let started = aws.cloudformation.detect_stack_drift().stack_name(&view.id).send().await;
    let started = started.called("cloudformation:DetectStackDrift")?;
    let detection = started.stack_drift_detection_id.unwrap_or_default();
    let began = clock.now();
    let incomplete = loop {
        let call = aws.cloudformation.describe_stack_drift_detection_status();
        let call = call.stack_drift_detection_id(&detection).send().await;
        let answer = call.called("cloudformation:DescribeStackDriftDetectionStatus")?;
        match answer.detection_status {
            Some(StackDriftDetectionStatus::DetectionComplete) => break None,
            Some(StackDriftDetectionStatus::DetectionFailed) => {
                break Some(answer.detection_status_reason.unwrap_or_else(|| "it failed".to_owned()));
            }
            _ => {}
        }
        if clock.now().secs_since(began) > LIMIT_SECS {
            break Some(format!("it did not end within {} minutes", LIMIT_SECS / 60.0));
        }
        if session.interrupt.requested() {
            return Err(Failure::Interrupted { hint: "nothing was changed".to_owned() });
        }
        clock.sleep(POLL).await;
    };
    let mut drift =
        Drift { stack: view.name, in_sync: 0, drifted: Vec::new(), not_checked: Vec::new(), incomplete };
    read(session, &view.id, &mut drift).await?;
    Ok(drift)
}

async fn read(session: &Session, stack_id: &str, drift: &mut Drift) -> Result<(), CallError> {
    let call = session.target.aws.cloudformation.describe_stack_resource_drifts().stack_name(stack_id);
    let mut pages = Pages::of("cloudformation:DescribeStackResourceDrifts", call.into_paginator().send());
    while let Some(page) = pages.next().await {
        let page = page?;
        for resource in page.stack_resource_drifts() {
            let id = resource.logical_resource_id().unwrap_or_default().to_owned();
            match resource.stack_resource_drift_status() {
                Some(StackResourceDriftStatus::InSync) => drift.in_sync += 1,
                Some(StackResourceDriftStatus::Modified) => drift.drifted.push(drifted(resource, id, false)),
                Some(StackResourceDriftStatus::Deleted) => drift.drifted.push(drifted(resource, id, true)),
                _ => drift.not_checked.push(id),
            }
        }
    }
    drift.drifted.sort_by(|one, other| one.logical_id.cmp(&other.logical_id));
    drift.not_checked.sort();
    Ok(())
}

fn drifted(resource: &StackResourceDrift, logical_id: String, deleted: bool) -> Drifted {
    Drifted {
        logical_id,
        resource_type: resource.resource_type().unwrap_or_default().to_owned(),
        physical_id: resource.physical_resource_id().map(str::to_owned),
        deleted,
        differences: resource.property_differences().iter().map(difference).collect(),
    }
}

fn difference(difference: &PropertyDifference) -> Difference {
    let kind = difference.difference_type();
    let said = |text: Option<&str>| text.map(shown);
    Difference {
        path: difference.property_path().unwrap_or_default().to_owned(),
        expected: said(difference.expected_value()).filter(|_| kind != Some(&DifferenceType::Add)),
        actual: said(difference.actual_value()).filter(|_| kind != Some(&DifferenceType::Remove)),
    }
}

fn shown(text: &str) -> String {
    let mut letters = text.chars();
    let start: String = letters.by_ref().take(SHOWN).collect();
    if letters.next().is_some() { format!("{start}…") } else { start }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.drifted.len();
        let summary = match (count, self.in_sync) {
            (0, as_said) => format!("no drift: {as_said} resources are as the template says"),
            (_, as_said) => format!("{count} drifted, {as_said} as the template says"),
        };
        write!(f, "{}: {summary}", self.stack)?;
        if let Some(reason) = &self.incomplete {
            write!(f, "\n  the detection is incomplete: {reason}")?;
        }
        for resource in &self.drifted {
            let (mark, gone) = if resource.deleted { ("-", ", deleted") } else { ("~", "") };
            write!(f, "\n  {mark} {} ({}{gone})", resource.logical_id, resource.resource_type)?;
            for difference in &resource.differences {
                let none = || "nothing".to_owned();
                let (expected, actual) = (difference.expected.clone(), difference.actual.clone());
                write!(
                    f,
                    "\n      {}: {} -> {}",
                    difference.path,
                    expected.unwrap_or_else(none),
                    actual.unwrap_or_else(none)
                )?;
            }
        }
        if !self.not_checked.is_empty() {
            write!(f, "\n  not checked: {}", self.not_checked.join(", "))?;
        }
        Ok(())
    }
}
