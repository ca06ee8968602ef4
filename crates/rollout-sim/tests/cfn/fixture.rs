//! A world whose stacks are driven through the API alone.

use std::time::Duration;

use rollout_sim::cfn::{self, api};
use rollout_sim::fault::{ActiveFault, Fault};
use rollout_sim::iam::Principal;
use rollout_sim::image::ImageBehaviour;
use rollout_sim::{ApiError, World, ecr, ecs, iam};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Two topics, the second after the first; `Label` is a property of both.
pub(crate) const TOPICS: &str = "
Parameters:
  Label: {Type: String, Default: one}
Resources:
  First: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Label}}
  Second: {Type: AWS::SNS::Topic, DependsOn: First, Properties: {DisplayName: !Ref Label}}
";

/// A service behind a load balancer.
pub(crate) const SERVICE: &str = "
Parameters:
  Digest: {Type: String}
  Path: {Type: String, Default: /health}
Resources:
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: demo}}
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Name: demo, Subnets: [subnet-a, subnet-b], SecurityGroups: [sg-1]}
  Group:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      VpcId: vpc-1
      Port: 3001
      Protocol: HTTP
      TargetType: ip
      HealthCheckPath: !Ref Path
      HealthCheckIntervalSeconds: 10
      HealthCheckTimeoutSeconds: 4
      UnhealthyThresholdCount: 2
      TargetGroupAttributes: [{Key: deregistration_delay.timeout_seconds, Value: '30'}]
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      Port: 80
      Protocol: HTTP
      DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]
  Definition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: demo
      Cpu: '256'
      Memory: '512'
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      ExecutionRoleArn: arn:aws:iam::123456789012:role/execution
      ContainerDefinitions:
        - Name: api
          Image: !Sub 123456789012.dkr.ecr.us-west-2.amazonaws.com/api@${Digest}
          Essential: true
          PortMappings: [{ContainerPort: 3001}]
  Service:
    Type: AWS::ECS::Service
    DependsOn: Listener
    Properties:
      ServiceName: api
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Definition
      DesiredCount: 1
      LaunchType: FARGATE
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-a, subnet-b]}}
      LoadBalancers: [{ContainerName: api, ContainerPort: 3001, TargetGroupArn: !Ref Group}]
      DeploymentConfiguration: {DeploymentCircuitBreaker: {Enable: true, Rollback: true}}
";

pub(crate) fn input<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

