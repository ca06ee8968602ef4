//! What the account may have, compared with what the environments need, before AWS says so in the middle of something.

use account_ops::{commands, quotas};
use deploy_ops::doctor::{Finding, State};
use deploy_ops::session::EnvironmentSession;
use local_aws::SetQuota;
use ops_cli::{AccountCommand, BootstrapArgs, Exit, RevisionArgs};
use rollout_sim::World;

use super::scene::{Scene, block_on, close, target};

const VCPUS: &str = "L-3032A538";
const ADDRESSES: &str = "L-0263D0A3";

fn set(session: &EnvironmentSession, code: &str, value: usize) {
    let quota = SetQuota { quota_code: code.to_owned(), value };
    assert!(session.target.control().unwrap().set_quota(quota).unwrap());
}

async fn look(session: &EnvironmentSession) -> Vec<Finding> {
    quotas::look(&session.config, Some(&session.environment), &session.target).await
}

/// The findings that are not good.
async fn trouble(session: &EnvironmentSession) -> Vec<(State, String, String)> {
    let found = look(session).await.into_iter().filter(|it| it.state != State::Ok);
    found.map(|it| (it.state, it.detail, it.fix.unwrap_or_default())).collect()
}

#[test]
fn an_account_in_use_holds_all_environments_at_their_peaks() {
    block_on(async {
        let scene = Scene::production();
        let session = scene.session("production", &[]).await;
        let found = look(&session).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].state, State::Ok, "{found:?}");
        for held in [
            // 3 services, 2 x 0.5 and 1 x 0.25 vCPU at 200 %, and a task of 0.5 in each environment.
            "Fargate On-Demand vCPU resource count 8.5 of 4000",
            "EC2-VPC Elastic IPs 3 of 5",
            "VPCs per Region 2 of 5",
            "NAT gateways per Availability Zone 2 of 5",
            "Internet gateways per Region 2 of 5",
            "DB instances 2 of 40",
        ] {
            assert!(found[0].detail.contains(held), "{held}: {}", found[0].detail);
        }
        close(session).await;
    });
}

#[test]
fn a_young_account_is_too_small_for_production_and_the_request_is_a_whole_command() {
    block_on(async {
        let scene = Scene::production();
        let session = scene.session("production", &[]).await;
        set(&session, VCPUS, 6);
        let found = trouble(&session).await;
        let [(State::Fail, detail, fix)] = &found[..] else { panic!("{found:?}") };
        assert!(detail.contains("the account has 6") && detail.contains("production 6.5"), "{detail}");
        assert!(detail.contains("ApiService 2") && detail.contains("`desired_count`"), "{detail}");
        let request = "aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 \
                       --desired-value 9 --region us-west-2";
        assert!(fix.starts_with(request), "{fix}");
        // As much as is asked for is enough.
        set(&session, VCPUS, 9);
        assert_eq!(trouble(&session).await, []);
        close(session).await;
    });
}

#[test]
fn what_fits_now_and_not_with_all_environments_is_a_warning() {
    block_on(async {
        let scene = Scene::empty();
        let session = scene.session("staging", &[]).await;
        set(&session, VCPUS, 6);
        let found = trouble(&session).await;
        assert!(
            matches!(&found[..], [(State::Warn, detail, _)] if detail.contains("all environments")),
            "{found:?}"
        );
        set(&session, VCPUS, 1);
        let found = trouble(&session).await;
        assert!(matches!(&found[..], [(State::Fail, ..)]), "{found:?}");
        close(session).await;
    });
}

