//! A template under construction.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::document::Document;
use crate::finish::{FinishError, Problem, check};
use crate::handle::{Handle, Options, Resource};
use crate::value::Value;

/// Marker of a kind of stack (`struct Shared;`): references between stacks of different kinds do not compile.
///
/// `Serialize` is asked for so that resource structs can derive it; a marker is never serialised.
pub trait Stack: Clone + fmt::Debug + Serialize + 'static {}

/// A tag of a stack. CloudFormation puts it on every resource that takes tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// At most 128 characters.
    pub key: String,
    /// At most 256 characters.
    pub value: String,
}

/// A parameter: what its values may be.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// Regular expression that the whole value must match; of a list, each of its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_pattern: Option<String>,
    /// Value of a stack that is given none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A template of the stack kind `S`. Problems are collected and reported by [`Template::finish`], all at once.
pub struct Template<S> {
    name: Arc<str>,
    description: String,
    tags: Vec<Tag>,
    parameters: Map<String, Json>,
    conditions: Map<String, Json>,
    resources: Map<String, Json>,
    outputs: Map<String, Json>,
    problems: Vec<Problem>,
    stack: PhantomData<fn() -> S>,
}

impl<S: Stack> Template<S> {
    /// An empty template. `name` is the stack's name: handles carry it, so that one of another stack is noticed.
    ///
    /// `tags` are given once, to the stack: whoever creates or updates it passes [`Document::tags`] along, and
    /// CloudFormation tags the resources. Written out at each resource they would be a quarter of the template.
    pub fn new(name: &str, description: impl Into<String>, tags: Vec<Tag>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            tags,
            parameters: Map::new(),
            conditions: Map::new(),
            resources: Map::new(),
            outputs: Map::new(),
            problems: Vec::new(),
            stack: PhantomData,
        }
    }

    /// Adds a resource without options.
    pub fn add<R: Resource<Stack = S>>(&mut self, id: impl Into<String>, resource: R) -> Handle<R> {
        self.add_with(id, resource, Options::new())
    }

    /// Adds a resource. An id that is taken or not alphanumeric is reported by [`Template::finish`].
    #[allow(clippy::needless_pass_by_value)] // a resource belongs to its template
    pub fn add_with<R: Resource<Stack = S>>(
        &mut self,
        id: impl Into<String>,
        resource: R,
        options: Options<S>,
    ) -> Handle<R> {
        let id: String = id.into();
        let properties = match serde_json::to_value(&resource) {
            Ok(Json::Object(properties)) => properties,
            Ok(_) => Map::new(),
            Err(source) => {
                self.problems.push(Problem::NotSerializable { id: id.clone(), reason: source.to_string() });
                Map::new()
            }
        };
        let mut entry = Map::new();
        entry.insert("Type".to_owned(), json!(R::TYPE));
        if !options.after.is_empty() {
            let mut after: Vec<Json> =
                options.after.iter().map(|(template, id)| reference(template, id)).collect();
            // One alone is written without brackets: templates count bytes.
            let after = if after.len() == 1 { after.remove(0) } else { Json::Array(after) };
            entry.insert("DependsOn".to_owned(), after);
        }
        if let Some((on_deletion, on_replacement)) = options.removal {
            entry.insert("DeletionPolicy".to_owned(), json!(on_deletion.policy()));
            entry.insert("UpdateReplacePolicy".to_owned(), json!(on_replacement.policy()));
        }
        if let Some(layer) = options.layer {
            entry.insert("Metadata".to_owned(), json!({"Layer": layer}));
        }
        if !properties.is_empty() {
            entry.insert("Properties".to_owned(), Json::Object(properties));
        }
        if self.resources.insert(id.clone(), Json::Object(entry)).is_some() {
            self.problems.push(Problem::DuplicateId { id: id.clone() });
        }
        Handle::new(self.name.clone(), id.into())
    }

    /// Adds a parameter of type `String` and answers its value.
    pub fn parameter<K>(&mut self, name: impl Into<String>, parameter: &Parameter) -> Value<S, K> {
        let name = name.into();
        let mut entry = match serde_json::to_value(parameter) {
            Ok(Json::Object(entry)) => entry,
            _ => Map::new(),
        };
        entry.insert("Type".to_owned(), json!("String"));
        if self.parameters.insert(name.clone(), Json::Object(entry)).is_some() {
            self.problems.push(Problem::DuplicateId { id: name.clone() });
        }
        Value::reference(self.name.clone(), name.into(), None)
    }

    /// Adds a parameter that may be left out, and answers its value or, where it is empty, `otherwise`.
    pub fn parameter_or<K>(&mut self, name: &str, otherwise: Value<S, K>) -> Value<S, K> {
        let parameter = Parameter { allowed_pattern: None, default: Some(String::new()) };
        let given = self.parameter(name, &parameter);
        let condition = format!("{name}Given");
        let is_given = json!({"Fn::Not": [{"Fn::Equals": [given, ""]}]});
        if self.conditions.insert(condition.clone(), is_given).is_some() {
            self.problems.push(Problem::DuplicateId { id: condition.clone() });
        }
        Value::choice(condition, given, otherwise)
    }

    /// Adds an output.
    #[allow(clippy::needless_pass_by_value)] // reads as the other two
    pub fn output<K>(&mut self, name: impl Into<String>, value: Value<S, K>) {
        let name = name.into();
        match serde_json::to_value(&value) {
            Ok(value) => {
                let entry = json!({"Value": value});
                if self.outputs.insert(name.clone(), entry).is_some() {
                    self.problems.push(Problem::DuplicateId { id: name });
                }
            }
            Err(source) => {
                self.problems.push(Problem::NotSerializable { id: name, reason: source.to_string() });
            }
        }
    }

    /// The template as it goes to CloudFormation.
    ///
    /// # Errors
    ///
    /// Every [`Problem`] there is: references to what is not in this template, ids given twice or malformed, limits
    /// passed.
    pub fn finish(mut self) -> Result<Document, FinishError> {
        let mut body = Map::new();
        body.insert("AWSTemplateFormatVersion".to_owned(), json!("2010-09-09"));
        body.insert("Description".to_owned(), json!(self.description));
        let tags: Map<String, Json> =
            self.tags.iter().map(|tag| (tag.key.clone(), json!(tag.value))).collect();
        body.insert("Metadata".to_owned(), json!({"Tags": tags}));
        for (section, entries) in [
            ("Parameters", self.parameters),
            ("Conditions", self.conditions),
            ("Resources", self.resources),
            ("Outputs", self.outputs),
        ] {
            if !entries.is_empty() {
                body.insert(section.to_owned(), Json::Object(entries));
            }
        }
        let body = check(&self.name, body, &mut self.problems);
        let document = Document::new(self.name.to_string(), self.tags, body);
        let bytes = document.compact().len();
        if bytes > crate::finish::MAX_TEMPLATE_BYTES {
            self.problems.push(Problem::TooLarge { bytes });
        }
        if self.problems.is_empty() {
            Ok(document)
        } else {
            Err(FinishError { stack: self.name.to_string(), problems: self.problems })
        }
    }
}

fn reference(template: &str, id: &str) -> Json {
    let mut map = Map::new();
    map.insert(crate::value::REFERENCE.to_owned(), json!([template, id, crate::finish::ID_ONLY]));
    Json::Object(map)
}
