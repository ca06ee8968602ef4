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

const ECS: &str = "AmazonEC2ContainerServiceV20141113";

/// Adds a policy of these statements to the role.
fn grant(server: &Server, name: &str, statements: &Value) {
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    let put = format!("Action=PutRolePolicy&RoleName=deploy&PolicyName={name}&PolicyDocument={policy}");
    assert_eq!(server.query("test", "iam", &put).status, 200);
}

#[test]
fn each_action_of_ecs_is_decided_on_its_own_kind_of_resource() {
    let server = server("ecr:*", "*");
    let arn = |rest: &str| format!("arn:aws:ecs:us-west-2:123456789012:{rest}");
    let (deployment, revision) = (arn("service-deployment/demo/api/abc"), arn("service-revision/demo/api/1"));
    let container = json!([{"name": "job", "image": "nginx"}]);
    for (action, body, resource) in [
        ("RunTask", json!({"cluster": "demo", "taskDefinition": "job:1"}), arn("task-definition/job:1")),
        (
            "RegisterTaskDefinition",
            json!({"family": "job", "containerDefinitions": container}),
            arn("task-definition/job:*"),
        ),
        ("DescribeTasks", json!({"cluster": "demo", "tasks": ["abc"]}), arn("task/demo/abc")),
        ("StopTask", json!({"cluster": "demo", "task": "abc"}), arn("task/demo/abc")),
        ("UpdateService", json!({"cluster": "demo", "service": "api"}), arn("service/demo/api")),
        ("DescribeServices", json!({"cluster": "demo", "services": ["api"]}), arn("service/demo/api")),
        ("ListServiceDeployments", json!({"cluster": "demo", "service": "api"}), arn("service/demo/api")),
        ("DescribeServiceDeployments", json!({"serviceDeploymentArns": [deployment]}), deployment.clone()),
        (
            "StopServiceDeployment",
            json!({"serviceDeploymentArn": deployment, "stopType": "ROLLBACK"}),
            deployment.clone(),
        ),
        ("DescribeServiceRevisions", json!({"serviceRevisionArns": [revision]}), revision.clone()),
        ("DescribeClusters", json!({"clusters": ["demo"]}), arn("cluster/demo")),
        ("ListTasks", json!({"cluster": "demo"}), "*".to_owned()),
        ("DescribeTaskDefinition", json!({"taskDefinition": "job:1"}), "*".to_owned()),
    ] {
        let denied = server.json("role/deploy", &format!("{ECS}.{action}"), &body);
        let told = denied.json()["message"].as_str().unwrap_or_default().to_owned();
        let expected = format!("is not authorized to perform: ecs:{action} on resource: {resource} because");
        assert!(told.contains(&expected), "{action}: {told}");
    }
}

#[test]
fn a_one_off_task_needs_its_cluster_and_both_of_its_roles() {
    let server = server("ecr:*", "*");
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    for cluster in ["demo", "other"] {
        let made = server.json("test", &format!("{ECS}.CreateCluster"), &json!({"clusterName": cluster}));
        assert_eq!(made.status, 200);
    }
    let definition = json!({"family": "job", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "taskRoleArn": role("job-task"), "executionRoleArn": role("job-exec"),
        "containerDefinitions": [{"name": "job", "image": "nginx"}]});
    assert_eq!(server.json("test", &format!("{ECS}.RegisterTaskDefinition"), &definition).status, 200);
    let run = |cluster: &str| {
        let request = json!({"cluster": cluster, "taskDefinition": "job",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}});
        let answer = server.json("role/deploy", &format!("{ECS}.RunTask"), &request);
        (answer.status, answer.json()["message"].as_str().unwrap_or_default().to_owned())
    };
    grant(
        &server,
        "run",
        &json!([{"Effect": "Allow", "Action": "ecs:RunTask",
            "Resource": "arn:aws:ecs:us-west-2:123456789012:task-definition/job:*",
            "Condition": {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:us-west-2:123456789012:cluster/demo"}}}]),
    );
    assert!(run("other").1.contains("ecs:RunTask on resource:"), "{:?}", run("other"));
    let mut passable = Vec::new();
    for name in ["job-task", "job-exec"] {
        let told = run("demo").1;
        assert!(told.contains(&format!("iam:PassRole on resource: {} because", role(name))), "{told}");
        passable.push(role(name));
        grant(&server, "pass", &json!([{"Effect": "Allow", "Action": "iam:PassRole", "Resource": passable}]));
    }
    assert_eq!(run("demo").0, 200, "{:?}", run("demo"));
}

#[test]
fn where_services_are_placed_is_decided_by_the_subnets_of_the_request_and_where_tasks_run_is_not() {
    let server = server("ecs:*", "*");
    let service = json!({"cluster": "demo", "serviceName": "api", "service": "api", "taskDefinition": "job"});
    let answer = |action: &str, subnets: Option<&[&str]>| {
        let mut body = service.clone();
        let unknown = if action == "CreateService" { "service" } else { "serviceName" };
        body.as_object_mut().unwrap().remove(unknown);
        if action == "RunTask" {
            body.as_object_mut().unwrap().remove("service");
        }
        if let Some(subnets) = subnets {
            body["networkConfiguration"] = json!({"awsvpcConfiguration": {"subnets": subnets}});
        }
        let answer = server.json("role/deploy", &format!("{ECS}.{action}"), &body);
        answer.json()["message"].as_str().unwrap_or_default().to_owned()
    };
    let denied = |told: &str, action: &str| {
        let start = format!("is not authorized to perform: ecs:{action} ");
        told.contains(&start) && told.ends_with("with an explicit deny in an identity-based policy")
    };
    let deny = |operator: &str| {
        let condition = json!({operator: {"ecs:subnet": ["subnet-b", "subnet-c"]}});
        let statement = json!({"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Condition": condition});
        grant(&server, "fence", &json!([statement]));
    };
    for action in ["CreateService", "UpdateService"] {
        deny("ForAnyValue:StringEquals");
        for (subnets, expected) in [
            (Some(["subnet-b"].as_slice()), true),
            (Some(["subnet-a", "subnet-c"].as_slice()), true),
            (Some(["subnet-a"].as_slice()), false),
            (Some([].as_slice()), false),
            (None, false),
        ] {
            let told = answer(action, subnets);
            assert_eq!(denied(&told, action), expected, "{action} in {subnets:?}: {told}");
        }
        // All of no values are anything.
        deny("ForAllValues:StringEquals");
        for (subnets, expected) in [
            (Some(["subnet-b", "subnet-c"].as_slice()), true),
            (Some(["subnet-a", "subnet-c"].as_slice()), false),
            (None, true),
        ] {
            let told = answer(action, subnets);
            assert_eq!(denied(&told, action), expected, "{action} in {subnets:?}: {told}");
        }
    }
    // RunTask has no such key (service authorization reference of ECS), so that nothing is denied by it.
    deny("ForAnyValue:StringEquals");
    assert!(!denied(&answer("RunTask", Some(&["subnet-b"])), "RunTask"));
    // Nor has a call that places no task.
    let told = server.json("role/deploy", &format!("{ECS}.DeleteService"), &json!({"service": "api"}));
    assert!(!denied(told.json()["message"].as_str().unwrap_or_default(), "DeleteService"));
}
