//! Records of a domain that exists, copied into the platform's hosted zone.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use account_ops::dns::copy::{self, Copied, Source};
use deploy_ops::failure::Failure;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::{infrastructure, stack};
use local_aws::Disruption;
use ops_cli::Exit;
use rollout_sim::route53::{self, ListInput};
use rollout_sim::{World, cfn};
use serde_json::json;

use super::scene::{Scene, block_on};

const ENVIRONMENT: &str = "staging";
const ACCOUNT: &str = "123456789012";
const OLD_ZONE: &str = "Z0OLD00000";

/// An account with the shared stack only.
async fn shared(scene: &Scene) -> World {
    static MADE: OnceLock<World> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return made.clone();
    }
    let session = scene.session_in(World::new(ACCOUNT, "us-west-2", 1), ENVIRONMENT);
    let session = session.await;
    infrastructure::change_shared(&session, true, &[]).await.unwrap();
    let world = session.target.control().unwrap().inspect(World::clone);
    MADE.get_or_init(|| world).clone()
}

async fn zone_id(session: &EnvironmentSession) -> String {
    let name = session.config.platform.shared_stack_name.as_str();
    let view = stack::describe(&session.target.aws, name).await.unwrap().unwrap();
    view.output("HostedZoneId").unwrap().to_owned()
}

/// `name TYPE values` of what a zone has, without what every zone has.
fn records(session: &EnvironmentSession, zone: &str) -> Vec<String> {
    session.target.control().unwrap().inspect(|world| {
        let (mut input, mut all) =
            (ListInput { hosted_zone_id: zone.to_owned(), ..ListInput::default() }, Vec::new());
        loop {
            let page = route53::list_record_sets(world, &input).unwrap();
            all.extend(page.resource_record_sets);
            (input.start_record_name, input.start_record_type) =
                (page.next_record_name, page.next_record_type);
            if !page.is_truncated {
                break;
            }
        }
        let own = |kind: &str| !matches!(kind, "NS" | "SOA");
        all.into_iter()
            .filter(|set| own(&set.kind))
            .map(|set| {
                let values: Vec<String> = set.resource_records.into_iter().map(|it| it.value).collect();
                format!("{} {} {}", set.name, set.kind, values.join(", "))
            })
            .collect()
    })
}

async fn run(session: &EnvironmentSession, source: &Source) -> Result<Copied, Failure> {
    let planned = copy::prepare(session, source.clone()).await?;
    if planned.is_done() { Ok(planned.result(false)) } else { copy::carry_out(session, &planned).await }
}

fn file(scene: &Scene, text: &str) -> Source {
    let path: PathBuf = scene.root().join("old.zone");
    std::fs::write(&path, text).unwrap();
    Source::File(path)
}

#[test]
fn a_zone_file_is_copied_and_the_same_command_again_has_nothing_to_do() {
    let scene = Scene::empty();
    block_on(async {
        let session = scene.session_in(shared(&scene).await, ENVIRONMENT).await;
        let domain = session.config.platform.hosted_zone.to_string();
        let own = session.environment.domain.to_string();
        let source = file(
            &scene,
            &format!(
                "$TTL 300\n@ NS ns.old.example.\n@ MX 10 mail\nmail A 192.0.2.25\n@ TXT \"v=spf1 mx -all\"\n\
                 *.dev A 192.0.2.9\n{own}. A 192.0.2.1\n"
            ),
        );
        let planned = copy::prepare(&session, source.clone()).await.unwrap().result(false);
        assert_eq!(planned.plan.create.len(), 4, "{:?}", planned.lines());
        let zone = zone_id(&session).await;
        assert_eq!(records(&session, &zone), [""; 0]);
        let copied = run(&session, &source).await.unwrap();
        assert!(copied.done);
        let skipped: Vec<&str> = copied.plan.skipped.iter().map(|it| it.kind.as_str()).collect();
        assert_eq!(skipped, ["NS", "A"], "{:?}", copied.lines());
        assert_eq!(
            records(&session, &zone),
            [
                format!("{domain}. MX 10 mail.{domain}."),
                format!("{domain}. TXT \"v=spf1 mx -all\""),
                format!("*.dev.{domain}. A 192.0.2.9"),
                format!("mail.{domain}. A 192.0.2.25"),
            ]
        );
        let again = run(&session, &source).await.unwrap();
        assert!(
            !again.done && again.plan.create.is_empty() && again.plan.existing.len() == 4,
            "{:?}",
            again.lines()
        );
        // What differs by then is left to a person.
        let other = file(&scene, "$TTL 300\n@ MX 20 other.example.\n");
        let left = run(&session, &other).await.unwrap();
        assert_eq!(left.plan.differing.len(), 1, "{:?}", left.lines());
        assert_eq!(records(&session, &zone)[0], format!("{domain}. MX 10 mail.{domain}."));
    });
}

