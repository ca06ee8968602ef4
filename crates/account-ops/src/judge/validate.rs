//! `access-analyzer:ValidatePolicy`: grammar and practice of every policy that is generated.

use std::collections::BTreeMap;

use aws_sdk_accessanalyzer::Client;
use aws_sdk_accessanalyzer::types::{
    PolicyType, ValidatePolicyFinding, ValidatePolicyFindingType, ValidatePolicyResourceType,
};
use deploy_ops::call::CallError;
use deploy_ops::doctor::Finding;
use deploy_ops::iam::RoleEvidence;
use deploy_ops::pages::Pages;
use deploy_ops::target::Target;

use super::{not_asked, shown};

const CHECK: &str = "policies";

/// Validates the policies, boundaries and trusts of all roles; what several roles share is asked about once.
pub(super) async fn policies(target: &Target, roles: &[RoleEvidence]) -> Vec<Finding> {
    let client = deploy_ops::client!(&target.aws, aws_sdk_accessanalyzer);
    let mut texts: BTreeMap<(&str, bool), String> = BTreeMap::new();
    for role in roles {
        let documents = &role.documents;
        for (name, text) in &documents.policies {
            texts.entry((text, false)).or_insert_with(|| format!("{} {name}", role.role));
        }
        if let Some(text) = &documents.boundary {
            texts.entry((text, false)).or_insert_with(|| format!("{} boundary", role.role));
        }
        texts.entry((&documents.trust, true)).or_insert_with(|| format!("{} trust", role.role));
    }
    let (mut findings, mut good, mut hints) = (Vec::new(), 0, 0);
    for ((text, trust), what) in &texts {
        let found = match ask(&client, text, *trust).await {
            Ok(found) => found,
            Err(error) => {
                findings.push(not_asked(CHECK, what, error));
                break;
            }
        };
        let before = findings.len();
        for finding in found {
            match finding.finding_type {
                ValidatePolicyFindingType::Error | ValidatePolicyFindingType::SecurityWarning => {
                    findings.push(told(what, &finding));
                }
                _ => hints += 1,
            }
        }
        good += usize::from(findings.len() == before);
    }
    let mut findings = shown(CHECK, findings);
    if good > 0 {
        let detail =
            format!("Access Analyzer finds no error in {good} policies ({hints} warnings and suggestions)");
        findings.insert(0, Finding::ok(CHECK, detail));
    }
    findings
}

fn told(what: &str, finding: &ValidatePolicyFinding) -> Finding {
    let kind = finding.finding_type.as_str();
    let detail = format!("{what}: {kind} {}: {}", finding.issue_code, finding.finding_details);
    let fix = format!("crates/stack-model/src/identity/ or roles.rs; {}", finding.learn_more_link);
    if finding.finding_type == ValidatePolicyFindingType::Error {
        Finding::fail(CHECK, detail, fix)
    } else {
        Finding::warn(CHECK, detail, fix)
    }
}

async fn ask(client: &Client, text: &str, trust: bool) -> Result<Vec<ValidatePolicyFinding>, CallError> {
    let call = client.validate_policy().policy_document(text);
    let call = if trust {
        let of = ValidatePolicyResourceType::from("AWS::IAM::AssumeRolePolicyDocument");
        call.policy_type(PolicyType::ResourcePolicy).validate_policy_resource_type(of)
    } else {
        call.policy_type(PolicyType::IdentityPolicy)
    };
    let pages = Pages::of("access-analyzer:ValidatePolicy", call.into_paginator().send()).all().await?;
    Ok(pages.into_iter().flat_map(|page| page.findings).collect())
}
