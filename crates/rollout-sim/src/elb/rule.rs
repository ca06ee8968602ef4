//! Rules of listeners, and which target groups they bring into use.

use std::collections::BTreeMap;

use super::api::*;
use super::{ListenerState, TargetGroupKey, check_room, health, invalid, listener, page};
use crate::{ApiError, World};

fn not_found() -> ApiError {
    ApiError::new("RuleNotFound", "One or more rules not found")
}

pub(super) fn find<'a>(world: &'a World, arn: &str) -> Result<&'a Rule, ApiError> {
    let mut rules = world.elb.listeners.iter().flat_map(|listener| listener.rules.values());
    rules.find(|rule| rule.rule_arn == arn).ok_or_else(not_found)
}

fn find_mut<'a>(world: &'a mut World, arn: &str) -> Result<&'a mut Rule, ApiError> {
    let mut rules = world.elb.listeners.iter_mut().flat_map(|listener| listener.rules.values_mut());
    rules.find(|rule| rule.rule_arn == arn).ok_or_else(not_found)
}

/// Works out which groups are in use after listeners or rules changed: health checks of a group run only
/// while a rule routes to it (docs/fact-sheet.md).
pub(super) fn routes_changed(world: &mut World) {
    let mut users: BTreeMap<TargetGroupKey, Vec<String>> = BTreeMap::new();
    for ListenerState { shape, rules, .. } in &world.elb.listeners {
        let actions = shape.default_actions.iter().chain(rules.values().flat_map(|rule| &rule.actions));
        for (arn, _) in actions.flat_map(listener::forward_groups) {
            let Some(key) = world.elb.group_key(arn) else { continue };
            let balancers = users.entry(key).or_default();
            if !balancers.contains(&shape.load_balancer_arn) {
                balancers.push(shape.load_balancer_arn.clone());
            }
        }
    }
    let mut changed = Vec::new();
    for (key, group) in &mut world.elb.target_groups {
        let balancers = users.remove(key).unwrap_or_default();
        if group.shape.load_balancer_arns != balancers {
            group.shape.load_balancer_arns = balancers;
            changed.push(*key);
        }
    }
    for key in changed {
        health::recheck(world, key);
    }
}

/// The quota counts the rules of all listeners of a load balancer (ALB:load-balancer-limits).
fn check_rules(world: &World, listener_arn: &str) -> Result<(), ApiError> {
    let balancer = &world.elb.listener(listener_arn)?.shape.load_balancer_arn;
    let listeners = world.elb.listeners.iter().filter(|it| &it.shape.load_balancer_arn == balancer);
    let rules = listeners.map(|it| it.rules.len()).sum();
    check_room(rules, world.quotas.load_balancer_rules, "TooManyRules", "rules on the load balancer")
}

fn check_conditions(conditions: &[RuleCondition]) -> Result<(), ApiError> {
    if conditions.is_empty() {
        return Err(invalid("A condition must be specified"));
    }
    for condition in conditions {
        match condition.field.as_str() {
            "path-pattern" | "host-header" | "http-request-method" | "http-header" => {}
            other => return Err(ApiError::not_modelled(format_args!("rule condition {other}"))),
        }
        if condition_values(condition).is_empty() {
            return Err(invalid("A condition value must be specified"));
        }
    }
    Ok(())
}

/// Patterns of a condition, wherever the request put them.
pub(super) fn condition_values(condition: &RuleCondition) -> &[String] {
    let config = match condition.field.as_str() {
        "path-pattern" => &condition.path_pattern_config,
        "host-header" => &condition.host_header_config,
        "http-request-method" => &condition.http_request_method_config,
        _ => {
            return condition.http_header_config.as_ref().map_or(&[], |config| config.values.as_slice());
        }
    };
    config.as_ref().map_or(condition.values.as_slice(), |config| config.values.as_slice())
}

fn check_priority(listener: &ListenerState, priority: u32) -> Result<(), ApiError> {
    if !(1..=50_000).contains(&priority) {
        return Err(invalid(format!("Priority '{priority}' must be between 1 and 50000")));
    }
    if listener.rules.contains_key(&priority) {
        return Err(ApiError::new("PriorityInUse", format!("Priority '{priority}' is currently in use")));
    }
    Ok(())
}

