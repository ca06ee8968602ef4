//! Scenarios: situations with a name, for `cargo xtask simulate --scenario NAME`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    document::Document,
    error::{ConfigError, Problem},
    load::typed,
    names::{EnvironmentName, ServiceName},
    schema_check, schemas,
};

/// A file under `infra/scenarios`: a change, what is broken, and what is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What happened, in a few sentences.
    #[schemars(length(min = 20))]
    pub description: String,
    /// Environment it happens in, unless the command line names another.
    pub environment: EnvironmentName,
    /// Faults, `KIND` or `KIND:SERVICE`; `cargo xtask simulate` lists the kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// Services that get a new image, and nothing else changes; left out: a new release of every service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_images: Vec<ServiceName>,
    /// How the images of a service behave, where that matters.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub images: IndexMap<ServiceName, ScenarioImages>,
    /// What the configuration was before the change, on every side.
    #[serde(default)]
    pub before: Changes,
    /// What is compared, in the order of the columns.
    #[schemars(length(min = 1))]
    pub sides: Vec<ScenarioSide>,
}

/// Changes to the configuration, merged into its files: tables key by key, everything else replaced.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    /// Changes to `infra/platform.toml`.
    #[schemars(schema_with = "any_table")]
    pub platform: toml::Table,
    /// Changes to the environment's file.
    #[schemars(schema_with = "any_table")]
    pub environment: toml::Table,
}

/// The merged files are checked as a whole; what a part of one may hold is not worth a schema of its own.
fn any_table(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "object", "patternProperties": { ".": true }, "additionalProperties": false })
}

/// The two images of a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScenarioImages {
    /// The one in service.
    pub old: ScenarioImage,
    /// The one that is deployed.
    pub new: ScenarioImage,
}

/// How the program in an image behaves; what is left out is as in any image that works.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScenarioImage {
    /// Status by path: an exact path, or a prefix that ends in `*`; the most specific wins, and a path that none
    /// matches is answered with 404. Left out: 200 everywhere.
    #[schemars(schema_with = "statuses")]
    pub paths: IndexMap<String, u16>,
    /// Seconds from the start of the container until the port answers.
    #[schemars(range(min = 0, max = 3600))]
    pub listen_after_secs: Option<u32>,
    /// Seconds from the start of the container until the program exits by itself.
    #[schemars(range(min = 0, max = 86_400))]
    pub crash_after_secs: Option<u32>,
    /// Seconds from the start of the container until the program goes wrong without exiting: it answers every request
    /// with 500 from then on, and its health check fails.
    #[schemars(range(min = 0, max = 86_400))]
    pub fails_after_secs: Option<u32>,
    /// Whether the container health check fails.
    pub container_check_fails: bool,
}

fn statuses(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "patternProperties": { "^/": { "type": "integer", "minimum": 100, "maximum": 599 } },
        "additionalProperties": false
    })
}

/// Who watches a rollout, and what happens when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Watcher {
    /// This tool: polls, judges, cancels the update and follows the rollback.
    Tool,
    /// Nobody: CloudFormation and the circuit breaker are left to themselves, and a pipeline waits for the stack.
    Nobody,
}

/// One column of the comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSide {
    /// Title of the column.
    #[schemars(length(min = 1, max = 24))]
    pub name: String,
    /// Who watches.
    pub watcher: Watcher,
    /// Settings of this side, before and after the change.
    #[serde(default)]
    pub settings: Changes,
    /// Numbers that AWS does not document, where this side knows them better (`crates/rollout-sim/src/params.rs`).
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    #[schemars(schema_with = "any_table")]
    pub params: toml::Table,
    /// Whether the tool's guards look at the change before anything is touched.
    #[serde(default)]
    pub guards: bool,
}

