//! Names that templates choose themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use super::stores;
use crate::cfn::state::Bag;
use crate::cfn::template::UNKNOWN;
use crate::{World, iam};

/// The property that names a resource of the type, where it must be unique in the account.
pub(super) fn property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => "AlarmName",
        "AWS::CloudWatch::Dashboard" => "DashboardName",
        "AWS::EC2::SecurityGroup" => "GroupName",
        "AWS::ECR::Repository" => "RepositoryName",
        "AWS::ECS::Cluster" => "ClusterName",
        "AWS::ECS::Service" => "ServiceName",
        "AWS::ElastiCache::ReplicationGroup" => "ReplicationGroupId",
        "AWS::ElastiCache::ServerlessCache" => "ServerlessCacheName",
        "AWS::ElastiCache::SubnetGroup" => "CacheSubnetGroupName",
        "AWS::ElastiCache::User" => "UserId",
        "AWS::ElastiCache::UserGroup" => "UserGroupId",
        "AWS::ElasticLoadBalancingV2::LoadBalancer"
        | "AWS::ElasticLoadBalancingV2::TargetGroup"
        | "AWS::SecretsManager::Secret"
        | "AWS::SSM::Parameter"
        | "AWS::WAFv2::IPSet"
        | "AWS::WAFv2::RegexPatternSet"
        | "AWS::WAFv2::WebACL" => "Name",
        "AWS::IAM::ManagedPolicy" => "ManagedPolicyName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::IAM::OIDCProvider" => "Url",
        "AWS::KMS::Alias" => "AliasName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::RDS::DBInstance" => "DBInstanceIdentifier",
        "AWS::RDS::DBParameterGroup" => "DBParameterGroupName",
        "AWS::RDS::DBSubnetGroup" => "DBSubnetGroupName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::SQS::Queue" => "QueueName",
        _ => return None,
    })
}

/// The name that the properties choose.
pub(super) fn chosen<'a>(kind: &str, properties: &'a Value) -> Option<&'a str> {
    properties.get(property(kind)?)?.as_str()
}

/// Names of services are unique in their cluster, those of security groups in their VPC, others everywhere.
fn realm<'a>(kind: &str, properties: &'a Value) -> Option<&'a Value> {
    match kind {
        "AWS::ECS::Service" => properties.get("Cluster"),
        "AWS::EC2::SecurityGroup" => properties.get("VpcId"),
        _ => None,
    }
}

/// A resource with a name of its own cannot be replaced under the same name: both would exist at once.
///
/// # Errors
/// CloudFormation's reason.
pub(in crate::cfn) fn check_custom_name(kind: &str, old: &Value, new: &Value) -> Result<(), String> {
    match (chosen(kind, old), chosen(kind, new)) {
        (Some(before), Some(after)) if before == after && realm(kind, old) == realm(kind, new) => {
            Err(format!(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {after} and update the stack again."
            ))
        }
        _ => Ok(()),
    }
}

/// The message for a name that something else has.
pub(in crate::cfn) fn conflict(world: &World, kind: &str, properties: &Value) -> Option<String> {
    let name = chosen(kind, properties).filter(|name| !name.contains(UNKNOWN))?;
    let elsewhere = match kind {
        "AWS::IAM::Role" => iam::role_exists(world, name),
        _ => stores::is_taken(world, kind, name),
    };
    let bags = world.cfn.bags.get(kind).into_iter().flat_map(BTreeMap::values);
    let same = |bag: &Bag| {
        chosen(kind, &bag.properties) == Some(name) && realm(kind, &bag.properties) == realm(kind, properties)
    };
    let taken = elsewhere || bags.into_iter().any(same);
    taken.then(|| format!("Resource of type '{kind}' with identifier '{name}' already exists."))
}
