//! A world with one service behind a load balancer, built through the API alone.

use std::time::Duration;

use rollout_sim::ecs::{self, Deployment, RolloutState, Service, ServiceDeployment, Task};
use rollout_sim::fault::{ActiveFault, Fault};
use rollout_sim::image::ImageBehaviour;
use rollout_sim::{SimTime, World, ecr, elb, iam, logs, secrets};
use serde_json::{Value, json};

/// What a test varies; the rest is an ordinary service of one task.
pub(crate) struct Setup {
    pub(crate) desired: u32,
    pub(crate) minimum: u32,
    pub(crate) maximum: u32,
    pub(crate) breaker: Value,
    pub(crate) alarms: Value,
    pub(crate) bake_minutes: Option<u32>,
    pub(crate) grace_secs: u32,
    pub(crate) load_balancer: bool,
    pub(crate) drain_secs: u32,
    pub(crate) interval_secs: u32,
    pub(crate) unhealthy_threshold: u32,
    pub(crate) healthy_threshold: u32,
    pub(crate) container_check: Value,
    pub(crate) stop_timeout_secs: u32,
    pub(crate) secret: bool,
    pub(crate) version_consistency: Value,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            desired: 1,
            minimum: 100,
            maximum: 200,
            breaker: json!({"enable": true, "rollback": true}),
            alarms: Value::Null,
            bake_minutes: None,
            grace_secs: 0,
            load_balancer: true,
            drain_secs: 30,
            interval_secs: 10,
            unhealthy_threshold: 2,
            healthy_threshold: 5,
            container_check: Value::Null,
            stop_timeout_secs: 30,
            secret: true,
            version_consistency: Value::Null,
        }
    }
}

/// The world of a test.
pub(crate) struct Fixture {
    pub(crate) world: World,
    setup: Setup,
    pub(crate) group: String,
    pub(crate) host: String,
    pub(crate) listener: String,
    secret: String,
    releases: u32,
}

pub(crate) const REPOSITORY: &str = "123456789012.dkr.ecr.us-west-2.amazonaws.com/api";
pub(crate) const LOG_GROUP: &str = "/demo/api";

/// What the execution role has to be allowed to.
pub(crate) const START: [&str; 5] = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "secretsmanager:GetSecretValue",
    "logs:CreateLogStream",
];

/// Allows the execution role these actions, and nothing else.
pub(crate) fn grant(world: &mut World, actions: &[&str]) {
    let policy = json!({"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let put = json!({"RoleName": "execution", "PolicyName": "start", "PolicyDocument": policy.to_string()});
    iam::put_role_policy(world, input(put)).unwrap();
}

pub(crate) fn input<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(strip(value)).unwrap()
}

/// Leaves nulls out, as clients do.
fn strip(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, strip(value)))
            .collect(),
        Value::Array(list) => list.into_iter().map(strip).collect(),
        other => other,
    }
}

impl Fixture {
    /// Everything but the service.
    pub(crate) fn empty(setup: Setup) -> Self {
        let mut world = World::new("123456789012", "us-west-2", 1);
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let role = json!({"RoleName": "execution", "AssumeRolePolicyDocument": trust.to_string()});
        iam::create_role(&mut world, input(role)).unwrap();
        grant(&mut world, &START);
        ecr::create_repository(&mut world, input(json!({"repositoryName": "api"}))).unwrap();
        logs::create_log_group(&mut world, input(json!({"logGroupName": LOG_GROUP}))).unwrap();
        let secret = secrets::create_secret(
            &mut world,
            input(json!({"Name": "demo/token", "SecretString": "{\"key\":\"x\"}"})),
        )
        .unwrap()
        .arn;
        ecs::create_cluster(&mut world, input(json!({"clusterName": "demo"}))).unwrap();
        let balancer = elb::create_load_balancer(
            &mut world,
            input(json!({"Name": "demo", "Subnets": ["subnet-a", "subnet-b"], "SecurityGroups": ["sg-1"]})),
        )
        .unwrap()
        .load_balancers
        .remove(0);
        let group = elb::create_target_group(
            &mut world,
            input(json!({
                "Name": "api", "Protocol": "HTTP", "Port": 3001, "VpcId": "vpc-1", "TargetType": "ip",
                "HealthCheckPath": "/health", "HealthCheckIntervalSeconds": setup.interval_secs.to_string(),
                "HealthCheckTimeoutSeconds": "4", "UnhealthyThresholdCount": setup.unhealthy_threshold,
                "HealthyThresholdCount": setup.healthy_threshold,
            })),
        )
        .unwrap()
        .target_groups
        .remove(0)
        .target_group_arn;
        elb::modify_target_group_attributes(
            &mut world,
            input(json!({"TargetGroupArn": group, "Attributes": [
                {"Key": "deregistration_delay.timeout_seconds", "Value": setup.drain_secs}]})),
        )
        .unwrap();
        rollout_sim::acm::make_certificate(&mut world, "arn:aws:acm:us-west-2:123456789012:certificate/1");
        let listener = elb::create_listener(
            &mut world,
            input(json!({
                "LoadBalancerArn": balancer.load_balancer_arn, "Protocol": "HTTPS", "Port": 443,
                "Certificates": [{"CertificateArn": "arn:aws:acm:us-west-2:123456789012:certificate/1"}],
                "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
            })),
        )
        .unwrap()
        .listeners
        .remove(0)
        .listener_arn;
        let mut fixture =
            Self { world, setup, group, host: balancer.dns_name, listener, secret, releases: 0 };
        fixture.route(10, "/*");
        fixture
    }

