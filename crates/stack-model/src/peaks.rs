//! What an environment needs at its peak of what the account may have: its service quotas.
//!
//! Where [`crate::limits`] looks at what one template may hold, a quota is shared by everything in the account and Region, and
//! most can be raised. Names and codes are those of Service Quotas, from the links to its console in AWS's guides.

use cfn::Document;
use serde_json::Value;

use crate::limits::{entries, of_type, rules};

/// A quota of the account.
#[derive(Debug)]
pub struct Quota {
    /// Name.
    pub name: &'static str,
    /// Code of the service that it belongs to, such as `fargate`.
    pub service_code: &'static str,
    /// Its code, such as `L-3032A538`.
    pub quota_code: &'static str,
    /// CloudFormation type of the resources that it counts, where it counts resources of one type.
    pub resource_type: Option<&'static str>,
    /// How the needs of several environments come together.
    pub sharing: Sharing,
    /// What in the configuration decides about it.
    pub key: &'static str,
    /// Where AWS says so.
    pub source: &'static str,
    measure: fn(&Value) -> Vec<(String, f64)>,
}

/// How the needs of several environments come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// They add up.
    Region,
    /// They add up within each availability zone.
    Zone,
    /// Each resource has the quota for itself: the largest need counts.
    Resource,
}

/// What is needed of a quota at most at one time.
#[derive(Debug, Clone)]
pub struct Peak {
    /// The quota.
    pub quota: &'static Quota,
    /// By what it is made of: services and a one-off task, zones, the resource with the most.
    pub parts: Vec<(String, f64)>,
}

const VPC: &str = "VPC user guide, amazon-vpc-limits";
const ALB: &str = "Application Load Balancers guide, load-balancer-limits";
const ENVIRONMENTS: &str = "the number of infra/environments";
const SERVICES: &str = "[services] of infra/platform.toml";
const NAT_GATEWAYS: &str = "`nat_gateways` under [network] of the environments' files";
const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";

const fn region(
    name: &'static str,
    [service_code, quota_code]: [&'static str; 2],
    resource_type: &'static str,
    key: &'static str,
    source: &'static str,
    measure: fn(&Value) -> Vec<(String, f64)>,
) -> Quota {
    let resource_type = Some(resource_type);
    Quota { name, service_code, quota_code, resource_type, sharing: Sharing::Region, key, source, measure }
}

/// The quotas that environments are near to, or that keep a whole environment from being made.
pub const QUOTAS: &[Quota] = &[
    Quota {
        name: "Fargate On-Demand vCPU resource count",
        service_code: "fargate",
        quota_code: "L-3032A538",
        resource_type: None,
        sharing: Sharing::Region,
        key: "`desired_count` and `cpu` under [ecs] of the environments' files, `maximum_percent` under [deployment]",
        source: "AWS General Reference, ecs-service (default 6; young accounts have less)",
        measure: vcpus,
    },
    region("EC2-VPC Elastic IPs", ["ec2", "L-0263D0A3"], "AWS::EC2::EIP", NAT_GATEWAYS, VPC, |template| {
        count(template, "AWS::EC2::EIP")
    }),
    region("VPCs per Region", ["vpc", "L-F678F1CE"], "AWS::EC2::VPC", ENVIRONMENTS, VPC, |template| {
        count(template, "AWS::EC2::VPC")
    }),
    region(
        "Internet gateways per Region",
        ["vpc", "L-A4707A72"],
        "AWS::EC2::InternetGateway",
        ENVIRONMENTS,
        VPC,
        |template| count(template, "AWS::EC2::InternetGateway"),
    ),
    Quota {
        name: "NAT gateways per Availability Zone",
        service_code: "vpc",
        quota_code: "L-FE5A380F",
        resource_type: Some("AWS::EC2::NatGateway"),
        sharing: Sharing::Zone,
        key: NAT_GATEWAYS,
        source: VPC,
        measure: nat_gateways,
    },
    region(
        "VPC security groups per Region",
        ["vpc", "L-E79EC296"],
        "AWS::EC2::SecurityGroup",
        SERVICES,
        VPC,
        |template| {
            // Every VPC comes with one.
            [count(template, "AWS::EC2::SecurityGroup"), count(template, "AWS::EC2::VPC")].concat()
        },
    ),
    Quota {
        name: "Inbound or outbound rules per security group",
        service_code: "vpc",
        quota_code: "L-0EA8095F",
        resource_type: None,
        sharing: Sharing::Resource,
        key: "[services] and their `calls`, `database` and `cache` of infra/platform.toml",
        source: VPC,
        measure: security_group_rules,
    },
    region(
        "Application Load Balancers per Region",
        ["elasticloadbalancing", "L-53DA6B97"],
        BALANCER,
        ENVIRONMENTS,
        ALB,
        |template| count(template, BALANCER),
    ),
    region(
        "Target Groups per Region",
        ["elasticloadbalancing", "L-B22855CB"],
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        SERVICES,
        ALB,
        |template| count(template, "AWS::ElasticLoadBalancingV2::TargetGroup"),
    ),
    Quota {
        name: "Rules per Application Load Balancer",
        service_code: "elasticloadbalancing",
        quota_code: "L-7EED9B64",
        resource_type: None,
        sharing: Sharing::Resource,
        key: "`routes` under [services] of infra/platform.toml",
        source: ALB,
        measure: |template| {
            let rules = count(template, "AWS::ElasticLoadBalancingV2::ListenerRule");
            rules.into_iter().map(|(_, found)| (BALANCER.to_owned(), found)).collect()
        },
    },
    region(
        "DB instances",
        ["rds", "L-7B6409FD"],
        "AWS::RDS::DBInstance",
        ENVIRONMENTS,
        "RDS user guide, CHAP_Limits",
        |template| count(template, "AWS::RDS::DBInstance"),
    ),
];

/// What a template needs at its peak of every quota that it touches. A rollout has each service at its `MaximumPercent`, and
/// one-off tasks run one at a time, perhaps beside it.
#[must_use]
pub fn peaks(document: &Document) -> Vec<Peak> {
    let template = document.json();
    let found = QUOTAS.iter().map(|quota| Peak { quota, parts: (quota.measure)(template) });
    found.filter(|peak| peak.amount() > 0.0).collect()
}

impl Peak {
    /// How much it is: the sum of the parts, or the largest where each has the quota for itself.
    #[must_use]
    pub fn amount(&self) -> f64 {
        let amounts = self.parts.iter().map(|(_, amount)| *amount);
        match self.quota.sharing {
            Sharing::Region => amounts.sum(),
            Sharing::Zone | Sharing::Resource => amounts.fold(0.0, f64::max),
        }
    }
}

/// What several environments need together of one quota, all at their peaks at once.
#[must_use]
pub fn together<'a>(quota: &'static Quota, peaks: impl IntoIterator<Item = &'a Peak>) -> Peak {
    let mut parts: Vec<(String, f64)> = Vec::new();
    for (name, amount) in peaks.into_iter().flat_map(|peak| &peak.parts) {
        match parts.iter_mut().find(|(known, _)| quota.sharing == Sharing::Zone && known == name) {
            Some((_, sum)) => *sum += amount,
            None => parts.push((name.clone(), *amount)),
        }
    }
    Peak { quota, parts }
}