/// `CreateRule`.
///
/// # Errors
/// `ListenerNotFound`; `PriorityInUse`; `TargetGroupNotFound`; `ValidationError`.
pub fn create_rule(world: &mut World, input: CreateRuleInput) -> Result<CreateRuleOutput, ApiError> {
    check_priority(world.elb.listener(&input.listener_arn)?, input.priority)?;
    check_conditions(&input.conditions)?;
    listener::check_actions(world, &input.actions)?;
    check_rules(world, &input.listener_arn)?;
    let tail = input.listener_arn.split_once("listener/").map_or("", |(_, tail)| tail);
    let resource = format!("listener-rule/{tail}/{}", world.rng.hex(16));
    let rule = Rule {
        rule_arn: world.arn("elasticloadbalancing", &resource),
        priority: input.priority.to_string(),
        conditions: input.conditions,
        actions: input.actions,
        is_default: false,
    };
    if !input.tags.is_empty() {
        world.elb.tags.insert(rule.rule_arn.clone(), input.tags);
    }
    world.elb.listener_mut(&input.listener_arn)?.rules.insert(input.priority, rule.clone());
    routes_changed(world);
    Ok(CreateRuleOutput { rules: vec![rule] })
}

/// `ModifyRule`: conditions and actions; the priority is changed with [`set_rule_priorities`].
///
/// # Errors
/// `RuleNotFound`; `TargetGroupNotFound`; `ValidationError`.
pub fn modify_rule(world: &mut World, input: ModifyRuleInput) -> Result<ModifyRuleOutput, ApiError> {
    find(world, &input.rule_arn)?;
    if let Some(conditions) = &input.conditions {
        check_conditions(conditions)?;
    }
    if let Some(actions) = &input.actions {
        listener::check_actions(world, actions)?;
    }
    let rule = find_mut(world, &input.rule_arn)?;
    if let Some(conditions) = input.conditions {
        rule.conditions = conditions;
    }
    if let Some(actions) = input.actions {
        rule.actions = actions;
    }
    let rule = rule.clone();
    routes_changed(world);
    Ok(ModifyRuleOutput { rules: vec![rule] })
}

/// `SetRulePriorities`, all or nothing.
///
/// # Errors
/// `RuleNotFound`; `PriorityInUse`; `ValidationError`.
pub fn set_rule_priorities(
    world: &mut World,
    input: &SetRulePrioritiesInput,
) -> Result<SetRulePrioritiesOutput, ApiError> {
    let mut listeners = world.elb.listeners.clone();
    let mut moved = Vec::new();
    for RulePriorityPair { rule_arn, .. } in &input.rule_priorities {
        let taken = listeners.iter_mut().enumerate().find_map(|(index, listener)| {
            let priority = *listener.rules.iter().find(|(_, rule)| &rule.rule_arn == rule_arn)?.0;
            Some((index, listener.rules.remove(&priority)?))
        });
        moved.push(taken.ok_or_else(not_found)?);
    }
    let mut rules = Vec::new();
    for (pair, (index, mut rule)) in input.rule_priorities.iter().zip(moved) {
        check_priority(&listeners[index], pair.priority)?;
        rule.priority = pair.priority.to_string();
        rules.push(rule.clone());
        listeners[index].rules.insert(pair.priority, rule);
    }
    world.elb.listeners = listeners;
    Ok(SetRulePrioritiesOutput { rules })
}

/// `DeleteRule`.
///
/// # Errors
/// `RuleNotFound`.
pub fn delete_rule(world: &mut World, input: &DeleteRuleInput) -> Result<DeleteRuleOutput, ApiError> {
    find(world, &input.rule_arn)?;
    for listener in &mut world.elb.listeners {
        listener.rules.retain(|_, rule| rule.rule_arn != input.rule_arn);
    }
    world.elb.tags.remove(&input.rule_arn);
    routes_changed(world);
    Ok(DeleteRuleOutput {})
}

/// `DescribeRules`: by priority, the default rule last.
///
/// # Errors
/// `ListenerNotFound`; `RuleNotFound`; `ValidationError`.
pub fn describe_rules(world: &World, input: &DescribeRulesInput) -> Result<DescribeRulesOutput, ApiError> {
    let rules: Vec<Rule> = match &input.listener_arn {
        Some(arn) => {
            let listener = world.elb.listener(arn)?;
            let default = Rule {
                rule_arn: listener.default_rule_arn.clone(),
                priority: "default".to_owned(),
                conditions: Vec::new(),
                actions: listener.shape.default_actions.clone(),
                is_default: true,
            };
            listener.rules.values().cloned().chain([default]).collect()
        }
        None => input.rule_arns.iter().map(|arn| find(world, arn).cloned()).collect::<Result<_, _>>()?,
    };
    let (rules, next_marker) = page(rules, input.marker.as_deref(), input.page_size)?;
    Ok(DescribeRulesOutput { rules, next_marker })
}
