//! What whoever decides about staging's template cannot do with it: make a role that may do more than containers need, or
//! change what production has. Tried as CloudFormation's role of staging, in the stack that it works for.

use std::collections::BTreeMap;
use std::time::Duration;

use env_config::Config;
use rollout_sim::World;
use rollout_sim::cfn::api::{
    CreateStackInput, DescribeStackEventsInput, DescribeStacksInput, StackStatus, Tag, UpdateStackInput,
};
use rollout_sim::{cfn, iam};
use serde_json::{Value, json};

use crate::templates::{config, documents};

pub(super) const STAGING: &str = "DocPlatform-staging";
pub(super) const ROLE: &str = "doc-platform-staging-cloudformation";

/// An account with the shared stack, and a network each in production and, through its role, in staging.
pub(super) struct Account {
    pub(super) world: World,
    config: Config,
}

fn tags(environment: &str) -> Vec<Tag> {
    vec![Tag { key: "Environment".to_owned(), value: environment.to_owned() }]
}

/// A network with `more`, as every environment has one.
fn network(more: &Value) -> Value {
    let mut resources = json!({
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Subnet": {"Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}},
        "Group": {"Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "tasks", "VpcId": {"Ref": "Vpc"}}},
        "Rule": {"Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {"GroupId": {"Ref": "Group"}, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80,
                "CidrIp": "10.0.0.0/16"}},
    });
    resources.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let ids = ["Vpc", "Gateway", "Routes", "Subnet", "Group"];
    let outputs: BTreeMap<_, _> = ids.iter().map(|id| (*id, json!({"Value": {"Ref": id}}))).collect();
    json!({"Resources": resources, "Outputs": outputs})
}

impl Account {
    pub(super) fn new() -> Self {
        let config = config();
        let (account, region) = (config.platform.account_id.as_str(), config.platform.region.as_str());
        let mut account = Self { world: World::new(account, region, 7), config };
        let shared = documents(&account.config).remove(0);
        account.create("shared", &shared.compact(), Vec::new(), None);
        account.create("production", &network(&json!({})).to_string(), tags("production"), None);
        let role = account.arn(&format!("role/{ROLE}"));
        account.create(STAGING, &network(&json!({})).to_string(), tags("staging"), Some(role));
        account
    }

    pub(super) fn arn(&self, resource: &str) -> String {
        format!("arn:aws:iam::{}:{resource}", self.config.platform.account_id)
    }

    fn create(&mut self, stack: &str, template: &str, tags: Vec<Tag>, role_arn: Option<String>) {
        let input = CreateStackInput {
            stack_name: stack.to_owned(),
            template_body: Some(template.to_owned()),
            capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
            tags,
            role_arn,
            ..CreateStackInput::default()
        };
        cfn::create_stack(&mut self.world, input).unwrap();
        self.world.advance_by(Duration::from_secs(24 * 3600));
        assert_eq!(self.status(stack), StackStatus::CreateComplete, "{:?}", self.reasons(stack));
    }

    fn status(&self, stack: &str) -> StackStatus {
        let input = DescribeStacksInput { stack_name: Some(stack.to_owned()), ..Default::default() };
        cfn::describe_stacks(&self.world, &input).unwrap().stacks[0].stack_status
    }

    pub(super) fn output(&self, stack: &str, key: &str) -> String {
        let input = DescribeStacksInput { stack_name: Some(stack.to_owned()), ..Default::default() };
        let stack = cfn::describe_stacks(&self.world, &input).unwrap().stacks.remove(0);
        let output = stack.outputs.into_iter().find(|output| output.output_key.as_deref() == Some(key));
        output.and_then(|output| output.output_value).unwrap()
    }

    fn reasons(&self, stack: &str) -> Vec<String> {
        let input = DescribeStackEventsInput { stack_name: stack.to_owned(), next_token: None };
        let events = cfn::describe_stack_events(&self.world, &input).unwrap().stack_events;
        events.into_iter().filter_map(|event| event.resource_status_reason).collect()
    }

    /// Updates staging's stack with `more` in its template.
    pub(super) fn update(&mut self, more: &Value) -> StackStatus {
        let input = UpdateStackInput {
            stack_name: STAGING.to_owned(),
            template_body: Some(network(more).to_string()),
            capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
            tags: tags("staging"),
            ..UpdateStackInput::default()
        };
        cfn::update_stack(&mut self.world, input).unwrap();
        self.world.advance_by(Duration::from_secs(24 * 3600));
        self.status(STAGING)
    }

