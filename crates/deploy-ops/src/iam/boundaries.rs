//! What a deploy role must not be able to do to another environment: tried, each as one call.

use std::future::Future;
use std::pin::Pin;

use aws_sdk_cloudformation::operation::create_change_set::builders::CreateChangeSetFluentBuilder;
use aws_sdk_cloudformation::types::ChangeSetType;
use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_ecs::types::{self as ecs, TaskOverride};
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_s3::primitives::ByteStream;
use env_config::{Environment, SharedNames};

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::session::EnvironmentSession;

type Answer = Pin<Box<dyn Future<Output = Result<(), CallError>>>>;

/// A call that has to be denied, or, where the environment is the role's own, allowed.
pub(super) struct Attempt {
    /// In words.
    pub(super) what: String,
    /// The call.
    pub(super) call: Box<dyn Fn(&Aws) -> Answer>,
}

/// Everything that is tried on `other`: reading and changing its stack, services, tasks and secrets, tagging what it has
/// anew, and taking its roles; and on the images, which all environments share.
pub(super) fn attempts(session: &EnvironmentSession, other: &Environment) -> Vec<Attempt> {
    let platform = &session.config.platform;
    let (account, region) = (platform.account_id.to_string(), platform.region.to_string());
    let names = session.config.names(other);
    let (stack, cluster) = (other.stack_name.to_string(), names.cluster());
    let service = platform.services.keys().next().map(ToString::to_string).unwrap_or_default();
    let task = format!("arn:aws:ecs:{region}:{account}:task/{cluster}/0123456789abcdef0123456789abcdef");
    let family = platform.tasks.keys().next().map(|task| names.task_family(task)).unwrap_or_default();
    let log_group = platform.services.keys().next().map(|it| names.service_log_group(it)).unwrap_or_default();
    let secret = platform.secrets.keys().next().map(|it| other.secret_path(it)).unwrap_or_default();
    let role_of = |environment: &Environment| {
        let role = SharedNames::new(platform).cloudformation_role(&environment.name);
        format!("arn:aws:iam::{account}:role/{role}")
    };
    let (own_role, other_role) = (role_of(&session.environment), role_of(other));
    let own_stack = session.environment.stack_name.to_string();
    let own_names = session.config.names(&session.environment);
    let own_cluster = own_names.cluster();
    let own_family = platform.tasks.keys().next().map(|task| own_names.task_family(task)).unwrap_or_default();
    let task_role = format!("arn:aws:iam::{account}:role/{}", names.task_role(&service));
    let balancer = format!(
        "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{cluster}/0123456789abcdef"
    );
    let service_arn = format!("arn:aws:ecs:{region}:{account}:service/{cluster}/{service}");
    let bucket = SharedNames::new(platform).template_bucket(&platform.account_id);
    let topic = format!("arn:aws:sns:{region}:{account}:{}", names.alarm_topic());
    let repository = crate::inputs::repositories(&session.config).into_values().next().unwrap_or_default();
    // One line per call: what, on what, and the call with clones of the names it needs.
    macro_rules! attempts {
        ($($operation:literal on $on:ident: |$aws:ident $(, $name:ident)*| $call:expr;)+) => {
            vec![$({
                let what = format!("{} on {}", $operation, $on);
                $(let $name = $name.clone();)*
                Attempt {
                    what,
                    call: Box::new(move |$aws: &Aws| {
                        let call = $call;
                        Box::pin(async move { call.send().await.called($operation).map(drop) })
                    }),
                }
            }),+]
        };
    }
    attempts! {
        "sns:Subscribe" on topic: |aws, topic| {
            let sns = crate::client!(aws, aws_sdk_sns);
            sns.subscribe().topic_arn(&topic).protocol("email").endpoint("somebody@example.com")
        };
        "cloudformation:DescribeStacks" on stack:
            |aws, stack| aws.cloudformation.describe_stacks().stack_name(&stack);
        "cloudformation:GetTemplate" on stack:
            |aws, stack| aws.cloudformation.get_template().stack_name(&stack);
        "cloudformation:CreateChangeSet" on stack: |aws, stack, own_role| {
            create_change_set(aws, &stack, &own_role)
        };
        "cloudformation:CreateChangeSet" on other_role: |aws, own_stack, other_role| {
            create_change_set(aws, &own_stack, &other_role)
        };
        "cloudformation:ExecuteChangeSet" on stack: |aws, stack| {
            aws.cloudformation.execute_change_set().stack_name(&stack).change_set_name("trespass")
        };
        "cloudformation:UpdateStack" on own_stack:
            |aws, own_stack| aws.cloudformation.update_stack().stack_name(&own_stack).use_previous_template(true);
        "s3:PutObject" on stack: |aws, bucket, stack| {
            aws.s3.put_object().bucket(&bucket).key(format!("{stack}/trespass")).body(ByteStream::from_static(b"{}"))
        };
        "cloudformation:CancelUpdateStack" on stack:
            |aws, stack| aws.cloudformation.cancel_update_stack().stack_name(&stack);
        "cloudformation:ContinueUpdateRollback" on stack:
            |aws, stack| aws.cloudformation.continue_update_rollback().stack_name(&stack);
        "cloudformation:UpdateTerminationProtection" on stack: |aws, stack| {
            let call = aws.cloudformation.update_termination_protection().stack_name(&stack);
            call.enable_termination_protection(false)
        };
        "cloudformation:DeleteStack" on stack:
            |aws, stack| aws.cloudformation.delete_stack().stack_name(&stack);
        "cloudformation:DeleteStack" on own_stack:
            |aws, own_stack| aws.cloudformation.delete_stack().stack_name(&own_stack);
        "ecs:DescribeServices" on cluster:
            |aws, cluster, service| aws.ecs.describe_services().cluster(&cluster).services(&service);
        "ecs:UpdateService" on cluster: |aws, cluster, service| {
            aws.ecs.update_service().cluster(&cluster).service(&service).desired_count(0)
        };
        "ecs:ListTasks" on cluster: |aws, cluster| aws.ecs.list_tasks().cluster(&cluster);
        "ecs:DescribeTasks" on task:
            |aws, cluster, task| aws.ecs.describe_tasks().cluster(&cluster).tasks(&task);
        "ecs:StopTask" on task: |aws, cluster, task| aws.ecs.stop_task().cluster(&cluster).task(&task);
        "ecs:RunTask" on family:
            |aws, cluster, family| aws.ecs.run_task().cluster(&cluster).task_definition(&family);
        "ecs:RunTask" on task_role: |aws, own_cluster, own_family, task_role| {
            let call = aws.ecs.run_task().cluster(&own_cluster).task_definition(&own_family);
            call.overrides(TaskOverride::builder().task_role_arn(&task_role).build())
        };
        "ecs:RegisterTaskDefinition" on family: |aws, family| {
            aws.ecs.register_task_definition().family(&family).container_definitions(container())
        };
        "ecs:RegisterTaskDefinition" on task_role: |aws, own_family, task_role| {
            let call = aws.ecs.register_task_definition().family(&own_family).task_role_arn(&task_role);
            call.container_definitions(container())
        };
        "ecs:TagResource" on service_arn: |aws, service_arn| {
            let tag = ecs::Tag::builder().key("Environment").value("trespass").build();
            aws.ecs.tag_resource().resource_arn(&service_arn).tags(tag)
        };
        "ecs:UntagResource" on service_arn: |aws, service_arn| {
            aws.ecs.untag_resource().resource_arn(&service_arn).tag_keys("Environment")
        };
        "ecs:DeleteService" on service_arn: |aws, cluster, service| {
            aws.ecs.delete_service().cluster(&cluster).service(&service).force(true)
        };
        "elasticloadbalancing:AddTags" on balancer: |aws, balancer| {
            let tag = elb::Tag::builder().key("Environment").value("trespass").build();
            aws.elb.add_tags().resource_arns(&balancer).tags(tag)
        };
        "ecr:BatchDeleteImage" on repository: |aws, repository| {
            let image = ImageIdentifier::builder().image_tag("trespass").build();
            aws.ecr.batch_delete_image().repository_name(&repository).image_ids(image)
        };
        "ecr:PutImage" on repository: |aws, repository| {
            aws.ecr.put_image().repository_name(&repository).image_manifest("{}").image_tag("trespass")
        };
        "logs:DeleteLogGroup" on log_group:
            |aws, log_group| aws.logs.delete_log_group().log_group_name(&log_group);
        "logs:GetLogEvents" on log_group: |aws, log_group| {
            aws.logs.get_log_events().log_group_name(&log_group).log_stream_name("any")
        };
        "secretsmanager:DescribeSecret" on secret:
            |aws, secret| aws.secrets.describe_secret().secret_id(&secret);
        "secretsmanager:GetSecretValue" on secret:
            |aws, secret| aws.secrets.get_secret_value().secret_id(&secret);
        "secretsmanager:PutSecretValue" on secret:
            |aws, secret| aws.secrets.put_secret_value().secret_id(&secret).secret_string("{}");
        "secretsmanager:DeleteSecret" on secret:
            |aws, secret| aws.secrets.delete_secret().secret_id(&secret);
    }
}

fn create_change_set(aws: &Aws, stack: &str, role: &str) -> CreateChangeSetFluentBuilder {
    aws.cloudformation
        .create_change_set()
        .stack_name(stack)
        .change_set_name("trespass")
        .change_set_type(ChangeSetType::Update)
        .use_previous_template(true)
        .role_arn(role)
}

fn container() -> ecs::ContainerDefinition {
    ecs::ContainerDefinition::builder().name("trespass").image("trespass").build()
}
