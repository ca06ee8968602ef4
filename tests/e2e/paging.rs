//! Every loop over AWS's pages is complete: the local AWS pages as AWS does, and the tool reads to the end.

mod call_sites;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use deploy_ops::aws::Aws;
use deploy_ops::closer::Closer;
use deploy_ops::confirm::Ask;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::{observe, recover, stack_resources};
use env_config::Config;
use rollout_sim::iam::Principal;
use rollout_sim::image::ImageBehaviour;
use rollout_sim::{World, cfn, cloudwatch, ecr, ecs, iam, logs};
use rollout_verdict::Moment;
use serde_json::{Value, json};

use self::call_sites::{CALL_SITES, One, PAGED, Paginator, Token};
use super::scene::{Scene, block_on, close};
use super::two_releases::{ENVIRONMENT, two_releases};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What the text between a call and the first answer does with pages.
fn reads(after: &str) -> &'static str {
    let end = after.find(".send()").unwrap_or(after.len());
    let request = &after[..end];
    if request.contains(".into_paginator()") {
        "Paginator"
    } else if request.contains(".set_next_token(") || request.contains(".set_start_record_name(") {
        "Token"
    } else {
        "One"
    }
}

#[test]
fn every_call_that_pages_is_in_the_table_and_is_read_as_it_says() {
    let mut seen = Vec::new();
    for (base, prefix) in [
        ("crates/deploy-ops/src", ""),
        ("crates/account-ops/src", "account-ops/"),
        ("crates/ops-cli/src", "ops-cli/"),
        ("xtask/src", "xtask/"),
    ] {
        let base = repository().join(base);
        let mut files = Vec::new();
        sources(&base, &mut files);
        assert!(!files.is_empty(), "{}", base.display());
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let name = format!("{prefix}{}", file.strip_prefix(&base).unwrap().display());
            for method in PAGED {
                let call = format!(".{method}()");
                let calls = text.match_indices(&call).map(|(at, call)| at + call.len());
                seen.extend(calls.map(|at| (name.clone(), (*method).to_owned(), reads(&text[at..]))));
            }
        }
    }
    seen.sort();
    let mut table: Vec<_> = CALL_SITES
        .iter()
        .map(|(file, method, reads)| {
            let reads = match reads {
                Paginator => "Paginator",
                Token => "Token",
                One(why) => {
                    assert!(!why.is_empty());
                    "One"
                }
            };
            ((*file).to_owned(), (*method).to_owned(), reads)
        })
        .collect();
    table.sort();
    assert_eq!(seen, table, "a call that pages is read to its end, or says why one answer is whole");
}

/// A request of the simulator's.
macro_rules! input {
    ($value:expr) => {
        serde_json::from_value($value).unwrap()
    };
}

const FAMILY: &str = "many";
const GROUP: &str = "/many";
const STACK: &str = "many";
const SERVICES: usize = 12;
const TASKS: u32 = 130;
const ALARMS: usize = 110;