    /// The update is rolled back, because staging's role may not do `action`.
    pub(super) fn refuses(&mut self, more: &Value, action: &str) {
        assert_eq!(
            self.update(more),
            StackStatus::UpdateRollbackComplete,
            "{more}: {:#?}",
            self.reasons(STAGING)
        );
        let denied = format!("is not authorized to perform: {action} ");
        let reasons = self.reasons(STAGING);
        assert!(reasons.iter().any(|reason| reason.contains(&denied)), "{more}: {reasons:?}");
    }
}

/// A role that everybody may take, with every right that there is.
fn almighty(boundary: Option<String>) -> Value {
    let mut properties = json!({
        "RoleName": "doc-platform-staging-evil-task",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}},
        "Policies": [{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*"}}}],
    });
    if let Some(boundary) = boundary {
        properties["PermissionsBoundary"] = boundary.into();
    }
    json!({"Evil": {"Type": "AWS::IAM::Role", "Properties": properties}})
}

#[test]
fn a_role_of_the_template_stays_within_the_boundary() {
    let mut account = Account::new();
    let boundary = account.arn("policy/doc-platform-staging-boundary");
    let other = account.arn("policy/doc-platform-production-boundary");
    account.refuses(&almighty(None), "iam:CreateRole");
    account
        .refuses(&almighty(Some("arn:aws:iam::aws:policy/AdministratorAccess".to_owned())), "iam:CreateRole");
    account.refuses(&almighty(Some(other)), "iam:CreateRole");

    // With the boundary it is made, and powerless.
    assert_eq!(account.update(&almighty(Some(boundary))), StackStatus::UpdateComplete);
    let evil = iam::Principal::role("doc-platform-staging-evil-task");
    let may = |action: &str, resource: &str| {
        iam::authorize(&account.world, &evil, action, resource, &BTreeMap::new()).is_ok()
    };
    let secret =
        |environment: &str| account.world.arn("secretsmanager", &format!("secret:{environment}-a1b2c3"));
    for action in ["iam:CreateUser", "sts:AssumeRole", "ec2:DeleteVpc", "cloudformation:DeleteStack"] {
        assert!(!may(action, "*"), "{action}");
    }
    let prefixes: BTreeMap<&str, String> = account
        .config
        .environments
        .values()
        .map(|it| (it.name.as_str(), it.secrets_prefix.to_string()))
        .collect();
    assert!(!may("secretsmanager:GetSecretValue", &secret(&format!("{}/database", prefixes["production"]))));
    assert!(may("secretsmanager:GetSecretValue", &secret(&format!("{}/database", prefixes["staging"]))));

    // Nor does it come off again.
    account.refuses(&almighty(None), "iam:DeleteRolePermissionsBoundary");
}

