//! The roles that CloudFormation acts as, one in each environment: the resource types of the template, by name where the
//! service has names, by tag where it has not. They have the same policies, which say by the tags of the role which
//! environment is meant.
//!
//! An action and a resource of different services never meet, so one statement holds all actions on what has a name. The
//! actions are the `permissions` of the resource types' handlers (registry schemas).

use cfn::iam::{ManagedPolicy, PolicyDocument, Principal, Role, Statement};
use cfn::kind::{HostedZoneId, ManagedPolicyArn, PolicyResource, Text};
use env_config::{Config, Environment, EnvironmentNames, SharedNames};

use super::tags::{DEPLOYS_TO, GENERATED, RECORD, SECRETS, ZONE, escaped, tag, variable};
use super::{global, local};
use crate::shared::{Shared, Value};

/// The tag that every resource of an environment has.
const TAG: &str = "aws:ResourceTag/Environment";

/// Actions that know no resources, or no tags of them (service authorization reference). What they can do to another
/// environment is listed in docs/permissions.md.
const ANYWHERE: &[&str] = &[
    "ec2:Describe*",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "elasticache:Describe*",
    "elasticloadbalancing:Describe*",
    // The guide of the firewall names load balancers for it, the reference no resource. With the firewall's own
    // `wafv2:AssociateWebACL`, which is on this environment's, it reaches no other.
    "elasticloadbalancing:SetWebACL",
    "logs:*LogDelivery",
    "logs:Describe*",
    "logs:PutResourcePolicy",
    "rds:Describe*",
    "route53:Get*",
    "route53:List*",
    "secretsmanager:GetRandomPassword",
    "servicediscovery:Get*",
    "servicediscovery:List*",
];

/// Actions on what may have no tags yet: they make something, or finish what was made a moment before. Every other resource
/// that they name, such as the network that a subnet is made in, has its tags, and those have to be this environment's.
const NEW: &[&str] = &[
    "ec2:AllocateAddress",
    "ec2:AuthorizeSecurityGroup*",
    "ec2:CreateInternetGateway",
    "ec2:CreateNatGateway",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateVpc",
    "ec2:CreateVpcEndpoint",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcAttribute",
    "ec2:RevokeSecurityGroup*",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:ModifyTargetGroup*",
    "servicediscovery:Create*",
    "servicediscovery:TagResource",
];

/// What the template makes in EC2 that has tags. Nothing else is tagged, and so taken over: the interfaces of another
/// environment's load balancers and databases have no tags.
const TAGGED_TYPES: &[&str] = &[
    "elastic-ip",
    "internet-gateway",
    "natgateway",
    "route-table",
    "security-group",
    "subnet",
    "vpc",
    "vpc-endpoint",
];

/// The tag that a request sets.
const REQUESTED: &str = "aws:RequestTag/Environment";

/// Actions on what has an id that nobody knows beforehand: only with this environment's tag.
const TAGGED: &[&str] = &[
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:CreateRoute",
    "ec2:DeleteInternetGateway",
    "ec2:DeleteNatGateway",
    "ec2:DeleteRoute*",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteTags",
    "ec2:DeleteVpc*",
    "ec2:DetachInternetGateway",
    "ec2:DisassociateAddress",
    "ec2:DisassociateRouteTable",
    "ec2:ModifyVpcEndpoint",
    "ec2:ModifyVpcTenancy",
    "ec2:ReleaseAddress",
    "ec2:ReplaceRoute*",
    "ec2:UpdateSecurityGroupRuleDescriptions*",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:RemoveTags",
    "servicediscovery:Delete*",
    "servicediscovery:Update*",
];

