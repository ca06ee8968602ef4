//! Change sets (bc:cloudformation/CreateChangeSet, CFN:validate-stack-deployments).

use rollout_sim::iam::{self, Principal};
use rollout_sim::{cfn, s3};
use serde_json::{Value, json};

use crate::fixture::{Fixture, TOPICS, input, parameters};

#[test]
fn a_change_set_without_changes_fails_with_the_words_of_aws() {
    let mut fixture = Fixture::with(TOPICS);
    let set = fixture.change_set("same", json!({})).unwrap();
    assert_eq!((&set["Status"], &set["ExecutionStatus"]), (&json!("FAILED"), &json!("UNAVAILABLE")));
    assert_eq!(
        set["StatusReason"],
        "The submitted information didn't contain changes. Submit different information to create a change set."
    );
    let refused = fixture.update(json!({})).unwrap_err();
    assert_eq!(refused.message, "No updates are to be performed.");
}

#[test]
fn previous_template_and_previous_values_can_be_used() {
    let mut fixture = Fixture::with(TOPICS);
    fixture.set("Label", "two");
    fixture.until(600.0, "UPDATE_COMPLETE");
    let previous = json!({"Parameters": [{"ParameterKey": "Label", "UsePreviousValue": true}]});
    assert_eq!(fixture.change_set("same", previous).unwrap()["Status"], "FAILED");
    // Without it the default counts.
    let set = fixture.change_set("default", json!({})).unwrap();
    assert_eq!(set["Changes"].as_array().unwrap().len(), 2);
    let both =
        json!({"Parameters": [{"ParameterKey": "Label", "UsePreviousValue": true, "ParameterValue": "x"}]});
    assert_eq!(fixture.change_set("both", both).unwrap_err().code, "ValidationError");
}

#[test]
fn a_replacement_is_predicted() {
    let template = |name: &str, label: &str| {
        format!(
            "Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}, DisplayName: {label}}}}}}}"
        )
    };
    let mut fixture = Fixture::with(&template("a", "x"));
    let change = |fixture: &mut Fixture, name: &str, body: String| -> Value {
        fixture.change_set(name, json!({"TemplateBody": body})).unwrap()["Changes"][0]["ResourceChange"]
            .clone()
    };
    let replaced = change(&mut fixture, "one", template("b", "x"));
    assert_eq!((&replaced["Action"], &replaced["Replacement"]), (&json!("Modify"), &json!("True")));
    assert_eq!(replaced["Details"][0]["Target"]["RequiresRecreation"], "Always");
    let kept = change(&mut fixture, "two", template("a", "y"));
    assert_eq!((&kept["Action"], &kept["Replacement"]), (&json!("Modify"), &json!("False")));
}

#[test]
fn executing_one_makes_the_others_obsolete() {
    let mut fixture = Fixture::with(TOPICS);
    for (name, label) in [("one", "two"), ("two", "three")] {
        fixture.change_set(name, json!({"Parameters": parameters(&[("Label", label)])})).unwrap();
    }
    fixture.execute("one");
    fixture.until(600.0, "UPDATE_COMPLETE");
    assert_eq!(fixture.described("two")["ExecutionStatus"], "OBSOLETE");
    let request = json!({"StackName": "demo", "ChangeSetName": "two"});
    let refused = cfn::execute_change_set(&mut fixture.world, input(request)).unwrap_err();
    assert_eq!(refused.code, "InvalidChangeSetStatus");
}

#[test]
fn property_syntax_is_validated_before_anything_starts() {
    let template = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {Nmae: x, FifoTopic: maybe}}}";
    let mut fixture = Fixture::with(TOPICS);
    let set = fixture.change_set("typo", json!({"TemplateBody": template})).unwrap();
    assert_eq!(set["Status"], "FAILED");
    assert!(set["StatusReason"].as_str().unwrap().contains("AWS::EarlyValidation::PropertyValidation"));
    let request = input(json!({"StackName": "demo", "ChangeSetName": "typo"}));
    let events = cfn::describe_events(&fixture.world, &request).unwrap().operation_events;
    let events = serde_json::to_value(events).unwrap();
    assert_eq!(events[0]["EventType"], "VALIDATION_ERROR");
    assert_eq!(events[0]["ValidationFailureMode"], "FAIL");
    assert!(events.to_string().contains("extraneous key [Nmae] is not permitted"), "{events}");
    let refused = fixture.update(json!({"TemplateBody": template})).unwrap_err();
    assert!(refused.message.starts_with("Properties validation failed for resource T"), "{refused}");
    assert_eq!(fixture.status(), "CREATE_COMPLETE");
}