#[test]
fn the_boundary_itself_is_out_of_reach() {
    let mut account = Account::new();
    let policy = json!({"Boundary": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {
        "ManagedPolicyName": "doc-platform-staging-mine", "PolicyDocument": {"Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}}});
    account.refuses(&policy, "iam:CreatePolicy");
    let boundary = account.arn("policy/doc-platform-staging-boundary");
    for action in ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"] {
        let role = iam::Principal::role(ROLE);
        let answer = iam::authorize(&account.world, &role, action, &boundary, &BTreeMap::new());
        assert!(answer.is_err(), "{action}");
    }
}

#[test]
fn a_template_changes_nothing_of_production() {
    let mut account = Account::new();
    let other = |id: &str| account.output("production", id);
    let (vpc, group, routes) = (other("Vpc"), other("Group"), other("Routes"));
    let (subnet, gateway) = (other("Subnet"), other("Gateway"));
    let rule = json!({"GroupId": group, "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
        "CidrIp": "0.0.0.0/0"});
    let attempts = [
        ("AWS::EC2::SecurityGroupIngress", rule.clone(), "ec2:AuthorizeSecurityGroupIngress"),
        ("AWS::EC2::SecurityGroupEgress", rule, "ec2:AuthorizeSecurityGroupEgress"),
        (
            "AWS::EC2::Route",
            json!({"RouteTableId": routes, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}),
            "ec2:CreateRoute",
        ),
        (
            "AWS::EC2::SubnetRouteTableAssociation",
            json!({"RouteTableId": {"Ref": "Routes"}, "SubnetId": subnet}),
            "ec2:AssociateRouteTable",
        ),
        (
            "AWS::EC2::VPCGatewayAttachment",
            json!({"InternetGatewayId": {"Ref": "Gateway"}, "VpcId": vpc}),
            "ec2:AttachInternetGateway",
        ),
        ("AWS::EC2::Subnet", json!({"VpcId": vpc, "CidrBlock": "10.0.9.0/24"}), "ec2:CreateSubnet"),
        (
            "AWS::EC2::SecurityGroup",
            json!({"GroupDescription": "mine", "VpcId": vpc}),
            "ec2:CreateSecurityGroup",
        ),
        (
            "AWS::EC2::VPCEndpoint",
            json!({"VpcId": vpc, "ServiceName": "com.amazonaws.us-west-2.s3"}),
            "ec2:CreateVpcEndpoint",
        ),
    ];
    for (kind, properties, action) in attempts {
        account.refuses(&json!({"Trespass": {"Type": kind, "Properties": properties}}), action);
    }
}

/// Not even where somebody allows more: what denies it stands by itself.
#[test]
fn a_boundary_stays_on_whatever_is_allowed_besides() {
    let mut account = Account::new();
    for environment in ["staging", "production"] {
        let name = format!("doc-platform-{environment}-cloudformation");
        let policy = json!({"Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}});
        let more = json!({"RoleName": name, "PolicyName": "more", "PolicyDocument": policy.to_string()});
        iam::put_role_policy(&mut account.world, serde_json::from_value(more).unwrap()).unwrap();
        let task = account.arn(&format!("role/doc-platform-{environment}-api-task"));
        let answer = |action: &str| {
            iam::authorize(&account.world, &iam::Principal::role(&name), action, &task, &BTreeMap::new())
        };
        assert!(answer("iam:AttachRolePolicy").is_ok());
        let denied = answer("iam:DeleteRolePermissionsBoundary").unwrap_err().to_string();
        assert!(denied.contains("with an explicit deny in an identity-based policy"), "{denied}");
    }
}

/// A dynamic reference is read by CloudFormation, as the role.
#[test]
fn a_template_reads_no_secret_of_production() {
    let mut account = Account::new();
    let prefix = account.config.environment("production").unwrap().secrets_prefix.to_string();
    let secret = account.world.arn("secretsmanager", &format!("secret:{prefix}/session-a1b2c3"));
    for id in [format!("{prefix}/session"), secret] {
        let name = format!("{{{{resolve:secretsmanager:{id}:SecretString:key}}}}");
        let topic = json!({"TopicName": "doc-platform-staging-alarms", "DisplayName": name});
        let leak = json!({"Leak": {"Type": "AWS::SNS::Topic", "Properties": topic}});
        account.refuses(&leak, "secretsmanager:GetSecretValue");
    }
}

/// No resource type of a template tags what it did not make, or deletes it; the role may not do it by other ways either.
#[test]
fn what_has_the_tag_of_production_is_not_tagged_again_or_removed() {
    let account = Account::new();
    let role = iam::Principal::role(ROLE);
    let may = |action: &str, environment: Option<&str>| {
        let tag = environment.map(|name| ("aws:ResourceTag/Environment".to_owned(), name.to_owned()));
        let context: BTreeMap<String, String> = tag.into_iter().collect();
        let resource = if action.starts_with("ec2:") {
            account.world.arn("ec2", "vpc/vpc-1")
        } else {
            account.world.arn("any", "thing/1")
        };
        iam::authorize(&account.world, &role, action, &resource, &context).is_ok()
    };
    for action in [
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:DeleteVpc",
        "ec2:DisassociateRouteTable",
        "ec2:ModifyVpcAttribute",
        "ec2:ReplaceRoute",
        "ec2:RevokeSecurityGroupIngress",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:RemoveTags",
        "servicediscovery:DeleteService",
    ] {
        assert!(may(action, Some("staging")), "{action}");
        for other in ["production", "shared"] {
            assert!(!may(action, Some(other)), "{action} in {other}");
        }
    }
    for action in ["ec2:DeleteVpc", "ec2:DeleteTags", "elasticloadbalancing:DeleteTargetGroup"] {
        assert!(!may(action, None), "{action} on what has no tag");
    }
}

/// The deploy role decides about the template, and may do none of this itself. What it could call by name is tried over
/// HTTP (`iam check`); here is what no call of the tool does.
#[test]
fn the_deploy_role_itself_changes_no_network_no_images_and_no_rights() {
    let account = Account::new();
    let role = iam::Principal::role("doc-platform-staging-deploy");
    for environment in ["staging", "production"] {
        let tag = ("aws:ResourceTag/Environment".to_owned(), environment.to_owned());
        let context = BTreeMap::from([tag]);
        for (action, resource) in [
            ("ec2:CreateTags", account.world.arn("ec2", "vpc/vpc-1")),
            ("ec2:AuthorizeSecurityGroupIngress", account.world.arn("ec2", "security-group/sg-1")),
            ("ec2:CreateRoute", account.world.arn("ec2", "route-table/rtb-1")),
            ("tag:TagResources", "*".to_owned()),
            ("ecr:BatchDeleteImage", account.world.arn("ecr", "repository/doc-platform/api")),
            ("ecr:PutImage", account.world.arn("ecr", "repository/doc-platform/api")),
            ("iam:CreateRole", account.arn(&format!("role/doc-platform-{environment}-api-task"))),
            ("iam:PutRolePolicy", account.arn(&format!("role/doc-platform-{environment}-api-task"))),
            ("iam:PutRolePolicy", account.arn("role/doc-platform-staging-deploy")),
            ("iam:UpdateAssumeRolePolicy", account.arn(&format!("role/doc-platform-{environment}-deploy"))),
            ("iam:CreatePolicyVersion", account.arn(&format!("policy/doc-platform-{environment}-boundary"))),
            ("sts:AssumeRole", account.arn(&format!("role/doc-platform-{environment}-cloudformation"))),
        ] {
            let answer = iam::authorize(&account.world, &role, action, &resource, &context);
            assert!(answer.is_err(), "{action} on {resource}");
        }
    }
}

/// What has no tags, or whose tags no request shows, is not labelled, stripped or imported.
#[test]
fn what_has_no_tags_is_not_taken_over() {
    let account = Account::new();
    let may = |role: &str, action: &str, resource: &str, keys: &[(&str, &str)]| {
        let role = iam::Principal::role(role);
        let context = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        iam::authorize(&account.world, &role, action, resource, &context).is_ok()
    };
    let ec2 = |resource: &str| account.world.arn("ec2", resource);
    assert!(may(ROLE, "ec2:CreateTags", &ec2("subnet/subnet-1"), &[]), "what was made a moment before");
    for untagged in [
        "network-interface/eni-1",
        "network-acl/acl-1",
        "instance/i-1",
        "volume/vol-1",
        "dhcp-options/dopt-1",
    ] {
        assert!(!may(ROLE, "ec2:CreateTags", &ec2(untagged), &[]), "{untagged}");
    }
    for (action, resource) in [("ec2:CreateTags", "subnet/subnet-1"), ("ec2:CreateSubnet", "subnet/*")] {
        for (environment, expected) in [("staging", true), ("production", false)] {
            let request = [("aws:RequestTag/Environment", environment)];
            assert_eq!(may(ROLE, action, &ec2(resource), &request), expected, "{action} as {environment}");
        }
    }
    for (key, expected) in [("Owner", true), ("Environment", false)] {
        let keys = [("aws:TagKeys", key)];
        assert_eq!(may(ROLE, "servicediscovery:UntagResource", "*", &keys), expected, "{key}");
    }
    let stack = account.world.arn("cloudformation", "stack/DocPlatform-staging/1");
    let role_arn = format!("arn:aws:iam::{}:role/{ROLE}", account.world.account);
    let plain = [("cloudformation:RoleArn", role_arn.as_str())];
    let import = [plain[0], ("cloudformation:ImportResourceTypes", "AWS::RDS::DBInstance")];
    let deploy = "doc-platform-staging-deploy";
    assert!(may(deploy, "cloudformation:CreateChangeSet", &stack, &plain));
    assert!(!may(deploy, "cloudformation:CreateChangeSet", &stack, &import));
}
