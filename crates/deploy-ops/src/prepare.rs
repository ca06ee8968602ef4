//! Bringing an account to where an environment can be deployed: the shared stack, and on a target that has
//! nobody else to bring them, images and secret values.

use std::collections::{BTreeMap, BTreeSet};

use env_config::SecretSource;
use local_aws::PushImage;

use crate::call::{CallError, Called};
use crate::failure::Failure;
use crate::inputs;
use crate::names::CommitSha;
use crate::operation::{self, Conclusion, Job};
use crate::resolve;
use crate::rollout;
use crate::session::{EnvironmentSession, Session};
use crate::stack;

/// Brings the shared stack to the configuration; says how it went where something was to be done.
pub async fn shared_stack(
    session: &Session,
    allow_replace: &[String],
) -> Result<Option<Conclusion>, Failure> {
    let name = session.config.platform.shared_stack_name.as_str();
    let template = inputs::shared_template(&session.config)?;
    let live = operation::settle(session, name, "shared").await?;
    let values = BTreeMap::new();
    let change_set = operation::unique_name(session, "shared");
    let request = inputs::request(
        name,
        &template,
        &values,
        &BTreeSet::new(),
        live.as_ref().map(|(view, _)| view),
        None,
        change_set,
    )?;
    if let Some((view, live)) = &live
        && stack::is_already(view, live, &template, &request)
    {
        return Ok(None);
    }
    session.report.step(&format!("Shared stack {name}"));
    let job = Job {
        request,
        existing: live.is_some(),
        allow_replace,
        leave_running: false,
        subject: "shared",
        cluster: String::new(),
        log_groups: BTreeMap::new(),
    };
    let conclusion = operation::change(session, &job, rollout::of_infrastructure).await?;
    if conclusion.as_ref().is_none_or(Conclusion::succeeded)
        && let Some(view) = stack::describe(&session.target.aws, name).await?
    {
        stack::protect(&session.target.aws, &view, true).await?;
    }
    Ok(conclusion)
}

/// Pushes a made-up image of the commit for every service that has none.
pub async fn images(
    session: &Session,
    commit: &CommitSha,
    extra_tag: Option<&str>,
) -> Result<usize, Failure> {
    let Some(control) = session.target.control() else { return Ok(0) };
    let mut pushed = 0;
    let repositories: BTreeSet<String> = inputs::repositories(&session.config).into_values().collect();
    for repository in repositories {
        let wanted = extra_tag.unwrap_or(commit.as_str());
        if resolve::image(&session.target.aws, &repository, wanted).await?.is_some() {
            continue;
        }
        let tags = std::iter::once(commit.as_str()).chain(extra_tag).map(str::to_owned).collect();
        let image = PushImage {
            content: format!("{repository}@{commit}"),
            repository,
            tags,
            architecture: None,
            behaviour: None,
        };
        control.push_image(image).map_err(|error| Failure::Guard {
            reason: format!("the local registry refused an image: {error}"),
            hint: "cargo xtask local reset".to_owned(),
        })?;
        pushed += 1;
    }
    Ok(pushed)
}

/// Names of the environment's secrets that have no value.
pub async fn secrets_without_value(session: &EnvironmentSession) -> Result<Vec<String>, CallError> {
    let mut missing = Vec::new();
    for name in session.config.platform.secrets.keys() {
        let path = session.environment.secret_path(name);
        let call = session.target.aws.secrets.describe_secret().secret_id(&path);
        match call.send().await.called("secretsmanager:DescribeSecret") {
            Ok(answer) => {
                let stages = answer.version_ids_to_stages.unwrap_or_default();
                if !stages.values().flatten().any(|stage| stage == "AWSCURRENT") {
                    missing.push(path);
                }
            }
            Err(error) if error.is("ResourceNotFoundException") => missing.push(path),
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

/// Enters placeholders for values that only a person could bring; on a target of its own nobody does.
pub async fn placeholder_secrets(session: &EnvironmentSession, paths: &[String]) -> Result<(), CallError> {
    for (name, secret) in &session.config.platform.secrets {
        let path = session.environment.secret_path(name);
        if !paths.contains(&path) {
            continue;
        }
        let values: serde_json::Map<_, _> = secret
            .keys
            .iter()
            .filter(|(_, key)| key.source == SecretSource::Entered)
            .map(|(key_name, key)| {
                let length = key.length.or(key.min_length).unwrap_or(16);
                (key_name.to_string(), serde_json::Value::String("0".repeat(usize::from(length))))
            })
            .collect();
        session
            .target
            .aws
            .secrets
            .put_secret_value()
            .secret_id(&path)
            .secret_string(serde_json::Value::Object(values).to_string())
            .send()
            .await
            .called("secretsmanager:PutSecretValue")?;
    }
    Ok(())
}
