//! On which resource a handler acts.

use serde_json::Value;

use super::super::convert::text;
use super::super::identity::lower_case;
use super::super::{Context, names, nested};
use crate::World;

/// ARN of the resource; where its id is not known yet, of any of its kind.
pub(super) fn resource(
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
        nested::KIND => world.arn("cloudformation", &format!("stack/{name}/*")),
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
        "AWS::ElastiCache::ParameterGroup" => world.arn("elasticache", &format!("parametergroup:{name}")),
        "AWS::ElastiCache::ReplicationGroup" => world.arn("elasticache", &format!("replicationgroup:{name}")),
        "AWS::ElastiCache::User" => world.arn("elasticache", &format!("user:{name}")),
        "AWS::ElastiCache::UserGroup" => world.arn("elasticache", &format!("usergroup:{name}")),
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
        _ => match ec2_word(kind) {
            Some(word) => world.arn("ec2", &format!("{word}/{}", physical_id.unwrap_or("*"))),
            None => "*".to_owned(),
        },
    }
}

/// What ARNs call the types of EC2 that have one.
fn ec2_word(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::EC2::EIP" => "elastic-ip",
        "AWS::EC2::InternetGateway" => "internet-gateway",
        "AWS::EC2::NatGateway" => "natgateway",
        "AWS::EC2::RouteTable" => "route-table",
        "AWS::EC2::SecurityGroup" => "security-group",
        "AWS::EC2::Subnet" => "subnet",
        "AWS::EC2::VPC" => "vpc",
        "AWS::EC2::VPCEndpoint" => "vpc-endpoint",
        _ => return None,
    })
}

fn path(properties: &Value) -> &str {
    match text(properties, "Path") {
        "" => "/",
        path => path,
    }
}
