//! Which crate may depend on which: the table of ARCHITECTURE.md, held against `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::failure::Failure;
use crate::process::cargo;
use crate::project::Project;

// The crate `cargo_metadata` would switch on features of `serde_json`; then every build of one package alone would
// compile the whole AWS SDK a second time.

/// What `cargo metadata` says, as far as it is asked here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// Absent for what is compiled into the crate itself; `dev` or `build` else.
    kind: Option<String>,
}

impl Metadata {
    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.packages.iter().find(|package| package.id == id).map_or(id, |package| &package.name)
    }
}

/// What one crate may use of this workspace, and what must not be in its dependency tree at all.
struct Rule {
    name: &'static str,
    workspace: &'static [&'static str],
    never: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule { name: "env-config", workspace: &[], never: &["tokio", "clap", "aws-config"] },
    Rule { name: "cfn", workspace: &[], never: &["tokio", "clap", "aws-config"] },
    Rule { name: "waf-rules", workspace: &["cfn"], never: &["tokio", "clap", "aws-config"] },
    Rule {
        name: "stack-model",
        workspace: &["env-config", "cfn", "waf-rules"],
        never: &["tokio", "clap", "aws-config", "rand"],
    },
    Rule { name: "rollout-sim", workspace: &[], never: &["tokio", "clap", "aws-config", "rand"] },
    Rule { name: "rollout-verdict", workspace: &[], never: &["tokio", "clap", "aws-config", "jiff", "rand"] },
    Rule {
        name: "rollout-lab",
        workspace: &["env-config", "ops-cli", "rollout-sim", "rollout-verdict", "stack-model"],
        never: &["tokio", "aws-config"],
    },
    Rule { name: "local-aws", workspace: &["rollout-sim"], never: &["aws-config", "clap"] },
    Rule { name: "ops-cli", workspace: &[], never: &["tokio", "aws-config"] },
    Rule {
        name: "deploy-ops",
        workspace: &["env-config", "cfn", "stack-model", "rollout-verdict", "local-aws", "ops-cli"],
        // The main job does not compile what only `account-ops` calls.
        never: &[
            "aws-sdk-accessanalyzer",
            "aws-sdk-acm",
            "aws-sdk-cloudcontrol",
            "aws-sdk-iam",
            "aws-sdk-rds",
            "aws-sdk-route53",
            "aws-sdk-servicequotas",
            "aws-sdk-wafv2",
        ],
    },
    Rule {
        name: "account-ops",
        workspace: &["deploy-ops", "env-config", "ops-cli", "stack-model"],
        never: &[],
    },
    Rule {
        name: "xtask",
        workspace: &["env-config", "cfn", "waf-rules", "stack-model", "ops-cli"],
        never: &["tokio", "aws-config", "rollout-sim"],
    },
    // Tests may use everything.
    Rule { name: "integration-tests", workspace: &["*"], never: &[] },
];

/// One line per broken rule.
pub(super) fn check(project: &Project) -> Result<Vec<String>, Failure> {
    let unreadable = || Failure::unexpected("failed to read the workspace with cargo metadata");
    let text = cargo(project, ["metadata", "--format-version", "1", "--locked"])
        .stderr_null()
        .read()
        .map_err(|error| unreadable().because(error))?;
    let metadata = serde_json::from_str(&text).map_err(|error| unreadable().because(error))?;
    Ok(broken_rules(&metadata))
}

fn broken_rules(metadata: &Metadata) -> Vec<String> {
    let members: BTreeMap<&str, &str> =
        metadata.workspace_members.iter().map(|id| (metadata.name(id), id.as_str())).collect();
    let mut findings = Vec::new();
    for name in members.keys().filter(|name| !RULES.iter().any(|rule| rule.name == **name)) {
        findings.push(format!(
            "Cargo.toml:1: crate {name} has no rule: give it one in xtask/src/commands/tidy/dependencies.rs"
        ));
    }
    for rule in RULES {
        let Some(id) = members.get(rule.name) else { continue };
        let manifest = format!("{}/Cargo.toml:1", rule.name);
        let direct = dependencies(metadata, id);
        for used in direct.iter().map(|id| metadata.name(id)) {
            if members.contains_key(used) && !rule.workspace.contains(&used) && rule.workspace != ["*"] {
                findings.push(format!("{manifest}: {} must not depend on {used}", rule.name));
            }
        }
        let tree = dependency_tree(metadata, id);
        for banned in rule.never.iter().filter(|banned| tree.contains(**banned)) {
            findings.push(format!("{manifest}: {} must not have {banned} in its dependency tree", rule.name));
        }
    }
    findings
}

/// Direct dependencies that are compiled into the crate: not those of its tests or build script.
fn dependencies<'a>(metadata: &'a Metadata, id: &str) -> Vec<&'a str> {
    let nodes = &metadata.resolve.nodes;
    nodes
        .iter()
        .filter(|node| node.id == id)
        .flat_map(|node| &node.deps)
        .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()))
        .map(|dependency| dependency.pkg.as_str())
        .collect()
}

/// Names of everything that is compiled into the crate.
fn dependency_tree<'a>(metadata: &'a Metadata, id: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let below = dependencies(metadata, id);
            names.extend(below.iter().map(|id| metadata.name(id)));
            open.extend(below);
        }
    }
    names
}
