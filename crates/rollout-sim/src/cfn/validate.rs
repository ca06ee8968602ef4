//! What a template is, without a stack: `ValidateTemplate` and `GetTemplateSummary`.

use std::collections::BTreeMap;

use super::api::{
    GetTemplateSummaryInput, GetTemplateSummaryOutput, ParameterConstraints, ParameterDeclaration,
    ResourceIdentifierSummary, TemplateParameter, ValidateTemplateInput, ValidateTemplateOutput,
};
use super::inputs::{self, invalid, template_error};
use super::schema;
use super::stacks::find;
use super::template::Template;
use crate::{ApiError, World};

/// Capabilities and why, as both calls say it.
fn capabilities(template: &Template) -> (Vec<String>, Option<String>) {
    let (needed, types) = template.capabilities();
    let reason =
        needed.map(|_| format!("The following resource(s) require capabilities: [{}]", types.join(", ")));
    (needed.map(str::to_owned).into_iter().collect(), reason)
}

/// `ValidateTemplate`: structure, references and limits; properties are not looked at, as on AWS.
///
/// # Errors
/// `ValidationError`, or what is not modelled.
pub fn validate_template(
    world: &World,
    input: &ValidateTemplateInput,
) -> Result<ValidateTemplateOutput, ApiError> {
    let body = inputs::body(world, input.template_body.as_deref(), input.template_url.as_deref())?;
    let template = Template::parse(body).map_err(template_error)?;
    inputs::check_types(&template)?;
    let (capabilities, capabilities_reason) = capabilities(&template);
    Ok(ValidateTemplateOutput {
        parameters: template
            .parameters
            .iter()
            .map(|declaration| TemplateParameter {
                parameter_key: Some(declaration.name.clone()),
                default_value: declaration.default.clone(),
                no_echo: Some(declaration.no_echo),
                description: declaration.description.clone(),
            })
            .collect(),
        description: template.description.clone(),
        capabilities,
        capabilities_reason,
        declared_transforms: template.transforms.clone(),
    })
}

/// `GetTemplateSummary` of a template or of a stack's.
///
/// # Errors
/// `ValidationError`, or what is not modelled (stack sets).
pub fn get_template_summary(
    world: &World,
    input: &GetTemplateSummaryInput,
) -> Result<GetTemplateSummaryOutput, ApiError> {
    if input.stack_set_name.is_some() || input.call_as.is_some() {
        return Err(ApiError::not_modelled("stack sets"));
    }
    if input.template_summary_config.is_some() {
        return Err(ApiError::not_modelled("TemplateSummaryConfig"));
    }
    let template = match &input.stack_name {
        Some(name) if input.template_body.is_none() && input.template_url.is_none() => {
            let definition = world.cfn.stacks[find(world, name)?].definition.as_ref();
            let missing = || invalid(format!("Template for stack {name} does not exist"));
            definition.ok_or_else(missing)?.template.clone()
        }
        Some(_) => return Err(invalid("Specify only one of StackName, TemplateBody and TemplateURL")),
        None => {
            let body = inputs::body(world, input.template_body.as_deref(), input.template_url.as_deref())?;
            Template::parse(body).map_err(template_error)?
        }
    };
    inputs::check_types(&template)?;
    let mut by_type: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, resource) in &template.resources {
        by_type.entry(resource.kind.as_str()).or_default().push(name.clone());
    }
    let (capabilities, capabilities_reason) = capabilities(&template);
    Ok(GetTemplateSummaryOutput {
        parameters: template
            .parameters
            .iter()
            .map(|declaration| ParameterDeclaration {
                parameter_key: Some(declaration.name.clone()),
                default_value: declaration.default.clone(),
                parameter_type: Some(declaration.kind.clone()),
                no_echo: Some(declaration.no_echo),
                description: declaration.description.clone(),
                parameter_constraints: Some(ParameterConstraints {
                    allowed_values: declaration.allowed_values.clone(),
                }),
            })
            .collect(),
        description: template.description.clone(),
        capabilities,
        capabilities_reason,
        resource_types: by_type.keys().map(|kind| (*kind).to_owned()).collect(),
        version: template.version.clone(),
        metadata: template.metadata.as_ref().map(ToString::to_string),
        declared_transforms: template.transforms.clone(),
        resource_identifier_summaries: by_type
            .into_iter()
            .map(|(kind, names)| ResourceIdentifierSummary {
                resource_type: Some(kind.to_owned()),
                logical_resource_ids: names,
                resource_identifiers: schema::find(kind)
                    .map(|schema| schema.primary.clone())
                    .unwrap_or_default(),
            })
            .collect(),
        warnings: None,
    })
}
