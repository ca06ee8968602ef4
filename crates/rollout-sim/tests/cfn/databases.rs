//! Database instances (RDS:rds-secrets-manager, RDS:UsingWithRDS.SSL).

use rollout_sim::image::ImageBehaviour;
use rollout_sim::{World, cfn, iam, secrets};
use serde_json::{Value, json};

use crate::fixture::{Fixture, SERVICE, input, parameters};

const DAY: f64 = 24.0 * 3600.0;
const MANAGED: &str = "ManageMasterUserPassword: true";
const ENTERED: &str = "ManageMasterUserPassword: false, MasterUserPassword: correct-horse";
const SECRET: &str = "Outputs: {Secret: {Value: !GetAtt Db.MasterUserSecret.SecretArn}}";

/// An instance with these properties, and more of the template.
fn database(properties: &str, more: &str) -> String {
    format!(
        "
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {{DBInstanceIdentifier: Main, Engine: postgres, DBInstanceClass: db.t4g.micro, AllocatedStorage: '20', MasterUsername: app, {properties}}}
{more}
"
    )
}

/// The secrets that RDS manages, as `ListSecrets` has them.
fn managed(world: &World) -> Vec<Value> {
    let filter = json!({"Filters": [{"Key": "owning-service", "Values": ["rds"]}]});
    let found = secrets::list_secrets(world, &input(filter)).unwrap().secret_list;
    found.into_iter().map(|secret| serde_json::to_value(secret).unwrap()).collect()
}

/// The value of a secret. Tests compare it without showing it.
fn value(world: &World, arn: &str, stage: &str) -> Option<Value> {
    let request = json!({"SecretId": arn, "VersionStage": stage});
    let found = secrets::get_secret_value(world, &input(request)).ok()?;
    Some(serde_json::from_str(&found.secret_string.0).unwrap())
}

fn refusal(fixture: &Fixture, name: &str, message: &str) {
    let events = fixture.events();
    let reason = format!("message: \"{message} (Service: Rds, Status Code: 400, ");
    let failed = |event: &&String| event.starts_with(name) && event.contains(&reason);
    let event = events.iter().find(failed).unwrap_or_else(|| panic!("{events:#?}"));
    assert!(event.ends_with("HandlerErrorCode: InvalidRequest)"), "{event}");
}

/// An update of `demo` that ends in this status.
fn change(fixture: &mut Fixture, template: &str, status: &str) {
    fixture.update(json!({"TemplateBody": template})).unwrap();
    fixture.run(3600.0);
    assert_eq!(fixture.status(), status, "{:#?}", fixture.events());
}

#[test]
fn a_managed_password_excludes_one_of_the_template() {
    let mut fixture = Fixture::new();
    let both = database(&format!("{MANAGED}, MasterUserPassword: correct-horse"), "");
    fixture.create("demo", &both, json!({})).unwrap();
    fixture.run(3600.0);
    let message =
        "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.";
    refusal(&fixture, "Db CREATE_FAILED", message);
    assert!(managed(&fixture.world).is_empty());
}

/// The secret holds the user name, and the state file no name that came out of another secret or a snapshot.
#[test]
fn a_managed_password_without_a_plain_user_name_is_refused_by_name() {
    for user in ["'{{resolve:secretsmanager:staging/db:SecretString:user}}'", "!Ref AWS::NoValue"] {
        let mut fixture = Fixture::new();
        let template =
            database(MANAGED, "").replace("MasterUsername: app", &format!("MasterUsername: {user}"));
        fixture.create("demo", &template, json!({})).unwrap();
        fixture.run(3600.0);
        let events = fixture.events().join("\n");
        let told = "not modelled: ManageMasterUserPassword without a plain MasterUsername";
        assert!(events.contains(told), "{user}: {events}");
        assert!(managed(&fixture.world).is_empty());
    }
}

