//! `SimulateCustomPolicy`: what policies would decide that nobody has yet (botocore `iam/2010-05-08`).

use serde::{Deserialize, Serialize};

use super::authorize::{Verdict, judge};
use super::condition::Context;
use super::policy::Document;
use super::reference;
use crate::scalar::lenient_opt;
use crate::wire::{self, inputs, outputs};
use crate::{ApiError, World};

/// A condition key of the simulated request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ContextEntry {
    /// Its name.
    pub context_key_name: String,
    /// Its values.
    pub context_key_values: Vec<String>,
    /// `string`, `stringList`, `boolean`, …: texts here, whatever it says.
    pub context_key_type: String,
}

inputs! { "PascalCase"
    /// Input of `SimulateCustomPolicy`.
    pub struct SimulateCustomPolicyInput {
        /// Identity policies, JSON texts.
        pub policy_input_list: Vec<String>,
        /// Boundaries, JSON texts; at most one counts.
        pub permissions_boundary_policy_input_list: Vec<String>,
        /// Actions.
        pub action_names: Vec<String>,
        /// ARNs; `*` where none is given.
        pub resource_arns: Vec<String>,
        /// Condition keys of the request.
        pub context_entries: Vec<ContextEntry>,
        /// Page.
        pub marker: Option<String>,
        /// 1 to 1000, default 100.
        #[serde(deserialize_with = "lenient_opt")]
        pub max_items: Option<usize>,
    }
}

outputs! { "PascalCase"
    /// Whether the boundary allows it.
    pub struct BoundaryDetail {
        /// It does.
        pub allowed_by_permissions_boundary: bool,
    }
    /// One action on one resource.
    pub struct EvaluationResult {
        /// Action.
        pub eval_action_name: String,
        /// ARN, or `*`.
        pub eval_resource_name: String,
        /// `allowed`, `explicitDeny` or `implicitDeny`.
        pub eval_decision: String,
        /// Where a boundary was given.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub permissions_boundary_decision_detail: Option<BoundaryDetail>,
    }
    /// Output of `SimulateCustomPolicy`.
    pub struct SimulateCustomPolicyOutput {
        /// Each action on each resource.
        pub evaluation_results: Vec<EvaluationResult>,
        /// More pages follow.
        pub is_truncated: bool,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub marker: Option<String>,
    }
}

fn documents(texts: &[String]) -> Result<Vec<Document>, ApiError> {
    let read = texts.iter().map(|text| Document::identity(text));
    read.collect::<Result<_, _>>().map_err(|error: ApiError| ApiError::new("InvalidInput", error.message))
}

/// Decides as a call would be decided, by the same rules.
///
/// # Errors
/// `InvalidInput` for policies, actions and pages that cannot be read.
pub fn simulate_custom_policy(
    _world: &World,
    input: &SimulateCustomPolicyInput,
) -> Result<SimulateCustomPolicyOutput, ApiError> {
    let policies = documents(&input.policy_input_list)?;
    let boundary = documents(&input.permissions_boundary_policy_input_list)?;
    let invalid = |message: String| ApiError::new("InvalidInput", message);
    if let Some(unknown) = input.action_names.iter().find(|name| !name.contains(':')) {
        return Err(invalid(format!("Invalid Action Name {unknown}")));
    }
    let everything = ["*".to_owned()];
    let resources = if input.resource_arns.is_empty() { &everything[..] } else { &input.resource_arns };
    let mut results = Vec::new();
    for action in &input.action_names {
        let known =
            input.context_entries.iter().filter(|it| reference::has_key(action, &it.context_key_name));
        let entries: Vec<(&str, String)> =
            known.map(|it| (it.context_key_name.as_str(), it.context_key_values.join(","))).collect();
        let context = Context::new(entries.iter().map(|(key, value)| (*key, value.as_str())));
        for resource in resources {
            let decide = |documents: &[Document]| {
                judge(documents.iter().flat_map(|it| &it.statement), action, resource, &context)
            };
            let own = decide(&policies);
            let bound = (!boundary.is_empty()).then(|| decide(&boundary));
            let verdict = match (own, bound) {
                (Verdict::Denied, _) | (_, Some(Verdict::Denied)) => "explicitDeny",
                (Verdict::Allowed, None | Some(Verdict::Allowed)) => "allowed",
                _ => "implicitDeny",
            };
            results.push(EvaluationResult {
                eval_action_name: action.clone(),
                eval_resource_name: resource.clone(),
                eval_decision: verdict.to_owned(),
                permissions_boundary_decision_detail: bound.map(|bound| BoundaryDetail {
                    allowed_by_permissions_boundary: bound == Verdict::Allowed,
                }),
            });
        }
    }
    let size = input.max_items.unwrap_or(100).clamp(1, 1000);
    let (evaluation_results, marker) =
        wire::page(results, input.marker.as_deref(), size, || invalid("Invalid Marker.".to_owned()))?;
    Ok(SimulateCustomPolicyOutput { evaluation_results, is_truncated: marker.is_some(), marker })
}
