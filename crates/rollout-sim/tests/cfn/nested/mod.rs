//! Stacks inside stacks (CFN:using-cfn-nested-stacks): the child follows the operation of its parent.

mod back;

use rollout_sim::{cfn, iam, s3};
use serde_json::{Value, json};

use crate::fixture::{Fixture, TOPICS, input, parameters};

const URL: &str = "https://templates.s3.us-west-2.amazonaws.com/topics.yaml";

/// Two topics of its own around a nested stack with two topics; `Last` is told what the nested stack says.
const PARENT: &str = "
Parameters:
  Label: {Type: String, Default: one}
Resources:
  Before: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Label}}
  Inner:
    Type: AWS::CloudFormation::Stack
    DependsOn: Before
    Properties:
      TemplateURL: https://templates.s3.us-west-2.amazonaws.com/topics.yaml
      Parameters: {Label: !Ref Label}
  Last: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt Inner.Outputs.Said}}
Outputs:
  Said: {Value: !GetAtt Inner.Outputs.Said}
";

/// Minutes of work in place of the topics.
const SLOW: &str = "
Parameters: {Label: {Type: String}}
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, DBInstanceClass: db.t4g.micro, AllocatedStorage: '20', MasterUsername: a, MasterUserPassword: not-a-secret}
Outputs: {Said: {Value: nothing}}
";

fn child() -> String {
    format!("{TOPICS}Outputs:\n  Said: {{Value: !Sub 'said ${{Label}}'}}\n")
}

/// Puts the template where the parent's looks for it.
fn publish(fixture: &mut Fixture, body: &str) {
    let address = s3::Address::parse(URL).unwrap();
    let object = json!({"Bucket": address.bucket, "Key": address.key, "Body": body});
    s3::put_object(&mut fixture.world, input(object)).unwrap();
}

/// A world with the template of the nested stack.
fn prepared() -> Fixture {
    let mut fixture = Fixture::new();
    let bucket = "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: templates}}}";
    fixture.create("bucket", bucket, json!({})).unwrap();
    fixture.run(600.0);
    publish(&mut fixture, &child());
    fixture
}

