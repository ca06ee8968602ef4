//! What ECS refuses before anything starts.

use super::api::*;
use super::cluster::check_name;
use super::{client, invalid};
use crate::{ApiError, World};

/// CPU units of Fargate with the least and most memory in MiB and the step between sizes
/// (ECS:fargate-tasks-services, "Task CPU and memory").
const SIZES: &[(u32, u32, u32, u32)] = &[
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];

pub(super) fn task_definition(input: &RegisterTaskDefinitionInput) -> Result<(), ApiError> {
    check_name("Family", &input.family)?;
    if !input.requires_compatibilities.iter().any(|one| one == "FARGATE") {
        return Err(ApiError::not_modelled("task definitions that do not require FARGATE"));
    }
    if input.network_mode.as_deref() != Some("awsvpc") {
        return Err(client("Fargate only supports network mode 'awsvpc'."));
    }
    size(input)?;
    if input.container_definitions.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if !input.container_definitions.iter().any(|container| container.essential.unwrap_or(true)) {
        return Err(client("No essential container."));
    }
    let mut names = std::collections::BTreeSet::new();
    for container in &input.container_definitions {
        if container.name.is_empty() || container.image.is_empty() {
            return Err(client("Container.name and Container.image should not be null or empty."));
        }
        if !names.insert(&container.name) {
            return Err(client(format!("Container names must be unique: {}", container.name)));
        }
        self::container(container, input.execution_role_arn.is_some())?;
    }
    Ok(())
}

fn size(input: &RegisterTaskDefinitionInput) -> Result<(), ApiError> {
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<u32>().ok());
    let (Some(cpu), Some(memory)) = (number(&input.cpu), number(&input.memory)) else {
        return Err(client("Fargate requires that 'cpu' be defined at the task level."));
    };
    let fits = SIZES.iter().any(|&(units, low, high, step)| {
        units == cpu && (low..=high).contains(&memory) && (memory - low).is_multiple_of(step)
    });
    if fits {
        return Ok(());
    }
    let message = format!(
        "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values."
    );
    Err(client(message))
}

