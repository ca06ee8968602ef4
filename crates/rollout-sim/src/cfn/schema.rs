//! Resource types: which properties they have, which of them force a replacement.
//!
//! The files in `schemas/` condense the public resource provider schemas of CloudFormation (us-west-2, as of
//! cfn-lint 1.51; the circuit breaker's threshold of 2026-07 and early success criteria added by hand).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::handlers::nested;
use super::template::{UNKNOWN, is_unknown};

/// A resource type.
#[derive(Debug, Deserialize)]
pub(super) struct TypeSchema {
    #[serde(rename = "type")]
    pub kind: String,
    /// Properties that identify a resource of the type.
    #[serde(default)]
    pub primary: Vec<String>,
    #[serde(default)]
    pub read_only: Vec<String>,
    /// Properties whose change always replaces the resource; `A/B` is one inside another.
    #[serde(default)]
    pub create_only: Vec<String>,
    /// Properties whose change may replace the resource.
    #[serde(default)]
    pub conditional: Vec<String>,
    #[serde(default)]
    required: Vec<String>,
    pub properties: BTreeMap<String, Shape>,
    #[serde(default)]
    definitions: BTreeMap<String, Shape>,
}

/// The shape of a value.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Shape {
    /// `string`, `integer`, `number`, `boolean`, `scalar`, `json`, or `#Name` of a definition.
    Named(String),
    /// Items of the only element.
    List([Box<Shape>; 1]),
    Enum {
        r#enum: Vec<String>,
    },
    Object {
        properties: BTreeMap<String, Shape>,
        #[serde(default)]
        required: Vec<String>,
    },
    Map {
        map: Box<Shape>,
    },
}

/// A property that does not fit its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// JSON pointer inside the properties.
    pub path: String,
    /// In the wording of the schema validator that CloudFormation uses.
    pub message: String,
}

static TYPES: LazyLock<BTreeMap<String, TypeSchema>> = LazyLock::new(|| {
    let files = [
        include_str!("schemas/application_auto_scaling.json"),
        include_str!("schemas/certificate_manager.json"),
        include_str!("schemas/cloudformation.json"),
        include_str!("schemas/cloudwatch.json"),
        include_str!("schemas/ec2.json"),
        include_str!("schemas/ecr.json"),
        include_str!("schemas/ecs.json"),
        include_str!("schemas/elasticache.json"),
        include_str!("schemas/elb.json"),
        include_str!("schemas/iam.json"),
        include_str!("schemas/kms.json"),
        include_str!("schemas/logs.json"),
        include_str!("schemas/rds.json"),
        include_str!("schemas/route53.json"),
        include_str!("schemas/s3.json"),
        include_str!("schemas/secrets_manager.json"),
        include_str!("schemas/service_discovery.json"),
        include_str!("schemas/sns.json"),
        include_str!("schemas/sqs.json"),
        include_str!("schemas/ssm.json"),
        include_str!("schemas/wafv2.json"),
    ];
    // A file that does not parse leaves its types out; the test below reads every one.
    let types =
        files.iter().flat_map(|file| serde_json::from_str::<Vec<TypeSchema>>(file).unwrap_or_default());
    types.map(|schema| (schema.kind.clone(), schema)).collect()
});

/// The schema of a type; `None` where the type is not modelled.
pub(super) fn find(kind: &str) -> Option<&'static TypeSchema> {
    TYPES.get(kind)
}

impl TypeSchema {
    /// Whether resources of the type carry tags as a list of keys and values.
    pub(super) fn has_tag_list(&self) -> bool {
        matches!(self.properties.get("Tags"), Some(Shape::List(_)))
    }

    /// Whether `Fn::GetAtt` gives this attribute: what is read-only, and the few properties that the user guide
    /// lists as return values too.
    pub(super) fn has_attribute(&self, attribute: &str) -> bool {
        if self.kind == nested::KIND {
            return attribute.starts_with("Outputs.");
        }
        let path = attribute.replace('.', "/");
        let extra = matches!(
            (self.kind.as_str(), attribute),
            ("AWS::EC2::VPC", "CidrBlock")
                | ("AWS::EC2::Subnet", "AvailabilityZone" | "CidrBlock" | "VpcId")
                | ("AWS::EC2::SecurityGroup", "VpcId")
                | ("AWS::SNS::Topic", "TopicName")
                | ("AWS::SQS::Queue", "QueueName")
                | ("AWS::SSM::Parameter", "Type" | "Value")
                | ("AWS::ServiceDiscovery::Service", "Name")
        );
        extra || self.read_only.contains(&path)
    }