#[test]
fn a_name_conflict_is_found_before_anything_starts() {
    let template = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: bell}}}";
    let mut fixture = Fixture::with(template);
    let refused = fixture.create("other", template, json!({})).unwrap_err();
    assert!(refused.message.contains("with identifier 'bell' already exists"), "{refused}");
    let second = "Resources: {S: {Type: AWS::SNS::Topic, Properties: {TopicName: bell}}}";
    let set = fixture.change_set("clash", json!({"TemplateBody": second})).unwrap();
    assert!(
        set["StatusReason"].as_str().unwrap().contains("AWS::EarlyValidation::ResourceExistenceCheck"),
        "{set}"
    );
}

/// Two buckets and three repositories; the first of each holds something, and so does the one that is deleted by force.
const STORES: &str = "
Resources:
  Full: {Type: AWS::S3::Bucket, Properties: {BucketName: full}}
  Empty: {Type: AWS::S3::Bucket, Properties: {BucketName: empty}}
  Images: {Type: AWS::ECR::Repository, Properties: {RepositoryName: images}}
  NoImages: {Type: AWS::ECR::Repository, Properties: {RepositoryName: no-images}}
  Forced: {Type: AWS::ECR::Repository, Properties: {RepositoryName: forced, EmptyOnDelete: true}}
  Topic: {Type: AWS::SNS::Topic}
";
const NO_STORES: &str = "Resources: {Topic: {Type: AWS::SNS::Topic}}";

fn with_stores(template: &str) -> Fixture {
    let mut fixture = Fixture::with(template);
    let object = json!({"Bucket": "full", "Key": "k", "Body": "x"});
    s3::put_object(&mut fixture.world, input(object)).unwrap();
    for repository in ["images", "forced"] {
        fixture.push_to(repository);
    }
    fixture
}

/// Name and reason of each finding of a change set, after its mode.
pub(crate) fn findings(fixture: &Fixture, request: Value) -> Vec<String> {
    let events = cfn::describe_events(&fixture.world, &input(request)).unwrap().operation_events;
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let line = |event: Value| {
        assert_eq!(
            (&event["EventType"], &event["ValidationStatus"]),
            (&json!("VALIDATION_ERROR"), &json!("FAILED"))
        );
        let keys = ["ValidationFailureMode", "LogicalResourceId", "ValidationName", "ValidationStatusReason"];
        keys.map(|key| text(&event, key)).join(" ")
    };
    events.iter().map(|event| line(serde_json::to_value(event).unwrap())).collect()
}

#[test]
fn a_change_set_warns_of_buckets_and_repositories_that_it_deletes_and_that_hold_something() {
    let mut fixture = with_stores(STORES);
    let set = fixture.change_set("away", json!({"TemplateBody": NO_STORES})).unwrap();
    assert_eq!((&set["Status"], &set["ExecutionStatus"]), (&json!("CREATE_COMPLETE"), &json!("AVAILABLE")));
    let request = json!({"StackName": "demo", "ChangeSetName": "away"});
    let found = findings(&fixture, request.clone());
    assert_eq!(
        found,
        [
            "WARN Full BUCKET_EMPTINESS_VALIDATION The bucket 'full' is not empty. You must either delete all objects and versions or use the deletion policy to retain it, otherwise the delete operation will fail.",
            "WARN Images REPOSITORY_EMPTINESS_VALIDATION The repository 'images' is not empty. You must either delete all images, set EmptyOnDelete or use the deletion policy to retain it, otherwise the delete operation will fail.",
        ]
    );
    let operation = cfn::describe_events(&fixture.world, &input(request)).unwrap().operation_events[0]
        .operation_id
        .clone();
    assert_eq!(findings(&fixture, json!({"OperationId": operation})), found);

    let without = json!({"TemplateBody": NO_STORES, "DisableValidation": true});
    fixture.change_set("unseen", without).unwrap();
    assert!(findings(&fixture, json!({"StackName": "demo", "ChangeSetName": "unseen"})).is_empty());

    // A warning stops nothing, and is right.
    fixture.execute("away");
    fixture.until(600.0, "UPDATE_COMPLETE");
    for (name, status) in [("Full", "FAILED"), ("Images", "FAILED"), ("Empty", "COMPLETE")] {
        assert!(fixture.told(&format!("{name} DELETE_{status}")), "{:#?}", fixture.events());
    }
}

