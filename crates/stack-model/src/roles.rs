//! The roles of containers: what their code may do, and what ECS may do to start them.

use cfn::iam::{Policy, PolicyDocument, Principal, Role, Statement};
use cfn::kind::{LogGroupArn, RoleArn, SecretArn};

use crate::scope::{Env, Scope, Template, Value};

/// The two roles of a task definition.
pub(crate) struct Roles {
    pub(crate) task: Value<RoleArn>,
    pub(crate) execution: Value<RoleArn>,
}

/// What the execution role must reach.
pub(crate) struct Needs {
    pub(crate) repository: String,
    pub(crate) log_group: Value<LogGroupArn>,
    pub(crate) secrets: Vec<Value<SecretArn>>,
}

/// `name` is the service's or the task's; `id` the same in the form of logical ids.
pub(crate) fn roles(t: &mut Template, scope: Scope<'_>, id: &str, name: &str, needs: Needs) -> Roles {
    let prefix = scope.names.prefix();
    // The code calls no AWS API. What it needs of AWS one day is granted here.
    let task = t.add(
        format!("{id}TaskRole"),
        Role {
            assume_role_policy_document: trust(),
            description: format!("Code of {name} in {prefix}"),
            max_session_duration: None,
            policies: Vec::new(),
            role_name: scope.names.task_role(name),
        },
    );
    let mut statements = vec![
        Statement::allow(["ecr:GetAuthorizationToken"]).on_all(),
        Statement::allow([
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        ])
        .on([repository_arn(&needs.repository)]),
        Statement::allow(["logs:CreateLogStream", "logs:PutLogEvents"]).on([needs.log_group.resource()]),
    ];
    if !needs.secrets.is_empty() {
        let secrets = needs.secrets.into_iter().map(Value::resource);
        statements.push(Statement::allow(["secretsmanager:GetSecretValue"]).on(secrets));
    }
    let execution = t.add(
        format!("{id}ExecutionRole"),
        Role {
            assume_role_policy_document: trust(),
            description: format!("Start of {name} in {prefix}"),
            max_session_duration: None,
            policies: vec![Policy {
                policy_document: PolicyDocument::new(statements),
                policy_name: "start-task".to_owned(),
            }],
            role_name: scope.names.execution_role(name),
        },
    );
    Roles { task: task.arn(), execution: execution.arn() }
}

fn repository_arn(repository: &str) -> Value<cfn::kind::PolicyResource> {
    Value::sub(format!(
        "arn:${{AWS::Partition}}:ecr:${{AWS::Region}}:${{AWS::AccountId}}:repository/{repository}"
    ))
}

/// ECS may hand the role to tasks of this account: the condition keeps it from doing so for somebody else's.
fn trust() -> PolicyDocument<Env> {
    PolicyDocument::new([Statement::allow(["sts:AssumeRole"])
        .by(Principal::Service("ecs-tasks.amazonaws.com"))
        .when("StringEquals", "aws:SourceAccount", [Value::account_id()])])
}
