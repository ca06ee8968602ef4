//! The resources of a stack as its handlers have them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::stacks::find;
use crate::World;

/// A resource that exists, with the properties that its handler got.
#[derive(Debug, Clone, PartialEq)]
pub struct HandledResource {
    /// Name in the template.
    pub logical_id: String,
    /// Type, such as `AWS::ECS::Service`.
    pub kind: String,
    /// What the type calls its primary identifier.
    pub physical_id: String,
    /// What `Fn::GetAtt` gives, by name.
    pub attributes: BTreeMap<String, Value>,
    /// All functions and references evaluated, tags of the stack included.
    pub properties: Value,
}

/// The resources of a stack, by name or id, in the order of their logical ids; none where there is no such stack.
#[must_use]
pub fn handled_resources(world: &World, stack: &str) -> Vec<HandledResource> {
    let Ok(index) = find(world, stack) else { return Vec::new() };
    let resources = world.cfn.stacks[index].resources.iter().filter(|(_, resource)| resource.exists());
    resources
        .map(|(logical_id, resource)| HandledResource {
            logical_id: logical_id.clone(),
            kind: resource.kind.clone(),
            physical_id: resource.physical_id.clone().unwrap_or_default(),
            attributes: resource.attributes.clone(),
            properties: resource.properties.clone(),
        })
        .collect()
}
