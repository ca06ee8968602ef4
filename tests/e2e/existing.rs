//! Zones and certificates that exist outside the stacks: those of the configuration do in the local account, others do not.

use std::time::Duration;

use deploy_ops::resolve::Wanted;
use rollout_sim::route53::{self, ListInput};
use rollout_sim::{World, cfn};
use serde_json::{Value, json};

use super::scene::{Scene, block_on, close, options};

const ARN: &str = "arn:aws:acm:us-west-2:123456789012:certificate/0f7c0a8e-1d1b-4a57-9a38-0a1f5f1c2d3e";

#[test]
fn a_zone_and_a_certificate_of_the_configuration_exist_in_the_local_account() {
    let scene = Scene::empty();
    let zone = "hosted_zone = \"specboard.io\"\n";
    scene.edit(
        "platform.toml",
        zone,
        &format!("{zone}hosted_zone_id = \"ZEXISTING\"\ncertificate_arn = \"{ARN}\"\n"),
    );
    scene.commit("existing");
    let outcome = block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap();
    assert_eq!(outcome.result.exit_code, 0, "{:?}", outcome.result.cause);
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let domain = format!("{}.", session.environment.domain);
        let input = ListInput { hosted_zone_id: "ZEXISTING".to_owned(), ..ListInput::default() };
        let control = session.target.control().unwrap();
        let listed = control.inspect(|world| route53::list_record_sets(world, &input).unwrap());
        let own = listed.resource_record_sets.into_iter().find(|set| set.name == domain).unwrap();
        assert!(own.alias_target.is_some(), "{own:?}");
        close(session).await;
    });
}

#[test]
fn a_certificate_is_not_validated_in_a_zone_that_does_not_exist() {
    let create = |world: &mut World, resource: &Value| {
        let template = json!({ "Resources": { "Certificate": resource } });
        let input = cfn::api::CreateStackInput {
            stack_name: "a".to_owned(),
            template_body: Some(template.to_string()),
            ..cfn::api::CreateStackInput::default()
        };
        cfn::create_stack(world, input).unwrap();
        world.advance_by(Duration::from_secs(3600));
        let input = cfn::api::DescribeStackEventsInput {
            stack_name: "a".to_owned(),
            ..cfn::api::DescribeStackEventsInput::default()
        };
        format!("{:?}", cfn::describe_stack_events(world, &input).unwrap().stack_events)
    };
    let certificate = json!({ "Type": "AWS::CertificateManager::Certificate", "Properties": {
        "DomainName": "example.com", "ValidationMethod": "DNS",
        "DomainValidationOptions": [{ "DomainName": "example.com", "HostedZoneId": "Z0NONE" }],
    } });
    let mut world = World::new("123456789012", "us-west-2", 1);
    let refused = create(&mut world, &certificate);
    assert!(refused.contains("No hosted zone found with ID: Z0NONE (Service: Route53"), "{refused}");
    let mut world = World::new("123456789012", "us-west-2", 1);
    route53::make_zone(&mut world, "Z0NONE", "example.com");
    let made = create(&mut world, &certificate);
    assert!(!made.contains("No hosted zone"), "{made}");
}
