//! A deployment in progress goes on where a killed server left it, to the same end.

use serde_json::{Value, json};

use crate::server::Server;

const ECS: &str = "AmazonEC2ContainerServiceV20141113";

fn ecs(server: &Server, operation: &str, input: &Value) -> Value {
    let answer = server.json("test", &format!("{ECS}.{operation}"), input);
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer.json()
}

fn push(server: &Server, content: &str, behaviour: &Value) -> String {
    let image = json!({"repository": "team/web", "content": content, "behaviour": behaviour});
    let answer = server.local("POST", "images", &image.to_string());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["digest"].as_str().unwrap().to_owned()
}

fn register(server: &Server, digest: &str) {
    let image = format!("123456789012.dkr.ecr.us-west-2.amazonaws.com/team/web@{digest}");
    let definition = json!({
        "family": "web", "cpu": "256", "memory": "512", "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [{"name": "web", "image": image, "essential": true}],
    });
    ecs(server, "RegisterTaskDefinition", &definition);
}

/// A service whose second release crashes, just after that was deployed.
fn begin(server: &Server) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let create = format!("Action=CreateRole&RoleName=execution&AssumeRolePolicyDocument={trust}");
    assert_eq!(server.query("test", "iam", &create).status, 200);
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let put = format!("Action=PutRolePolicy&RoleName=execution&PolicyName=all&PolicyDocument={policy}");
    assert_eq!(server.query("test", "iam", &put).status, 200);
    server.json(
        "test",
        "AmazonEC2ContainerRegistry_V20150921.CreateRepository",
        &json!({"repositoryName": "team/web"}),
    );
    ecs(server, "CreateCluster", &json!({"clusterName": "main"}));
    register(server, &push(server, "good", &json!({})));
    let service = json!({
        "cluster": "main", "serviceName": "web", "taskDefinition": "web", "desiredCount": 2, "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"]}},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}},
    });
    ecs(server, "CreateService", &service);
    advance(server, 600.0);
    register(server, &push(server, "bad", &json!({"crash": {"after_secs": 1.0, "exit_code": 1}})));
    ecs(server, "UpdateService", &json!({"cluster": "main", "service": "web", "taskDefinition": "web"}));
}

fn advance(server: &Server, secs: f64) {
    assert_eq!(server.local("POST", "clock", &json!({"advance_secs": secs}).to_string()).status, 200);
}

/// What is visible of the service and its deployments.
fn view(server: &Server) -> Value {
    let services = ecs(server, "DescribeServices", &json!({"cluster": "main", "services": ["web"]}));
    let deployments = ecs(server, "ListServiceDeployments", &json!({"cluster": "main", "service": "web"}));
    json!([services["services"], deployments["serviceDeployments"]])
}

#[test]
fn a_kill_at_any_moment_of_a_rollout_changes_nothing() {
    let steps = 40;
    let undisturbed = Server::in_memory();
    begin(&undisturbed);
    let expected: Vec<Value> = (0..steps)
        .map(|_| {
            advance(&undisturbed, 20.0);
            view(&undisturbed)
        })
        .collect();
    let (last_services, last_deployments) = (&expected[steps - 1][0], &expected[steps - 1][1]);
    assert_eq!(last_services[0]["runningCount"], 2);
    assert_eq!(last_deployments[0]["status"], "ROLLBACK_SUCCESSFUL");

    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::open(dir.path());
    begin(&server);
    for (step, expected) in expected.iter().enumerate() {
        // Alternately killed and cleanly closed.
        if step % 2 == 0 {
            server.kill();
        } else {
            server.shutdown();
        }
        server = Server::open(dir.path());
        advance(&server, 20.0);
        assert_eq!(&view(&server), expected, "step {step}");
    }
}
