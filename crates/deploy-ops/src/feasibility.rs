//! Whether the live environment can run an older release: found out before anything is touched, everything at once.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{ContainerDefinition, TaskDefinition};
use aws_sdk_elasticloadbalancingv2::types::TargetGroup;
use env_config::Config;

use crate::alignment::ServiceRecord;
use crate::call::{CallError, Called};
use crate::failure::Failure;
use crate::git;
use crate::names::{CommitSha, ImageDigest};
use crate::pages::Pages;
use crate::resolve::{self, ResolveError};
use crate::revisions;
use crate::session::EnvironmentSession;
use crate::stack_resources::{self, StackResource};

/// What stands between the environment and the release, one sentence each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obstacles(pub Vec<String>);

/// The digests of the release's images by service, and what else it would need that is not there.
pub async fn examine(
    session: &EnvironmentSession,
    commit: &CommitSha,
    records: &[ServiceRecord],
) -> Result<(BTreeMap<String, ImageDigest>, Obstacles), Failure> {
    let mut obstacles = Vec::new();
    let digests = images(session, commit, records, &mut obstacles).await?;
    let resources =
        stack_resources::list(&session.target.aws, session.environment.stack_name.as_str()).await?;
    let then = configuration(session, commit);
    if then.is_none() {
        session.report.line(format!(
            "commit {} is not in this clone: its ports and health-check paths are not compared with the live ones",
            commit.short()
        ));
    }
    for record in records {
        let Some(definition) = definition(session, record).await? else {
            obstacles.push(format!("{} has no task definition to go back from", record.name));
            continue;
        };
        obstacles.extend(roles(&record.name, &definition, &resources));
        obstacles.extend(secrets(session, &record.name, &definition).await?);
        obstacles.extend(targets(session, record, then.as_ref()).await?);
    }
    obstacles.sort();
    obstacles.dedup();
    Ok((digests, Obstacles(obstacles)))
}

