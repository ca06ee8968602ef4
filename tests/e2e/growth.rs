//! More services than a template sent inline has room for.

use deploy_ops::resolve::Wanted;
use ops_cli::Verdict;

use super::scene::{Scene, block_on, options};
use crate::template_scale::files;

/// CloudFormation's limit for a template in the call itself, in bytes.
const INLINE_BYTES: usize = 51_200;

#[test]
fn a_sixth_service_is_configuration_too() {
    let scene = Scene::empty();
    let platform = scene.root().join("infra/platform.toml");
    let mut text = std::fs::read_to_string(&platform).unwrap();
    for (name, port, priority) in [("export", 3003, 400), ("search", 3004, 500)] {
        text += &format!(
            r#"
[services.{name}]
port = {port}
user = "1000"
database = true
build = {{ dockerfile = "{name}/Dockerfile" }}
health_check = {{ path = "/{name}/health" }}
routes = [{{ priority = {priority}, paths = ["/{name}", "/{name}/*"] }}]
"#
        );
    }
    text += r#"
[services.render]
port = 3005
user = "1000"
build = { dockerfile = "render/Dockerfile" }
container_health_check = { command = ["CMD", "true"] }
"#;
    std::fs::write(&platform, text).unwrap();
    scene.commit("more services");
    block_on(async {
        let session = scene.session("production", &[]).await;
        let template = stack_model::environment(&session.config, &session.environment).unwrap();
        assert!(template.compact().len() > INLINE_BYTES, "{}", template.compact().len());
        session.session.target.close().await.unwrap();
        let result = scene.deploy("production", &options(Wanted::Head), &[]).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        assert_eq!(result.services.len(), 6);
        for service in &result.services {
            assert_eq!(service.running_digests, [service.digest.as_str()], "{}", service.name);
        }
    });
}

/// An environment of forty services, from nothing, and a release after it.
#[test]
fn forty_services_are_deployed_and_rolled() {
    let scene = Scene::empty();
    let (platform, _) = files(0, 40);
    std::fs::write(scene.root().join("infra/platform.toml"), platform).unwrap();
    scene.commit("forty services");
    block_on(async {
        for message in ["first", "second"] {
            scene.commit(message);
            let result = scene.deploy("staging", &options(Wanted::Head), &[]).await.unwrap().result;
            assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
            assert_eq!(result.services.len(), 40);
            for service in &result.services {
                assert_eq!(service.running_digests, [service.digest.as_str()], "{}", service.name);
            }
        }
    });
}

/// The shared stack of sixteen environments is too long to send inline, and the bucket for long templates is its own.
#[test]
fn a_sixteenth_environment_is_a_file_also_where_the_account_is_empty() {
    let scene = Scene::empty();
    let folder = scene.root().join("infra/environments");
    let staging = std::fs::read_to_string(folder.join("staging.toml")).unwrap();
    for number in 1..=14 {
        let network = format!("10.{}.", 30 + number);
        let text = staging.replace("staging", &format!("qa{number}")).replace("10.10.", &network);
        std::fs::write(folder.join(format!("qa{number}.toml")), text).unwrap();
    }
    scene.commit("more environments");
    block_on(async {
        let session = scene.session("qa3", &[]).await;
        let template = stack_model::shared(&session.config).unwrap();
        assert!(template.compact().len() > INLINE_BYTES, "{}", template.compact().len());
        session.session.target.close().await.unwrap();
        let result = scene.deploy("qa3", &options(Wanted::Head), &[]).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
    });
}