    /// A service whose first release has completed.
    pub(crate) fn new(setup: Setup) -> Self {
        let mut fixture = Self::empty(setup);
        fixture.create_service(ImageBehaviour::default());
        fixture.until(200_000.0, "the first release", |it| {
            it.primary().rollout_state == Some(RolloutState::Completed)
        });
        fixture
    }

    pub(crate) fn route(&mut self, priority: u32, path: &str) -> String {
        let rule = json!({
            "ListenerArn": self.listener, "Priority": priority.to_string(),
            "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
            "Actions": [{"Type": "forward", "TargetGroupArn": self.group}],
        });
        elb::create_rule(&mut self.world, input(rule)).unwrap().rules.remove(0).rule_arn
    }

    /// Pushes the image of a new release, and answers its digest.
    pub(crate) fn push(&mut self, image: ImageBehaviour) -> String {
        self.releases += 1;
        let push = ecr::PushInput {
            repository: "api".to_owned(),
            tags: vec![format!("v{}", self.releases)],
            content: format!("release {}", self.releases),
            architecture: None,
            size_bytes: 1 << 20,
        };
        let digest = ecr::push(&mut self.world, &push).unwrap();
        self.world.images.insert(digest.clone(), image);
        digest
    }

    /// Registers a task definition of the family `demo-api`, and answers its ARN.
    pub(crate) fn register(&mut self, image: &str) -> String {
        let secrets = if self.setup.secret {
            json!([{"name": "TOKEN", "valueFrom": format!("{}:key::", self.secret)}])
        } else {
            json!([])
        };
        let definition = json!({
            "family": "demo-api", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512",
            "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
            "containerDefinitions": [{
                "name": "api", "image": image, "essential": true,
                "portMappings": [{"containerPort": 3001, "protocol": "tcp"}],
                "environment": [{"name": "RELEASE", "value": format!("v{}", self.releases)}],
                "secrets": secrets,
                "stopTimeout": self.setup.stop_timeout_secs,
                "healthCheck": self.setup.container_check,
                "versionConsistency": self.setup.version_consistency,
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": LOG_GROUP, "awslogs-region": "us-west-2", "awslogs-stream-prefix": "api"}},
            }],
        });
        ecs::register_task_definition(&mut self.world, input(definition))
            .unwrap()
            .task_definition
            .task_definition_arn
    }

    /// A new release by digest: image and task definition.
    pub(crate) fn release(&mut self, image: ImageBehaviour) -> String {
        let digest = self.push(image);
        self.register(&format!("{REPOSITORY}@{digest}"))
    }

    pub(crate) fn create_service(&mut self, image: ImageBehaviour) {
        let definition = self.release(image);
        self.create_service_of(&definition);
    }

    pub(crate) fn create_service_of(&mut self, definition: &str) {
        let balancers = if self.setup.load_balancer {
            json!([{"targetGroupArn": self.group, "containerName": "api", "containerPort": 3001}])
        } else {
            json!([])
        };
        let service = json!({
            "cluster": "demo", "serviceName": "api", "taskDefinition": definition,
            "desiredCount": self.setup.desired, "launchType": "FARGATE", "loadBalancers": balancers,
            "healthCheckGracePeriodSeconds": if self.setup.grace_secs == 0 { Value::Null } else { json!(self.setup.grace_secs) },
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"]}},
            "deploymentConfiguration": {
                "minimumHealthyPercent": self.setup.minimum, "maximumPercent": self.setup.maximum,
                "deploymentCircuitBreaker": self.setup.breaker, "alarms": self.setup.alarms,
                "bakeTimeInMinutes": self.setup.bake_minutes,
            },
        });
        ecs::create_service(&mut self.world, input(service)).unwrap();
    }

    /// `UpdateService` with further members.
    #[allow(clippy::needless_pass_by_value)] // callers write json!({..}) in place
    pub(crate) fn update(&mut self, members: Value) -> Service {
        let mut request = json!({"cluster": "demo", "service": "api"});
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        ecs::update_service(&mut self.world, input(request)).unwrap().service
    }

    /// Deploys a new release; answers its task definition.
    pub(crate) fn deploy(&mut self, image: ImageBehaviour) -> String {
        let definition = self.release(image);
        self.update(json!({"taskDefinition": definition}));
        definition
    }

