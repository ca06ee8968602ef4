//! What must hold for the network of every template.

use std::collections::BTreeSet;

use cfn::Document;
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

/// CFN:aws-attribute-dependson, "VPC-gateway attachment": without it a load balancer fails with "VPC has no internet gateway",
/// now and then, and the gateway cannot be detached while an address is mapped.
#[test]
fn what_has_a_public_address_comes_after_the_attachment_of_the_gateway() {
    for environment in ENVIRONMENTS {
        let document = document(&config(), environment);
        let all = resources(&document);
        let attachment =
            all.iter().find(|(_, it)| it["Type"] == "AWS::EC2::VPCGatewayAttachment").unwrap().0.to_string();
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
                assert!(comes_after(&document, id).contains(&attachment), "{environment}: {id}");
            }
        }
        assert!(public >= 4, "{environment}: {public}");
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
