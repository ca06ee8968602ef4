//! Taking up the watch of a rollback whose tool was killed: the stack goes on, and somebody has to see it through.

use std::collections::BTreeMap;

use rollout_verdict::{ExpectedService, Moment};

use crate::call::CallError;
use crate::failure::Failure;
use crate::observe;
use crate::operation::{self, Conclusion};
use crate::pages::Pages;
use crate::rollout;
use crate::session::EnvironmentSession;
use crate::stack::StackView;
use crate::template::Template;
use crate::watch::{OnFailure, Operation};

/// What a rollback does, in the names of change sets and with them the tokens of their operations.
pub const NAME: &str = "rollback";

/// Watches the update that runs to its verdict, where it is a rollback to `values`; `None` where it is something else.
pub async fn rollback(
    session: &EnvironmentSession,
    view: &StackView,
    template: &Template,
    values: &BTreeMap<String, String>,
) -> Result<Option<Conclusion>, Failure> {
    if values.iter().any(|(name, value)| view.parameters.get(name) != Some(value)) {
        return Ok(None);
    }
    let Some((token, started_at)) = started(session, &view.id).await? else { return Ok(None) };
    if !token.starts_with(&format!("deploy-{NAME}-")) {
        return Ok(None);
    }
    session.report.step("Services");
    session.report.line("this rollback is already in progress: taking up the watch");
    let (aws, clock) = (&session.target.aws, &*session.target.clock);
    let cluster = session.names().cluster();
    let seen = observe::services(aws, &cluster, &session.service_names(), clock.now()).await?;
    let mut rollout =
        rollout::of_services(&session.config, &session.environment, template, &seen, started_at, |_| true);
    for service in &mut rollout.services {
        before(service, &seen, started_at);
    }
    let operation = Operation { stack_id: view.id.clone(), token, cluster, log_groups: session.log_groups() };
    let subject = session.environment.name.as_str();
    operation::follow(session, subject, operation, rollout, OnFailure::Cancel, false).await.map(Some)
}

/// What was there before the update began: a service may be past it by now.
fn before(service: &mut ExpectedService, seen: &[observe::SeenService], started_at: Moment) {
    let live = seen.iter().find(|seen| seen.view.name == service.name);
    let deployments = live.into_iter().flat_map(|live| &live.view.deployments);
    let old: Vec<_> = deployments.filter(|deployment| deployment.created_at < started_at).collect();
    service.known_deployments = old.iter().map(|deployment| deployment.id.clone()).collect();
    service.old_task_definition = old
        .iter()
        .max_by(|a, b| a.created_at.as_millis().cmp(&b.created_at.as_millis()))
        .map(|deployment| deployment.task_definition.clone());
}

/// Token and beginning of the update that runs.
async fn started(
    session: &EnvironmentSession,
    stack_id: &str,
) -> Result<Option<(String, Moment)>, CallError> {
    let call = session.target.aws.cloudformation.describe_stack_events().stack_name(stack_id);
    let mut pages = Pages::of("cloudformation:DescribeStackEvents", call.into_paginator().send());
    while let Some(page) = pages.next().await {
        for event in page?.stack_events.unwrap_or_default() {
            let of_stack = event.physical_resource_id.as_deref() == Some(stack_id);
            let begins = event.resource_status.as_ref().is_some_and(|it| it.as_str() == "UPDATE_IN_PROGRESS");
            // A stack that is configured says a second time that it is in progress.
            if of_stack && begins && event.detailed_status.is_none() {
                let at = observe::moment(event.timestamp.as_ref());
                return Ok(event.client_request_token.map(|token| (token, at)));
            }
        }
    }
    Ok(None)
}