/// One-off tasks that run: a deployment whose tool is alive goes on after them, and nothing here can stop that.
pub async fn warn_of_tasks(session: &EnvironmentSession) -> Result<(), CallError> {
    let (names, aws) = (session.names(), &session.target.aws);
    for task in session.config.platform.tasks.keys() {
        let call = aws.ecs.list_tasks().cluster(names.cluster()).family(names.task_family(task));
        match Pages::of("ecs:ListTasks", call.into_paginator().send()).all().await {
            Ok(pages) => {
                // A page of a filtered list may be empty though another follows.
                let Some(arn) = pages.iter().find_map(|page| page.task_arns().first()) else { continue };
                session.report.warn(format!(
                    "the one-off task {task} runs ({}): a deployment is under way; stop it where it was started, or it \
                     will update the services after this rollback",
                    crate::alignment::short(arn)
                ));
            }
            Err(error) if error.is("ClusterNotFoundException") => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The images of every service that runs, by the digest that ECR has for the commit now.
async fn images(
    session: &EnvironmentSession,
    commit: &CommitSha,
    records: &[ServiceRecord],
    obstacles: &mut Vec<String>,
) -> Result<BTreeMap<String, ImageDigest>, Failure> {
    let mut repositories = crate::inputs::repositories(&session.config);
    repositories.retain(|name, _| records.iter().any(|record| record.name == *name));
    for record in records.iter().filter(|record| !repositories.contains_key(&record.name)) {
        obstacles.push(format!(
            "{} runs, but this checkout's configuration does not know it: check out the commit that runs",
            record.name
        ));
    }
    match resolve::digests(&session.target.aws, commit, &repositories).await {
        Ok(digests) => Ok(digests),
        Err(ResolveError::MissingImages { commit, repositories }) => {
            obstacles.extend(
                repositories
                    .iter()
                    .map(|it| format!("{it} has no image of commit {} any more", commit.short())),
            );
            Ok(BTreeMap::new())
        }
        Err(error) => Err(error.into()),
    }
}

/// The configuration as it was when the release was made; `None` where this clone or this version cannot read it.
fn configuration(session: &EnvironmentSession, commit: &CommitSha) -> Option<Config> {
    const ENVIRONMENTS: &str = "infra/environments";
    let root = &session.root;
    let platform = git::file(root, commit, "infra/platform.toml").ok().flatten()?;
    let names = git::files(root, commit, ENVIRONMENTS).ok()?;
    let texts = names.into_iter().filter(|name| name.ends_with(".toml")).filter_map(|name| {
        let text = git::file(root, commit, &format!("{ENVIRONMENTS}/{name}")).ok().flatten()?;
        Some((name, text))
    });
    Config::from_texts(&platform, &texts.collect::<Vec<_>>()).ok()
}

async fn definition(
    session: &EnvironmentSession,
    record: &ServiceRecord,
) -> Result<Option<TaskDefinition>, CallError> {
    let running = record.seen.as_ref().map(|seen| seen.task_definition.as_str());
    match record.task_definition.as_deref().or(running) {
        Some(arn) => revisions::describe(&session.target.aws, arn).await,
        None => Ok(None),
    }
}

/// The deploy role may not look at roles; it sees what the stack has of them.
fn roles(service: &str, definition: &TaskDefinition, resources: &[StackResource]) -> Vec<String> {
    let arns = [definition.task_role_arn(), definition.execution_role_arn()];
    let missing = arns.into_iter().flatten().filter(|arn| {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let mut roles = resources.iter().filter(|resource| resource.resource_type == "AWS::IAM::Role");
        !roles.any(|role| role.exists() && role.physical_id.as_deref() == Some(name))
    });
    missing
        .map(|arn| format!("{service} needs the role {arn}, which the stack does not have any more"))
        .collect()
}

/// Secrets that the task definition names, those of the environment: others the deploy role cannot see.
async fn secrets(
    session: &EnvironmentSession,
    service: &str,
    definition: &TaskDefinition,
) -> Result<Vec<String>, CallError> {
    let prefix = format!(":secret:{}/", session.environment.secrets_prefix);
    let references = definition.container_definitions().iter().flat_map(ContainerDefinition::secrets);
    let mut arns: Vec<String> = references
        .map(|secret| secret.value_from().split(':').take(7).collect::<Vec<_>>().join(":"))
        .filter(|arn| arn.contains(&prefix))
        .collect();
    arns.sort();
    arns.dedup();
    let mut problems = Vec::new();
    for arn in arns {
        let name = arn.split(":secret:").nth(1).unwrap_or(&arn);
        let call = session.target.aws.secrets.describe_secret().secret_id(&arn);
        match call.send().await.called("secretsmanager:DescribeSecret") {
            Ok(answer) if answer.deleted_date.is_some() => {
                problems.push(format!("{service} needs the secret {name}, which is scheduled for deletion"));
            }
            Ok(answer) => {
                let stages = answer.version_ids_to_stages.unwrap_or_default();
                if !stages.values().flatten().any(|stage| stage == "AWSCURRENT") {
                    problems.push(format!("{service} needs the secret {name}, which has no value"));
                }
            }
            Err(error) if error.is("ResourceNotFoundException") => {
                problems.push(format!("{service} needs the secret {name}, which does not exist"));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(problems)
}

/// The target groups that are there, held against what the release answered when it was made.
async fn targets(
    session: &EnvironmentSession,
    record: &ServiceRecord,
    then: Option<&Config>,
) -> Result<Vec<String>, CallError> {
    let Some(seen) = &record.seen else {
        return Ok(vec![format!("service {} does not exist", record.name)]);
    };
    let mut problems = Vec::new();
    for arn in &seen.target_groups {
        let call = session.target.aws.elb.describe_target_groups().target_group_arns(arn);
        let groups = match call.send().await.called("elasticloadbalancing:DescribeTargetGroups") {
            Ok(answer) => answer.target_groups.unwrap_or_default(),
            Err(error) if error.is("TargetGroupNotFound") || error.is("TargetGroupNotFoundException") => {
                problems.push(format!("{} has lost its target group {arn}", record.name));
                continue;
            }
            Err(error) => return Err(error),
        };
        for group in &groups {
            problems.extend(then.into_iter().flat_map(|then| misfits(&record.name, group, then)));
        }
    }
    Ok(problems)
}

fn misfits(service: &str, group: &TargetGroup, then: &Config) -> Vec<String> {
    let Some((_, old)) = then.platform.services.iter().find(|(name, _)| name.as_str() == service) else {
        return vec![format!("{service} did not exist in that release")];
    };
    let mut problems = Vec::new();
    if let Some(port) = group.port()
        && port != i32::from(old.port)
    {
        problems.push(format!(
            "{service} listened on port {} in that release; its target group asks port {port}",
            old.port
        ));
    }
    let asked = group.health_check_path();
    if let (Some(check), Some(asked)) = (then.platform.target_health_check(old), asked)
        && check.path != asked
    {
        problems.push(format!(
            "{service} answered its health check at {} in that release; its target group asks {asked}",
            check.path
        ));
    }
    problems
}
