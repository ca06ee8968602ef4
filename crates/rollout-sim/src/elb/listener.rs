//! Listeners.

use std::collections::BTreeMap;

use super::api::*;
use super::{ListenerState, invalid, load_balancer, no_group, no_listener, page, rule};
use crate::{ApiError, World, acm};

/// Policy that a TLS listener gets when none is named (bc:elbv2/CreateListenerInput).
const DEFAULT_SSL_POLICY: &str = "ELBSecurityPolicy-2016-08";

/// `CreateListener`.
///
/// # Errors
/// `LoadBalancerNotFound`; `DuplicateListener`; `TargetGroupNotFound`; `ValidationError`.
pub fn create_listener(
    world: &mut World,
    input: CreateListenerInput,
) -> Result<CreateListenerOutput, ApiError> {
    load_balancer::find(world, &input.load_balancer_arn)?;
    let protocol = input.protocol.ok_or_else(|| invalid("A listener protocol must be specified"))?;
    let port = input.port.ok_or_else(|| invalid("A listener port must be specified"))?;
    let of_balancer = |listener: &&ListenerState| listener.shape.load_balancer_arn == input.load_balancer_arn;
    if world.elb.listeners.iter().filter(of_balancer).any(|listener| listener.shape.port == port) {
        let message = format!(
            "A listener already exists on this port for this load balancer '{}'",
            input.load_balancer_arn
        );
        return Err(ApiError::new("DuplicateListener", message));
    }
    let tail = input.load_balancer_arn.split_once("loadbalancer/").map_or("", |(_, tail)| tail).to_owned();
    let (listener_id, rule_id) = (world.rng.hex(16), world.rng.hex(16));
    let shape = Listener {
        listener_arn: world.arn("elasticloadbalancing", &format!("listener/{tail}/{listener_id}")),
        load_balancer_arn: input.load_balancer_arn,
        port,
        ssl_policy: (protocol == "HTTPS")
            .then(|| input.ssl_policy.unwrap_or_else(|| DEFAULT_SSL_POLICY.to_owned())),
        protocol,
        certificates: input.certificates,
        default_actions: input.default_actions,
    };
    check(world, &shape)?;
    if !input.tags.is_empty() {
        world.elb.tags.insert(shape.listener_arn.clone(), input.tags);
    }
    let default_rule_arn =
        world.arn("elasticloadbalancing", &format!("listener-rule/{tail}/{listener_id}/{rule_id}"));
    world.elb.listeners.push(ListenerState {
        shape: shape.clone(),
        rules: BTreeMap::new(),
        default_rule_arn,
    });
    rule::routes_changed(world);
    Ok(CreateListenerOutput { listeners: vec![shape] })
}

fn check(world: &World, shape: &Listener) -> Result<(), ApiError> {
    shape.certificates.iter().try_for_each(|it| acm::check(world, &it.certificate_arn))?;
    match shape.protocol.as_str() {
        "HTTP" => {}
        "HTTPS" if shape.certificates.is_empty() => {
            return Err(ApiError::new(
                "ValidationError",
                "A certificate must be specified for HTTPS listeners",
            ));
        }
        "HTTPS" => {}
        other => return Err(ApiError::not_modelled(format_args!("listener protocol {other}"))),
    }
    check_actions(world, &shape.default_actions)
}

/// Actions that this module understands, with target groups that exist.
pub(super) fn check_actions(world: &World, actions: &[Action]) -> Result<(), ApiError> {
    let Some(last) = actions.last() else {
        return Err(invalid("At least one action must be specified"));
    };
    if actions.len() > 1 {
        return Err(ApiError::not_modelled("more than one action of a listener rule"));
    }
    match last.kind.as_str() {
        "forward" => {
            let mut groups = forward_groups(last).peekable();
            if groups.peek().is_none() {
                return Err(invalid("A target group ARN must be specified"));
            }
            groups.try_for_each(|(arn, _)| match world.elb.group_key(arn) {
                Some(_) => Ok(()),
                None => Err(no_group()),
            })
        }
        "redirect" | "fixed-response" => Ok(()),
        other => Err(ApiError::not_modelled(format_args!("listener action {other}"))),
    }
}

/// Target groups of a forward action with their weights.
pub(super) fn forward_groups(action: &Action) -> impl Iterator<Item = (&str, u32)> {
    let tuples = action.forward_config.iter().flat_map(|config| &config.target_groups);
    let mut groups: Vec<_> =
        tuples.map(|tuple| (tuple.target_group_arn.as_str(), tuple.weight.unwrap_or(1))).collect();
    if groups.is_empty() {
        groups.extend(action.target_group_arn.as_deref().map(|arn| (arn, 1)));
    }
    groups.into_iter()
}

/// `ModifyListener`.
///
/// # Errors
/// `ListenerNotFound`; `TargetGroupNotFound`; `ValidationError`.
pub fn modify_listener(
    world: &mut World,
    input: ModifyListenerInput,
) -> Result<ModifyListenerOutput, ApiError> {
    let mut shape = world.elb.listener(&input.listener_arn)?.shape.clone();
    shape.port = input.port.unwrap_or(shape.port);
    shape.protocol = input.protocol.unwrap_or(shape.protocol);
    shape.ssl_policy = input.ssl_policy.or(shape.ssl_policy);
    shape.certificates = input.certificates.unwrap_or(shape.certificates);
    shape.default_actions = input.default_actions.unwrap_or(shape.default_actions);
    check(world, &shape)?;
    world.elb.listener_mut(&input.listener_arn)?.shape = shape.clone();
    rule::routes_changed(world);
    Ok(ModifyListenerOutput { listeners: vec![shape] })
}

/// `DeleteListener`, with its rules.
///
/// # Errors
/// `ListenerNotFound`.
pub fn delete_listener(
    world: &mut World,
    input: &DeleteListenerInput,
) -> Result<DeleteListenerOutput, ApiError> {
    world.elb.listener(&input.listener_arn)?;
    world.elb.listeners.retain(|listener| listener.shape.listener_arn != input.listener_arn);
    world.elb.tags.remove(&input.listener_arn);
    rule::routes_changed(world);
    Ok(DeleteListenerOutput {})
}

/// `DescribeListeners`.
///
/// # Errors
/// `LoadBalancerNotFound`; `ListenerNotFound`; `ValidationError`.
pub fn describe_listeners(
    world: &World,
    input: &DescribeListenersInput,
) -> Result<DescribeListenersOutput, ApiError> {
    if let Some(arn) = &input.load_balancer_arn {
        load_balancer::find(world, arn)?;
    }
    let known = |arn: &String| world.elb.listeners.iter().any(|listener| &listener.shape.listener_arn == arn);
    if !input.listener_arns.iter().all(known) {
        return Err(no_listener());
    }
    let wanted = world.elb.listeners.iter().map(|listener| &listener.shape).filter(|shape| {
        (input.listener_arns.is_empty() || input.listener_arns.contains(&shape.listener_arn))
            && input.load_balancer_arn.as_ref().is_none_or(|arn| &shape.load_balancer_arn == arn)
    });
    let (listeners, next_marker) = page(wanted, input.marker.as_deref(), input.page_size)?;
    Ok(DescribeListenersOutput { listeners: listeners.into_iter().cloned().collect(), next_marker })
}
