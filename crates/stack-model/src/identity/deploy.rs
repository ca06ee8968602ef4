//! The roles of workflows that deploy to one environment each: what the tool calls, on what it calls it on. They have one
//! policy, which says by the tags of the role what it is for.

use cfn::iam::{ManagedPolicy, PolicyDocument, Role, Statement};
use cfn::kind::{ManagedPolicyArn, OidcProviderArn};
use env_config::{Config, Environment, EnvironmentNames, SharedNames, TaskName};

use super::tags::{DEPLOYS_TO, SECRETS, SEED, STACK, escaped, tag};
use super::{global, local, repositories, trust};
use crate::shared::{Shared, Value};

/// How long a workflow may be signed in as a deploy role, in seconds: infrastructure, one-off tasks and services, each up
/// to its limit, and the services back. A test of the workflows adds them up.
pub const DEPLOY_SESSION_SECS: u32 = 4 * 60 * 60;

pub(super) fn role(
    config: &Config,
    environment: &Environment,
    provider: &Value<OidcProviderArn>,
    policy: &Value<ManagedPolicyArn>,
) -> Role<Shared> {
    let name = &environment.name;
    Role {
        assume_role_policy_document: trust(
            provider,
            config.platform.github.environment_subjects(name.as_str()),
        ),
        description: Some(format!("Deploys {} to {name}", config.platform.name)),
        managed_policy_arns: vec![policy.clone()],
        max_session_duration: Some(DEPLOY_SESSION_SECS),
        permissions_boundary: None,
        policies: Vec::new(),
        role_name: SharedNames::new(&config.platform).deploy_role(name),
        tags: vec![
            tag(DEPLOYS_TO, name.as_str()),
            tag(STACK, environment.stack_name.as_str()),
            tag(SECRETS, environment.secrets_prefix.as_str()),
            tag(SEED, if environment.seed_on_deploy { "yes" } else { "no" }),
        ],
    }
}

pub(super) fn policy(config: &Config) -> ManagedPolicy<Shared> {
    let environment = escaped(DEPLOYS_TO);
    let names = EnvironmentNames::of_all(&config.platform, &environment);
    let statements = [stack(config, names), containers(config, names), around(config, names)];
    ManagedPolicy {
        description: format!(
            "What deploys {}, in the environment that the role is tagged with",
            config.platform.name
        ),
        managed_policy_name: SharedNames::new(&config.platform).deploy_policy(),
        policy_document: PolicyDocument::new(statements.into_iter().flatten()),
    }
}

/// The stack, changed by CloudFormation's own role only.
fn stack(config: &Config, names: EnvironmentNames<'_>) -> Vec<Statement<Shared>> {
    let own = || [local("cloudformation", &format!("stack/{}/*", escaped(STACK)))];
    let shared = local("cloudformation", &format!("stack/{}/*", config.platform.shared_stack_name));
    let bucket = SharedNames::new(&config.platform).template_bucket(&config.platform.account_id);
    let templates = Value::sub(format!("arn:${{AWS::Partition}}:s3:::{bucket}/{}/*", escaped(STACK)));
    let cloudformation = || global("iam", &format!("role/{}-cloudformation", names.prefix()));
    vec![
        Statement::allow(["cloudformation:CreateChangeSet", "cloudformation:DeleteStack"]).on(own()).when(
            "StringEquals",
            "cloudformation:RoleArn",
            [cloudformation().text()],
        ),
        // What exists elsewhere would become the stack's, to change and to delete.
        Statement::deny(["cloudformation:CreateChangeSet"]).on_all().when(
            "Null",
            "cloudformation:ImportResourceTypes",
            ["false".into()],
        ),
        Statement::allow([
            "cloudformation:CancelUpdateStack",
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DescribeChangeSet",
            // What early validation found in a change set.
            "cloudformation:DescribeEvents",
            "cloudformation:DescribeStackEvents",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetTemplate",
            "cloudformation:ListChangeSets",
            "cloudformation:ListStackResources",
            "cloudformation:RollbackStack",
            // Change sets set the tags of the stack.
            "cloudformation:TagResource",
            "cloudformation:UpdateTerminationProtection",
        ])
        .on(own()),
        // A template that is too long to send goes through the bucket, and CloudFormation reads it as the caller.
        Statement::allow(["s3:GetObject", "s3:PutObject"]).on([templates]),
        Statement::allow(["cloudformation:DescribeStacks"]).on(own().into_iter().chain([shared])),
        Statement::allow(["iam:PassRole"]).on([cloudformation()]).when(
            "StringEquals",
            "iam:PassedToService",
            ["cloudformation.amazonaws.com".into()],
        ),
    ]
}

