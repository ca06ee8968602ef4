//! A service: its task definition, and how ECS rolls it.

use cfn::Handle;
use cfn::ecs::{
    self, AwsVpcConfiguration, ContainerDefinition, DeploymentAlarms, DeploymentCircuitBreaker,
    DeploymentConfiguration, HealthCheck, LoadBalancer, NetworkConfiguration, PortMapping, ServiceRegistry,
    ThresholdConfiguration,
};
use cfn::kind::{LogGroupName, SecurityGroupId};
use env_config::{Service, ServiceName};

use crate::SERVICE_LAYER;
use crate::cluster::Runtime;
use crate::container::{Parts, Roles, secret_names, task_definition};
use crate::error::ModelError;
use crate::logging::log_group;
use crate::network::Network;
use crate::parameters::{Parameters, service_revision_parameter};
use crate::roles::{Needs, execution_role, task_role};
use crate::routing::Routing;
use crate::scope::{Env, Options, Scope, Template, Value};

/// What a service is placed in.
pub(crate) struct Surroundings<'a> {
    pub(crate) network: &'a Network,
    pub(crate) runtime: &'a Runtime,
    pub(crate) parameters: &'a Parameters,
    pub(crate) parts: &'a Parts<'a>,
}

/// A service in the stack.
pub(crate) fn service(
    t: &mut Template,
    around: &Surroundings<'_>,
    (name, service): (&ServiceName, &Service),
    group: &Value<SecurityGroupId>,
    routing: Option<&Routing>,
) -> Result<Handle<ecs::Service<Env>>, ModelError> {
    let scope = around.parts.scope;
    let id = name.pascal_case();
    let scale = scope.environment.service_scale(name);
    let logs = log_group(t, scope, &id, scope.names.service_log_group(name));
    let needs = Needs {
        repositories: [scope.platform.repository(name, service)].into(),
        log_groups: vec![logs.arn()],
        secrets: secret_names(service.secrets.values())
            .map(|secret| around.parts.secrets.arn(secret))
            .collect::<Result<_, _>>()?,
    };
    let roles = Roles {
        execution: execution_role(t, scope, &id, name.as_str(), needs, &around.parameters.boundary),
        task: Some(task_role(t, scope, name, &around.parameters.boundary)),
    };
    let container = container(around, (name, service), logs.name())?;
    let definition = t.add_with(
        format!("{id}TaskDefinition"),
        task_definition(scope.names.service_family(name), scale.size, service.architecture, roles, container),
        Options::new().layer(SERVICE_LAYER),
    );
    let revision = t.parameter_or(&service_revision_parameter(name), definition.arn());
    let mut options = Options::new().layer(SERVICE_LAYER);
    // ECS takes a target group only once a listener sends requests to it.
    for rule in routing.into_iter().flat_map(|routing| &routing.rules) {
        options = options.after(rule);
    }
    Ok(t.add_with(
        format!("{id}Service"),
        ecs::Service {
            availability_zone_rebalancing: "ENABLED",
            cluster: around.runtime.cluster.name(),
            deployment_configuration: deployment(scope, routing),
            desired_count: scale.desired_count,
            enable_execute_command: false,
            health_check_grace_period_seconds: routing.map(|_| scope.platform.grace_period_secs(service)),
            launch_type: "FARGATE",
            load_balancers: routing
                .map(|routing| LoadBalancer {
                    container_name: name.to_string(),
                    container_port: service.port,
                    target_group_arn: routing.target_group.arn(),
                })
                .into_iter()
                .collect(),
            network_configuration: NetworkConfiguration {
                awsvpc_configuration: AwsVpcConfiguration {
                    assign_public_ip: "DISABLED",
                    security_groups: vec![group.clone()],
                    subnets: around.network.private.clone(),
                },
            },
            propagate_tags: "SERVICE",
            service_name: scope.names.service(name),
            service_registries: around
                .runtime
                .discovery
                .get(name)
                .map(|arn| ServiceRegistry { registry_arn: arn.clone() })
                .into_iter()
                .collect(),
            task_definition: revision,
        },
        options,
    ))
}

fn container(
    around: &Surroundings<'_>,
    (name, service): (&ServiceName, &Service),
    logs: Value<LogGroupName>,
) -> Result<ContainerDefinition<Env>, ModelError> {
    let (parts, parameters) = (around.parts, around.parameters);
    let digest =
        parameters.service_digests.get(name).ok_or_else(|| ModelError::UnknownService(name.clone()))?;
    let common = vec![
        ("RELEASE", parameters.release.clone()),
        ("COMMIT", parameters.commit.clone()),
        ("PORT", service.port.to_string().into()),
    ];
    Ok(ContainerDefinition {
        environment: parts.environment(common, &service.environment)?,
        health_check: service.container_health_check.as_ref().map(|check| HealthCheck {
            command: check.command.clone(),
            interval: check.interval_secs,
            retries: check.retries,
            start_period: check.start_period_secs,
            timeout: check.timeout_secs,
        }),
        port_mappings: vec![PortMapping { container_port: service.port, protocol: "tcp" }],
        secrets: parts.secrets(&service.secrets)?,
        ..parts.container(name.as_str(), service, parts.image(name, service, digest), logs)
    })
}

/// The breaker and, where there are targets to ask, the alarm: whichever notices first rolls back.
fn deployment(scope: Scope<'_>, routing: Option<&Routing>) -> DeploymentConfiguration<Env> {
    let rules = &scope.platform.deployment;
    DeploymentConfiguration {
        alarms: routing.map(|routing| DeploymentAlarms {
            alarm_names: vec![routing.error_alarm.name()],
            enable: true,
            rollback: true,
        }),
        bake_time_in_minutes: rules.bake_time_minutes,
        deployment_circuit_breaker: DeploymentCircuitBreaker {
            enable: true,
            reset_on_healthy_task: rules.circuit_breaker.reset_on_healthy_task,
            rollback: true,
            threshold_configuration: ThresholdConfiguration {
                kind: "COUNT",
                value: rules.circuit_breaker.threshold_count,
            },
        },
        maximum_percent: rules.maximum_percent,
        minimum_healthy_percent: rules.minimum_healthy_percent,
    }
}
