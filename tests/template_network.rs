//! What must hold for the network of every template.

use std::collections::BTreeSet;

use cfn::Document;
use env_config::Config;
use serde_json::Value;

use crate::template_rules::{ENVIRONMENTS, of_type, references};
use crate::templates::{config, document, resources};

/// Everything that a resource comes after: by `DependsOn`, by reference, and what those come after.
fn comes_after(document: &Document, id: &str) -> BTreeSet<String> {
    let all = resources(document);
    let (mut open, mut found) = (vec![id.to_owned()], BTreeSet::new());
    while let Some(next) = open.pop() {
        let Some(resource) = all.get(next.as_str()) else { continue };
        let mut before = references(&resource["Properties"]);
        match &resource["DependsOn"] {
            Value::String(one) => before.extend([one.clone()]),
            several => before.extend(
                several.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
            ),
        }
        open.extend(before.into_iter().filter(|id| found.insert(id.clone())));
    }
    found
}

/// Configurations of many shapes, also of some that the checks of the configuration refuse, with what they are.
fn shapes() -> Vec<(String, Config)> {
    let mut shapes = Vec::new();
    for zones in 1..=3 {
        for nat in BTreeSet::from([0, 1, zones]) {
            for (waf, cache, services) in
                [(true, true, 3), (false, false, 3), (false, true, 1), (true, false, 2)]
            {
                let mut config = config();
                let names: Vec<_> = config.platform.services.keys().cloned().collect();
                for name in names.into_iter().skip(services) {
                    config.platform.services.shift_remove(&name);
                }
                for service in config.platform.services.values_mut() {
                    service.cache &= cache;
                    // Whom it calls may be gone.
                    service.calls.clear();
                }
                for environment in config.environments.values_mut() {
                    (environment.network.availability_zones, environment.network.nat_gateways) = (zones, nat);
                    environment.waf.enabled = waf;
                }
                let shape = format!("{zones} zones, {nat} NAT gateways, {services} services, {waf}, {cache}");
                shapes.push((shape, config));
            }
        }
    }
    shapes
}

/// CFN:aws-attribute-dependson, "VPC-gateway attachment": without it a load balancer fails with "VPC has no internet gateway",
/// now and then, and the gateway cannot be detached while an address is mapped.
#[test]
fn what_has_a_public_address_comes_after_the_attachment_of_the_gateway() {
    for (shape, config) in shapes() {
        for environment in ENVIRONMENTS {
            let document = document(&config, environment);
            let all = resources(&document);
            let mut attachments = all.iter().filter(|(_, it)| it["Type"] == "AWS::EC2::VPCGatewayAttachment");
            let attachment = attachments.next().unwrap().0.to_string();
            let mut public = 0;
            for (id, resource) in &all {
                let properties = &resource["Properties"];
                let is_public = match resource["Type"].as_str().unwrap() {
                    "AWS::ElasticLoadBalancingV2::LoadBalancer" => properties["Scheme"] != "internal",
                    "AWS::EC2::NatGateway" => properties["ConnectivityType"] != "private",
                    "AWS::EC2::EIP" => true,
                    "AWS::EC2::Route" => !properties["GatewayId"].is_null(),
                    _ => false,
                };
                if is_public {
                    public += 1;
                    let before = comes_after(&document, id);
                    assert!(before.contains(&attachment), "{environment}, {shape}: {id}");
                }
            }
            // The load balancer, the route of its subnets, and two for each NAT gateway.
            let expected = 2 + 2 * config.environments[environment].network.nat_gateways;
            assert_eq!(public, expected, "{environment}, {shape}");
        }
    }
}

/// The main route table of a VPC has no tags: nothing could tell whose it is.
#[test]
fn every_subnet_has_a_route_table_of_its_stack() {
    for environment in ENVIRONMENTS {
        let document = document(&config(), environment);
        let associated: BTreeSet<String> = of_type(&document, "AWS::EC2::SubnetRouteTableAssociation")
            .into_iter()
            .flat_map(|(_, association)| references(&association["SubnetId"]))
            .collect();
        for (id, _) in of_type(&document, "AWS::EC2::Subnet") {
            assert!(associated.contains(id), "{environment}: {id}");
        }
    }
}
