#![allow(clippy::unwrap_used)]

use super::*;

const ROLE: &str = "doc-deploy";
const SERVICE: &str = "arn:aws:ecs:us-west-2:123456789012:service/shop-staging/api";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
    "Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;

fn world(statements: &str) -> World {
    let mut world = World::new("123456789012", "us-west-2", 7);
    let role = CreateRoleInput {
        role_name: ROLE.to_owned(),
        assume_role_policy_document: TRUST.to_owned(),
        ..Default::default()
    };
    create_role(&mut world, role).unwrap();
    put(&mut world, statements).unwrap();
    world
}

fn put(world: &mut World, statements: &str) -> Result<EmptyOutput, ApiError> {
    put_role_policy(
        world,
        PutRolePolicyInput {
            role_name: ROLE.to_owned(),
            policy_name: "deploy".to_owned(),
            policy_document: format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#),
        },
    )
}

fn allowed(world: &World, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
    let context = context.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    authorize(world, &Principal::role(ROLE), action, resource, &context).is_ok()
}

#[test]
fn denial_reads_as_aws_writes_it() {
    let world = world(r#"{"Effect":"Allow","Action":"ecs:DescribeServices","Resource":"*"}"#);
    let principal = Principal::Role { name: ROLE.to_owned(), session: "run-1".to_owned() };
    let error = authorize(&world, &principal, "ecs:UpdateService", SERVICE, &BTreeMap::new()).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("AccessDeniedException", 400));
    assert_eq!(
        error.message,
        format!(
            "User: arn:aws:sts::123456789012:assumed-role/{ROLE}/run-1 is not authorized to perform: \
             ecs:UpdateService on resource: {SERVICE} because no identity-based policy allows the ecs:UpdateService \
             action"
        )
    );
    let stack = "arn:aws:cloudformation:us-west-2:123456789012:stack/Shop/1";
    let error =
        authorize(&world, &principal, "cloudformation:DeleteStack", stack, &BTreeMap::new()).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("AccessDenied", 403));
}

#[test]
fn explicit_deny_wins() {
    let world = world(
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},
           {"Effect":"Deny","Action":"ecs:Delete*","Resource":"*"}"#,
    );
    assert!(allowed(&world, "ecs:UpdateService", SERVICE, &[]));
    let error = authorize(&world, &Principal::role(ROLE), "ecs:DeleteService", SERVICE, &BTreeMap::new())
        .unwrap_err();
    assert!(
        error.message.ends_with("with an explicit deny in an identity-based policy"),
        "{}",
        error.message
    );
}

