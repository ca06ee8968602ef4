//! What AWS takes at most, and how much of it a template asks for.
//!
//! Numbers of resources, parameters and outputs, and the size of a template, are refused as it is finished
//! ([`crate::ModelError`]). What is here belongs to single resources, and AWS says so only in the middle of an operation. The
//! numbers are the default quotas: where one can be raised, the raised one is the account's, which a template cannot know.

mod measure;

pub(crate) use measure::{entries, of_type, rules};

use cfn::Document;
use serde_json::Value;

use measure::{Measure, measure};

/// A limit of AWS.
#[derive(Debug)]
pub struct Limit {
    /// What is counted.
    pub what: &'static str,
    /// How many there may be; characters of texts and policies.
    pub most: usize,
    /// What in the configuration decides about it.
    pub key: &'static str,
    /// Where AWS says so.
    pub source: &'static str,
    measure: Measure,
}

const fn limit(
    what: &'static str,
    most: usize,
    key: &'static str,
    source: &'static str,
    measure: Measure,
) -> Limit {
    Limit { what, most, key, source, measure }
}

const fn text(
    what: &'static str,
    most: usize,
    source: &'static str,
    kind: &'static str,
    property: &'static str,
) -> Limit {
    let key = "`name` of infra/platform.toml and the names under [services], [tasks] and infra/environments";
    limit(what, most, key, source, Measure::Text { kind, property })
}

const IAM: &str = "IAM user guide, reference_iam-quotas";
const ALB: &str = "Application Load Balancers guide, load-balancer-limits";
const CFN: &str = "CloudFormation user guide, cloudformation-limits";
const SERVICES: &str = "[services] of infra/platform.toml";

/// The limits that a template can break.
pub const LIMITS: &[Limit] = &[
    limit(
        "characters in the inline policies of a role",
        10_240,
        "[services], [tasks] and [secrets] of infra/platform.toml",
        IAM,
        Measure::InlinePolicies,
    ),
    limit(
        "characters in a managed policy",
        6_144,
        "[services] and [secrets] of infra/platform.toml",
        IAM,
        Measure::Policy { kind: "AWS::IAM::ManagedPolicy", property: "PolicyDocument" },
    ),
    limit(
        "characters in a trust policy",
        2_048,
        "[github] of infra/platform.toml",
        IAM,
        Measure::Policy { kind: "AWS::IAM::Role", property: "AssumeRolePolicyDocument" },
    ),
    limit(
        "rules of a load balancer",
        100,
        "`routes` under [services] of infra/platform.toml",
        ALB,
        Measure::Count("AWS::ElasticLoadBalancingV2::ListenerRule"),
    ),
    limit(
        "target groups of a load balancer",
        100,
        SERVICES,
        ALB,
        Measure::Count("AWS::ElasticLoadBalancingV2::TargetGroup"),
    ),
    limit(
        "targets of a load balancer while all services are rolled out at once",
        1_000,
        "`desired_count` under [ecs] of the environment's file",
        ALB,
        Measure::Targets,
    ),
    limit(
        "path patterns in a rule",
        5,
        "`paths` of a route under [services] of infra/platform.toml",
        ALB,
        Measure::PathPatterns,
    ),
    // Translations of the page have 5 or 6.
    limit(
        "wildcards in the paths of a rule",
        5,
        "`paths` of a route under [services] of infra/platform.toml",
        ALB,
        Measure::Wildcards,
    ),
    limit(
        "certificates of a listener besides the default one",
        25,
        "the domains of infra/environments",
        ALB,
        Measure::Entries {
            kind: "AWS::ElasticLoadBalancingV2::ListenerCertificate",
            property: "Certificates",
        },
    ),
    limit(
        "rules that let into a security group",
        60,
        "[services] and their `calls`, `database` and `cache` of infra/platform.toml",
        "VPC user guide, amazon-vpc-limits",
        Measure::Rules { inside: "SecurityGroupIngress", beside: "AWS::EC2::SecurityGroupIngress" },
    ),
    limit(
        "rules that let out of a security group",
        60,
        "[services] and their `calls` of infra/platform.toml",
        "VPC user guide, amazon-vpc-limits",
        Measure::Rules { inside: "SecurityGroupEgress", beside: "AWS::EC2::SecurityGroupEgress" },
    ),
    limit(
        "dynamic references",
        60,
        "[secrets] of infra/platform.toml",
        "CloudFormation user guide, dynamic-references",
        Measure::DynamicReferences,
    ),
    limit("mappings", 200, "nothing: templates of this version have none", CFN, Measure::Mappings),
    limit(
        "attributes of a mapping",
        200,
        "nothing: templates of this version have none",
        CFN,
        Measure::MappingAttributes,
    ),
    limit("characters in the description", 1_024, "`name` of infra/platform.toml", CFN, Measure::Description),
    text("characters in a role's name", 64, IAM, "AWS::IAM::Role", "RoleName"),
    text(
        "characters in a load balancer's name",
        32,
        "API reference, CreateLoadBalancer",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Name",
    ),
    text(
        "characters in a cache's identifier",
        40,
        "API reference, CreateReplicationGroup",
        "AWS::ElastiCache::ReplicationGroup",
        "ReplicationGroupId",
    ),
    text(
        "characters in a database's identifier",
        63,
        "API reference, CreateDBInstance",
        "AWS::RDS::DBInstance",
        "DBInstanceIdentifier",
    ),
    text(
        "characters in a bucket's name",
        63,
        "S3 user guide, bucketnamingrules",
        "AWS::S3::Bucket",
        "BucketName",
    ),
    text(
        "characters in an alarm's name",
        255,
        "API reference, PutMetricAlarm",
        "AWS::CloudWatch::Alarm",
        "AlarmName",
    ),
];

/// Roles that an account takes: by itself, and after a request for more (IAM user guide, reference_iam-quotas).
pub const ROLES_OF_ACCOUNT: [usize; 2] = [1_000, 5_000];

/// Roles that all these templates together make in the account.
#[must_use]
pub fn roles(templates: &[Document]) -> usize {
    let types = templates.iter().flat_map(Document::resource_types);
    types.filter(|(_, kind)| *kind == "AWS::IAM::Role").count()
}

/// A limit, and the most that a template asks for of it.
#[derive(Debug)]
pub struct Usage {
    /// The limit.
    pub limit: &'static Limit,
    /// Logical id of the resource that asks for the most; of several together, their type.
    pub place: String,
    /// How much it asks for.
    pub found: usize,
}

impl Usage {
    /// Whether AWS would refuse it.
    #[must_use]
    pub const fn is_too_much(&self) -> bool {
        self.found > self.limit.most
    }
}

/// What a template asks for of every limit that it touches.
#[must_use]
pub fn usage(document: &Document) -> Vec<Usage> {
    usage_of(document.json())
}

/// The same of a template as JSON.
#[must_use]
pub fn usage_of(template: &Value) -> Vec<Usage> {
    LIMITS
        .iter()
        .filter_map(|limit| {
            let found = measure(&limit.measure, template);
            let (place, found) = found.into_iter().max_by_key(|(_, found)| *found)?;
            Some(Usage { limit, place, found })
        })
        .collect()
}
