//! Service quotas of the account: how many resources of a kind it may have.

use serde::{Deserialize, Serialize};

/// The quotas that are looked at, each with AWS's default. AWS raises them on request; here whoever owns the world sets
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Roles in the account: 1000 (IAM:reference_iam-quotas).
    pub roles: usize,
    /// Customer managed policies in the account: 1500 (IAM:reference_iam-quotas).
    pub policies: usize,
    /// Security groups in the Region, those that VPCs come with included: 2500
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>).
    pub security_groups: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { roles: 1000, policies: 1500, security_groups: 2500 }
    }
}
