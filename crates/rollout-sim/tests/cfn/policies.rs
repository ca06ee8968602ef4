//! Stack policies, termination protection, deletion and update-replace policies
//! (CFN:protect-stack-resources, CFN:using-cfn-protect-stacks).

use rollout_sim::cfn;
use serde_json::{Value, json};

use crate::fixture::{Fixture, TOPICS, input, parameters};

fn policy(statements: Value) -> String {
    json!({"Statement": statements}).to_string()
}

fn set_policy(fixture: &mut Fixture, statements: Value) -> Result<(), rollout_sim::ApiError> {
    let request = json!({"StackName": "demo", "StackPolicyBody": policy(statements)});
    cfn::set_stack_policy(&mut fixture.world, input(request)).map(drop)
}

fn allow(resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": resource})
}

fn updates(fixture: &mut Fixture, label: &str, members: Value) -> String {
    let request = crate::fixture::merged(json!({"Parameters": parameters(&[("Label", label)])}), members);
    fixture.update(request).unwrap();
    fixture.run(600.0);
    fixture.status()
}

#[test]
fn without_a_policy_everything_may_change_and_with_one_nothing_it_does_not_allow() {
    let mut fixture = Fixture::with(TOPICS);
    assert_eq!(updates(&mut fixture, "two", json!({})), "UPDATE_COMPLETE");
    set_policy(&mut fixture, json!([allow("LogicalResourceId/First")])).unwrap();
    assert_eq!(updates(&mut fixture, "three", json!({})), "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("Second UPDATE_FAILED Action denied by stack policy:"));
}

#[test]
fn a_deny_wins_and_is_named() {
    let mut fixture = Fixture::with(TOPICS);
    let deny = json!({"Effect": "Deny", "Action": "Update:Modify", "Principal": "*", "Resource": "LogicalResourceId/First"});
    set_policy(&mut fixture, json!([allow("*"), deny])).unwrap();
    assert_eq!(updates(&mut fixture, "two", json!({})), "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("First UPDATE_FAILED Action denied by stack policy: Statement [#2] does not allow [Update:Modify] for resource [First]"));
}

#[test]
fn replacement_and_type_are_told_apart() {
    let template = |name: &str| {
        format!("Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}}}}}}}")
    };
    let mut fixture = Fixture::with(&template("a"));
    let deny = json!({"Effect": "Deny", "Action": "Update:Replace", "Principal": "*", "Resource": "*",
        "Condition": {"StringEquals": {"ResourceType": ["AWS::SNS::Topic"]}}});
    set_policy(&mut fixture, json!([allow("*"), deny])).unwrap();
    fixture.update(json!({"TemplateBody": template("b")})).unwrap();
    fixture.run(600.0);
    assert_eq!(fixture.status(), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn what_is_removed_from_the_template_needs_update_delete() {
    let both = "Resources: {T: {Type: AWS::SNS::Topic}, U: {Type: AWS::SNS::Topic}}";
    let one = json!({"TemplateBody": "Resources: {T: {Type: AWS::SNS::Topic}}"});
    for (action, status) in
        [("Update:Delete", "UPDATE_ROLLBACK_COMPLETE"), ("Update:Modify", "UPDATE_COMPLETE")]
    {
        let mut fixture = Fixture::with(both);
        let deny =
            json!({"Effect": "Deny", "Action": action, "Principal": "*", "Resource": "LogicalResourceId/U"});
        set_policy(&mut fixture, json!([allow("*"), deny])).unwrap();
        fixture.update(one.clone()).unwrap();
        fixture.run(600.0);
        assert_eq!(fixture.status(), status, "{action}");
        assert_eq!(fixture.physical_id("U").is_some(), action == "Update:Delete");
    }
}

#[test]
fn a_policy_can_be_overridden_for_one_update_but_not_on_a_change_set() {
    let mut fixture = Fixture::with(TOPICS);
    set_policy(&mut fixture, json!([])).unwrap();
    let during = json!({"StackPolicyDuringUpdateBody": policy(json!([allow("*")]))});
    assert_eq!(updates(&mut fixture, "two", during), "UPDATE_COMPLETE");
    assert_eq!(updates(&mut fixture, "three", json!({})), "UPDATE_ROLLBACK_COMPLETE");
    let request = json!({"StackName": "demo", "ChangeSetName": "x", "StackPolicyDuringUpdateBody": "{}"});
    let refused = serde_json::from_value::<cfn::api::CreateChangeSetInput>(request).unwrap_err();
    assert!(refused.to_string().contains("StackPolicyDuringUpdateBody"), "{refused}");
}

#[test]
fn a_policy_names_everyone_and_updates_only_and_cannot_be_removed() {
    let mut fixture = Fixture::with(TOPICS);
    let principal = json!([{"Effect": "Allow", "Action": "Update:*", "Principal": "me", "Resource": "*"}]);
    assert!(set_policy(&mut fixture, principal).unwrap_err().message.contains("Principal must be *"));
    let action = json!([{"Effect": "Allow", "Action": "Delete:*", "Principal": "*", "Resource": "*"}]);
    assert!(set_policy(&mut fixture, action).unwrap_err().message.contains("Unknown action Delete:*"));
    let none = json!({"StackName": "demo"});
    assert!(cfn::set_stack_policy(&mut fixture.world, input(none)).is_err());
    set_policy(&mut fixture, json!([allow("*")])).unwrap();
    set_policy(&mut fixture, json!([])).unwrap();
    assert_eq!(updates(&mut fixture, "two", json!({})), "UPDATE_ROLLBACK_COMPLETE", "the later one counts");
    let id = fixture.stack()["StackId"].as_str().unwrap().to_owned();
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.run(600.0);
    assert_eq!(fixture.stack_named(&id)["StackStatus"], "DELETE_COMPLETE", "a deletion is no update");
}

#[test]
fn termination_protection_refuses_the_deletion_and_changes_nothing() {
    let mut fixture = Fixture::with(TOPICS);
    let protect = |fixture: &mut Fixture, on: bool| {
        let request = json!({"StackName": "demo", "EnableTerminationProtection": on});
        cfn::update_termination_protection(&mut fixture.world, &input(request)).unwrap();
    };
    protect(&mut fixture, true);
    let refused = cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap_err();
    assert_eq!(refused.message, "Stack [demo] cannot be deleted while TerminationProtection is enabled");
    assert_eq!(fixture.status(), "CREATE_COMPLETE");
    protect(&mut fixture, false);
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    assert_eq!(fixture.status(), "DELETE_IN_PROGRESS");
}

#[test]
fn what_is_retained_stays_and_what_is_replaced_goes_unless_its_policy_says_otherwise() {
    let template = |name: &str, policy: &str| {
        format!("Resources: {{T: {{Type: AWS::SNS::Topic, {policy}Properties: {{TopicName: {name}}}}}}}")
    };
    let exists = |fixture: &mut Fixture, name: &str| {
        let body = format!("Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}}}}}}}");
        fixture.create("probe", &body, json!({})).is_err()
    };
    for (policy, stays) in [("", false), ("UpdateReplacePolicy: Retain, ", true)] {
        let mut fixture = Fixture::with(&template("a", policy));
        fixture.update(json!({"TemplateBody": template("b", policy)})).unwrap();
        fixture.run(600.0);
        assert_eq!(fixture.status(), "UPDATE_COMPLETE");
        assert_eq!(fixture.told("T DELETE_SKIPPED"), stays);
        assert_eq!(exists(&mut fixture, "a"), stays);
    }
    for (policy, stays) in [("", false), ("DeletionPolicy: Retain, ", true)] {
        let mut fixture = Fixture::with(&template("a", policy));
        cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
        fixture.run(600.0);
        assert_eq!(exists(&mut fixture, "a"), stays);
    }
}

#[test]
fn a_database_is_snapshotted_by_default_and_its_deletion_protection_fails_the_deletion() {
    let template = |protected: bool| {
        format!("
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {{Engine: postgres, DBInstanceClass: db.t4g.micro, AllocatedStorage: '20', MasterUsername: a, ManageMasterUserPassword: true, DeletionProtection: {protected}}}
")
    };
    let mut fixture = Fixture::with(&template(true));
    let remove = json!({"TemplateBody": "Resources: {T: {Type: AWS::SNS::Topic}}"});
    let set = fixture.change_set("gone", remove).unwrap();
    let change =
        set["Changes"].as_array().unwrap().iter().find(|one| one["ResourceChange"]["Action"] == "Remove");
    assert_eq!(change.unwrap()["ResourceChange"]["PolicyAction"], "Snapshot");
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.until(3600.0, "DELETE_FAILED");
    assert!(
        fixture.told(
            "Db DELETE_FAILED Resource handler returned message: \"Cannot delete protected DB Instance"
        )
    );
}

#[test]
fn a_database_takes_many_minutes() {
    let template = "
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, DBInstanceClass: db.t4g.micro, AllocatedStorage: '20', MasterUsername: a, ManageMasterUserPassword: true}
";
    let mut fixture = Fixture::new();
    fixture.create("demo", template, json!({})).unwrap();
    let secs = fixture.until(3600.0, "CREATE_COMPLETE");
    assert!(secs > 300.0, "{secs}");
}
