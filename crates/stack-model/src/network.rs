//! The network: per availability zone a public, a private and an isolated subnet.
//!
//! Load balancer and NAT gateways are public, tasks private (out through NAT), database and cache isolated (no route out).

use std::marker::PhantomData;

use cfn::Handle;
use cfn::ec2::{
    Eip, Gateway, InternetGateway, NatGateway, Route, RouteTable, Subnet, SubnetRouteTableAssociation, Vpc,
    VpcEndpoint, VpcGatewayAttachment,
};
use cfn::iam::{PolicyDocument, Principal, Statement};
use cfn::kind::{SubnetId, VpcId};

use crate::scope::{Env, Options, Scope, Template, Value};

/// Subnets of each tier come from a quarter of the VPC's block, so a third zone can be added without moving any.
const SUBNETS_PER_TIER: usize = 4;

/// Where things are placed.
pub(crate) struct Network {
    pub(crate) vpc: Value<VpcId>,
    /// The internet gateway, attached: what has a public address comes after it.
    pub(crate) attachment: Handle<VpcGatewayAttachment<Env>>,
    pub(crate) public: Vec<Value<SubnetId>>,
    pub(crate) private: Vec<Value<SubnetId>>,
    pub(crate) isolated: Vec<Value<SubnetId>>,
    /// The addresses of all private subnets.
    pub(crate) private_block: String,
    /// The addresses of all isolated subnets.
    pub(crate) isolated_block: String,
}

pub(crate) fn network(t: &mut Template, scope: Scope<'_>) -> Network {
    let cidr = scope.environment.network.cidr;
    let vpc = t.add(
        "Vpc",
        Vpc { cidr_block: cidr.to_string().into(), enable_dns_hostnames: true, enable_dns_support: true },
    );
    let gateway = t.add("InternetGateway", InternetGateway { stack: PhantomData });
    let attachment = t.add(
        "InternetGatewayAttachment",
        VpcGatewayAttachment { vpc_id: vpc.id(), internet_gateway_id: gateway.id() },
    );

    let public = Tier::new(t, scope, &vpc, 0, "Public");
    let public_routes = public.route_table(t, &vpc, None);
    t.add_with(
        "PublicRoute",
        Route {
            route_table_id: public_routes.id(),
            destination_cidr_block: "0.0.0.0/0".to_owned(),
            via: Gateway::Internet(gateway.id()),
        },
        Options::new().after(&attachment),
    );
    let gateways: Vec<_> = public
        .subnets
        .iter()
        .take(usize::from(scope.environment.network.nat_gateways))
        .enumerate()
        .map(|(index, subnet)| {
            let number = index + 1;
            let options = || Options::new().after(&attachment);
            let address = t.add_with(format!("NatAddress{number}"), Eip { domain: "vpc".into() }, options());
            let gateway = NatGateway { allocation_id: address.allocation_id(), subnet_id: subnet.id() };
            t.add_with(format!("NatGateway{number}"), gateway, options())
        })
        .collect();

    let private = Tier::new(t, scope, &vpc, 1, "Private");
    let mut without_internet = Vec::new();
    for index in 0..private.subnets.len() {
        let table = private.route_table(t, &vpc, Some(index));
        if let Some(nat) = gateways.get(index % gateways.len().max(1)) {
            t.add(
                format!("PrivateRoute{}", index + 1),
                Route {
                    route_table_id: table.id(),
                    destination_cidr_block: "0.0.0.0/0".to_owned(),
                    via: Gateway::Nat(nat.id()),
                },
            );
        }
        without_internet.push(table.id());
    }

    // A table of their own, without a route but the local one: the VPC's main table has no tags, and so no owner that
    // policies could tell from another.
    let isolated = Tier::new(t, scope, &vpc, 2, "Isolated");
    isolated.route_table(t, &vpc, None);

    // Image layers come from S3: through the endpoint they neither cost NAT traffic nor fail with it.
    t.add(
        "S3Endpoint",
        VpcEndpoint {
            policy_document: PolicyDocument::new([Statement::allow(["s3:GetObject"])
                .by(Principal::Anyone)
                .on([Value::sub("arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*")])]),
            route_table_ids: without_internet,
            service_name: Value::sub("com.amazonaws.${AWS::Region}.s3"),
            vpc_endpoint_type: "Gateway",
            vpc_id: vpc.id(),
        },
    );

    Network {
        vpc: vpc.id(),
        attachment,
        public: public.ids(),
        private: private.ids(),
        isolated: isolated.ids(),
        private_block: private.block(scope),
        isolated_block: isolated.block(scope),
    }
}

/// One subnet per availability zone.
struct Tier {
    index: usize,
    label: &'static str,
    subnets: Vec<Handle<Subnet<Env>>>,
}

impl Tier {
    fn new(
        t: &mut Template,
        scope: Scope<'_>,
        vpc: &Handle<Vpc<Env>>,
        index: usize,
        label: &'static str,
    ) -> Self {
        let network = scope.environment.network;
        let blocks = network.cidr.subnets(network.cidr.prefix_len() + 4, SUBNETS_PER_TIER * (index + 1));
        let subnets = blocks
            .into_iter()
            .skip(SUBNETS_PER_TIER * index)
            .take(usize::from(network.availability_zones))
            .enumerate()
            .map(|(zone, block)| {
                let subnet = Subnet {
                    vpc_id: vpc.id(),
                    availability_zone: Value::nth(zone),
                    cidr_block: block.to_string().into(),
                };
                t.add(format!("{label}Subnet{}", zone + 1), subnet)
            })
            .collect();
        Self { index, label, subnets }
    }

    /// A route table for the subnet of one zone, or for those of all.
    fn route_table(
        &self,
        t: &mut Template,
        vpc: &Handle<Vpc<Env>>,
        zone: Option<usize>,
    ) -> Handle<RouteTable<Env>> {
        let label = self.label;
        let number = zone.map(|zone| (zone + 1).to_string()).unwrap_or_default();
        let table = t.add(format!("{label}RouteTable{number}"), RouteTable { vpc_id: vpc.id() });
        for (index, subnet) in self.subnets.iter().enumerate() {
            if zone.is_none_or(|zone| zone == index) {
                t.add(
                    format!("{label}Subnet{}RouteTable", index + 1),
                    SubnetRouteTableAssociation { route_table_id: table.id(), subnet_id: subnet.id() },
                );
            }
        }
        table
    }

    /// The quarter of the VPC that the subnets are in.
    fn block(&self, scope: Scope<'_>) -> String {
        let cidr = scope.environment.network.cidr;
        let quarters = cidr.subnets(cidr.prefix_len() + 2, self.index + 1);
        quarters.last().map(ToString::to_string).unwrap_or_default()
    }

    fn ids(&self) -> Vec<Value<SubnetId>> {
        self.subnets.iter().map(Handle::<Subnet<Env>>::id).collect()
    }
}
