//! Versions and parameter groups of databases (RDS:USER_UpgradeDBInstance.PostgreSQL.MajorVersion), and backups that outlive
//! an instance.

use rollout_sim::{cfn, rds};
use serde_json::{Value, json};

use crate::fixture::{Fixture, input};

/// A database of a version, with a parameter group of a family, and more of the template.
fn template(version: &str, family: &str, more: &str) -> String {
    format!(
        "
Resources:
  Group:
    Type: AWS::RDS::DBParameterGroup
    Properties: {{Description: d, Family: {family}, Parameters: {{rds.force_ssl: '1'}}}}
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceIdentifier: main
      Engine: postgres
      EngineVersion: '{version}'
      DBParameterGroupName: !Ref Group
      DBInstanceClass: db.t4g.micro
      AllocatedStorage: '20'
      BackupRetentionPeriod: 7
      MasterUsername: app
      MasterUserPassword: correct-horse
      {more}
"
    )
}

const ALLOWED: &str = "AllowMajorVersionUpgrade: true";

fn change(fixture: &mut Fixture, template: &str) -> String {
    fixture.update(json!({"TemplateBody": template})).unwrap();
    fixture.run(7200.0);
    fixture.status()
}

fn instance(fixture: &Fixture) -> Value {
    let all = rds::describe_instances(&fixture.world, &rds::DescribeInput::default()).unwrap();
    all.db_instances.into_iter().find(|it| it["DBInstanceIdentifier"] == "main").unwrap()
}

/// The update is refused in these words, and the database is as before.
fn is_refused(version: &str, family: &str, more: &str, words: &str) {
    let mut fixture = Fixture::with(&template("16.3", "postgres16", ""));
    let before = instance(&fixture);
    let status = change(&mut fixture, &template(version, family, more));
    assert_eq!(status, "UPDATE_ROLLBACK_COMPLETE", "{:#?}", fixture.events());
    let events = fixture.events();
    let failed = events.iter().find(|it| it.starts_with("Db UPDATE_FAILED")).unwrap();
    assert!(failed.contains(words), "{failed}");
    assert_eq!(instance(&fixture)["EngineVersion"], before["EngineVersion"]);
}

#[test]
fn a_downgrade_is_refused() {
    is_refused("15.7", "postgres15", ALLOWED, "Cannot upgrade postgres from 16.3 to 15.7");
    is_refused("16.2", "postgres16", "", "Cannot upgrade postgres from 16.3 to 16.2");
}

#[test]
fn a_major_version_is_refused_unless_it_is_allowed() {
    let words = "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.";
    is_refused("17", "postgres17", "", words);
}

#[test]
fn a_version_that_there_is_not_is_refused() {
    is_refused("99", "postgres99", ALLOWED, "Cannot find version 99 for postgres");
}

#[test]
fn a_parameter_group_of_another_family_is_refused() {
    let words = "with DBParameterGroupFamily postgres16 can't be used for this instance. Use a parameter group with \
                 DBParameterGroupFamily postgres17.";
    is_refused("17", "postgres16", ALLOWED, words);
    let mut fixture = Fixture::new();
    fixture.create("demo", &template("17", "postgres16", ""), json!({})).unwrap();
    fixture.run(3600.0);
    let events = fixture.events().join("\n");
    assert!(events.contains("Db CREATE_FAILED") && events.contains(words), "{events}");
}

#[test]
fn a_major_version_comes_with_a_new_parameter_group() {
    let mut fixture = Fixture::with(&template("16.3", "postgres16", ""));
    let before = instance(&fixture);
    let status = change(&mut fixture, &template("17", "postgres17", ALLOWED));
    assert_eq!(status, "UPDATE_COMPLETE", "{:#?}", fixture.events());
    let after = instance(&fixture);
    assert_eq!((&before["EngineVersion"], &after["EngineVersion"]), (&json!("16.3"), &json!("17.7")));
    assert_eq!(after["DbiResourceId"], before["DbiResourceId"], "the instance is the same");
    assert_ne!(after["DBParameterGroups"], before["DBParameterGroups"]);
    // The permission is no state of the instance: it goes without a trace.
    assert_eq!(change(&mut fixture, &template("17", "postgres17", "")), "UPDATE_COMPLETE");
    assert_eq!(instance(&fixture)["EngineVersion"], "17.7");
}

/// CloudFormation sends no version on its way back, and the group of the old family does not fit what is there by then.
#[test]
fn an_upgrade_that_is_done_is_not_rolled_back() {
    let mut fixture = Fixture::with(&template("16.3", "postgres16", ""));
    let later = format!(
        "{ALLOWED}
  Later:
    Type: AWS::RDS::DBInstance
    DependsOn: Db
    Properties: {{Engine: postgres, EngineVersion: '99', DBInstanceClass: db.t4g.micro, AllocatedStorage: '20', MasterUsername: app, MasterUserPassword: correct-horse}}"
    );
    let status = change(&mut fixture, &template("17", "postgres17", &later));
    assert_eq!(status, "UPDATE_ROLLBACK_FAILED", "{:#?}", fixture.events());
    assert_eq!(instance(&fixture)["EngineVersion"], "17.7");
}

#[test]
fn automated_backups_outlive_their_instance_where_the_template_says_so() {
    for (flag, statuses) in [("DeleteAutomatedBackups: false", vec!["retained"]), ("", vec![])] {
        let mut fixture = Fixture::with(&template("16.3", "postgres16", flag));
        fixture.run(24.0 * 3600.0);
        cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
        fixture.run(7200.0);
        let backups = |fixture: &Fixture| {
            rds::describe_automated_backups(&fixture.world, &rds::DescribeInput::default()).unwrap()
        };
        let found = backups(&fixture).db_instance_automated_backups;
        let found: Vec<_> = found.iter().map(|it| it["Status"].as_str().unwrap()).collect();
        assert_eq!(found, statuses, "{flag:?}");
        fixture.run(8.0 * 24.0 * 3600.0);
        assert!(
            backups(&fixture).db_instance_automated_backups.is_empty(),
            "they end with the days that they are kept"
        );
    }
}
