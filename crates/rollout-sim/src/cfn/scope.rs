//! Evaluation of a stack's definition: parameters, pseudo parameters, conditions, resources.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::handlers::nested;
use super::schema::{self, TypeSchema};
use super::state::{Definition, OutputValue, Resource, State};
use super::template::{ResourceDefinition, Scope, Template, UNKNOWN, scalar_text};
use crate::{Shared, World};

/// The names of one stack.
pub(super) struct StackScope<'a> {
    pub stack_id: &'a str,
    pub stack_name: &'a str,
    pub account: &'a str,
    pub region: &'a str,
    pub state: &'a State,
    pub template: &'a Template,
    pub parameters: &'a BTreeMap<String, String>,
    pub conditions: &'a BTreeMap<String, bool>,
    pub notification_arns: &'a [String],
    pub resources: &'a BTreeMap<String, Shared<Resource>>,
    /// Resources that will be new, in a prediction: their names and attributes are known later.
    pub unknown: Option<&'a BTreeSet<String>>,
}

impl<'a> StackScope<'a> {
    /// The scope of `definition` on the stack at `index`.
    pub(super) fn of(world: &'a World, index: usize, definition: &'a Definition) -> Self {
        let stack = &world.cfn.stacks[index];
        Self {
            stack_id: &stack.id,
            stack_name: &stack.name,
            account: &world.account,
            region: &world.region,
            state: &world.cfn,
            template: &definition.template,
            parameters: &definition.parameters,
            conditions: &definition.conditions,
            notification_arns: &definition.notification_arns,
            resources: &stack.resources,
            unknown: None,
        }
    }

    fn resource(&self, name: &str) -> Result<Option<&Resource>, String> {
        if self.unknown.is_some_and(|unknown| unknown.contains(name)) {
            return Ok(None);
        }
        match self.resources.get(name).filter(|resource| resource.exists()) {
            Some(resource) => Ok(Some(resource)),
            None if self.unknown.is_some() => Ok(None),
            None => Err(format!("Template error: resource {name} does not exist in this stack")),
        }
    }
}

impl Scope for StackScope<'_> {
    fn reference(&self, name: &str) -> Result<Value, String> {
        if let Some(text) = self.parameters.get(name) {
            let declared = self.template.parameters.iter().find(|declaration| declaration.name == name);
            return Ok(declared.map_or_else(|| text.as_str().into(), |declaration| declaration.value(text)));
        }
        Ok(match name {
            "AWS::AccountId" => self.account.into(),
            "AWS::NoValue" => Value::Null,
            "AWS::NotificationARNs" => json!(self.notification_arns),
            "AWS::Partition" => "aws".into(),
            "AWS::Region" => self.region.into(),
            "AWS::StackId" => self.stack_id.into(),
            "AWS::StackName" => self.stack_name.into(),
            "AWS::URLSuffix" => "amazonaws.com".into(),
            resource => match self.resource(resource)? {
                Some(found) => found.reference().unwrap_or_default().into(),
                None => UNKNOWN.into(),
            },
        })
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<Value, String> {
        let Some(found) = self.resource(resource)? else { return Ok(UNKNOWN.into()) };
        if found.kind == nested::KIND && self.unknown.is_some() {
            // Its outputs are known once it is updated.
            return Ok(UNKNOWN.into());
        }
        match found.attributes.get(attribute) {
            Some(value) => Ok(value.clone()),
            // In a prediction: the update may be what gives it.
            None if self.unknown.is_some() => Ok(UNKNOWN.into()),
            None => Err(format!(
                "Template error: resource {resource} does not support attribute type {attribute} in Fn::GetAtt"
            )),
        }
    }

    fn condition(&self, name: &str) -> Result<bool, String> {
        self.conditions
            .get(name)
            .copied()
            .ok_or_else(|| format!("Template error: unresolved condition {name}"))
    }

    fn mapping(&self, map: &str, top: &str, second: &str) -> Option<&Value> {
        self.template.mappings.get(map)?.get(top)?.get(second)
    }

    fn import(&self, name: &str) -> Result<Value, String> {
        let exports = self.state.stacks.iter().flat_map(|stack| &stack.outputs);
        let found = exports.into_iter().find(|output| output.export.as_deref() == Some(name));
        found
            .map(|output| output.value.as_str().into())
            .ok_or_else(|| format!("No export named {name} found."))
    }

    fn zones(&self, region: &str) -> Vec<String> {
        let region = if region.is_empty() { self.region } else { region };
        ["a", "b", "c"].iter().map(|zone| format!("{region}{zone}")).collect()
    }
}

/// Conditions of a template, each evaluated once however the others refer to it.
///
/// # Errors
/// CloudFormation's message.
pub(super) fn conditions(scope: &StackScope<'_>) -> Result<BTreeMap<String, bool>, String> {
    struct Conditions<'a> {
        scope: &'a StackScope<'a>,
        known: RefCell<BTreeMap<String, bool>>,
        open: RefCell<BTreeSet<String>>,
    }
    impl Scope for Conditions<'_> {
        fn reference(&self, name: &str) -> Result<Value, String> {
            self.scope.reference(name)
        }
        fn attribute(&self, resource: &str, attribute: &str) -> Result<Value, String> {
            self.scope.attribute(resource, attribute)
        }
        fn condition(&self, name: &str) -> Result<bool, String> {
            if let Some(known) = self.known.borrow().get(name) {
                return Ok(*known);
            }
            if !self.open.borrow_mut().insert(name.to_owned()) {
                return Err(format!("Template error: circular dependency in the condition {name}"));
            }
            let condition = self.scope.template.conditions.get(name);
            let holds = condition
                .ok_or_else(|| format!("Template error: unresolved condition {name}"))?
                .holds(self)?;
            self.known.borrow_mut().insert(name.to_owned(), holds);
            Ok(holds)
        }
        fn mapping(&self, map: &str, top: &str, second: &str) -> Option<&Value> {
            self.scope.mapping(map, top, second)
        }
        fn import(&self, name: &str) -> Result<Value, String> {
            self.scope.import(name)
        }
        fn zones(&self, region: &str) -> Vec<String> {
            self.scope.zones(region)
        }
    }
    let evaluation = Conditions { scope, known: RefCell::default(), open: RefCell::default() };
    for name in scope.template.conditions.keys() {
        evaluation.condition(name)?;
    }
    Ok(evaluation.known.into_inner())
}

