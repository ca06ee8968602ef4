//! The numbers AWS does not document, in one place, each with where its value comes from and the range in
//! which it may really lie: a simulation of many runs samples that range.

use serde::{Deserialize, Serialize};

use crate::Rng;

/// Parameters that are slow together: the service scheduler of ECS, the hosts of Fargate, CloudFormation.
const SLOW_TOGETHER: [&[&str]; 3] = [
    &[
        "scheduler_lag_secs",
        "health_lag_secs",
        "drained_lag_secs",
        "breaker_lag_secs",
        "alarm_poll_secs",
        "placement_retry_secs",
    ],
    &[
        "provisioning_secs",
        "pending_secs",
        "pull_base_secs",
        "pull_mib_per_sec",
        "pull_failure_secs",
        "activating_secs",
        "deprovisioning_secs",
    ],
    &["cfn_poll_secs", "cfn_duration_factor", "cfn_consistency_secs"],
];
/// Those of them of which a slow day has less.
const RATES: [&str; 1] = ["pull_mib_per_sec"];
/// How much of the place of such a parameter in its range is the day's; the rest is its own. Chosen: two parameters of one
/// service then correlate by 0.8.
const SHARE_OF_THE_DAY: f64 = 2.0 / 3.0;

/// Where in its range a parameter lies, in `[0, 1]`.
fn place(name: &str, days: &[f64; SLOW_TOGETHER.len()], rng: &mut Rng) -> f64 {
    let own = rng.unit();
    let Some(group) = SLOW_TOGETHER.iter().position(|group| group.contains(&name)) else { return own };
    let slow = SHARE_OF_THE_DAY * days[group] + (1.0 - SHARE_OF_THE_DAY) * own;
    if RATES.contains(&name) { 1.0 - slow } else { slow }
}

