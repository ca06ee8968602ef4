//! OpenID Connect providers, which issue the tokens of workflows.

use super::{
    CreateProviderInput, CreateProviderOutput, EmptyOutput, GetProviderOutput, ListProvidersOutput, Provider,
    ProviderEntry, ProviderInput, global_arn, no_such_entity,
};
use crate::{ApiError, World};

fn no_provider(arn: &str) -> ApiError {
    no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}"))
}

/// `CreateOpenIDConnectProvider`.
///
/// # Errors
/// `EntityAlreadyExists`; `InvalidInput` for a URL that is not `https`.
pub fn create_open_id_connect_provider(
    world: &mut World,
    input: CreateProviderInput,
) -> Result<CreateProviderOutput, ApiError> {
    let host = input.url.strip_prefix("https://").filter(|host| !host.is_empty()).ok_or_else(|| {
        ApiError::new("InvalidInput", "Invalid Open ID Connect Provider URL: it must begin with https://")
    })?;
    let arn = global_arn(world, &format!("oidc-provider/{}", host.trim_end_matches('/')));
    if world.iam.providers.contains_key(&arn) {
        return Err(ApiError::new(
            "EntityAlreadyExists",
            format!("Provider with url {} already exists.", input.url),
        )
        .with_status(409));
    }
    let provider = Provider {
        url: host.trim_end_matches('/').to_owned(),
        client_ids: input.client_id_list,
        thumbprints: input.thumbprint_list,
        created_at: world.now(),
    };
    world.iam.providers.insert(arn.clone(), provider);
    Ok(CreateProviderOutput { open_id_connect_provider_arn: arn })
}

/// `GetOpenIDConnectProvider`.
///
/// # Errors
/// `NoSuchEntity`.
pub fn get_open_id_connect_provider(
    world: &World,
    input: &ProviderInput,
) -> Result<GetProviderOutput, ApiError> {
    let arn = &input.open_id_connect_provider_arn;
    let provider = world.iam.providers.get(arn).ok_or_else(|| no_provider(arn))?;
    Ok(GetProviderOutput {
        url: provider.url.clone(),
        client_id_list: provider.client_ids.clone(),
        thumbprint_list: provider.thumbprints.clone(),
        create_date: provider.created_at.as_epoch_secs(),
    })
}

/// `DeleteOpenIDConnectProvider`.
///
/// # Errors
/// `NoSuchEntity`.
pub fn delete_open_id_connect_provider(
    world: &mut World,
    input: &ProviderInput,
) -> Result<EmptyOutput, ApiError> {
    let arn = &input.open_id_connect_provider_arn;
    world.iam.providers.remove(arn).map(|_| EmptyOutput {}).ok_or_else(|| no_provider(arn))
}

/// `ListOpenIDConnectProviders`.
#[must_use]
pub fn list_open_id_connect_providers(world: &World) -> ListProvidersOutput {
    let entries = world.iam.providers.keys().map(|arn| ProviderEntry { arn: arn.clone() });
    ListProvidersOutput { open_id_connect_provider_list: entries.collect() }
}

/// Audiences of the provider at `host`, with its ARN; `None` where the account has no such provider.
pub(crate) fn provider_of_host<'a>(world: &'a World, host: &str) -> Option<(&'a str, &'a [String])> {
    let mut providers = world.iam.providers.iter();
    providers
        .find(|(_, provider)| provider.url == host)
        .map(|(arn, it)| (arn.as_str(), it.client_ids.as_slice()))
}
