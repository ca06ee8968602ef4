#![allow(clippy::unwrap_used)]

use super::*;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
    "Action":"sts:AssumeRoleWithWebIdentity",
    "Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub":["repo:acme/shop:environment:staging",
            "repo:acme@1/shop@2:environment:staging"]}}}]}"#;

fn world() -> World {
    let mut world = World::new("123456789012", "us-west-2", 7);
    let provider = iam::CreateProviderInput {
        url: "https://token.actions.githubusercontent.com".to_owned(),
        client_id_list: vec!["sts.amazonaws.com".to_owned()],
        ..Default::default()
    };
    iam::create_open_id_connect_provider(&mut world, provider).unwrap();
    let role = iam::CreateRoleInput {
        role_name: "deploy".to_owned(),
        assume_role_policy_document: TRUST.to_owned(),
        ..Default::default()
    };
    iam::create_role(&mut world, role).unwrap();
    world
}

fn assume(
    world: &mut World,
    subject: &str,
    audience: &str,
) -> Result<AssumeRoleWithWebIdentityOutput, ApiError> {
    let claims = format!(
        r#"{{"iss":"https://token.actions.githubusercontent.com","sub":"{subject}","aud":"{audience}"}}"#
    );
    let input = AssumeRoleWithWebIdentityInput {
        role_arn: "arn:aws:iam::123456789012:role/deploy".to_owned(),
        role_session_name: "run-1".to_owned(),
        web_identity_token: format!("e30.{}.", wire::base64(claims.as_bytes())),
        duration_seconds: None,
    };
    assume_role_with_web_identity(world, &input)
}

#[test]
fn both_forms_of_the_subject_are_trusted() {
    let mut world = world();
    for subject in ["repo:acme/shop:environment:staging", "repo:acme@1/shop@2:environment:staging"] {
        let output = assume(&mut world, subject, "sts.amazonaws.com").unwrap();
        assert_eq!(output.assumed_role_user.arn, "arn:aws:sts::123456789012:assumed-role/deploy/run-1");
        let principal = iam::principal_of_key(&world, &output.credentials.access_key_id).unwrap();
        assert_eq!(get_caller_identity(&world, &principal).arn, output.assumed_role_user.arn);
    }
}

#[test]
fn another_environment_branch_or_repository_is_not_trusted() {
    let mut world = world();
    for subject in [
        "repo:acme/shop:environment:production",
        "repo:acme/shop:ref:refs/heads/main",
        "repo:other/shop:environment:staging",
        "repo:acme@9/shop@2:environment:staging",
    ] {
        let error = assume(&mut world, subject, "sts.amazonaws.com").unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("AccessDenied", 403));
        assert_eq!(error.message, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    }
}

#[test]
fn audience_and_issuer_must_be_known() {
    let mut world = world();
    let error = assume(&mut world, "repo:acme/shop:environment:staging", "elsewhere").unwrap_err();
    assert_eq!(error.message, "Incorrect token audience");
    let arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com".to_owned();
    let provider = iam::ProviderInput { open_id_connect_provider_arn: arn };
    iam::delete_open_id_connect_provider(&mut world, &provider).unwrap();
    let error = assume(&mut world, "repo:acme/shop:environment:staging", "sts.amazonaws.com").unwrap_err();
    assert!(error.message.starts_with("No OpenIDConnect provider found"), "{}", error.message);
}

#[test]
fn sessions_expire() {
    let mut world = world();
    let output = assume(&mut world, "repo:acme/shop:environment:staging", "sts.amazonaws.com").unwrap();
    world.advance_by(Duration::from_secs(3599));
    iam::principal_of_key(&world, &output.credentials.access_key_id).unwrap();
    world.advance_by(Duration::from_secs(1));
    let error = iam::principal_of_key(&world, &output.credentials.access_key_id).unwrap_err();
    assert_eq!(error.code, "ExpiredTokenException");
}

#[test]
fn sessions_last_from_15_minutes_to_the_maximum_of_the_role() {
    let mut world = world();
    let long = iam::CreateRoleInput {
        role_name: "long".to_owned(),
        assume_role_policy_document: TRUST.to_owned(),
        max_session_duration: Some(43_200),
        ..Default::default()
    };
    iam::create_role(&mut world, long).unwrap();
    let claims = r#"{"iss":"https://token.actions.githubusercontent.com",
        "sub":"repo:acme/shop:environment:staging","aud":"sts.amazonaws.com"}"#;
    for (role, secs, fits) in [
        ("deploy", 899, false),
        ("deploy", 900, true),
        ("deploy", 3600, true),
        ("deploy", 3601, false),
        ("long", 43_200, true),
        ("long", 43_201, false),
    ] {
        let input = AssumeRoleWithWebIdentityInput {
            role_arn: format!("arn:aws:iam::123456789012:role/{role}"),
            role_session_name: "run-1".to_owned(),
            web_identity_token: format!("e30.{}.", wire::base64(claims.as_bytes())),
            duration_seconds: Some(secs),
        };
        assert_eq!(assume_role_with_web_identity(&mut world, &input).is_ok(), fits, "{role} {secs}");
    }
}
