//! Drift of the project's own stacks.

use deploy_ops::drift;
use deploy_ops::stack_resources;

use super::scene::{Scene, block_on, close};

#[test]
fn nothing_of_a_deployed_environment_has_drifted() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        for stack in ["DocPlatform-staging", "DocPlatform-shared"] {
            let found = drift::detect(&session, stack, "staging").await.unwrap();
            assert!(found.is_none() && found.not_checked.is_empty(), "{found}");
            let resources = stack_resources::list(&session.target.aws, stack).await.unwrap();
            assert_eq!(found.in_sync, resources.len(), "{stack}");
            assert!(resources.iter().any(|it| it.resource_type == "AWS::IAM::Role"), "{stack} has roles");
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
        let found = drift::detect(&session, "DocPlatform-staging", "staging").await.unwrap();
        assert!(found.not_checked.is_empty(), "{found}");
        let [service] = &found.drifted[..] else { panic!("{found}") };
        assert_eq!((service.logical_id.as_str(), service.deleted), ("ApiService", false));
        assert_eq!(service.resource_type, "AWS::ECS::Service");
        let [difference] = &service.differences[..] else { panic!("{found}") };
        assert!(difference.path.starts_with("/Tags/"), "{found}");
        close(session).await;
    });
}

#[test]
fn drift_is_what_somebody_changed_in_a_resource() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let stack = session.environment.stack_name.to_string();
        let none = drift::detect(&session, &stack, "staging").await.unwrap();
        assert!(none.is_none() && none.in_sync > 50, "{none}");

        let (aws, cluster) = (&session.target.aws, session.names().cluster());
        aws.ecs.update_service().cluster(cluster).service("api").desired_count(3).send().await.unwrap();
        let gone = session.log_groups()["mcp"].clone();
        aws.logs.delete_log_group().log_group_name(&gone).send().await.unwrap();
        let drift = drift::detect(&session, &stack, "staging").await.unwrap();
        insta::assert_snapshot!(drift, @r"
        DocPlatform-staging: 2 drifted, 91 as the template says
          ~ ApiService (AWS::ECS::Service)
              /DesiredCount: 1 -> 3
          - McpLogGroup (AWS::Logs::LogGroup, deleted)
        ");
        close(session).await;

        let role = scene.as_deploy_role(&[]).await;
        let refused = drift::detect(&role, &stack, "staging").await.unwrap_err();
        assert_eq!(refused.kind(), "access_denied", "{refused}");
        close(role).await;
    });
}
