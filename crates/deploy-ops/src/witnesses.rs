//! The witnesses of a success: what the live template promises to show when a release is unwell.
//!
//! A deployment alarm that is gone never fires, and a route that is gone answers nobody: that nothing speaks against a release
//! is worth something only where it could be seen. What is promised and cannot be read is missing, and without it nothing is a
//! success (guard `witnesses`).

mod errors;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ops_cli::{Guard, GuardKind};
use serde_json::Value;

use crate::aws::Aws;
use crate::call::{CallError, Called as _};
use crate::guards::Refusal;
use crate::observe::{self, SeenService};
use crate::pages::Pages;
use crate::session::EnvironmentSession;
use crate::stack_resources::{self, StackResource};
use crate::template::{Section, Template};

pub use errors::{Errors, errors};

const SERVICE: &str = "AWS::ECS::Service";
const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";

/// Something that would show that a service is unwell, and cannot be seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The service.
    pub service: String,
    /// What, and why.
    pub what: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.service, self.what)
    }
}

/// What a template promises of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Promise {
    service: String,
    /// Names of its deployment alarms.
    alarms: Vec<String>,
    /// Logical ids of the listener rules that lead to it.
    rules: Vec<String>,
    /// Whether it has targets.
    balanced: bool,
}

/// Looks for everything that the template promises.
pub async fn missing(session: &EnvironmentSession, template: &Template) -> Vec<Missing> {
    let promises = promises(template);
    let aws = &session.target.aws;
    let names: Vec<String> = promises.iter().map(|promise| promise.service.clone()).collect();
    let now = session.target.clock.now();
    let seen = match observe::services(aws, &session.names().cluster(), &names, now).await {
        Ok(seen) => seen,
        Err(error) => return unread(&promises, "it", &error),
    };
    let mut missing = alarms(aws, &promises, &seen).await;
    for promise in &promises {
        match seen.iter().find(|it| it.view.name.as_str() == promise.service) {
            Some(service) => missing.extend(targets(aws, promise, service).await),
            None => missing.push(promise.lacks("it does not exist".to_owned())),
        }
    }
    missing.extend(rules(session, &promises).await);
    missing.sort();
    missing
}

/// The same as refusals of a guard.
pub async fn refusals(session: &EnvironmentSession, live: Option<&Template>) -> Vec<Refusal> {
    let Some(live) = live else { return Vec::new() };
    let environment = &session.environment.name;
    let instead = session.command(&format!("stack drift {environment}"));
    let mut by_service: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for missing in missing(session, live).await {
        by_service.entry(missing.service).or_default().push(missing.what);
    }
    let refusal = |(service, what): (String, Vec<String>)| Refusal {
        reason: format!("{service} could be unwell and nobody would see it: {}", what.join("; ")),
        instead: format!("make it again as the template has it; what else was changed says `{instead}`"),
        guard: Guard { kind: GuardKind::Witnesses, service: Some(service) },
    };
    by_service.into_iter().map(refusal).collect()
}

impl Promise {
    fn lacks(&self, what: String) -> Missing {
        Missing { service: self.service.clone(), what }
    }
}

fn unread(promises: &[Promise], what: &str, error: &CallError) -> Vec<Missing> {
    promises.iter().map(|promise| promise.lacks(format!("{what} cannot be read ({error})"))).collect()
}