#[test]
fn what_a_change_set_keeps_is_not_warned_of() {
    let kept = STORES.replace("AWS::S3::Bucket,", "AWS::S3::Bucket, DeletionPolicy: Retain,");
    let mut fixture = with_stores(&kept);
    fixture.change_set("away", json!({"TemplateBody": NO_STORES})).unwrap();
    let found = findings(&fixture, json!({"StackName": "demo", "ChangeSetName": "away"}));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("WARN Images "), "{found:?}");
}

#[test]
fn what_the_maker_of_a_change_set_may_not_list_is_not_warned_of() {
    let mut fixture = with_stores(STORES);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = json!({"RoleName": "maker", "AssumeRolePolicyDocument": trust.to_string()});
    iam::create_role(&mut fixture.world, input(role)).unwrap();
    fixture.caller = Principal::role("maker");
    let rights = [
        ("s3:ListBucket", "arn:aws:s3:::full", "Full"),
        ("ecr:ListImages", "arn:aws:ecr:us-west-2:123456789012:repository/images", "Images"),
    ];
    for (action, resource, warned) in rights {
        let statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let put = json!({"RoleName": "maker", "PolicyName": "p", "PolicyDocument": policy});
        iam::put_role_policy(&mut fixture.world, input(put)).unwrap();
        let set = fixture.change_set(warned, json!({"TemplateBody": NO_STORES})).unwrap();
        assert_eq!(set["Status"], "CREATE_COMPLETE");
        let found = findings(&fixture, json!({"StackName": "demo", "ChangeSetName": warned}));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("WARN {warned} ")), "{found:?}");
    }
}

#[test]
fn on_stack_failure_delete_is_for_creations_only() {
    let mut fixture = Fixture::with(TOPICS);
    let refused = fixture.change_set("x", json!({"OnStackFailure": "DELETE"})).unwrap_err();
    assert_eq!(refused.code, "ValidationError");

    let mut fixture = Fixture::new();
    fixture.fault("stack-fails");
    let create = json!({"ChangeSetType": "CREATE", "OnStackFailure": "DELETE", "TemplateBody": TOPICS});
    fixture.change_set("first", create).unwrap();
    let id = fixture.stack()["StackId"].as_str().unwrap().to_owned();
    fixture.execute("first");
    fixture.run(600.0);
    assert_eq!(fixture.stack_named(&id)["StackStatus"], "DELETE_COMPLETE");
}

#[test]
fn on_stack_failure_do_nothing_leaves_what_failed() {
    let mut fixture = Fixture::new();
    fixture.fault("stack-fails");
    let create = json!({"ChangeSetType": "CREATE", "OnStackFailure": "DO_NOTHING", "TemplateBody": TOPICS});
    fixture.change_set("first", create).unwrap();
    fixture.execute("first");
    fixture.run(600.0);
    assert_eq!(fixture.status(), "CREATE_FAILED");
    assert!(!fixture.told("First DELETE"));
    fixture.world.faults.clear();
    fixture.change_set("second", json!({"TemplateBody": TOPICS})).unwrap();
    let request = json!({"StackName": "demo", "ChangeSetName": "second", "DisableRollback": true});
    let refused = cfn::execute_change_set(&mut fixture.world, input(request)).unwrap_err();
    assert!(refused.message.contains("it contains [on-failure: DO_NOTHING]"), "{}", refused.message);
}

