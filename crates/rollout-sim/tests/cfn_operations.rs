//! Stack operations from the outside: requests in, events and states out.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use rollout_sim::World;
use rollout_sim::cfn::{self, api::*};
use rollout_sim::iam::Principal;

const NETWORK: &str = r#"
Parameters:
  Block: {Type: String, Default: 10.0.0.0/16}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: !Ref Block}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]
      AvailabilityZone: !Select [0, !GetAZs '']
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  SubnetId: {Value: !Ref Subnet}
"#;

fn world() -> World {
    World::new("123456789012", "us-west-2", 1)
}

fn change_set(kind: ChangeSetType, name: &str, template: &str) -> CreateChangeSetInput {
    CreateChangeSetInput {
        stack_name: "net".into(),
        change_set_name: name.into(),
        change_set_type: Some(kind),
        template_body: Some(template.into()),
        ..CreateChangeSetInput::default()
    }
}

fn describe(world: &World, name: &str) -> DescribeChangeSetOutput {
    let input = DescribeChangeSetInput {
        change_set_name: name.into(),
        stack_name: Some("net".into()),
        include_property_values: Some(true),
        ..Default::default()
    };
    cfn::describe_change_set(world, &input).unwrap()
}

fn execute(world: &mut World, name: &str) {
    let input = ExecuteChangeSetInput {
        change_set_name: name.into(),
        stack_name: Some("net".into()),
        ..Default::default()
    };
    cfn::execute_change_set(world, input).unwrap();
}

fn stack(world: &World) -> Stack {
    let input = DescribeStacksInput { stack_name: Some("net".into()), next_token: None };
    cfn::describe_stacks(world, &input).unwrap().stacks.remove(0)
}

fn run(world: &mut World) {
    world.advance_by(Duration::from_secs(3600));
}

#[test]
fn a_stack_is_created_and_updated_through_change_sets() {
    let mut world = world();
    cfn::create_change_set(
        &mut world,
        &Principal::Admin,
        change_set(ChangeSetType::Create, "first", NETWORK),
    )
    .unwrap();
    assert_eq!(stack(&world).stack_status, StackStatus::ReviewInProgress);
    let set = describe(&world, "first");
    assert_eq!(set.status, Some(ChangeSetStatus::CreateComplete));
    assert_eq!(set.changes.len(), 3);
    execute(&mut world, "first");
    assert_eq!(stack(&world).stack_status, StackStatus::CreateInProgress);
    run(&mut world);
    let created = stack(&world);
    assert_eq!(created.stack_status, StackStatus::CreateComplete);
    assert!(created.outputs[0].output_value.as_deref().unwrap().starts_with("subnet-"));

    cfn::create_change_set(&mut world, &Principal::Admin, change_set(ChangeSetType::Update, "same", NETWORK))
        .unwrap();
    let set = describe(&world, "same");
    assert_eq!(set.status, Some(ChangeSetStatus::Failed));
    assert_eq!(
        set.status_reason.as_deref(),
        Some(
            "The submitted information didn't contain changes. Submit different information to create a change set."
        )
    );

    let mut update = change_set(ChangeSetType::Update, "move", NETWORK);
    update.parameters = vec![Parameter {
        parameter_key: Some("Block".into()),
        parameter_value: Some("10.1.0.0/16".into()),
        ..Parameter::default()
    }];
    cfn::create_change_set(&mut world, &Principal::Admin, update).unwrap();
    let set = describe(&world, "move");
    let shown: Vec<_> = set
        .changes
        .iter()
        .map(|change| {
            let change = change.resource_change.as_ref().unwrap();
            (change.logical_resource_id.clone().unwrap(), change.replacement.unwrap())
        })
        .collect();
    assert_eq!(
        shown,
        [("Subnet".to_owned(), Replacement::Conditional), ("Vpc".to_owned(), Replacement::True)]
    );
    execute(&mut world, "move");
    run(&mut world);
    assert_eq!(stack(&world).stack_status, StackStatus::UpdateComplete);
    let input = DescribeStackEventsInput { stack_name: "net".into(), next_token: None };
    let events = cfn::describe_stack_events(&world, &input).unwrap().stack_events;
    let lines: Vec<String> = events
        .iter()
        .rev()
        .map(|event| {
            format!(
                "{} {:?} {}",
                event.logical_resource_id.as_deref().unwrap(),
                event.resource_status.unwrap(),
                event.resource_status_reason.as_deref().unwrap_or_default()
            )
        })
        .collect();
    insta_like(&lines[lines.iter().position(|line| line.contains("UpdateInProgress")).unwrap()..]);
}

fn insta_like(lines: &[String]) {
    let expected = [
        "net UpdateInProgress User Initiated",
        "Vpc UpdateInProgress Requested update requires the creation of a new physical resource; hence creating one.",
        "Vpc UpdateInProgress Resource creation Initiated",
        "Vpc UpdateComplete ",
        "Subnet UpdateInProgress Requested update requires the creation of a new physical resource; hence creating one.",
        "Subnet UpdateInProgress Resource creation Initiated",
        "Subnet UpdateComplete ",
        "net UpdateCompleteCleanupInProgress ",
        "Subnet DeleteInProgress ",
        "Subnet DeleteComplete ",
        "Vpc DeleteInProgress ",
        "Vpc DeleteComplete ",
        "net UpdateComplete ",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn an_observer_sees_each_event_once_as_it_is_described() {
    let mut world = world();
    cfn::create_change_set(
        &mut world,
        &Principal::Admin,
        change_set(ChangeSetType::Create, "first", NETWORK),
    )
    .unwrap();
    execute(&mut world, "first");
    let (mut seen, mut known, since) = (Vec::new(), 0, world.now());
    for _ in 0..20 {
        let (new, count) = cfn::new_stack_events(&world, "net", since, known).unwrap();
        assert_eq!(new.len(), count - known);
        // Each look answers the latest first.
        seen.splice(0..0, new);
        known = count;
        world.advance_by(Duration::from_secs(10));
    }
    let input = DescribeStackEventsInput { stack_name: "net".into(), next_token: None };
    assert_eq!(seen, cfn::describe_stack_events(&world, &input).unwrap().stack_events);
    let (new, _) = cfn::new_stack_events(&world, "net", world.now(), 0).unwrap();
    assert!(new.is_empty(), "events before the moment asked for: {new:?}");
}
