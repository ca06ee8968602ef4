//! Exports and imports (CFN:using-cfn-stack-exports).

use rollout_sim::cfn;
use serde_json::{Value, json};

use crate::fixture::{Fixture, input};

fn exporter(value: &str) -> String {
    format!(
        "
Resources: {{Topic: {{Type: AWS::SNS::Topic}}}}
Outputs: {{Out: {{Value: {value}, Export: {{Name: !Sub '${{AWS::StackName}}-out'}}}}}}
"
    )
}

const IMPORTER: &str = "
Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue demo-out}}}
";

fn linked() -> Fixture {
    let mut fixture = Fixture::with(&exporter("one"));
    fixture.create("user", IMPORTER, json!({})).unwrap();
    fixture.run(600.0);
    fixture
}

#[test]
fn an_import_gives_the_exported_value_and_a_missing_one_is_refused() {
    let fixture = linked();
    assert_eq!(fixture.stack_named("user")["StackStatus"], "CREATE_COMPLETE");
    let refused = Fixture::new().create("user", IMPORTER, json!({})).unwrap_err();
    assert_eq!(refused.message, "No export named demo-out found.");
}

#[test]
fn exports_and_their_importers_are_listed() {
    let fixture = linked();
    let exports = cfn::list_exports(&fixture.world, &input(json!({}))).unwrap().exports;
    let exports = serde_json::to_value(exports).unwrap();
    assert_eq!((&exports[0]["Name"], &exports[0]["Value"]), (&json!("demo-out"), &json!("one")));
    let request = json!({"ExportName": "demo-out"});
    assert_eq!(cfn::list_imports(&fixture.world, &input(request)).unwrap().imports, ["user"]);
    let refused = cfn::list_imports(&fixture.world, &input(json!({"ExportName": "x"}))).unwrap_err();
    assert_eq!(refused.message, "Export 'x' is not imported by any stack.");
}

#[test]
fn an_export_in_use_can_be_neither_changed_nor_removed() {
    let mut fixture = linked();
    let reason = |fixture: &Fixture| {
        let events = fixture.events();
        events.into_iter().rfind(|event| event.starts_with("demo UPDATE_ROLLBACK_IN_PROGRESS")).unwrap()
    };
    fixture.update(json!({"TemplateBody": exporter("two")})).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(reason(&fixture).ends_with("Export demo-out cannot be updated as it is in use by user"));
    fixture.update(json!({"TemplateBody": "Resources: {Topic: {Type: AWS::SNS::Topic}}"})).unwrap();
    fixture.run(1.0);
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(reason(&fixture).ends_with("Export demo-out cannot be deleted as it is in use by user"));
}

#[test]
fn a_stack_whose_export_is_in_use_is_not_deleted_and_says_why() {
    let mut fixture = linked();
    let delete = |fixture: &mut Fixture, name: &str| {
        cfn::delete_stack(&mut fixture.world, input(json!({"StackName": name}))).unwrap();
        fixture.run(600.0);
    };
    delete(&mut fixture, "demo");
    let stack: Value = fixture.stack();
    assert_eq!(stack["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(stack["StackStatusReason"], "Export demo-out cannot be deleted as it is in use by user");
    delete(&mut fixture, "user");
    let id = stack["StackId"].as_str().unwrap().to_owned();
    delete(&mut fixture, "demo");
    assert_eq!(fixture.stack_named(&id)["StackStatus"], "DELETE_COMPLETE");
}

#[test]
fn an_export_name_is_taken_once() {
    let mut fixture = Fixture::with(&exporter("one"));
    let same = exporter("two").replace("${AWS::StackName}", "demo");
    fixture.create("second", &same, json!({})).unwrap();
    fixture.run(600.0);
    let second = fixture.stack_named("second");
    assert_eq!(second["StackStatus"], "ROLLBACK_COMPLETE");
}