fn count(template: &Value, kind: &str) -> Vec<(String, f64)> {
    of_type(template, kind).map(|(id, _)| (id.clone(), 1.0)).collect()
}

fn vcpus(template: &Value) -> Vec<(String, f64)> {
    const DEFINITION: &str = "AWS::ECS::TaskDefinition";
    let definitions: Vec<(&String, f64)> =
        of_type(template, DEFINITION).map(|(id, found)| (id, number(&found["Cpu"]) / 1024.0)).collect();
    let mut of_services = Vec::new();
    let mut parts: Vec<(String, f64)> = of_type(template, "AWS::ECS::Service")
        .filter_map(|(id, service)| {
            let (own, vcpu) = definitions.iter().find(|(id, _)| refers_to(&service["TaskDefinition"], id))?;
            of_services.push(*own);
            let desired = number(&service["DesiredCount"]);
            let most = &service["DeploymentConfiguration"]["MaximumPercent"];
            let most = if most.is_null() { 200.0 } else { number(most) };
            Some((id.clone(), (desired * most / 100.0).floor() * vcpu))
        })
        .collect();
    let tasks = definitions.iter().filter(|(id, _)| !of_services.contains(id));
    let largest = tasks.max_by(|(_, one), (_, other)| one.total_cmp(other));
    parts.extend(largest.map(|(id, vcpu)| ((*id).clone(), *vcpu)));
    parts
}

fn nat_gateways(template: &Value) -> Vec<(String, f64)> {
    let mut zones: Vec<(String, f64)> = Vec::new();
    for (_, gateway) in of_type(template, "AWS::EC2::NatGateway") {
        let subnet = of_type(template, "AWS::EC2::Subnet").find(|(id, _)| gateway["SubnetId"]["Ref"] == **id);
        let zone = subnet.map_or(&Value::Null, |(_, subnet)| &subnet["AvailabilityZone"]["Fn::Select"][0]);
        let zone = format!("zone {zone}");
        match zones.iter_mut().find(|(known, _)| *known == zone) {
            Some((_, gateways)) => *gateways += 1.0,
            None => zones.push((zone, 1.0)),
        }
    }
    zones
}

fn security_group_rules(template: &Value) -> Vec<(String, f64)> {
    let into = rules(template, "SecurityGroupIngress", "AWS::EC2::SecurityGroupIngress");
    let out = rules(template, "SecurityGroupEgress", "AWS::EC2::SecurityGroupEgress");
    let most = into.into_iter().chain(out).max_by_key(|(_, rules)| *rules);
    // As many as a float holds exactly.
    most.into_iter().map(|(id, rules)| (id, u32::try_from(rules).map_or(f64::MAX, f64::from))).collect()
}

/// A number, or text that is one, as `Cpu` is.
fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0.0)
}

/// Whether a value is a reference to the resource `id`, or chooses one.
fn refers_to(value: &Value, id: &str) -> bool {
    value["Ref"] == id || entries(&value["Fn::If"]).any(|branch| refers_to(branch, id))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
