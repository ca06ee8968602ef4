//! The SDK clients of one account and region.

use aws_config::SdkConfig;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::meter::Meter;
use crate::patience::Patience;
use crate::transport::Transport;

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
    /// Counts the calls of all of them.
    pub meter: Meter,
    /// How long each of them goes on trying.
    pub patience: Patience,
    base: Base,
}

/// What every client is made of.
#[derive(Debug, Clone)]
struct Base {
    config: SdkConfig,
    transport: Transport,
    partition: RetryPartition,
}

/// A client of another SDK crate, made as those of [`Aws`] are: `client!(aws, aws_sdk_rds)`.
#[macro_export]
macro_rules! client {
    ($aws:expr, $sdk:ident) => {{
        let aws: &$crate::aws::Aws = $aws;
        $sdk::Client::from_conf(
            $sdk::config::Builder::from(aws.config())
                .http_client(aws.http_client())
                .retry_partition(aws.retry_partition())
                .interceptor(aws.meter.clone())
                .interceptor(aws.patience.clone())
                .build(),
        )
    }};
}

impl Aws {
    /// Clients with one configuration.
    ///
    /// Each call is retried for itself. The SDK's own bucket of retry tokens, shared by all calls, runs dry in a
    /// deployment that is throttled all the time, and then calls fail at their first refusal.
    #[must_use]
    pub(crate) fn new(config: &SdkConfig, transport: &Transport, patience: Patience) -> Self {
        let meter = Meter::default();
        let partition = RetryPartition::custom("deploy-ops").token_bucket(TokenBucket::unlimited()).build();
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(
                    $sdk::config::Builder::from(config)
                        .http_client(transport.clone())
                        .retry_partition(partition.clone())
                        .interceptor(meter.clone())
                        .interceptor(patience.clone())
                        .build(),
                )
            };
        }
        Self {
            cloudformation: client!(aws_sdk_cloudformation),
            cloudwatch: client!(aws_sdk_cloudwatch),
            logs: client!(aws_sdk_cloudwatchlogs),
            ecr: client!(aws_sdk_ecr),
            ecs: client!(aws_sdk_ecs),
            elb: client!(aws_sdk_elasticloadbalancingv2),
            s3: client!(aws_sdk_s3),
            secrets: client!(aws_sdk_secretsmanager),
            sts: client!(aws_sdk_sts),
            meter,
            patience,
            base: Base { config: config.clone(), transport: transport.clone(), partition },
        }
    }

    /// Region, credentials and time-outs of all clients, for [`client!`](crate::client).
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.base.config
    }

    /// What sends the requests of all clients, for [`client!`](crate::client).
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.base.transport.clone())
    }

    /// How the clients retry, for [`client!`](crate::client).
    #[must_use]
    pub fn retry_partition(&self) -> RetryPartition {
        self.base.partition.clone()
    }
}
