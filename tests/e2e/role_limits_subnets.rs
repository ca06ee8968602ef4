//! Where the roles of an environment may place tasks: in its own subnets, and not in those of the other. Over HTTP, as a
//! deploy role, `iam check` tries it.

use rollout_sim::cfn::api::StackStatus;
use rollout_sim::iam;
use serde_json::{Value, json};

use super::role_limits_template::{Account, STAGING};

/// A service of staging without tasks, in these subnets.
fn service(subnets: &[&str]) -> Value {
    let vpc = json!({"AwsvpcConfiguration": {"Subnets": subnets}});
    json!({
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "doc-platform-staging"}},
        "Definition": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Family": "doc-platform-staging-api", "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc",
            "RequiresCompatibilities": ["FARGATE"], "ContainerDefinitions": [{"Name": "api", "Image": "nginx"}]}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": {
            "ServiceName": "api", "Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Definition"},
            "DesiredCount": 0, "LaunchType": "FARGATE", "NetworkConfiguration": vpc}},
    })
}

/// What runs in production's subnets is as near to its cache as its own services are, and the cache knows no password.
#[test]
fn a_template_places_no_service_in_the_subnets_of_production() {
    let mut account = Account::new();
    let (own, other) = (account.output(STAGING, "Subnet"), account.output("production", "Subnet"));
    // Nobody has said yet whose the subnets are: each could be production's.
    for subnet in [&own, &other] {
        account.refuses(&service(&[subnet]), "ecs:CreateService");
    }
    account.tell(&[("StagingSubnets", &own), ("ProductionSubnets", &format!("{other},subnet-0"))]);
    for subnets in [[&other, "subnet-0"], [&own, &other], [&own, "subnet-0"]] {
        account.refuses(&service(&subnets), "ecs:CreateService");
    }
    assert_eq!(account.update(&service(&[&own])), StackStatus::UpdateComplete);
    account.refuses(&service(&[&other]), "ecs:UpdateService");
    assert_eq!(account.update(&service(&[&own, "subnet-1"])), StackStatus::UpdateComplete);
}

/// Each role by itself, whatever a network is made of.
#[test]
fn no_role_of_an_environment_places_tasks_in_the_other() {
    let mut account = Account::new();
    account.tell(&[("StagingSubnets", "subnet-a,subnet-b"), ("ProductionSubnets", "subnet-c,subnet-d")]);
    for (environment, own, others) in [
        ("staging", "subnet-a,subnet-b", ["subnet-c", "subnet-d", "subnet-a,subnet-d"]),
        ("production", "subnet-c,subnet-d", ["subnet-a", "subnet-b", "subnet-b,subnet-c"]),
    ] {
        let (cluster, service) = (format!("doc-platform-{environment}"), "api");
        let task = account.world.arn("ecs", &format!("task-definition/{cluster}-migrate:1"));
        let service = account.world.arn("ecs", &format!("service/{cluster}/{service}"));
        for (role, action, resource) in [
            ("deploy", "ecs:RunTask", &task),
            ("deploy", "ecs:UpdateService", &service),
            ("cloudformation", "ecs:CreateService", &service),
            ("cloudformation", "ecs:UpdateService", &service),
        ] {
            let role = iam::Principal::role(&format!("{cluster}-{role}"));
            let may = |subnets: Option<&str>| {
                let cluster = account.world.arn("ecs", &format!("cluster/{cluster}"));
                let subnets = subnets.map(|it| ("ecs:subnet".to_owned(), it.to_owned()));
                let context = subnets.into_iter().chain([("ecs:cluster".to_owned(), cluster)]).collect();
                iam::authorize(&account.world, &role, action, resource, &context).is_ok()
            };
            assert!(may(Some(own)) && may(None), "{environment}: {action}");
            for subnets in others {
                assert!(!may(Some(subnets)), "{environment}: {action} in {subnets}");
            }
        }
    }
}
