//! Amazon EC2: the network and its security groups.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::iam::PolicyDocument;
use crate::kind::{
    AllocationId, AvailabilityZone, InternetGatewayId, NatGatewayId, RouteTableId, SecurityGroupId, SubnetId,
    Text, VpcId,
};
use crate::value::Value;

/// `AWS::EC2::VPC`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Vpc<S> {
    pub cidr_block: Value<S, Text>,
    pub enable_dns_hostnames: bool,
    pub enable_dns_support: bool,
}
resource!(Vpc = "AWS::EC2::VPC", ref id: VpcId);

/// `AWS::EC2::InternetGateway`
#[derive(Debug, Clone, Serialize)]
pub struct InternetGateway<S> {
    #[serde(skip)]
    pub stack: std::marker::PhantomData<S>,
}
resource!(InternetGateway = "AWS::EC2::InternetGateway", ref id: InternetGatewayId);

/// `AWS::EC2::VPCGatewayAttachment`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcGatewayAttachment<S> {
    pub vpc_id: Value<S, VpcId>,
    pub internet_gateway_id: Value<S, InternetGatewayId>,
}
resource!(VpcGatewayAttachment = "AWS::EC2::VPCGatewayAttachment");

/// `AWS::EC2::Subnet`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subnet<S> {
    pub vpc_id: Value<S, VpcId>,
    pub availability_zone: Value<S, AvailabilityZone>,
    pub cidr_block: Value<S, Text>,
}
resource!(Subnet = "AWS::EC2::Subnet", ref id: SubnetId);

/// `AWS::EC2::RouteTable`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RouteTable<S> {
    pub vpc_id: Value<S, VpcId>,
}
resource!(RouteTable = "AWS::EC2::RouteTable", ref id: RouteTableId);

/// `AWS::EC2::Route`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Route<S> {
    pub route_table_id: Value<S, RouteTableId>,
    pub destination_cidr_block: String,
    #[serde(flatten)]
    pub via: Gateway<S>,
}
resource!(Route = "AWS::EC2::Route");

/// Where a [`Route`] leads.
#[derive(Debug, Clone, Serialize)]
pub enum Gateway<S> {
    #[serde(rename = "GatewayId")]
    Internet(Value<S, InternetGatewayId>),
    #[serde(rename = "NatGatewayId")]
    Nat(Value<S, NatGatewayId>),
}

/// `AWS::EC2::SubnetRouteTableAssociation`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubnetRouteTableAssociation<S> {
    pub route_table_id: Value<S, RouteTableId>,
    pub subnet_id: Value<S, SubnetId>,
}
resource!(SubnetRouteTableAssociation = "AWS::EC2::SubnetRouteTableAssociation");

/// `AWS::EC2::EIP`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Eip<S> {
    pub domain: Value<S, Text>,
}
resource!(Eip = "AWS::EC2::EIP", "AllocationId" allocation_id: AllocationId);

/// `AWS::EC2::NatGateway`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NatGateway<S> {
    pub allocation_id: Value<S, AllocationId>,
    pub subnet_id: Value<S, SubnetId>,
}
resource!(NatGateway = "AWS::EC2::NatGateway", ref id: NatGatewayId);

/// `AWS::EC2::VPCEndpoint` of a gateway type.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcEndpoint<S> {
    pub policy_document: PolicyDocument<S>,
    pub route_table_ids: Vec<Value<S, RouteTableId>>,
    pub service_name: Value<S, Text>,
    pub vpc_endpoint_type: &'static str,
    pub vpc_id: Value<S, VpcId>,
}
resource!(VpcEndpoint = "AWS::EC2::VPCEndpoint");

/// `AWS::EC2::SecurityGroup`. CloudFormation lets everything out where no egress rule is given inline.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroup<S> {
    pub group_description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_group_egress: Vec<EgressRule<S>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_group_ingress: Vec<IngressRule<S>>,
    pub vpc_id: Value<S, VpcId>,
}
resource!(SecurityGroup = "AWS::EC2::SecurityGroup", ref id: SecurityGroupId);

/// Rule for what may leave.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EgressRule<S> {
    pub description: String,
    #[serde(flatten)]
    pub ports: Ports,
    #[serde(flatten)]
    pub to: Destination<S>,
}

/// Rule for what may come in.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct IngressRule<S> {
    pub description: String,
    #[serde(flatten)]
    pub ports: Ports,
    #[serde(flatten)]
    pub from: Source<S>,
}

/// Protocol and port range of a rule.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ports {
    pub ip_protocol: &'static str,
    pub from_port: u16,
    pub to_port: u16,
}

impl Ports {
    /// One TCP port.
    pub fn tcp(port: u16) -> Self {
        Self { ip_protocol: "tcp", from_port: port, to_port: port }
    }
}

/// Where traffic may come from.
#[derive(Debug, Clone, Serialize)]
pub enum Source<S> {
    #[serde(rename = "CidrIp")]
    Cidr(String),
    #[serde(rename = "SourceSecurityGroupId")]
    Group(Value<S, SecurityGroupId>),
}

/// Where traffic may go to.
#[derive(Debug, Clone, Serialize)]
pub enum Destination<S> {
    #[serde(rename = "CidrIp")]
    Cidr(String),
    #[serde(rename = "DestinationSecurityGroupId")]
    Group(Value<S, SecurityGroupId>),
}

/// `AWS::EC2::SecurityGroupIngress`: a rule of its own, for groups that refer to each other.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupIngress<S> {
    pub group_id: Value<S, SecurityGroupId>,
    #[serde(flatten)]
    pub rule: IngressRule<S>,
}
resource!(SecurityGroupIngress = "AWS::EC2::SecurityGroupIngress");

/// `AWS::EC2::SecurityGroupEgress`: a rule of its own, for groups that refer to each other.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupEgress<S> {
    pub group_id: Value<S, SecurityGroupId>,
    #[serde(flatten)]
    pub rule: EgressRule<S>,
}
resource!(SecurityGroupEgress = "AWS::EC2::SecurityGroupEgress");