#[test]
fn another_hosted_zone_is_read_to_its_end_and_copied_in_requests_that_route_53_takes() {
    let scene = Scene::empty();
    block_on(async {
        let mut world = shared(&scene).await;
        let domain = "specboard.io";
        route53::make_zone(&mut world, OLD_ZONE, domain);
        let changes = (0..1100).map(|n| {
            json!({ "Action": "CREATE", "ResourceRecordSet": {
                "Name": format!("n{n}.{domain}"), "Type": "A", "TTL": 60, "ResourceRecords": [{ "Value": "192.0.2.1" }],
            } })
        });
        let changes: Vec<_> = changes.collect();
        for some in changes.chunks(1000) {
            let input = json!({ "HostedZoneId": OLD_ZONE, "ChangeBatch": { "Changes": some } });
            route53::change_record_sets(&mut world, serde_json::from_value(input).unwrap()).unwrap();
        }
        let session = scene.session_in(world, ENVIRONMENT).await;
        assert_eq!(session.config.platform.hosted_zone.as_str(), domain);
        let (zone, source) = (zone_id(&session).await, Source::Zone(OLD_ZONE.to_owned()));
        let planned = copy::prepare(&session, source.clone()).await.unwrap();
        assert_eq!(planned.result(false).plan.create.len(), 1100);
        // The second request is refused: what the first one made stays, and the same command goes on.
        session.target.control().unwrap().disrupt(2, Disruption::Denied);
        let failure = copy::carry_out(&session, &planned).await.unwrap_err();
        let Failure::Unfinished { state, next, .. } = &failure else { panic!("{failure:?}") };
        assert_eq!(state, &["1000 of 1100 record sets are copied"]);
        assert_eq!(next, &format!("cargo xtask dns copy --from-zone {OLD_ZONE} --yes --local"));
        assert_eq!(failure.exit(), Exit::NeedsHuman);
        assert_eq!(records(&session, &zone).len(), 1000);
        let copied = run(&session, &source).await.unwrap();
        assert_eq!((copied.plan.create.len(), copied.plan.existing.len()), (100, 1000));
        assert_eq!(records(&session, &zone), records(&session, OLD_ZONE));
    });
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_is_changed() {
    let scene = Scene::empty();
    block_on(async {
        let session = scene.session_in(shared(&scene).await, ENVIRONMENT).await;
        let zone = zone_id(&session).await;
        let bad = run(&session, &file(&scene, "$TTL 60\n@ A 192.0.2.1\nwww A nowhere\n")).await.unwrap_err();
        assert!(bad.to_string().contains("old.zone, line 3: "), "{bad}");
        assert_eq!(bad.exit(), Exit::BadInput);
        let unknown = run(&session, &Source::Zone("Z0NONE".to_owned())).await.unwrap_err();
        assert!(unknown.to_string().contains("No hosted zone found with ID: Z0NONE"), "{unknown}");
        let itself = run(&session, &Source::Zone(zone.clone())).await.unwrap_err();
        assert!(itself.to_string().contains("is the zone that records are copied into"), "{itself}");
        let servers = run(&session, &Source::NameServers).await.unwrap_err();
        assert!(servers.to_string().contains("no DNS that could be asked"), "{servers}");
        assert_eq!(records(&session, &zone), [""; 0]);
    });
}

#[test]
fn a_record_of_a_stack_is_not_made_over_one_that_exists() {
    let mut world = World::new("123456789012", "us-west-2", 1);
    route53::make_zone(&mut world, OLD_ZONE, "example.com");
    let create = |world: &mut World, stack: &str, zone: &str| {
        let template = json!({ "Resources": { "Record": { "Type": "AWS::Route53::RecordSet", "Properties": {
            "HostedZoneId": zone, "Name": "www.example.com", "Type": "A", "TTL": "60", "ResourceRecords": ["192.0.2.1"],
        } } } });
        let input = cfn::api::CreateStackInput {
            stack_name: stack.to_owned(),
            template_body: Some(template.to_string()),
            ..cfn::api::CreateStackInput::default()
        };
        cfn::create_stack(world, input).unwrap();
        world.advance_by(std::time::Duration::from_secs(900));
        let input = cfn::api::DescribeStackEventsInput {
            stack_name: stack.to_owned(),
            ..cfn::api::DescribeStackEventsInput::default()
        };
        let events = cfn::describe_stack_events(world, &input).unwrap().stack_events;
        events.iter().fold(String::new(), |mut text, event| {
            let _ = writeln!(text, "{:?} {:?}", event.resource_status, event.resource_status_reason);
            text
        })
    };
    let first = create(&mut world, "first", OLD_ZONE);
    assert!(first.contains("CreateComplete"), "{first}");
    let second = create(&mut world, "second", OLD_ZONE);
    assert!(
        second.contains("Tried to create resource record set [name='www.example.com.', type='A']"),
        "{second}"
    );
    let third = create(&mut world, "third", "Z0NONE");
    assert!(
        third.contains("No hosted zone found with ID: Z0NONE (Service: Route53, Status Code: 404"),
        "{third}"
    );
}