impl Scenario {
    /// Reads a scenario from the text of `file`; `kinds` are the faults that exist.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with everything that is wrong, each with line, column and what is allowed.
    pub fn read(file: &str, text: &str, kinds: &[&str]) -> Result<Self, ConfigError> {
        let (document, mut problems) = Document::parse(file, text);
        let scenario: Option<Self> = typed(&document, &schemas::scenario(), &mut problems);
        if let Some(scenario) = &scenario {
            problems.extend(unknown_faults(&document, scenario, kinds));
        }
        match scenario {
            Some(scenario) if problems.is_empty() => Ok(scenario),
            _ => Err(ConfigError::Invalid(problems)),
        }
    }
}

fn unknown_faults(document: &Document<'_>, scenario: &Scenario, kinds: &[&str]) -> Vec<Problem> {
    let unknown = scenario.faults.iter().enumerate().filter_map(|(index, fault)| {
        let kind = fault.split(':').next().unwrap_or_default();
        if kinds.contains(&kind) {
            return None;
        }
        let near = schema_check::closest(kind, kinds);
        let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        let span = document.span(&["faults", &index.to_string()]);
        let help = format!("{near}allowed: {}", kinds.join(", "));
        Some(document.problem(span, format!("there is no fault `{kind}`"), "not known here", Some(help)))
    });
    unknown.collect()
}

/// Merges changes into a file's table: tables key by key, everything else replaced.
pub fn merge(into: &mut toml::Table, changes: &toml::Table) {
    for (key, value) in changes {
        match (into.get_mut(key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Schema of a file under `infra/scenarios`.
pub(crate) fn schema() -> Value {
    schemars::schema_for!(Scenario).to_value()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Scenario, merge};

    const MINIMAL: &str = r#"
description = "Something that happened once."
environment = "staging"
faults = ["crash-on-start:mcp"]
[[sides]]
name = "today"
watcher = "tool"
"#;

    #[test]
    fn a_small_scenario_is_read() {
        let scenario = Scenario::read("a.toml", MINIMAL, &["crash-on-start"]).unwrap();
        assert_eq!(scenario.sides.len(), 1);
        assert!(!scenario.sides[0].guards);
    }

    #[test]
    fn an_unknown_fault_is_shown_with_its_place_and_the_kinds_there_are() {
        let error = Scenario::read("a.toml", MINIMAL, &["crash-at-start"]).unwrap_err();
        let problem = &error.problems()[0];
        assert_eq!((problem.line, problem.column), (4, 11));
        let help = problem.help.clone().unwrap();
        assert!(help.contains("did you mean `crash-at-start`"), "{help}");
    }

    #[test]
    fn a_misspelt_watcher_and_an_unknown_key_are_shown_with_what_is_allowed() {
        let text = MINIMAL.replace("\"tool\"", "\"tol\"").replace("environment", "enviroment");
        let error = Scenario::read("a.toml", &text, &["crash-on-start"]).unwrap_err();
        let report = error.report(false);
        assert!(report.contains("did you mean `environment`"), "{report}");
        assert!(report.contains("tool, nobody"), "{report}");
        assert!(report.contains("a.toml:3:1"), "{report}");
    }

    #[test]
    fn settings_of_a_side_may_be_any_table() {
        let text =
            format!("{MINIMAL}[sides.settings.platform.deployment]\nderegistration_delay_secs = 300\n");
        let scenario = Scenario::read("a.toml", &text, &["crash-on-start"]).unwrap();
        let deployment = scenario.sides[0].settings.platform["deployment"].as_table().unwrap();
        assert_eq!(deployment["deregistration_delay_secs"].as_integer(), Some(300));
    }

    #[test]
    fn merging_goes_key_by_key() {
        let mut table: toml::Table = toml::from_str("a = 1\n[b]\nc = 2\nd = 3\n").unwrap();
        merge(&mut table, &toml::from_str("[b]\nc = 9\n").unwrap());
        assert_eq!(table, toml::from_str("a = 1\n[b]\nc = 9\nd = 3\n").unwrap());
    }
}
