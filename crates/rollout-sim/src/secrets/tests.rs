#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;

const NAME: &str = "staging/shop/api-key";

fn world() -> World {
    let mut world = World::new("123456789012", "us-west-2", 7);
    create_secret(&mut world, named(Some("value-1"))).unwrap();
    world
}

fn named(text: Option<&str>) -> CreateSecretInput {
    CreateSecretInput {
        name: NAME.to_owned(),
        secret_string: text.map(|text| SecretText(text.to_owned())),
        ..Default::default()
    }
}

fn put(world: &mut World, text: &str, token: Option<&str>) -> Result<SecretOutput, ApiError> {
    put_secret_value(
        world,
        PutSecretValueInput {
            secret_id: NAME.to_owned(),
            client_request_token: token.map(str::to_owned),
            secret_string: Some(SecretText(text.to_owned())),
            ..Default::default()
        },
    )
}

fn get(world: &World, stage: &str) -> Result<String, ApiError> {
    let input = GetSecretValueInput {
        secret_id: NAME.to_owned(),
        version_stage: Some(stage.to_owned()),
        ..Default::default()
    };
    get_secret_value(world, &input).map(|output| output.secret_string.0)
}

fn delete(world: &mut World, days: Option<u32>, force: Option<bool>) -> Result<DeleteSecretOutput, ApiError> {
    let input = DeleteSecretInput {
        secret_id: NAME.to_owned(),
        recovery_window_in_days: days,
        force_delete_without_recovery: force,
    };
    delete_secret(world, &input)
}

#[test]
fn what_was_current_becomes_previous() {
    let mut world = world();
    put(&mut world, "second", None).unwrap();
    assert_eq!(get(&world, CURRENT).unwrap(), "second");
    assert_eq!(get(&world, PREVIOUS).unwrap(), "value-1");
    put(&mut world, "third", None).unwrap();
    assert_eq!(get(&world, PREVIOUS).unwrap(), "second");
    let input = ListSecretVersionIdsInput { secret_id: NAME.to_owned(), ..Default::default() };
    assert_eq!(list_secret_version_ids(&world, &input).unwrap().versions.len(), 2);
}

