//! Cloud Control API: reads of any resource by its CloudFormation type (botocore `cloudcontrol/2021-09-30`).

use serde_json::{Map, Value};

use crate::wire::{inputs, outputs, page};
use crate::{ApiError, World};

inputs! { "PascalCase"
    /// Input of `ListResources`.
    pub struct ListResourcesInput {
        /// CloudFormation type.
        pub type_name: String,
        /// Page.
        pub next_token: Option<String>,
        /// 1 to 100, default 20.
        pub max_results: Option<usize>,
    }
    /// Input of `GetResource`.
    pub struct GetResourceInput {
        /// CloudFormation type.
        pub type_name: String,
        /// Primary identifier.
        pub identifier: String,
    }
}

outputs! { "PascalCase"
    /// A resource.
    pub struct ResourceDescription {
        /// Primary identifier; several parts are joined by `|`.
        pub identifier: String,
        /// Its properties, JSON text.
        pub properties: String,
    }
    /// Output of `ListResources`.
    pub struct ListResourcesOutput {
        /// Type.
        pub type_name: String,
        /// By identifier.
        pub resource_descriptions: Vec<ResourceDescription>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// Output of `GetResource`.
    pub struct GetResourceOutput {
        /// Type.
        pub type_name: String,
        /// The resource.
        pub resource_description: ResourceDescription,
    }
}

/// Types that can be read, each with the actions that its list handler asks for (CloudFormation registry schemas, `handlers`).
const TYPES: &[(&str, &[&str])] = &[
    ("AWS::EC2::EIP", &["ec2:DescribeAddresses"]),
    ("AWS::EC2::InternetGateway", &["ec2:DescribeInternetGateways"]),
    ("AWS::EC2::NatGateway", &["ec2:DescribeNatGateways"]),
    ("AWS::EC2::SecurityGroup", &["ec2:DescribeSecurityGroups"]),
    ("AWS::EC2::VPC", &["ec2:DescribeVpcs", "ec2:DescribeVpcEncryptionControls"]),
    (
        "AWS::Route53::HostedZone",
        &[
            "route53:GetHostedZone",
            "route53:ListHostedZones",
            "route53:ListQueryLoggingConfigs",
            "route53:ListTagsForResource",
        ],
    ),
];

/// What the handler of a type asks for besides the call itself; nothing for a type that is not modelled here.
#[must_use]
pub fn handler_actions(type_name: &str) -> &'static [&'static str] {
    TYPES.iter().find(|(known, _)| *known == type_name).map_or(&[], |(_, actions)| actions)
}

fn resources(world: &World, type_name: &str) -> Result<Vec<ResourceDescription>, ApiError> {
    if !TYPES.iter().any(|(known, _)| *known == type_name) {
        return Err(ApiError::not_modelled(format_args!("{type_name} in Cloud Control")));
    }
    let bags = world.cfn.bags.get(type_name).into_iter().flatten();
    Ok(bags
        .map(|(id, bag)| {
            let mut properties: Map<String, Value> = bag.properties.as_object().cloned().unwrap_or_default();
            let attributes = bag.attributes.iter().filter(|(name, _)| !name.contains('.'));
            properties.extend(attributes.map(|(name, value)| (name.clone(), value.clone())));
            let allocation = properties.get("AllocationId").and_then(Value::as_str);
            let identifier = match allocation.filter(|_| type_name == "AWS::EC2::EIP") {
                Some(allocation) => format!("{id}|{allocation}"),
                None => id.clone(),
            };
            ResourceDescription { identifier, properties: Value::Object(properties).to_string() }
        })
        .collect())
}

/// `ListResources`.
///
/// # Errors
/// `InvalidRequestException` for a token; types that are not modelled.
pub fn list_resources(world: &World, input: &ListResourcesInput) -> Result<ListResourcesOutput, ApiError> {
    let (resource_descriptions, next_token) = page(
        resources(world, &input.type_name)?,
        input.next_token.as_deref(),
        input.max_results.unwrap_or(20),
        || ApiError::new("InvalidRequestException", "Invalid NextToken."),
    )?;
    Ok(ListResourcesOutput { type_name: input.type_name.clone(), resource_descriptions, next_token })
}

/// `GetResource`.
///
/// # Errors
/// `ResourceNotFoundException`; types that are not modelled.
pub fn get_resource(world: &World, input: &GetResourceInput) -> Result<GetResourceOutput, ApiError> {
    let found = resources(world, &input.type_name)?.into_iter().find(|it| it.identifier == input.identifier);
    let resource_description = found.ok_or_else(|| {
        let message = format!(
            "Resource of type '{}' with identifier '{}' was not found.",
            input.type_name, input.identifier
        );
        ApiError::new("ResourceNotFoundException", message)
    })?;
    Ok(GetResourceOutput { type_name: input.type_name.clone(), resource_description })
}
