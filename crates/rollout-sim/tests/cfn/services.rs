//! ECS services as resources of stacks (lint handlers, repost.aws ecs-troubleshoot-deployment-failures,
//! CFN:using-cfn-stack-update-cancel).

use rollout_sim::image::ImageBehaviour;
use rollout_sim::{cfn, ecs};
use serde_json::json;

use crate::fixture::{Fixture, SERVICE, input, parameters};

fn crashing() -> ImageBehaviour {
    let crash = rollout_sim::image::Crash { after_secs: 1.0, exit_code: 1, log: Vec::new() };
    ImageBehaviour { crash: Some(crash), ..ImageBehaviour::default() }
}

fn without_breaker() -> String {
    SERVICE.replace("{Enable: true, Rollback: true}", "{Enable: false, Rollback: false}")
}

fn baking(minutes: u32) -> String {
    let bake = format!("DeploymentConfiguration: {{BakeTimeInMinutes: {minutes}, ");
    SERVICE.replace("DeploymentConfiguration: {", &bake)
}

fn deploy(fixture: &mut Fixture, image: ImageBehaviour) {
    let digest = fixture.push(image);
    fixture.update(json!({"Parameters": parameters(&[("Digest", &digest)])})).unwrap();
}

#[test]
fn a_service_is_complete_when_its_deployment_is() {
    let mut fixture = Fixture::with_service(SERVICE);
    deploy(&mut fixture, ImageBehaviour::default());
    fixture.until(1800.0, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    let service = fixture.service();
    assert_eq!((service.deployments.len(), service.running_count), (1, 1));
    assert_eq!(service.deployments[0].rollout_state, Some(ecs::RolloutState::Completed));

    // Stable counts are not enough: the deployment still bakes.
    let mut fixture = Fixture::with_service(&baking(10));
    deploy(&mut fixture, ImageBehaviour::default());
    fixture.run(500.0);
    let service = fixture.service();
    assert_eq!((service.deployments.len(), service.running_count), (1, 1));
    assert_eq!(fixture.status(), "UPDATE_IN_PROGRESS");
    fixture.until(1800.0, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
}

#[test]
fn a_tripped_breaker_fails_the_resource_in_the_words_of_aws() {
    let mut fixture = Fixture::with_service(SERVICE);
    let old = fixture.service().task_definition;
    deploy(&mut fixture, crashing());
    fixture.until(3600.0, "UPDATE_ROLLBACK_COMPLETE");
    let told = "Service UPDATE_FAILED Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: ";
    let events = fixture.events();
    let event = events.iter().find(|event| event.starts_with(told)).unwrap_or_else(|| panic!("{events:#?}"));
    assert!(event.ends_with("HandlerErrorCode: GeneralServiceException)"), "{event}");
    assert_eq!(fixture.service().task_definition, old);
}

#[test]
fn a_service_that_never_stabilises_is_given_up_after_three_hours() {
    let mut fixture = Fixture::with_service(&without_breaker());
    deploy(&mut fixture, crashing());
    let secs = fixture.until(4.0 * 3600.0, "UPDATE_ROLLBACK_IN_PROGRESS");
    assert!((10_800.0..10_900.0).contains(&secs), "{secs}");
    assert!(
        fixture
            .told("Service UPDATE_FAILED Resource handler returned message: \"Exceeded attempts to wait\"")
    );
}

#[test]
fn a_bake_time_raises_the_limit_to_36_hours() {
    let mut fixture = Fixture::with_service(SERVICE);
    let digest = fixture.push(ImageBehaviour::default());
    let values = parameters(&[("Digest", &digest)]);
    fixture.update(json!({"TemplateBody": baking(240), "Parameters": values})).unwrap();
    let secs = fixture.until(5.0 * 3600.0, "UPDATE_COMPLETE");
    assert!(secs > 4.0 * 3600.0, "{secs}");

    let endless = baking(1).replace("{Enable: true, Rollback: true}", "{Enable: false, Rollback: false}");
    let mut fixture = Fixture::with_service(&endless);
    deploy(&mut fixture, crashing());
    let secs = fixture.until(40.0 * 3600.0, "UPDATE_ROLLBACK_IN_PROGRESS");
    assert!((129_600.0..129_700.0).contains(&secs), "{secs}");
}

#[test]
fn a_service_that_drains_too_long_fails_the_deletion() {
    let slow = SERVICE.replace("timeout_seconds, Value: '30'", "timeout_seconds, Value: '3600'");
    let mut fixture = Fixture::with_service(&slow);
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    let secs = fixture.until(3600.0, "DELETE_FAILED");
    assert!((1800.0..1900.0).contains(&secs), "{secs}");
    let told = "Service DELETE_FAILED Resource handler returned message: \"Exceeded attempts to wait\"";
    assert!(fixture.told(told), "{:#?}", fixture.events());
}

#[test]
fn a_cancelled_update_waits_until_the_service_is_stable_again() {
    let mut fixture = Fixture::with_service(&without_breaker());
    let old = fixture.service().task_definition;
    deploy(&mut fixture, crashing());
    fixture.run(120.0);
    cfn::cancel_update_stack(&mut fixture.world, &input(json!({"StackName": "demo"}))).unwrap();
    let secs = fixture.until(3600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(secs > 20.0, "the reverted service has to settle: {secs}");
    let service = fixture.service();
    assert_eq!((service.task_definition, service.running_count, service.deployments.len()), (old, 1, 1));
}

#[test]
fn a_cancelled_update_updates_the_service_back() {
    let mut fixture = Fixture::with_service(SERVICE);
    deploy(&mut fixture, crashing());
    fixture.run(60.0);
    cfn::cancel_update_stack(&mut fixture.world, &input(json!({"StackName": "demo"}))).unwrap();
    fixture.until(3600.0, "UPDATE_ROLLBACK_COMPLETE");
    let service = fixture.service();
    let list = input(json!({"cluster": service.cluster_arn, "service": service.service_name}));
    let listed = ecs::list_service_deployments(&fixture.world, &list).unwrap().service_deployments;
    let states: Vec<_> = listed.into_iter().map(|one| one.status).collect();
    use ecs::ServiceDeploymentStatus::{Stopped, Successful};
    assert_eq!(states, [Successful, Stopped, Successful], "no deployment was told to roll back");
}

#[test]
fn a_rollback_that_does_not_stabilise_ends_in_update_rollback_failed() {
    // The health check moves with the release, and neither release answers the new path or the old one.
    let mut fixture = Fixture::with_service(SERVICE);
    let deaf = ImageBehaviour { paths: [("/other".to_owned(), 200)].into(), ..ImageBehaviour::default() };
    for image in fixture.world.images.values_mut() {
        *image = deaf.clone();
    }
    let digest = fixture.push(deaf);
    let values = parameters(&[("Digest", &digest), ("Path", "/moved")]);
    fixture.update(json!({"Parameters": values})).unwrap();
    fixture.until(8.0 * 3600.0, "UPDATE_ROLLBACK_FAILED");
    assert!(fixture.told("Service UPDATE_FAILED"));
}

#[test]
fn a_desired_count_that_is_left_out_is_left_alone() {
    let template = SERVICE.replace("      DesiredCount: 1\n", "");
    let mut fixture = Fixture::with_service(&template);
    let scale = json!({"cluster": "demo", "service": "api", "desiredCount": 3});
    ecs::update_service(&mut fixture.world, input(scale)).unwrap();
    fixture.run(300.0);
    deploy(&mut fixture, ImageBehaviour::default());
    fixture.until(1800.0, "UPDATE_COMPLETE");
    assert_eq!(fixture.service().running_count, 3);
}

#[test]
fn a_new_nonce_forces_a_deployment() {
    let with = |nonce: &str| {
        let forced = format!(
            "      ForceNewDeployment: {{EnableForceNewDeployment: true, ForceNewDeploymentNonce: {nonce}}}\n      LaunchType: FARGATE\n"
        );
        SERVICE.replace("      LaunchType: FARGATE\n", &forced)
    };
    let mut fixture = Fixture::with_service(&with("a"));
    let before = fixture.service().deployments[0].id.clone();
    let same = json!({"TemplateBody": with("b"), "Parameters": [{"ParameterKey": "Digest", "UsePreviousValue": true}]});
    fixture.update(same).unwrap();
    fixture.until(1800.0, "UPDATE_COMPLETE");
    let after = fixture.service();
    assert_ne!(after.deployments[0].id, before);
    assert!(after.task_definition.ends_with(":1"));
}

#[test]
fn a_changed_task_definition_is_a_new_revision_and_the_old_one_goes_in_the_cleanup() {
    let mut fixture = Fixture::with_service(SERVICE);
    deploy(&mut fixture, ImageBehaviour::default());
    fixture.until(1800.0, "UPDATE_COMPLETE");
    assert!(fixture.service().task_definition.ends_with(":2"));
    let first = input(json!({"taskDefinition": "demo:1"}));
    let first = ecs::describe_task_definition(&fixture.world, &first).unwrap().task_definition;
    assert_eq!(first.status, ecs::TaskDefinitionStatus::Inactive);
}

#[test]
fn a_resource_with_a_name_of_its_own_cannot_be_replaced() {
    let mut fixture = Fixture::with_service(SERVICE);
    let moved =
        SERVICE.replace("LaunchType: FARGATE", "LaunchType: FARGATE\n      SchedulingStrategy: REPLICA");
    let same = json!([{"ParameterKey": "Digest", "UsePreviousValue": true}]);
    fixture.update(json!({"TemplateBody": moved, "Parameters": same})).unwrap();
    fixture.until(1800.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("Service UPDATE_FAILED CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename api and update the stack again."));
}

#[test]
fn create_only_properties_are_those_of_the_fact_sheet() {
    let mut fixture = Fixture::with_service(SERVICE);
    let same = json!([{"ParameterKey": "Digest", "UsePreviousValue": true}]);
    let mut replacement = |name: &str, body: String, logical: &str| {
        let set = fixture.change_set(name, json!({"TemplateBody": body, "Parameters": same})).unwrap();
        let changes = set["Changes"].as_array().unwrap().clone();
        let change = changes.iter().find(|one| one["ResourceChange"]["LogicalResourceId"] == logical);
        change.unwrap_or_else(|| panic!("{name}: {set:#}"))["ResourceChange"]["Replacement"].clone()
    };
    for (name, from, to) in [
        ("port", "Port: 3001\n      Protocol", "Port: 3002\n      Protocol"),
        ("vpc", "VpcId: vpc-1", "VpcId: vpc-2"),
        ("protocol", "Protocol: HTTP\n      TargetType", "Protocol: HTTPS\n      TargetType"),
    ] {
        assert_eq!(replacement(name, SERVICE.replace(from, to), "Group"), "True", "{name}");
    }
    for (name, added) in [
        ("name", "Name: other"),
        ("protocol-version", "ProtocolVersion: HTTP2"),
        ("ip-address-type", "IpAddressType: ipv6"),
    ] {
        let body = SERVICE.replace("      VpcId: vpc-1\n", &format!("      VpcId: vpc-1\n      {added}\n"));
        assert_eq!(replacement(name, body, "Group"), "True", "{name}");
    }
    let kind = SERVICE.replace("TargetType: ip", "TargetType: instance");
    assert_eq!(replacement("target-type", kind, "Group"), "True");
    for (name, added) in [("scheduling", "SchedulingStrategy: REPLICA"), ("role", "Role: ecs")] {
        let body = SERVICE.replace("ServiceName: api", &format!("ServiceName: api\n      {added}"));
        assert_eq!(replacement(name, body, "Service"), "True", "{name}");
    }
    let launch = SERVICE.replace("LaunchType: FARGATE", "LaunchType: EC2");
    assert_eq!(replacement("launch-type", launch, "Service"), "Conditional");
    let elsewhere = SERVICE.replace("Cluster: !Ref Cluster", "Cluster: other");
    assert_eq!(replacement("cluster", elsewhere, "Service"), "True");
    let path = SERVICE.replace("HealthCheckPath: !Ref Path", "HealthCheckPath: /other");
    assert_eq!(replacement("path", path, "Group"), "False");
    let renamed = SERVICE.replace("ServiceName: api", "ServiceName: other");
    assert_eq!(replacement("service-name", renamed, "Service"), "True");
    let family = SERVICE.replace("Family: demo", "Family: other");
    assert_eq!(replacement("family", family, "Definition"), "True");
    let memory = SERVICE.replace("Memory: '512'", "Memory: '1024'");
    assert_eq!(replacement("memory", memory, "Definition"), "True");
}

#[test]
fn create_only_properties_of_databases_caches_and_repositories_replace_them() {
    let template = |kind: &str, properties: &serde_json::Value| {
        json!({"Resources": {"It": {"Type": kind, "Properties": properties}}}).to_string()
    };
    let database = json!({"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20",
        "MasterUsername": "a", "ManageMasterUserPassword": true});
    let cache = json!({"Engine": "valkey", "ReplicationGroupDescription": "sessions",
        "CacheNodeType": "cache.t4g.micro", "NumCacheClusters": 1, "TransitEncryptionEnabled": true});
    for (kind, base, replacing, staying) in [
        (
            "AWS::RDS::DBInstance",
            database,
            json!({"DBInstanceIdentifier": "db", "DBName": "other", "MasterUsername": "b", "StorageEncrypted": true,
                "KmsKeyId": "k", "DBSubnetGroupName": "g", "CharacterSetName": "c", "Timezone": "UTC",
                "DBClusterIdentifier": "cl"}),
            json!({"MultiAZ": true, "BackupRetentionPeriod": 7, "DBInstanceClass": "db.t4g.small",
                "DeletionProtection": true, "AutoMinorVersionUpgrade": false}),
        ),
        (
            "AWS::ElastiCache::ReplicationGroup",
            cache,
            json!({"AtRestEncryptionEnabled": true, "KmsKeyId": "k", "CacheSubnetGroupName": "g", "Port": 7000,
                "ReplicationGroupId": "r", "NetworkType": "ipv6"}),
            json!({"CacheNodeType": "cache.t4g.small", "SnapshotRetentionLimit": 3,
                "TransitEncryptionMode": "preferred"}),
        ),
        (
            "AWS::ECR::Repository",
            json!({"RepositoryName": "images"}),
            json!({"RepositoryName": "other", "EncryptionConfiguration": {"EncryptionType": "KMS"}}),
            json!({"ImageTagMutability": "IMMUTABLE"}),
        ),
    ] {
        let mut fixture = Fixture::with(&template(kind, &base));
        for (changes, replaced) in [(replacing, true), (staying, false)] {
            for (property, value) in changes.as_object().unwrap() {
                let mut changed = base.clone();
                changed[property] = value.clone();
                let body = json!({"TemplateBody": template(kind, &changed)});
                let set = fixture.change_set(&format!("set-{property}"), body).unwrap();
                let replacement = set["Changes"][0]["ResourceChange"]["Replacement"].as_str();
                let replacement = replacement.unwrap_or_else(|| panic!("{kind} {property}: {set:#}"));
                assert_eq!(replacement == "True", replaced, "{kind} {property}: {replacement}");
            }
        }
    }
}

#[test]
fn a_cache_gets_its_first_token_by_a_replacement() {
    let cache = |token: &str| {
        let properties = json!({"Engine": "valkey", "ReplicationGroupDescription": "sessions",
            "CacheNodeType": "cache.t4g.micro", "NumCacheClusters": 1, "TransitEncryptionEnabled": true});
        let mut template = json!({"Resources": {"It": {"Type": "AWS::ElastiCache::ReplicationGroup",
            "Properties": properties}}});
        if !token.is_empty() {
            template["Resources"]["It"]["Properties"]["AuthToken"] = token.into();
        }
        template.to_string()
    };
    let mut fixture = Fixture::with(&cache(""));
    let without = fixture.physical_id("It");
    let mut with = |token: &str| {
        fixture.update(json!({"TemplateBody": cache(token)})).unwrap();
        fixture.until(7200.0, "UPDATE_COMPLETE");
        fixture.physical_id("It")
    };
    let first = with("not-a-secret-0123");
    assert_ne!(first, without);
    assert_eq!(with("not-a-secret-0124"), first, "another one rotates it");
}

#[test]
fn stack_fails_hits_the_service_it_names() {
    let mut fixture = Fixture::with_service(SERVICE);
    fixture.fault("stack-fails:api");
    let old = fixture.service().task_definition;
    deploy(&mut fixture, ImageBehaviour::default());
    fixture.until(1800.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("Service UPDATE_FAILED Resource handler returned message: \"Internal error reported from downstream service"));
    assert_eq!(fixture.service().task_definition, old);
}

#[test]
fn stack_fails_spares_a_stack_without_the_service() {
    let mut fixture = Fixture::with_service(SERVICE);
    fixture.fault("stack-fails:other");
    deploy(&mut fixture, ImageBehaviour::default());
    fixture.until(1800.0, "UPDATE_COMPLETE");
}

#[test]
fn rollback_fails_ends_in_update_rollback_failed() {
    let mut fixture = Fixture::with_service(SERVICE);
    fixture.fault("rollback-fails:api");
    deploy(&mut fixture, ImageBehaviour::default());
    fixture.until(1800.0, "UPDATE_ROLLBACK_FAILED");
}

#[test]
fn faults_are_the_same_every_time() {
    let run = || {
        let mut fixture = Fixture::with_service(SERVICE);
        fixture.fault("stack-fails");
        deploy(&mut fixture, ImageBehaviour::default());
        fixture.run(7200.0);
        fixture.events()
    };
    assert_eq!(run(), run());
}

#[test]
fn any_update_of_a_service_puts_back_what_was_set_by_hand() {
    let mut fixture = Fixture::with_service(SERVICE);
    let by_hand = json!({"cluster": "demo", "service": "api", "desiredCount": 3,
        "deploymentConfiguration": {"maximumPercent": 150, "minimumHealthyPercent": 50}});
    ecs::update_service(&mut fixture.world, input(by_hand)).unwrap();
    fixture.run(600.0);
    assert_eq!(fixture.service().running_count, 3);
    let grace =
        SERVICE.replace("DesiredCount: 1", "DesiredCount: 1\n      HealthCheckGracePeriodSeconds: 30");
    let same = json!([{"ParameterKey": "Digest", "UsePreviousValue": true}]);
    fixture.update(json!({"TemplateBody": grace, "Parameters": same})).unwrap();
    fixture.until(3600.0, "UPDATE_COMPLETE");
    fixture.run(600.0);
    assert_eq!((fixture.service().desired_count, fixture.service().running_count), (1, 1));
}