    /// A shape that properties share.
    pub(super) fn definition(&self, name: &str) -> Option<&Shape> {
        self.definitions.get(name)
    }

    /// Every problem of `properties`; values that are known only later fit everything.
    pub(super) fn check(&self, properties: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.object(&self.properties, &self.required, properties, "#", &mut problems);
        if let Value::Object(map) = properties {
            for name in
                map.keys().filter(|name| self.read_only.contains(name) && !self.primary.contains(name))
            {
                let message = format!("Encountered unsupported property {name}: it is read-only");
                problems.push(Problem { path: "#".to_owned(), message });
            }
        }
        problems
    }

    fn object(
        &self,
        properties: &BTreeMap<String, Shape>,
        required: &[String],
        value: &Value,
        path: &str,
        problems: &mut Vec<Problem>,
    ) {
        let Value::Object(map) = value else {
            problems.push(mismatch(path, "JSONObject", value));
            return;
        };
        for (name, value) in map {
            match properties.get(name) {
                Some(shape) => self.value(shape, value, &format!("{path}/{name}"), problems),
                None => problems.push(Problem {
                    path: path.to_owned(),
                    message: format!("extraneous key [{name}] is not permitted"),
                }),
            }
        }
        for name in required.iter().filter(|name| !map.contains_key(*name)) {
            problems
                .push(Problem { path: path.to_owned(), message: format!("required key [{name}] not found") });
        }
    }

    fn value(&self, shape: &Shape, value: &Value, path: &str, problems: &mut Vec<Problem>) {
        if matches!(value, Value::String(text) if text.contains(UNKNOWN)) {
            return;
        }
        match shape {
            Shape::Named(name) => match name.strip_prefix('#') {
                Some(definition) => {
                    if let Some(shape) = self.definitions.get(definition) {
                        self.value(shape, value, path, problems);
                    }
                }
                None => {
                    if let Some(expected) = named_mismatch(name, value) {
                        problems.push(mismatch(path, expected, value));
                    }
                }
            },
            Shape::List([item]) => match value {
                Value::Array(values) => {
                    for (index, value) in values.iter().enumerate() {
                        self.value(item, value, &format!("{path}/{index}"), problems);
                    }
                }
                other => problems.push(mismatch(path, "JSONArray", other)),
            },
            Shape::Enum { r#enum: allowed } => match value {
                Value::String(text) if allowed.contains(text) => {}
                Value::String(text) => problems.push(Problem {
                    path: path.to_owned(),
                    message: format!("{text} is not a valid enum value"),
                }),
                Value::Bool(_) | Value::Number(_) => {}
                other => problems.push(mismatch(path, "String", other)),
            },
            Shape::Object { properties, required } => {
                self.object(properties, required, value, path, problems);
            }
            Shape::Map { map } => match value {
                Value::Object(values) => {
                    for (name, value) in values {
                        self.value(map, value, &format!("{path}/{name}"), problems);
                    }
                }
                other => problems.push(mismatch(path, "JSONObject", other)),
            },
        }
    }
}

/// CloudFormation converts between scalars: text may hold a number, a number is a fine text.
fn named_mismatch(shape: &str, value: &Value) -> Option<&'static str> {
    let (expected, fits) = match shape {
        "string" | "scalar" => ("String", !value.is_object() && !value.is_array()),
        "integer" => ("Integer", value.is_i64() || value.is_u64() || parses::<i64>(value)),
        "number" => ("Number", value.is_number() || parses::<f64>(value)),
        "boolean" => ("Boolean", value.is_boolean() || parses::<bool>(value)),
        _ => ("", true),
    };
    if fits { None } else { Some(expected) }
}

fn parses<T: std::str::FromStr>(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<T>().is_ok())
}

