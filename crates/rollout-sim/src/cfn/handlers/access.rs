//! What the role that CloudFormation assumes must be allowed: the action that makes, changes or deletes a resource.
//!
//! Handlers also read and tag; the action that changes something stands for them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::convert::text;
use super::identity::lower_case;
use super::{Context, Failure, names};
use crate::{World, iam};

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Update,
    Delete,
}

/// Checks that the stack's role may do it; without a role the caller's own rights were checked.
///
/// # Errors
/// `AccessDenied` in AWS's words.
pub(super) fn check(
    world: &mut World,
    context: &Context,
    verb: Verb,
    kind: &str,
    properties: &Value,
    physical_id: Option<&str>,
) -> Result<(), Failure> {
    let Some(role) = &context.role else { return Ok(()) };
    let Some((service, create, update, delete)) = actions(kind) else { return Ok(()) };
    let action = match verb {
        Verb::Create => create,
        Verb::Update => update,
        Verb::Delete => delete,
    };
    let principal = iam::Principal::role(role);
    let resource = resource(world, context, kind, properties, physical_id);
    let tagged = context.tags.iter();
    let tags = tagged.map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.clone()));
    // What is only being made has no tags yet.
    let conditions = if verb == Verb::Create { BTreeMap::new() } else { tags.collect() };
    iam::access(world, &principal, &format!("{service}:{action}"), &resource, &conditions)
        .map_err(|error| Failure::api(&display(service), &error, context))
}

fn display(service: &str) -> String {
    let mut letters = service.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// ARN of the resource; where its id is not known yet, of any of its kind.
fn resource(
    world: &World,
    context: &Context,
    kind: &str,
    properties: &Value,
    physical_id: Option<&str>,
) -> String {
    if let Some(arn) = physical_id.filter(|id| id.starts_with("arn:")) {
        return arn.to_owned();
    }
    let made_up = format!("{}-{}-*", context.stack_name, context.logical_id);
    let made_up = if lower_case(kind) { made_up.to_ascii_lowercase() } else { made_up };
    let name = physical_id.or_else(|| names::chosen(kind, properties)).unwrap_or(&made_up);
    let global = |resource: String| format!("arn:aws:iam::{}:{resource}", world.account);
    match kind {
        "AWS::IAM::Role" => global(format!("role{}{name}", path(properties))),
        "AWS::IAM::Policy" => {
            let role = properties.pointer("/Roles/0").and_then(Value::as_str).unwrap_or("*");
            global(format!("role/{role}"))
        }
        "AWS::IAM::ManagedPolicy" => global(format!("policy{}{name}", path(properties))),
        "AWS::IAM::OIDCProvider" => {
            global(format!("oidc-provider/{}", text(properties, "Url").trim_start_matches("https://")))
        }
        "AWS::ECS::Cluster" => world.arn("ecs", &format!("cluster/{name}")),
        "AWS::ECS::Service" => {
            let cluster = text(properties, "Cluster").rsplit('/').next().unwrap_or_default();
            world.arn("ecs", &format!("service/{cluster}/{name}"))
        }
        "AWS::ECS::TaskDefinition" => {
            world.arn("ecs", &format!("task-definition/{}:*", text(properties, "Family")))
        }
        "AWS::Logs::LogGroup" => world.arn("logs", &format!("log-group:{name}")),
        "AWS::SecretsManager::Secret" => world.arn("secretsmanager", &format!("secret:{name}-*")),
        "AWS::CloudWatch::Alarm" => world.arn("cloudwatch", &format!("alarm:{name}")),
        "AWS::ECR::Repository" => world.arn("ecr", &format!("repository/{name}")),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            world.arn("elasticloadbalancing", &format!("loadbalancer/app/{name}/*"))
        }
        "AWS::ElasticLoadBalancingV2::TargetGroup" => {
            world.arn("elasticloadbalancing", &format!("targetgroup/{name}/*"))
        }
        "AWS::ElasticLoadBalancingV2::Listener" => text(properties, "LoadBalancerArn").to_owned(),
        "AWS::ElasticLoadBalancingV2::ListenerRule" => text(properties, "ListenerArn").to_owned(),
        "AWS::RDS::DBInstance" => world.arn("rds", &format!("db:{name}")),
        "AWS::RDS::DBSubnetGroup" => world.arn("rds", &format!("subgrp:{name}")),
        "AWS::RDS::DBParameterGroup" => world.arn("rds", &format!("pg:{name}")),
        "AWS::ElastiCache::ReplicationGroup" => world.arn("elasticache", &format!("replicationgroup:{name}")),
        "AWS::ElastiCache::SubnetGroup" => world.arn("elasticache", &format!("subnetgroup:{name}")),
        "AWS::SNS::Topic" => world.arn("sns", name),
        "AWS::SNS::Subscription" => text(properties, "TopicArn").to_owned(),
        // The physical id is NAME|ID|SCOPE.
        "AWS::WAFv2::WebACL" => {
            let name = name.split('|').next().unwrap_or(name);
            world.arn("wafv2", &format!("regional/webacl/{name}/*"))
        }
        "AWS::WAFv2::WebACLAssociation" => text(properties, "WebACLArn").to_owned(),
        "AWS::WAFv2::LoggingConfiguration" => text(properties, "ResourceArn").to_owned(),
        "AWS::S3::Bucket" => format!("arn:aws:s3:::{name}"),
        "AWS::S3::BucketPolicy" => format!("arn:aws:s3:::{}", text(properties, "Bucket")),
        "AWS::Route53::RecordSet" => {
            format!("arn:aws:route53:::hostedzone/{}", text(properties, "HostedZoneId"))
        }
        _ => "*".to_owned(),
    }
}