    /// Breaks the world from now on, as `--fault` does.
    pub(crate) fn fault(&mut self, fault: &str) {
        let fault: Fault = fault.parse().unwrap();
        self.world.faults.push(ActiveFault::new(fault, self.world.now()));
    }

    pub(crate) fn run(&mut self, secs: f64) {
        self.world.advance_by(Duration::from_secs_f64(secs));
    }

    /// Lets time pass until `done`, in seconds since now; fails the test when it takes longer than `limit_secs`.
    pub(crate) fn until(&mut self, limit_secs: f64, what: &str, done: impl Fn(&Self) -> bool) -> f64 {
        let start = self.world.now();
        let limit = start + Duration::from_secs_f64(limit_secs);
        while !done(self) {
            let next = self.world.next_event_at().filter(|&at| at <= limit);
            let Some(next) = next else {
                panic!(
                    "{what}: not within {limit_secs} s; {:#?}\n{:#?}",
                    self.service().deployments,
                    self.events()
                );
            };
            self.world.advance_to(next);
        }
        self.world.now().since(start).as_secs_f64()
    }

    pub(crate) fn service(&self) -> Service {
        let request = input(json!({"cluster": "demo", "services": ["api"]}));
        ecs::describe_services(&self.world, &request).unwrap().services.remove(0)
    }

    pub(crate) fn primary(&self) -> Deployment {
        self.service().deployments.remove(0)
    }

    /// Events without their prefix, oldest first.
    pub(crate) fn events(&self) -> Vec<String> {
        let strip = |message: String| {
            let own = message.strip_prefix("(service api) ").map(str::to_owned);
            own.unwrap_or_else(|| message.strip_prefix("(service api, ").unwrap().to_owned())
        };
        self.service().events.into_iter().rev().map(|event| strip(event.message)).collect()
    }

    /// Tasks of the service, running and stopped, oldest first.
    pub(crate) fn tasks(&self) -> Vec<Task> {
        let list = |status: &str| {
            let request = input(json!({"cluster": "demo", "desiredStatus": status}));
            ecs::list_tasks(&self.world, &request).unwrap().task_arns
        };
        let arns: Vec<String> = list("RUNNING").into_iter().chain(list("STOPPED")).collect();
        if arns.is_empty() {
            return Vec::new();
        }
        let mut tasks: Vec<Task> = arns
            .chunks(100)
            .flat_map(|arns| {
                let request = input(json!({"cluster": "demo", "tasks": arns}));
                ecs::describe_tasks(&self.world, &request).unwrap().tasks
            })
            .collect();
        tasks.sort_by(|a, b| (a.created_at, &a.task_arn).partial_cmp(&(b.created_at, &b.task_arn)).unwrap());
        tasks
    }

    /// Tasks of a task definition.
    pub(crate) fn tasks_of(&self, definition: &str) -> Vec<Task> {
        self.tasks().into_iter().filter(|task| task.task_definition_arn == definition).collect()
    }

    /// Service deployments, newest first.
    pub(crate) fn service_deployments(&self) -> Vec<ServiceDeployment> {
        let request = input(json!({"cluster": "demo", "service": "api"}));
        let listed = ecs::list_service_deployments(&self.world, &request).unwrap().service_deployments;
        let arns: Vec<_> = listed.into_iter().map(|brief| brief.service_deployment_arn).collect();
        let request = input(json!({"serviceDeploymentArns": arns}));
        ecs::describe_service_deployments(&self.world, &request).unwrap().service_deployments
    }

    /// The newest service deployment.
    pub(crate) fn latest(&self) -> ServiceDeployment {
        self.service_deployments().remove(0)
    }

    /// States of the targets.
    pub(crate) fn targets(&self) -> Vec<&'static str> {
        let request = input(json!({"TargetGroupArn": self.group}));
        let health = elb::describe_target_health(&self.world, &request).unwrap();
        health.target_health_descriptions.iter().map(|target| target.target_health.state.as_str()).collect()
    }

    #[allow(clippy::needless_pass_by_value)] // callers write json!({..}) in place
    pub(crate) fn modify_group(&mut self, members: Value) {
        let mut request = json!({"TargetGroupArn": self.group});
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        elb::modify_target_group(&mut self.world, input(request)).unwrap();
    }

    pub(crate) fn secs_since(&self, start: SimTime) -> f64 {
        self.world.now().since(start).as_secs_f64()
    }

    /// State of the rollout of the PRIMARY deployment.
    pub(crate) fn rollout(&self) -> RolloutState {
        self.primary().rollout_state.unwrap()
    }
}

/// An image that exits some seconds after its start.
pub(crate) fn crashing(after_secs: f64) -> ImageBehaviour {
    let crash = rollout_sim::image::Crash { after_secs, exit_code: 1, log: vec!["boom".to_owned()] };
    ImageBehaviour { crash: Some(crash), ..ImageBehaviour::default() }
}

/// An image that answers 404 to the health check.
pub(crate) fn without_health() -> ImageBehaviour {
    ImageBehaviour { paths: [("/other".to_owned(), 200)].into(), ..ImageBehaviour::default() }
}
