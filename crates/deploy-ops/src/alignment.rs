//! What CloudFormation has on record of each service, next to what the service really runs. The two differ when
//! somebody changed a service by hand, when a rollback went past CloudFormation (`--via ecs`), or when a resource was
//! skipped to get a stuck stack going again.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::failure::Failure;
use crate::observe::{self, SeenService};
use crate::session::EnvironmentSession;
use crate::stack::StackView;
use crate::stack_resources;
use crate::template::{Section, Template};

/// A service of the stack.
#[derive(Debug, Clone)]
pub struct ServiceRecord {
    /// Name of the service.
    pub name: String,
    /// Logical id in the template.
    pub logical_id: String,
    /// ARN of the task definition that the stack has for it.
    pub task_definition: Option<String>,
    /// ARN of the task definition that is a resource of the stack: the same, unless the stack was given another one.
    pub own_task_definition: Option<String>,
    /// Desired count in the template, where it is a number there.
    pub desired_count: Option<u32>,
    /// The service as it is; `None` where it does not exist.
    pub seen: Option<SeenService>,
}

impl ServiceRecord {
    /// How the service differs from the record, in words; `None` where it does not.
    #[must_use]
    pub fn difference(&self) -> Option<String> {
        let wanted = self.task_definition.as_deref()?;
        self.difference_from(wanted)
    }

    /// Whether it runs another task definition than the stack has on record: its release is not that of the stack.
    #[must_use]
    pub fn runs_another(&self) -> bool {
        let seen = self.seen.as_ref().map(|seen| &seen.task_definition);
        seen.zip(self.task_definition.as_ref()).is_some_and(|(runs, recorded)| runs != recorded)
    }

    /// How the service differs from running `wanted` alone, in the number that the template says.
    #[must_use]
    pub fn difference_from(&self, wanted: &str) -> Option<String> {
        let Some(seen) = &self.seen else { return Some("does not exist".to_owned()) };
        if seen.task_definition != wanted {
            return Some(format!("runs {}, not {}", short(&seen.task_definition), short(wanted)));
        }
        if let Some(count) = self.desired_count.filter(|count| *count != seen.desired_count) {
            return Some(format!("is to run {} tasks, not {count}", seen.desired_count));
        }
        let primary = seen.view.deployments.iter().find(|deployment| deployment.status == "PRIMARY");
        match primary.and_then(|primary| primary.rollout_state.as_deref()) {
            Some("FAILED") => Some(format!("failed to deploy {}", short(wanted))),
            Some("IN_PROGRESS") => Some(format!("is still deploying {}", short(wanted))),
            _ => None,
        }
    }
}

/// `family:revision` of a task definition's ARN.
#[must_use]
pub fn short(task_definition: &str) -> &str {
    task_definition.rsplit('/').next().unwrap_or(task_definition)
}

/// The services of the stack's template, each with what the stack has on record and what it runs.
pub async fn read(
    session: &EnvironmentSession,
    view: &StackView,
    template: &Template,
) -> Result<Vec<ServiceRecord>, Failure> {
    let aws = &session.target.aws;
    let resources = stack_resources::list(aws, session.environment.stack_name.as_str()).await?;
    let existing = resources.into_iter().filter(stack_resources::StackResource::exists);
    let physical: BTreeMap<String, String> =
        existing.filter_map(|resource| Some((resource.logical_id, resource.physical_id?))).collect();
    let mut records: Vec<ServiceRecord> = services(template).collect();
    for record in &mut records {
        let Some(definition) = template.task_definition(&record.logical_id) else { continue };
        let given = definition.parameter.and_then(|parameter| view.parameters.get(parameter));
        record.own_task_definition = physical.get(definition.logical_id).cloned();
        record.task_definition =
            given.filter(|arn| !arn.is_empty()).or(record.own_task_definition.as_ref()).cloned();
    }
    let names: Vec<String> = records.iter().map(|record| record.name.clone()).collect();
    let now = session.target.clock.now();
    for seen in observe::services(aws, &session.names().cluster(), &names, now).await? {
        if let Some(record) = records.iter_mut().find(|record| record.name == seen.view.name.as_str()) {
            record.seen = Some(seen);
        }
    }
    Ok(records)
}

/// The services that run something else than the stack has on record, a sentence each: no change set shows them.
pub async fn differences(
    session: &EnvironmentSession,
    view: &StackView,
    template: &Template,
) -> Result<Vec<String>, Failure> {
    let records = read(session, view, template).await?;
    let sentence = |record: &ServiceRecord| Some(format!("{} {}", record.name, record.difference()?));
    Ok(records.iter().filter_map(sentence).collect())
}

/// The services of a template.
fn services(template: &Template) -> impl Iterator<Item = ServiceRecord> {
    template.resources_of_type("AWS::ECS::Service").into_iter().filter_map(|logical_id| {
        let resource = template.get(Section::Resources, logical_id)?;
        let property = |path: &str| resource.pointer(&format!("/Properties/{path}"));
        Some(ServiceRecord {
            name: property("ServiceName")?.as_str()?.to_owned(),
            logical_id: logical_id.to_owned(),
            task_definition: None,
            own_task_definition: None,
            desired_count: property("DesiredCount")
                .and_then(Value::as_u64)
                .and_then(|count| u32::try_from(count).ok()),
            seen: None,
        })
    })
}
