//! Physical ids, references and attributes, by type.
//!
//! Source: the "Return values" section of each type in the CloudFormation user guide.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Context, Failure, Outcome, names};
use crate::World;
use crate::cfn::identifier;

/// Makes the identity of a resource.
///
/// # Errors
/// A type without one is not modelled.
pub(super) fn make(
    world: &mut World,
    context: &Context,
    kind: &str,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let mut maker = Maker { world, context, properties, attributes: BTreeMap::new() };
    let Some(physical_id) = maker.physical_id(kind) else {
        return Err(Failure::new("InvalidRequest", format!("not modelled: resource type {kind}")));
    };
    Ok(Outcome { physical_id, attributes: maker.attributes, ..Outcome::default() })
}

struct Maker<'a> {
    world: &'a mut World,
    context: &'a Context,
    properties: &'a Value,
    attributes: BTreeMap<String, Value>,
}

impl Maker<'_> {
    fn text(&self, property: &str) -> String {
        self.properties.get(property).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn set(&mut self, attribute: &str, value: impl Into<Value>) {
        self.attributes.insert(attribute.to_owned(), value.into());
    }

    fn set_arn(&mut self, attribute: &str, service: &str, resource: &str) {
        let arn = self.world.arn(service, resource);
        self.set(attribute, arn);
    }

    fn hex(&mut self, digits: usize) -> String {
        identifier::hex(&mut self.world.cfn, digits)
    }

    fn uuid(&mut self) -> String {
        identifier::uuid(&mut self.world.cfn)
    }

    /// `prefix-` and 17 digits, the form of EC2's identifiers.
    fn ec2(&mut self, prefix: &str) -> String {
        format!("{prefix}-{}", self.hex(17))
    }

    /// The name that the properties choose, or one that CloudFormation makes up.
    fn name(&mut self, kind: &str) -> String {
        match names::chosen(kind, self.properties) {
            Some(chosen) => chosen.to_owned(),
            None if lower_case(kind) => generated(self.world, self.context, 63).to_ascii_lowercase(),
            None => generated(self.world, self.context, 63),
        }
    }

    fn physical_id(&mut self, kind: &str) -> Option<String> {
        let (service, _) = kind.rsplit_once("::")?;
        match service {
            "AWS::EC2" => self.ec2_resource(kind),
            "AWS::RDS" | "AWS::ElastiCache" => self.database(kind),
            "AWS::Route53" | "AWS::CertificateManager" | "AWS::ServiceDiscovery" => self.naming(kind),
            "AWS::WAFv2" | "AWS::KMS" => self.security(kind),
            "AWS::SNS" | "AWS::SQS" | "AWS::S3" => self.storage(kind),
            _ => self.other(kind),
        }
    }

    fn with_id(&mut self, prefix: &str, attribute: &str) -> String {
        let id = self.ec2(prefix);
        self.set(attribute, id.as_str());
        id
    }

    fn ec2_resource(&mut self, kind: &str) -> Option<String> {
        Some(match kind {
            "AWS::EC2::VPC" => {
                let id = self.with_id("vpc", "VpcId");
                let (group, acl, block) = (self.ec2("sg"), self.ec2("acl"), self.text("CidrBlock"));
                self.set("CidrBlock", block);
                self.set("DefaultSecurityGroup", group);
                self.set("DefaultNetworkAcl", acl);
                self.set("CidrBlockAssociations", json!([]));
                self.set("Ipv6CidrBlocks", json!([]));
                id
            }
            "AWS::EC2::Subnet" => {
                let id = self.with_id("subnet", "SubnetId");
                let association = self.ec2("aclassoc");
                for property in ["AvailabilityZone", "CidrBlock", "VpcId"] {
                    let text = self.text(property);
                    self.set(property, text);
                }
                self.set("NetworkAclAssociationId", association);
                self.set("Ipv6CidrBlocks", json!([]));
                id
            }
            "AWS::EC2::InternetGateway" => self.with_id("igw", "InternetGatewayId"),
            "AWS::EC2::RouteTable" => self.with_id("rtb", "RouteTableId"),
            "AWS::EC2::NatGateway" => self.with_id("nat", "NatGatewayId"),
            "AWS::EC2::NetworkAcl" => self.with_id("acl", "Id"),
            "AWS::EC2::FlowLog" => self.with_id("fl", "Id"),
            "AWS::EC2::SubnetRouteTableAssociation" => self.with_id("rtbassoc", "Id"),
            "AWS::EC2::SubnetNetworkAclAssociation" => self.with_id("aclassoc", "AssociationId"),
            "AWS::EC2::SecurityGroupIngress" | "AWS::EC2::SecurityGroupEgress" => self.with_id("sgr", "Id"),
            "AWS::EC2::NetworkAclEntry" => self.hex(12),
            "AWS::EC2::SecurityGroup" => {
                let id = self.with_id("sg", "GroupId");
                let vpc = self.text("VpcId");
                self.set("Id", id.as_str());
                self.set("VpcId", vpc);
                id
            }
            "AWS::EC2::EIP" => {
                self.with_id("eipalloc", "AllocationId");
                // Addresses reserved for documentation, one after the other.
                let taken = self.world.cfn.next_identifier;
                let address = format!("203.0.{}.{}", 113 + taken / 256 % 128, taken % 256);
                self.set("PublicIp", address.as_str());
                address
            }
            "AWS::EC2::VPCEndpoint" => {
                let id = self.with_id("vpce", "Id");
                self.set("DnsEntries", json!([]));
                self.set("NetworkInterfaceIds", json!([]));
                id
            }
            "AWS::EC2::VPCGatewayAttachment" => format!("IGW|{}", self.text("VpcId")),
            "AWS::EC2::Route" => {
                let destinations =
                    ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
                let destination =
                    destinations.iter().map(|property| self.text(property)).find(|text| !text.is_empty())?;
                let id = format!("{}|{destination}", self.text("RouteTableId"));
                self.set("CidrBlock", destination);
                id
            }
            _ => return None,
        })
    }

    fn port(&self, default: &str) -> String {
        match self.properties.get("Port") {
            None => default.to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    fn database(&mut self, kind: &str) -> Option<String> {
        let name = self.name(kind).to_ascii_lowercase();
        let region = self.world.region.clone();
        let host = self.hex(12);
        match kind {
            "AWS::RDS::DBInstance" => {
                // The account's in the region, so that whoever gets the name gets the endpoint.
                let host = identifier::account_host(&self.world.account, &region);
                let port = self.port(if self.text("Engine").contains("postgres") { "5432" } else { "3306" });
                let resource = self.hex(26).to_ascii_uppercase();
                self.set_arn("DBInstanceArn", "rds", &format!("db:{name}"));
                self.set("DbiResourceId", format!("db-{resource}"));
                self.set("Endpoint.Address", format!("{name}.{host}.{region}.rds.amazonaws.com"));
                self.set("Endpoint.Port", port);
                self.set("Endpoint.HostedZoneId", "Z1PVIF0B656C1W");
            }
            "AWS::ElastiCache::ReplicationGroup" => {
                let (port, host) = (self.port("6379"), &host[..6]);
                for (end, prefix) in [
                    ("PrimaryEndPoint", "master"),
                    ("ReaderEndPoint", "replica"),
                    ("ConfigurationEndPoint", "clustercfg"),
                ] {
                    let address =
                        format!("{prefix}.{name}.{host}.{}.cache.amazonaws.com", region.replace('-', ""));
                    self.set(&format!("{end}.Address"), address);
                    self.set(&format!("{end}.Port"), port.as_str());
                }
            }
            "AWS::ElastiCache::ServerlessCache" => {
                self.set_arn("ARN", "elasticache", &format!("serverlesscache:{name}"));
                for end in ["Endpoint", "ReaderEndpoint"] {
                    let address = format!("{name}-{}.serverless.{region}.cache.amazonaws.com", &host[..6]);
                    self.set(&format!("{end}.Address"), address);
                    self.set(&format!("{end}.Port"), "6379");
                }
                self.set("Status", "available");
            }
            "AWS::ElastiCache::User" | "AWS::ElastiCache::UserGroup" => {
                let resource = if kind.ends_with("Group") { "usergroup" } else { "user" };
                self.set_arn("Arn", "elasticache", &format!("{resource}:{name}"));
                self.set("Status", "active");
            }
            "AWS::ElastiCache::ParameterGroup" => self.set("CacheParameterGroupName", name.as_str()),
            "AWS::ElastiCache::SubnetGroup" | "AWS::RDS::DBSubnetGroup" | "AWS::RDS::DBParameterGroup" => {}
            _ => return None,
        }
        Some(name)
    }

    fn naming(&mut self, kind: &str) -> Option<String> {
        Some(match kind {
            "AWS::Route53::HostedZone" => {
                let id = format!("Z{}", self.hex(20).to_ascii_uppercase());
                let number = u16::from_str_radix(&self.hex(2), 16).unwrap_or(1);
                let servers: Vec<String> = [(0, "com"), (512, "net"), (1024, "org"), (1536, "co.uk")]
                    .iter()
                    .map(|(offset, domain)| {
                        format!("ns-{}.awsdns-{:02}.{domain}", number + offset, number % 64)
                    })
                    .collect();
                self.set("Id", id.as_str());
                self.set("NameServers", json!(servers));
                id
            }
            "AWS::Route53::RecordSet" => self.text("Name").trim_end_matches('.').to_owned(),
            "AWS::CertificateManager::Certificate" => {
                let id = self.uuid();
                let arn = self.world.arn("acm", &format!("certificate/{id}"));
                self.set("Id", arn.as_str());
                arn
            }
            "AWS::ServiceDiscovery::PrivateDnsNamespace" | "AWS::ServiceDiscovery::HttpNamespace" => {
                let id = format!("ns-{}", self.hex(16));
                let zone = format!("Z{}", self.hex(20).to_ascii_uppercase());
                self.set("Id", id.as_str());
                self.set_arn("Arn", "servicediscovery", &format!("namespace/{id}"));
                self.set("HostedZoneId", zone);
                id
            }
            "AWS::ServiceDiscovery::Service" => {
                let id = format!("srv-{}", self.hex(16));
                let name = self.text("Name");
                self.set("Id", id.as_str());
                self.set("Name", name);
                self.set_arn("Arn", "servicediscovery", &format!("service/{id}"));
                id
            }
            _ => return None,
        })
    }

    fn security(&mut self, kind: &str) -> Option<String> {
        Some(match kind {
            "AWS::WAFv2::WebACL" | "AWS::WAFv2::IPSet" | "AWS::WAFv2::RegexPatternSet" => {
                let (name, id, scope) = (self.name(kind), self.uuid(), self.text("Scope"));
                let word = kind.rsplit("::").next().unwrap_or_default().to_ascii_lowercase();
                self.set_arn("Arn", "wafv2", &format!("{}/{word}/{name}/{id}", scope.to_ascii_lowercase()));
                self.set("Id", id.as_str());
                if word == "webacl" {
                    let namespace = format!("awswaf:{}:webacl:{name}:", self.world.account);
                    self.set("LabelNamespace", namespace);
                }
                format!("{name}|{id}|{scope}")
            }
            "AWS::WAFv2::WebACLAssociation" => {
                format!("{}|{}", self.text("WebACLArn"), self.text("ResourceArn"))
            }
            "AWS::WAFv2::LoggingConfiguration" => self.text("ResourceArn"),
            "AWS::KMS::Key" => {
                let id = self.uuid();
                self.set_arn("Arn", "kms", &format!("key/{id}"));
                self.set("KeyId", id.as_str());
                id
            }
            "AWS::KMS::Alias" => self.text("AliasName"),
            _ => return None,
        })
    }

    fn storage(&mut self, kind: &str) -> Option<String> {
        let region = self.world.region.clone();
        Some(match kind {
            "AWS::SNS::Topic" => {
                let name = self.name(kind);
                let arn = self.world.arn("sns", &name);
                self.set("TopicArn", arn.as_str());
                self.set("TopicName", name);
                arn
            }
            "AWS::SNS::Subscription" => {
                let arn = format!("{}:{}", self.text("TopicArn"), self.uuid());
                self.set("Arn", arn.as_str());
                arn
            }
            "AWS::SNS::TopicPolicy" | "AWS::SQS::QueuePolicy" => {
                let id = generated(self.world, self.context, 63);
                self.set("Id", id.as_str());
                id
            }
            "AWS::SQS::Queue" => {
                let name = self.name(kind);
                let url = format!("https://sqs.{region}.amazonaws.com/{}/{name}", self.world.account);
                self.set_arn("Arn", "sqs", &name);
                self.set("QueueName", name);
                self.set("QueueUrl", url.as_str());
                url
            }
            "AWS::S3::Bucket" => {
                let name = self.name(kind).to_ascii_lowercase();
                self.set("Arn", format!("arn:aws:s3:::{name}"));
                self.set("DomainName", format!("{name}.s3.amazonaws.com"));
                self.set("RegionalDomainName", format!("{name}.s3.{region}.amazonaws.com"));
                self.set("DualStackDomainName", format!("{name}.s3.dualstack.{region}.amazonaws.com"));
                self.set("WebsiteURL", format!("http://{name}.s3-website-{region}.amazonaws.com"));
                name
            }
            "AWS::S3::BucketPolicy" => self.text("Bucket"),
            _ => return None,
        })
    }

    fn other(&mut self, kind: &str) -> Option<String> {
        Some(match kind {
            "AWS::ApplicationAutoScaling::ScalableTarget" => {
                let properties = ["ResourceId", "ScalableDimension", "ServiceNamespace"];
                let id = properties.map(|property| self.text(property)).join("|");
                self.set("Id", id.as_str());
                id
            }
            "AWS::ApplicationAutoScaling::ScalingPolicy" => {
                let (id, name, resource) = (self.uuid(), self.text("PolicyName"), self.text("ResourceId"));
                let path = format!("scalingPolicy:{id}:resource/ecs/{resource}:policyName/{name}");
                let arn = self.world.arn("autoscaling", &path);
                self.set("Arn", arn.as_str());
                arn
            }
            "AWS::CloudWatch::Dashboard" => self.name(kind),
            "AWS::CloudWatch::CompositeAlarm" => {
                let name = self.name(kind);
                self.set_arn("Arn", "cloudwatch", &format!("alarm:{name}"));
                name
            }
            "AWS::Logs::MetricFilter" => match self.text("FilterName") {
                name if name.is_empty() => generated(self.world, self.context, 63),
                name => name,
            },
            "AWS::Logs::ResourcePolicy" => self.text("PolicyName"),
            "AWS::SSM::Parameter" => {
                let name = self.name(kind);
                for property in ["Type", "Value"] {
                    let text = self.text(property);
                    self.set(property, text);
                }
                name
            }
            "AWS::SecretsManager::SecretTargetAttachment" | "AWS::SecretsManager::ResourcePolicy" => {
                let id = self.text("SecretId");
                self.set("Id", id.as_str());
                id
            }
            "AWS::ECS::ClusterCapacityProviderAssociations" => self.text("Cluster"),
            "AWS::ElasticLoadBalancingV2::ListenerCertificate" => {
                let id = self.hex(32);
                self.set("Id", id.as_str());
                id
            }
            _ => return None,
        })
    }
}

/// Services that keep names in lower case.
pub(super) fn lower_case(kind: &str) -> bool {
    ["AWS::ElastiCache::", "AWS::RDS::", "AWS::S3::"].iter().any(|service| kind.starts_with(service))
}

/// `STACK-LOGICAL-SUFFIX`, cut to `length`.
pub(super) fn generated(world: &mut World, context: &Context, length: usize) -> String {
    let suffix = identifier::suffix(&mut world.cfn, 12);
    let room = length.saturating_sub(suffix.len() + 2);
    let stack: String = context.stack_name.chars().take(room / 2).collect();
    let logical: String = context.logical_id.chars().take(room - stack.len()).collect();
    format!("{stack}-{logical}-{suffix}")
}
