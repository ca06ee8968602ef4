//! Sections of a template, its limits and its references.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::expr::compile;
use super::{
    Declaration, Expr, OutputDefinition, Parsed, Policy, ResourceDefinition, Rule, Uses, extensions, yaml,
};

/// Limits of <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>.
const MAX_RESOURCES: usize = 500;
const MAX_PARAMETERS: usize = 200;
const MAX_OUTPUTS: usize = 200;
const MAX_MAPPINGS: usize = 200;
const MAX_DYNAMIC_REFERENCES: usize = 60;

/// Names that `Ref` knows without a declaration.
pub(super) const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

pub(super) fn parse(body: &str) -> Result<Parsed, String> {
    let Value::Object(root) = yaml::read(body)? else {
        return Err("Template format error: unsupported structure.".to_owned());
    };
    let sections = [
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    ];
    let unknown: Vec<&str> = root.keys().map(String::as_str).filter(|key| !sections.contains(key)).collect();
    if !unknown.is_empty() {
        return Err(format!("Invalid template property or properties [{}]", unknown.join(", ")));
    }
    if root.contains_key("Hooks") {
        return Err("not modelled: the section Hooks".to_owned());
    }
    if root.get("AWSTemplateFormatVersion").is_some_and(|version| version != "2010-09-09") {
        return Err("Template format error: unsupported value for AWSTemplateFormatVersion.".to_owned());
    }
    let transforms = transforms(root.get("Transform"))?;
    let extended = transforms.iter().any(|name| name == extensions::NAME);
    root.values().try_for_each(|section| extensions::check(section, extended))?;
    let parameters = section(&root, "Parameters")?;
    let outputs = section(&root, "Outputs")?;
    let resources = section(&root, "Resources")?;
    let mappings = section(&root, "Mappings")?;
    if resources.is_empty() {
        return Err("Template format error: At least one Resources member must be defined.".to_owned());
    }
    limit("resources", resources.len(), MAX_RESOURCES)?;
    limit("parameters", parameters.len(), MAX_PARAMETERS)?;
    limit("outputs", outputs.len(), MAX_OUTPUTS)?;
    limit("mappings", mappings.len(), MAX_MAPPINGS)?;
    let dynamic = body.matches("{{resolve:").count();
    if dynamic > MAX_DYNAMIC_REFERENCES {
        return Err(format!(
            "Template error: the number of dynamic references, {dynamic}, exceeds the limit of {MAX_DYNAMIC_REFERENCES}"
        ));
    }
    let mut parsed = Parsed {
        body: body.to_owned(),
        version: root.get("AWSTemplateFormatVersion").and_then(Value::as_str).map(str::to_owned),
        description: root.get("Description").and_then(Value::as_str).map(str::to_owned),
        parameters: parameters
            .iter()
            .map(|(name, value)| Declaration::parse(name, value))
            .collect::<Result<_, _>>()?,
        mappings: mappings.into_iter().collect(),
        conditions: section(&root, "Conditions")?
            .iter()
            .map(|(name, value)| Ok((name.clone(), compile(value)?)))
            .collect::<Result<_, String>>()?,
        rules: section(&root, "Rules")?
            .iter()
            .map(|(name, value)| Ok((name.clone(), rule(value)?)))
            .collect::<Result<_, String>>()?,
        resources: resources
            .iter()
            .map(|(name, value)| Ok((name.clone(), resource(name, value)?)))
            .collect::<Result<_, String>>()?,
        outputs: outputs
            .iter()
            .map(|(name, value)| Ok((name.clone(), output(name, value)?)))
            .collect::<Result<_, String>>()?,
        metadata: root.get("Metadata").cloned(),
        transforms,
        order: Vec::new(),
        dependents: BTreeMap::new(),
    };
    references(&mut parsed)?;
    parsed.order = order(&parsed.resources)?;
    for (name, definition) in &parsed.resources {
        for dependency in &definition.depends_on {
            parsed.dependents.entry(dependency.clone()).or_default().push(name.clone());
        }
    }
    Ok(parsed)
}

fn limit(what: &str, found: usize, allowed: usize) -> Result<(), String> {
    if found <= allowed {
        return Ok(());
    }
    Err(format!(
        "Template format error: Number of {what}, {found}, is greater than maximum allowed, {allowed}"
    ))
}

