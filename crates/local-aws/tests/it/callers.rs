//! Callers are roles, and roles may do what their policies say.

use serde_json::{Value, json};

use crate::server::{Answer, Server};

const ECR: &str = "AmazonEC2ContainerRegistry_V20150921";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A server with the role `deploy`, which may do these actions on this resource.
fn server(actions: &str, resource: &str) -> Server {
    let server = Server::in_memory();
    let create = format!("Action=CreateRole&RoleName=deploy&AssumeRolePolicyDocument={TRUST}");
    assert_eq!(server.query("test", "iam", &create).status, 200);
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}],
    });
    let put = format!("Action=PutRolePolicy&RoleName=deploy&PolicyName=p&PolicyDocument={policy}");
    assert_eq!(server.query("test", "iam", &put).status, 200);
    server
}

fn create_repository(server: &Server, key: &str, name: &str) -> Answer {
    server.json(key, &format!("{ECR}.CreateRepository"), &json!({"repositoryName": name}))
}

#[test]
fn a_role_may_do_what_its_policy_allows_and_no_more() {
    let server = server("ecr:CreateRepository", "arn:aws:ecr:us-west-2:123456789012:repository/team/*");
    assert_eq!(create_repository(&server, "role/deploy", "team/api").status, 200);

    let denied = create_repository(&server, "role/deploy", "other/api");
    assert_eq!((denied.status, denied.header("x-amzn-errortype")), (400, Some("AccessDeniedException")));
    assert_eq!(
        denied.json()["message"],
        "User: arn:aws:sts::123456789012:assumed-role/deploy/local is not authorized to perform: \
         ecr:CreateRepository on resource: arn:aws:ecr:us-west-2:123456789012:repository/other/api because no \
         identity-based policy allows the ecr:CreateRepository action"
    );
    assert_eq!(create_repository(&server, "test", "other/api").status, 200);
}

#[test]
fn a_query_service_denies_with_its_own_code_and_status() {
    let server = server("ecr:*", "*");
    let denied = server.query("role/deploy", "iam", "Action=GetRole&RoleName=deploy");
    assert_eq!(denied.status, 403);
    let text = denied.text();
    assert!(text.contains("<Code>AccessDenied</Code>"), "{text}");
    assert!(
        text.contains("iam:GetRole on resource: arn:aws:iam::123456789012:role/deploy because"),
        "{text}"
    );
}

#[test]
fn everybody_may_ask_who_they_are() {
    let server = server("ecr:*", "*");
    let text = |key| server.query(key, "sts", "Action=GetCallerIdentity").text().to_owned();
    assert!(text("role/deploy").contains("<Arn>arn:aws:sts::123456789012:assumed-role/deploy/local</Arn>"));
    assert!(text("test").contains("<Arn>arn:aws:iam::123456789012:user/admin</Arn>"));
}

#[test]
fn an_unknown_key_is_refused_as_by_each_protocol() {
    let server = Server::in_memory();
    for key in ["AKIAUNKNOWN", "role/absent"] {
        let answer = create_repository(&server, key, "team/api");
        assert_eq!(
            (answer.status, answer.header("x-amzn-errortype")),
            (400, Some("UnrecognizedClientException"))
        );
        assert_eq!(answer.json()["message"], "The security token included in the request is invalid.");
        let answer = server.query(key, "sts", "Action=GetCallerIdentity");
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("<Code>InvalidClientTokenId</Code>"), "{}", answer.text());
    }
}

#[test]
fn a_denied_call_changes_nothing() {
    let server = server("ecr:DescribeRepositories", "*");
    assert_eq!(create_repository(&server, "role/deploy", "team/api").status, 400);
    let found = server.json("role/deploy", &format!("{ECR}.DescribeRepositories"), &json!({}));
    assert_eq!(found.json()["repositories"], json!([]));
}

