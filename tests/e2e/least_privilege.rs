//! The deploy roles may do what the tool needs, and nothing else.

use std::path::Path;

use super::scene::block_on;

#[test]
fn nothing_is_missing_and_nothing_unused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for environment in ["staging", "production"] {
        let check = block_on(async { Box::pin(deploy_ops::iam::check(root, environment)).await.unwrap() });
        let findings: Vec<String> = check.findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{environment}:\n{}", findings.join("\n"));
        for action in [
            "cloudformation:CancelUpdateStack",
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:RollbackStack",
            "ecs:RegisterTaskDefinition",
            "ecs:RunTask",
            "ecs:StopTask",
            "ecs:UpdateService",
            "iam:PassRole",
        ] {
            assert!(check.used.contains(action), "{environment}: {action} was not exercised");
        }
        assert!(check.attempts >= 30);
    }
}
