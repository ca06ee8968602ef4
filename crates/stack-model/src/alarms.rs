//! The topic of alarms, and the alarms about infrastructure. Those about target groups are in `routing`.

use cfn::cloudwatch::{Alarm, Dimension};
use cfn::kind::{Text, TopicArn};
use cfn::sns::{Subscription, Topic};

use crate::cache::Cache;
use crate::database::Database;
use crate::load_balancer::Balancing;
use crate::scope::{Env, Scope, Template, Value};

const FIVE_MINUTES_SECS: u32 = 300;
const GIB: f64 = 1_073_741_824.0;

/// The topic that all alarms go to. Its default policy lets the account's own alarms publish.
pub(crate) fn topic(t: &mut Template, scope: Scope<'_>) -> Value<TopicArn> {
    let topic = t.add("AlarmTopic", Topic { topic_name: scope.names.alarm_topic().into() });
    if let Some(email) = &scope.environment.alarms.email {
        t.add(
            "AlarmSubscription",
            Subscription { endpoint: email.to_string(), protocol: "email", topic_arn: topic.arn() },
        );
    }
    topic.arn()
}

/// What is watched: a metric, and when it is bad.
pub(crate) struct Watch {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) namespace: &'static str,
    pub(crate) metric: &'static str,
    pub(crate) dimensions: Vec<(&'static str, Value<Text>)>,
    pub(crate) statistic: &'static str,
    pub(crate) comparison: &'static str,
    pub(crate) threshold: f64,
    pub(crate) period_secs: u32,
    pub(crate) periods: u32,
}

impl Watch {
    /// The alarm, which tells the topic when it is raised. No data is no alarm: the metrics of
    /// errors have none while there are none.
    pub(crate) fn alarm(self, topic: &Value<TopicArn>) -> Alarm<Env> {
        Alarm {
            alarm_actions: vec![topic.clone()],
            alarm_description: self.description,
            alarm_name: self.name,
            comparison_operator: self.comparison,
            dimensions: self.dimensions.into_iter().map(|(name, value)| Dimension { name, value }).collect(),
            evaluation_periods: self.periods,
            metric_name: self.metric,
            namespace: self.namespace,
            period: self.period_secs,
            statistic: self.statistic,
            threshold: self.threshold,
            treat_missing_data: "notBreaching",
        }
    }
}

pub(crate) const AT_LEAST: &str = "GreaterThanOrEqualToThreshold";
const BELOW: &str = "LessThanThreshold";

pub(crate) fn alarms(
    t: &mut Template,
    scope: Scope<'_>,
    topic: &Value<TopicArn>,
    balancing: &Balancing,
    database: &Database,
    cache: &Cache,
) {
    let balancer = vec![("LoadBalancer", balancing.load_balancer.full_name().text())];
    let instance = vec![("DBInstanceIdentifier", database.instance.id().text())];
    let watch =
        |what: &str, description: &str, namespace, metric, dimensions, statistic, comparison, threshold| {
            Watch {
                name: scope.names.alarm(what),
                description: description.to_owned(),
                namespace,
                metric,
                dimensions,
                statistic,
                comparison,
                threshold,
                period_secs: FIVE_MINUTES_SECS,
                periods: 3,
            }
        };
    let errors = watch(
        "load-balancer-5xx",
        "The load balancer itself answers 5xx: no healthy target, or targets that do not answer in time",
        "AWS/ApplicationELB",
        "HTTPCode_ELB_5XX_Count",
        balancer,
        "Sum",
        AT_LEAST,
        10.0,
    );
    t.add("LoadBalancerErrorAlarm", Watch { period_secs: 60, ..errors }.alarm(topic));
    let cpu = watch(
        "database-cpu",
        "The database is short of CPU",
        "AWS/RDS",
        "CPUUtilization",
        instance.clone(),
        "Average",
        AT_LEAST,
        80.0,
    );
    t.add("DatabaseCpuAlarm", cpu.alarm(topic));
    let storage = watch(
        "database-storage",
        "The database has little storage left: autoscaling is at its limit or cannot keep up",
        "AWS/RDS",
        "FreeStorageSpace",
        instance,
        "Average",
        BELOW,
        f64::from(scope.environment.database.allocated_storage_gib) * GIB / 10.0,
    );
    t.add("DatabaseStorageAlarm", storage.alarm(topic));
    // ElastiCache names the nodes of a group `{group}-001` and so on; all hold the same data, so one stands for all.
    let node = Value::concat([cache.group.id().text(), "-001".into()]);
    let memory = watch(
        "cache-memory",
        "The cache is nearly full: sessions are about to be evicted",
        "AWS/ElastiCache",
        "DatabaseMemoryUsagePercentage",
        vec![("CacheClusterId", node)],
        "Average",
        AT_LEAST,
        80.0,
    );
    t.add("CacheMemoryAlarm", memory.alarm(topic));
}
