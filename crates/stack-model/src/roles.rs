//! The roles of containers: what their code may do, and what ECS may do to start them.

use std::collections::BTreeSet;

use cfn::iam::{Policy, PolicyDocument, Principal, Role, Statement};
use cfn::kind::{LogGroupArn, ManagedPolicyArn, RoleArn, SecretArn};
use env_config::ServiceName;

use crate::scope::{Env, Scope, Template, Value};

/// Signing in to ECR, which knows no resources.
pub(crate) const SIGN_IN: &str = "ecr:GetAuthorizationToken";
/// What starting any task takes: its image and its log.
pub(crate) const START: [&str; 4] =
    ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "logs:CreateLogStream", "logs:PutLogEvents"];
/// What starting a task with secrets takes besides.
pub(crate) const READ_SECRET: &str = "secretsmanager:GetSecretValue";

/// What an execution role must reach.
pub(crate) struct Needs {
    pub(crate) repositories: BTreeSet<String>,
    pub(crate) log_groups: Vec<Value<LogGroupArn>>,
    pub(crate) secrets: Vec<Value<SecretArn>>,
}

/// What the code of a service may do. It calls no AWS API; what it needs of AWS one day is granted here, and allowed by the
/// boundary in the shared stack (`identity/boundary.rs`).
pub(crate) fn task_role(
    t: &mut Template,
    scope: Scope<'_>,
    name: &ServiceName,
    boundary: &Value<ManagedPolicyArn>,
) -> Value<RoleArn> {
    let role = role(scope.names.task_role(name.as_str()), Vec::new(), boundary);
    t.add(format!("{}TaskRole", name.pascal_case()), role).arn()
}

/// What ECS may do to start the containers of a service, or of the one-off tasks. `id` is `name` in the form of logical
/// ids.
pub(crate) fn execution_role(
    t: &mut Template,
    scope: Scope<'_>,
    id: &str,
    name: &str,
    needs: Needs,
    boundary: &Value<ManagedPolicyArn>,
) -> Value<RoleArn> {
    let mut actions = START.to_vec();
    if !needs.secrets.is_empty() {
        actions.push(READ_SECRET);
    }
    // An action and a resource of different services never meet, so one statement does for all.
    let resources = needs
        .repositories
        .iter()
        .map(|repository| repository_arn(repository))
        .chain(needs.log_groups.into_iter().map(Value::resource))
        .chain(needs.secrets.into_iter().map(Value::resource));
    let policy = Policy {
        policy_document: PolicyDocument::new([
            Statement::allow([SIGN_IN]).on_all(),
            Statement::allow(actions).on(resources),
        ]),
        policy_name: "start-task".to_owned(),
    };
    t.add(format!("{id}ExecutionRole"), role(scope.names.execution_role(name), vec![policy], boundary)).arn()
}

fn role(role_name: String, policies: Vec<Policy<Env>>, boundary: &Value<ManagedPolicyArn>) -> Role<Env> {
    Role {
        assume_role_policy_document: trust(),
        description: None,
        managed_policy_arns: Vec::new(),
        max_session_duration: None,
        permissions_boundary: Some(boundary.clone()),
        policies,
        role_name,
        tags: Vec::new(),
    }
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