#[test]
fn what_others_have_in_use_counts_and_what_is_the_environments_own_counts_once() {
    block_on(async {
        let scene = Scene::production();
        let session = scene.session("production", &[]).await;
        // More than a page of Cloud Control.
        let address = |number| {
            format!(r#""A{number}": {{"Type": "AWS::EC2::EIP", "Properties": {{"Domain": "vpc"}}}}"#)
        };
        let addresses: Vec<String> = (0..25).map(address).collect();
        let foreign = format!(r#"{{"Resources": {{{}}}}}"#, addresses.join(", "));
        set(&session, ADDRESSES, 28);
        let make =
            session.target.aws.cloudformation.create_stack().stack_name("foreign").template_body(foreign);
        make.send().await.unwrap();
        session.target.clock.sleep(std::time::Duration::from_secs(600)).await;
        assert_eq!(trouble(&session).await, [], "two of production, one of staging, 25 of others");
        set(&session, ADDRESSES, 27);
        let found = trouble(&session).await;
        let [(State::Warn, detail, fix)] = &found[..] else { panic!("{found:?}") };
        assert!(detail.contains("others use 25") && fix.contains("--desired-value 28"), "{detail} {fix}");
        set(&session, ADDRESSES, 26);
        let found = trouble(&session).await;
        assert!(matches!(&found[..], [(State::Fail, ..)]), "{found:?}");
        close(session).await;
    });
}

#[test]
fn who_may_not_read_quotas_is_told_that_nothing_was_asked() {
    block_on(async {
        let scene = Scene::production();
        let session = scene.session("production", &[]).await;
        let world = session.target.control().unwrap().inspect(World::clone);
        close(session).await;
        let key = local_aws::role_access_key("doc-platform-production-deploy");
        let session = scene.session_as(world, "production", &key).await;
        let found = look(&session).await;
        assert!(!found.is_empty());
        for finding in &found {
            assert_eq!(finding.state, State::Skipped, "{finding}");
            assert!(finding.detail.contains("not asked"), "{finding}");
        }
    });
}

fn bootstrap(scene: &Scene, plan: bool) -> Exit {
    let revision = RevisionArgs { release: None, commit: None };
    let args = BootstrapArgs {
        environment: "production".to_owned(),
        revision,
        target: target(&[]),
        plan,
        admin_exists: false,
        yes: true,
        json: false,
    };
    block_on(async { commands::run(AccountCommand::Bootstrap(args), scene.root()).await.unwrap() })
}

#[test]
fn bootstrap_stops_before_the_first_change_where_an_environment_does_not_fit() {
    let scene = Scene::empty();
    block_on(async {
        let session = scene.session("production", &[]).await;
        set(&session, VCPUS, 6);
        close(session).await;
    });
    assert_eq!(bootstrap(&scene, true), Exit::Differences);
    assert_eq!(bootstrap(&scene, false), Exit::NeedsHuman);
    block_on(async {
        let session = scene.session("production", &[]).await;
        let stacks = session.target.aws.cloudformation.list_stacks().send().await.unwrap();
        assert_eq!(stacks.stack_summaries().len(), 0);
        set(&session, VCPUS, 7);
        close(session).await;
    });
    assert_eq!(bootstrap(&scene, false), Exit::Done);
}

#[test]
fn a_rollout_beyond_the_quota_waits_for_room_and_says_so() {
    block_on(async {
        let scene = Scene::production();
        scene.commit("another");
        let session = scene.session("production", &[]).await;
        // What runs, and two tasks more.
        set(&session, VCPUS, 4);
        let options = super::scene::options(deploy_ops::resolve::Wanted::Head);
        let outcome = Box::pin(deploy_ops::deploy::deploy(&session, &options)).await.unwrap();
        let cluster = session.names().cluster();
        let call =
            session.target.aws.ecs.describe_services().cluster(cluster).services("api").send().await.unwrap();
        let events: Vec<&str> = call.services()[0].events().iter().filter_map(|it| it.message()).collect();
        let refused =
            "was unable to place a task. Reason: You\u{2019}ve reached the limit on the number of vCPUs";
        assert!(events.iter().any(|event| event.contains(refused)), "{:?} {events:?}", outcome.result);
        close(session).await;
    });
}
