//! How long CloudFormation takes over a resource, by type.
//!
//! None of these are documented. They are typical times seen in the events of real stacks; what matters is
//! their order of magnitude: a database takes many minutes, a role a quarter of one, a rule a second or two.

/// Seconds that creating, updating and deleting take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Durations {
    pub create: f64,
    pub update: f64,
    pub delete: f64,
}

const fn of(create: f64, update: f64, delete: f64) -> Durations {
    Durations { create, update, delete }
}

pub(super) fn durations(kind: &str) -> Durations {
    match kind {
        "AWS::RDS::DBInstance" => of(540.0, 240.0, 300.0),
        "AWS::RDS::DBSubnetGroup" | "AWS::RDS::DBParameterGroup" => of(12.0, 10.0, 5.0),
        "AWS::ElastiCache::ReplicationGroup" => of(420.0, 300.0, 300.0),
        "AWS::ElastiCache::User" => of(5.0, 60.0, 30.0),
        "AWS::ElastiCache::UserGroup" => of(30.0, 60.0, 30.0),
        "AWS::ElastiCache::ServerlessCache" => of(150.0, 90.0, 120.0),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => of(150.0, 10.0, 12.0),
        "AWS::EC2::NatGateway" => of(110.0, 5.0, 60.0),
        "AWS::EC2::VPCEndpoint" => of(60.0, 30.0, 60.0),
        "AWS::EC2::VPC" => of(12.0, 5.0, 3.0),
        "AWS::EC2::InternetGateway" => of(16.0, 3.0, 3.0),
        "AWS::EC2::EIP" => of(16.0, 5.0, 3.0),
        "AWS::EC2::SecurityGroup" => of(6.0, 5.0, 3.0),
        "AWS::EC2::Subnet" | "AWS::EC2::RouteTable" | "AWS::EC2::NetworkAcl" => of(5.0, 3.0, 3.0),
        "AWS::IAM::Role" | "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::OIDCProvider" => {
            of(17.0, 15.0, 3.0)
        }
        "AWS::ECS::Cluster" => of(6.0, 5.0, 5.0),
        "AWS::CertificateManager::Certificate" => of(180.0, 10.0, 5.0),
        "AWS::Route53::HostedZone" => of(40.0, 10.0, 30.0),
        "AWS::Route53::RecordSet" => of(35.0, 35.0, 35.0),
        "AWS::ServiceDiscovery::PrivateDnsNamespace" => of(45.0, 20.0, 45.0),
        "AWS::WAFv2::WebACL" => of(12.0, 10.0, 10.0),
        "AWS::WAFv2::WebACLAssociation" => of(12.0, 12.0, 5.0),
        "AWS::KMS::Key" => of(30.0, 10.0, 5.0),
        "AWS::S3::Bucket" => of(20.0, 10.0, 10.0),
        "AWS::SecretsManager::Secret" => of(5.0, 4.0, 3.0),
        "AWS::SNS::Topic" => of(12.0, 10.0, 10.0),
        "AWS::ApplicationAutoScaling::ScalableTarget" | "AWS::ApplicationAutoScaling::ScalingPolicy" => {
            of(4.0, 3.0, 3.0)
        }
        _ => of(3.0, 3.0, 2.0),
    }
}