/// Moves, adds or takes away a stage; answers the error code and message.
fn restage(
    world: &mut World,
    stage: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(), (String, String)> {
    let input = UpdateSecretVersionStageInput {
        secret_id: NAME.to_owned(),
        version_stage: stage.to_owned(),
        remove_from_version_id: from.map(str::to_owned),
        move_to_version_id: to.map(str::to_owned),
    };
    update_secret_version_stage(world, &input).map(drop).map_err(|error| (error.code, error.message))
}

#[test]
fn a_stage_is_on_one_version_and_moves_from_the_one_that_is_named() {
    let mut world = world();
    put(&mut world, "second", Some("two")).unwrap();
    put(&mut world, "third", Some("three")).unwrap();
    restage(&mut world, "CHECKED", None, Some("two")).unwrap();
    assert_eq!(get(&world, "CHECKED").unwrap(), "second");
    let (code, message) = restage(&mut world, "CHECKED", None, Some("three")).unwrap_err();
    assert_eq!(code, "InvalidParameterException");
    assert!(message.contains("is currently attached to version two, so you must explicitly reference"));
    let (code, _) = restage(&mut world, "CHECKED", Some("three"), Some("three")).unwrap_err();
    assert_eq!(code, "InvalidParameterException");
    restage(&mut world, "CHECKED", Some("two"), Some("three")).unwrap();
    assert_eq!(get(&world, "CHECKED").unwrap(), "third");
    // What is there already may be said again.
    restage(&mut world, "CHECKED", None, Some("three")).unwrap();
    restage(&mut world, "CHECKED", Some("three"), None).unwrap();
    assert_eq!(get(&world, "CHECKED").unwrap_err().code, "ResourceNotFoundException");
    assert_eq!(restage(&mut world, "CHECKED", None, None).unwrap_err().0, "InvalidParameterException");
    assert_eq!(restage(&mut world, "X", None, Some("none")).unwrap_err().0, "ResourceNotFoundException");
}

#[test]
fn the_current_stage_moves_and_is_never_taken_away() {
    let mut world = world();
    put(&mut world, "second", Some("two")).unwrap();
    put(&mut world, "third", Some("three")).unwrap();
    let (code, message) = restage(&mut world, CURRENT, Some("three"), None).unwrap_err();
    assert_eq!(code, "InvalidParameterException");
    assert!(message.starts_with("You can only move staging label AWSCURRENT to a different secret version."));
    restage(&mut world, CURRENT, Some("three"), Some("two")).unwrap();
    assert_eq!(
        (get(&world, CURRENT).unwrap(), get(&world, PREVIOUS).unwrap()),
        ("second".into(), "third".into())
    );
}

#[test]
fn all_versions_of_a_secret_have_twenty_stages_together() {
    let mut world = world();
    put(&mut world, "second", Some("two")).unwrap();
    for number in 3..=20 {
        restage(&mut world, &format!("stage-{number}"), None, Some("two")).unwrap();
    }
    let (code, _) = restage(&mut world, "stage-21", None, Some("two")).unwrap_err();
    assert_eq!(code, "LimitExceededException");
    let stages = |stages: &[&str]| PutSecretValueInput {
        secret_id: NAME.to_owned(),
        secret_string: Some(SecretText("third".to_owned())),
        version_stages: stages.iter().map(ToString::to_string).collect(),
        ..Default::default()
    };
    let error = put_secret_value(&mut world, stages(&[CURRENT, "stage-21"])).unwrap_err();
    assert_eq!(error.code, "LimitExceededException");
    put_secret_value(&mut world, stages(&[CURRENT, "stage-3"])).unwrap();
    assert_eq!(get(&world, "stage-3").unwrap(), "third");
    let long = "x".repeat(257);
    for stage in ["", long.as_str()] {
        let error = put_secret_value(&mut world, stages(&[stage])).unwrap_err();
        assert_eq!(error.code, "InvalidParameterException");
    }
}

#[test]
fn a_version_id_stands_for_one_value() {
    let mut world = world();
    put(&mut world, "second", Some("token-1")).unwrap();
    put(&mut world, "second", Some("token-1")).unwrap();
    let error = put(&mut world, "other", Some("token-1")).unwrap_err();
    assert_eq!(error.code, "ResourceExistsException");
    assert!(!error.message.contains("other") && !error.message.contains("second"));
}

#[test]
fn a_secret_without_a_value_exists_but_cannot_be_read() {
    let mut world = World::new("123456789012", "us-west-2", 7);
    create_secret(&mut world, named(None)).unwrap();
    assert!(!value_exists(&world, NAME, None));
    let error = get(&world, CURRENT).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        (
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
        )
    );
    describe_secret(&world, &SecretInput { secret_id: NAME.to_owned() }).unwrap();
}

