//! Nested stacks go back with their parent.

use rollout_sim::{ApiError, cfn, s3};
use serde_json::{Value, json};

use super::{PARENT, SLOW, course, inner, inner_name, inner_until, nested, prepared, publish};
use crate::fixture::{Fixture, input, merged, parameters};

/// A stack of which the rollback failed in its nested stack, at `Second`.
fn stuck() -> Fixture {
    let mut fixture = nested();
    fixture.fault("rollback-fails");
    fixture.set("Label", "two");
    fixture.until(600.0, "UPDATE_ROLLBACK_FAILED");
    fixture
}

fn go_on(fixture: &mut Fixture, stack: &str, members: Value) -> Result<(), ApiError> {
    let request = merged(json!({"StackName": stack}), members);
    cfn::continue_update_rollback(&mut fixture.world, input(request)).map(drop)
}

#[test]
fn an_update_that_fails_in_a_nested_stack_takes_both_back() {
    let mut fixture = nested();
    fixture.fault("stack-fails");
    fixture.set("Label", "two");
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    let id = fixture.physical_id("Inner").unwrap();
    let reason = format!(
        "Inner UPDATE_FAILED Embedded stack {id} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: The following resource(s) failed to update: [Second]."
    );
    assert!(fixture.told(&reason), "{:#?}", fixture.events());
    let stack = inner(&fixture);
    assert_eq!(stack["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    let back = course(&fixture).iter().filter(|status| *status == "UPDATE_ROLLBACK_IN_PROGRESS").count();
    assert_eq!(back, 1, "its parent waits for the rollback that has begun");
    assert_eq!(stack["Parameters"][0]["ParameterValue"], "one");
    assert_eq!(fixture.output("Said").as_deref(), Some("said one"));
}

#[test]
fn a_nested_stack_that_succeeded_goes_back_with_its_parent() {
    let mut fixture = nested();
    // The parent's last resource is doomed from the start, none of the nested stack is.
    fixture.fault("stack-fails");
    fixture.set("Label", "two");
    fixture.world.faults.clear();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("Last UPDATE_FAILED"), "{:#?}", fixture.events());
    let back = [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ];
    let mut course = course(&fixture);
    course.retain(|status| status != "CREATE_IN_PROGRESS");
    assert_eq!(course, back[1..]);
    assert_eq!(fixture.output("Said").as_deref(), Some("said one"));
    assert_eq!(inner(&fixture)["Outputs"][0]["OutputValue"], "said one");
}

#[test]
fn a_cancelled_update_cancels_its_nested_stacks() {
    let mut fixture = nested();
    fixture.set("Label", "two");
    inner_until(&mut fixture, "UPDATE_IN_PROGRESS");
    cfn::cancel_update_stack(&mut fixture.world, &input(json!({"StackName": "demo"}))).unwrap();
    let stack = inner(&fixture);
    assert_eq!(stack["StackStatus"], "UPDATE_ROLLBACK_IN_PROGRESS", "at once");
    assert_eq!(stack["StackStatusReason"], "Initiated by parent stack");
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("Inner UPDATE_FAILED Resource update cancelled"));
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(inner(&fixture)["Parameters"][0]["ParameterValue"], "one");
}

#[test]
fn a_nested_stack_stops_where_its_parent_stops() {
    // Beside a queue that cannot be made, as somebody has its name once it is its turn.
    let parent = PARENT.replace("    DependsOn: Before\n", "").replace(
        "Outputs:",
        "  Queue: {Type: AWS::SQS::Queue, DependsOn: Before, Properties: {QueueName: taken}}\nOutputs:",
    );
    for (disable_rollback, end, course_end) in
        [(true, "CREATE_FAILED", "CREATE_FAILED"), (false, "ROLLBACK_COMPLETE", "DELETE_COMPLETE")]
    {
        let mut fixture = prepared();
        publish(&mut fixture, SLOW);
        fixture.create("demo", &parent, json!({"DisableRollback": disable_rollback})).unwrap();
        fixture
            .create(
                "other",
                "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: taken}}}",
                json!({}),
            )
            .unwrap();
        fixture.until(3600.0, end);
        assert!(fixture.told("Inner CREATE_FAILED Resource creation cancelled"), "{:#?}", fixture.events());
        assert_eq!(course(&fixture).last().unwrap(), course_end);
        assert!(course(&fixture).iter().any(|status| status == "CREATE_FAILED"));
    }
}

#[test]
fn an_update_that_stopped_in_a_nested_stack_is_repeated_or_taken_back() {
    for repeat in [true, false] {
        let mut fixture = nested();
        fixture.fault("stack-fails");
        fixture
            .update(json!({"DisableRollback": true, "Parameters": parameters(&[("Label", "two")])}))
            .unwrap();
        fixture.until(600.0, "UPDATE_FAILED");
        assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_FAILED");
        fixture.world.faults.clear();
        if repeat {
            let members = json!({"DisableRollback": true, "Parameters": parameters(&[("Label", "three")])});
            fixture.update(members).unwrap();
            fixture.until(600.0, "UPDATE_COMPLETE");
            assert_eq!(fixture.output("Said").as_deref(), Some("said three"));
        } else {
            cfn::rollback_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
            fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
            assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
            assert_eq!(fixture.output("Said").as_deref(), Some("said one"));
        }
    }
}

#[test]
fn an_update_that_stopped_after_a_nested_stack_goes_back_to_before_it() {
    let mut fixture = nested();
    for label in ["two", "three"] {
        // The parent's last resource is doomed from the start, none of the nested stack is.
        fixture.fault("stack-fails");
        let members = json!({"DisableRollback": true, "Parameters": parameters(&[("Label", label)])});
        fixture.update(members).unwrap();
        fixture.world.faults.clear();
        fixture.until(600.0, "UPDATE_FAILED");
        assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    }
    cfn::rollback_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(inner(&fixture)["Parameters"][0]["ParameterValue"], "one", "the last stable state");
    assert_eq!(fixture.output("Said").as_deref(), Some("said one"));
}

