//! A CloudFormation template as the API sends and receives it: JSON, with the questions that the pipeline asks of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A template in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Map<String, Value>);

/// What a service is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskDefinitionRef<'a> {
    /// The template's own task definition.
    pub logical_id: &'a str,
    /// The parameter with the ARN of another, which counts where it is not empty.
    pub parameter: Option<&'a str>,
}

/// Text that is no template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Not JSON. Every template of this project is; a stack made by other means may hold YAML.
    #[error("the template is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but not an object with `Resources`.
    #[error("the template has no Resources")]
    NoResources,
}

/// Which part of a template: the maps by name that CloudFormation knows and that are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `Parameters`
    Parameters,
    /// `Mappings`
    Mappings,
    /// `Conditions`
    Conditions,
    /// `Resources`
    Resources,
    /// `Outputs`
    Outputs,
}

impl Section {
    const fn key(self) -> &'static str {
        match self {
            Self::Parameters => "Parameters",
            Self::Mappings => "Mappings",
            Self::Conditions => "Conditions",
            Self::Resources => "Resources",
            Self::Outputs => "Outputs",
        }
    }
}

impl Template {
    /// Reads a template body.
    pub fn parse(body: &str) -> Result<Self, TemplateError> {
        match serde_json::from_str(body).map_err(TemplateError::NotJson)? {
            Value::Object(map) if map.get("Resources").is_some_and(Value::is_object) => Ok(Self(map)),
            _ => Err(TemplateError::NoResources),
        }
    }

    /// The compact form, as it is sent.
    #[must_use]
    pub fn to_body(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// Entries of a section; nothing where the section is absent.
    pub fn entries(&self, section: Section) -> impl Iterator<Item = (&String, &Value)> {
        self.0.get(section.key()).and_then(Value::as_object).into_iter().flatten()
    }

    /// Changes entries of a section in place.
    pub fn edit(&mut self, section: Section, mut change: impl FnMut(&str, &mut Value)) {
        let entries = self.0.get_mut(section.key()).and_then(Value::as_object_mut);
        for (name, entry) in entries.into_iter().flatten() {
            change(name, entry);
        }
    }

    /// One entry of a section.
    #[must_use]
    pub fn get(&self, section: Section, name: &str) -> Option<&Value> {
        self.0.get(section.key())?.get(name)
    }

    /// `Type` of a resource.
    #[must_use]
    pub fn resource_type(&self, logical_id: &str) -> Option<&str> {
        self.get(Section::Resources, logical_id)?.get("Type")?.as_str()
    }

    /// Whether a resource is marked as part of the service layer: `"Metadata": {"Layer": "service"}`.
    #[must_use]
    pub fn is_service_layer(&self, logical_id: &str) -> bool {
        let layer =
            self.get(Section::Resources, logical_id).and_then(|resource| resource.pointer("/Metadata/Layer"));
        layer.and_then(Value::as_str) == Some("service")
    }

    /// Logical ids of the resources of a type, in template order.
    #[must_use]
    pub fn resources_of_type(&self, resource_type: &str) -> Vec<&str> {
        self.entries(Section::Resources)
            .filter(|(_, resource)| resource.get("Type").and_then(Value::as_str) == Some(resource_type))
            .map(|(id, _)| id.as_str())
            .collect()
    }

    /// The tags that the stack gets, and through it every resource: `Metadata.Tags`.
    #[must_use]
    pub fn stack_tags(&self) -> BTreeMap<String, String> {
        let tags =
            self.0.get("Metadata").and_then(|metadata| metadata.get("Tags")).and_then(Value::as_object);
        let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        tags.into_iter().flatten().filter_map(text).collect()
    }

    /// What a service of the template is to run; `None` where the resource is no service with a task definition of the
    /// template.
    #[must_use]
    pub fn task_definition(&self, service: &str) -> Option<TaskDefinitionRef<'_>> {
        let property = self.get(Section::Resources, service)?.pointer("/Properties/TaskDefinition")?;
        match property.get("Fn::If").and_then(Value::as_array).map(Vec::as_slice) {
            Some([_, given, own]) => {
                Some(TaskDefinitionRef { logical_id: name(own)?, parameter: Some(name(given)?) })
            }
            _ => Some(TaskDefinitionRef { logical_id: name(property)?, parameter: None }),
        }
    }

    pub(crate) fn set(&mut self, section: Section, name: &str, value: Value) {
        let entries = self.0.entry(section.key()).or_insert_with(|| Value::Object(Map::new()));
        if let Some(entries) = entries.as_object_mut() {
            entries.insert(name.to_owned(), value);
        }
    }

    /// Keeps the entries of a section for which `keep` holds, and drops the section if none is left.
    pub(crate) fn retain(&mut self, section: Section, mut keep: impl FnMut(&str, &Value) -> bool) {
        if let Some(entries) = self.0.get_mut(section.key()).and_then(Value::as_object_mut) {
            entries.retain(|name, value| keep(name, value));
            if entries.is_empty() && section != Section::Resources {
                self.0.remove(section.key());
            }
        }
    }
}