/// Actions on what has the environment's name.
const NAMED: &[&str] = &[
    "cloudwatch:*Alarms",
    "cloudwatch:*TagsForResource",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "cloudwatch:UntagResource",
    "ecs:*Cluster",
    "ecs:*ServiceDeployment*",
    "ecs:*TagsForResource",
    "ecs:CreateService",
    "ecs:DeleteService",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:RegisterTaskDefinition",
    "ecs:TagResource",
    "ecs:UntagResource",
    "ecs:UpdateClusterSettings",
    "ecs:UpdateService",
    "elasticache:*Cache*Group",
    "elasticache:*Tags*Resource",
    "elasticache:*creaseReplicaCount",
    "elasticache:*ReplicationGroup*",
    "elasticache:*User*",
    "elasticache:CreateSnapshot",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:*Listener",
    "elasticloadbalancing:*LoadBalancer*",
    "elasticloadbalancing:*Rule*",
    "elasticloadbalancing:*WebACLAssociation",
    "elasticloadbalancing:RemoveTags",
    "elasticloadbalancing:SetIpAddressType",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetSubnets",
    // Not `iam:DeleteRole*`: nobody but an administrator takes a boundary off.
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:GetRole*",
    "iam:List*Role*",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:Update*Role*",
    "logs:*LogGroup",
    "logs:*RetentionPolicy",
    "logs:*TagsForResource",
    "logs:GetDataProtectionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
    "rds:*DBInstance",
    "rds:*DBParameterGroup",
    "rds:*DBSubnetGroup",
    "rds:*Tags*Resource",
    "rds:CreateDBSnapshot",
    "s3:*Bucket",
    "s3:*BucketPolicy",
    "s3:*Configuration",
    "s3:*Bucket*Control*",
    "s3:*BucketPublicAccessBlock",
    "s3:*BucketTagging",
    "s3:*BucketVersioning",
    "s3:*Resource",
    "s3:GetBucket*",
    "secretsmanager:*Secret",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "sns:*Attributes",
    "sns:*Topic",
    "sns:GetDataProtectionPolicy",
    "sns:List*",
    "sns:Subscribe",
    "sns:TagResource",
    "sns:Unsubscribe",
    "sns:UntagResource",
    "wafv2:*LoggingConfiguration",
    "wafv2:*TagsForResource",
    "wafv2:*WebACL*",
    "wafv2:TagResource",
    "wafv2:UntagResource",
];

pub(super) fn role(
    config: &Config,
    environment: &Environment,
    zone: &Value<HostedZoneId>,
    policies: &[Value<ManagedPolicyArn>],
) -> Role<Shared> {
    Role {
        // No condition: CloudFormation documents none for the roles of stacks (user guide, using-iam-servicerole), and a key
        // that it does not send would be one that nothing satisfies. Who may pass the role is `iam:PassRole`.
        assume_role_policy_document: PolicyDocument::new([
            Statement::allow(["sts:AssumeRole"]).by(Principal::Service("cloudformation.amazonaws.com"))
        ]),
        description: Some(format!("CloudFormation in {} of {}", environment.name, config.platform.name)),
        managed_policy_arns: policies.to_vec(),
        max_session_duration: None,
        permissions_boundary: None,
        policies: Vec::new(),
        role_name: SharedNames::new(&config.platform).cloudformation_role(&environment.name),
        tags: vec![
            tag(DEPLOYS_TO, environment.name.as_str()),
            tag(GENERATED, environment.stack_name.as_str().to_lowercase()),
            tag(SECRETS, environment.secrets_prefix.as_str()),
            tag(RECORD, environment.domain.as_str()),
            tag(ZONE, zone.clone().text()),
        ],
    }
}

/// The policies of these roles. `zones` are the public zones, which none of the roles may delete.
pub(super) fn policies(
    config: &Config,
    zones: impl IntoIterator<Item = Value<HostedZoneId>>,
) -> [ManagedPolicy<Shared>; 3] {
    let environment = escaped(DEPLOYS_TO);
    let names = EnvironmentNames::of_all(&config.platform, &environment);
    let policy = |part: &str, what: &str, statements: Vec<Statement<Shared>>| ManagedPolicy {
        description: format!("CloudFormation in environments of {}: {what}", config.platform.name),
        managed_policy_name: SharedNames::new(&config.platform).cloudformation_policy(part),
        policy_document: PolicyDocument::new(statements),
    };
    [
        policy("named", "what has a name", by_name(config, names)),
        policy("tagged", "what has tags, and what has neither", by_tag()),
        policy("zones", "DNS", dns(zones)),
    ]
}

