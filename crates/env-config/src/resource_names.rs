//! Physical names of what the stacks create: one place, so that a test can prove that no two environments collide.

use crate::{
    names::{AccountId, EnvironmentName, PlatformName, ServiceName, TaskName},
    platform::Platform,
};

/// Names of what exists once.
#[derive(Debug, Clone, Copy)]
pub struct SharedNames<'a> {
    platform: &'a PlatformName,
}

impl<'a> SharedNames<'a> {
    /// Names of the platform.
    pub fn new(platform: &'a Platform) -> Self {
        Self { platform: &platform.name }
    }

    /// Bucket of templates that are too long to send. Bucket names are unique in the world, hence the account.
    pub fn template_bucket(self, account: &AccountId) -> String {
        format!("{}-templates-{account}", self.platform)
    }

    /// Role that pushes images: `{platform}-build`.
    pub fn build_role(self) -> String {
        format!("{}-build", self.platform)
    }

    /// Role that deploys to an environment: `{platform}-{environment}-deploy`.
    pub fn deploy_role(self, environment: &EnvironmentName) -> String {
        format!("{}-{environment}-deploy", self.platform)
    }

    /// Managed policy of all deploy roles: `{platform}-deploy`.
    pub fn deploy_policy(self) -> String {
        format!("{}-deploy", self.platform)
    }

    /// Managed policy of all roles that CloudFormation acts as, one `part` of what these may do:
    /// `{platform}-cloudformation-{part}`.
    pub fn cloudformation_policy(self, part: &str) -> String {
        format!("{}-cloudformation-{part}", self.platform)
    }

    /// Managed policy with what the roles of containers may do at most: `{platform}-{environment}-boundary`.
    pub fn boundary(self, environment: &EnvironmentName) -> String {
        format!("{}-{environment}-boundary", self.platform)
    }

    /// Role that CloudFormation acts as: `{platform}-{environment}-cloudformation`.
    pub fn cloudformation_role(self, environment: &EnvironmentName) -> String {
        format!("{}-{environment}-cloudformation", self.platform)
    }
}

/// Names in one environment.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentNames<'a> {
    platform: &'a PlatformName,
    environment: &'a str,
}

impl<'a> EnvironmentNames<'a> {
    /// Names of an environment of the platform.
    pub fn new(platform: &'a Platform, environment: &'a EnvironmentName) -> Self {
        Self { platform: &platform.name, environment: environment.as_str() }
    }

    /// The names of all environments at once, with `variable` in place of the environment's: for policies that several
    /// environments share.
    pub fn of_all(platform: &'a Platform, variable: &'a str) -> Self {
        Self { platform: &platform.name, environment: variable }
    }

    /// `{platform}-{environment}`, the start of most names. At most 32 characters.
    pub fn prefix(self) -> String {
        format!("{}-{}", self.platform, self.environment)
    }

    /// ECS cluster.
    pub fn cluster(self) -> String {
        self.prefix()
    }

    /// Load balancer.
    pub fn load_balancer(self) -> String {
        self.prefix()
    }

    /// RDS instance identifier.
    pub fn database(self) -> String {
        self.prefix()
    }

    /// ElastiCache replication group id (AWS: at most 40 characters).
    pub fn cache(self) -> String {
        self.prefix()
    }

    /// ElastiCache user that services authenticate as.
    pub fn cache_user(self) -> String {
        format!("{}-user", self.prefix())
    }

    /// ElastiCache user that clients are who do not say who they are.
    pub fn cache_default_user(self) -> String {
        format!("{}-default", self.prefix())
    }

    /// ElastiCache group of the two users.
    pub fn cache_users(self) -> String {
        self.prefix()
    }

    /// WAF web ACL.
    pub fn web_acl(self) -> String {
        self.prefix()
    }

    /// Log group of the firewall; AWS requires the prefix `aws-waf-logs-`.
    pub fn waf_log_group(self) -> String {
        format!("aws-waf-logs-{}", self.prefix())
    }

    /// Bucket of the load balancer's access logs. Bucket names are unique in the world, hence the account.
    pub fn access_log_bucket(self, account: &AccountId) -> String {
        format!("{}-access-logs-{account}", self.prefix())
    }

    /// SNS topic of the alarms.
    pub fn alarm_topic(self) -> String {
        format!("{}-alarms", self.prefix())
    }

    /// ECS service, unique within the cluster: the name of the service.
    pub fn service(self, service: &ServiceName) -> String {
        service.to_string()
    }

    /// Task definition family of a service.
    pub fn service_family(self, service: &ServiceName) -> String {
        format!("{}-{service}", self.prefix())
    }

    /// Task definition family of a one-off task.
    pub fn task_family(self, task: &TaskName) -> String {
        format!("{}-{task}", self.prefix())
    }

    /// Log group of a service: `/{platform}/{environment}/{service}`.
    pub fn service_log_group(self, service: &ServiceName) -> String {
        format!("/{}/{}/{service}", self.platform, self.environment)
    }

    /// Log group of a one-off task.
    pub fn task_log_group(self, task: &TaskName) -> String {
        format!("/{}/{}/{task}", self.platform, self.environment)
    }

    /// Role that the containers of a service or of a one-off task act as.
    pub fn task_role(self, name: &str) -> String {
        format!("{}-{name}-task", self.prefix())
    }

    /// Role that ECS uses to start the containers of a service or of a one-off task.
    pub fn execution_role(self, name: &str) -> String {
        format!("{}-{name}-execution", self.prefix())
    }

    /// Alarm about a service: `{platform}-{environment}-{service}-{what}`.
    pub fn service_alarm(self, service: &ServiceName, what: &str) -> String {
        format!("{}-{service}-{what}", self.prefix())
    }

    /// Alarm about the environment: `{platform}-{environment}-{what}`.
    pub fn alarm(self, what: &str) -> String {
        format!("{}-{what}", self.prefix())
    }
}
