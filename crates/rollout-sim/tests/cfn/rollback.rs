//! Failure, cancelling, and the way back (CFN:using-cfn-stack-update-cancel, CFN:troubleshooting).

use rollout_sim::{cfn, logs};
use serde_json::json;

use crate::fixture::{Fixture, TOPICS, input, parameters};

/// A stack whose rollback failed at its second topic.
fn stuck() -> Fixture {
    let mut fixture = Fixture::with(TOPICS);
    fixture.fault("rollback-fails");
    fixture.set("Label", "two");
    fixture.until(600.0, "UPDATE_ROLLBACK_FAILED");
    fixture
}

/// Log groups, and what comes after them.
const GROUPS: &str = "
Parameters:
  Days: {Type: Number, Default: 7}
  Name: {Type: String, Default: /three}
Resources:
  One: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /one, RetentionInDays: !Ref Days}}
  Two: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /two, RetentionInDays: !Ref Days}}
  Three: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Ref Name}}
  Next: {Type: AWS::SNS::Topic, DependsOn: [One, Two, Three], Properties: {DisplayName: !Sub '${Days} ${Name}'}}
  Last: {Type: AWS::SNS::Topic, DependsOn: Next, Properties: {DisplayName: !Sub '${Days} ${Name}'}}
";

/// A stack of which two log groups were deleted behind its back before they should go back.
fn without_groups() -> Fixture {
    let mut fixture = Fixture::with(GROUPS);
    fixture.fault("stack-fails");
    fixture.set("Days", "14");
    fixture.world.faults.clear();
    let changed = (0..100).any(|_| {
        fixture.run(0.1);
        fixture.told("One UPDATE_COMPLETE") && fixture.told("Two UPDATE_COMPLETE")
    });
    assert!(changed && !fixture.told("Last UPDATE_FAILED"));
    for name in ["/one", "/two"] {
        logs::delete_log_group(&mut fixture.world, &input(json!({"logGroupName": name}))).unwrap();
    }
    fixture.until(600.0, "UPDATE_ROLLBACK_FAILED");
    fixture
}

fn group_names(fixture: &Fixture) -> Vec<String> {
    let found = logs::describe_log_groups(&fixture.world, &input(json!({}))).unwrap().log_groups;
    found.into_iter().map(|group| group.log_group_name).collect()
}

fn go_on(fixture: &mut Fixture, members: serde_json::Value) -> Result<(), rollout_sim::ApiError> {
    let request = crate::fixture::merged(json!({"StackName": "demo"}), members);
    cfn::continue_update_rollback(&mut fixture.world, input(request)).map(drop)
}

#[test]
fn a_failed_update_goes_back_and_cleans_up() {
    let mut fixture = Fixture::with(TOPICS);
    fixture.fault("stack-fails");
    fixture.set("Label", "two");
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    let events = fixture.events();
    let at = |start: &str| {
        let found = events.iter().rposition(|event| event.starts_with(start));
        found.unwrap_or_else(|| panic!("{start}: {events:#?}"))
    };
    assert!(
        at("Second UPDATE_FAILED Resource handler returned message:")
            < at("demo UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [Second].")
    );
    assert!(at("demo UPDATE_ROLLBACK_IN_PROGRESS") < at("demo UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"));
    assert_eq!(fixture.stack()["Parameters"][0]["ParameterValue"], "one", "the parameters are back too");
}

#[test]
fn a_failed_creation_is_undone_and_can_only_be_deleted() {
    let mut fixture = Fixture::new();
    fixture.fault("stack-fails");
    fixture.create("demo", TOPICS, json!({})).unwrap();
    fixture.until(600.0, "ROLLBACK_COMPLETE");
    assert!(fixture.told("First DELETE_COMPLETE"));
    let refused = fixture.update(json!({"Parameters": parameters(&[("Label", "two")])})).unwrap_err();
    assert!(refused.message.ends_with("is in ROLLBACK_COMPLETE state and can not be updated."), "{refused}");
}