#[test]
fn an_identity_token_is_exchanged_without_a_signature() {
    let server = Server::in_memory();
    let ask = |form: &str| {
        server.request("POST", "/", &[("Content-Type", "application/x-www-form-urlencoded")], form.as_bytes())
    };
    let exchange = "Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::123456789012:role/deploy\
        &RoleSessionName=run-1&WebIdentityToken=";
    // Header, payload and signature of a token of GitHub's; nothing is known of GitHub yet.
    let claims = "eyJpc3MiOiJodHRwczovL3Rva2VuLmFjdGlvbnMuZ2l0aHVidXNlcmNvbnRlbnQuY29tIiwic3ViIjoicmVwbzpvL3I6ZW52aXJvbm1lbnQ6c3RhZ2luZyIsImF1ZCI6InN0cy5hbWF6b25hd3MuY29tIn0";
    let refused = ask(&format!("{exchange}e30.{claims}.x"));
    assert!(refused.text().contains("<Code>InvalidIdentityToken</Code>"), "{}", refused.text());

    let host = "token.actions.githubusercontent.com";
    let provider = format!(
        "Action=CreateOpenIDConnectProvider&Url=https://{host}&ClientIDList.member.1=sts.amazonaws.com"
    );
    assert_eq!(server.query("test", "iam", &provider).status, 200);
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::123456789012:oidc-provider/{host}")},
        "Condition": {"StringEquals": {
            (format!("{host}:aud")): "sts.amazonaws.com",
            (format!("{host}:sub")): "repo:o/r:environment:staging",
        }},
    }]});
    let create = format!("Action=CreateRole&RoleName=deploy&AssumeRolePolicyDocument={trust}");
    assert_eq!(server.query("test", "iam", &create).status, 200);
    let exchanged = ask(&format!("{exchange}e30.{claims}.x"));
    assert_eq!(exchanged.status, 200, "{}", exchanged.text());
    let key = exchanged.text().split("<AccessKeyId>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let identity = server.query(&key, "sts", "Action=GetCallerIdentity");
    assert!(identity.text().contains("assumed-role/deploy/run-1"), "{}", identity.text());
}

#[test]
fn a_role_needs_to_hand_a_stack_a_role() {
    let server = server("cloudformation:*", "*");
    let template = r#"{"Resources":{"Logs":{"Type":"AWS::Logs::LogGroup"}}}"#;
    let create = format!("Action=CreateStack&StackName=one&TemplateBody={template}");
    let refused = server.query("role/deploy", "cloudformation", &create);
    assert_eq!(refused.status, 501);
    assert!(refused.text().contains("not modelled: a stack without a role of its own"), "{}", refused.text());

    let create = format!("{create}&RoleARN=arn:aws:iam::123456789012:role/deploy");
    let refused = server.query("role/deploy", "cloudformation", &create);
    assert_eq!(refused.status, 403);
    assert!(
        refused.text().contains("iam:PassRole on resource: arn:aws:iam::123456789012:role/deploy because"),
        "{}",
        refused.text()
    );
}

#[test]
fn changes_of_a_role_can_be_bound_to_its_boundary() {
    let server = Server::in_memory();
    let ask = |key: &str, query: &str| server.query(key, "iam", query).status;
    let document = |statement: &Value| json!({"Version": "2012-10-17", "Statement": statement});
    let create = |name: &str| format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument={TRUST}");
    let most = "arn:aws:iam::123456789012:policy/most";
    let policy = document(&json!({"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}));
    assert_eq!(ask("test", &format!("Action=CreatePolicy&PolicyName=most&PolicyDocument={policy}")), 200);
    assert_eq!(ask("test", &create("maker")), 200);
    let actions = ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"];
    let makes = document(&json!({"Effect": "Allow", "Action": actions, "Resource": "*",
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": most}}}));
    let put =
        |name: &str| format!("Action=PutRolePolicy&RoleName={name}&PolicyName=p&PolicyDocument={makes}");
    assert_eq!(ask("test", &put("maker")), 200);

    let all = "arn:aws:iam::aws:policy/AdministratorAccess";
    let boundary = |arn: &str| format!("PermissionsBoundary={arn}");
    let maker = "role/maker";
    assert_eq!(ask(maker, &create("made")), 403);
    assert_eq!(ask(maker, &format!("{}&{}", create("made"), boundary(all))), 403);
    assert_eq!(ask(maker, &format!("{}&{}", create("made"), boundary(most))), 200);
    assert_eq!(ask(maker, &put("made")), 200);
    assert_eq!(ask(maker, &put("maker")), 403, "a role without the boundary");
    let bind = "Action=PutRolePermissionsBoundary&RoleName=made";
    assert_eq!(ask(maker, &format!("{bind}&{}", boundary(all))), 403);
    assert_eq!(ask(maker, &format!("{bind}&{}", boundary(most))), 200);
    let unbind = "Action=DeleteRolePermissionsBoundary&RoleName=made";
    assert_eq!(ask(maker, unbind), 403);
    assert_eq!(ask("test", unbind), 200);
    assert_eq!(ask(maker, &put("made")), 403, "it is no longer bound");
}
