//! `iam:SimulateCustomPolicy`: every call that the roles were seen to make, decided by AWS.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use deploy_ops::call::CallError;
use deploy_ops::doctor::Finding;
use deploy_ops::iam::{DecidedCall, RoleEvidence};
use deploy_ops::pages::Pages;
use deploy_ops::target::Target;

use super::{not_asked, shown};

const CHECK: &str = "simulate";

/// Most questions about one role: AWS throttles this call.
const QUESTIONS: usize = 400;
/// Most resources that an action is asked about with the same condition keys: the others differ in a made-up id only.
const RESOURCES: usize = 3;

/// Actions on one resource with the same condition keys: one call of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// ARN, or `*`.
    pub resource: String,
    /// Condition keys of the request; several values are joined by `,`.
    pub context: BTreeMap<String, String>,
    /// By action: whether the local evaluator allows it.
    pub actions: BTreeMap<String, bool>,
}

/// What AWS decided of one action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Action.
    pub action: String,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub decision: String,
}

/// Puts calls together to as few questions as they take, and says how many calls are left out.
#[must_use]
pub fn questions(calls: &BTreeSet<DecidedCall>) -> (Vec<Question>, usize) {
    let mut resources: BTreeMap<(&str, bool, String), BTreeSet<&str>> = BTreeMap::new();
    let mut questions: BTreeMap<(String, String), Question> = BTreeMap::new();
    let mut left_out = 0;
    for call in calls {
        let context = format!("{:?}", call.context);
        let known = resources.entry((&call.action, call.allowed, context.clone())).or_default();
        let is_new = !known.contains(call.resource.as_str());
        let key = (call.resource.clone(), context);
        if (is_new && known.len() == RESOURCES)
            || (questions.len() == QUESTIONS && !questions.contains_key(&key))
        {
            left_out += 1;
            continue;
        }
        known.insert(&call.resource);
        let question = questions.entry(key).or_insert_with(|| Question {
            resource: call.resource.clone(),
            context: call.context.clone(),
            actions: BTreeMap::new(),
        });
        question.actions.insert(call.action.clone(), call.allowed);
    }
    (questions.into_values().collect(), left_out)
}

/// Where AWS decides otherwise than the local evaluator did, or does not decide.
#[must_use]
pub fn disagreements(role: &str, question: &Question, answers: &[Answer]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (action, allowed) in &question.actions {
        let answer = answers.iter().find(|answer| answer.action.eq_ignore_ascii_case(action));
        let on = format!("{role}: {action} on {}", question.resource);
        let Some(answer) = answer else {
            findings.push(not_asked(CHECK, &on, "AWS's answer does not have it"));
            continue;
        };
        if (answer.decision == "allowed") != *allowed {
            let local = if *allowed { "allows" } else { "denies" };
            let fix = "AWS is right: change the policy in crates/stack-model/src/identity/, and the rule of the local evaluator \
                       in crates/rollout-sim/src/iam/ with its source";
            let detail = format!("{on}: AWS says {}, the local evaluator {local} it", answer.decision);
            findings.push(Finding::fail(CHECK, detail, fix));
        }
    }
    findings
}

/// Asks about all roles.
pub(super) async fn roles(target: &Target, roles: &[RoleEvidence]) -> Vec<Finding> {
    let client = deploy_ops::client!(&target.aws, aws_sdk_iam);
    let mut findings = Vec::new();
    for role in roles.iter().filter(|role| !role.calls.is_empty()) {
        let (questions, left_out) = questions(&role.calls);
        let (mut asked, mut different) = (0, Vec::new());
        for question in &questions {
            match ask(&client, role, question).await {
                Ok(answers) => {
                    asked += question.actions.len();
                    different.extend(disagreements(&role.role, question, &answers));
                }
                Err(error) => {
                    different.push(not_asked(CHECK, &role.role, error));
                    break;
                }
            }
        }
        if different.is_empty() {
            let left = if left_out == 0 {
                String::new()
            } else {
                format!(" ({left_out} of the same kind not asked)")
            };
            let detail =
                format!("{}: AWS decides {asked} calls as the local evaluator does{left}", role.role);
            findings.push(Finding::ok(CHECK, detail));
        }
        findings.extend(shown(CHECK, different));
    }
    findings
}

