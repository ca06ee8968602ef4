//! The role that CloudFormation acts as in one environment: the resource types of the template, by name where the
//! service has names, by tag where it has not.

use cfn::iam::{Policy, PolicyDocument, Principal, Role, Statement};
use cfn::kind::{HostedZoneId, PolicyResource};
use env_config::{Config, Environment, SharedNames};

use super::{global, local};
use crate::shared::{Shared, Value};

type Statements = Vec<Statement<Shared>>;

pub(super) fn role(config: &Config, environment: &Environment, zone: &Value<HostedZoneId>) -> Role<Shared> {
    let names = Names {
        prefix: config.names(environment).prefix(),
        generated: environment.stack_name.as_str().to_lowercase(),
        config,
        environment,
    };
    let policies = [
        ("network", names.network()),
        ("load-balancing", names.load_balancing()),
        ("containers", names.containers()),
        ("data", names.data()),
        ("observation", names.observation()),
        ("names", names.dns(zone)),
    ];
    Role {
        assume_role_policy_document: PolicyDocument::new([Statement::allow(["sts:AssumeRole"])
            .by(Principal::Service("cloudformation.amazonaws.com"))
            .when("StringEquals", "aws:SourceAccount", [Value::account_id()])]),
        description: format!("CloudFormation in {} of {}", environment.name, config.platform.name),
        max_session_duration: None,
        policies: policies
            .into_iter()
            .map(|(name, statements)| Policy {
                policy_document: PolicyDocument::new(statements),
                policy_name: name.to_owned(),
            })
            .collect(),
        role_name: SharedNames::new(&config.platform).cloudformation_role(&environment.name),
    }
}

struct Names<'a> {
    /// Start of the names that the template gives.
    prefix: String,
    /// Start of the names that CloudFormation makes up where the template gives none, for services in lower case.
    generated: String,
    config: &'a Config,
    environment: &'a Environment,
}

