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
        Statement::allow(["cloudformation:CreateChangeSet"]).on(own()).when(
            "StringEquals",
            "cloudformation:RoleArn",
            [cloudformation.clone().text()],
        ),
        Statement::allow([
            "cloudformation:CancelUpdateStack",
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStackEvents",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetTemplate",
            "cloudformation:ListStackResources",
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
    let cluster = || local("ecs", &format!("cluster/{prefix}"));
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
        Statement::allow(["ecs:DescribeClusters"]).on([cluster()]),
        in_cluster(Statement::allow(["ecs:ListTasks"]).on_all()),
        Statement::allow(["ecs:DescribeTaskDefinition"]).on_all(),
        in_cluster(Statement::allow(["ecs:RunTask"]).on(tasks(config, environment))),
        Statement::allow(["iam:PassRole"]).on(roles).when(
            "StringEquals",
            "iam:PassedToService",
            ["ecs-tasks.amazonaws.com".into()],
        ),
    ]
}

fn tasks(config: &Config, environment: &Environment) -> Vec<Value<PolicyResource>> {
    let names = config.names(environment);
    let tasks = config.platform.tasks.keys();
    tasks.map(|task| local("ecs", &format!("task-definition/{}:*", names.task_family(task)))).collect()
}

/// What a deployment looks at besides: images, targets, logs, alarms, and whether secrets have been entered.
fn around(config: &Config, environment: &Environment) -> Vec<Statement<Shared>> {
    let (platform, name) = (&config.platform, &environment.name);
    let prefix = config.names(environment).prefix();
    vec![
        Statement::allow(["ecr:BatchGetImage", "ecr:DescribeImages"]).on(repositories(config)),
        Statement::allow([
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ])
        .on_all(),
        Statement::allow(["logs:FilterLogEvents", "logs:GetLogEvents"])
            .on([local("logs", &format!("log-group:/{}/{name}/*", platform.name))]),
        Statement::allow(["cloudwatch:DescribeAlarms"])
            .on([local("cloudwatch", &format!("alarm:{prefix}-*"))]),
        Statement::allow(["secretsmanager:DescribeSecret"])
            .on([local("secretsmanager", &format!("secret:{}/*", environment.secrets_prefix))]),
    ]
}
