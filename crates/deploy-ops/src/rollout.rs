//! What is about to be rolled out, in the terms of the verdict: which services change, from what, and how long
//! each step may take with their settings.

use env_config::{Config, Environment, ServiceName};
use rollout_verdict::{
    Breaker, ContainerCheck, DeadlineTerm, ExpectedService, Moment, Rollout, ServiceSettings, TargetCheck,
    Threshold, Via,
};

use crate::observe::SeenService;
use crate::plan::{Action, Plan};
use crate::template::{Section, Template};

/// From the end of a minute until its metrics count in alarms: load balancers send theirs every minute
/// (ALB:load-balancer-cloudwatch-metrics), and alarms act one to three minutes after the fact.
const METRIC_DELAY_SECS: u32 = 60;

/// Settings of a service, as the configuration has them.
#[must_use]
pub fn settings(config: &Config, environment: &Environment, name: &ServiceName) -> ServiceSettings {
    let platform = &config.platform;
    let deployment = &platform.deployment;
    let Some(service) = platform.services.get(name) else { return ServiceSettings::default() };
    let check = platform.target_health_check(service);
    ServiceSettings {
        desired_count: environment.service_scale(name).desired_count,
        minimum_healthy_percent: deployment.minimum_healthy_percent,
        maximum_percent: deployment.maximum_percent,
        target_check: check.map(|check| TargetCheck {
            interval_secs: check.interval_secs,
            timeout_secs: check.timeout_secs,
            unhealthy_threshold: check.unhealthy_threshold,
        }),
        container_check: service.container_health_check.as_ref().map(|check| ContainerCheck {
            interval_secs: check.interval_secs,
            timeout_secs: check.timeout_secs,
            retries: check.retries,
            start_period_secs: check.start_period_secs,
        }),
        grace_secs: platform.grace_period_secs(service),
        deregistration_delay_secs: deployment.deregistration_delay_secs,
        stop_timeout_secs: service.stop_timeout_secs,
        breaker: Some(Breaker {
            threshold: Threshold::Count(deployment.circuit_breaker.threshold_count),
            reset_on_healthy_task: deployment.circuit_breaker.reset_on_healthy_task,
        }),
        alarm_secs: if service.is_public() {
            let alarm = &deployment.target_5xx_alarm;
            // The errors begin within a period, which then is not wholly bad.
            (alarm.evaluation_periods + 1) * alarm.period_secs + METRIC_DELAY_SECS
        } else {
            0
        },
        bake_secs: if service.is_public() { deployment.bake_time_minutes * 60 } else { 0 },
    }
}

/// A stack update that may roll services: `rolls` says of a logical id of an ECS service whether it does.
#[must_use]
pub fn of_services(
    config: &Config,
    environment: &Environment,
    template: &Template,
    before: &[SeenService],
    started_at: Moment,
    rolls: impl Fn(&str) -> bool,
) -> Rollout {
    let services = config.platform.services.keys().map(|name| {
        let (logical_id, task_definition_logical_id) = logical_ids(template, name.as_str());
        let live = before.iter().find(|seen| seen.view.name.as_str() == name.as_str());
        let firing =
            live.into_iter().flat_map(|live| &live.view.alarms).filter(|alarm| alarm.state == "ALARM");
        ExpectedService {
            name: name.as_str().into(),
            rolls: logical_id.as_deref().is_some_and(&rolls),
            old_task_definition: live.map(|live| live.task_definition.as_str().into()),
            new_task_definition: None,
            service_logical_id: logical_id,
            task_definition_logical_id,
            known_deployments: live
                .map(|live| live.view.deployments.iter().map(|deployment| deployment.id.clone()).collect())
                .unwrap_or_default(),
            alarms_firing_before: firing.map(|alarm| alarm.name.clone()).collect(),
            settings: settings(config, environment, name),
        }
    });
    Rollout { started_at, via: Via::Stack, services: services.collect(), additional: Vec::new() }
}

/// Logical ids of a service and of its task definition.
pub(crate) fn logical_ids(template: &Template, service: &str) -> (Option<String>, Option<String>) {
    let found = template.entries(Section::Resources).find(|(_, resource)| {
        resource.get("Type").and_then(|it| it.as_str()) == Some("AWS::ECS::Service")
            && resource.pointer("/Properties/ServiceName").and_then(|it| it.as_str()) == Some(service)
    });
    let Some((id, _)) = found else { return (None, None) };
    (Some(id.clone()), template.task_definition(id).map(|it| it.logical_id.to_owned()))
}

/// An update of the infrastructure, which no service notices. How long it may take depends on what it touches.
#[must_use]
pub fn of_infrastructure(plan: &Plan, started_at: Moment) -> Rollout {
    let slow = plan.changes.iter().filter_map(|change| {
        let secs = slow_type_secs(&change.resource_type, change.action)?;
        Some(DeadlineTerm { term: format!("{} ({})", change.logical_id, change.resource_type), secs })
    });
    let base = DeadlineTerm { term: "infrastructure that is made within minutes".to_owned(), secs: 15 * 60 };
    Rollout { started_at, via: Via::Stack, services: Vec::new(), additional: slow.chain([base]).collect() }
}

/// Limits for what takes long, generous on purpose: AWS documents no times, and stopping half-way costs more.
fn slow_type_secs(resource_type: &str, action: Action) -> Option<u32> {
    let minutes = match (resource_type, action) {
        ("AWS::RDS::DBInstance", Action::Remove) => 30,
        ("AWS::RDS::DBInstance", _) => 60,
        ("AWS::ElastiCache::ReplicationGroup", _) => 45,
        ("AWS::CertificateManager::Certificate", Action::Add | Action::Replace) => 60,
        _ => return None,
    };
    Some(minutes * 60)
}