#[test]
fn with_rollback_disabled_the_stack_stays_failed_until_somebody_decides() {
    let mut fixture = Fixture::with(TOPICS);
    fixture.fault("stack-fails");
    fixture.update(json!({"DisableRollback": true, "Parameters": parameters(&[("Label", "two")])})).unwrap();
    fixture.until(600.0, "UPDATE_FAILED");
    fixture.run(3600.0);
    assert_eq!(fixture.status(), "UPDATE_FAILED");
    fixture.world.faults.clear();
    cfn::rollback_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn only_an_update_in_progress_can_be_cancelled() {
    let mut fixture = Fixture::with(TOPICS);
    let cancel = |fixture: &mut Fixture| {
        cfn::cancel_update_stack(&mut fixture.world, &input(json!({"StackName": "demo"})))
    };
    assert_eq!(
        cancel(&mut fixture).unwrap_err().message,
        "CancelUpdateStack cannot be called from current stack status"
    );
    fixture.set("Label", "two");
    fixture.run(3.0);
    cancel(&mut fixture).unwrap();
    assert_eq!(fixture.status(), "UPDATE_ROLLBACK_IN_PROGRESS");
    assert!(cancel(&mut fixture).is_err(), "a rollback cannot be cancelled");
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("First UPDATE_FAILED Resource update cancelled"));
    assert!(!fixture.told("Second UPDATE"), "what had not begun never will");
}

#[test]
fn a_rollback_that_fails_is_told_with_the_resource() {
    let fixture = stuck();
    assert_eq!(
        fixture.stack()["StackStatusReason"].as_str().unwrap().trim(),
        "The following resource(s) failed to update: [Second]."
    );
}

