//! What a [`Value`](crate::Value) is: an ARN, a name, an id. The types are never constructed; they keep values apart.

/// A kind whose values are ARNs, and so may stand as the resource of a policy statement.
pub trait ArnKind {}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $(: $arn:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}
        $(impl $arn for $name {})?
    )*};
}

kinds! {
    /// Any text: the kind that everything else can be turned into.
    Text;
    /// A list of texts, which only CloudFormation knows.
    TextList;
    /// The resource of a policy statement: an ARN or a pattern of ARNs.
    PolicyResource;

    /// `vpc-…`
    VpcId;
    /// `subnet-…`
    SubnetId;
    /// `sg-…`
    SecurityGroupId;
    /// `rtb-…`
    RouteTableId;
    /// `igw-…`
    InternetGatewayId;
    /// `nat-…`
    NatGatewayId;
    /// `eipalloc-…`
    AllocationId;
    /// `us-west-2a`
    AvailabilityZone;

    /// ARN of an application load balancer.
    LoadBalancerArn: ArnKind;
    /// `app/name/50dc6c495c0c9188`, the load balancer's metric dimension.
    LoadBalancerFullName;
    /// ARN of a listener.
    ListenerArn: ArnKind;
    /// ARN of a target group.
    TargetGroupArn: ArnKind;
    /// `targetgroup/name/73e2d6bc24d8a067`, the target group's metric dimension.
    TargetGroupFullName;
    /// A host name in DNS.
    DnsName;
    /// A TCP port, as text.
    Port;

    /// Name of an ECS cluster.
    ClusterName;
    /// ARN of an ECS cluster.
    ClusterArn: ArnKind;
    /// ARN of one revision of a task definition.
    TaskDefinitionArn: ArnKind;
    /// ARN of an ECS service.
    EcsServiceArn: ArnKind;
    /// Name of an ECS service inside its cluster.
    EcsServiceName;
    /// An image as a container definition names it: `registry/repository@sha256:…`.
    ImageUri;
    /// `sha256:` and 64 hex digits.
    ImageDigest;
    /// Where ECS reads a secret: a secret's ARN, with a JSON key or without (`arn:key::`).
    SecretValueFrom;

    /// Name of an IAM role.
    RoleName;
    /// ARN of an IAM role.
    RoleArn: ArnKind;
    /// ARN of a managed policy.
    ManagedPolicyArn: ArnKind;
    /// ARN of an OpenID Connect provider.
    OidcProviderArn: ArnKind;

    /// ARN of a secret, with its random suffix.
    SecretArn: ArnKind;
    /// Name of a log group.
    LogGroupName;
    /// ARN of a log group, ending in `:*`.
    LogGroupArn: ArnKind;
    /// Name of an RDS subnet group.
    DbSubnetGroupName;
    /// Name of an RDS parameter group.
    DbParameterGroupName;
    /// Identifier of an RDS instance.
    DbInstanceId;
    /// Name of an ElastiCache subnet group.
    CacheSubnetGroupName;
    /// Name of an ElastiCache parameter group.
    CacheParameterGroupName;
    /// Identifier of an ElastiCache replication group.
    ReplicationGroupId;
    /// Identifier of an ElastiCache user.
    CacheUserId;
    /// Identifier of an ElastiCache user group.
    CacheUserGroupId;

    /// Name of a CloudWatch alarm.
    AlarmName;
    /// ARN of a CloudWatch alarm.
    AlarmArn: ArnKind;
    /// ARN of an SNS topic.
    TopicArn: ArnKind;
    /// ARN of a WAF web ACL.
    WebAclArn: ArnKind;

    /// `Z…`, id of a Route 53 hosted zone.
    HostedZoneId;
    /// ARN of an ACM certificate.
    CertificateArn: ArnKind;
    /// Name of an ECR repository.
    RepositoryName;
    /// ARN of an ECR repository.
    RepositoryArn: ArnKind;
    /// Name of an S3 bucket.
    BucketName;
    /// ARN of an S3 bucket.
    BucketArn: ArnKind;
    /// `ns-…`, id of a Cloud Map namespace.
    NamespaceId;
    /// ARN of a Cloud Map service.
    DiscoveryServiceArn: ArnKind;
}
