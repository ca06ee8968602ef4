//! Templates: text to a compiled form that is shared by everything that runs on it.

mod eval;
mod expr;
mod extensions;
mod imports;
mod parameters;
mod parse;
mod pattern;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub(super) use eval::{Scope, UNKNOWN, is_unknown, scalar_text};
pub(super) use expr::{Expr, Uses};
pub(super) use parameters::Declaration;

/// What happens to a resource that its stack lets go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Policy {
    /// It is deleted.
    #[default]
    Delete,
    /// It stays.
    Retain,
    /// It stays, unless it was created by the very operation that is rolled back.
    RetainExceptOnCreate,
    /// It is deleted after a final snapshot.
    Snapshot,
}

/// One resource of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ResourceDefinition {
    pub kind: String,
    pub properties: Expr,
    pub condition: Option<String>,
    /// `None`: not said, which means Snapshot for databases that belong to no cluster, else Delete.
    pub deletion_policy: Option<Policy>,
    pub update_replace_policy: Option<Policy>,
    pub metadata: Option<Expr>,
    pub description: Option<String>,
    /// Resources it waits for: explicit ones and those it refers to.
    pub depends_on: BTreeSet<String>,
    /// Those of them that it names in `DependsOn`.
    pub explicit: BTreeSet<String>,
    /// What its properties refer to.
    pub uses: Uses,
}

/// One output of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OutputDefinition {
    pub value: Expr,
    pub description: Option<String>,
    pub export: Option<Expr>,
    pub condition: Option<String>,
}

/// A rule: assertions that hold for the parameters where its condition does.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub condition: Option<Expr>,
    /// Assertion and its description.
    pub assertions: Vec<(Expr, String)>,
}

/// A compiled template.
#[derive(Debug, PartialEq)]
pub(super) struct Parsed {
    /// The text it was read from.
    pub body: String,
    pub version: Option<String>,
    pub description: Option<String>,
    pub parameters: Vec<Declaration>,
    pub mappings: BTreeMap<String, Value>,
    pub conditions: BTreeMap<String, Expr>,
    pub rules: BTreeMap<String, Rule>,
    pub resources: BTreeMap<String, ResourceDefinition>,
    pub outputs: BTreeMap<String, OutputDefinition>,
    pub metadata: Option<Value>,
    pub transforms: Vec<String>,
    /// Resource names in an order in which each comes after those it waits for.
    pub order: Vec<String>,
    /// By resource, those that wait for it.
    pub dependents: BTreeMap<String, Vec<String>>,
}

/// A shared template. It serialises as its text and is compiled again when read.
#[derive(Debug, Clone)]
pub(super) struct Template(Arc<Parsed>);

impl Template {
    /// Reads and checks a template.
    ///
    /// # Errors
    /// CloudFormation's message; one that begins with `not modelled` names what this simulator lacks.
    pub(super) fn parse(body: &str) -> Result<Self, String> {
        parse::parse(body).map(|parsed| Self(Arc::new(parsed)))
    }

    /// Whether both are the same compiled template, without looking at the contents.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Capabilities the template needs: `CAPABILITY_IAM`, or `CAPABILITY_NAMED_IAM` where an IAM resource has a
    /// name of its own; and the types that need it.
    pub(super) fn capabilities(&self) -> (Option<&'static str>, Vec<&str>) {
        let mut types = BTreeSet::new();
        let mut named = false;
        for resource in self.resources.values() {
            let name = match resource.kind.as_str() {
                "AWS::IAM::Role" => "RoleName",
                "AWS::IAM::ManagedPolicy" => "ManagedPolicyName",
                "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" => "",
                _ => continue,
            };
            types.insert(resource.kind.as_str());
            named |= match &resource.properties {
                Expr::Object(entries) => entries.iter().any(|(key, _)| key == name),
                Expr::Literal(value) => value.get(name).is_some(),
                _ => false,
            };
        }
        let capability = match (types.is_empty(), named) {
            (true, _) => None,
            (false, false) => Some("CAPABILITY_IAM"),
            (false, true) => Some("CAPABILITY_NAMED_IAM"),
        };
        (capability, types.into_iter().collect())
    }
}

impl Deref for Template {
    type Target = Parsed;

    fn deref(&self) -> &Parsed {
        &self.0
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.body)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let body = String::deserialize(from)?;
        Self::parse(&body).map_err(serde::de::Error::custom)
    }
}
