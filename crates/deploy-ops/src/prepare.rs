//! Bringing an account to where an environment can be deployed, on a target that has nobody else to do it: images and
//! secret values.

use env_config::{CpuArchitecture, JsonPointer, Platform, Service};
use local_aws::{Architecture, ImageBehaviour, PushImage};
use ops_cli::LocalOnlyKind;

use crate::call::{CallError, Called};
use crate::deploy;
use crate::failure::Failure;
use crate::infrastructure::{self, SharedEnd};
use crate::names::CommitSha;
use crate::resolve::{self, Wanted};
use crate::secrets::{PLACEHOLDER_STAGE, SecretCheck, Standing, shape};
use crate::session::{EnvironmentSession, Session};

/// Brings the account to where the commit can be deployed, where that is the deployment's to do: on a target of its own, and
/// where it was asked to.
pub async fn account(
    session: &EnvironmentSession,
    options: &deploy::Options,
    commit: &CommitSha,
) -> Result<(), Failure> {
    if !is_ours(session, options) {
        return Ok(());
    }
    shared_stack(session, options).await?;
    if let Wanted::Head | Wanted::Commit(_) = &options.wanted {
        images(session, commit, None).await?;
    }
    Ok(())
}

/// Whether the account is the deployment's to prepare.
fn is_ours(session: &Session, options: &deploy::Options) -> bool {
    session.target.is_self_contained() || options.bootstrap
}

async fn shared_stack(session: &Session, options: &deploy::Options) -> Result<(), Failure> {
    let conclusion = if session.target.is_self_contained() {
        infrastructure::change_shared(session, true, &options.allow_replace).await?
    } else {
        // A certificate whose zone nobody delegated would be waited for up to 36 hours (lint:AWS::CertificateManager::Certificate
        // handlers), and the zone with its name servers would go with the stack that fails then.
        match infrastructure::bring_shared(session, &options.allow_replace).await? {
            SharedEnd::Complete(conclusion) => conclusion,
            SharedEnd::Failed(conclusion) => Some(conclusion),
            SharedEnd::WaitsForDelegation(delegation) => {
                return Err(Failure::Waits {
                    reason: format!("the certificate waits for DNS: {delegation}"),
                    hint: format!("{}; then the same command goes on", delegation.instructions()),
                });
            }
        }
    };
    // Elsewhere it is done on demand only, which is the same everywhere.
    if conclusion.is_some() && !options.bootstrap {
        mark_shared_stack(session);
    }
    if let Some(failed) = conclusion.filter(|conclusion| !conclusion.succeeded()) {
        return Err(Failure::Guard {
            reason: failed.cause.map_or_else(|| "the shared stack failed".to_owned(), |cause| cause.detail),
            hint: session.command("stack deploy shared"),
        });
    }
    Ok(())
}

/// Says that a command on something else brought the shared stack up to date.
pub fn mark_shared_stack(session: &Session) {
    let stack = &session.config.platform.shared_stack_name;
    session.report.mark_local_only(LocalOnlyKind::SharedStack, format!("{stack} was updated by the way"));
}

/// Pushes a made-up image of the commit for every service that has none.
pub async fn images(
    session: &Session,
    commit: &CommitSha,
    extra_tag: Option<&str>,
) -> Result<usize, Failure> {
    let Some(control) = session.target.control() else { return Ok(0) };
    let mut pushed = 0;
    let platform = &session.config.platform;
    for (name, service) in &platform.services {
        let repository = platform.repository(name, service);
        let wanted = extra_tag.unwrap_or(commit.as_str());
        if resolve::image(&session.target.aws, &repository, wanted).await?.is_some() {
            continue;
        }
        let tags = std::iter::once(commit.as_str()).chain(extra_tag).map(str::to_owned).collect();
        let image = PushImage {
            content: format!("{repository}@{commit}"),
            repository,
            tags,
            architecture: Some(match service.architecture {
                CpuArchitecture::Arm64 => Architecture::Arm64,
                CpuArchitecture::X86_64 => Architecture::X86_64,
            }),
            behaviour: Some(behaviour(platform, service)),
        };
        control.push_image(image).map_err(|error| Failure::Guard {
            reason: format!("the local registry refused an image: {error}"),
            hint: "cargo xtask local reset".to_owned(),
        })?;
        pushed += 1;
    }
    if pushed > 0 {
        let detail = format!("{pushed} image(s) of commit {} were made up", commit.short());
        session.report.mark_local_only(LocalOnlyKind::Images, detail);
    }
    Ok(pushed)
}

/// What a made-up program does: it works, and names its release where the configuration says that the service does.
fn behaviour(platform: &Platform, service: &Service) -> ImageBehaviour {
    let image = ImageBehaviour::default();
    match &service.version_endpoint {
        Some(endpoint) => image
            .reporting_at(endpoint.path.as_str(), endpoint.json_pointer.as_ref().map(JsonPointer::as_str)),
        None => ImageBehaviour { release_header: Some(platform.release_header().to_owned()), ..image },
    }
}

/// Enters placeholders where there is no value: on a target of its own no person brings one.
pub async fn placeholder_secrets(
    session: &EnvironmentSession,
    checks: &[SecretCheck],
) -> Result<(), CallError> {
    fill_secrets(session, checks, &["AWSCURRENT", PLACEHOLDER_STAGE], "0").await?;
    let filled: Vec<&str> = checks
        .iter()
        .filter(|check| check.standing == Standing::Empty)
        .map(|check| check.path.as_str())
        .collect();
    if !filled.is_empty() {
        let detail = format!("placeholders were filled in for {}", filled.join(", "));
        session.report.mark_local_only(LocalOnlyKind::Secrets, detail);
    }
    Ok(())
}

/// Enters made-up values, which pass for those that a person entered, where there is none.
pub async fn made_up_secrets(session: &EnvironmentSession, checks: &[SecretCheck]) -> Result<(), CallError> {
    fill_secrets(session, checks, &["AWSCURRENT"], "01").await
}

/// Values of the right shape, of these characters over and over, as versions with these stages.
async fn fill_secrets(
    session: &EnvironmentSession,
    checks: &[SecretCheck],
    stages: &[&str],
    characters: &str,
) -> Result<(), CallError> {
    let stages: Vec<String> = stages.iter().map(ToString::to_string).collect();
    for (name, secret) in &session.config.platform.secrets {
        let path = session.environment.secret_path(name);
        if !checks.iter().any(|check| check.path == path && check.standing == Standing::Empty) {
            continue;
        }
        let values: serde_json::Map<_, _> = secret
            .keys
            .iter()
            .map(|(key_name, key)| {
                let length = key.length.or(key.min_length).unwrap_or(16);
                let text: String = characters.chars().cycle().take(usize::from(length)).collect();
                (key_name.to_string(), serde_json::Value::String(text))
            })
            .collect();
        session
            .target
            .aws
            .secrets
            .put_secret_value()
            .secret_id(&path)
            .secret_string(serde_json::Value::Object(values).to_string())
            .set_version_stages(Some(stages.clone()))
            .version_stages(shape::stage(secret))
            .send()
            .await
            .called("secretsmanager:PutSecretValue")?;
    }
    Ok(())
}
