//! Workflows and composite actions as data.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

/// A workflow or composite action.
pub(super) struct File {
    /// File name, `cd.yml`.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its content.
    pub content: Value,
}

/// A step, with where it is.
pub(super) struct Step<'a> {
    /// `cd.yml: newest: Ask for main's newest commit`
    pub place: String,
    /// What it says.
    pub content: &'a Value,
}

impl File {
    fn read(path: &Path) -> Self {
        let name = path.file_name().unwrap().to_str().unwrap();
        Self::parse(name, &std::fs::read_to_string(path).unwrap())
    }

    /// A file of this name and text.
    pub(super) fn parse(name: &str, text: &str) -> Self {
        let documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(documents.len(), 1, "{name}");
        let content = json(&documents[0]);
        Self { name: name.to_owned(), text: text.to_owned(), content }
    }

    /// Its jobs by id.
    pub(super) fn jobs(&self) -> &Map<String, Value> {
        self.content["jobs"].as_object().unwrap_or_else(|| panic!("{} has no jobs", self.name))
    }

    /// Every step of a workflow or action.
    pub(super) fn steps(&self) -> Vec<Step<'_>> {
        let jobs = self.content["jobs"].as_object().into_iter().flatten();
        let of_jobs = jobs.map(|(id, job)| (format!("{}: {id}", self.name), &job["steps"]));
        let of_action = [(self.name.clone(), &self.content["runs"]["steps"])];
        let mut found = Vec::new();
        for (place, steps) in of_jobs.chain(of_action) {
            for content in steps.as_array().into_iter().flatten() {
                let name =
                    content["name"].as_str().unwrap_or_else(|| panic!("{place}: a step without a name"));
                found.push(Step { place: format!("{place}: {name}"), content });
            }
        }
        found
    }
}

/// Top of the repository.
pub(super) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every workflow by file name.
pub(super) fn workflows() -> BTreeMap<String, File> {
    let folder = repository().join(".github/workflows");
    let entries = std::fs::read_dir(folder).unwrap();
    let files = entries.map(|entry| File::read(&entry.unwrap().path()));
    files.map(|file| (file.name.clone(), file)).collect()
}

/// The workflow of this file name.
pub(super) fn workflow(name: &str) -> File {
    File::read(&repository().join(".github/workflows").join(name))
}

/// The composite action in this folder of the repository: `.github/actions/deploy-tool`.
pub(super) fn action(folder: &str) -> File {
    File::read(&repository().join(folder).join("action.yml"))
}

/// Workflows and composite actions.
pub(super) fn all() -> Vec<File> {
    let actions = std::fs::read_dir(repository().join(".github/actions")).unwrap();
    let actions = actions.map(|entry| File::read(&entry.unwrap().path().join("action.yml")));
    workflows().into_values().chain(actions).collect()
}

/// The workflow that a `uses` names, where it is one of this repository.
pub(super) fn called(uses: &str) -> Option<File> {
    uses.strip_prefix("./.github/workflows/").map(workflow)
}

/// Every trigger of a workflow.
pub(super) fn triggers(file: &File) -> Vec<&str> {
    match &file.content["on"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        Value::Object(map) => map.keys().map(String::as_str).collect(),
        other => panic!("{}: on: {other}", file.name),
    }
}

/// A text or a list of texts, as a list.
pub(super) fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Null => Vec::new(),
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        other => panic!("neither a text nor a list: {other}"),
    }
}

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => Value::Bool(*value),
        Yaml::Value(Scalar::Integer(value)) => Value::from(*value),
        Yaml::Value(Scalar::FloatingPoint(value)) => Value::from(value.into_inner()),
        Yaml::Value(Scalar::String(text)) => Value::String(text.to_string()),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(map) => {
            let entries = map.iter().map(|(key, value)| {
                (
                    key.as_str().unwrap_or_else(|| panic!("a key that is no text: {key:?}")).to_owned(),
                    json(value),
                )
            });
            Value::Object(entries.collect())
        }
        other => panic!("not used in these files: {other:?}"),
    }
}