/// The stack `demo` with its nested stack, complete.
fn nested() -> Fixture {
    let mut fixture = prepared();
    fixture.create("demo", PARENT, json!({})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    fixture
}

/// The nested stack, which is found by its id also when it is deleted.
fn inner(fixture: &Fixture) -> Value {
    fixture.stack_named(&fixture.physical_id("Inner").unwrap())
}

/// Lets time pass until the nested stack has this status.
fn inner_until(fixture: &mut Fixture, status: &str) {
    let reached = (0..1200).any(|_| {
        fixture.run(0.5);
        inner(fixture)["StackStatus"] == status
    });
    assert!(reached, "{status}: {:?}", course(fixture));
}

fn inner_name(fixture: &Fixture) -> String {
    inner(fixture)["StackName"].as_str().unwrap().to_owned()
}

/// Statuses that the nested stack itself went through, oldest first.
fn course(fixture: &Fixture) -> Vec<String> {
    let stack = inner(fixture);
    let request = json!({"StackName": stack["StackId"]});
    let events = cfn::describe_stack_events(&fixture.world, &input(request)).unwrap().stack_events;
    let own = events
        .iter()
        .rev()
        .filter(|event| event.physical_resource_id.as_deref() == stack["StackId"].as_str());
    own.map(|event| json!(event.resource_status).as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_nested_stack_has_a_parent_and_gives_it_its_outputs() {
    let fixture = nested();
    let stack = inner(&fixture);
    assert_eq!(stack["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(stack["ParentId"], fixture.stack()["StackId"]);
    assert_eq!(stack["RootId"], fixture.stack()["StackId"]);
    assert!(stack["StackName"].as_str().unwrap().starts_with("demo-Inner-"), "{stack}");
    assert_eq!(fixture.output("Said").as_deref(), Some("said one"));
    assert_eq!(fixture.stack()["ParentId"], Value::Null);
    let events = fixture.events();
    let at = |event: &str| {
        events.iter().position(|one| one == event).unwrap_or_else(|| panic!("{event}: {events:#?}"))
    };
    assert!(at("Inner CREATE_IN_PROGRESS Resource creation Initiated") < at("Inner CREATE_COMPLETE"));
    assert!(at("Inner CREATE_COMPLETE") < at("Last CREATE_IN_PROGRESS"), "it waits for the outputs");
}

#[test]
fn a_creation_that_fails_in_a_nested_stack_fails_its_parent() {
    let mut fixture = prepared();
    fixture.fault("stack-fails");
    fixture.create("demo", PARENT, json!({})).unwrap();
    fixture.until(600.0, "ROLLBACK_COMPLETE");
    let id = fixture.physical_id("Inner").unwrap();
    let reason = format!(
        "Inner CREATE_FAILED Embedded stack {id} was not successfully created: The following resource(s) failed to create: [Second]."
    );
    assert!(fixture.told(&reason), "{:#?}", fixture.events());
    let gone = ["CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"];
    assert_eq!(course(&fixture), gone);
    assert!(!fixture.told("Last"), "what depends on it never began");
}

#[test]
fn without_rollback_a_nested_stack_stays_failed_and_can_be_repaired() {
    let mut fixture = prepared();
    fixture.fault("stack-fails");
    fixture.create("demo", PARENT, json!({"DisableRollback": true})).unwrap();
    fixture.until(600.0, "CREATE_FAILED");
    assert_eq!(inner(&fixture)["StackStatus"], "CREATE_FAILED");
    fixture.world.faults.clear();
    let members = json!({"DisableRollback": true, "Parameters": parameters(&[("Label", "two")])});
    fixture.update(members).unwrap();
    fixture.until(600.0, "UPDATE_COMPLETE");
    assert_eq!(fixture.output("Said").as_deref(), Some("said two"));
}

#[test]
fn a_template_of_a_nested_stack_that_cannot_be_used_is_the_reason_as_it_is() {
    for (body, reason) in [
        (
            "Parameters: {Label: {Type: String}}\nResources: {Q: {Type: AWS::Kinesis::Stream}}",
            "not modelled: resource type AWS::Kinesis::Stream",
        ),
        ("Resources: {T: {Type: AWS::SNS::Topic}}", "Parameters: [Label] do not exist in the template"),
        (
            "Parameters: {Label: {Type: String}}\nResources: {P: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}}",
            "Requires capabilities : [CAPABILITY_IAM]",
        ),
    ] {
        let mut fixture = prepared();
        publish(&mut fixture, body);
        fixture.create("demo", PARENT, json!({})).unwrap();
        fixture.until(600.0, "ROLLBACK_COMPLETE");
        assert!(fixture.told(&format!("Inner CREATE_FAILED {reason}")), "{:#?}", fixture.events());
    }
    let mut fixture = Fixture::new();
    fixture.create("demo", PARENT, json!({})).unwrap();
    fixture.until(600.0, "ROLLBACK_COMPLETE");
    assert!(fixture.told("Inner CREATE_FAILED S3 error:"), "{:#?}", fixture.events());
}

#[test]
fn capabilities_of_the_parent_are_those_of_its_nested_stacks() {
    let mut fixture = prepared();
    let role = "
Parameters: {Label: {Type: String}}
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}]}}}
Outputs: {Said: {Value: nothing}}
";
    publish(&mut fixture, role);
    fixture.create("demo", PARENT, json!({"Capabilities": ["CAPABILITY_IAM"]})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
}

#[test]
fn an_update_reads_the_template_again_and_touches_only_what_differs() {
    let mut fixture = nested();
    fixture.update(json!({})).unwrap();
    fixture.until(600.0, "UPDATE_COMPLETE");
    assert!(fixture.told("Inner UPDATE_COMPLETE"), "it is always looked at");
    assert_eq!(course(&fixture).last().unwrap(), "CREATE_COMPLETE", "but nothing of it changed");
    let said = child().replace("'said ${Label}'", "'now ${Label}'");
    publish(&mut fixture, &said);
    fixture.update(json!({})).unwrap();
    fixture.until(600.0, "UPDATE_COMPLETE");
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_COMPLETE");
    assert_eq!(fixture.output("Said").as_deref(), Some("now one"));
    assert!(fixture.told("Last UPDATE_COMPLETE"), "what it gives reaches the others");
    assert!(!fixture.told("Before UPDATE"));
}

#[test]
fn a_nested_stack_cleans_up_only_after_its_parent_has_succeeded() {
    let mut fixture = nested();
    publish(&mut fixture, &child().replace("  Second: {", "  Third: {"));
    fixture.set("Label", "two");
    fixture.until(600.0, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    let gone = |fixture: &Fixture| {
        let request = json!({"StackName": inner_name(fixture)});
        let events = cfn::describe_stack_events(&fixture.world, &input(request)).unwrap().stack_events;
        events.iter().any(|event| json!(event.resource_status) == "DELETE_IN_PROGRESS")
    };
    assert_eq!(course(&fixture).last().unwrap(), "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    assert!(fixture.told("Last UPDATE_COMPLETE") && gone(&fixture), "now it deletes Second");
    fixture.until(600.0, "UPDATE_COMPLETE");
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_COMPLETE", "it is over before its parent is");

    // While its parent is still at it, nothing of it is deleted.
    publish(&mut fixture, &child());
    fixture.set("Label", "three");
    inner_until(&mut fixture, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    fixture.run(1.0);
    assert_eq!(fixture.status(), "UPDATE_IN_PROGRESS");
    let request = json!({"StackName": inner_name(&fixture), "LogicalResourceId": "Third"});
    let third =
        cfn::describe_stack_resource(&fixture.world, &input(request)).unwrap().stack_resource_detail.unwrap();
    assert_eq!(json!(third.resource_status), "CREATE_COMPLETE");
}

#[test]
fn nested_stacks_go_with_their_parent() {
    let mut fixture = nested();
    let (id, nested) = (fixture.stack()["StackId"].clone(), inner(&fixture)["StackId"].clone());
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.run(600.0);
    for id in [id, nested] {
        assert_eq!(fixture.stack_named(id.as_str().unwrap())["StackStatus"], "DELETE_COMPLETE");
    }
}

#[test]
fn a_nested_stack_that_cannot_be_deleted_fails_the_deletion_of_its_parent() {
    let mut fixture = prepared();
    let bucket = format!(
        "{TOPICS}  Full: {{Type: AWS::S3::Bucket, Properties: {{BucketName: full}}}}\nOutputs:\n  Said: {{Value: x}}\n"
    );
    publish(&mut fixture, &bucket);
    fixture.create("demo", PARENT, json!({})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    let object = json!({"Bucket": "full", "Key": "something", "Body": "x"});
    s3::put_object(&mut fixture.world, input(object)).unwrap();
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.until(600.0, "DELETE_FAILED");
    let reason = "was not successfully deleted: The following resource(s) failed to delete: [Full].";
    assert!(fixture.events().iter().any(|event| event.contains(reason)), "{:#?}", fixture.events());
}

#[test]
fn termination_protection_is_that_of_the_root() {
    let mut fixture = nested();
    let child = inner_name(&fixture);
    let protect = |fixture: &mut Fixture, stack: &str| {
        let request = json!({"StackName": stack, "EnableTerminationProtection": true});
        cfn::update_termination_protection(&mut fixture.world, &input(request)).map(drop)
    };
    assert!(protect(&mut fixture, &child).unwrap_err().message.contains("root stack"));
    protect(&mut fixture, "demo").unwrap();
    assert_eq!(inner(&fixture)["EnableTerminationProtection"], true);
    let refused = cfn::delete_stack(&mut fixture.world, input(json!({"StackName": child}))).unwrap_err();
    assert!(
        refused.message.ends_with("cannot be deleted while TerminationProtection is enabled"),
        "{refused}"
    );
}

#[test]
fn a_change_set_says_that_a_nested_stack_may_change() {
    let mut fixture = nested();
    let set = fixture.change_set("same", json!({})).unwrap();
    let change = |name: &str| {
        let changes = set["Changes"].as_array().unwrap().iter().map(|change| &change["ResourceChange"]);
        changes.into_iter().find(|change| change["LogicalResourceId"] == name).cloned()
    };
    let inner = change("Inner").unwrap();
    assert_eq!((&inner["Action"], &inner["Replacement"]), (&json!("Modify"), &json!("False")));
    assert_eq!(inner["Details"][0]["ChangeSource"], "Automatic");
    let last = change("Last").unwrap();
    assert_eq!(last["Details"][0]["ChangeSource"], "ResourceAttribute");
    assert_eq!(last["Details"][0]["CausingEntity"], "Inner.Outputs.Said");
    assert_eq!(change("Before"), None);
    let all = fixture.change_set("all", json!({"IncludeNestedStacks": true})).unwrap_err();
    assert_eq!(
        (all.code.as_str(), all.message.as_str()),
        ("NotModelled", "not modelled: IncludeNestedStacks")
    );
}

#[test]
fn a_nested_stack_takes_no_longer_than_it_may() {
    let mut fixture = prepared();
    publish(&mut fixture, SLOW);
    let limited = PARENT.replace("      Parameters:", "      TimeoutInMinutes: 3\n      Parameters:");
    fixture.create("demo", &limited, json!({})).unwrap();
    let secs = fixture.until(3600.0, "ROLLBACK_IN_PROGRESS");
    assert!((180.0..220.0).contains(&secs), "{secs}");
    assert!(fixture.events().iter().any(|event| event.contains("Stack creation time exceeded")));
}

/// A role that CloudFormation assumes, which may do these statements.
fn role(fixture: &mut Fixture, name: &str, statements: &[&Value]) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
    iam::create_role(&mut fixture.world, input(role)).unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let put = json!({"RoleName": name, "PolicyName": "p", "PolicyDocument": policy});
    iam::put_role_policy(&mut fixture.world, input(put)).unwrap();
    format!("arn:aws:iam::123456789012:role/{name}")
}

#[test]
fn the_role_of_the_parent_makes_nested_stacks_and_what_is_in_them() {
    let nested = json!({"Effect": "Allow", "Action": "cloudformation:*Stack",
        "Resource": "arn:aws:cloudformation:us-west-2:123456789012:stack/demo-Inner-*/*"});
    let topics = json!({"Effect": "Allow", "Action": "sns:*", "Resource": "*"});
    let outer = json!({"Effect": "Allow", "Action": "sns:*",
        "Resource": "arn:aws:sns:us-west-2:123456789012:demo-Before-*"});

    let mut denied = prepared();
    let arn = role(&mut denied, "topics", &[&topics]);
    denied.create("demo", PARENT, json!({"RoleARN": arn})).unwrap();
    denied.run(600.0);
    let told = "is not authorized to perform: cloudformation:CreateStack on resource: arn:aws:cloudformation:us-west-2:123456789012:stack/demo-Inner-";
    assert!(denied.events().iter().any(|event| event.contains(told)), "{:#?}", denied.events());

    let mut fixture = prepared();
    let arn = role(&mut fixture, "all", &[&topics, &nested]);
    fixture.create("demo", PARENT, json!({"RoleARN": arn})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    assert_eq!(inner(&fixture)["RoleARN"], arn);
    // Another role that may not do what is inside.
    let arn = role(&mut fixture, "outer", &[&outer, &nested]);
    fixture.update(json!({"RoleARN": arn, "Parameters": parameters(&[("Label", "two")])})).unwrap();
    fixture.run(600.0);
    assert_eq!(inner(&fixture)["RoleARN"], arn);
    assert_eq!(inner(&fixture)["StackStatus"], "UPDATE_ROLLBACK_FAILED");
}

#[test]
fn a_nested_stack_whose_export_is_in_use_is_not_deleted() {
    let mut fixture = prepared();
    let exporting = child().replace("'said ${Label}'}", "'said ${Label}', Export: {Name: said}}");
    publish(&mut fixture, &exporting);
    fixture.create("demo", PARENT, json!({})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    let user = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue said}}}";
    fixture.create("user", user, json!({})).unwrap();
    fixture.run(600.0);
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.until(600.0, "DELETE_FAILED");
    assert!(fixture.told("Inner DELETE_FAILED Export said cannot be deleted"), "{:#?}", fixture.events());
}

#[test]
fn a_nested_stack_that_is_retained_keeps_nobody_waiting() {
    let mut fixture = prepared();
    fixture.create("demo", "Resources: {Zero: {Type: AWS::SNS::Topic}}", json!({})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    fixture.fault("stack-fails");
    let retained =
        PARENT.replace("    DependsOn: Before\n", "    DependsOn: Before\n    DeletionPolicy: Retain\n");
    fixture.update(json!({"TemplateBody": retained})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("Inner DELETE_SKIPPED"), "{:#?}", fixture.events());
}