/// The name in a `Ref`.
fn name(value: &Value) -> Option<&str> {
    value.get("Ref").and_then(Value::as_str)
}

/// Names of parameters and resources that a part of a template refers to: `Ref`, `Fn::GetAtt`, `Fn::Sub`,
/// `DependsOn`. Pseudo parameters (`AWS::Region`) are left out.
#[must_use]
pub fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect_references(value, &mut found);
    found.retain(|name| !name.starts_with("AWS::"));
    found
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("Ref", Value::String(name)) => {
                        found.insert(name.clone());
                    }
                    ("Fn::GetAtt", Value::String(path)) => {
                        found.extend(path.split('.').next().map(str::to_owned));
                    }
                    ("Fn::GetAtt", Value::Array(path)) => {
                        found.extend(path.first().and_then(Value::as_str).map(str::to_owned));
                    }
                    ("Fn::Sub", Value::String(text)) => substitutions(text, &[], found),
                    ("Fn::Sub", Value::Array(parts)) => {
                        let own: Vec<&str> = parts
                            .get(1)
                            .and_then(Value::as_object)
                            .map(|own| own.keys().map(String::as_str).collect())
                            .unwrap_or_default();
                        if let Some(text) = parts.first().and_then(Value::as_str) {
                            substitutions(text, &own, found);
                        }
                        parts.iter().skip(1).for_each(|part| collect_references(part, found));
                    }
                    ("DependsOn", Value::String(name)) => {
                        found.insert(name.clone());
                    }
                    ("DependsOn", Value::Array(names)) => {
                        found.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => collect_references(inner, found),
                }
            }
        }
        _ => {}
    }
}

/// `${Name}` and `${Name.Attribute}`, but not `${!Literal}` and not the substitution's own variables.
fn substitutions(text: &str, own: &[&str], found: &mut BTreeSet<String>) {
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        rest = &rest[start + 2..];
        let Some(end) = rest.find('}') else { return };
        let name = rest[..end].trim();
        if !name.starts_with('!') && !own.contains(&name) {
            found.extend(name.split('.').next().map(str::to_owned));
        }
        rest = &rest[end + 1..];
    }
}

/// Names of conditions that a part of a template uses: `Condition` of a resource or output, `Fn::If`,
/// `{"Condition": "Name"}` within a condition.
#[must_use]
pub fn conditions_used(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect_conditions(value, &mut found);
    found
}

fn collect_conditions(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_conditions(item, found)),
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("Condition", Value::String(name)) => {
                        found.insert(name.clone());
                    }
                    ("Fn::If", Value::Array(parts)) => {
                        found.extend(parts.first().and_then(Value::as_str).map(str::to_owned));
                        collect_conditions(inner, found);
                    }
                    _ => collect_conditions(inner, found),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_of_every_form_are_found() {
        let value = json!({
            "DependsOn": ["A", "B"],
            "Properties": {
                "x": {"Ref": "C"},
                "y": {"Fn::GetAtt": ["D", "Arn"]},
                "z": {"Fn::GetAtt": "E.Arn"},
                "s": {"Fn::Sub": "arn:${AWS::Partition}:${F}/${G.Name}/${!Literal}"},
                "t": {"Fn::Sub": ["${own}-${H}", {"own": {"Ref": "I"}}]},
            }
        });
        let found: Vec<_> = references(&value).into_iter().collect();
        assert_eq!(found, ["A", "B", "C", "D", "E", "F", "G", "H", "I"]);
    }

    #[test]
    fn a_template_is_an_object_with_resources() {
        assert!(matches!(Template::parse("Resources: {}"), Err(TemplateError::NotJson(_))));
        assert!(matches!(Template::parse("{}"), Err(TemplateError::NoResources)));
        let template =
            Template::parse(r#"{"Resources":{"A":{"Type":"T","Metadata":{"Layer":"service"}}}}"#).unwrap();
        assert!(template.is_service_layer("A"));
        assert!(!template.is_service_layer("B"));
        assert_eq!(template.resource_type("A"), Some("T"));
    }

    #[test]
    fn a_service_runs_the_own_task_definition_or_a_given_one() {
        let service = |definition: Value| {
            let body = json!({"Resources": {"S": {"Properties": {"TaskDefinition": definition}}}});
            let template = Template::parse(&body.to_string()).unwrap();
            let found = template.task_definition("S");
            found.map(|it| (it.logical_id.to_owned(), it.parameter.map(str::to_owned)))
        };
        assert_eq!(service(json!({"Ref": "D"})), Some(("D".to_owned(), None)));
        let either = json!({"Fn::If": ["Given", {"Ref": "P"}, {"Ref": "D"}]});
        assert_eq!(service(either), Some(("D".to_owned(), Some("P".to_owned()))));
        assert_eq!(service(json!("family:1")), None);
    }
}