#[test]
fn a_stuck_rollback_can_be_continued_when_its_cause_is_gone() {
    let mut fixture = stuck();
    go_on(&mut fixture, json!({})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_FAILED");
    fixture.world.faults.clear();
    go_on(&mut fixture, json!({})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn only_resources_that_failed_in_the_rollback_can_be_skipped() {
    let mut fixture = stuck();
    let refused = go_on(&mut fixture, json!({"ResourcesToSkip": ["First"]})).unwrap_err();
    assert_eq!(refused.message, "Only the resources failed during UpdateRollback are allowed to be skipped");
    go_on(&mut fixture, json!({"ResourcesToSkip": ["Second"]})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("Second UPDATE_COMPLETE"), "skipped, and inconsistent with what it says");
}

#[test]
fn a_forced_rollback_skips_everything_and_excludes_a_list() {
    let mut fixture = stuck();
    let both = json!({"ForceRollback": true, "ResourcesToSkip": ["Second"]});
    assert!(go_on(&mut fixture, both).unwrap_err().message.contains("mutually exclusive"));
    go_on(&mut fixture, json!({"ForceRollback": true})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    let refused = go_on(&mut fixture, json!({})).unwrap_err();
    assert!(refused.message.ends_with("can not continue update rollback."), "{refused}");
}

#[test]
fn what_was_deleted_cannot_be_rolled_back() {
    let fixture = without_groups();
    let events = fixture.events();
    for name in ["One", "Two"] {
        let failed = events.iter().find(|event| event.starts_with(&format!("{name} UPDATE_FAILED"))).unwrap();
        assert!(failed.ends_with("HandlerErrorCode: NotFound)"), "{failed}");
    }
}

#[test]
fn what_is_skipped_is_not_what_its_stack_says() {
    let mut fixture = without_groups();
    go_on(&mut fixture, json!({"ForceRollback": true})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    for name in ["One", "Two"] {
        let request = json!({"StackName": "demo", "LogicalResourceId": name});
        let found = cfn::describe_stack_resource(&fixture.world, &input(request.clone())).unwrap();
        assert_eq!(json!(found.stack_resource_detail.unwrap().resource_status), "UPDATE_COMPLETE");
        let drift = cfn::detect_stack_resource_drift(&mut fixture.world, &input(request)).unwrap();
        assert_eq!(json!(drift.stack_resource_drift)["StackResourceDriftStatus"], "DELETED");
    }
}

/// An update that stops at a failure, to another log group in place of the third.
fn third(logical_id: &str, days: &str) -> serde_json::Value {
    let name = format!("/{}", logical_id.to_lowercase());
    json!({
        "DisableRollback": true,
        "TemplateBody": GROUPS.replace("Three", logical_id),
        "Parameters": parameters(&[("Days", days), ("Name", &name)]),
    })
}

/// Takes back what an operation made that stopped at a failure.
fn take_back(fixture: &mut Fixture, end: &str) {
    cfn::rollback_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.until(600.0, end);
}

#[test]
fn what_stopped_at_a_failure_goes_on_by_an_update_that_stops_there_again() {
    let mut fixture = Fixture::new();
    fixture.fault("stack-fails");
    fixture.create("demo", GROUPS, json!({"DisableRollback": true})).unwrap();
    fixture.until(600.0, "CREATE_FAILED");
    let values = parameters(&[("Days", "14")]);
    for refused in [json!({"Parameters": values}), json!({"DisableRollback": false, "Parameters": values})] {
        let error = fixture.update(refused).unwrap_err();
        assert!(error.message.contains("non-terminal [CREATE_FAILED] state"), "{}", error.message);
    }
    fixture.update(json!({"DisableRollback": true, "Parameters": values})).unwrap();
    fixture.until(600.0, "UPDATE_FAILED");
    fixture.world.faults.clear();
    let change_set = json!({"TemplateBody": GROUPS, "Parameters": values});
    fixture.change_set("again", change_set).unwrap();
    for disable_rollback in [false, true] {
        let request =
            json!({"StackName": "demo", "ChangeSetName": "again", "DisableRollback": disable_rollback});
        let answer = cfn::execute_change_set(&mut fixture.world, input(request));
        assert_eq!(answer.is_ok(), disable_rollback);
        if let Err(error) = answer {
            assert!(error.message.contains("non-terminal [UPDATE_FAILED] state"), "{}", error.message);
        }
    }
    fixture.until(600.0, "UPDATE_COMPLETE");
}

#[test]
fn what_stops_at_a_failure_replaces_nothing() {
    let mut fixture = Fixture::with(GROUPS);
    let values = parameters(&[("Days", "14"), ("Name", "/four")]);
    fixture.update(json!({"DisableRollback": true, "Parameters": values})).unwrap();
    fixture.until(600.0, "UPDATE_FAILED");
    let told = "Three UPDATE_FAILED Replacement type updates not supported on stack with disable-rollback.";
    assert!(fixture.told(told), "{:#?}", fixture.events());
    assert_eq!(group_names(&fixture), ["/one", "/three", "/two"]);
    take_back(&mut fixture, "UPDATE_ROLLBACK_COMPLETE");
    fixture.update(json!({"Parameters": values})).unwrap();
    fixture.until(600.0, "UPDATE_COMPLETE");
    assert_eq!(group_names(&fixture), ["/four", "/one", "/two"]);
}

#[test]
fn a_creation_that_does_nothing_on_failure_cannot_go_on() {
    let mut fixture = Fixture::new();
    fixture.fault("stack-fails");
    fixture.create("demo", GROUPS, json!({"OnFailure": "DO_NOTHING"})).unwrap();
    fixture.until(600.0, "CREATE_FAILED");
    fixture.world.faults.clear();
    let values = parameters(&[("Name", "/four")]);
    let error = fixture.update(json!({"DisableRollback": true, "Parameters": values})).unwrap_err();
    assert!(error.message.contains("it contains [on-failure: DO_NOTHING]"), "{}", error.message);
    take_back(&mut fixture, "ROLLBACK_COMPLETE");
}

#[test]
fn a_repeated_update_goes_back_to_the_last_stable_state() {
    let mut fixture = Fixture::with(GROUPS);
    for (days, name) in [("14", "Four"), ("30", "Five"), ("30", "Five")] {
        fixture.fault("stack-fails");
        fixture.update(third(name, days)).unwrap();
        fixture.world.faults.clear();
        fixture.until(600.0, "UPDATE_FAILED");
    }
    take_back(&mut fixture, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(group_names(&fixture), ["/one", "/three", "/two"]);
    let detection =
        cfn::detect_stack_drift(&mut fixture.world, &input(json!({"StackName": "demo"}))).unwrap();
    fixture.run(600.0);
    let request = json!({"StackDriftDetectionId": detection.stack_drift_detection_id});
    let found = cfn::describe_stack_drift_detection_status(&fixture.world, &input(request)).unwrap();
    assert_eq!(json!(found.stack_drift_status), "IN_SYNC");
    let same =
        json!({"TemplateBody": GROUPS, "Parameters": parameters(&[("Days", "7"), ("Name", "/three")])});
    assert_eq!(fixture.update(same).unwrap_err().message, "No updates are to be performed.");
}

#[test]
fn a_repeated_update_that_succeeds_leaves_nothing_of_those_before_it() {
    let mut fixture = Fixture::with(GROUPS);
    for (name, fails, end) in
        [("Four", true, "UPDATE_FAILED"), ("Five", true, "UPDATE_FAILED"), ("Six", false, "UPDATE_COMPLETE")]
    {
        if fails {
            fixture.fault("stack-fails");
        }
        fixture.update(third(name, "7")).unwrap();
        fixture.world.faults.clear();
        fixture.until(600.0, end);
    }
    assert_eq!(group_names(&fixture), ["/one", "/six", "/two"]);
}

#[test]
fn a_repeated_update_also_takes_back_what_it_has_not_come_to() {
    let mut fixture = Fixture::with(GROUPS);
    fixture.fault("stack-fails");
    fixture.update(json!({"DisableRollback": true, "Parameters": parameters(&[("Days", "14")])})).unwrap();
    fixture.world.faults.clear();
    fixture.until(600.0, "UPDATE_FAILED");
    // The first resource of the repetition fails, and those after it never begin.
    logs::delete_log_group(&mut fixture.world, &input(json!({"logGroupName": "/one"}))).unwrap();
    fixture.update(json!({"DisableRollback": true, "Parameters": parameters(&[("Days", "30")])})).unwrap();
    fixture.until(600.0, "UPDATE_FAILED");
    take_back(&mut fixture, "UPDATE_ROLLBACK_FAILED");
    go_on(&mut fixture, json!({"ResourcesToSkip": ["One"]})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    let same = json!({"Parameters": parameters(&[("Days", "7")])});
    assert_eq!(fixture.update(same).unwrap_err().message, "No updates are to be performed.");
}

#[test]
fn a_repeated_creation_that_fails_leaves_nothing() {
    let mut fixture = Fixture::new();
    fixture.fault("stack-fails");
    fixture.create("demo", GROUPS, json!({"DisableRollback": true})).unwrap();
    fixture.until(600.0, "CREATE_FAILED");
    fixture.update(third("Four", "7")).unwrap();
    fixture.until(600.0, "UPDATE_FAILED");
    take_back(&mut fixture, "ROLLBACK_COMPLETE");
    assert!(group_names(&fixture).is_empty(), "{:#?}", fixture.events());
}

#[test]
fn a_stack_that_stopped_is_deleted_with_all_that_it_made() {
    let mut fixture = Fixture::with(GROUPS);
    fixture.fault("stack-fails");
    fixture.update(third("Four", "7")).unwrap();
    fixture.until(600.0, "UPDATE_FAILED");
    assert_eq!(group_names(&fixture), ["/four", "/one", "/three", "/two"]);
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.run(600.0);
    assert!(group_names(&fixture).is_empty());
}

#[test]
fn a_stuck_stack_refuses_updates() {
    let mut fixture = stuck();
    let refused = fixture.update(json!({"Parameters": parameters(&[("Label", "three")])})).unwrap_err();
    assert!(refused.message.ends_with("is in UPDATE_ROLLBACK_FAILED state and can not be updated."));
}

#[test]
fn the_timeout_is_for_creations_only() {
    let mut fixture = Fixture::new();
    let database = "
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, DBInstanceClass: db.t4g.micro, AllocatedStorage: '20', MasterUsername: a, ManageMasterUserPassword: true}
";
    fixture.create("demo", database, json!({"TimeoutInMinutes": 3})).unwrap();
    let secs = fixture.until(3600.0, "ROLLBACK_IN_PROGRESS");
    assert!((180.0..182.0).contains(&secs), "{secs}");
    let update = json!({"StackName": "demo", "ChangeSetName": "x", "TimeoutInMinutes": 3});
    for refused in [
        serde_json::from_value::<cfn::api::CreateChangeSetInput>(update.clone()).unwrap_err(),
        serde_json::from_value::<cfn::api::ExecuteChangeSetInput>(update).unwrap_err(),
        serde_json::from_value::<cfn::api::UpdateStackInput>(
            json!({"StackName": "demo", "TimeoutInMinutes": 3}),
        )
        .unwrap_err(),
    ] {
        assert!(refused.to_string().contains("TimeoutInMinutes"), "{refused}");
    }
}

#[test]
fn a_creation_can_be_deleted_while_it_is_in_progress() {
    let mut fixture = Fixture::new();
    fixture.create("demo", TOPICS, json!({})).unwrap();
    fixture.run(3.0);
    let id = fixture.stack()["StackId"].as_str().unwrap().to_owned();
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.run(600.0);
    assert_eq!(fixture.stack_named(&id)["StackStatus"], "DELETE_COMPLETE");
}