pub(crate) struct Fixture {
    pub(crate) world: World,
    /// Who makes change sets.
    pub(crate) caller: Principal,
    releases: u32,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let mut world = World::new("123456789012", "us-west-2", 1);
        ecr::create_repository(&mut world, input(json!({"repositoryName": "api"}))).unwrap();
        Self { world, caller: Principal::Admin, releases: 0 }
    }

    /// The stack `demo` with this template, complete.
    pub(crate) fn with(template: &str) -> Self {
        let mut fixture = Self::new();
        fixture.create("demo", template, json!({})).unwrap();
        fixture.run(3600.0);
        assert_eq!(fixture.status(), "CREATE_COMPLETE", "{:#?}", fixture.events());
        fixture
    }

    /// The role `execution`, with which the tasks of [`SERVICE`] start.
    pub(crate) fn execution_role(&mut self) {
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let role = json!({"RoleName": "execution", "AssumeRolePolicyDocument": trust.to_string()});
        iam::create_role(&mut self.world, input(role)).unwrap();
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["ecr:*", "logs:*", "secretsmanager:*"], "Resource": "*"}]});
        let put = json!({"RoleName": "execution", "PolicyName": "p", "PolicyDocument": policy.to_string()});
        iam::put_role_policy(&mut self.world, input(put)).unwrap();
    }

    /// The stack `demo` with the service, its first release live.
    pub(crate) fn with_service(template: &str) -> Self {
        let mut fixture = Self::new();
        fixture.execution_role();
        let digest = fixture.push(ImageBehaviour::default());
        fixture.create("demo", template, json!({"Parameters": parameters(&[("Digest", &digest)])})).unwrap();
        fixture.run(3600.0);
        assert_eq!(fixture.status(), "CREATE_COMPLETE", "{:#?}", fixture.events());
        fixture
    }

    pub(crate) fn push(&mut self, image: ImageBehaviour) -> String {
        self.releases += 1;
        let push = ecr::PushInput {
            repository: "api".to_owned(),
            tags: Vec::new(),
            content: format!("release {}", self.releases),
            architecture: None,
            size_bytes: 1 << 20,
        };
        let digest = ecr::push(&mut self.world, &push).unwrap();
        self.world.images.insert(digest.clone(), image);
        digest
    }

    /// Pushes some image to a repository.
    pub(crate) fn push_to(&mut self, repository: &str) {
        let push = ecr::PushInput {
            repository: repository.to_owned(),
            tags: Vec::new(),
            content: "some image".to_owned(),
            architecture: None,
            size_bytes: 1 << 20,
        };
        ecr::push(&mut self.world, &push).unwrap();
    }

    pub(crate) fn create(&mut self, name: &str, template: &str, members: Value) -> Result<(), ApiError> {
        let request = merged(json!({"StackName": name, "TemplateBody": template}), members);
        cfn::create_stack(&mut self.world, input(request)).map(drop)
    }

    /// `UpdateStack` of `demo` with the template it has, unless `members` say otherwise.
    pub(crate) fn update(&mut self, members: Value) -> Result<(), ApiError> {
        let mut request = json!({"StackName": "demo"});
        if members.get("TemplateBody").is_none() {
            request["UsePreviousTemplate"] = json!(true);
        }
        cfn::update_stack(&mut self.world, input(merged(request, members))).map(drop)
    }

    /// `UpdateStack` of `demo` with one parameter.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.update(json!({"Parameters": parameters(&[(key, value)])})).unwrap();
    }

    pub(crate) fn run(&mut self, secs: f64) {
        self.world.advance_by(Duration::from_secs_f64(secs));
    }

    /// Lets time pass until the stack has this status; answers the seconds.
    pub(crate) fn until(&mut self, limit_secs: f64, status: &str) -> f64 {
        let start = self.world.now();
        let limit = start + Duration::from_secs_f64(limit_secs);
        while self.status() != status {
            let next = self.world.next_event_at().filter(|&at| at <= limit);
            let Some(next) = next else {
                panic!("{status}: not within {limit_secs} s, but {}; {:#?}", self.status(), self.events());
            };
            self.world.advance_to(next);
        }
        self.world.now().since(start).as_secs_f64()
    }

    pub(crate) fn stack(&self) -> Value {
        self.stack_named("demo")
    }

    pub(crate) fn stack_named(&self, name: &str) -> Value {
        let found = cfn::describe_stacks(&self.world, &input(json!({"StackName": name}))).unwrap();
        serde_json::to_value(&found.stacks[0]).unwrap()
    }

    pub(crate) fn status(&self) -> String {
        self.stack()["StackStatus"].as_str().unwrap().to_owned()
    }

    pub(crate) fn output(&self, key: &str) -> Option<String> {
        let stack = self.stack();
        let outputs = stack["Outputs"].as_array().cloned().unwrap_or_default();
        let found = outputs.into_iter().find(|output| output["OutputKey"] == key)?;
        found["OutputValue"].as_str().map(str::to_owned)
    }

    /// `LOGICAL STATUS reason` of every event of `demo`, oldest first.
    pub(crate) fn events(&self) -> Vec<String> {
        let mut request = json!({"StackName": "demo"});
        let mut events = Vec::new();
        loop {
            let page = cfn::describe_stack_events(&self.world, &input(request.clone())).unwrap();
            events.extend(page.stack_events.iter().map(|event| serde_json::to_value(event).unwrap()));
            match page.next_token {
                Some(token) => request["NextToken"] = token.into(),
                None => break,
            }
        }
        let line = |event: &Value| {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            let (name, status, reason) =
                (text("LogicalResourceId"), text("ResourceStatus"), text("ResourceStatusReason"));
            format!("{name} {status} {reason}").trim_end().to_owned()
        };
        events.iter().rev().map(line).collect()
    }

    /// Whether an event begins so.
    pub(crate) fn told(&self, start: &str) -> bool {
        self.events().iter().any(|event| event.starts_with(start))
    }

    pub(crate) fn fault(&mut self, fault: &str) {
        let fault: Fault = fault.parse().unwrap();
        self.world.faults.push(ActiveFault::new(fault, self.world.now()));
    }

    pub(crate) fn physical_id(&self, name: &str) -> Option<String> {
        let request = json!({"StackName": "demo", "LogicalResourceId": name});
        let found = cfn::describe_stack_resource(&self.world, &input(request)).ok()?;
        found.stack_resource_detail?.physical_resource_id
    }

    pub(crate) fn service(&self) -> ecs::Service {
        let request = input(json!({"cluster": "demo", "services": ["api"]}));
        ecs::describe_services(&self.world, &request).unwrap().services.remove(0)
    }

    /// `CreateChangeSet` on `demo`, described.
    pub(crate) fn change_set(&mut self, name: &str, members: Value) -> Result<Value, ApiError> {
        let mut request = json!({"StackName": "demo", "ChangeSetName": name});
        if members.get("TemplateBody").is_none() {
            request["UsePreviousTemplate"] = json!(true);
        }
        cfn::create_change_set(&mut self.world, &self.caller, input(merged(request, members)))?;
        Ok(self.described(name))
    }

    pub(crate) fn described(&self, name: &str) -> Value {
        let request: api::DescribeChangeSetInput =
            input(json!({"StackName": "demo", "ChangeSetName": name, "IncludePropertyValues": true}));
        serde_json::to_value(cfn::describe_change_set(&self.world, &request).unwrap()).unwrap()
    }

    pub(crate) fn execute(&mut self, name: &str) {
        let request = json!({"StackName": "demo", "ChangeSetName": name});
        cfn::execute_change_set(&mut self.world, input(request)).unwrap();
    }
}

pub(crate) fn merged(mut one: Value, other: Value) -> Value {
    one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    one
}

pub(crate) fn parameters(values: &[(&str, &str)]) -> Value {
    values.iter().map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value})).collect()
}