fn promises(template: &Template) -> Vec<Promise> {
    let resources = || template.entries(Section::Resources);
    let services = resources().filter(|(_, resource)| resource["Type"] == SERVICE);
    let mut promises = Vec::new();
    for (_, service) in services {
        let properties = &service["Properties"];
        let Some(name) = properties["ServiceName"].as_str() else { continue };
        let watch = &properties["DeploymentConfiguration"]["Alarms"];
        let alarms = watch["AlarmNames"].as_array().into_iter().flatten();
        let groups: Vec<&Value> = properties["LoadBalancers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|balancer| &balancer["TargetGroupArn"])
            .collect();
        let leads_here = |rule: &Value| {
            let actions = rule["Properties"]["Actions"].as_array().into_iter().flatten();
            actions.map(|action| &action["TargetGroupArn"]).any(|group| groups.contains(&group))
        };
        let rules = resources().filter(|(_, resource)| resource["Type"] == RULE && leads_here(resource));
        promises.push(Promise {
            service: name.to_owned(),
            alarms: if watch["Enable"] == true {
                alarms.filter_map(|alarm| alarm_name(template, alarm)).collect()
            } else {
                Vec::new()
            },
            rules: rules.map(|(id, _)| id.clone()).collect(),
            balanced: !groups.is_empty(),
        });
    }
    promises
}

/// Name of an alarm that a service names, or refers to.
fn alarm_name(template: &Template, alarm: &Value) -> Option<String> {
    match alarm.as_str() {
        Some(name) => Some(name.to_owned()),
        None => {
            let resource = template.get(Section::Resources, alarm["Ref"].as_str()?)?;
            resource["Properties"]["AlarmName"].as_str().map(str::to_owned)
        }
    }
}

async fn alarms(aws: &Aws, promises: &[Promise], seen: &[SeenService]) -> Vec<Missing> {
    let names: Vec<String> = promises.iter().flat_map(|promise| promise.alarms.clone()).collect();
    let found = match observe::alarms(aws, &names).await {
        Ok(found) => found,
        Err(error) => return unread(promises, "its deployment alarms", &error),
    };
    let mut missing = Vec::new();
    for promise in promises {
        let service = seen.iter().find(|it| it.view.name.as_str() == promise.service);
        for name in &promise.alarms {
            if !found.iter().any(|alarm| alarm.name == *name) {
                missing.push(promise.lacks(format!("its deployment alarm {name} does not exist")));
            } else if service.is_some_and(|service| !service.alarms.contains(name)) {
                missing.push(promise.lacks(format!("ECS does not watch its deployment alarm {name}")));
            }
        }
    }
    missing
}

async fn targets(aws: &Aws, promise: &Promise, service: &SeenService) -> Vec<Missing> {
    if promise.balanced && service.target_groups.is_empty() {
        return vec![promise.lacks("it is registered with no target group".to_owned())];
    }
    let mut missing = Vec::new();
    for group in &service.target_groups {
        let name = group.split('/').nth(1).unwrap_or(group);
        let call = aws.elb.describe_target_health().target_group_arn(group);
        match call.send().await.called("elasticloadbalancing:DescribeTargetHealth") {
            Ok(_) => {}
            Err(error) if error.is("TargetGroupNotFound") => {
                missing.push(promise.lacks(format!("its target group {name} does not exist")));
            }
            Err(error) => {
                missing.push(promise.lacks(format!("its target group {name} cannot be read ({error})")));
            }
        }
    }
    missing
}

async fn rules(session: &EnvironmentSession, promises: &[Promise]) -> Vec<Missing> {
    let aws = &session.target.aws;
    let promises: Vec<&Promise> = promises.iter().filter(|promise| !promise.rules.is_empty()).collect();
    let found = match listed_rules(aws, session.environment.stack_name.as_str()).await {
        Ok(found) => found,
        Err(error) => {
            let owned: Vec<Promise> = promises.into_iter().cloned().collect();
            return unread(&owned, "the rules that lead to it", &error);
        }
    };
    let (resources, there) = found;
    let mut missing = Vec::new();
    for promise in promises {
        for id in &promise.rules {
            let resource = resources.iter().find(|resource| resource.logical_id == *id);
            let arn = resource.and_then(|resource| resource.physical_id.as_ref());
            if !arn.is_some_and(|arn| there.contains(arn)) {
                missing.push(promise.lacks(format!("the rule {id} that leads to it does not exist")));
            }
        }
    }
    missing
}

/// The resources of the stack, and the ARNs of the rules that its listeners have.
async fn listed_rules(aws: &Aws, stack: &str) -> Result<(Vec<StackResource>, BTreeSet<String>), CallError> {
    let resources = stack_resources::list(aws, stack).await?;
    let mut there = BTreeSet::new();
    for listener in resources.iter().filter(|it| it.resource_type == LISTENER) {
        let Some(arn) = &listener.physical_id else { continue };
        let pages = aws.elb.describe_rules().listener_arn(arn).into_paginator().send();
        match Pages::of("elasticloadbalancing:DescribeRules", pages).all().await {
            Ok(pages) => {
                let rules = pages.into_iter().flat_map(|page| page.rules.unwrap_or_default());
                there.extend(rules.filter_map(|rule| rule.rule_arn));
            }
            // Its rules went with it.
            Err(error) if error.is("ListenerNotFound") => {}
            Err(error) => return Err(error),
        }
    }
    Ok((resources, there))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_template_promises_alarms_targets_and_rules_by_service() {
        let template = Template::parse(
            r#"{"Resources": {
                "Errors": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "shop-api-5xx"}},
                "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup"},
                "Rule1": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
                    "Properties": {"Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}]}},
                "Rule2": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
                    "Properties": {"Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Other"}}]}},
                "Api": {"Type": "AWS::ECS::Service", "Properties": {"ServiceName": "api",
                    "LoadBalancers": [{"TargetGroupArn": {"Ref": "Group"}}],
                    "DeploymentConfiguration": {"Alarms": {"Enable": true,
                        "AlarmNames": [{"Ref": "Errors"}, "by-name"]}}}},
                "Worker": {"Type": "AWS::ECS::Service", "Properties": {"ServiceName": "worker",
                    "DeploymentConfiguration": {"Alarms": {"Enable": false, "AlarmNames": ["off"]}}}}}}"#,
        )
        .unwrap();
        let api = Promise {
            service: "api".to_owned(),
            alarms: vec!["shop-api-5xx".to_owned(), "by-name".to_owned()],
            rules: vec!["Rule1".to_owned()],
            balanced: true,
        };
        let worker = Promise { service: "worker".to_owned(), ..Promise::default() };
        assert_eq!(promises(&template), [api, worker]);
    }
}
