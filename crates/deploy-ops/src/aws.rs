//! The SDK clients of one account and region.

use aws_config::SdkConfig;

/// One client per AWS service that the pipeline calls.
#[derive(Debug, Clone)]
pub struct Aws {
    /// CloudFormation: the single writer of what runs.
    pub cloudformation: aws_sdk_cloudformation::Client,
    /// CloudWatch: deployment alarms.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// CloudWatch Logs: what tasks wrote.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// Container registry: digests.
    pub ecr: aws_sdk_ecr::Client,
    /// ECS: services, tasks, deployments.
    pub ecs: aws_sdk_ecs::Client,
    /// Load balancers: target health.
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    /// S3: templates that are too long to send.
    pub s3: aws_sdk_s3::Client,
    /// Secrets Manager: whether secrets have values of the right shape.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// STS: who is calling.
    pub sts: aws_sdk_sts::Client,
}

impl Aws {
    /// Clients with one configuration.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            cloudformation: aws_sdk_cloudformation::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            ecr: aws_sdk_ecr::Client::new(config),
            ecs: aws_sdk_ecs::Client::new(config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(config),
            s3: aws_sdk_s3::Client::new(config),
            secrets: aws_sdk_secretsmanager::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
        }
    }
}
