//! Values that stacks export and others import.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html>: an export's
//! name is unique in account and region; one that another stack imports can be neither changed nor removed.

use std::collections::BTreeSet;

use super::api::{Export, ListExportsInput, ListExportsOutput, ListImportsInput, ListImportsOutput};
use super::describe::page;
use super::inputs::invalid;
use super::plan::is_wanted;
use super::scope::StackScope;
use super::state::{OutputValue, Stack};
use crate::{ApiError, World};

const PAGE: usize = 100;

/// `ListExports`, by name.
///
/// # Errors
/// `ValidationError` for a token that was not handed out.
pub fn list_exports(world: &World, input: &ListExportsInput) -> Result<ListExportsOutput, ApiError> {
    let exported =
        world.cfn.stacks.iter().flat_map(|stack| stack.outputs.iter().map(move |one| (stack, one)));
    let mut exports: Vec<Export> = exported
        .filter_map(|(stack, output)| {
            Some(Export {
                exporting_stack_id: Some(stack.id.clone()),
                name: Some(output.export.clone()?),
                value: Some(output.value.clone()),
            })
        })
        .collect();
    exports.sort_by(|a, b| a.name.cmp(&b.name));
    let (exports, next_token) = page(&exports, input.next_token.as_deref(), PAGE)?;
    Ok(ListExportsOutput { exports: exports.to_vec(), next_token })
}

/// `ListImports`: names of the stacks that import an export.
///
/// # Errors
/// `ValidationError` for an export that no stack imports, as on AWS, and for a token that was not handed out.
pub fn list_imports(world: &World, input: &ListImportsInput) -> Result<ListImportsOutput, ApiError> {
    let importers = importers(world, &input.export_name);
    if importers.is_empty() {
        return Err(invalid(format!("Export '{}' is not imported by any stack.", input.export_name)));
    }
    let (imports, next_token) = page(&importers, input.next_token.as_deref(), PAGE)?;
    Ok(ListImportsOutput { imports: imports.to_vec(), next_token })
}

/// Names of the stacks whose templates import `export`.
fn importers(world: &World, export: &str) -> Vec<String> {
    let stacks = world.cfn.stacks.iter().enumerate().filter(|(_, stack)| stack.deleted.is_none());
    let importing = stacks.filter(|(index, _)| imports(world, *index).contains(export));
    importing.map(|(_, stack)| stack.name.clone()).collect()
}

fn imports(world: &World, index: usize) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Some(definition) = &world.cfn.stacks[index].definition else { return names };
    let scope = StackScope::of(world, index, definition);
    for resource in definition.template.resources.values() {
        if resource.uses.imports && is_wanted(resource, &definition.conditions) {
            resource.properties.imports(&scope, &mut names);
        }
    }
    for output in definition.template.outputs.values() {
        let holds = |condition: &String| definition.conditions.get(condition).copied().unwrap_or(false);
        if output.condition.as_ref().is_none_or(holds) {
            output.value.imports(&scope, &mut names);
        }
    }
    names
}

/// Why the stack's outputs cannot become `new`: a name that another stack exports, or an export in use that would
/// change or go.
///
/// # Errors
/// The reason of the stack's event.
pub(super) fn check(world: &World, index: usize, new: &[OutputValue]) -> Result<(), String> {
    let stack = &world.cfn.stacks[index];
    let name = |output: &OutputValue| output.export.clone();
    for export in new.iter().filter_map(name) {
        let others = world.cfn.stacks.iter().filter(|other| other.id != stack.id);
        let exports =
            |other: &&Stack| other.outputs.iter().any(|output| output.export.as_ref() == Some(&export));
        if let Some(other) = others.into_iter().find(exports) {
            return Err(format!("Export with name {export} is already exported by stack {}.", other.name));
        }
    }
    for output in &stack.outputs {
        let Some(export) = &output.export else { continue };
        let after = new.iter().find(|after| after.export.as_ref() == Some(export));
        let verb = match after {
            Some(after) if after.value == output.value => continue,
            Some(_) => "updated",
            None => "deleted",
        };
        let importers = importers(world, export);
        if !importers.is_empty() {
            return Err(format!(
                "Export {export} cannot be {verb} as it is in use by {}",
                importers.join(" and ")
            ));
        }
    }
    Ok(())
}
