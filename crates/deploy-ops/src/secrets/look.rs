//! How the secrets stand without a look at their values, as a deployment may.

use std::collections::BTreeMap;

use env_config::{Secret, SecretName, SecretSource};
use serde_json::Value;

use super::{PLACEHOLDER_STAGE, SecretCheck, Standing, Version, describe, shape, summary};
use crate::aws::Aws;
use crate::call::CallError;
use crate::pages::Pages;
use crate::session::EnvironmentSession;
use crate::template::{Section, Template};

/// How long after a secret its first version may be dated. Both come from one call (see [`is_first`]); the rest is
/// room for two clocks.
const SAME_CALL_SECS: f64 = 60.0;

/// What the stack says about how values are generated.
pub struct Recipes<'a> {
    /// The template that is live.
    pub live: &'a Template,
    /// The template that is wanted.
    pub wanted: &'a Template,
}

impl Recipes<'_> {
    fn of<'t>(template: &'t Template, name: &SecretName) -> Option<&'t Value> {
        let resource = template.get(Section::Resources, &format!("{}Secret", name.pascal_case()))?;
        resource.pointer("/Properties/GenerateSecretString")
    }

    /// Whether the stack makes another value of the secret when it is updated: CloudFormation makes a version when the recipe
    /// changes (CloudFormation user guide, AWS::SecretsManager::Secret).
    #[must_use]
    pub fn change(&self, name: &SecretName) -> bool {
        Self::of(self.live, name) != Self::of(self.wanted, name)
    }

    /// Whether the first value came from the recipe that is wanted. A recipe that was changed since made a later version.
    fn made_first_value(&self, name: &SecretName, secret: &Secret) -> bool {
        secret.keys.values().all(|key| key.source == SecretSource::Generated)
            && Self::of(self.live, name).is_some()
            && !self.change(name)
    }
}

/// Looks at every secret of the environment, or at those that `concerns` accepts. No value is read.
pub async fn look(
    session: &EnvironmentSession,
    recipes: &Recipes<'_>,
    concerns: impl Fn(&SecretName) -> bool,
) -> Result<BTreeMap<SecretName, SecretCheck>, CallError> {
    let mut found = BTreeMap::new();
    for (name, secret) in &session.config.platform.secrets {
        if !concerns(name) {
            continue;
        }
        let path = session.environment.secret_path(name);
        let standing = stand(&session.target.aws, &path, name, secret, recipes).await?;
        found.insert(name.clone(), summary(session, name, secret, standing));
    }
    Ok(found)
}

async fn stand(
    aws: &Aws,
    path: &str,
    name: &SecretName,
    secret: &Secret,
    recipes: &Recipes<'_>,
) -> Result<Standing, CallError> {
    let Some(described) = describe(aws, path).await? else { return Ok(Standing::Absent) };
    let Some(Version { id, stages }) = described.current() else { return Ok(Standing::Empty) };
    if stages.contains(&shape::stage(secret)) {
        let placeholder = stages.iter().any(|stage| stage == PLACEHOLDER_STAGE);
        return Ok(if placeholder { Standing::Placeholder } else { Standing::Good });
    }
    if recipes.made_first_value(name, secret) && is_first(aws, path, id, described.created_at).await? {
        return Ok(Standing::Good);
    }
    let other = stages.iter().any(|stage| shape::is_shape(stage));
    Ok(if other { Standing::OtherShape } else { Standing::Unchecked })
}

/// Whether the version came with the secret: CloudFormation makes a generated value up and creates the secret with it, in
/// one call (its handler may create secrets, and may put no values into them).
async fn is_first(
    aws: &Aws,
    path: &str,
    version: &str,
    secret_created_at: Option<f64>,
) -> Result<bool, CallError> {
    let call = aws.secrets.list_secret_version_ids().secret_id(path);
    let pages = Pages::of("secretsmanager:ListSecretVersionIds", call.into_paginator().send()).all().await?;
    let mut versions = pages.into_iter().flat_map(|page| page.versions.unwrap_or_default());
    let created_at = versions
        .find(|it| it.version_id.as_deref() == Some(version))
        .and_then(|it| it.created_date)
        .map(|date| date.as_secs_f64());
    let same = |(secret, version): (f64, f64)| (version - secret).abs() <= SAME_CALL_SECS;
    Ok(secret_created_at.zip(created_at).is_some_and(same))
}
