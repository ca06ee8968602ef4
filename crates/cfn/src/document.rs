//! A finished template.

use serde_json::{Map, Value as Json};

use crate::template::Tag;
use crate::yaml;

/// A finished template, ready to be rendered. Equal documents render to equal bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    stack_name: String,
    tags: Vec<Tag>,
    body: Json,
}

impl Document {
    pub(crate) fn new(stack_name: String, tags: Vec<Tag>, body: Json) -> Self {
        Self { stack_name, tags, body: sorted(body) }
    }

    /// The stack that the template is for.
    pub fn stack_name(&self) -> &str {
        &self.stack_name
    }

    /// The tags that the stack is created and updated with; the template repeats them under `Metadata.Tags`.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// The template as JSON, keys sorted.
    pub fn json(&self) -> &Json {
        &self.body
    }

    /// JSON without white space: what is sent to CloudFormation, at most 51,200 bytes.
    pub fn compact(&self) -> String {
        self.body.to_string()
    }

    /// JSON for people, indented by two spaces, with a line feed at the end.
    pub fn pretty(&self) -> String {
        format!("{:#}\n", self.body)
    }

    /// YAML for people.
    pub fn yaml(&self) -> String {
        yaml::render(&self.body)
    }

    /// Logical id and type of every resource, sorted by id.
    pub fn resource_types(&self) -> impl Iterator<Item = (&str, &str)> {
        let resources = self.body.get("Resources").and_then(Json::as_object);
        resources
            .into_iter()
            .flatten()
            .map(|(id, entry)| (id.as_str(), entry.get("Type").and_then(Json::as_str).unwrap_or_default()))
    }
}

/// Keys in order, whichever map `serde_json` was compiled with: the bytes must not depend on a dependency's features.
fn sorted(json: Json) -> Json {
    match json {
        Json::Object(map) => {
            let mut entries: Vec<(String, Json)> =
                map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(Map::from_iter(entries))
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        scalar => scalar,
    }
}