fn mismatch(path: &str, expected: &str, found: &Value) -> Problem {
    let found = match found {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Double",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "JSONArray",
        Value::Object(_) => "JSONObject",
    };
    Problem { path: path.to_owned(), message: format!("expected type: {expected}, found: {found}") }
}

/// Whether a change of `property` from `old` to `new` replaces the resource: `Some(true)` always,
/// `Some(false)` not, `None` only known once values are.
pub(super) fn replaces(schema: &TypeSchema, property: &str, old: &Value, new: &Value) -> Replaces {
    let (before, after) = (old.get(property), new.get(property));
    let nested = |path: &String| path.split_once('/').is_some_and(|(top, _)| top == property);
    let always = schema.create_only.iter().any(|name| {
        name == property
            || (nested(name) && old.pointer(&format!("/{name}")) != new.pointer(&format!("/{name}")))
    });
    if always {
        let unknown = after.is_some_and(is_unknown);
        return if unknown { Replaces::IfItChanges } else { Replaces::Always };
    }
    if !schema.conditional.iter().any(|name| name == property) {
        return Replaces::Never;
    }
    if conditional(&schema.kind, property, before, after) { Replaces::MaybeYes } else { Replaces::MaybeNo }
}

/// What a changed property does to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replaces {
    Never,
    /// The schema says it depends, and here it does not.
    MaybeNo,
    /// The schema says it depends, and here it does.
    MaybeYes,
    /// Create-only, but whether the value changes is known only later.
    IfItChanges,
    Always,
}

/// The conditions behind conditional create-only properties, from the property pages of the user guide.
fn conditional(kind: &str, property: &str, before: Option<&Value>, after: Option<&Value>) -> bool {
    match (kind, property) {
        // Another engine replaces the instance; MultiAZ, backups, parameter groups and windows do not.
        (
            "AWS::RDS::DBInstance",
            "Engine" | "DBSnapshotIdentifier" | "DBClusterSnapshotIdentifier" | "AvailabilityZone",
        ) => after.is_some() && before != after,
        // Adding a token replaces; changing one rotates it.
        ("AWS::ElastiCache::ReplicationGroup", "AuthToken") => before.is_none(),
        ("AWS::ElastiCache::ReplicationGroup", "NodeGroupConfiguration") => true,
        ("AWS::EC2::VPC", "InstanceTenancy") => after.and_then(Value::as_str) != Some("default"),
        ("AWS::EC2::Subnet", "Ipv6CidrBlock") => before.is_some() && after.is_some(),
        ("AWS::SNS::Subscription", "Region") => true,
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_schema_file_is_read() {
        for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cfn/schemas")).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let types: Vec<TypeSchema> = serde_json::from_str(&text).unwrap();
            assert!(types.iter().all(|schema| find(&schema.kind).is_some()));
        }
        assert_eq!(TYPES.len(), 74);
    }

    #[test]
    fn names_and_types_of_properties_are_checked_at_every_depth() {
        let service = find("AWS::ECS::Service").unwrap();
        let problems = service.check(&json!({
            "Cluser": "x",
            "DesiredCount": "2",
            "LoadBalancers": [{"ContainerPort": "http"}],
            "SchedulingStrategy": "SOMETIMES",
        }));
        let found: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
        assert_eq!(
            found,
            [
                "#: extraneous key [Cluser] is not permitted",
                "#/LoadBalancers/0/ContainerPort: expected type: Integer, found: String",
                "#/SchedulingStrategy: SOMETIMES is not a valid enum value",
            ]
        );
    }

    #[test]
    fn a_new_engine_replaces_a_database_and_a_second_zone_does_not() {
        let database = find("AWS::RDS::DBInstance").unwrap();
        let (old, new) =
            (json!({"Engine": "postgres", "MultiAZ": false}), json!({"Engine": "mysql", "MultiAZ": true}));
        assert_eq!(replaces(database, "Engine", &old, &new), Replaces::MaybeYes);
        assert_eq!(replaces(database, "MultiAZ", &old, &new), Replaces::MaybeNo);
        assert_eq!(replaces(database, "DBName", &old, &new), Replaces::Always);
    }
}