#[test]
fn a_secret_is_found_by_name_arn_and_arn_without_its_end() {
    let mut world = world();
    put(&mut world, r#"{"password":"x"}"#, None).unwrap();
    let arn = describe_secret(&world, &SecretInput { secret_id: NAME.to_owned() }).unwrap().arn;
    assert!(arn.starts_with("arn:aws:secretsmanager:us-west-2:123456789012:secret:staging/shop/api-key-"));
    for id in [NAME, &arn, &arn[..arn.len() - 7]] {
        assert!(value_exists(&world, id, None), "{id}");
        assert!(value_exists(&world, id, Some("password")), "{id}");
        assert!(!value_exists(&world, id, Some("username")), "{id}");
    }
    assert!(!value_exists(&world, "staging/shop", None));
}

#[test]
fn deletion_has_a_window_in_which_the_name_is_taken() {
    let mut world = world();
    assert_eq!(delete(&mut world, Some(6), None).unwrap_err().code, "InvalidParameterException");
    assert_eq!(delete(&mut world, Some(7), Some(true)).unwrap_err().code, "InvalidParameterException");
    delete(&mut world, Some(7), None).unwrap();
    assert!(!value_exists(&world, NAME, None));
    assert_eq!(get(&world, CURRENT).unwrap_err().code, "InvalidRequestException");
    let error = create_secret(&mut world, named(Some("again"))).unwrap_err();
    assert!(error.message.ends_with("already scheduled for deletion."), "{}", error.message);
    restore_secret(&mut world, &SecretInput { secret_id: NAME.to_owned() }).unwrap();
    assert_eq!(get(&world, CURRENT).unwrap(), "value-1");
    delete(&mut world, Some(7), None).unwrap();
    world.advance_by(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(get(&world, CURRENT).unwrap_err().code, "ResourceNotFoundException");
    create_secret(&mut world, named(Some("again"))).unwrap();
}

#[test]
fn forced_deletion_is_at_once_and_never_fails() {
    let mut world = world();
    delete(&mut world, None, Some(true)).unwrap();
    delete(&mut world, None, Some(true)).unwrap();
    create_secret(&mut world, named(Some("again"))).unwrap();
}

#[test]
fn lists_filter_by_prefix_and_leave_out_what_goes() {
    let mut world = world();
    let other = CreateSecretInput { name: "production/shop/x".to_owned(), ..Default::default() };
    create_secret(&mut world, other).unwrap();
    let list = |world: &World, prefix: &str, planned: bool| -> Vec<String> {
        let input = ListSecretsInput {
            filters: vec![Filter { key: "name".to_owned(), values: vec![prefix.to_owned()] }],
            include_planned_deletion: Some(planned),
            ..Default::default()
        };
        list_secrets(world, &input).unwrap().secret_list.into_iter().map(|secret| secret.name).collect()
    };
    assert_eq!(list(&world, "staging/", false), [NAME]);
    assert_eq!(list(&world, "!staging/", false), ["production/shop/x"]);
    delete(&mut world, None, None).unwrap();
    assert!(list(&world, "staging/", false).is_empty());
    assert_eq!(list(&world, "staging/", true), [NAME]);
}

#[test]
fn a_world_that_is_written_down_holds_no_secret_and_still_has_its_shape() {
    let mut world = world();
    let entered = "c0ffee".repeat(10) + "beef";
    put(&mut world, &entered, None).unwrap();
    let generated = CreateSecretInput { name: "staging/shop/database".to_owned(), ..Default::default() };
    let recipe = GenerateSecretString {
        secret_string_template: Some(r#"{"username":"app"}"#.to_owned()),
        generate_string_key: Some("password".to_owned()),
        ..Default::default()
    };
    create_generated_secret(&mut world, generated, recipe).unwrap();
    let value_of = |world: &World| {
        let input =
            GetSecretValueInput { secret_id: "staging/shop/database".to_owned(), ..Default::default() };
        get_secret_value(world, &input).unwrap().secret_string.0
    };
    let written = serde_json::to_string(&world).unwrap();
    assert!(!written.contains(&entered) && !written.contains("value-1"));
    let object: serde_json::Value = serde_json::from_str(&value_of(&world)).unwrap();
    assert!(!written.contains(object["password"].as_str().unwrap()));
    let restored: World = serde_json::from_str(&written).unwrap();
    assert_eq!(value_of(&restored), value_of(&world));
    let stand_in = get(&restored, CURRENT).unwrap();
    assert!(stand_in.len() == 64 && stand_in.chars().all(|c| c.is_ascii_hexdigit()) && stand_in != entered);
}

#[test]
fn debug_output_shows_no_value() {
    let mut world = world();
    put(&mut world, "hunter2", None).unwrap();
    let input = named(Some("hunter2"));
    assert!(!format!("{input:?}").contains("hunter2"));
    assert!(!format!("{:?}", world.secrets).contains("hunter2"));
}