fn section(root: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, String> {
    match root.get(name) {
        None => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(_) => Err(format!("Template format error: {name} section must be an object.")),
    }
}

/// The language extensions only add functions, which are known anyway; other transforms are macros.
fn transforms(value: Option<&Value>) -> Result<Vec<String>, String> {
    let names: Vec<String> = match value {
        None => Vec::new(),
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(items)) => {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        }
        Some(_) => return Err("Template format error: unsupported structure.".to_owned()),
    };
    match names.iter().find(|name| *name != extensions::NAME) {
        Some(name) => Err(format!("not modelled: the transform {name}")),
        None => Ok(names),
    }
}

fn rule(value: &Value) -> Result<Rule, String> {
    let assertions = value.get("Assertions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Ok(Rule {
        condition: value.get("RuleCondition").map(compile).transpose()?,
        assertions: assertions
            .iter()
            .map(|assertion| {
                let text = assertion.get("AssertDescription").and_then(Value::as_str).unwrap_or_default();
                let condition = assertion
                    .get("Assert")
                    .ok_or("Template format error: every assertion needs an Assert")?;
                Ok((compile(condition)?, text.to_owned()))
            })
            .collect::<Result<_, String>>()?,
    })
}

fn policy(name: &str, key: &str, value: Option<&Value>) -> Result<Option<Policy>, String> {
    Ok(match value.map(|policy| policy.as_str().unwrap_or_default()) {
        None => None,
        Some("Delete") => Some(Policy::Delete),
        Some("Retain") => Some(Policy::Retain),
        Some("Snapshot") => Some(Policy::Snapshot),
        Some("RetainExceptOnCreate") if key == "DeletionPolicy" => Some(Policy::RetainExceptOnCreate),
        Some(_) => return Err(format!("Template format error: Unrecognized {key} for resource {name}")),
    })
}

