//! What the load balancer sends where: target groups, listener rules, and the alarms about targets.
//!
//! All of it is of the service layer: a health check path or a route changes together with the image that answers it.

use cfn::Handle;
use cfn::cloudwatch::Alarm;
use cfn::elbv2::{Action, Attribute, ListenerRule, Matcher, PathCondition, PathPatterns, TargetGroup};
use cfn::kind::TopicArn;
use env_config::{Service, ServiceName};

use crate::SERVICE_LAYER;
use crate::alarms::{AT_LEAST, Watch};
use crate::load_balancer::Balancing;
use crate::network::Network;
use crate::scope::{Env, Options, Scope, Template, Value};

/// How a public service is reached.
pub(crate) struct Routing {
    pub(crate) target_group: Handle<TargetGroup<Env>>,
    pub(crate) rules: Vec<Handle<ListenerRule<Env>>>,
    /// Fails a deployment.
    pub(crate) error_alarm: Handle<Alarm<Env>>,
}

/// `None` for a service that is not public.
pub(crate) fn routing(
    t: &mut Template,
    scope: Scope<'_>,
    network: &Network,
    balancing: &Balancing,
    topic: &Value<TopicArn>,
    (name, service): (&ServiceName, &Service),
) -> Option<Routing> {
    let check = scope.platform.target_health_check(service)?;
    let id = name.pascal_case();
    let target_group = t.add_with(
        format!("{id}TargetGroup"),
        TargetGroup {
            health_check_interval_seconds: check.interval_secs,
            health_check_path: check.path,
            health_check_timeout_seconds: check.timeout_secs,
            healthy_threshold_count: check.healthy_threshold,
            matcher: Matcher { http_code: check.status.to_string() },
            port: service.port,
            protocol: "HTTP",
            target_group_attributes: vec![Attribute {
                key: "deregistration_delay.timeout_seconds",
                value: scope.platform.deployment.deregistration_delay_secs.to_string().into(),
            }],
            target_type: "ip",
            unhealthy_threshold_count: check.unhealthy_threshold,
            vpc_id: network.vpc.clone(),
        },
        Options::new().layer(SERVICE_LAYER),
    );
    let rules = service
        .routes
        .iter()
        .enumerate()
        .map(|(index, route)| {
            let rule = ListenerRule {
                actions: vec![Action::Forward { target_group_arn: target_group.arn() }],
                conditions: vec![PathCondition {
                    path_pattern_config: PathPatterns {
                        values: route.paths.iter().map(ToString::to_string).collect(),
                    },
                }],
                listener_arn: balancing.https.arn(),
                priority: route.priority,
            };
            t.add_with(format!("{id}Rule{}", index + 1), rule, Options::new().layer(SERVICE_LAYER))
        })
        .collect();
    let limit = &scope.platform.deployment.target_5xx_alarm;
    let errors = Watch {
        name: scope.names.service_alarm(name, "target-5xx"),
        description: format!("Service {name} answers 5xx; fails a deployment that is under way"),
        namespace: "AWS/ApplicationELB",
        metric: "HTTPCode_Target_5XX_Count",
        dimensions: vec![
            ("LoadBalancer", balancing.load_balancer.full_name().text()),
            ("TargetGroup", target_group.full_name().text()),
        ],
        statistic: "Sum",
        comparison: AT_LEAST,
        threshold: f64::from(limit.count),
        period_secs: limit.period_secs,
        periods: limit.evaluation_periods,
    };
    let error_alarm =
        t.add_with(format!("{id}ErrorAlarm"), errors.alarm(topic), Options::new().layer(SERVICE_LAYER));
    Some(Routing { target_group, rules, error_alarm })
}
