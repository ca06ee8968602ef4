//! The services, by every name they have on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A service of AWS that is modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Service {
    AccessAnalyzer,
    Acm,
    CloudControl,
    CloudFormation,
    CloudWatch,
    Ecr,
    Ecs,
    Elb,
    Iam,
    Logs,
    Rds,
    Route53,
    S3,
    SecretsManager,
    Quotas,
    Sns,
    Sts,
    Wafv2,
}

use Service::{
    AccessAnalyzer, Acm, CloudControl, CloudFormation, CloudWatch, Ecr, Ecs, Elb, Iam, Logs, Quotas, Rds,
    Route53, S3, SecretsManager, Sns, Sts, Wafv2,
};

/// Names of the services that are served, as actions are prefixed and API faults name them.
pub const API_PREFIXES: [&str; Service::ALL.len()] = {
    let mut prefixes = [""; Service::ALL.len()];
    let mut index = 0;
    while index < prefixes.len() {
        prefixes[index] = Service::ALL[index].iam_prefix();
        index += 1;
    }
    prefixes
};

impl Service {
    const ALL: [Self; 18] = [
        AccessAnalyzer,
        Acm,
        CloudControl,
        CloudFormation,
        CloudWatch,
        Ecr,
        Ecs,
        Elb,
        Iam,
        Logs,
        Rds,
        Route53,
        S3,
        SecretsManager,
        Sns,
        Quotas,
        Sts,
        Wafv2,
    ];

    /// Prefix of IAM actions; also the name of a service in an API fault.
    pub(crate) const fn iam_prefix(self) -> &'static str {
        match self {
            AccessAnalyzer => "access-analyzer",
            Acm => "acm",
            // Its actions are CloudFormation's (service authorization reference).
            CloudControl | CloudFormation => "cloudformation",
            CloudWatch => "cloudwatch",
            Ecr => "ecr",
            Ecs => "ecs",
            Elb => "elasticloadbalancing",
            Iam => "iam",
            Logs => "logs",
            Rds => "rds",
            Route53 => "route53",
            S3 => "s3",
            SecretsManager => "secretsmanager",
            Sns => "sns",
            Quotas => "servicequotas",
            Sts => "sts",
            Wafv2 => "wafv2",
        }
    }

    /// Service name in a SigV4 credential scope.
    const fn signing_name(self) -> &'static str {
        match self {
            CloudControl => "cloudcontrolapi",
            CloudWatch => "monitoring",
            other => other.iam_prefix(),
        }
    }

    /// What precedes the operation in `X-Amz-Target`; also the service's name in RPC v2 paths.
    const fn target_prefix(self) -> Option<&'static str> {
        match self {
            Acm => Some("CertificateManager"),
            CloudControl => Some("CloudApiService"),
            CloudWatch => Some("GraniteServiceVersion20100801"),
            Ecr => Some("AmazonEC2ContainerRegistry_V20150921"),
            Ecs => Some("AmazonEC2ContainerServiceV20141113"),
            Logs => Some("Logs_20140328"),
            SecretsManager => Some("secretsmanager"),
            Quotas => Some("ServiceQuotasV20190624"),
            Wafv2 => Some("AWSWAF_20190729"),
            AccessAnalyzer | CloudFormation | Elb | Iam | Rds | Route53 | S3 | Sns | Sts => None,
        }
    }

    pub(crate) fn by_target_prefix(prefix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.target_prefix() == Some(prefix))
    }

    pub(crate) fn by_signing_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.signing_name() == name)
    }

    /// XML namespace of answers.
    pub(super) const fn xml_namespace(self) -> &'static str {
        match self {
            CloudWatch => "http://monitoring.amazonaws.com/doc/2010-08-01/",
            Elb => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Rds => "http://rds.amazonaws.com/doc/2014-10-31/",
            Route53 => "https://route53.amazonaws.com/doc/2013-04-01/",
            Sns => "http://sns.amazonaws.com/doc/2010-03-31/",
            Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            // The other services do not speak query; the namespace is not read by their clients.
            AccessAnalyzer | Acm | CloudControl | CloudFormation | Ecr | Ecs | Logs | S3 | SecretsManager
            | Quotas | Wafv2 => "http://cloudformation.amazonaws.com/doc/2010-05-15/",
        }
    }

    /// What an item of the list `member` is called in XML: `member`, where the model gives it no name of its own
    /// (`locationName` in botocore's models).
    pub(super) fn item_name(self, member: &str) -> &'static str {
        match (self, member) {
            (Rds, "DBInstances") => "DBInstance",
            (Rds, "DBSnapshots") => "DBSnapshot",
            (Rds, "DBInstanceAutomatedBackups") => "DBInstanceAutomatedBackup",
            (Rds, "DBParameterGroups") => "DBParameterGroup",
            (Rds, "VpcSecurityGroups") => "VpcSecurityGroupMembership",
            (Rds, "TagList") => "Tag",
            (Route53, "NameServers") => "NameServer",
            (Route53, "ResourceRecordSets") => "ResourceRecordSet",
            (Route53, "ResourceRecords") => "ResourceRecord",
            _ => "member",
        }
    }

    /// Whether an output member of this name is a timestamp: epoch seconds inside, RFC 3339 in XML, tagged
    /// in CBOR. The names are those of botocore's service models; in none of these services does a member
    /// of another type have such a name.
    pub(super) fn is_timestamp(self, member: &str) -> bool {
        let names: &[&str] = match self {
            CloudFormation => &[
                "CreationTime",
                "CreationTimestamp",
                "DeletionTime",
                "DriftDetectionTimestamp",
                "EndTime",
                "EndTimestamp",
                "InvokedAt",
                "LastCheckTimestamp",
                "LastDriftCheckTimestamp",
                "LastUpdated",
                "LastUpdatedTime",
                "LastUpdatedTimestamp",
                "StartTime",
                "TimeCreated",
                "Timestamp",
            ],
            CloudWatch => &[
                "AlarmConfigurationUpdatedTimestamp",
                "EndTime",
                "LastModified",
                "LastUpdatedTimestamp",
                "StartTime",
                "StateTransitionedTimestamp",
                "StateUpdatedTimestamp",
                "Timestamp",
                "Timestamps",
            ],
            Elb => &["CreatedTime", "LastModifiedTime"],
            Iam => &["CreateDate", "LastUsedDate", "UpdateDate"],
            Rds => &[
                "EarliestTime",
                "InstanceCreateTime",
                "LatestRestorableTime",
                "LatestTime",
                "SnapshotCreateTime",
            ],
            Route53 => &["SubmittedAt"],
            Sts => &["Expiration"],
            AccessAnalyzer | Acm | CloudControl | Ecr | Ecs | Logs | S3 | SecretsManager | Sns | Quotas
            | Wafv2 => &[],
        };
        names.contains(&member)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.iam_prefix())
    }
}