impl Names<'_> {
    /// Only what carries the environment's tag.
    fn own(&self, statement: Statement<Shared>) -> Statement<Shared> {
        statement.when(
            "StringEquals",
            "aws:ResourceTag/Environment",
            [self.environment.name.to_string().into()],
        )
    }

    /// Parts of a network have ids, not names. What could destroy something is bound to the environment's tag.
    fn network(&self) -> Statements {
        let anywhere = || [local("ec2", "*")];
        vec![
            Statement::allow(["ec2:Describe*"]).on_all(),
            Statement::allow([
                "ec2:AllocateAddress",
                "ec2:AssociateRouteTable",
                "ec2:AttachInternetGateway",
                "ec2:AuthorizeSecurityGroup*",
                "ec2:Create*Gateway",
                "ec2:CreateRoute",
                "ec2:CreateRouteTable",
                "ec2:CreateSecurityGroup",
                "ec2:CreateSubnet",
                "ec2:CreateTags",
                "ec2:CreateVpc",
                "ec2:CreateVpcEndpoint",
                "ec2:DisassociateAddress",
                "ec2:DisassociateRouteTable",
                "ec2:ModifySubnetAttribute",
                "ec2:ModifyVpcAttribute",
                "ec2:ModifyVpcEndpoint",
                "ec2:ReplaceRoute",
                "ec2:RevokeSecurityGroup*",
                "ec2:UpdateSecurityGroupRuleDescriptions*",
            ])
            .on(anywhere()),
            self.own(
                Statement::allow([
                    "ec2:DeleteInternetGateway",
                    "ec2:DeleteNatGateway",
                    "ec2:DeleteRoute",
                    "ec2:DeleteRouteTable",
                    "ec2:DeleteSecurityGroup",
                    "ec2:DeleteSubnet",
                    "ec2:DeleteTags",
                    "ec2:DeleteVpc",
                    "ec2:DeleteVpcEndpoints",
                    "ec2:DetachInternetGateway",
                    "ec2:ReleaseAddress",
                ])
                .on(anywhere()),
            ),
        ]
    }

    /// Target groups have generated names; the rest is below the load balancer's name.
    fn load_balancing(&self) -> Statements {
        let prefix = &self.prefix;
        let below = |kind: &str| local("elasticloadbalancing", &format!("{kind}/app/{prefix}/*"));
        let balancer = || [below("loadbalancer"), below("listener"), below("listener-rule")];
        let target_groups = || [local("elasticloadbalancing", "targetgroup/*")];
        let bucket = |suffix: &str| {
            let name =
                self.config.names(self.environment).access_log_bucket(&self.config.platform.account_id);
            Value::<PolicyResource>::sub(format!("arn:${{AWS::Partition}}:s3:::{name}{suffix}"))
        };
        vec![
            Statement::allow(["elasticloadbalancing:Describe*"]).on_all(),
            Statement::allow([
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:Create*",
                "elasticloadbalancing:Delete*",
                "elasticloadbalancing:Modify*",
                "elasticloadbalancing:RemoveTags",
                "elasticloadbalancing:Set*",
            ])
            .on(balancer()),
            Statement::allow(["elasticloadbalancing:AddTags", "elasticloadbalancing:CreateTargetGroup"])
                .on(target_groups()),
            self.own(
                Statement::allow([
                    "elasticloadbalancing:DeleteTargetGroup",
                    "elasticloadbalancing:ModifyTargetGroup",
                    "elasticloadbalancing:ModifyTargetGroupAttributes",
                    "elasticloadbalancing:RemoveTags",
                ])
                .on(target_groups()),
            ),
            Statement::allow([
                "s3:CreateBucket",
                "s3:DeleteBucket",
                "s3:DeleteBucketPolicy",
                "s3:GetBucket*",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:ListTagsForResource",
                "s3:PutBucket*",
                "s3:PutEncryptionConfiguration",
                "s3:PutLifecycleConfiguration",
                "s3:TagResource",
                "s3:UntagResource",
            ])
            .on([bucket("")]),
            Statement::allow([
                "wafv2:*WebACL*",
                "wafv2:*LoggingConfiguration",
                "wafv2:*TagResource",
                "wafv2:ListTagsForResource",
            ])
            .on([
                local("wafv2", &format!("regional/webacl/{prefix}/*")),
                local("wafv2", "regional/managedruleset/*"),
                below("loadbalancer"),
            ]),
        ]
    }

    fn containers(&self) -> Statements {
        let prefix = &self.prefix;
        let roles = || ["task", "execution"].map(|kind| global("iam", &format!("role/{prefix}-*-{kind}")));
        vec![
            Statement::allow([
                "ecs:CreateCluster",
                "ecs:CreateService",
                "ecs:DeleteCluster",
                "ecs:DeleteService",
                "ecs:DescribeClusters",
                "ecs:DescribeServiceDeployments",
                "ecs:DescribeServices",
                "ecs:ListServiceDeployments",
                "ecs:ListTagsForResource",
                "ecs:RegisterTaskDefinition",
                "ecs:StopServiceDeployment",
                "ecs:TagResource",
                "ecs:UntagResource",
                "ecs:UpdateCluster",
                "ecs:UpdateClusterSettings",
                "ecs:UpdateService",
            ])
            .on([
                local("ecs", &format!("cluster/{prefix}")),
                local("ecs", &format!("service/{prefix}/*")),
                local("ecs", &format!("service-deployment/{prefix}/*")),
                local("ecs", &format!("task-definition/{prefix}-*")),
            ]),
            Statement::allow(["ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition"]).on_all(),
            Statement::allow([
                "iam:CreateRole",
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:List*Role*",
                "iam:PutRolePolicy",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ])
            .on(roles()),
            Statement::allow(["iam:PassRole"]).on(roles()).when(
                "StringEquals",
                "iam:PassedToService",
                ["ecs-tasks.amazonaws.com".into()],
            ),
            // Each of these services makes its linked role in an account when it is used there for the first time.
            Statement::allow(["iam:CreateServiceLinkedRole"])
                .on([global("iam", "role/aws-service-role/*")])
                .when(
                    "StringEquals",
                    "iam:AWSServiceName",
                    [
                        "ecs.amazonaws.com",
                        "elasticache.amazonaws.com",
                        "elasticloadbalancing.amazonaws.com",
                        "rds.amazonaws.com",
                        "wafv2.amazonaws.com",
                    ]
                    .map(Value::from),
                ),
        ]
    }

    fn data(&self) -> Statements {
        let (prefix, generated) = (&self.prefix, &self.generated);
        let secret = |name: &str| {
            local("secretsmanager", &format!("secret:{}/{name}", self.environment.secrets_prefix))
        };
        vec![
            Statement::allow(["rds:Describe*", "elasticache:Describe*"]).on_all(),
            Statement::allow([
                "rds:AddTagsToResource",
                "rds:CreateDB*",
                "rds:DeleteDBInstance",
                "rds:DeleteDBParameterGroup",
                "rds:DeleteDBSubnetGroup",
                "rds:ListTagsForResource",
                "rds:ModifyDB*",
                "rds:RebootDBInstance",
                "rds:RemoveTagsFromResource",
                "rds:ResetDBParameterGroup",
            ])
            .on([
                local("rds", &format!("db:{prefix}")),
                local("rds", &format!("subgrp:{prefix}")),
                local("rds", &format!("pg:{generated}-*")),
                local("rds", &format!("snapshot:{generated}-*")),
            ]),
            Statement::allow([
                "elasticache:AddTagsToResource",
                "elasticache:Create*",
                "elasticache:DeleteCacheParameterGroup",
                "elasticache:DeleteCacheSubnetGroup",
                "elasticache:DeleteReplicationGroup",
                "elasticache:*creaseReplicaCount",
                "elasticache:ListTagsForResource",
                "elasticache:Modify*",
                "elasticache:RemoveTagsFromResource",
            ])
            .on([
                local("elasticache", &format!("replicationgroup:{prefix}")),
                local("elasticache", &format!("cluster:{prefix}-*")),
                local("elasticache", &format!("subnetgroup:{prefix}")),
                local("elasticache", &format!("parametergroup:{generated}-*")),
                local("elasticache", &format!("snapshot:{generated}-*")),
            ]),
            Statement::allow([
                "secretsmanager:CreateSecret",
                "secretsmanager:DeleteSecret",
                "secretsmanager:DescribeSecret",
                "secretsmanager:TagResource",
                "secretsmanager:UntagResource",
                "secretsmanager:UpdateSecret",
            ])
            .on([secret("*")]),
            Statement::allow(["secretsmanager:GetRandomPassword"]).on_all(),
            // The one value that CloudFormation hands on: the password of the database.
            Statement::allow(["secretsmanager:GetSecretValue"])
                .on([secret(&format!("{}-*", self.config.platform.database.password.secret))]),
        ]
    }

    fn observation(&self) -> Statements {
        let (prefix, platform) = (&self.prefix, &self.config.platform.name);
        let group = |name: String| local("logs", &format!("log-group:{name}"));
        vec![
            Statement::allow([
                "logs:CreateLogGroup",
                "logs:DeleteLogGroup",
                "logs:DeleteRetentionPolicy",
                "logs:ListTagsForResource",
                "logs:PutRetentionPolicy",
                "logs:TagResource",
                "logs:UntagResource",
            ])
            .on([
                group(format!("/{platform}/{}/*", self.environment.name)),
                group(format!("/aws/rds/instance/{prefix}/*")),
                group(format!("aws-waf-logs-{prefix}*")),
            ]),
            Statement::allow([
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:PutResourcePolicy",
            ])
            .on_all(),
            Statement::allow([
                "cloudwatch:DeleteAlarms",
                "cloudwatch:DescribeAlarms",
                "cloudwatch:ListTagsForResource",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
                "cloudwatch:UntagResource",
            ])
            .on([local("cloudwatch", &format!("alarm:{prefix}-*"))]),
            Statement::allow([
                "sns:CreateTopic",
                "sns:DeleteTopic",
                "sns:Get*Attributes",
                "sns:GetDataProtectionPolicy",
                "sns:List*",
                "sns:SetSubscriptionAttributes",
                "sns:SetTopicAttributes",
                "sns:Subscribe",
                "sns:TagResource",
                "sns:Unsubscribe",
                "sns:UntagResource",
            ])
            .on([local("sns", &format!("{prefix}-*"))]),
        ]
    }

    /// Of the public zone only the environment's own record. Cloud Map makes and removes the private zone of the
    /// namespace as its caller, under an id that nobody knows beforehand.
    fn dns(&self, zone: &Value<HostedZoneId>) -> Statements {
        let arn = |parts: Vec<Value<cfn::kind::Text>>| -> Value<PolicyResource> { Value::concat(parts) };
        let public =
            || arn(vec![Value::sub("arn:${AWS::Partition}:route53:::hostedzone/"), zone.clone().text()]);
        let any =
            |kind: &str| Value::<PolicyResource>::sub(format!("arn:${{AWS::Partition}}:route53:::{kind}/*"));
        vec![
            Statement::allow(["route53:ChangeResourceRecordSets"]).on([public()]).when(
                "ForAllValues:StringEquals",
                "route53:ChangeResourceRecordSetsNormalizedRecordNames",
                [self.environment.domain.to_string().into()],
            ),
            Statement::allow([
                "route53:GetChange",
                "route53:GetHostedZone",
                "route53:ListResourceRecordSets",
            ])
            .on([any("hostedzone"), any("change")]),
            Statement::allow(["route53:AssociateVPCWithHostedZone", "route53:DeleteHostedZone"])
                .on([any("hostedzone")]),
            Statement::deny(["route53:DeleteHostedZone"]).on([public()]),
            Statement::allow(["route53:CreateHostedZone", "route53:ListHostedZonesByName"]).on_all(),
            Statement::allow([
                "servicediscovery:CreatePrivateDnsNamespace",
                "servicediscovery:CreateService",
                "servicediscovery:Get*",
                "servicediscovery:List*",
                "servicediscovery:TagResource",
                "servicediscovery:UntagResource",
            ])
            .on_all(),
            self.own(
                Statement::allow([
                    "servicediscovery:DeleteNamespace",
                    "servicediscovery:DeleteService",
                    "servicediscovery:UpdatePrivateDnsNamespace",
                    "servicediscovery:UpdateService",
                ])
                .on([local("servicediscovery", "*")]),
            ),
        ]
    }
}
