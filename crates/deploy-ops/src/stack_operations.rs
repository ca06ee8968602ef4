//! The operations of a stack, as its events tell them: what CloudFormation keeps for everybody to see.

use std::collections::BTreeMap;

use rollout_verdict::Moment;

use crate::aws::Aws;
use crate::call::CallError;
use crate::observe::{self, StackEvent};
use crate::origin::Origin;

/// One operation: a creation, an update or a deletion, with its rollback and every continuation of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackOperation {
    /// `ClientRequestToken`, where it has one.
    pub token: Option<String>,
    /// When it began.
    pub began: Moment,
    /// When it ended; nothing while it runs.
    pub ended: Option<Moment>,
    /// Last status of the stack in it.
    pub status: String,
    /// Its events, oldest first.
    pub events: Vec<StackEvent>,
}

/// How an operation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything is as its template says.
    Complete,
    /// Everything is as before.
    RolledBack,
    /// It stays half-way.
    Stuck,
    /// It runs.
    No,
}

/// Task definition of a logical id before and after an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revisions {
    /// ARN before; nothing where it was created.
    pub old: Option<String>,
    /// ARN that the operation made; nothing where it did not come to that.
    pub new: Option<String>,
}

impl StackOperation {
    /// Who started it, and from where.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        Origin::of_token(self.token.as_deref()?)
    }

    /// `roll` of `deploy-roll-…`: what the tool was doing.
    #[must_use]
    pub fn what(&self) -> Option<&str> {
        self.token.as_deref()?.strip_prefix("deploy-")?.split('-').next()
    }

    /// How it went.
    #[must_use]
    pub fn outcome(&self) -> Ended {
        match self.status.as_str() {
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" | "DELETE_COMPLETE" => Ended::Complete,
            "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => Ended::RolledBack,
            status if status.ends_with("_IN_PROGRESS") => Ended::No,
            _ => Ended::Stuck,
        }
    }

    /// Task definitions that it changed, by logical id. The first event of a replacement still has the old ARN
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html>).
    #[must_use]
    pub fn task_definitions(&self) -> BTreeMap<&str, Revisions> {
        let mut found: BTreeMap<&str, Revisions> = BTreeMap::new();
        for event in self.forward() {
            let view = &event.view;
            if view.resource_type != "AWS::ECS::TaskDefinition" {
                continue;
            }
            let Some(arn) = view.physical_id.as_ref().filter(|id| id.starts_with("arn:")) else { continue };
            let entry = found.entry(view.logical_id.as_str()).or_default();
            match view.status.as_str() {
                "UPDATE_IN_PROGRESS" if entry.old.is_none() => entry.old = Some(arn.clone()),
                "CREATE_IN_PROGRESS" | "CREATE_COMPLETE" | "UPDATE_IN_PROGRESS" | "UPDATE_COMPLETE"
                    if entry.old.as_ref() != Some(arn) =>
                {
                    entry.new = Some(arn.clone());
                }
                _ => {}
            }
        }
        found
    }

    /// The resource that failed first, other than those that were only cancelled with it.
    #[must_use]
    pub fn first_failure(&self) -> Option<String> {
        let event = self.events.iter().find(|event| {
            let reason = event.view.reason.as_deref().unwrap_or_default();
            !event.view.is_of_stack()
                && event.view.status.ends_with("_FAILED")
                && !reason.contains("cancelled")
        })?;
        Some(format!(
            "{}: {}",
            event.view.logical_id,
            event.view.reason.as_deref().unwrap_or("no reason given")
        ))
    }

    /// Events before it began to go back.
    fn forward(&self) -> impl Iterator<Item = &StackEvent> {
        let goes_back = |event: &StackEvent| {
            event.view.is_of_stack()
                && matches!(
                    event.view.status.as_str(),
                    "UPDATE_ROLLBACK_IN_PROGRESS" | "ROLLBACK_IN_PROGRESS"
                )
        };
        self.events.iter().take_while(move |event| !goes_back(event))
    }
}

/// The latest operations of a stack, oldest first; at most `limit`.
pub async fn read(aws: &Aws, stack_id: &str, limit: usize) -> Result<Vec<StackOperation>, CallError> {
    let mut begun = 0;
    let events = observe::stack_events_back_to(aws, stack_id, |event| {
        if begun == limit {
            return true;
        }
        begun += usize::from(begins(event));
        false
    })
    .await?;
    Ok(group(events))
}

