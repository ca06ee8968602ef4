//! The role of workflows that deploy to one environment: what the tool calls, on what it calls it on.

use cfn::iam::{Policy, PolicyDocument, Role, Statement};
use cfn::kind::{OidcProviderArn, PolicyResource, RoleArn};
use env_config::{Config, Environment, SharedNames};

use super::{global, local, repositories, trust};
use crate::shared::{Shared, Value};

/// How long a workflow may be signed in as a deploy role, in seconds: infrastructure, one-off tasks and services, each up
/// to its limit, and the services back. A test of the workflows adds them up.
pub const DEPLOY_SESSION_SECS: u32 = 4 * 60 * 60;

pub(super) fn role(
    config: &Config,
    environment: &Environment,
    provider: &Value<OidcProviderArn>,
    cloudformation: &Value<RoleArn>,
) -> Role<Shared> {
    let name = &environment.name;
    let statements = [
        stack(config, environment, cloudformation),
        containers(config, environment),
        around(config, environment),
    ];
    Role {
        assume_role_policy_document: trust(
            provider,
            config.platform.github.environment_subjects(name.as_str()),
        ),
        description: Some(format!("Deploys {} to {name}", config.platform.name)),
        max_session_duration: Some(DEPLOY_SESSION_SECS),
        permissions_boundary: None,
        policies: vec![Policy {
            policy_document: PolicyDocument::new(statements.into_iter().flatten()),
            policy_name: "deploy".to_owned(),
        }],
        role_name: SharedNames::new(&config.platform).deploy_role(name),
    }
}

/// The stack, changed by CloudFormation's own role only.
fn stack(
    config: &Config,
    environment: &Environment,
    cloudformation: &Value<RoleArn>,
) -> Vec<Statement<Shared>> {
    let own = || [local("cloudformation", &format!("stack/{}/*", environment.stack_name))];
    let shared = local("cloudformation", &format!("stack/{}/*", config.platform.shared_stack_name));
    let bucket = SharedNames::new(&config.platform).template_bucket(&config.platform.account_id);
    let templates = Value::sub(format!("arn:${{AWS::Partition}}:s3:::{bucket}/{}/*", environment.stack_name));
    vec![
        Statement::allow(["cloudformation:CreateChangeSet", "cloudformation:DeleteStack"]).on(own()).when(
            "StringEquals",
            "cloudformation:RoleArn",
            [cloudformation.clone().text()],
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
        Statement::allow(["iam:PassRole"]).on([cloudformation.clone().resource()]).when(
            "StringEquals",
            "iam:PassedToService",
            ["cloudformation.amazonaws.com".into()],
        ),
    ]
}

/// Services are watched and, past CloudFormation, rolled back; one-off tasks are run.
fn containers(config: &Config, environment: &Environment) -> Vec<Statement<Shared>> {
    let prefix = config.names(environment).prefix();
    let in_cluster = |statement: Statement<Shared>| {
        let arn =
            format!("arn:${{AWS::Partition}}:ecs:${{AWS::Region}}:${{AWS::AccountId}}:cluster/{prefix}");
        statement.when("ArnEquals", "ecs:cluster", [Value::sub(arn)])
    };
    let of = |kind: &str| local("ecs", &format!("{kind}/{prefix}/*"));
    let roles = ["task", "execution"].map(|kind| global("iam", &format!("role/{prefix}-*-{kind}")));
    vec![
        Statement::allow(["ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:UpdateService"])
            .on([of("service")]),
        Statement::allow(["ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment"])
            .on([of("service"), of("service-deployment")]),
        Statement::allow(["ecs:DescribeServiceRevisions"]).on([of("service"), of("service-revision")]),
        Statement::allow(["ecs:DescribeTasks", "ecs:StopTask"]).on([of("task")]),
        in_cluster(Statement::allow(["ecs:ListTasks"]).on_all()),
        Statement::allow(["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"]).on_all(),
        in_cluster(Statement::allow(["ecs:RunTask"]).on(tasks(config, environment))),
        // A task by hand runs the image of another release than the stack's own definition names.
        Statement::allow(["ecs:RegisterTaskDefinition"])
            .on(services(config, environment).into_iter().chain(tasks(config, environment))),
        // A rollback past CloudFormation registers revisions of services, which have a role of their own too.
        Statement::allow(["iam:PassRole"]).on(roles).when(
            "StringEquals",
            "iam:PassedToService",
            ["ecs-tasks.amazonaws.com".into()],
        ),
    ]
}

/// The families of the services: past CloudFormation, a rollback registers a revision where the old one is gone.
fn services(config: &Config, environment: &Environment) -> Vec<Value<PolicyResource>> {
    let names = config.names(environment);
    let services = config.platform.services.keys();
    services.map(|name| local("ecs", &format!("task-definition/{}:*", names.service_family(name)))).collect()
}

/// What deployments run: the seed task only where they seed. Elsewhere it makes the first administrator, once and by a
/// person (`bootstrap`).
fn tasks(config: &Config, environment: &Environment) -> Vec<Value<PolicyResource>> {
    let names = config.names(environment);
    let tasks = config.platform.tasks.keys();
    let tasks = tasks.filter(|task| environment.seed_on_deploy || task.as_str() != "seed");
    tasks.map(|task| local("ecs", &format!("task-definition/{}:*", names.task_family(task)))).collect()
}

/// What a deployment looks at besides: images, targets, logs, alarms, and whether secrets have been entered well.
fn around(config: &Config, environment: &Environment) -> Vec<Statement<Shared>> {
    let (platform, name) = (&config.platform, &environment.name);
    let prefix = config.names(environment).prefix();
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
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ])
        .on_all(),
        Statement::allow(["logs:GetLogEvents"])
            .on([local("logs", &format!("log-group:/{}/{name}/*", platform.name))]),
        Statement::allow(["cloudwatch:DescribeAlarms"])
            .on([local("cloudwatch", &format!("alarm:{prefix}-*"))]),
        // Values are read to check their shape before tasks start with them. Whoever runs the tasks that get them could
        // read them anyway; entering one takes another role.
        Statement::allow(["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"])
            .on([local("secretsmanager", &format!("secret:{}/*", environment.secrets_prefix))]),
    ]
}
