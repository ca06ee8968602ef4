//! Elastic Load Balancing v2: application load balancers, their listener rules, target groups with health
//! checks and draining, and the requests that go through them.

pub mod api;
mod health;
mod http;
mod listener;
mod load_balancer;
mod reach;
mod rule;
mod slow_start;
mod tags;
mod target_group;
mod targets;
mod traffic;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ApiError, World, wire};

pub use http::{HttpAnswer, answering_targets, http_request, point_host_at};
pub use listener::{create_listener, delete_listener, describe_listeners, modify_listener};
pub(crate) use load_balancer::public_subnets;
pub use load_balancer::{
    create_load_balancer, delete_load_balancer, describe_load_balancer_attributes, describe_load_balancers,
    modify_load_balancer_attributes, set_security_groups, set_subnets,
};
pub use rule::{create_rule, delete_rule, describe_rules, modify_rule, set_rule_priorities};
pub use tags::{add_tags, describe_tags, remove_tags};
pub use target_group::{
    create_target_group, delete_target_group, describe_target_group_attributes, describe_target_groups,
    modify_target_group, modify_target_group_attributes,
};
pub use targets::describe_target_health;

pub(crate) use health::Probe;
pub(crate) use health::recheck;
pub(crate) use reach::network_changed;
pub(crate) use targets::{
    Registration, check_path, deregister, register, target_port, target_state, unhealthy_reason,
};
pub(crate) use traffic::watch as watch_traffic;

pub use api::*;

use target_group::TargetGroup as Group;

/// A target group, for the other modules of the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TargetGroupKey(u32);

/// A target of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TargetKey(u32);

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    load_balancers: Vec<Balancer>,
    listeners: Vec<ListenerState>,
    target_groups: BTreeMap<TargetGroupKey, Group>,
    group_keys: BTreeMap<String, TargetGroupKey>,
    next_key: u32,
    /// Host names that DNS points at a load balancer, by its DNS name.
    hosts: BTreeMap<String, String>,
    tags: BTreeMap<String, Vec<Tag>>,
    /// Spreads requests over targets.
    turn: u64,
    traffic: traffic::Traffic,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Balancer {
    shape: LoadBalancer,
    attributes: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ListenerState {
    shape: Listener,
    /// By priority; the default rule is not among them.
    rules: BTreeMap<u32, Rule>,
    default_rule_arn: String,
}

/// What happens by itself.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[allow(private_interfaces)]
pub enum Event {
    /// A target's health check begins.
    Check {
        /// The group.
        group: TargetGroupKey,
        /// The target.
        target: TargetKey,
    },
    /// A health check got no answer in time.
    TimedOut {
        /// The group.
        group: TargetGroupKey,
        /// The target.
        target: TargetKey,
    },
    /// The deregistration delay of a target is over.
    Drained {
        /// The group.
        group: TargetGroupKey,
        /// The target.
        target: TargetKey,
    },
    /// A minute of users' requests is over.
    TrafficMinute,
}

pub(crate) fn handle(world: &mut World, event: Event) {
    match event {
        Event::Check { group, target } => health::check(world, group, target),
        Event::TimedOut { group, target } => health::timed_out(world, group, target),
        Event::Drained { group, target } => targets::drained(world, group, target),
        Event::TrafficMinute => traffic::minute(world),
    }
}

impl State {
    fn key(&mut self) -> u32 {
        self.next_key += 1;
        self.next_key
    }

    /// The group with this ARN.
    pub(crate) fn group_key(&self, arn: &str) -> Option<TargetGroupKey> {
        self.group_keys.get(arn).copied()
    }

    /// ARN of a group; empty where it was deleted.
    pub(crate) fn group_arn(&self, key: TargetGroupKey) -> &str {
        self.target_groups.get(&key).map_or("", |group| group.shape.target_group_arn.as_str())
    }

    /// Whether a listener or a rule routes to the group.
    pub(crate) fn group_in_use(&self, key: TargetGroupKey) -> bool {
        self.target_groups.get(&key).is_some_and(Group::in_use)
    }

    fn listener(&self, arn: &str) -> Result<&ListenerState, ApiError> {
        self.listeners.iter().find(|listener| listener.shape.listener_arn == arn).ok_or_else(no_listener)
    }

    fn listener_mut(&mut self, arn: &str) -> Result<&mut ListenerState, ApiError> {
        self.listeners.iter_mut().find(|listener| listener.shape.listener_arn == arn).ok_or_else(no_listener)
    }
}

fn no_listener() -> ApiError {
    ApiError::new("ListenerNotFound", "One or more listeners not found")
}

fn no_group() -> ApiError {
    ApiError::new("TargetGroupNotFound", "One or more target groups not found")
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// `Name` of a load balancer or a target group: up to 32 letters, digits and inner hyphens.
fn check_name(kind: &str, name: &str) -> Result<(), ApiError> {
    let fits = (1..=32).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "The {kind} name '{name}' cannot be longer than '32' characters, and can only contain characters that are \
         alphanumeric characters and hyphens(-)"
    )))
}

/// A page with the marker and page size of this API.
fn page<T>(
    items: impl IntoIterator<Item = T>,
    marker: Option<&str>,
    size: Option<u32>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = size.unwrap_or(400);
    if !(1..=400).contains(&size) {
        return Err(invalid(format!("Value '{size}' at 'pageSize' must be between 1 and 400")));
    }
    wire::page(items, marker, size as usize, || invalid("Invalid marker"))
}

/// Refuses one more than `limit` of what an error of this API is about.
///
/// # Errors
/// `code`, such as `TooManyTargetGroups` (bc:elasticloadbalancingv2).
fn check_room(used: usize, limit: usize, code: &'static str, what: &str) -> Result<(), ApiError> {
    if used < limit {
        return Ok(());
    }
    Err(ApiError::new(code, format!("The maximum number of {what} has been reached")))
}
