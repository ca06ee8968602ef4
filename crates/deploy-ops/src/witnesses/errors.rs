//! Server errors that users of a service get, where the load balancer's metrics show them: on any path, whatever the health
//! check answers.

use std::fmt;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};

use crate::aws::Aws;
use crate::call::{CallError, Called as _};
use crate::clock::Moment;
use crate::observe;
use crate::session::EnvironmentSession;

/// Time until a minute's metrics can be read (ALB:load-balancer-cloudwatch-metrics: every minute; INF).
const DELAY_SECS: u32 = 60;

/// Server errors of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Errors {
    /// The service.
    pub service: String,
    /// How many in the last periods.
    pub count: f64,
    /// Length of the time that was looked at, in seconds.
    pub within_secs: u32,
    /// Whether they are as many as the service's deployment alarm takes for too many.
    pub too_many: bool,
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} answered {} requests with 5xx in the last {} s",
            self.service, self.count, self.within_secs
        )
    }
}

/// The services whose users get server errors now.
///
/// # Errors
/// A call that fails: whether there are errors is not known then.
pub async fn errors(session: &EnvironmentSession) -> Result<Vec<Errors>, CallError> {
    let aws = &session.target.aws;
    let alarm = session.config.platform.deployment.target_5xx_alarm;
    let within_secs = alarm.period_secs.saturating_mul(alarm.evaluation_periods).saturating_add(DELAY_SECS);
    let now = session.target.clock.now();
    let mut found = Vec::new();
    for service in observe::services(aws, &session.names().cluster(), &session.service_names(), now).await? {
        for group in &service.target_groups {
            let from = Moment::from_millis(now.as_millis().saturating_sub(u64::from(within_secs) * 1000));
            let sums = sums(aws, group, from, now, alarm.period_secs).await?;
            let count: f64 = sums.iter().sum();
            if count > 0.0 {
                let bad = sums.iter().filter(|sum| **sum >= f64::from(alarm.count)).count();
                let too_many = u32::try_from(bad).is_ok_and(|bad| bad >= alarm.evaluation_periods);
                let service = service.view.name.to_string();
                found.push(Errors { service, count, within_secs, too_many });
            }
        }
    }
    Ok(found)
}

/// Server errors of the targets of a group, by period.
async fn sums(
    aws: &Aws,
    group: &str,
    from: Moment,
    until: Moment,
    period_secs: u32,
) -> Result<Vec<f64>, CallError> {
    // Dimensions are the ends of the ARNs (ALB:load-balancer-cloudwatch-metrics).
    let Some(name) = group.rsplit(':').next() else { return Ok(Vec::new()) };
    let answer = aws.elb.describe_target_groups().target_group_arns(group).send().await;
    let answer = answer.called("elasticloadbalancing:DescribeTargetGroups")?;
    let balancers = answer.target_groups.unwrap_or_default().into_iter();
    let balancers = balancers.flat_map(|group| group.load_balancer_arns.unwrap_or_default());
    let mut sums = Vec::new();
    for balancer in balancers {
        let Some((_, balancer)) = balancer.split_once(":loadbalancer/") else { continue };
        let dimensions = [("LoadBalancer", balancer), ("TargetGroup", name)];
        let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
        let call = aws
            .cloudwatch
            .get_metric_statistics()
            .namespace("AWS/ApplicationELB")
            .metric_name("HTTPCode_Target_5XX_Count")
            .set_dimensions(Some(dimensions.to_vec()))
            .start_time(time(from))
            .end_time(time(until))
            .period(i32::try_from(period_secs).unwrap_or(i32::MAX))
            .statistics(Statistic::Sum);
        let answer = call.send().await.called("cloudwatch:GetMetricStatistics")?;
        sums.extend(answer.datapoints.unwrap_or_default().iter().filter_map(|point| point.sum));
    }
    Ok(sums)
}

fn time(moment: Moment) -> DateTime {
    DateTime::from_millis(i64::try_from(moment.as_millis()).unwrap_or(i64::MAX))
}