#[test]
fn action_names_have_no_case_and_resources_do() {
    let world =
        world(&format!(r#"{{"Effect":"Allow","Action":"ECS:updateservice","Resource":"{SERVICE}"}}"#));
    assert!(allowed(&world, "ecs:UpdateService", SERVICE, &[]));
    assert!(!allowed(&world, "ecs:UpdateService", &SERVICE.replace("api", "API"), &[]));
}

#[test]
fn not_action_and_not_resource_are_complements() {
    let world = world(&format!(r#"{{"Effect":"Allow","NotAction":"iam:*","NotResource":"{SERVICE}"}}"#));
    assert!(allowed(&world, "ecs:UpdateService", &SERVICE.replace("api", "mcp"), &[]));
    assert!(!allowed(&world, "ecs:UpdateService", SERVICE, &[]));
    assert!(!allowed(&world, "iam:PassRole", "arn:aws:iam::123456789012:role/x", &[]));
}

#[test]
fn star_does_not_reach_across_the_parts_of_an_arn() {
    let world =
        world(r#"{"Effect":"Allow","Action":"ecs:*","Resource":"arn:aws:ecs:*:123456789012:service/*"}"#);
    assert!(allowed(&world, "ecs:UpdateService", SERVICE, &[]));
    assert!(!allowed(
        &world,
        "ecs:UpdateService",
        "arn:aws:ecs:us-west-2:999999999999:service/123456789012:service/x",
        &[]
    ));
}

#[test]
fn actions_without_resource_types_need_a_star() {
    let narrow = format!(
        r#"{{"Effect":"Allow","Action":["ecs:DescribeTaskDefinition","ecs:DescribeServices"],"Resource":"{SERVICE}"}}"#
    );
    let mut world = world(&narrow);
    assert!(allowed(&world, "ecs:DescribeServices", SERVICE, &[]));
    assert!(!allowed(&world, "ecs:DescribeTaskDefinition", SERVICE, &[]));
    put(&mut world, r#"{"Effect":"Allow","Action":"ecs:DescribeTaskDefinition","Resource":"*"}"#).unwrap();
    assert!(allowed(&world, "ecs:DescribeTaskDefinition", SERVICE, &[]));
}

#[test]
fn pass_role_is_bound_to_the_service_it_is_passed_to() {
    let mut world = world(
        r#"{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::123456789012:role/shop-*",
            "Condition":{"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}}"#,
    );
    let (me, role) = (Principal::role(ROLE), "arn:aws:iam::123456789012:role/shop-api-task");
    check_pass_role(&mut world, &me, role, "ecs-tasks.amazonaws.com").unwrap();
    let error = check_pass_role(&mut world, &me, role, "cloudformation.amazonaws.com").unwrap_err();
    assert!(error.message.contains("is not authorized to perform: iam:PassRole on resource: arn:aws:iam::"));
    assert!(check_pass_role(&mut world, &Principal::Admin, role, "anything").is_ok());
}

#[test]
fn conditions_hold_by_operator() {
    for (condition, context, expected) in [
        (
            r#""ArnEquals":{"ecs:cluster":"arn:aws:ecs:*:*:cluster/shop-*"}"#,
            Some("arn:aws:ecs:r:1:cluster/shop-a"),
            true,
        ),
        (
            r#""ArnLike":{"ecs:cluster":"arn:aws:ecs:*:*:cluster/shop-*"}"#,
            Some("arn:aws:ecs:r:1:cluster/other"),
            false,
        ),
        (r#""StringEquals":{"ECS:Cluster":"a"}"#, Some("a"), true),
        (r#""StringEquals":{"ecs:cluster":["b","a"]}"#, Some("a"), true),
        (r#""StringEquals":{"ecs:cluster":"a*"}"#, Some("ab"), false),
        (r#""StringLike":{"ecs:cluster":"a*"}"#, Some("ab"), true),
        (r#""StringEquals":{"ecs:cluster":"a"}"#, None, false),
        (r#""StringEqualsIfExists":{"ecs:cluster":"a"}"#, None, true),
        (r#""StringNotEquals":{"ecs:cluster":"a"}"#, None, true),
        (r#""StringNotLike":{"ecs:cluster":["a*","b*"]}"#, Some("bc"), false),
        (r#""Bool":{"ecs:cluster":true}"#, Some("True"), true),
        (r#""Null":{"ecs:cluster":"true"}"#, None, true),
        (r#""Null":{"ecs:cluster":"false"}"#, None, false),
        (r#""ForAllValues:StringEquals":{"ecs:cluster":["a","b"]}"#, Some("a,b"), true),
        (r#""ForAllValues:StringEquals":{"ecs:cluster":["a","b"]}"#, Some("a,c"), false),
        (r#""ForAllValues:StringEquals":{"ecs:cluster":["a"]}"#, None, true),
        (r#""ForAnyValue:StringEquals":{"ecs:cluster":["a"]}"#, Some("c,a"), true),
        (r#""ForAnyValue:StringEquals":{"ecs:cluster":["a"]}"#, None, false),
        (r#""StringEquals":{"ecs:cluster":"a","aws:RequestedRegion":"us-east-1"}"#, Some("a"), false),
        (r#""StringEquals":{"ecs:cluster":"${aws:PrincipalAccount}"}"#, Some("123456789012"), true),
    ] {
        let world = world(&format!(
            r#"{{"Effect":"Allow","Action":"ecs:RunTask","Resource":"*","Condition":{{{condition}}}}}"#
        ));
        let context: Vec<_> = context.iter().map(|value| ("ecs:cluster", *value)).collect();
        assert_eq!(
            allowed(&world, "ecs:RunTask", "arn:aws:ecs:r:1:task-definition/x:1", &context),
            expected,
            "{condition}"
        );
    }
}

#[test]
fn variables_are_replaced_in_resources() {
    let world = world(
        r#"{"Effect":"Allow","Action":"ecs:UpdateService","Resource":"arn:aws:ecs:*:${aws:PrincipalAccount}:service/*"},
           {"Effect":"Allow","Action":"ecs:DeleteService","Resource":"arn:aws:ecs:*:${aws:unknown}:service/*"}"#,
    );
    assert!(allowed(&world, "ecs:UpdateService", SERVICE, &[]));
    assert!(!allowed(&world, "ecs:DeleteService", SERVICE, &[]));
}

#[test]
fn policies_read_the_tags_of_the_role_that_calls() {
    let mut world = world(
        r#"{"Effect":"Allow","Action":"ecs:UpdateService",
            "Resource":"arn:aws:ecs:us-west-2:123456789012:service/shop-${aws:PrincipalTag/DeploysTo}/*"},
           {"Effect":"Allow","Action":"ec2:DeleteVpc","Resource":"*",
            "Condition":{"StringEquals":{"aws:ResourceTag/Environment":"${aws:PrincipalTag/DeploysTo}"}}},
           {"Effect":"Allow","Action":"ecs:ListTasks","Resource":"*",
            "Condition":{"StringEquals":{"aws:PrincipalTag/DeploysTo":"production"}}}"#,
    );
    let (own, other) =
        (&[("aws:ResourceTag/Environment", "staging")], &[("aws:ResourceTag/Environment", "production")]);
    // Without the tag the variable has no value, and no statement with it matches.
    assert!(!allowed(&world, "ecs:UpdateService", SERVICE, &[]));
    assert!(!allowed(&world, "ec2:DeleteVpc", "*", own));
    let tag = Tag { key: "DeploysTo".to_owned(), value: "staging".to_owned() };
    set_role_tags(&mut world, ROLE, vec![tag]).unwrap();
    assert!(allowed(&world, "ecs:UpdateService", SERVICE, &[]));
    assert!(!allowed(&world, "ecs:UpdateService", &SERVICE.replace("staging", "production"), &[]));
    assert!(allowed(&world, "ec2:DeleteVpc", "*", own) && !allowed(&world, "ec2:DeleteVpc", "*", other));
    // What roles with another tag may do is no grant of this one.
    assert!(unused_grants(&world, ROLE).iter().all(|grant| grant.pattern != "ecs:ListTasks"));
}

#[test]
fn no_wildcard_stands_for_a_type_of_resources() {
    let allow = |resource: &str| {
        world(&format!(r#"{{"Effect":"Allow","Action":["ecs:*","s3:*"],"Resource":"{resource}"}}"#))
    };
    let service = |pattern: &str| allowed(&allow(pattern), "ecs:UpdateService", SERVICE, &[]);
    assert!(!service("arn:aws:ecs:us-west-2:123456789012:serv*/*"));
    assert!(!service("arn:aws:ecs:us-west-2:123456789012:*/shop-staging/*"));
    assert!(service("arn:aws:ecs:us-west-2:123456789012:service/*"));
    assert!(service("arn:aws:ecs:us-west-2:123456789012:*"));
    let object = allow("arn:aws:s3:::bucket-*/*");
    assert!(allowed(&object, "s3:GetObject", "arn:aws:s3:::bucket-1/key", &[]));
}

#[test]
fn malformed_documents_are_refused() {
    let mut world = world(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    for statement in [
        r#"{"Effect":"Allow","Action":"ecs:*"}"#,
        r#"{"Effect":"Maybe","Action":"ecs:*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":"UpdateService","Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":"ecs:*","Resource":"my-service"}"#,
        r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*","Principal":{"AWS":"*"}}"#,
        r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*","Condition":{"StringIs":{"a:b":"c"}}}"#,
        r#"{"Effect":"Allow","Resource":"*"}"#,
    ] {
        assert_eq!(put(&mut world, statement).unwrap_err().code, "MalformedPolicyDocument", "{statement}");
    }
    let numeric =
        r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*","Condition":{"NumericEquals":{"a:b":"1"}}}"#;
    assert_eq!(put(&mut world, numeric).unwrap_err().code, "NotModelled");
}

#[test]
fn github_trust_needs_a_subject_that_is_not_only_wildcards() {
    let mut world = World::new("123456789012", "us-west-2", 7);
    let mut create = |name: &str, condition: &str| {
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
            "Principal":{{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"}},
            "Condition":{{{condition}}}}}]}}"#
        );
        let input = CreateRoleInput {
            role_name: name.to_owned(),
            assume_role_policy_document: document,
            ..Default::default()
        };
        create_role(&mut world, input).map(drop).map_err(|error| error.code)
    };
    let aud = r#""StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}"#;
    assert_eq!(create("a", aud), Err("MalformedPolicyDocument".to_owned()));
    let wild = r#""StringLike":{"token.actions.githubusercontent.com:sub":"*"}"#;
    assert_eq!(create("b", wild), Err("MalformedPolicyDocument".to_owned()));
    let good = r#""StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}"#;
    assert_eq!(create("c", good), Ok(()));
}

#[test]
fn trust_names_the_service_that_may_assume() {
    let world = world(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    assert!(trusts_service(&world, ROLE, "ecs-tasks.amazonaws.com"));
    assert!(trusts_service(
        &world,
        &format!("arn:aws:iam::123456789012:role/{ROLE}"),
        "ecs-tasks.amazonaws.com"
    ));
    assert!(!trusts_service(&world, ROLE, "cloudformation.amazonaws.com"));
    assert!(!trusts_service(&world, "no-such-role", "ecs-tasks.amazonaws.com"));
}

#[test]
fn usage_names_what_was_used_and_what_nobody_needed() {
    let mut world = world(&format!(
        r#"{{"Sid":"Services","Effect":"Allow","Action":["ecs:UpdateService","ecs:DeleteService"],
             "Resource":["{SERVICE}","arn:aws:ecs:us-west-2:123456789012:service/other/*"]}}"#
    ));
    let me = Principal::role(ROLE);
    access(&mut world, &me, "ecs:UpdateService", SERVICE, &BTreeMap::new()).unwrap();
    access(&mut world, &me, "ecs:StopTask", "*", &BTreeMap::new()).unwrap_err();
    let used = used_actions(&world, ROLE);
    assert_eq!(
        (used["ecs:UpdateService"].allowed, used["ecs:UpdateService"].first_resource.as_str()),
        (1, SERVICE)
    );
    assert_eq!((used["ecs:StopTask"].allowed, used["ecs:StopTask"].denied), (0, 1));
    let unused: Vec<_> = unused_grants(&world, ROLE).into_iter().map(|grant| grant.pattern).collect();
    assert_eq!(unused, ["arn:aws:ecs:us-west-2:123456789012:service/other/*", "ecs:DeleteService"]);
}

#[test]
fn managed_policies_allow_too() {
    let mut world = world(r#"{"Effect":"Allow","Action":"ecs:RunTask","Resource":"*"}"#);
    let attach = |arn: &str| AttachedPolicyInput { role_name: ROLE.to_owned(), policy_arn: arn.to_owned() };
    let execution = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    attach_role_policy(&mut world, attach(execution)).unwrap();
    assert!(allowed(&world, "logs:PutLogEvents", "arn:aws:logs:us-west-2:123456789012:log-group:/x:*", &[]));
    let other = attach_role_policy(&mut world, attach("arn:aws:iam::aws:policy/ReadOnlyAccess")).unwrap_err();
    assert_eq!(other.code, "NotModelled");
    let role = RoleInput { role_name: ROLE.to_owned() };
    assert_eq!(delete_role(&mut world, &role).unwrap_err().code, "DeleteConflict");
    detach_role_policy(&mut world, &attach(execution)).unwrap();
    let inline = RolePolicyInput { role_name: ROLE.to_owned(), policy_name: "deploy".to_owned() };
    delete_role_policy(&mut world, &inline).unwrap();
    delete_role(&mut world, &role).unwrap();
}

#[test]
fn a_managed_policy_has_at_most_6144_characters() {
    let mut world = world("");
    let resource = format!("arn:aws:s3:::{}", "x".repeat(6_144));
    let document = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:*","Resource":"{resource}"}}]}}"#
    );
    let input = CreatePolicyInput {
        policy_name: "long".to_owned(),
        policy_document: document.clone(),
        ..Default::default()
    };
    let error = create_policy(&mut world, input).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("LimitExceeded", 409));
    let short = managed(&mut world, "short", r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#);
    assert_eq!(update_policy(&mut world, &short, document).unwrap_err().code, "LimitExceeded");
}

/// Makes a managed policy of these statements, and answers its ARN.
fn managed(world: &mut World, name: &str, statements: &str) -> String {
    let input = CreatePolicyInput {
        policy_name: name.to_owned(),
        policy_document: format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#),
        ..CreatePolicyInput::default()
    };
    create_policy(world, input).unwrap().policy.arn
}

fn bind(world: &mut World, arn: &str) -> Result<EmptyOutput, ApiError> {
    let input =
        PutRolePermissionsBoundaryInput { role_name: ROLE.to_owned(), permissions_boundary: arn.to_owned() };
    put_role_permissions_boundary(world, input)
}

#[test]
fn a_boundary_is_the_most_that_a_role_may_do() {
    let mut world = world(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let statements = r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"},
        {"Effect":"Deny","Action":"ecs:DeleteService","Resource":"*"}"#;
    let arn = managed(&mut world, "most", statements);
    bind(&mut world, &arn).unwrap();
    assert!(allowed(&world, "ecs:UpdateService", SERVICE, &[]));
    let why = |world: &World, action: &str| {
        authorize(world, &Principal::role(ROLE), action, SERVICE, &BTreeMap::new()).unwrap_err().message
    };
    assert!(
        why(&world, "iam:CreateUser")
            .ends_with("because no permissions boundary allows the iam:CreateUser action")
    );
    assert!(why(&world, "ecs:DeleteService").ends_with("with an explicit deny in a permissions boundary"));

    // It gives no right itself.
    put(&mut world, r#"{"Effect":"Allow","Action":"ecs:DescribeServices","Resource":"*"}"#).unwrap();
    assert!(allowed(&world, "ecs:DescribeServices", SERVICE, &[]));
    assert!(
        why(&world, "ecs:UpdateService")
            .ends_with("because no identity-based policy allows the ecs:UpdateService action")
    );
}

#[test]
fn a_boundary_is_a_policy_that_exists_and_stays() {
    let mut world = world(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let gone = "arn:aws:iam::123456789012:policy/gone";
    assert_eq!(bind(&mut world, gone).unwrap_err().code, "NoSuchEntity");
    let create = CreateRoleInput {
        role_name: "other".to_owned(),
        assume_role_policy_document: TRUST.to_owned(),
        permissions_boundary: Some(gone.to_owned()),
        ..CreateRoleInput::default()
    };
    assert_eq!(create_role(&mut world, create).unwrap_err().code, "NoSuchEntity");

    let arn = managed(&mut world, "most", r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#);
    bind(&mut world, &arn).unwrap();
    assert_eq!(role_boundary(&world, ROLE), Some(arn.as_str()));
    let policy = PolicyInput { policy_arn: arn };
    assert_eq!(get_policy(&world, &policy).unwrap().policy.permissions_boundary_usage_count, 1);
    assert_eq!(delete_policy(&mut world, &policy).unwrap_err().code, "DeleteConflict");
    delete_role_permissions_boundary(&mut world, &RoleInput { role_name: ROLE.to_owned() }).unwrap();
    assert!(allowed(&world, "iam:CreateUser", "*", &[]));
    delete_policy(&mut world, &policy).unwrap();
}

#[test]
fn keys_stand_for_principals() {
    let world = world(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    assert_eq!(principal_of_key(&world, "test").unwrap(), Principal::Admin);
    assert_eq!(principal_of_key(&world, &format!("role/{ROLE}")).unwrap(), Principal::role(ROLE));
    for unknown in ["role/nobody", "AKIAIOSFODNN7EXAMPLE"] {
        assert_eq!(principal_of_key(&world, unknown).unwrap_err().code, "UnrecognizedClientException");
    }
}

#[test]
fn state_survives_json() {
    let world = world(
        r#"{"Effect":"Allow","Action":"ecs:RunTask","Resource":"*","Condition":{"StringEquals":{"ecs:cluster":["a"]}}}"#,
    );
    let restored: World = serde_json::from_str(&serde_json::to_string(&world).unwrap()).unwrap();
    assert!(allowed(&restored, "ecs:RunTask", "arn:x", &[("ecs:cluster", "a")]));
    assert!(!allowed(&restored, "ecs:RunTask", "arn:x", &[]));
}

#[test]
fn access_analyzer_finds_what_is_wrong_with_a_policy() {
    let world = World::new("123456789012", "us-west-2", 7);
    let found = |statement: &str| {
        let input = ValidatePolicyInput {
            policy_document: format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#),
            policy_type: "IDENTITY_POLICY".to_owned(),
            ..Default::default()
        };
        let found = validate_policy(&world, &input).unwrap().findings;
        found.into_iter().map(|it| format!("{} {}", it.finding_type, it.issue_code)).collect::<Vec<_>>()
    };
    assert_eq!(found(r#"{"Effect":"Allow","Action":"ecs:RunTask","Resource":"*"}"#), [] as [&str; 0]);
    assert_eq!(found(r#"{"Effect":"Allow","Resource":"*"}"#), ["ERROR JSON_SYNTAX_ERROR"]);
    assert_eq!(
        found(r#"{"Effect":"Allow","Action":["ecs:RunTasks","iam:PassRole"],"Resource":"*"}"#),
        ["ERROR INVALID_ACTION", "SECURITY_WARNING PASS_ROLE_WITH_STAR_IN_RESOURCE"]
    );
}
