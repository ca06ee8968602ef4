//! What `iam check` finds when roles are not as they should be.

use super::*;
use crate::iam::scenarios::SCENARIOS;

#[test]
fn an_exception_that_covers_nothing_is_a_finding() {
    let exceptions: Vec<Exception> = serde_json::from_str(EXCEPTIONS).unwrap();
    assert!(exceptions.iter().all(|it| it.reason.len() > 20), "each exception has a reason");
    let (role, execution) = ("d".to_owned(), "c".to_owned());
    let (left, _) = without_exceptions(BTreeSet::new(), [&role, &execution]).unwrap();
    assert_eq!(left.len(), exceptions.len());
    assert!(left.iter().all(|finding| matches!(finding, Finding::Stale { .. })));
}

#[test]
fn patterns_match_as_in_iam() {
    assert!(matches("ecs:*Cluster", "ecs:createcluster"));
    assert!(!matches("ecs:*Cluster", "ecs:CreateClusters"));
    assert!(matches("*", ""));
    assert!(covers("*", "*") && !covers("*", "ecs:RunTask"));
}

/// Runs the scenario of that name in staging as a role.
async fn run(accounts: &Accounts<'_>, name: &str, role: &str) -> (Control, Result<(), String>) {
    let scenario = SCENARIOS.iter().find(|it| it.name == name).unwrap();
    accounts.run(scenario, "staging", role).await.unwrap()
}

#[tokio::test]
async fn what_a_role_lacks_and_what_nothing_used_are_findings() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let config = Config::load(root).unwrap();
    let role = |environment: &str| {
        let name = &config.environment(environment).unwrap().name;
        SharedNames::new(&config.platform).deploy_role(name)
    };
    let (own, other) = (role("staging"), role("production"));
    let accounts = Box::pin(Accounts::prepare(root, &config, "staging")).await.unwrap();

    // A role that may do all of it, elsewhere.
    let (control, outcome) = Box::pin(run(&accounts, "next deployment", &other)).await;
    assert!(outcome.is_err());
    let missing = denied(&control, &other);
    assert!(matches!(&missing[..], [Finding::Missing { .. }, ..]), "{missing:?}");

    // A run that changes nothing needs no task.
    let (control, outcome) = Box::pin(run(&accounts, "deployment of what runs", &own)).await;
    assert_eq!((outcome, denied(&control, &own)), (Ok(()), Vec::new()));
    let unused = control.unused_grants(&own);
    assert!(unused.iter().any(|grant| grant.pattern == "ecs:RunTask"), "{unused:?}");
    assert!(unused.iter().all(|grant| grant.pattern != "ecs:DescribeServices"), "{unused:?}");
}