/// Checks the rules of the template.
///
/// # Errors
/// CloudFormation's message with the description of the first assertion that fails.
pub(super) fn check_rules(scope: &StackScope<'_>) -> Result<(), String> {
    for (name, rule) in &scope.template.rules {
        let applies = rule.condition.as_ref().map_or(Ok(true), |condition| condition.holds(scope))?;
        if !applies {
            continue;
        }
        for (assertion, description) in &rule.assertions {
            if !assertion.holds(scope)? {
                return Err(format!("Template error: Rule {name} failed: {description}"));
            }
        }
    }
    Ok(())
}

/// Properties of a resource with the stack's tags, scalars converted to what the type wants.
///
/// # Errors
/// CloudFormation's message.
pub(super) fn properties(
    definition: &ResourceDefinition,
    tags: &BTreeMap<String, String>,
    scope: &StackScope<'_>,
) -> Result<Value, String> {
    let mut properties = definition.properties.eval(scope)?;
    if let Some(schema) = schema::find(&definition.kind) {
        schema.coerce(&mut properties);
        if !tags.is_empty() && schema.has_tag_list() {
            add_tags(&mut properties, tags);
        }
    }
    Ok(properties)
}

/// Stack tags propagate to every resource that supports them; its own tag of the same key wins.
fn add_tags(properties: &mut Value, tags: &BTreeMap<String, String>) {
    let Value::Object(map) = properties else { return };
    let own = map.entry("Tags").or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(own) = own else { return };
    for (key, value) in tags {
        if !own.iter().any(|tag| tag.get("Key").and_then(Value::as_str) == Some(key)) {
            own.push(json!({ "Key": key, "Value": value }));
        }
    }
}

/// Outputs of a definition whose resources are there.
///
/// # Errors
/// CloudFormation's message.
pub(super) fn outputs(scope: &StackScope<'_>) -> Result<Vec<OutputValue>, String> {
    let mut outputs = Vec::new();
    for (key, output) in &scope.template.outputs {
        if let Some(condition) = &output.condition
            && !scope.condition(condition)?
        {
            continue;
        }
        let value = output.value.eval(scope)?;
        let value = scalar_text(&value).ok_or_else(|| {
            format!("Template format error: Output {key} is malformed. The Value field of every Outputs member must evaluate to a String.")
        })?;
        let export = match &output.export {
            Some(name) => scalar_text(&name.eval(scope)?),
            None => None,
        };
        outputs.push(OutputValue {
            key: key.clone(),
            value,
            description: output.description.clone(),
            export,
        });
    }
    Ok(outputs)
}

impl TypeSchema {
    /// Converts scalars to what the type wants, so that `"80"` and `80` are one value.
    pub(super) fn coerce(&self, properties: &mut Value) {
        if let Value::Object(map) = properties {
            self.coerce_map(&self.properties, map);
        }
    }

    fn coerce_map(&self, shapes: &BTreeMap<String, schema::Shape>, map: &mut Map<String, Value>) {
        for (name, value) in map.iter_mut() {
            if let Some(shape) = shapes.get(name) {
                self.coerce_value(shape, value);
            }
        }
    }

    fn coerce_value(&self, shape: &schema::Shape, value: &mut Value) {
        use schema::Shape;
        match (shape, &mut *value) {
            (Shape::Named(name), _) if name.starts_with('#') => {
                if let Some(shape) = self.definition(&name[1..]) {
                    self.coerce_value(shape, value);
                }
            }
            (Shape::Named(name), Value::String(text)) => {
                let converted = match name.as_str() {
                    "integer" => text.parse::<i64>().ok().map(Value::from),
                    "number" => text.parse::<f64>().ok().map(Value::from),
                    "boolean" => text.parse::<bool>().ok().map(Value::from),
                    _ => None,
                };
                if let Some(converted) = converted {
                    *value = converted;
                }
            }
            (Shape::Named(name), Value::Number(_) | Value::Bool(_)) if name == "string" => {
                if let Some(text) = scalar_text(value) {
                    *value = text.into();
                }
            }
            (Shape::Named(name), Value::Number(number)) if name == "number" => {
                if let Some(float) = number.as_f64() {
                    *value = float.into();
                }
            }
            (Shape::List([item]), Value::Array(items)) => {
                items.iter_mut().for_each(|value| self.coerce_value(item, value));
            }
            (Shape::Object { properties, .. }, Value::Object(map)) => self.coerce_map(properties, map),
            (Shape::Map { map: shape }, Value::Object(map)) => {
                map.values_mut().for_each(|value| self.coerce_value(shape, value));
            }
            _ => {}
        }
    }
}
