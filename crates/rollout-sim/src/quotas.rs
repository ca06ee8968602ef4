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
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>, as the next five).
    pub security_groups: usize,
    /// Rules of a security group in one direction: 60.
    pub security_group_rules: usize,
    /// VPCs in the Region: 5.
    pub vpcs: usize,
    /// Internet gateways in the Region: 5.
    pub internet_gateways: usize,
    /// NAT gateways in an availability zone: 5.
    pub nat_gateways_per_zone: usize,
    /// Elastic IP addresses in the Region: 5.
    pub addresses: usize,
    /// vCPUs of all tasks on Fargate (On-Demand) that run at once. The default is 6, and AWS raises it with use (General
    /// Reference, ecs-service); here it is 4000, what accounts in use are seen to have. A young account is made by setting it.
    pub fargate_vcpus: usize,
    /// Application load balancers in the Region: 50 (ALB:load-balancer-limits, as the next two).
    pub load_balancers: usize,
    /// Target groups in the Region: 3000.
    pub target_groups: usize,
    /// Rules of an application load balancer without the default ones: 100.
    pub load_balancer_rules: usize,
    /// Database instances in the Region: 40 (RDS:CHAP_Limits).
    pub db_instances: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            roles: 1000,
            policies: 1500,
            security_groups: 2500,
            security_group_rules: 60,
            vpcs: 5,
            internet_gateways: 5,
            nat_gateways_per_zone: 5,
            addresses: 5,
            fargate_vcpus: 4000,
            load_balancers: 50,
            target_groups: 3000,
            load_balancer_rules: 100,
            db_instances: 40,
        }
    }
}

/// A quota as Service Quotas knows it.
#[derive(Debug)]
pub(crate) struct Known {
    /// Code of the service that it belongs to.
    pub(crate) service: &'static str,
    /// Its code.
    pub(crate) code: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// What AWS gives an account that asked for nothing.
    pub(crate) default: usize,
    /// Its value.
    pub(crate) value: fn(&mut Quotas) -> &mut usize,
}

macro_rules! known {
    ($($service:literal $code:literal $name:literal = $default:literal in $field:ident,)+) => {
        /// All that are modelled. Codes and names are those of Service Quotas (its console links in the guides named above).
        pub(crate) const KNOWN: &[Known] = &[$(Known {
            service: $service,
            code: $code,
            name: $name,
            default: $default,
            value: |quotas| &mut quotas.$field,
        }),+];
    };
}

known! {
    "ec2" "L-0263D0A3" "EC2-VPC Elastic IPs" = 5 in addresses,
    "elasticloadbalancing" "L-53DA6B97" "Application Load Balancers per Region" = 50 in load_balancers,
    "elasticloadbalancing" "L-7EED9B64" "Rules per Application Load Balancer" = 100 in load_balancer_rules,
    "elasticloadbalancing" "L-B22855CB" "Target Groups per Region" = 3000 in target_groups,
    "fargate" "L-3032A538" "Fargate On-Demand vCPU resource count" = 6 in fargate_vcpus,
    "rds" "L-7B6409FD" "DB instances" = 40 in db_instances,
    "vpc" "L-0EA8095F" "Inbound or outbound rules per security group" = 60 in security_group_rules,
    "vpc" "L-A4707A72" "Internet gateways per Region" = 5 in internet_gateways,
    "vpc" "L-E79EC296" "VPC security groups per Region" = 2500 in security_groups,
    "vpc" "L-F678F1CE" "VPCs per Region" = 5 in vpcs,
    "vpc" "L-FE5A380F" "NAT gateways per Availability Zone" = 5 in nat_gateways_per_zone,
}

impl Quotas {
    /// Sets the quota with this code of Service Quotas, as AWS does on request; `false` where none of those modelled has it.
    pub fn set(&mut self, code: &str, value: usize) -> bool {
        let Some(known) = KNOWN.iter().find(|known| known.code == code) else { return false };
        *(known.value)(self) = value;
        true
    }
}
