//! `ValidatePolicy` of IAM Access Analyzer, as far as its checks are modelled: the grammar, actions that do not exist, and
//! roles that may be passed without limit. Codes are those of `IAM:access-analyzer-reference-policy-checks`.

use super::policy::{Document, Effect};
use super::reference;
use crate::wire::{inputs, outputs, page};
use crate::{ApiError, World};

inputs! { "camelCase"
    /// Input of `ValidatePolicy`.
    pub struct ValidatePolicyInput {
        /// JSON text.
        pub policy_document: String,
        /// `IDENTITY_POLICY` or `RESOURCE_POLICY`; others are not modelled.
        pub policy_type: String,
        /// Of a resource policy: what it is attached to.
        pub validate_policy_resource_type: Option<String>,
        /// Language of the answer; always English.
        pub locale: Option<String>,
        /// Size of a page.
        pub max_results: Option<usize>,
        /// Page.
        pub next_token: Option<String>,
    }
}

outputs! { "camelCase"
    /// Something that a check found.
    pub struct PolicyFinding {
        /// In words.
        pub finding_details: String,
        /// `ERROR`, `SECURITY_WARNING`, `SUGGESTION` or `WARNING`.
        pub finding_type: String,
        /// Which check.
        pub issue_code: String,
        /// Where to read about it.
        pub learn_more_link: String,
        /// Where in the document; not modelled.
        pub locations: Vec<String>,
    }
    /// Output of `ValidatePolicy`.
    pub struct ValidatePolicyOutput {
        /// All of them.
        pub findings: Vec<PolicyFinding>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
}

fn finding(kind: &str, code: &str, details: String) -> PolicyFinding {
    PolicyFinding {
        finding_details: details,
        finding_type: kind.to_owned(),
        issue_code: code.to_owned(),
        learn_more_link:
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
                .to_owned(),
        locations: Vec::new(),
    }
}

/// Validates a policy.
///
/// # Errors
/// `ValidationException` for a page; types of policies that are not modelled.
pub fn validate_policy(
    _world: &World,
    input: &ValidatePolicyInput,
) -> Result<ValidatePolicyOutput, ApiError> {
    let trust = input.validate_policy_resource_type.as_deref() == Some("AWS::IAM::AssumeRolePolicyDocument");
    let document = match (input.policy_type.as_str(), trust) {
        ("IDENTITY_POLICY", false) => Document::identity(&input.policy_document),
        ("RESOURCE_POLICY", true) => Document::trust(&input.policy_document),
        (other, _) => return Err(ApiError::not_modelled(format_args!("validation of a {other}"))),
    };
    let findings = match document {
        Err(error) => vec![finding("ERROR", "JSON_SYNTAX_ERROR", error.message)],
        Ok(document) => checks(&document),
    };
    let size = input.max_results.unwrap_or(100);
    let (findings, next_token) = page(findings, input.next_token.as_deref(), size, || {
        ApiError::new("ValidationException", "The nextToken is invalid.")
    })?;
    Ok(ValidatePolicyOutput { findings, next_token })
}

fn checks(document: &Document) -> Vec<PolicyFinding> {
    let mut found = Vec::new();
    for statement in &document.statement {
        for action in statement.action.iter().filter(|action| *action != "*") {
            let service = action.split(':').next().unwrap_or_default();
            if reference::knows_service(service) && reference::matching(action).is_empty() {
                let details = format!("The action {action} does not exist.");
                found.push(finding("ERROR", "INVALID_ACTION", details));
            }
        }
        let passes = statement.matches_action("iam:PassRole") && statement.effect == Effect::Allow;
        if passes
            && statement.resource.iter().any(|resource| resource == "*")
            && statement.condition.is_empty()
        {
            let details =
                "Using the iam:PassRole action with wildcards (*) in the resource can be overly permissive.";
            found.push(finding("SECURITY_WARNING", "PASS_ROLE_WITH_STAR_IN_RESOURCE", details.to_owned()));
        }
    }
    found
}