/// Services are watched and, past CloudFormation, rolled back; one-off tasks are run.
fn containers(config: &Config, names: EnvironmentNames<'_>) -> Vec<Statement<Shared>> {
    let prefix = names.prefix();
    let in_cluster = |statement: Statement<Shared>| {
        let arn =
            format!("arn:${{AWS::Partition}}:ecs:${{AWS::Region}}:${{AWS::AccountId}}:cluster/{prefix}");
        statement.when("ArnEquals", "ecs:cluster", [Value::sub(arn)])
    };
    let of = |kind: &str| local("ecs", &format!("{kind}/{prefix}/*"));
    let roles = ["task", "execution"].map(|kind| global("iam", &format!("role/{prefix}-*-{kind}")));
    let task = |name: &TaskName| local("ecs", &format!("task-definition/{}:*", names.task_family(name)));
    let (seed, tasks): (Vec<_>, Vec<_>) =
        config.platform.tasks.keys().partition(|name| name.as_str() == "seed");
    let seed: Vec<_> = seed.into_iter().map(task).collect();
    // Where deployments do not seed, the task makes the first administrator, once and by a person (`bootstrap`).
    let seeds = || format!("aws:PrincipalTag/{SEED}");
    let mut statements = vec![
        Statement::allow(["ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:UpdateService"])
            .on([of("service")]),
        Statement::allow(["ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment"])
            .on([of("service"), of("service-deployment")]),
        Statement::allow(["ecs:DescribeServiceRevisions"]).on([of("service"), of("service-revision")]),
        Statement::allow(["ecs:DescribeTasks", "ecs:StopTask"]).on([of("task")]),
        in_cluster(Statement::allow(["ecs:ListTasks"]).on_all()),
        Statement::allow(["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"]).on_all(),
        in_cluster(Statement::allow(["ecs:RunTask"]).on(tasks.into_iter().map(task))),
        // A task by hand runs the image of another release than the stack's own definition names, and a rollback past
        // CloudFormation registers a revision of a service where the old one is gone.
        Statement::allow(["ecs:RegisterTaskDefinition"])
            .on([local("ecs", &format!("task-definition/{prefix}-*"))]),
        // A rollback past CloudFormation registers revisions of services, which have a role of their own too.
        Statement::allow(["iam:PassRole"]).on(roles).when(
            "StringEquals",
            "iam:PassedToService",
            ["ecs-tasks.amazonaws.com".into()],
        ),
    ];
    if !seed.is_empty() {
        let run = in_cluster(Statement::allow(["ecs:RunTask"]).on(seed.clone()));
        statements.push(run.when("StringEquals", seeds(), ["yes".into()]));
        let register = Statement::deny(["ecs:RegisterTaskDefinition"]).on(seed);
        statements.push(register.when("StringNotEquals", seeds(), ["yes".into()]));
    }
    statements
}

/// What a deployment looks at besides: images, targets, logs, alarms, and whether secrets have a value on record as fit.
fn around(config: &Config, names: EnvironmentNames<'_>) -> Vec<Statement<Shared>> {
    let (platform, prefix) = (&config.platform, names.prefix());
    vec![
        Statement::allow([
            "ecr:BatchGetImage",
            "ecr:DescribeImageScanFindings",
            "ecr:DescribeImages",
            // The configuration of an image says its platform; the manifest of a single one does not.
            "ecr:GetDownloadUrlForLayer",
        ])
        .on(repositories(config)),
        Statement::allow([
            // Errors of users on any path: what alarms would show, and whether they are there to show it.
            "cloudwatch:GetMetricStatistics",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ])
        .on_all(),
        Statement::allow(["logs:GetLogEvents"])
            .on([local("logs", &format!("log-group:/{}/{}/*", platform.name, escaped(DEPLOYS_TO)))]),
        Statement::allow(["cloudwatch:DescribeAlarms"])
            .on([local("cloudwatch", &format!("alarm:{prefix}-*"))]),
        // Never their values: a person who may read them checks their shape, and the version's stages keep what was found.
        Statement::allow(["secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"])
            .on([local("secretsmanager", &format!("secret:{}/*", escaped(SECRETS)))]),
    ]
}