async fn ask(client: &Client, role: &RoleEvidence, question: &Question) -> Result<Vec<Answer>, CallError> {
    let policies = role.documents.policies.iter().map(|(_, text)| text.clone()).collect();
    let call = client
        .simulate_custom_policy()
        .set_policy_input_list(Some(policies))
        .set_permissions_boundary_policy_input_list(role.documents.boundary.clone().map(|text| vec![text]))
        .set_action_names(Some(question.actions.keys().cloned().collect()))
        .resource_arns(&question.resource)
        .set_context_entries(Some(question.context.iter().map(|(key, value)| entry(key, value)).collect()));
    let pages = Pages::of("iam:SimulateCustomPolicy", call.into_paginator().send()).all().await?;
    let results = pages.into_iter().flat_map(|page| page.evaluation_results.unwrap_or_default());
    Ok(results
        .map(|result| Answer {
            decision: PolicyEvaluationDecisionType::as_str(&result.eval_decision).to_owned(),
            action: result.eval_action_name,
        })
        .collect())
}

fn entry(key: &str, value: &str) -> ContextEntry {
    let list = key == "aws:tagkeys" || value.contains(',');
    let kind = match key {
        "aws:securetransport" => ContextKeyTypeEnum::Boolean,
        _ if list => ContextKeyTypeEnum::StringList,
        _ => ContextKeyTypeEnum::String,
    };
    let values = if list { value.split(',').map(str::to_owned).collect() } else { vec![value.to_owned()] };
    ContextEntry::builder()
        .context_key_name(key)
        .set_context_key_values(Some(values))
        .context_key_type(kind)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(action: &str, resource: &str, key: &str, allowed: bool) -> DecidedCall {
        let context = BTreeMap::from([(key.to_owned(), "a".to_owned())]);
        DecidedCall { action: action.to_owned(), resource: resource.to_owned(), context, allowed }
    }

    #[test]
    fn calls_are_asked_about_together_where_only_the_action_differs() {
        let calls = BTreeSet::from([
            call("ecs:StopTask", "arn:1", "k", true),
            call("ecs:DescribeTasks", "arn:1", "k", false),
            call("ecs:StopTask", "arn:1", "other", true),
        ]);
        let (questions, left_out) = questions(&calls);
        assert_eq!((questions.len(), left_out), (2, 0));
        let together = questions.iter().find(|it| it.actions.len() == 2);
        assert_eq!(together.map(|it| it.actions.values().copied().collect()), Some(vec![false, true]));
    }

    #[test]
    fn the_same_call_on_one_task_after_another_is_asked_about_a_few_times() {
        let calls = (0..10).map(|number| call("ecs:StopTask", &format!("arn:{number}"), "k", true)).collect();
        let (questions, left_out) = questions(&calls);
        assert_eq!((questions.len(), left_out), (RESOURCES, 10 - RESOURCES));
    }

    #[test]
    fn an_answer_that_lacks_an_action_is_no_agreement() {
        let calls = BTreeSet::from([
            call("ecs:StopTask", "arn:1", "k", true),
            call("ecs:RunTask", "arn:1", "k", true),
        ]);
        let (questions, _) = questions(&calls);
        let answers = [Answer { action: "ecs:StopTask".to_owned(), decision: "implicitDeny".to_owned() }];
        let found: Vec<String> =
            disagreements("role", &questions[0], &answers).iter().map(ToString::to_string).collect();
        assert!(
            found[0].starts_with("-     simulate      role: ecs:RunTask on arn:1: not asked"),
            "{found:?}"
        );
        let denied = "role: ecs:StopTask on arn:1: AWS says implicitDeny, the local evaluator allows it";
        assert!(found[1].starts_with("FAIL") && found[1].contains(denied), "{found:?}");
    }
}