#[test]
fn a_managed_password_is_in_a_secret_that_rds_owns() {
    let fixture = Fixture::with(&database(MANAGED, SECRET));
    let found = managed(&fixture.world);
    let [secret] = found.as_slice() else { panic!("{found:?}") };
    let arn = secret["ARN"].as_str().unwrap();
    assert_eq!(fixture.output("Secret").as_deref(), Some(arn));
    let uuid = secret["Name"].as_str().unwrap().strip_prefix("rds!db-").unwrap();
    assert_eq!(uuid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert_eq!((&secret["OwningService"], &secret["RotationEnabled"]), (&json!("rds"), &json!(true)));
    for (key, owner) in [
        ("aws:secretsmanager:owningService", "rds"),
        ("aws:rds:primaryDBInstanceArn", "arn:aws:rds:us-west-2:123456789012:db:main"),
    ] {
        assert!(
            secret["Tags"].as_array().unwrap().contains(&json!({"Key": key, "Value": owner})),
            "{secret}"
        );
    }
    let value = value(&fixture.world, arn, "AWSCURRENT").unwrap();
    let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((keys, &value["username"]), (vec!["password", "username"], &json!("app")));
    // Nobody prints it: neither the stack, nor drift, nor what is written down.
    let password = value["password"].as_str().unwrap();
    assert!(password.len() >= 8, "RDS takes nothing shorter");
    let mut world = fixture.world.clone();
    cfn::detect_stack_resource_drift(
        &mut world,
        &input(json!({"StackName": "demo", "LogicalResourceId": "Db"})),
    )
    .unwrap();
    let drifts = cfn::describe_stack_resource_drifts(&world, &input(json!({"StackName": "demo"}))).unwrap();
    let state = serde_json::to_string(&world).unwrap();
    for text in
        [fixture.stack().to_string(), fixture.events().join("\n"), state, format!("{drifts:?} {world:?}")]
    {
        assert!(!text.contains(password));
    }
}

#[test]
fn only_rds_changes_or_deletes_a_secret_that_it_manages() {
    let mut fixture = Fixture::with(&database(MANAGED, SECRET));
    let arn = fixture.output("Secret").unwrap();
    let before = value(&fixture.world, &arn, "AWSCURRENT");
    let world = &mut fixture.world;
    let put = json!({"SecretId": arn, "SecretString": "{}"});
    for refused in [
        secrets::put_secret_value(world, input(put.clone())).unwrap_err(),
        secrets::update_secret(world, input(put)).unwrap_err(),
        secrets::delete_secret(world, &input(json!({"SecretId": arn}))).unwrap_err(),
        secrets::delete_secret(world, &input(json!({"SecretId": arn, "ForceDeleteWithoutRecovery": true})))
            .unwrap_err(),
    ] {
        assert_eq!(refused.code, "InvalidRequestException");
        assert!(refused.message.contains("managed by another service"), "{refused}");
    }
    assert!(value(world, &arn, "AWSCURRENT") == before);
    let taken = secrets::create_secret(world, input(json!({"Name": "rds!mine"}))).unwrap_err();
    assert_eq!(taken.code, "InvalidParameterException");
}

#[test]
fn a_managed_password_is_rotated_every_seven_days() {
    let mut fixture = Fixture::with(&database(MANAGED, SECRET));
    let arn = fixture.output("Secret").unwrap();
    let first = value(&fixture.world, &arn, "AWSCURRENT").unwrap();
    let next = managed(&fixture.world)[0]["NextRotationDate"].as_f64().unwrap();
    assert!((next - managed(&fixture.world)[0]["CreatedDate"].as_f64().unwrap() - 7.0 * DAY).abs() < 1.0);
    fixture.run(next - fixture.world.now().as_epoch_secs() - 1.0);
    assert!(value(&fixture.world, &arn, "AWSCURRENT").as_ref() == Some(&first));
    assert!(value(&fixture.world, &arn, "AWSPREVIOUS").is_none());
    fixture.run(2.0);
    let second = value(&fixture.world, &arn, "AWSCURRENT").unwrap();
    assert!(second["password"] != first["password"]);
    assert_eq!(second["username"], "app");
    assert!(value(&fixture.world, &arn, "AWSPREVIOUS") == Some(first));
    assert_eq!(managed(&fixture.world)[0]["LastRotatedDate"].as_f64(), Some(next));

    // It goes on after the world was written down, with the same values.
    let mut restored: World = serde_json::from_str(&serde_json::to_string(&fixture.world).unwrap()).unwrap();
    assert!(value(&restored, &arn, "AWSCURRENT").as_ref() == Some(&second));
    restored.advance_by(std::time::Duration::from_secs(7 * 24 * 3600));
    fixture.run(7.0 * DAY);
    let third = value(&fixture.world, &arn, "AWSCURRENT");
    assert!(third.is_some() && third.as_ref() != Some(&second));
    assert!(value(&restored, &arn, "AWSCURRENT") == third);
    assert!(value(&restored, &arn, "AWSPREVIOUS") == Some(second));
}

/// A task is given its secrets when it starts (ECS:secrets-envvar-secrets-manager), and what it was given is not seen here.
#[test]
fn a_rotation_leaves_running_tasks_alone_and_new_ones_find_the_new_password() {
    let taking = SERVICE.replace(
        "          Essential: true\n",
        "          Essential: true\n          Secrets: [{Name: PASSWORD, ValueFrom: !Sub '${Db.MasterUserSecret.SecretArn}:password::'}]\n",
    );
    let template = taking.replace("Resources:\n", database(MANAGED, "").trim_start()) + SECRET;
    let mut fixture = Fixture::with_service(&template);
    let arn = fixture.output("Secret").unwrap();
    let tasks = |fixture: &Fixture| {
        let list = input(json!({"cluster": "demo"}));
        rollout_sim::ecs::list_tasks(&fixture.world, &list).unwrap().task_arns
    };
    let (given, running) = (value(&fixture.world, &arn, "AWSCURRENT"), tasks(&fixture));
    fixture.run(8.0 * DAY);
    // Nothing restarts the task, and what it holds is no longer the password.
    assert_eq!((tasks(&fixture), running.len()), (running.clone(), 1));
    assert!(value(&fixture.world, &arn, "AWSPREVIOUS") == given);
    assert!(value(&fixture.world, &arn, "AWSCURRENT") != given);
    let digest = fixture.push(ImageBehaviour::default());
    fixture.update(json!({"Parameters": parameters(&[("Digest", &digest)])})).unwrap();
    fixture.until(3600.0, "UPDATE_COMPLETE");
    assert!(tasks(&fixture).len() == 1 && tasks(&fixture) != running, "a new task found the secret");
}

#[test]
fn the_secret_of_a_password_goes_with_the_instance_and_stays_with_one_that_is_retained() {
    for (policy, stays) in [("", false), ("DeletionPolicy: Retain", true)] {
        let template = database(MANAGED, &format!("    {policy}\n{SECRET}"));
        let mut fixture = Fixture::with(&template);
        let arn = fixture.output("Secret").unwrap();
        cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
        fixture.run(3600.0);
        assert_eq!(fixture.world.next_event_at().is_some(), stays, "{policy}");
        fixture.run(30.0 * DAY);
        assert_eq!(managed(&fixture.world).len(), usize::from(stays), "{policy}");
        assert_eq!(value(&fixture.world, &arn, "AWSPREVIOUS").is_some(), stays, "rotation goes on: {policy}");
    }
}

#[test]
fn management_of_a_password_can_be_turned_off_and_on() {
    let mut fixture = Fixture::with(&database(MANAGED, SECRET));
    let first = fixture.output("Secret").unwrap();
    change(&mut fixture, &database("ManageMasterUserPassword: false", ""), "UPDATE_ROLLBACK_COMPLETE");
    let message = "MasterUserPassword must be provided when ManageMasterUserPassword is set to false.";
    refusal(&fixture, "Db UPDATE_FAILED", message);
    assert_eq!(fixture.output("Secret").as_ref(), Some(&first));
    change(&mut fixture, &database(ENTERED, ""), "UPDATE_COMPLETE");
    assert!(managed(&fixture.world).is_empty(), "the secret is deleted");
    // What refers to the secret is in the same update.
    let bell =
        "  Bell: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt Db.MasterUserSecret.SecretArn}}";
    change(&mut fixture, &database(MANAGED, &format!("{bell}\n{SECRET}")), "UPDATE_COMPLETE");
    let second = fixture.output("Secret").unwrap();
    assert_ne!(second, first);
    assert_eq!(managed(&fixture.world)[0]["ARN"].as_str(), Some(second.as_str()));
    // What has nothing to do with the password leaves the secret alone.
    change(&mut fixture, &database(&format!("{MANAGED}, MultiAZ: true"), SECRET), "UPDATE_COMPLETE");
    assert_eq!(fixture.output("Secret"), Some(second));
}

#[test]
fn a_rollback_to_a_managed_password_makes_another_secret() {
    let mut fixture = Fixture::with(&database(MANAGED, SECRET));
    let first = fixture.output("Secret").unwrap();
    // The repository after the database has a name that ECR refuses.
    let fails = "  Bad: {Type: AWS::ECR::Repository, DependsOn: Db, Properties: {RepositoryName: 'NO'}}\n";
    change(&mut fixture, &database(ENTERED, fails), "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told("Db UPDATE_COMPLETE") && fixture.told("Bad CREATE_FAILED"));
    let found = managed(&fixture.world);
    assert_eq!(found.len(), 1);
    assert_eq!(fixture.output("Secret").as_deref(), found[0]["ARN"].as_str());
    assert_ne!(fixture.output("Secret"), Some(first));
}

#[test]
fn an_instance_with_a_managed_password_has_no_read_replica() {
    let replica = |id: &str, more: &str| {
        format!(
            "  Copy: {{Type: AWS::RDS::DBInstance, Properties: {{DBInstanceClass: db.t4g.micro, SourceDBInstanceIdentifier: {id}{more}}}}}\n"
        )
    };
    for id in ["!Ref Db", "MAIN", "'arn:aws:rds:us-west-2:123456789012:db:main'"] {
        let mut fixture = Fixture::with(&database(MANAGED, ""));
        change(&mut fixture, &database(MANAGED, &replica(id, "")), "UPDATE_ROLLBACK_COMPLETE");
        let message = "Creating read replicas for source instance with engine postgres where ManageMasterUserPassword is enabled is not supported.";
        refusal(&fixture, "Copy CREATE_FAILED", message);
    }
    let mut fixture = Fixture::with(&database("MasterUserPassword: correct-horse", ""));
    let own = database("MasterUserPassword: correct-horse", &replica("!Ref Db", &format!(", {MANAGED}")));
    change(&mut fixture, &own, "UPDATE_ROLLBACK_COMPLETE");
    refusal(&fixture, "Copy CREATE_FAILED", "ManageMasterUserPassword isn't supported for read replica");
    let plain = database("MasterUserPassword: correct-horse", &replica("!Ref Db", ""));
    change(&mut fixture, &plain, "UPDATE_COMPLETE");
}

#[test]
fn an_instance_has_the_default_certificate_authority_unless_its_template_names_another() {
    let output = "Outputs: {Authority: {Value: !GetAtt Db.CertificateDetails.CAIdentifier}}";
    let mut fixture = Fixture::with(&database("MasterUserPassword: correct-horse", output));
    assert_eq!(fixture.output("Authority").as_deref(), Some("rds-ca-rsa2048-g1"));
    let named = "MasterUserPassword: correct-horse, CACertificateIdentifier: rds-ca-ecc384-g1";
    change(&mut fixture, &database(named, output), "UPDATE_COMPLETE");
    assert_eq!(fixture.output("Authority").as_deref(), Some("rds-ca-ecc384-g1"));
    let fixture = Fixture::with(&database(named, output));
    assert_eq!(fixture.output("Authority").as_deref(), Some("rds-ca-ecc384-g1"));
}

#[test]
fn the_execution_role_needs_the_permissions_for_a_managed_password() {
    let key = "MasterUserSecret: {KmsKeyId: 'arn:aws:kms:us-west-2:123456789012:key/own'}";
    let own = format!("{MANAGED}, {key}");
    let needed = ["secretsmanager:CreateSecret", "secretsmanager:TagResource", "kms:DescribeKey"];
    let with_key = ["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"];
    let run = |properties: &str, actions: &[&str]| {
        let mut fixture = Fixture::new();
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let role = json!({"RoleName": "exec", "AssumeRolePolicyDocument": trust.to_string()});
        iam::create_role(&mut fixture.world, input(role)).unwrap();
        let allow = |actions: &[&str], resource: &str| json!({"Effect": "Allow", "Action": actions, "Resource": resource});
        let statements = json!([
            allow(&["rds:*"], "*"),
            allow(actions, "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!db-*"),
            allow(actions, "arn:aws:kms:us-west-2:123456789012:key/*"),
        ]);
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let put = json!({"RoleName": "exec", "PolicyName": "p", "PolicyDocument": policy});
        iam::put_role_policy(&mut fixture.world, input(put)).unwrap();
        let role = json!({"RoleARN": "arn:aws:iam::123456789012:role/exec"});
        fixture.create("demo", &database(properties, ""), role).unwrap();
        fixture.run(3600.0);
        fixture
    };
    let all = [needed, with_key].concat();
    for (properties, actions) in [(MANAGED, needed.to_vec()), (own.as_str(), all)] {
        for missing in &actions {
            let others: Vec<&str> = actions.iter().copied().filter(|action| action != missing).collect();
            let denied = format!("is not authorized to perform: {missing} on resource: ");
            let fixture = run(properties, &others);
            assert!(fixture.events().join("\n").contains(&denied), "{missing}: {:#?}", fixture.events());
            assert!(managed(&fixture.world).is_empty());
        }
        assert_eq!(run(properties, &actions).status(), "CREATE_COMPLETE");
    }
    assert_eq!(run(ENTERED, &["rds:*"]).status(), "CREATE_COMPLETE");
}
