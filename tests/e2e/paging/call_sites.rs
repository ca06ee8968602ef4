//! Which calls page, and how each call site reads them.

/// How a call site gets everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reads {
    /// With the SDK's paginator.
    Paginator,
    /// With the token of the answer, in a loop of its own.
    Token,
    /// In one answer, which is whole, for this reason.
    One(&'static str),
}
pub(super) use Reads::{One, Paginator, Token};

const NAMED: &str = "one thing is asked for by its name";
const DENIED: &str = "the call is made to be denied";

/// Every call of an operation that pages, by source file: the method of the SDK's client and how it is read.
pub(super) const CALL_SITES: &[(&str, &str, Reads)] = &[
    ("account-ops/database/rds.rs", "describe_db_instance_automated_backups", Paginator),
    ("account-ops/database/rds.rs", "describe_db_instances", Paginator),
    ("account-ops/database/rds.rs", "describe_db_snapshots", Paginator),
    ("account-ops/dns/route53.rs", "list_resource_record_sets", Token),
    ("account-ops/judge/reads.rs", "describe_repositories", One(NAMED)),
    ("account-ops/judge/simulate.rs", "simulate_custom_policy", Paginator),
    ("account-ops/judge/validate.rs", "validate_policy", Paginator),
    ("account-ops/quotas/usage.rs", "describe_load_balancers", Paginator),
    ("account-ops/quotas/usage.rs", "describe_target_groups", Paginator),
    ("account-ops/quotas/usage.rs", "list_resources", Paginator),
    ("account-ops/quotas/usage.rs", "list_tasks", Paginator),
    ("alarm_subscription.rs", "list_subscriptions_by_topic", Paginator),
    ("bootstrap/admin.rs", "describe_log_streams", Paginator),
    ("bootstrap/admin.rs", "list_tasks", Paginator),
    ("closer.rs", "list_service_deployments", Token),
    ("closer.rs", "list_tasks", Paginator),
    ("drift.rs", "describe_stack_resource_drifts", Paginator),
    ("early_validation.rs", "describe_events", Paginator),
    ("feasibility.rs", "describe_target_groups", One(NAMED)),
    ("feasibility.rs", "list_tasks", Paginator),
    ("iam/boundaries.rs", "describe_stacks", One(DENIED)),
    ("iam/boundaries.rs", "get_log_events", One(DENIED)),
    ("iam/boundaries.rs", "list_tasks", One(DENIED)),
    (
        "images/verify.rs",
        "describe_image_scan_findings",
        One("the counts are of all findings, on every page"),
    ),
    ("logs.rs", "get_log_events", One("the last lines are asked for")),
    ("logs.rs", "get_log_events", Token),
    ("observe.rs", "describe_alarms", Paginator),
    ("observe.rs", "describe_stack_events", Paginator),
    ("observe.rs", "describe_stack_events", Paginator),
    ("observe.rs", "list_tasks", Paginator),
    ("recover.rs", "list_change_sets", Paginator),
    ("resolve.rs", "describe_images", One(NAMED)),
    ("revisions.rs", "list_task_definitions", Paginator),
    ("secrets/look.rs", "list_secret_version_ids", Paginator),
    ("stack.rs", "describe_change_set", Token),
    ("stack.rs", "describe_stacks", One(NAMED)),
    ("stack_resources.rs", "describe_stack_events", Paginator),
    ("stack_resources.rs", "list_stack_resources", Paginator),
    ("take_up.rs", "describe_stack_events", Paginator),
    ("tasks.rs", "list_tasks", Paginator),
    ("witnesses.rs", "describe_rules", Paginator),
    ("witnesses/errors.rs", "describe_target_groups", One(NAMED)),
];

/// Methods of the clients in use whose answers have a token or marker for the next page (botocore `paginators-1` and
/// the members `nextToken`, `NextToken`, `NextMarker`).
pub(super) const PAGED: &[&str] = &[
    "describe_account_limits",
    "describe_alarm_history",
    "describe_alarms",
    "describe_change_set",
    "describe_db_instance_automated_backups",
    "describe_db_instances",
    "describe_db_snapshots",
    "describe_events",
    "describe_image_scan_findings",
    "describe_images",
    "describe_listeners",
    "describe_load_balancers",
    "describe_log_groups",
    "describe_log_streams",
    "describe_repositories",
    "describe_rules",
    "describe_stack_events",
    "describe_stack_resource_drifts",
    "describe_stacks",
    "describe_target_groups",
    "filter_log_events",
    "get_log_events",
    "get_metric_data",
    "list_change_sets",
    "list_clusters",
    "list_exports",
    "list_images",
    "list_imports",
    "list_resources",
    "list_service_quotas",
    "simulate_custom_policy",
    "validate_policy",
    "list_object_versions",
    "list_objects",
    "list_objects_v2",
    "list_resource_record_sets",
    "list_subscriptions_by_topic",
    "list_secret_version_ids",
    "list_secrets",
    "list_service_deployments",
    "list_services",
    "list_stack_resources",
    "list_stacks",
    "list_task_definition_families",
    "list_task_definitions",
    "list_tasks",
];
