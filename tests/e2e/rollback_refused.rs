//! Rollbacks that cannot work are refused before anything is touched, with everything that is in the way.

use deploy_ops::rollback::Way;
use ops_cli::{Exit, Verdict};

use super::scene::{block_on, close};
use super::two_releases::{ENVIRONMENT, of, two_releases};

#[test]
fn what_is_gone_is_named_all_at_once() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        let commit = scene.git(&["rev-list", "--max-count=1", "--grep=^v0.1.0$", "HEAD"]);
        let session = scene.session(ENVIRONMENT, &[]).await;
        let aws = &session.target.aws;
        let images = aws.ecr.describe_images().repository_name("doc-platform/api").send().await.unwrap();
        let old =
            images.image_details().iter().find(|image| image.image_tags().contains(&"v0.1.0".to_owned()));
        let call = aws.ecr.batch_delete_image().repository_name("doc-platform/api");
        let old_digest = old.unwrap().image_digest().unwrap();
        let id = deploy_ops::resolve::by_digest(old_digest);
        call.image_ids(id).send().await.unwrap();
        let secrets = aws.secrets.list_secrets().send().await.unwrap();
        let mut names = secrets.secret_list().iter().map(|secret| secret.name().unwrap());
        let encryption = names.find(|name| name.starts_with("staging/") && name.contains("api")).unwrap();
        let delete = aws.secrets.delete_secret().secret_id(encryption).recovery_window_in_days(7);
        delete.send().await.unwrap();
        let encryption = encryption.to_owned();
        close(session).await;

        for way in [Way::StackFirst, Way::Ecs] {
            let result = scene.rollback("v0.1.0", way, &[]).await.unwrap().result;
            assert_eq!((result.verdict, result.exit_code), (Verdict::Refused, 4));
            let detail = result.cause.unwrap().detail;
            assert!(
                detail.contains(&format!("doc-platform/api has no image of commit {}", &commit[..8])),
                "{detail}"
            );
            assert!(detail.contains(&encryption) && detail.contains("scheduled for deletion"), "{detail}");
        }
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

#[test]
fn a_health_check_path_that_the_release_does_not_answer_is_refused() {
    let scene = two_releases();
    block_on(async {
        scene.edit("platform.toml", "\"/mcp/health\"", "\"/mcp/healthz\"");
        scene.release("v0.4.0").await;
        let deployed = scene.deploy(ENVIRONMENT, &of("v0.4.0"), &[]).await.unwrap().result;
        assert_eq!(deployed.verdict, Verdict::Succeeded, "{:?}", deployed.cause);
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.2.0", Way::StackFirst, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Refused, 4));
        assert_eq!(
            result.cause.unwrap().detail,
            "mcp answered its health check at /mcp/health in that release; its target group asks /mcp/healthz"
        );
        assert_eq!(
            result.next.as_deref(),
            Some("git checkout v0.2.0 && cargo xtask deploy staging --release v0.2.0 --local")
        );
        scene.assert_all_on("v0.4.0", "v0.4.0", &before).await;
    });
}

#[test]
fn a_release_or_an_environment_that_does_not_exist_is_bad_input() {
    let scene = two_releases();
    block_on(async {
        let failure = scene.rollback("v9.9.9", Way::StackFirst, &[]).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::BadInput, "{failure}");
        assert_eq!(failure.to_string(), "there is no release v9.9.9");
    });
}