#[test]
fn retain_except_on_create_takes_back_what_a_failed_operation_made() {
    let kept = TOPICS.replace(
        "  First: {Type: AWS::SNS::Topic, ",
        "  First: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, ",
    );
    let before =
        "Parameters: {Label: {Type: String, Default: one}}\nResources: {Zero: {Type: AWS::SNS::Topic}}";
    for (retain_except_on_create, status) in [(true, "DELETE_COMPLETE"), (false, "DELETE_SKIPPED")] {
        for kind in ["CREATE", "UPDATE"] {
            let mut fixture = if kind == "CREATE" { Fixture::new() } else { Fixture::with(before) };
            fixture.change_set("made", json!({"ChangeSetType": kind, "TemplateBody": kept})).unwrap();
            fixture.fault("stack-fails");
            let execute = json!({"StackName": "demo", "ChangeSetName": "made",
                "RetainExceptOnCreate": retain_except_on_create});
            cfn::execute_change_set(&mut fixture.world, input(execute)).unwrap();
            fixture.run(600.0);
            assert!(fixture.status().ends_with("ROLLBACK_COMPLETE"));
            assert!(fixture.told(&format!("First {status}")), "{kind}: {:#?}", fixture.events());
        }
    }
}

#[test]
fn disable_validation_leaves_the_failure_to_the_operation() {
    let queue = "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: taken}}}";
    let mut fixture = Fixture::with(queue);
    let both = "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: taken}}, R: {Type: AWS::SQS::Queue, Properties: {QueueName: taken}}}";
    let set = fixture.change_set("checked", json!({"TemplateBody": both})).unwrap();
    assert_eq!(set["Status"], "FAILED");
    let unchecked = json!({"TemplateBody": both, "DisableValidation": true});
    let set = fixture.change_set("unchecked", unchecked).unwrap();
    assert_eq!(set["Status"], "CREATE_COMPLETE");
    fixture.execute("unchecked");
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("R CREATE_FAILED"));
}

#[test]
fn disable_rollback_excludes_on_stack_failure() {
    let mut fixture = Fixture::with(TOPICS);
    let members = json!({"OnStackFailure": "ROLLBACK", "Parameters": parameters(&[("Label", "two")])});
    fixture.change_set("one", members).unwrap();
    let request = json!({"StackName": "demo", "ChangeSetName": "one", "DisableRollback": true});
    let refused = cfn::execute_change_set(&mut fixture.world, input(request)).unwrap_err();
    assert_eq!(refused.code, "ValidationError");
}

#[test]
fn what_change_sets_do_not_model_is_refused_by_name() {
    let mut fixture = Fixture::with(TOPICS);
    for (members, what) in [
        (json!({"ImportExistingResources": true}), "importing resources"),
        (json!({"DeploymentMode": "REVERT_DRIFT"}), "DeploymentMode"),
        (json!({"IncludeNestedStacks": true}), "IncludeNestedStacks"),
        (json!({"DeploymentConfig": {"Mode": "EXPRESS"}}), "DeploymentConfig mode EXPRESS"),
    ] {
        let refused = fixture.change_set("x", members).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.status), ("NotModelled", 501));
        assert!(refused.message.contains(what), "{refused}");
    }
}

#[test]
fn events_are_described_by_stack_operation_and_failure() {
    let mut fixture = Fixture::with(TOPICS);
    fixture.fault("stack-fails");
    fixture.set("Label", "two");
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    let operation = fixture.stack()["LastOperations"][0]["OperationId"].clone();
    let describe = |request: Value| -> Vec<Value> {
        let found = cfn::describe_events(&fixture.world, &input(request)).unwrap().operation_events;
        found.iter().map(|event| serde_json::to_value(event).unwrap()).collect()
    };
    let all = describe(json!({"StackName": "demo"}));
    let one = describe(json!({"OperationId": operation}));
    assert!(one.len() < all.len() && one.iter().all(|event| event["OperationId"] == operation));
    let failed = describe(json!({"StackName": "demo", "Filters": {"FailedEvents": true}}));
    assert!(!failed.is_empty() && failed.iter().all(|event| event["EventType"] == "PROVISIONING_ERROR"));
}