/// Whether an operation begins with this event. A rollback belongs to what it takes back, and only one operation
/// runs at a time. A stack that is configured says a second time that it is in progress.
fn begins(event: &StackEvent) -> bool {
    event.view.is_of_stack()
        && !event.view.configured
        && matches!(
            event.view.status.as_str(),
            "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "IMPORT_IN_PROGRESS" | "DELETE_IN_PROGRESS"
        )
}

fn group(events: Vec<StackEvent>) -> Vec<StackOperation> {
    let mut operations: Vec<StackOperation> = Vec::new();
    for event in events {
        if begins(&event) {
            operations.push(StackOperation {
                token: event.token.clone(),
                began: event.view.at,
                ended: None,
                status: event.view.status.clone(),
                events: Vec::new(),
            });
        }
        // What comes before the first is the rest of an older one, or the review of a change set.
        let Some(operation) = operations.last_mut() else { continue };
        if event.view.is_of_stack() {
            operation.status.clone_from(&event.view.status);
            let over = !event.view.status.ends_with("_IN_PROGRESS");
            operation.ended = over.then_some(event.view.at);
        }
        operation.events.push(event);
    }
    operations
}

#[cfg(test)]
mod tests {
    use rollout_verdict::StackEventView;

    use super::*;

    const STACK: &str = "arn:aws:cloudformation:us-west-2:123456789012:stack/stack/1a2b";

    fn event(secs: f64, id: &str, kind: &str, status: &str, physical_id: &str) -> StackEvent {
        StackEvent {
            view: StackEventView {
                id: format!("{id}-{status}-{secs}").as_str().into(),
                at: Moment::from_epoch_secs(secs),
                logical_id: id.to_owned(),
                physical_id: Some(physical_id.to_owned()),
                resource_type: kind.to_owned(),
                status: status.to_owned(),
                reason: None,
                configured: false,
            },
            token: Some("deploy-roll-5-1a2b3c4d--ana--laptop".to_owned()),
        }
    }

    #[test]
    fn a_stack_that_is_configured_begins_nothing() {
        let stack = |secs, status| event(secs, "stack", "AWS::CloudFormation::Stack", status, STACK);
        let mut configured = stack(5.0, "CREATE_IN_PROGRESS");
        configured.view.configured = true;
        let operations =
            group(vec![stack(2.0, "CREATE_IN_PROGRESS"), configured, stack(9.0, "CREATE_COMPLETE")]);
        assert_eq!(operations.len(), 1);
        assert_eq!(operations[0].began, Moment::from_epoch_secs(2.0));
        assert_eq!(operations[0].outcome(), Ended::Complete);
    }

    #[test]
    fn a_rollback_and_its_continuation_belong_to_what_they_take_back() {
        let stack = |secs, status| event(secs, "stack", "AWS::CloudFormation::Stack", status, STACK);
        let task = |secs, status, arn| event(secs, "ApiTask", "AWS::ECS::TaskDefinition", status, arn);
        let operations = group(vec![
            stack(1.0, "REVIEW_IN_PROGRESS"),
            stack(2.0, "CREATE_IN_PROGRESS"),
            task(3.0, "CREATE_IN_PROGRESS", "arn:1"),
            stack(9.0, "CREATE_COMPLETE"),
            stack(10.0, "UPDATE_IN_PROGRESS"),
            task(11.0, "UPDATE_IN_PROGRESS", "arn:1"),
            task(12.0, "UPDATE_IN_PROGRESS", "arn:2"),
            stack(20.0, "UPDATE_ROLLBACK_IN_PROGRESS"),
            task(21.0, "UPDATE_IN_PROGRESS", "arn:3"),
            stack(30.0, "UPDATE_ROLLBACK_FAILED"),
            stack(40.0, "UPDATE_ROLLBACK_IN_PROGRESS"),
            stack(50.0, "UPDATE_ROLLBACK_COMPLETE"),
        ]);
        let outcomes: Vec<_> = operations.iter().map(StackOperation::outcome).collect();
        assert_eq!(outcomes, [Ended::Complete, Ended::RolledBack]);
        assert_eq!(operations[1].ended, Some(Moment::from_epoch_secs(50.0)));
        assert_eq!(operations[1].what(), Some("roll"));
        let revisions = |old: Option<&str>, new: &str| Revisions {
            old: old.map(str::to_owned),
            new: Some(new.to_owned()),
        };
        assert_eq!(operations[0].task_definitions()["ApiTask"], revisions(None, "arn:1"));
        assert_eq!(operations[1].task_definitions()["ApiTask"], revisions(Some("arn:1"), "arn:2"));
    }
}
