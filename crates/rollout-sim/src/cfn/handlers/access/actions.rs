//! The action that makes, changes or deletes a resource of each type.

use super::super::nested;

type Actions = (&'static str, &'static str, &'static str, &'static str);

/// Service prefix and the actions that create, update and delete.
pub(super) fn actions(kind: &str) -> Option<Actions> {
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
        nested::KIND => ("cloudformation", "CreateStack", "UpdateStack", "DeleteStack"),
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
        "AWS::ElastiCache::ParameterGroup" => (
            "elasticache",
            "CreateCacheParameterGroup",
            "ModifyCacheParameterGroup",
            "DeleteCacheParameterGroup",
        ),
        "AWS::ElastiCache::ReplicationGroup" => {
            ("elasticache", "CreateReplicationGroup", "ModifyReplicationGroup", "DeleteReplicationGroup")
        }
        "AWS::ElastiCache::User" => ("elasticache", "CreateUser", "ModifyUser", "DeleteUser"),
        "AWS::ElastiCache::UserGroup" => {
            ("elasticache", "CreateUserGroup", "ModifyUserGroup", "DeleteUserGroup")
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