fn resource(name: &str, value: &Value) -> Result<ResourceDefinition, String> {
    let not_an_object = || format!("Template format error: Resource {name} must be an object.");
    let map = value.as_object().ok_or_else(not_an_object)?;
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(format!("Template format error: Resource name {name} is non alphanumeric."));
    }
    let known = [
        "Type",
        "Properties",
        "DependsOn",
        "Condition",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "Metadata",
        "Description",
        "CreationPolicy",
        "UpdatePolicy",
    ];
    if let Some(unknown) = map.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("Invalid template resource property '{unknown}'"));
    }
    for policy in ["CreationPolicy", "UpdatePolicy"] {
        if map.contains_key(policy) {
            return Err(format!("not modelled: {policy} of resource {name}"));
        }
    }
    let kind = map.get("Type").and_then(Value::as_str).ok_or_else(|| {
        format!(
            "Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    })?;
    let properties = match map.get("Properties") {
        None => Expr::Literal(Value::Object(Map::new())),
        Some(properties @ Value::Object(_)) => compile(properties)?,
        Some(_) => {
            return Err(format!("Template format error: Properties of resource {name} must be an object."));
        }
    };
    let depends_on = match map.get("DependsOn") {
        None => BTreeSet::new(),
        Some(Value::String(one)) => BTreeSet::from([one.clone()]),
        Some(Value::Array(items)) => {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        }
        Some(_) => return Err("Template format error: Every DependsOn value must be a string.".to_owned()),
    };
    let mut uses = Uses::default();
    properties.collect(&mut uses);
    Ok(ResourceDefinition {
        kind: kind.to_owned(),
        properties,
        condition: map.get("Condition").and_then(Value::as_str).map(str::to_owned),
        deletion_policy: policy(name, "DeletionPolicy", map.get("DeletionPolicy"))?,
        update_replace_policy: policy(name, "UpdateReplacePolicy", map.get("UpdateReplacePolicy"))?,
        metadata: map.get("Metadata").map(compile).transpose()?,
        description: map.get("Description").and_then(Value::as_str).map(str::to_owned),
        explicit: depends_on.clone(),
        depends_on,
        uses,
    })
}

fn output(name: &str, value: &Value) -> Result<OutputDefinition, String> {
    let shown = value.get("Value").ok_or_else(|| {
        format!("Template format error: Output {name} is malformed. The Value property is required.")
    })?;
    Ok(OutputDefinition {
        value: compile(shown)?,
        description: value.get("Description").and_then(Value::as_str).map(str::to_owned),
        export: value.pointer("/Export/Name").map(compile).transpose()?,
        condition: value.get("Condition").and_then(Value::as_str).map(str::to_owned),
    })
}

/// Checks that every name refers to something, and adds implicit dependencies to the explicit ones.
fn references(parsed: &mut Parsed) -> Result<(), String> {
    let resources: BTreeSet<String> = parsed.resources.keys().cloned().collect();
    let parameters: BTreeSet<&str> =
        parsed.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let conditions: BTreeSet<&String> = parsed.conditions.keys().collect();
    if let Some(both) = resources.iter().find(|name| parameters.contains(name.as_str())) {
        return Err(format!("Template format error: {both} is declared as a parameter and as a resource"));
    }
    let mut dangling: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut check = |uses: &Uses, block: &'static str, own: Option<&String>| -> Result<(), String> {
        for name in &uses.refs {
            let parameter = parameters.contains(name.as_str()) || PSEUDO_PARAMETERS.contains(&name.as_str());
            if !(parameter || block != "Conditions" && resources.contains(name)) {
                dangling.entry(block).or_default().insert(name.clone());
            }
        }
        for (resource, _) in &uses.attributes {
            if block == "Conditions" || !resources.contains(resource) {
                return Err(format!(
                    "Template validation error: Template error: instance of Fn::GetAtt references undefined resource {resource}"
                ));
            }
        }
        for condition in uses.conditions.iter().chain(own) {
            if !conditions.contains(condition) {
                return Err(format!(
                    "Template format error: Unresolved dependencies [{condition}]. Cannot reference resources in the Conditions block of the template"
                ));
            }
        }
        Ok(())
    };
    for condition in parsed.conditions.values() {
        let mut uses = Uses::default();
        condition.collect(&mut uses);
        check(&uses, "Conditions", None)?;
    }
    for definition in parsed.resources.values() {
        check(&definition.uses, "Resources", definition.condition.as_ref())?;
    }
    for output in parsed.outputs.values() {
        let mut uses = Uses::default();
        output.value.collect(&mut uses);
        output.export.iter().for_each(|export| export.collect(&mut uses));
        check(&uses, "Outputs", output.condition.as_ref())?;
    }
    for definition in parsed.resources.values() {
        for name in &definition.depends_on {
            if !resources.contains(name) {
                dangling.entry("Resources").or_default().insert(name.clone());
            }
        }
    }
    if let Some((block, names)) = dangling.into_iter().next() {
        let names: Vec<String> = names.into_iter().collect();
        return Err(format!(
            "Template format error: Unresolved resource dependencies [{}] in the {block} block of the template",
            names.join(", ")
        ));
    }
    for definition in parsed.resources.values_mut() {
        let named = definition
            .uses
            .refs
            .iter()
            .chain(definition.uses.attributes.iter().map(|(resource, _)| resource));
        let implicit: Vec<String> = named.filter(|name| resources.contains(*name)).cloned().collect();
        definition.depends_on.extend(implicit);
    }
    Ok(())
}

/// Kahn's algorithm; names break ties, so that the order is the same every time.
fn order(resources: &BTreeMap<String, ResourceDefinition>) -> Result<Vec<String>, String> {
    let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
    let mut dependents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, definition) in resources {
        waiting.insert(name, definition.depends_on.len());
        for dependency in &definition.depends_on {
            dependents.entry(dependency).or_default().push(name);
        }
    }
    let mut ready: BTreeSet<&str> =
        waiting.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut order = Vec::with_capacity(resources.len());
    while let Some(name) = ready.pop_first() {
        order.push(name.to_owned());
        waiting.remove(name);
        for dependent in dependents.get(name).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(dependent) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(dependent);
                }
            }
        }
    }
    if waiting.is_empty() {
        return Ok(order);
    }
    let cycle: Vec<&str> = waiting.into_keys().collect();
    Err(format!("Circular dependency between resources: [{}]", cycle.join(", ")))
}