fn container(container: &ContainerDefinition, has_execution_role: bool) -> Result<(), ApiError> {
    if let Some(log) = &container.log_configuration {
        if log.log_driver != "awslogs" {
            return Err(ApiError::not_modelled(format_args!("log driver {}", log.log_driver)));
        }
        for option in ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"] {
            if !log.options.contains_key(option) {
                return Err(client(format!("Log driver awslogs requires options: {option}")));
            }
        }
        if !has_execution_role {
            return Err(client(
                "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
            ));
        }
    }
    if container.image.contains(".dkr.ecr.") && !has_execution_role {
        return Err(client(
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ));
    }
    if !container.secrets.is_empty() && !has_execution_role {
        return Err(client(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    if let Some(secret) =
        container.secrets.iter().find(|secret| !secret.value_from.starts_with("arn:aws:secretsmanager:"))
    {
        return Err(ApiError::not_modelled(format_args!(
            "the secret {}: only ARNs of Secrets Manager are",
            secret.name
        )));
    }
    if let Some(other) =
        container.version_consistency.as_deref().filter(|&value| value != "enabled" && value != "disabled")
    {
        return Err(client(format!("versionConsistency must be enabled or disabled, not {other}.")));
    }
    if container.stop_timeout.is_some_and(|secs| !(2..=120).contains(&secs)) {
        return Err(client("stopTimeout must be between 2 and 120 seconds."));
    }
    if let Some(check) = &container.health_check {
        if check.command.is_empty() {
            return Err(client("Health check command cannot be empty."));
        }
        let ranges = [
            ("interval", check.interval, 5..=300),
            ("timeout", check.timeout, 2..=60),
            ("retries", check.retries, 1..=10),
            ("startPeriod", check.start_period, 0..=300),
        ];
        for (name, value, range) in ranges {
            if value.is_some_and(|value| !range.contains(&value)) {
                let (low, high) = (range.start(), range.end());
                return Err(client(format!("Health check {name} must be between {low} and {high}.")));
            }
        }
    }
    Ok(())
}

/// Percentages, bake time and breaker of a deployment.
pub(super) fn deployment_configuration(config: &DeploymentConfiguration) -> Result<(), ApiError> {
    if let Some(strategy) = config.strategy.as_deref().filter(|&strategy| strategy != "ROLLING") {
        return Err(ApiError::not_modelled(format_args!("deployment strategy {strategy}")));
    }
    let (minimum, maximum) =
        (config.minimum_healthy_percent.unwrap_or(100), config.maximum_percent.unwrap_or(200));
    if maximum < 100 || minimum > 100 && minimum >= maximum {
        return Err(invalid(
            "The maximum percent must be at least 100 and greater than the minimum healthy percent.",
        ));
    }
    if minimum == 100 && maximum == 100 {
        return Err(invalid(
            "The specified deployment configuration is not valid. The minimum healthy percent and the maximum percent cannot both be 100.",
        ));
    }
    if config.bake_time_in_minutes.is_some_and(|minutes| minutes > 1440) {
        return Err(invalid("bakeTimeInMinutes must be between 0 and 1440."));
    }
    let threshold = config
        .deployment_circuit_breaker
        .as_ref()
        .and_then(|breaker| breaker.threshold_configuration.as_ref());
    if let Some(threshold) = threshold {
        let Some((kind, value)) = threshold.kind.zip(threshold.value) else {
            let missing = if threshold.kind.is_none() { "type" } else { "value" };
            return Err(invalid(format!("thresholdConfiguration requires {missing}.")));
        };
        let fits = match kind {
            ThresholdType::BoundedPercent | ThresholdType::UnboundedPercent => (1..=100).contains(&value),
            ThresholdType::Count => value >= 1,
        };
        if !fits {
            return Err(invalid(format!("The threshold value {value} is not valid for {kind}.")));
        }
    }
    let alarms = config.alarms.as_ref().filter(|alarms| alarms.enable);
    if alarms.is_some_and(|alarms| alarms.alarm_names.is_empty()) {
        return Err(invalid("The alarm names cannot be empty when alarms are enabled."));
    }
    Ok(())
}

/// Rebalancing over zones starts a task before it stops another, for which the maximum must leave room.
pub(super) fn rebalancing(
    rebalancing: AvailabilityZoneRebalancing,
    config: &DeploymentConfiguration,
) -> Result<(), ApiError> {
    if rebalancing == AvailabilityZoneRebalancing::Enabled && config.maximum_percent == Some(100) {
        return Err(invalid("Availability Zone rebalancing does not support a maximum percent of 100."));
    }
    Ok(())
}

/// Network and load balancers of a service that runs `definition`.
pub(super) fn wiring(
    world: &World,
    definition: &TaskDefinition,
    network: Option<&NetworkConfiguration>,
    load_balancers: &[LoadBalancer],
) -> Result<(), ApiError> {
    let subnets =
        network.and_then(|network| network.awsvpc_configuration.as_ref()).map_or(0, |vpc| vpc.subnets.len());
    if subnets == 0 {
        return Err(invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ));
    }
    for balancer in load_balancers {
        let Some(arn) = balancer.target_group_arn.as_deref() else {
            return Err(ApiError::not_modelled("classic load balancers"));
        };
        let name = balancer.container_name.as_deref().unwrap_or("");
        let Some(container) =
            definition.container_definitions.iter().find(|container| container.name == name)
        else {
            return Err(invalid(format!("The container {name} does not exist in the task definition.")));
        };
        let port = balancer.container_port.unwrap_or(0);
        if !container.port_mappings.iter().any(|mapping| mapping.container_port == Some(port)) {
            return Err(invalid(format!(
                "The container {name} did not have a container port {port} defined."
            )));
        }
        let Some(group) = world.elb.group_key(arn) else {
            return Err(invalid(format!("Unable to describe target group {arn}: it does not exist.")));
        };
        if !world.elb.group_in_use(group) {
            return Err(invalid(format!(
                "The target group with targetGroupArn {arn} does not have an associated load balancer."
            )));
        }
    }
    Ok(())
}

/// A grace period needs something to be graceful about.
pub(super) fn grace(
    secs: Option<u32>,
    load_balancers: &[LoadBalancer],
    has_checks: bool,
) -> Result<(), ApiError> {
    if secs.is_some_and(|secs| secs > 0) && load_balancers.is_empty() && !has_checks {
        return Err(invalid(
            "Health check grace period is only valid for services configured to use load balancers",
        ));
    }
    Ok(())
}