macro_rules! params {
    ($($(#[doc = $doc:literal])+ $name:ident = $typical:literal in $low:literal..=$high:literal,)+) => {
        /// Named parameters of the model; times in seconds.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Params {
            $($(#[doc = $doc])+ pub $name: f64,)+
        }

        impl Default for Params {
            fn default() -> Self {
                Self { $($name: $typical),+ }
            }
        }

        impl Params {
            /// Name, lowest, typical and highest value of every parameter.
            pub const RANGES: &'static [(&'static str, f64, f64, f64)] =
                &[$((stringify!($name), $low, $typical, $high)),+];

            /// One draw from the ranges. What one service of AWS does is drawn together, as on a day on which that
            /// service is slow; the rest is drawn for itself.
            #[must_use]
            pub fn sample(rng: &mut Rng) -> Self {
                let days = SLOW_TOGETHER.map(|_| rng.unit());
                Self { $($name: $low + ($high - $low) * place(stringify!($name), &days, rng)),+ }
            }
        }
    };
}

params! {
    /// From the push of an image until its basic scan is complete. Undocumented: chosen because basic scans
    /// of images of this size are seen to take some tens of seconds.
    ecr_scan_secs = 30.0 in 5.0..=120.0,
    /// From the end of a minute until its samples of a metric count in alarms. Undocumented: load balancers send
    /// their metrics every minute (ALB:load-balancer-cloudwatch-metrics), and alarms are seen to act one to
    /// three minutes after the fact.
    metric_delay_secs = 60.0 in 20.0..=120.0,
    /// From a change in a service (a task stopped, became healthy, an API call) until the service scheduler
    /// acts on it; also the shortest time between two of its passes. `s` of docs/fact-sheet.md.
    /// Undocumented: chosen because service events follow each other by a few seconds.
    scheduler_lag_secs = 5.0 in 1.0..=15.0,
    /// Most tasks that the scheduler starts for one service in one pass. Undocumented; with the lag above it
    /// stays near the quota of 500 tasks per service and minute (AWS General Reference, "Rate of tasks
    /// launched by a service on AWS Fargate").
    launches_per_pass = 40.0 in 10.0..=60.0,
    /// PROVISIONING: a network interface is created and attached. Undocumented: chosen because Fargate tasks
    /// are seen to leave this state after about ten seconds.
    provisioning_secs = 10.0 in 5.0..=20.0,
    /// PENDING: the task waits for its host; secrets and log groups are resolved at its end. Undocumented:
    /// chosen to make an ordinary start take half a minute.
    pending_secs = 5.0 in 2.0..=15.0,
    /// Pull of an image apart from its size: authorisation, manifest, unpacking. Undocumented.
    pull_base_secs = 3.0 in 1.0..=10.0,
    /// Compressed MiB of an image pulled per second. Undocumented: chosen because an image of 180 MiB is seen
    /// to take under ten seconds.
    pull_mib_per_sec = 30.0 in 10.0..=60.0,
    /// From the beginning of a pull that fails until the task gives up: the agent's own retries ("has been
    /// retried 5 time(s)"). Undocumented: chosen so that three such failures trip the breaker after the
    /// 8-12 minutes of the field report [pull].
    pull_failure_secs = 60.0 in 20.0..=120.0,
    /// ACTIVATING after the pull: containers are created and targets registered. Undocumented.
    activating_secs = 3.0 in 1.0..=8.0,
    /// DEPROVISIONING: the network interface is detached. `x` of docs/fact-sheet.md. Undocumented: chosen
    /// because Fargate tasks are seen in this state for some tens of seconds, with the two lags below.
    deprovisioning_secs = 25.0 in 8.0..=50.0,
    /// From the moment at which a target is unhealthy and the grace period over until ECS takes the task for unhealthy.
    /// Undocumented. INF: with `drained_lag_secs` it is what a round of failing checks takes beyond the settings, which is
    /// 80 to 100 s where two failures lie 205 and 227 s apart (docs/fact-sheet.md, "Times measured in public"). The split
    /// between both is chosen so that five tasks, which fail in one round, take the 3 minutes of the same section.
    health_lag_secs = 45.0 in 10.0..=75.0,
    /// From the end of the deregistration delay until ECS stops the containers. Undocumented. INF: see `health_lag_secs`.
    /// Part of it lies before the delay: a target was deregistered 9 s after the event that its task is stopped
    /// (CivicTechJobs#436); the sum is what counts here.
    drained_lag_secs = 30.0 in 5.0..=60.0,
    /// From the last failure a circuit breaker counts until the deployment is FAILED. Undocumented: field reports
    /// have 64 s and 45 s, others a few seconds.
    breaker_lag_secs = 45.0 in 5.0..=90.0,
    /// Whether a task whose container exited waits for its targets to drain before it is STOPPED (1) or is
    /// STOPPED while they drain (0). The order of the task states suggests the first
    /// (ECS:task-lifecycle-explanation); not stated for an exit.
    drain_after_exit = 1.0 in 0.0..=1.0,
    /// Delay of the next start after the first task that never reached RUNNING; doubles with each further
    /// one. The schedule is undocumented (ECS:service-throttle-logic): chosen with `pull_failure_secs` to meet
    /// the field report [pull].
    throttle_base_secs = 90.0 in 60.0..=130.0,
    /// Longest such delay: 27 minutes (ECS:service-throttle-logic).
    throttle_max_secs = 1620.0 in 1620.0..=1620.0,
    /// Until the scheduler tries again to place a task for which there was no capacity. Undocumented.
    placement_retry_secs = 30.0 in 15.0..=60.0,
    /// From RUNNING until a task without any health check counts as healthy: 40 s
    /// (bc:ecs/DeploymentConfiguration.minimumHealthyPercent).
    assumed_healthy_secs = 40.0 in 40.0..=40.0,
    /// Between two polls of deployment alarms. The period is undocumented (ECS:deployment-alarm-failure).
    alarm_poll_secs = 15.0 in 10.0..=60.0,
    /// Bake time where alarms are configured and no bake time is. AWS computes it from the alarms, "less than
    /// 5 minutes", by a formula it does not publish (ECS:deployment-alarm-failure).
    alarm_bake_secs = 180.0 in 60.0..=299.0,
    /// How long a stopped task can be described: at least an hour (bc:ecs/DescribeTasks).
    stopped_task_retention_secs = 3900.0 in 3600.0..=7200.0,
    /// From the registration of a target until its first health check. Undocumented: load-balancer nodes
    /// start checking within seconds.
    first_check_secs = 3.0 in 1.0..=10.0,
    /// Requests per second that users send to each target group that routes to a target: what deployment
    /// alarms see. Chosen: a small service.
    user_requests_per_sec = 2.0 in 0.5..=20.0,
    /// Between two looks of CloudFormation at a resource that stabilises, such as an ECS service, and at rollback
    /// triggers. Undocumented: chosen because events follow the service's by well under half a minute.
    cfn_poll_secs = 10.0 in 5.0..=30.0,
    /// Until CloudFormation gives up an ECS service without a bake time: the 3 hours that users report
    /// (docs/fact-sheet.md).
    cfn_ecs_timeout_secs = 10800.0 in 10800.0..=10800.0,
    /// Factor on the times that CloudFormation takes over resources other than ECS services. Undocumented: the
    /// typical times are in `cfn/handlers/durations.rs`.
    cfn_duration_factor = 1.0 in 0.7..=1.6,
    /// From `RunTask` until `DescribeTasks` and `ListTasks` know the task: the API is eventually consistent
    /// (bc:ecs/RunTask), by how long is undocumented. Typically not noticed.
    run_task_visible_secs = 0.0 in 0.0..=5.0,
    /// Whether CloudFormation fails an ECS service only when the service's own rollback has ended (1), or as soon as the
    /// circuit breaker or an alarm has failed its deployment (0). Undocumented: the handler reads service deployments
    /// (docs/fact-sheet.md), which reach a final state only with the end of the rollback, and a rollback that cannot
    /// succeed was seen to hold a stack for hours; other reports have the failure with the trip.
    cfn_waits_for_rollback = 0.0 in 0.0..=1.0,
    /// How long CloudFormation checks the consistency of a resource that is configured, at the end of the time that the
    /// resource takes and never all of it. Undocumented: events of stacks have 4 to 7 seconds for small resources; where it
    /// is 0 the check is not seen, as AWS does not promise that it is.
    cfn_consistency_secs = 5.0 in 0.0..=15.0,
}