#[test]
fn a_nested_stack_whose_rollback_failed_fails_that_of_its_parent() {
    let mut fixture = stuck();
    let stack = inner(&fixture);
    assert_eq!(stack["StackStatus"], "UPDATE_ROLLBACK_FAILED");
    let reason = format!(
        "Inner UPDATE_FAILED Embedded stack {} was not successfully updated. Currently in UPDATE_ROLLBACK_FAILED with reason: The following resource(s) failed to update: [Second].",
        stack["StackId"].as_str().unwrap()
    );
    assert!(fixture.told(&reason), "{:#?}", fixture.events());
    let child = inner_name(&fixture);
    let refused = go_on(&mut fixture, &child, json!({})).unwrap_err();
    assert_eq!(refused.message, "RollbackUpdatedStack cannot be invoked on child stacks");
    fixture.world.faults.clear();
    go_on(&mut fixture, "demo", json!({})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn resources_of_nested_stacks_are_skipped_by_the_name_of_their_stack() {
    let mut fixture = stuck();
    let second = format!("{}.Second", inner_name(&fixture));
    let first = format!("{}.First", inner_name(&fixture));
    for (wrong, told) in [
        ("Inner", "Nested stacks could not be skipped"),
        ("Inner.Second", "Stack [Inner] does not exist"),
        ("Second", "Resource [Second] does not belong to stack demo"),
        ("bucket.B", "Stack [bucket] does not exist"),
        (&first, "Only the resources failed during UpdateRollback are allowed to be skipped"),
    ] {
        let refused = go_on(&mut fixture, "demo", json!({"ResourcesToSkip": [wrong]})).unwrap_err();
        assert_eq!(refused.message, told);
    }
    go_on(&mut fixture, "demo", json!({"ResourcesToSkip": [second]})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn nested_stacks_that_are_back_wait_for_one_that_is_not() {
    let mut fixture = prepared();
    let both = "
Parameters:
  Label: {Type: String, Default: one}
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: &url https://templates.s3.us-west-2.amazonaws.com/topics.yaml, Parameters: {Label: !Ref Label}}
  Other:
    Type: AWS::CloudFormation::Stack
    DependsOn: Inner
    Properties: {TemplateURL: *url, Parameters: {Label: !Ref Label}}
";
    fixture.create("demo", both, json!({})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    fixture.set("Label", "two");
    fixture.run(1.0);
    // Of this nobody is hit that has begun already.
    fixture.fault("rollback-fails");
    fixture.until(600.0, "UPDATE_ROLLBACK_FAILED");
    fixture.run(3600.0);
    assert!(fixture.told("Inner UPDATE_COMPLETE") && fixture.told("Other UPDATE_FAILED"));
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS");
    fixture.world.faults.clear();
    go_on(&mut fixture, "demo", json!({})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_forced_rollback_skips_what_fails_in_nested_stacks_too() {
    let mut fixture = stuck();
    go_on(&mut fixture, "demo", json!({"ForceRollback": true})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn stacks_are_nested_at_any_depth() {
    let mut fixture = prepared();
    let middle = PARENT.replace("topics.yaml", "middle.yaml");
    let object = json!({"Bucket": "templates", "Key": "middle.yaml", "Body": PARENT});
    s3::put_object(&mut fixture.world, input(object)).unwrap();
    fixture.create("demo", &middle, json!({})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    assert_eq!(fixture.output("Said").as_deref(), Some("said one"));
    let middle = inner(&fixture);
    let request = json!({"StackName": middle["StackId"], "LogicalResourceId": "Inner"});
    let found = cfn::describe_stack_resource(&fixture.world, &input(request)).unwrap();
    let lowest = found.stack_resource_detail.unwrap().physical_resource_id.unwrap();
    let stack = fixture.stack_named(&lowest);
    assert_eq!((&stack["ParentId"], &stack["RootId"]), (&middle["StackId"], &fixture.stack()["StackId"]));

    fixture.fault("rollback-fails");
    fixture.set("Label", "two");
    fixture.until(600.0, "UPDATE_ROLLBACK_FAILED");
    let skip = format!("{}.Second", stack["StackName"].as_str().unwrap());
    go_on(&mut fixture, "demo", json!({"ResourcesToSkip": [skip]})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(fixture.stack_named(&lowest)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    fixture.world.faults.clear();
    fixture.set("Label", "three");
    fixture.until(600.0, "UPDATE_COMPLETE");
    assert_eq!(fixture.output("Said").as_deref(), Some("said three"));
}

#[test]
fn a_nested_stack_that_somebody_else_updates_is_left_alone() {
    let mut fixture = nested();
    let busy = json!({"StackName": inner_name(&fixture), "UsePreviousTemplate": true,
        "Parameters": parameters(&[("Label", "mine")]), "RollbackConfiguration": {"MonitoringTimeInMinutes": 20}});
    cfn::update_stack(&mut fixture.world, input(busy)).unwrap();
    fixture.set("Label", "two");
    fixture.until(600.0, "UPDATE_ROLLBACK_FAILED");
    let id = fixture.physical_id("Inner").unwrap();
    let told =
        format!("Inner UPDATE_FAILED Stack:{id} is in UPDATE_IN_PROGRESS state and can not be updated.");
    assert_eq!(fixture.events().iter().filter(|event| **event == told).count(), 2, "forward and back");
    fixture.run(1800.0);
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_COMPLETE");
    go_on(&mut fixture, "demo", json!({})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
}
