//! Drift of the project's own stacks.

use std::time::Duration;

use deploy_ops::session::EnvironmentSession;
use deploy_ops::stack_resources;

use super::scene::{Scene, block_on, close};

/// `LOGICAL STATUS` of every resource of a stack, and the paths of what differs.
async fn drifts(session: &EnvironmentSession, stack: &str) -> (Vec<(String, String)>, Vec<String>) {
    let (aws, clock) = (&session.target.aws, &session.target.clock);
    aws.cloudformation.detect_stack_drift().stack_name(stack).send().await.unwrap();
    clock.sleep(Duration::from_secs(600)).await;
    let (mut found, mut paths, mut token) = (Vec::new(), Vec::new(), None);
    loop {
        let call = aws.cloudformation.describe_stack_resource_drifts().stack_name(stack);
        let answer = call.set_next_token(token).send().await.unwrap();
        for drift in answer.stack_resource_drifts() {
            let status = drift.stack_resource_drift_status().unwrap().as_str().to_owned();
            found.push((drift.resource_type().unwrap().to_owned(), status));
            let name = drift.logical_resource_id().unwrap();
            let differences = drift.property_differences().iter();
            paths.extend(differences.map(|it| format!("{name}{}", it.property_path().unwrap())));
        }
        token = answer.next_token;
        if token.is_none() {
            return (found, paths);
        }
    }
}

#[test]
fn nothing_of_a_deployed_environment_has_drifted() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        for stack in ["DocPlatform-staging", "DocPlatform-shared"] {
            let (found, paths) = drifts(&session, stack).await;
            assert!(paths.is_empty(), "{stack}: {paths:#?}");
            assert!(found.iter().all(|(_, status)| status == "IN_SYNC"), "{stack}: {found:#?}");
            let resources = stack_resources::list(&session.target.aws, stack).await.unwrap();
            assert_eq!(found.len(), resources.len(), "{stack}");
            assert!(found.iter().any(|(kind, _)| kind == "AWS::IAM::Role"), "{stack} has roles");
        }
        close(session).await;
    });
}

#[test]
fn a_tag_that_somebody_changed_has_drifted() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let aws = &session.target.aws;
        let resources = stack_resources::list(aws, "DocPlatform-staging").await.unwrap();
        let service = resources.iter().find(|it| it.logical_id == "ApiService").unwrap();
        let arn = service.physical_id.clone().unwrap();
        let tags = aws.ecs.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
        let key = tags.tags().first().and_then(|tag| tag.key()).unwrap().to_owned();
        let changed = aws_sdk_ecs::types::Tag::builder().key(&key).value("somebody else's").build();
        aws.ecs.tag_resource().resource_arn(&arn).tags(changed).send().await.unwrap();
        let (found, paths) = drifts(&session, "DocPlatform-staging").await;
        let modified: Vec<_> = found.iter().filter(|(_, status)| status != "IN_SYNC").collect();
        assert_eq!(modified, [&("AWS::ECS::Service".to_owned(), "MODIFIED".to_owned())]);
        assert!(paths.len() == 1 && paths[0].starts_with("ApiService/Tags/"), "{paths:?}");
        close(session).await;
    });
}
