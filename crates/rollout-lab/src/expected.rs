//! What is about to be rolled out, in the terms of the verdict.

use std::collections::BTreeSet;

use env_config::{Config, Environment, ServiceName};
use rollout_sim::{ApiError, World};
use rollout_verdict::{
    Breaker, ContainerCheck, ExpectedService, Rollout, ServiceSettings, TargetCheck, Threshold, Via,
};

use crate::LabError;
use crate::observe::{light, moment};
use crate::stage::Stage;

/// From the end of a minute until its metrics count in alarms.
const METRIC_DELAY_SECS: u32 = 60;

/// Settings of a service, as the configuration has them.
pub(crate) fn settings(config: &Config, environment: &Environment, name: &ServiceName) -> ServiceSettings {
    let platform = &config.platform;
    let deployment = &platform.deployment;
    let Some(service) = platform.services.get(name) else { return ServiceSettings::default() };
    ServiceSettings {
        desired_count: environment.service_scale(name).desired_count,
        minimum_healthy_percent: deployment.minimum_healthy_percent,
        maximum_percent: deployment.maximum_percent,
        target_check: platform.target_health_check(service).map(|check| TargetCheck {
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
            (alarm.evaluation_periods + 1) * alarm.period_secs + METRIC_DELAY_SECS
        } else {
            0
        },
        bake_secs: if service.is_public() { deployment.bake_time_minutes * 60 } else { 0 },
    }
}

/// A rollout on the stage, as it starts in this world: `rolling` are the logical ids of the services that it rolls.
pub(crate) fn rollout(stage: &Stage, world: &World, rolling: &BTreeSet<String>) -> Result<Rollout, LabError> {
    let read = |error: ApiError| LabError::Api { step: "look at the services", source: error };
    let started_at = moment(world.now());
    let live = light(world, stage, started_at).map_err(read)?;
    let environment = stage.case.environment()?;
    let mut services = Vec::new();
    for (name, staged) in stage.case.after.platform.services.keys().zip(&stage.services) {
        let seen = live.iter().find(|seen| seen.view.name.as_str() == staged.name);
        services.push(ExpectedService {
            name: staged.name.as_str().into(),
            rolls: staged.logical_id.as_ref().is_some_and(|id| rolling.contains(id)),
            old_task_definition: seen.map(|seen| seen.task_definition.as_str().into()),
            new_task_definition: None,
            task_definition_logical_id: staged.task_definition_logical_id.clone(),
            service_logical_id: staged.logical_id.clone(),
            known_deployments: seen
                .map(|seen| seen.view.deployments.iter().map(|deployment| deployment.id.clone()).collect())
                .unwrap_or_default(),
            alarms_firing_before: Vec::new(),
            settings: settings(&stage.case.after, environment, name),
        });
    }
    Ok(Rollout { started_at, via: Via::Stack, services, additional: Vec::new() })
}
