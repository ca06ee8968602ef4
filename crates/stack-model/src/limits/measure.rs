//! How much of a limit a template asks for.

use serde_json::Value;

/// How a resource is measured.
#[derive(Debug)]
pub(super) enum Measure {
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
    /// Wildcards in the path patterns of a listener rule.
    Wildcards,
    /// Mappings of the template.
    Mappings,
    /// Attributes of a mapping: keys of the second level, and those of the first.
    MappingAttributes,
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

pub(crate) fn of_type<'a>(
    template: &'a Value,
    kind: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    resources
        .filter(move |(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id, &resource["Properties"]))
}

pub(crate) fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Each place that asks for something, with how much.
pub(super) fn measure(measure: &Measure, template: &Value) -> Vec<(String, usize)> {
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
        Measure::PathPatterns => paths(template).map(|(id, paths)| (id.clone(), paths.len())).collect(),
        Measure::Wildcards => paths(template)
            .map(|(id, paths)| (id.clone(), paths.concat().matches(['*', '?']).count()))
            .collect(),
        Measure::Mappings => vec![("Mappings".to_owned(), mappings(template).count())],
        Measure::MappingAttributes => mappings(template)
            .map(|(name, keys)| {
                let keys = keys.as_object();
                let attributes = keys.into_iter().flatten().filter_map(|(_, inner)| inner.as_object());
                let most = attributes.map(serde_json::Map::len).max().unwrap_or(0);
                (name.clone(), most.max(keys.map_or(0, serde_json::Map::len)))
            })
            .collect(),
        Measure::Rules { inside, beside } => rules(template, inside, beside),
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

/// Path patterns of every listener rule.
fn paths(template: &Value) -> impl Iterator<Item = (&String, Vec<&str>)> {
    of_type(template, "AWS::ElasticLoadBalancingV2::ListenerRule").map(|(id, rule)| {
        let conditions = entries(&rule["Conditions"]);
        let values = conditions.flat_map(|one| entries(&one["PathPatternConfig"]["Values"]));
        (id, values.filter_map(Value::as_str).collect())
    })
}

fn mappings(template: &Value) -> impl Iterator<Item = (&String, &Value)> {
    template["Mappings"].as_object().into_iter().flatten()
}

/// Rules of each security group in one direction: those written in it (`inside`) and those of resources of the type `beside`.
pub(crate) fn rules(template: &Value, inside: &str, beside: &str) -> Vec<(String, usize)> {
    of_type(template, "AWS::EC2::SecurityGroup")
        .map(|(id, group)| {
            let added = of_type(template, beside).filter(|(_, rule)| names(&rule["GroupId"], id));
            (id.clone(), entries(&group[inside]).count() + added.count())
        })
        .collect()
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
        // `${!name}` is `${name}` in the policy, which IAM counts as it stands.
        literal if literal.starts_with('!') => literal.len() + "${}".len() - 1,
        _ => REFERENCE,
    }
}
