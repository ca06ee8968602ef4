//! Tags of instances; those of snapshots are not modelled.

use serde_json::{Value, json};

use super::{AddTagsInput, EmptyOutput, KIND, RemoveTagsInput, bag};
use crate::{ApiError, World};

/// `AddTagsToResource`
///
/// # Errors
/// An instance that does not exist, anything else than an instance.
pub fn add_tags(world: &mut World, input: &AddTagsInput) -> Result<EmptyOutput, ApiError> {
    let keys: Vec<String> = input.tags.iter().map(|tag| tag.key.clone()).collect();
    change(world, &input.resource_name, &keys, |tags| {
        tags.extend(input.tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })));
    })
}

/// `RemoveTagsFromResource`
///
/// # Errors
/// An instance that does not exist, anything else than an instance.
pub fn remove_tags(world: &mut World, input: &RemoveTagsInput) -> Result<EmptyOutput, ApiError> {
    change(world, &input.resource_name, &input.tag_keys, |_| {})
}

/// Takes the tags of these keys away, and then lets `add` add some.
fn change(
    world: &mut World,
    arn: &str,
    keys: &[String],
    add: impl FnOnce(&mut Vec<Value>),
) -> Result<EmptyOutput, ApiError> {
    let Some((_, name)) = arn.split_once(":db:") else {
        return Err(ApiError::not_modelled(format_args!("tags of {arn}")));
    };
    bag(world, name)?;
    if let Some(bag) = world.cfn.bags.get_mut(KIND).and_then(|bags| bags.get_mut(name)) {
        let mut tags = bag.properties["Tags"].as_array().cloned().unwrap_or_default();
        tags.retain(|tag| !keys.iter().any(|key| tag["Key"] == key.as_str()));
        add(&mut tags);
        bag.properties["Tags"] = tags.into();
    }
    Ok(EmptyOutput {})
}
