//! AWS's own checks of what is generated: agreement, disagreement, and what could not be asked.

use account_ops::judge;
use deploy_ops::doctor::{Finding, State};

use super::endpoint::Fate;
use super::scene::{Scene, block_on, close};

/// What is found through an endpoint that changes answers.
fn judged(change: fn(&str) -> Fate) -> Vec<Finding> {
    let scene = Scene::production();
    block_on(async {
        let session = scene.through("production", 0.0, move |_, operation| change(operation)).await;
        let found = judge::judge(scene.root(), &session.config, &session.environment, &session.target).await;
        close(session).await;
        found
    })
}

fn of<'a>(found: &'a [Finding], check: &str) -> Vec<&'a Finding> {
    let of: Vec<&Finding> = found.iter().filter(|finding| finding.check == check).collect();
    assert!(!of.is_empty(), "nothing of {check}: {found:?}");
    of
}

#[test]
fn the_local_aws_agrees_with_all_that_is_generated() {
    let found = judged(|_| Fate::Answered);
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.iter().all(|it| matches!(it.state, State::Ok | State::Skipped)), "{texts:#?}");
    for check in ["simulate", "policies", "templates", "firewall", "ecr", "acm", "route53"] {
        of(&found, check);
    }
    // What is too long to be sent is said, and nothing else is left out.
    let skipped: Vec<&Finding> = found.iter().filter(|it| it.state == State::Skipped).collect();
    assert!(skipped.iter().all(|it| it.check == "templates" && it.detail.contains("bytes")), "{texts:#?}");
    let roles = of(&found, "simulate");
    for role in ["doc-platform-production-deploy", "doc-platform-production-cloudformation"] {
        assert!(roles.iter().any(|it| it.detail.starts_with(role)), "{texts:#?}");
    }
}

/// Denies every action, counts other capacities, finds an error in every policy, and refuses to read the zone.
fn contrary(operation: &str) -> Fate {
    match operation {
        "SimulateCustomPolicy" => {
            Fate::Changed(|text| text.replace("<EvalDecision>allowed<", "<EvalDecision>explicitDeny<"))
        }
        "CheckCapacity" => Fate::Changed(|_| r#"{"Capacity": 4999}"#.to_owned()),
        "REST" => Fate::Changed(|_| {
            r#"{"findings": [{"findingDetails": "no such thing", "findingType": "ERROR", "issueCode": "INVALID_ACTION",
                "learnMoreLink": "https://docs.aws.amazon.com/", "locations": []}]}"#
                .to_owned()
        }),
        "GetResource" => {
            let denied = r#"{"__type": "AccessDeniedException", "message": "not you"}"#;
            Fate::Instead(400, "application/x-amz-json-1.0", denied.to_owned())
        }
        _ => Fate::Answered,
    }
}

#[test]
fn what_aws_decides_otherwise_is_a_failure_that_names_both_sides() {
    let found = judged(contrary);
    let simulated = of(&found, "simulate");
    let named = "doc-platform-production-deploy: cloudformation:DescribeStacks on arn:aws:cloudformation";
    let denied = simulated.iter().filter(|it| it.state == State::Fail);
    let denied: Vec<&str> = denied.map(|it| it.detail.as_str()).collect();
    let both = |it: &&&str| it.contains("AWS says explicitDeny, the local evaluator allows it");
    assert!(denied.iter().filter(both).count() > 20, "{denied:#?}");
    assert!(
        denied.iter().any(|it| it.starts_with("and ") && it.ends_with("more")),
        "a long list is cut: {denied:#?}"
    );
    assert!(denied.iter().any(|it| it.starts_with(&named[..44])), "{denied:#?}");
    let [capacity] = of(&found, "firewall")[..] else { panic!("{found:?}") };
    assert!(
        capacity.state == State::Fail
            && capacity.detail.starts_with("AWS counts a capacity of 4999, this project")
    );
    assert!(
        of(&found, "policies")
            .iter()
            .all(|it| it.state == State::Fail && it.detail.contains("INVALID_ACTION"))
    );
    let [zone] = of(&found, "route53")[..] else { panic!("{found:?}") };
    assert!(zone.state == State::Skipped && zone.detail.contains("not asked"), "{zone}");
}