/// What has the name of the environment.
fn by_name(config: &Config, names: EnvironmentNames<'_>) -> Vec<Statement<Shared>> {
    let prefix = &names.prefix();
    let boundary =
        Value::sub(format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{prefix}-boundary"));
    vec![
        Statement::allow(NAMED.iter().copied()).on(named(config, names)),
        // Whoever decides about the template decides what the policies say; the boundary holds whatever they say.
        Statement::allow(["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"])
            .on(container_roles(prefix))
            .when("StringEquals", "iam:PermissionsBoundary", [boundary]),
        // Off it does not come, whatever is added to what is allowed.
        Statement::deny(["iam:DeleteRolePermissionsBoundary"]).on_all(),
        // The values that CloudFormation hands on: the passwords of the database and of the cache.
        Statement::allow(["secretsmanager:GetSecretValue"]).on(handed_on(config)),
        Statement::allow(["iam:PassRole"]).on(container_roles(prefix)).when(
            "StringEquals",
            "iam:PassedToService",
            ["ecs-tasks.amazonaws.com".into()],
        ),
    ]
}

/// What has the environment's tag, and what has neither name nor tag.
fn by_tag() -> Vec<Statement<Shared>> {
    let own = || [variable(DEPLOYS_TO)];
    vec![
        Statement::allow(ANYWHERE.iter().copied()).on_all(),
        // Nothing new is labelled as another environment's either.
        Statement::allow(NEW.iter().copied()).on_all().when("StringEqualsIfExists", TAG, own()).when(
            "StringEqualsIfExists",
            REQUESTED,
            own(),
        ),
        Statement::allow(["ec2:CreateTags"])
            .on(TAGGED_TYPES.iter().map(|kind| local("ec2", &format!("{kind}/*"))))
            .when("StringEqualsIfExists", TAG, own())
            .when("StringEqualsIfExists", REQUESTED, own()),
        // It knows no resource and no tag of one: at least the tag stays that the others go by.
        Statement::allow(["servicediscovery:UntagResource"]).on_all().when(
            "ForAllValues:StringNotEquals",
            "aws:TagKeys",
            ["Environment".into()],
        ),
        Statement::allow(TAGGED.iter().copied()).on_all().when("StringEquals", TAG, own()),
        // These services make their linked role in an account when they are used there for the first time.
        Statement::allow(["iam:CreateServiceLinkedRole"])
            .on([global("iam", "role/aws-service-role/*")])
            .when(
                "StringEquals",
                "iam:AWSServiceName",
                ["ecs", "elasticache", "elasticloadbalancing", "rds", "wafv2"]
                    .map(|service| format!("{service}.amazonaws.com").into()),
            ),
    ]
}

/// Of a public zone only the environment's own record, and by no means the zone. Cloud Map makes and removes the
/// private zone of the namespace as its caller, under an id that nobody knows beforehand.
fn dns(zones: impl IntoIterator<Item = Value<HostedZoneId>>) -> Vec<Statement<Shared>> {
    let zone =
        |id: Value<Text>| Value::concat([Value::sub("arn:${AWS::Partition}:route53:::hostedzone/"), id]);
    vec![
        Statement::allow(["route53:ChangeResourceRecordSets"])
            .on([Value::sub(format!("arn:${{AWS::Partition}}:route53:::hostedzone/{}", escaped(ZONE)))])
            .when(
                "ForAllValues:StringEquals",
                "route53:ChangeResourceRecordSetsNormalizedRecordNames",
                [variable(RECORD)],
            ),
        // Only zones of VPCs. Which VPC it is cannot be said here: it is made together with the zone.
        Statement::allow(["route53:AssociateVPCWithHostedZone", "route53:CreateHostedZone"]).on_all().when(
            "Null",
            "route53:VPCs",
            ["false".into()],
        ),
        Statement::allow(["route53:DeleteHostedZone"])
            .on([Value::sub("arn:${AWS::Partition}:route53:::hostedzone/*")]),
        Statement::deny(["route53:DeleteHostedZone"]).on(zones.into_iter().map(|id| zone(id.text()))),
    ]
}

fn handed_on(config: &Config) -> Vec<Value<PolicyResource>> {
    let platform = &config.platform;
    let passwords = std::iter::once(&platform.database.password).chain(platform.cache.passwords());
    // Two keys of one secret are one resource.
    let secrets: std::collections::BTreeSet<_> = passwords.map(|password| &password.secret).collect();
    let prefix = escaped(SECRETS);
    secrets.iter().map(|name| local("secretsmanager", &format!("secret:{prefix}/{name}-*"))).collect()
}

fn container_roles(prefix: &str) -> [Value<PolicyResource>; 2] {
    ["task", "execution"].map(|kind| global("iam", &format!("role/{prefix}-*-{kind}")))
}

fn named(config: &Config, names: EnvironmentNames<'_>) -> Vec<Value<PolicyResource>> {
    let prefix = &names.prefix();
    // Where the template gives no name, CloudFormation starts its own with the stack's, for these services in lower case.
    let generated = escaped(GENERATED);
    let balancer = |kind: &str| local("elasticloadbalancing", &format!("{kind}/app/{prefix}/*"));
    let bucket = names.access_log_bucket(&config.platform.account_id);
    let firewall_log = names.waf_log_group();
    let mut resources = vec![
        local("cloudwatch", &format!("alarm:{prefix}-*")),
        local("ecs", &format!("cluster/{prefix}")),
        local("ecs", &format!("service/{prefix}/*")),
        local("ecs", &format!("service-deployment/{prefix}/*")),
        local("ecs", &format!("task-definition/{prefix}-*")),
        // No wildcard stands for a type of resources (IAM user guide, reference-arns). Not `{prefix}*`: the name of another
        // environment may start with this one's.
        local("elasticache", &format!("cluster:{prefix}-*")),
        local("elasticache", &format!("parametergroup:{generated}-*")),
        local("elasticache", &format!("replicationgroup:{prefix}")),
        local("elasticache", &format!("snapshot:{generated}-*")),
        local("elasticache", &format!("subnetgroup:{prefix}")),
        local("elasticache", &format!("user:{prefix}-*")),
        local("elasticache", &format!("usergroup:{prefix}")),
        balancer("loadbalancer"),
        balancer("listener"),
        balancer("listener-rule"),
        local("logs", &format!("log-group:/{}/{}/*", config.platform.name, escaped(DEPLOYS_TO))),
        local("logs", &format!("log-group:/aws/rds/instance/{prefix}/*")),
        local("logs", &format!("log-group:{firewall_log}")),
        local("logs", &format!("log-group:{firewall_log}:*")),
        local("rds", &format!("db:{prefix}")),
        local("rds", &format!("pg:{generated}-*")),
        local("rds", &format!("snapshot:{generated}-*")),
        local("rds", &format!("subgrp:{prefix}")),
        // Where a database has no option group of its own, it is in the default one of its engine, which has to be allowed
        // too (RDS user guide, security_iam_id-based-policy-examples).
        local("rds", "og:default*"),
        Value::sub(format!("arn:${{AWS::Partition}}:s3:::{bucket}")),
        local("secretsmanager", &format!("secret:{}/*", escaped(SECRETS))),
        local("sns", &names.alarm_topic()),
        // A subscription of the topic.
        local("sns", &format!("{}:*", names.alarm_topic())),
        local("wafv2", &format!("regional/webacl/{prefix}/*")),
        local("wafv2", "regional/managedruleset/*"),
    ];
    resources.extend(container_roles(prefix));
    resources
}
