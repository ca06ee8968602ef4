//! What tells the roles of one environment from those of another: their tags, since they have the same policies.

use std::collections::BTreeMap;

use rollout_sim::iam;
use serde_json::json;

use super::role_limits_template::{Account, ROLE};

#[test]
fn a_role_acts_in_the_environment_that_its_tags_name_and_in_no_other() {
    let mut account = Account::new();
    let policies = |account: &Account, role: &str| {
        let input = iam::RoleInput { role_name: role.to_owned() };
        let attached = iam::list_attached_role_policies(&account.world, &input).unwrap().attached_policies;
        attached.into_iter().map(|policy| policy.policy_arn).collect::<Vec<_>>()
    };
    for kind in ["cloudformation", "deploy"] {
        let [staging, production] =
            ["staging", "production"].map(|name| policies(&account, &format!("doc-platform-{name}-{kind}")));
        assert!(!staging.is_empty() && staging == production, "{kind}");
    }
    let may = |account: &Account, role: &str, environment: &str| {
        let (role, tag) = (iam::Principal::role(role), environment.to_owned());
        let context = BTreeMap::from([("aws:ResourceTag/Environment".to_owned(), tag)]);
        let vpc = account.world.arn("ec2", "vpc/vpc-1");
        let cluster = account.world.arn("ecs", &format!("cluster/doc-platform-{environment}"));
        let secret =
            account.world.arn("secretsmanager", &format!("secret:{environment}/doc-platform/cache-a1b2c3"));
        [("ec2:DeleteVpc", vpc), ("ecs:DeleteCluster", cluster), ("secretsmanager:GetSecretValue", secret)]
            .map(|(action, on)| iam::authorize(&account.world, &role, action, &on, &context).is_ok())
    };
    assert_eq!(may(&account, ROLE, "staging"), [true; 3]);
    assert_eq!(may(&account, ROLE, "production"), [false; 3]);
    // Another environment's name may start with this one's.
    assert_eq!(may(&account, ROLE, "staging2"), [false; 3]);

    // The same policies on a role that nobody tagged allow nothing of it.
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "cloudformation.amazonaws.com"}}});
    let input = json!({"RoleName": "untagged", "AssumeRolePolicyDocument": trust.to_string()});
    iam::create_role(&mut account.world, serde_json::from_value(input).unwrap()).unwrap();
    for policy_arn in policies(&account, ROLE) {
        let input = iam::AttachedPolicyInput { role_name: "untagged".to_owned(), policy_arn };
        iam::attach_role_policy(&mut account.world, input).unwrap();
    }
    for environment in ["staging", "production", ""] {
        assert_eq!(may(&account, "untagged", environment), [false; 3], "{environment}");
    }
    // Nor does a role of CloudFormation, or a deploy role, make itself another environment's.
    for role in [ROLE, "doc-platform-staging-deploy"] {
        for target in [ROLE, "doc-platform-staging-deploy", "doc-platform-production-cloudformation"] {
            for action in ["iam:TagRole", "iam:UntagRole", "iam:AttachRolePolicy", "sts:TagSession"] {
                let arn = account.arn(&format!("role/{target}"));
                let answer = iam::authorize(
                    &account.world,
                    &iam::Principal::role(role),
                    action,
                    &arn,
                    &BTreeMap::new(),
                );
                assert!(answer.is_err(), "{role}: {action} on {target}");
            }
        }
    }
}
