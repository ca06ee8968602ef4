//! Metrics that the load balancer reports: what deployment alarms see.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::http::answering_keys;
use super::{Event, TargetGroupKey, slow_start};
use crate::{Timer, World, cloudwatch, ecs};

/// Requests of the minute under way.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Traffic {
    counts: BTreeMap<TargetGroupKey, Counts>,
    minute: Option<Timer>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Counts {
    requests: u64,
    server_errors: u64,
}

/// Counts a request that a target answered.
pub(super) fn record(world: &mut World, group: TargetGroupKey, status: u16) {
    let counts = world.elb.traffic.counts.entry(group).or_default();
    counts.requests += 1;
    counts.server_errors += u64::from(status >= 500);
    watch(world);
}

/// Makes sure that this minute is reported: there is something to see in it.
pub(crate) fn watch(world: &mut World) {
    if world.elb.traffic.minute.is_none() {
        let millis = world.now().as_millis();
        // The last moment that still belongs to the minute.
        let rest = Duration::from_millis(60_000 - (millis + 1) % 60_000);
        let timer = world.schedule_in(rest, crate::Event::Elb(Event::TrafficMinute));
        world.elb.traffic.minute = Some(timer);
    }
}

/// Reports the minute that ends. Metrics without a value are not reported at all, as on AWS, where
/// `HTTPCode_Target_5XX_Count` exists only for minutes that had such answers. Users' requests are counted
/// only while some target answers with errors: nothing reads the counts of good minutes.
pub(super) fn minute(world: &mut World) {
    world.elb.traffic.minute = None;
    let recorded = std::mem::take(&mut world.elb.traffic.counts);
    let groups: Vec<TargetGroupKey> = world.elb.target_groups.keys().copied().collect();
    let mut again = false;
    for group in groups {
        let mut counts = recorded.get(&group).copied().unwrap_or_default();
        let erring = erring_share(world, group);
        again |= will_err(world, group);
        if erring > 0.0 {
            let requests = world.params.user_requests_per_sec * 60.0;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            {
                counts.requests += requests.round() as u64;
                counts.server_errors += (requests * erring).round() as u64;
            }
        }
        report(world, group, counts);
    }
    if again {
        watch(world);
    }
}

/// Share of the requests that targets answer with a server error, from 0 to 1.
fn erring_share(world: &World, group: TargetGroupKey) -> f64 {
    let Some(entry) = world.elb.target_groups.get(&group) else { return 0.0 };
    let (mut all, mut erring) = (0.0, 0.0);
    for target in answering_keys(world, group).iter().filter_map(|key| entry.targets.get(key)) {
        let weight = slow_start::weight(world, entry, target);
        all += weight;
        erring += if ecs::errs(world, target.task) { weight } else { 0.0 };
    }
    if all > 0.0 { erring / all } else { 0.0 }
}

/// Whether a target answers users with server errors as soon as it gets requests.
fn will_err(world: &World, group: TargetGroupKey) -> bool {
    let targets = world.elb.target_groups.get(&group).map(|entry| entry.targets.values());
    targets.into_iter().flatten().any(|target| ecs::errs(world, target.task))
}

/// `HTTPCode_Target_5XX_Count` and `RequestCount`, per target group and for the load balancer as a whole
/// (ALB:load-balancer-cloudwatch-metrics).
fn report(world: &mut World, group: TargetGroupKey, counts: Counts) {
    const NAMESPACE: &str = "AWS/ApplicationELB";
    if counts.requests == 0 {
        return;
    }
    let Some(entry) = world.elb.target_groups.get(&group) else { return };
    let tail = |arn: &str, from: &str| arn.find(from).map(|at| arn[at..].to_owned()).unwrap_or_default();
    let group = tail(&entry.shape.target_group_arn, "targetgroup/");
    let balancers: Vec<String> = entry.shape.load_balancer_arns.iter().map(|arn| tail(arn, "app/")).collect();
    let values = [("RequestCount", counts.requests), ("HTTPCode_Target_5XX_Count", counts.server_errors)];
    for balancer in &balancers {
        for (metric, count) in values {
            if count == 0 {
                continue;
            }
            let both = [("LoadBalancer", balancer.as_str()), ("TargetGroup", group.as_str())];
            #[allow(clippy::cast_precision_loss)]
            let count = count as f64;
            cloudwatch::record_many(world, NAMESPACE, metric, &both, 1.0, count);
            cloudwatch::record_many(world, NAMESPACE, metric, &both[..1], 1.0, count);
        }
    }
}