/// An account in which everything takes more than one page.
fn crowded(account: &str, region: &str, cluster: &str) -> World {
    let mut world = World::new(account, region, 1);
    ecr::create_repository(&mut world, input!(json!({"repositoryName": "api"}))).unwrap();
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = json!({"RoleName": "execution", "AssumeRolePolicyDocument": trust.to_string()});
    iam::create_role(&mut world, input!(role)).unwrap();
    let policy = json!({"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]});
    let put = json!({"RoleName": "execution", "PolicyName": "start", "PolicyDocument": policy.to_string()});
    iam::put_role_policy(&mut world, input!(put)).unwrap();
    let push = ecr::PushInput {
        repository: "api".to_owned(),
        tags: Vec::new(),
        content: "one".to_owned(),
        architecture: None,
        size_bytes: 1 << 20,
    };
    let digest = ecr::push(&mut world, &push).unwrap();
    world.images.insert(digest.clone(), ImageBehaviour::default());
    ecs::create_cluster(&mut world, input!(json!({"clusterName": cluster}))).unwrap();
    let definition = json!({"family": FAMILY, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "executionRoleArn": format!("arn:aws:iam::{account}:role/execution"),
        "containerDefinitions": [{"name": "api",
            "image": format!("{account}.dkr.ecr.{region}.amazonaws.com/api@{digest}")}]});
    for _ in 0..110 {
        ecs::register_task_definition(&mut world, input!(definition.clone())).unwrap();
    }
    for number in 0..SERVICES {
        let service = json!({"cluster": cluster, "serviceName": format!("s{number}"), "taskDefinition": FAMILY,
            "desiredCount": if number == 0 { TASKS } else { 0 }, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}});
        ecs::create_service(&mut world, input!(service)).unwrap();
    }
    for _ in 0..119 {
        let again = json!({"cluster": cluster, "service": "s1", "forceNewDeployment": true});
        ecs::update_service(&mut world, input!(again)).unwrap();
    }
    for number in 0..ALARMS {
        let alarm = json!({"AlarmName": format!("alarm-{number}"), "Namespace": "Shop", "MetricName": "Refusals",
            "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold"});
        cloudwatch::put_metric_alarm(&mut world, input!(alarm)).unwrap();
    }
    logs::create_log_group(&mut world, input!(json!({"logGroupName": GROUP}))).unwrap();
    for number in 0..60 {
        let stream = json!({"logGroupName": GROUP, "logStreamName": format!("many/many/{number}")});
        logs::create_log_stream(&mut world, &input!(stream)).unwrap();
    }
    let template = |label: &str| -> String {
        let topics: BTreeMap<String, Value> = (0..130)
            .map(|number| {
                let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": label}});
                (format!("Topic{number}"), topic)
            })
            .collect();
        json!({"Resources": topics}).to_string()
    };
    let create = json!({"StackName": STACK, "TemplateBody": template("one")});
    cfn::create_stack(&mut world, input!(create)).unwrap();
    world.advance_by(Duration::from_secs(3600));
    cfn::detect_stack_drift(&mut world, &input!(json!({"StackName": STACK}))).unwrap();
    for number in 0..110 {
        let set = json!({"StackName": STACK, "ChangeSetName": format!("set-{number}"),
            "TemplateBody": template("two")});
        cfn::create_change_set(&mut world, &Principal::Admin, input!(set)).unwrap();
    }
    world
}

/// A command in that account.
async fn session(scene: &Scene) -> EnvironmentSession {
    let config = Config::load(scene.root()).unwrap();
    let platform = &config.platform;
    let cluster = cluster();
    let world = crowded(platform.account_id.as_str(), platform.region.as_str(), &cluster);
    scene.session_in(world, ENVIRONMENT).await
}

fn cluster() -> String {
    "doc-platform-staging".to_owned()
}

/// Number of items in the first answer to a plain request, and whether there are more.
async fn first_page(aws: &Aws, method: &str) -> (usize, bool) {
    macro_rules! page {
        ($call:expr, $items:ident) => {{
            let answer = $call.send().await.unwrap();
            (answer.$items().len(), answer.next_token().is_some())
        }};
    }
    let (cloudformation, ecs) = (&aws.cloudformation, &aws.ecs);
    match method {
        "describe_alarms" => page!(aws.cloudwatch.describe_alarms(), metric_alarms),
        "describe_change_set" => {
            page!(cloudformation.describe_change_set().stack_name(STACK).change_set_name("set-1"), changes)
        }
        "describe_events" => page!(cloudformation.describe_events().stack_name(STACK), operation_events),
        "describe_log_streams" => page!(aws.logs.describe_log_streams().log_group_name(GROUP), log_streams),
        "describe_stack_events" => {
            page!(cloudformation.describe_stack_events().stack_name(STACK), stack_events)
        }
        "describe_stack_resource_drifts" => {
            page!(cloudformation.describe_stack_resource_drifts().stack_name(STACK), stack_resource_drifts)
        }
        "list_change_sets" => page!(cloudformation.list_change_sets().stack_name(STACK), summaries),
        "list_service_deployments" => {
            page!(ecs.list_service_deployments().cluster(cluster()).service("s1"), service_deployments)
        }
        "list_stack_resources" => {
            page!(cloudformation.list_stack_resources().stack_name(STACK), stack_resource_summaries)
        }
        "list_task_definitions" => {
            page!(ecs.list_task_definitions().family_prefix(FAMILY), task_definition_arns)
        }
        "list_tasks" => page!(ecs.list_tasks().cluster(cluster()), task_arns),
        other => panic!("no page of {other} is looked at here"),
    }
}

#[test]
fn the_local_aws_pages_what_the_tool_reads_in_the_sizes_of_aws() {
    let scene = Scene::empty();
    block_on(async {
        let session = session(&scene).await;
        let aws = &session.target.aws;
        let mut methods: Vec<&str> = CALL_SITES
            .iter()
            .filter(|(_, _, reads)| !matches!(reads, One(_)))
            // Those of account-ops page in other ways: `e2e::database` and `e2e::quotas` read them.
            .filter(|(file, _, _)| !file.starts_with("account-ops/"))
            .map(|(_, method, _)| *method)
            // Its pages are by size and in both directions, and have a test of their own.
            .filter(|method| *method != "get_log_events")
            // Those of RDS have markers, and tests of their own too.
            .filter(|method| !method.starts_with("describe_db_"))
            // Of clients that the pipeline does not have: read in e2e::dns_copy and e2e::alarm_subscription.
            .filter(|method| !matches!(*method, "list_resource_record_sets" | "list_subscriptions_by_topic"))
            // A listener has a hundred rules at most, and a page of ELB four hundred.
            .filter(|method| *method != "describe_rules")
            // Versions of a secret: `rollout-sim secrets::` reads their pages.
            .filter(|method| *method != "list_secret_version_ids")
            .collect();
        methods.sort_unstable();
        methods.dedup();
        assert_eq!(methods.len(), 11, "{methods:?}");
        for method in methods {
            let size = match method {
                "list_service_deployments" => 20,
                "describe_log_streams" | "describe_alarms" => 50,
                _ => 100,
            };
            assert_eq!(first_page(aws, method).await, (size, true), "{method}");
        }
        close(session).await;
    });
}

#[test]
fn the_local_aws_takes_as_many_names_in_a_call_as_aws() {
    let scene = Scene::empty();
    block_on(async {
        let session = session(&scene).await;
        let (ecs, cluster) = (&session.target.aws.ecs, cluster());
        let names = |number: usize| Some((0..number).map(|it| format!("x{it}")).collect::<Vec<_>>());
        let arns = |number: usize| {
            let arn = |it| format!("arn:aws:ecs:us-west-2:123456789012:service-deployment/c/s/{it}");
            Some((0..number).map(arn).collect::<Vec<_>>())
        };
        let refused = |error: Option<&str>, what: &str| {
            assert_eq!(error, Some("InvalidParameterException"), "{what}");
        };
        assert!(ecs.describe_services().cluster(&cluster).set_services(names(10)).send().await.is_ok());
        let error =
            ecs.describe_services().cluster(&cluster).set_services(names(11)).send().await.unwrap_err();
        refused(error.into_service_error().meta().code(), "DescribeServices");
        assert!(ecs.describe_tasks().cluster(&cluster).set_tasks(names(100)).send().await.is_ok());
        let error = ecs.describe_tasks().cluster(&cluster).set_tasks(names(101)).send().await.unwrap_err();
        refused(error.into_service_error().meta().code(), "DescribeTasks");
        let call = ecs.describe_service_deployments().set_service_deployment_arns(arns(20));
        assert!(call.send().await.is_ok());
        let call = ecs.describe_service_deployments().set_service_deployment_arns(arns(21));
        refused(
            call.send().await.unwrap_err().into_service_error().meta().code(),
            "DescribeServiceDeployments",
        );
        let call = ecs.describe_service_revisions().set_service_revision_arns(arns(21));
        refused(
            call.send().await.unwrap_err().into_service_error().meta().code(),
            "DescribeServiceRevisions",
        );
        let call = session.target.aws.cloudwatch.describe_alarms().set_alarm_names(names(101));
        assert!(call.send().await.is_err(), "DescribeAlarms");
        close(session).await;
    });
}

#[test]
fn the_tool_reads_every_page() {
    let scene = Scene::empty();
    block_on(async {
        let session = session(&scene).await;
        let (aws, cluster) = (&session.target.aws, cluster());
        let tasks = observe::tasks(aws, &cluster, "s0").await.unwrap();
        assert_eq!(tasks.len(), TASKS as usize);
        let resources = stack_resources::list(aws, STACK).await.unwrap();
        assert_eq!(resources.len(), 130);
        let events = observe::stack_events_back_to(aws, STACK, |_| false).await.unwrap();
        // Each topic is begun, initiated and complete, and so is, but for the initiation, the stack.
        assert_eq!(events.len(), 130 * 3 + 2);
        let alarms: Vec<String> = (0..ALARMS).map(|number| format!("alarm-{number}")).collect();
        assert_eq!(observe::alarms(aws, &alarms).await.unwrap().len(), ALARMS);
        let names: Vec<String> = (0..SERVICES).map(|number| format!("s{number}")).collect();
        let long_ago = Moment::from_millis(0);
        let mut services = observe::services(aws, &cluster, &names, long_ago).await.unwrap();
        assert_eq!(services.len(), SERVICES);
        assert_eq!(Closer::default().look(aws, &cluster, &mut services, long_ago).await.len(), 0);
        let of = |name: &str| services.iter().find(|it| it.view.name.as_str() == name).unwrap();
        assert_eq!(of("s0").view.tasks.len(), TASKS as usize);
        assert_eq!(of("s1").view.service_deployments.len(), 120);
        close(session).await;
    });
}

#[test]
fn every_change_set_that_nobody_executed_is_found() {
    let scene = two_releases();
    block_on(async {
        let names: Vec<String> = (0..101).map(|number| format!("deploy-{number}")).collect();
        scene.leave_change_sets(&names).await;
        let session = scene.session(ENVIRONMENT, &[]).await;
        session.target.clock.sleep(Duration::from_secs(7200)).await;
        let recovered = Box::pin(recover::environment(&session, Ask::Never)).await.unwrap();
        assert_eq!(recovered.steps.len(), 101, "{recovered}");
        close(session).await;
    });
}
