//! What AWS takes at most, and how much of it a template asks for.
//!
//! Numbers of resources, parameters and outputs, and the size of a template, are refused as it is finished (`cfn`). What is
//! here belongs to single resources, and AWS says so only in the middle of an operation. The numbers are the default
//! quotas: where one can be raised, the raised one is the account's, which a template cannot know.

use cfn::Document;
use serde_json::Value;

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

/// How a resource is measured.
#[derive(Debug)]
enum Measure {
    /// Characters of all inline policies of a role, without white space.
    InlinePolicies,
    /// Characters of the document at a property, without white space.
    Policy { kind: &'static str, property: &'static str },
    /// Resources of one type.
    Count(&'static str),
    /// Entries of the list at a property.
    Entries { kind: &'static str, property: &'static str },
    /// Path patterns of a listener rule.
    PathPatterns,
    /// Rules of a security group: written in it and added to it, in one direction.
    Rules { inside: &'static str, beside: &'static str },
    /// Tasks of all services with a target group, at the peak of a rollout.
    Targets,
    /// Characters of a text at a property.
    Text { kind: &'static str, property: &'static str },
    /// Dynamic references in the whole template.
    DynamicReferences,
    /// Characters of the description.
    Description,
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
    let template = document.json();
    LIMITS
        .iter()
        .filter_map(|limit| {
            let found = measure(&limit.measure, template);
            let (place, found) = found.into_iter().max_by_key(|(_, found)| *found)?;
            Some(Usage { limit, place, found })
        })
        .collect()
}

fn of_type<'a>(template: &'a Value, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    resources
        .filter(move |(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id, &resource["Properties"]))
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn measure(measure: &Measure, template: &Value) -> Vec<(String, usize)> {
    match *measure {
        Measure::InlinePolicies => of_type(template, "AWS::IAM::Role")
            .map(|(id, role)| {
                let documents = entries(&role["Policies"]).map(|policy| &policy["PolicyDocument"]);
                (id.clone(), documents.map(characters).sum())
            })
            .collect(),
        Measure::Policy { kind, property } => {
            of_type(template, kind).map(|(id, found)| (id.clone(), characters(&found[property]))).collect()
        }
        Measure::Count(kind) => vec![(kind.to_owned(), of_type(template, kind).count())],
        Measure::Entries { kind, property } => of_type(template, kind)
            .map(|(id, found)| (id.clone(), entries(&found[property]).count()))
            .collect(),
        Measure::PathPatterns => of_type(template, "AWS::ElasticLoadBalancingV2::ListenerRule")
            .map(|(id, rule)| {
                let conditions = entries(&rule["Conditions"]);
                let values = conditions.flat_map(|one| entries(&one["PathPatternConfig"]["Values"]));
                (id.clone(), values.count())
            })
            .collect(),
        Measure::Rules { inside, beside } => of_type(template, "AWS::EC2::SecurityGroup")
            .map(|(id, group)| {
                let added = of_type(template, beside).filter(|(_, rule)| names(&rule["GroupId"], id));
                (id.clone(), entries(&group[inside]).count() + added.count())
            })
            .collect(),
        Measure::Targets => vec![("AWS::ECS::Service".to_owned(), targets(template))],
        Measure::Text { kind, property } => of_type(template, kind)
            .filter_map(|(id, found)| Some((id.clone(), found[property].as_str()?.chars().count())))
            .collect(),
        Measure::DynamicReferences => {
            vec![("Resources".to_owned(), template.to_string().matches("{{resolve:").count())]
        }
        Measure::Description => {
            let text = template["Description"].as_str().unwrap_or_default();
            vec![("Description".to_owned(), text.chars().count())]
        }
    }
}

/// Whether a value is a reference to the resource `id`.
fn names(value: &Value, id: &str) -> bool {
    value["Ref"] == id || value["Fn::GetAtt"][0] == id
}

fn targets(template: &Value) -> usize {
    let public = of_type(template, "AWS::ECS::Service")
        .filter(|(_, service)| entries(&service["LoadBalancers"]).next().is_some());
    public
        .map(|(_, service)| {
            let desired = service["DesiredCount"].as_u64().unwrap_or(0);
            let most = service["DeploymentConfiguration"]["MaximumPercent"].as_u64().unwrap_or(200);
            usize::try_from(desired * most / 100).unwrap_or(usize::MAX)
        })
        .sum()
}

/// Characters that IAM counts: those of the document without white space, with what CloudFormation puts in for references.
fn characters(document: &Value) -> usize {
    match document {
        Value::Object(map) if map.len() == 1 => match map.iter().next() {
            Some((function, argument)) if function == "Ref" || function.starts_with("Fn::") => {
                2 + filled_in(function, argument)
            }
            _ => fields(map),
        },
        Value::Object(map) => fields(map),
        Value::Array(items) => 1 + items.len().max(1) + items.iter().map(characters).sum::<usize>(),
        other => other.to_string().chars().filter(|character| !character.is_whitespace()).count(),
    }
}

fn fields(map: &serde_json::Map<String, Value>) -> usize {
    let inner: usize = map.iter().map(|(key, value)| key.chars().count() + 3 + characters(value)).sum();
    1 + map.len().max(1) + inner
}

/// Characters of the longest ARN that a resource of these templates has, rounded up. INF: it is known only once it is made.
const REFERENCE: usize = 128;

fn filled_in(function: &str, argument: &Value) -> usize {
    match (function, argument) {
        ("Fn::Sub", Value::String(pattern)) => {
            let mut parts = pattern.split("${");
            let first = parts.next().map_or(0, |text| text.chars().count());
            let rest = parts.map(|part| match part.split_once('}') {
                Some((variable, rest)) => stands_for(variable) + rest.chars().count(),
                None => part.chars().count(),
            });
            first + rest.sum::<usize>()
        }
        ("Ref", Value::String(name)) => stands_for(name),
        ("Fn::Join", argument) => {
            let separator = argument[0].as_str().map_or(0, |text| text.chars().count());
            entries(&argument[1]).map(|item| separator + characters(item)).sum()
        }
        _ => REFERENCE,
    }
}

fn stands_for(variable: &str) -> usize {
    match variable {
        "AWS::Partition" => "aws".len(),
        "AWS::AccountId" => 12,
        // The longest in the partition `aws`.
        "AWS::Region" => "ap-southeast-2".len(),
        _ => REFERENCE,
    }
}