fn path(properties: &Value) -> &str {
    match text(properties, "Path") {
        "" => "/",
        path => path,
    }
}

type Actions = (&'static str, &'static str, &'static str, &'static str);

/// Service prefix and the actions that create, update and delete.
fn actions(kind: &str) -> Option<Actions> {
    const ELB: &str = "elasticloadbalancing";
    const DISCOVERY: &str = "servicediscovery";
    Some(match kind {
        "AWS::ApplicationAutoScaling::ScalableTarget" => (
            "application-autoscaling",
            "RegisterScalableTarget",
            "RegisterScalableTarget",
            "DeregisterScalableTarget",
        ),
        "AWS::ApplicationAutoScaling::ScalingPolicy" => {
            ("application-autoscaling", "PutScalingPolicy", "PutScalingPolicy", "DeleteScalingPolicy")
        }
        "AWS::CertificateManager::Certificate" => {
            ("acm", "RequestCertificate", "UpdateCertificateOptions", "DeleteCertificate")
        }
        "AWS::CloudWatch::Alarm" => ("cloudwatch", "PutMetricAlarm", "PutMetricAlarm", "DeleteAlarms"),
        "AWS::EC2::VPC" => ("ec2", "CreateVpc", "ModifyVpcAttribute", "DeleteVpc"),
        "AWS::EC2::Subnet" => ("ec2", "CreateSubnet", "ModifySubnetAttribute", "DeleteSubnet"),
        "AWS::EC2::InternetGateway" => {
            ("ec2", "CreateInternetGateway", "CreateTags", "DeleteInternetGateway")
        }
        "AWS::EC2::VPCGatewayAttachment" => {
            ("ec2", "AttachInternetGateway", "AttachInternetGateway", "DetachInternetGateway")
        }
        "AWS::EC2::RouteTable" => ("ec2", "CreateRouteTable", "CreateTags", "DeleteRouteTable"),
        "AWS::EC2::Route" => ("ec2", "CreateRoute", "ReplaceRoute", "DeleteRoute"),
        "AWS::EC2::SubnetRouteTableAssociation" => {
            ("ec2", "AssociateRouteTable", "AssociateRouteTable", "DisassociateRouteTable")
        }
        "AWS::EC2::NatGateway" => ("ec2", "CreateNatGateway", "CreateTags", "DeleteNatGateway"),
        "AWS::EC2::EIP" => ("ec2", "AllocateAddress", "CreateTags", "ReleaseAddress"),
        "AWS::EC2::SecurityGroup" => {
            ("ec2", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "DeleteSecurityGroup")
        }
        "AWS::EC2::SecurityGroupIngress" => (
            "ec2",
            "AuthorizeSecurityGroupIngress",
            "UpdateSecurityGroupRuleDescriptionsIngress",
            "RevokeSecurityGroupIngress",
        ),
        "AWS::EC2::SecurityGroupEgress" => (
            "ec2",
            "AuthorizeSecurityGroupEgress",
            "UpdateSecurityGroupRuleDescriptionsEgress",
            "RevokeSecurityGroupEgress",
        ),
        "AWS::EC2::VPCEndpoint" => ("ec2", "CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints"),
        "AWS::EC2::FlowLog" => ("ec2", "CreateFlowLogs", "CreateTags", "DeleteFlowLogs"),
        "AWS::ECR::Repository" => ("ecr", "CreateRepository", "PutLifecyclePolicy", "DeleteRepository"),
        "AWS::ECS::Cluster" => ("ecs", "CreateCluster", "UpdateCluster", "DeleteCluster"),
        "AWS::ECS::Service" => ("ecs", "CreateService", "UpdateService", "DeleteService"),
        "AWS::ECS::TaskDefinition" => {
            ("ecs", "RegisterTaskDefinition", "TagResource", "DeregisterTaskDefinition")
        }
        "AWS::ElastiCache::ReplicationGroup" => {
            ("elasticache", "CreateReplicationGroup", "ModifyReplicationGroup", "DeleteReplicationGroup")
        }
        "AWS::ElastiCache::SubnetGroup" => {
            ("elasticache", "CreateCacheSubnetGroup", "ModifyCacheSubnetGroup", "DeleteCacheSubnetGroup")
        }
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            (ELB, "CreateLoadBalancer", "ModifyLoadBalancerAttributes", "DeleteLoadBalancer")
        }
        "AWS::ElasticLoadBalancingV2::TargetGroup" => {
            (ELB, "CreateTargetGroup", "ModifyTargetGroup", "DeleteTargetGroup")
        }
        "AWS::ElasticLoadBalancingV2::Listener" => {
            (ELB, "CreateListener", "ModifyListener", "DeleteListener")
        }
        "AWS::ElasticLoadBalancingV2::ListenerRule" => (ELB, "CreateRule", "ModifyRule", "DeleteRule"),
        "AWS::IAM::Role" => ("iam", "CreateRole", "PutRolePolicy", "DeleteRole"),
        "AWS::IAM::Policy" => ("iam", "PutRolePolicy", "PutRolePolicy", "DeleteRolePolicy"),
        "AWS::IAM::ManagedPolicy" => ("iam", "CreatePolicy", "CreatePolicyVersion", "DeletePolicy"),
        "AWS::IAM::OIDCProvider" => (
            "iam",
            "CreateOpenIDConnectProvider",
            "UpdateOpenIDConnectProviderThumbprint",
            "DeleteOpenIDConnectProvider",
        ),
        "AWS::KMS::Key" => ("kms", "CreateKey", "PutKeyPolicy", "ScheduleKeyDeletion"),
        "AWS::Logs::LogGroup" => ("logs", "CreateLogGroup", "PutRetentionPolicy", "DeleteLogGroup"),
        "AWS::RDS::DBInstance" => ("rds", "CreateDBInstance", "ModifyDBInstance", "DeleteDBInstance"),
        "AWS::RDS::DBSubnetGroup" => {
            ("rds", "CreateDBSubnetGroup", "ModifyDBSubnetGroup", "DeleteDBSubnetGroup")
        }
        "AWS::RDS::DBParameterGroup" => {
            ("rds", "CreateDBParameterGroup", "ModifyDBParameterGroup", "DeleteDBParameterGroup")
        }
        "AWS::Route53::HostedZone" => {
            ("route53", "CreateHostedZone", "UpdateHostedZoneComment", "DeleteHostedZone")
        }
        "AWS::Route53::RecordSet" => {
            ("route53", "ChangeResourceRecordSets", "ChangeResourceRecordSets", "ChangeResourceRecordSets")
        }
        "AWS::S3::Bucket" => ("s3", "CreateBucket", "PutBucketPublicAccessBlock", "DeleteBucket"),
        "AWS::S3::BucketPolicy" => ("s3", "PutBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"),
        "AWS::SecretsManager::Secret" => ("secretsmanager", "CreateSecret", "UpdateSecret", "DeleteSecret"),
        "AWS::ServiceDiscovery::PrivateDnsNamespace" => {
            (DISCOVERY, "CreatePrivateDnsNamespace", "UpdatePrivateDnsNamespace", "DeleteNamespace")
        }
        "AWS::ServiceDiscovery::Service" => (DISCOVERY, "CreateService", "UpdateService", "DeleteService"),
        "AWS::SNS::Topic" => ("sns", "CreateTopic", "SetTopicAttributes", "DeleteTopic"),
        "AWS::SNS::Subscription" => ("sns", "Subscribe", "SetSubscriptionAttributes", "Unsubscribe"),
        "AWS::WAFv2::WebACL" => ("wafv2", "CreateWebACL", "UpdateWebACL", "DeleteWebACL"),
        "AWS::WAFv2::WebACLAssociation" => {
            ("wafv2", "AssociateWebACL", "AssociateWebACL", "DisassociateWebACL")
        }
        "AWS::WAFv2::LoggingConfiguration" => {
            ("wafv2", "PutLoggingConfiguration", "PutLoggingConfiguration", "DeleteLoggingConfiguration")
        }
        _ => return None,
    })
}
