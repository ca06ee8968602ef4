//! Whether the health checks of a load balancer get to a task: its security groups have to open the port
//! (ALB:target-group-register-targets, "Target security groups"; ALB:load-balancer-troubleshooting).
//!
//! Security groups that no stack of this account made are open: nothing is known of their rules. Addresses are not compared; a
//! rule for a range of them opens its ports.

use serde_json::Value;

use super::TargetGroupKey;
use crate::{World, ecs};

const GROUP: &str = "AWS::EC2::SecurityGroup";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";

/// Whether the task can be asked on this port by a load balancer of the target group.
pub(super) fn is_open(world: &World, group: TargetGroupKey, task: ecs::TaskKey, port: u16) -> bool {
    let own = ecs::security_groups(world, task);
    let known = world.cfn.bags.get(GROUP);
    let is_known = |id: &String| known.is_some_and(|known| known.contains_key(id));
    if own.is_empty() || !own.iter().all(is_known) {
        return true;
    }
    let Some(entry) = world.elb.target_groups.get(&group) else { return true };
    let balancers = world.elb.load_balancers.iter().map(|balancer| &balancer.shape);
    let users = balancers.filter(|it| entry.shape.load_balancer_arns.contains(&it.load_balancer_arn));
    let from: Vec<&str> = users.flat_map(|it| it.security_groups.iter().map(String::as_str)).collect();
    own.iter().any(|id| rules(world, id).any(|rule| opens(rule, port, &from)))
}

/// Looks at every target again after something of this type was made, changed or deleted, where it may open or close ports.
pub(crate) fn network_changed(world: &mut World, kind: &str) {
    if !matches!(kind, GROUP | INGRESS) {
        return;
    }
    let groups: Vec<TargetGroupKey> = world.elb.target_groups.keys().copied().collect();
    for group in groups {
        super::recheck(world, group);
    }
}

/// The rules of a security group: those in it, and those that are resources of their own.
fn rules<'a>(world: &'a World, id: &'a str) -> impl Iterator<Item = &'a Value> {
    let group = world.cfn.bags.get(GROUP).and_then(|groups| groups.get(id));
    let inside = group.and_then(|group| group.properties.get("SecurityGroupIngress")?.as_array());
    let apart = world.cfn.bags.get(INGRESS).into_iter().flatten().map(|(_, rule)| &rule.properties);
    let apart = apart.filter(move |rule| rule.get("GroupId").and_then(Value::as_str) == Some(id));
    inside.into_iter().flatten().chain(apart)
}

fn opens(rule: &Value, port: u16, from: &[&str]) -> bool {
    let number = |key: &str| match rule.get(key) {
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_i64(),
        None => None,
    };
    let protocol = match rule.get("IpProtocol") {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let ports = match protocol.as_str() {
        "-1" => true,
        "tcp" | "6" => {
            let (first, last) = (number("FromPort").unwrap_or(0), number("ToPort").unwrap_or(65_535));
            (first..=last).contains(&i64::from(port))
        }
        _ => false,
    };
    let source = match rule.get("SourceSecurityGroupId").and_then(Value::as_str) {
        Some(source) => from.contains(&source),
        None => true,
    };
    ports && source
}
