//! Elastic Load Balancing v2.

use rollout_sim::World;
use rollout_sim::elb;

use super::access::Needs;
use super::{Operation, operations};

/// The ARN that a new resource will get, but for its id.
fn new(world: &World, kind: &str, name: &str) -> Needs {
    Needs::on(world.arn("elasticloadbalancing", &format!("{kind}/{name}/*")))
}

/// A listener's rules: `listener-rule/app/NAME/ID/LISTENER/*`.
fn rules_of(listener_arn: &str) -> Needs {
    Needs::on(listener_arn).and_on(format!("{}/*", listener_arn.replacen(":listener/", ":listener-rule/", 1)))
}

/// A load balancer's listeners: `listener/app/NAME/ID/*`.
fn listeners_of(load_balancer_arn: &str) -> Needs {
    Needs::on(format!("{}/*", load_balancer_arn.replacen(":loadbalancer/", ":listener/", 1)))
        .and_on(load_balancer_arn)
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read DescribeListeners(world, input: elb::DescribeListenersInput) {
        needs: Needs::any(),
        does: elb::describe_listeners(world, &input),
    }
    read DescribeLoadBalancerAttributes(world, input: elb::DescribeLoadBalancerAttributesInput) {
        needs: Needs::any(),
        does: elb::describe_load_balancer_attributes(world, &input),
    }
    read DescribeLoadBalancers(world, input: elb::DescribeLoadBalancersInput) {
        needs: Needs::any(),
        does: elb::describe_load_balancers(world, &input),
    }
    read DescribeRules(world, input: elb::DescribeRulesInput) {
        needs: Needs::any(),
        does: elb::describe_rules(world, &input),
    }
    read DescribeTags(world, input: elb::DescribeTagsInput) {
        needs: Needs::any(),
        does: elb::describe_tags(world, &input),
    }
    read DescribeTargetGroupAttributes(world, input: elb::DescribeTargetGroupAttributesInput) {
        needs: Needs::any(),
        does: elb::describe_target_group_attributes(world, &input),
    }
    read DescribeTargetGroups(world, input: elb::DescribeTargetGroupsInput) {
        needs: Needs::any(),
        does: elb::describe_target_groups(world, &input),
    }
    read DescribeTargetHealth(world, input: elb::DescribeTargetHealthInput) {
        needs: Needs::any(),
        does: elb::describe_target_health(world, &input),
    }
    write AddTags(world, input: elb::AddTagsInput) {
        needs: Needs::on_each(input.resource_arns.iter().cloned()),
        does: elb::add_tags(world, input),
    }
    write CreateListener(world, input: elb::CreateListenerInput) {
        needs: listeners_of(&input.load_balancer_arn),
        does: elb::create_listener(world, input),
    }
    write CreateLoadBalancer(world, input: elb::CreateLoadBalancerInput) {
        needs: new(world, "loadbalancer/app", &input.name),
        does: elb::create_load_balancer(world, input),
    }
    write CreateRule(world, input: elb::CreateRuleInput) {
        needs: rules_of(&input.listener_arn),
        does: elb::create_rule(world, input),
    }
    write CreateTargetGroup(world, input: elb::CreateTargetGroupInput) {
        needs: new(world, "targetgroup", &input.name),
        does: elb::create_target_group(world, input),
    }
    write DeleteListener(world, input: elb::DeleteListenerInput) {
        needs: Needs::on(input.listener_arn.clone()),
        does: elb::delete_listener(world, &input),
    }
    write DeleteLoadBalancer(world, input: elb::DeleteLoadBalancerInput) {
        needs: Needs::on(input.load_balancer_arn.clone()),
        does: elb::delete_load_balancer(world, &input),
    }
    write DeleteRule(world, input: elb::DeleteRuleInput) {
        needs: Needs::on(input.rule_arn.clone()),
        does: elb::delete_rule(world, &input),
    }
    write DeleteTargetGroup(world, input: elb::DeleteTargetGroupInput) {
        needs: Needs::on(input.target_group_arn.clone()),
        does: elb::delete_target_group(world, &input),
    }
    write ModifyListener(world, input: elb::ModifyListenerInput) {
        needs: Needs::on(input.listener_arn.clone()),
        does: elb::modify_listener(world, input),
    }
    write ModifyLoadBalancerAttributes(world, input: elb::ModifyLoadBalancerAttributesInput) {
        needs: Needs::on(input.load_balancer_arn.clone()),
        does: elb::modify_load_balancer_attributes(world, input),
    }
    write ModifyRule(world, input: elb::ModifyRuleInput) {
        needs: Needs::on(input.rule_arn.clone()),
        does: elb::modify_rule(world, input),
    }
    write ModifyTargetGroup(world, input: elb::ModifyTargetGroupInput) {
        needs: Needs::on(input.target_group_arn.clone()),
        does: elb::modify_target_group(world, input),
    }
    write ModifyTargetGroupAttributes(world, input: elb::ModifyTargetGroupAttributesInput) {
        needs: Needs::on(input.target_group_arn.clone()),
        does: elb::modify_target_group_attributes(world, input),
    }
    write RemoveTags(world, input: elb::RemoveTagsInput) {
        needs: Needs::on_each(input.resource_arns.iter().cloned()),
        does: elb::remove_tags(world, &input),
    }
    write SetRulePriorities(world, input: elb::SetRulePrioritiesInput) {
        needs: Needs::on_each(input.rule_priorities.iter().map(|pair| pair.rule_arn.clone())),
        does: elb::set_rule_priorities(world, &input),
    }
    write SetSecurityGroups(world, input: elb::SetSecurityGroupsInput) {
        needs: Needs::on(input.load_balancer_arn.clone()),
        does: elb::set_security_groups(world, input),
    }
    write SetSubnets(world, input: elb::SetSubnetsInput) {
        needs: Needs::on(input.load_balancer_arn.clone()),
        does: elb::set_subnets(world, &input),
    }
};
