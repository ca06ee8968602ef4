//! What was deployed to an environment, told from what AWS keeps: the stack's events with their tokens, the task
//! definitions they name, and the deployments of the services (docs/decisions/0004-history.md).

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_ecs::types::{ContainerDefinition, TaskDefinition};
use rollout_verdict::Moment;
use serde::Serialize;

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::clock::rfc3339;
use crate::failure::Failure;
use crate::names::CommitSha;
use crate::report::duration;
use crate::session::EnvironmentSession;
use crate::stack::{self, Standing};
use crate::stack_operations::{self, Ended, StackOperation};

mod outside;

/// How a deployment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// CloudFormation and ECS report the release, or the infrastructure, as wanted. Whether it answers is not theirs to
    /// tell.
    RolledOut,
    /// It failed, and everything went back.
    RolledBack,
    /// It stays half-way until a person acts.
    NeedsHuman,
    /// It runs.
    Running,
    /// The infrastructure was made ready and the services were never rolled: a task failed, or the tool was stopped.
    ServicesNotRolled,
}

impl Outcome {
    const fn words(self) -> &'static str {
        match self {
            Self::RolledOut => "rolled out",
            Self::RolledBack => "rolled back",
            Self::NeedsHuman => "needs a person",
            Self::Running => "running",
            Self::ServicesNotRolled => "services not rolled",
        }
    }
}

/// What a deployment changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The services, and what they needed.
    Services,
    /// The infrastructure only.
    Infrastructure,
    /// Services, past CloudFormation.
    Ecs,
}

/// One deployment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deployment {
    /// When it began, RFC 3339 in UTC.
    pub began: String,
    /// How long it took; nothing while it runs.
    pub duration_secs: Option<f64>,
    /// Release that it brought, where it brought one.
    pub release: Option<String>,
    /// Commit of the release.
    pub commit: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it changed.
    pub scope: Scope,
    /// Who started it; nothing where other means did.
    pub who: Option<String>,
    /// From where.
    pub place: Option<String>,
    /// The GitHub run, where it was one.
    pub run_url: Option<String>,
    /// What failed first.
    pub cause: Option<String>,
    /// Tokens of its stack operations, as CloudTrail has them too.
    pub tokens: Vec<String>,
    #[serde(skip)]
    from: Moment,
    #[serde(skip)]
    until: Option<Moment>,
}

/// What was deployed to an environment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// Environment name.
    pub environment: String,
    /// Release that the stack names now.
    pub in_service: Option<String>,
    /// The latest first.
    pub deployments: Vec<Deployment>,
}

/// Reads the latest deployments, at most `limit`.
pub async fn read(session: &EnvironmentSession, limit: usize) -> Result<History, Failure> {
    let aws = &session.target.aws;
    let stack_name = session.environment.stack_name.as_str();
    let view = stack::describe(aws, stack_name).await?.filter(|view| view.standing() != Standing::Absent);
    let view =
        view.ok_or_else(|| Failure::nothing_deployed(session, stack_name, &session.environment.name))?;
    // A deployment is at most two operations; one more tells what was in service before.
    let operations = stack_operations::read(aws, &view.id, limit * 2 + 1).await?;
    let mut releases = Releases::default();
    let mut deployments: Vec<Deployment> = Vec::new();
    let mut in_service: Option<String> = None;
    for operation in &operations {
        let next = deployment(session, operation, &mut releases).await?;
        if let Some(last) = deployments.last_mut().filter(|last| prepares(last, &next)) {
            let mut next = next;
            next.tokens.splice(0..0, last.tokens.drain(..));
            next.began.clone_from(&last.began);
            next.from = last.from;
            *last = next;
        } else {
            deployments.push(next);
        }
        if let Some(last) = deployments.last()
            && last.scope == Scope::Services
            && last.outcome == Outcome::RolledOut
        {
            in_service.clone_from(&last.release);
        }
        mark_unrolled(deployments.last_mut(), in_service.as_deref());
    }
    deployments.extend(outside::deployments(session, &deployments, &mut releases).await?);
    deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.from));
    deployments.truncate(limit);
    for deployment in &mut deployments {
        let ended = deployment.until.map(|until| until.secs_since(deployment.from));
        deployment.duration_secs = ended;
    }
    Ok(History {
        environment: session.environment.name.to_string(),
        in_service: view.parameters.get("Release").cloned(),
        deployments,
    })
}

/// Longest time between the infrastructure and the services of one deployment: the tasks run in it.
const BETWEEN_SECS: f64 = 2.0 * 3600.0;

/// Whether `first` made the infrastructure ready for `next`.
fn prepares(first: &Deployment, next: &Deployment) -> bool {
    let close = first.until.is_some_and(|until| next.from.secs_since(until) <= BETWEEN_SECS);
    let same_release = first.release.is_none() || first.release == next.release;
    first.scope == Scope::Infrastructure
        && next.scope == Scope::Services
        && first.who.is_some()
        && (&first.who, &first.place) == (&next.who, &next.place)
        && close
        && same_release
}

/// The infrastructure of a release that is not in service, and nothing that rolled it: the tasks name the new
/// release, the services the old one.
fn mark_unrolled(last: Option<&mut Deployment>, in_service: Option<&str>) {
    let Some(last) = last else { return };
    let infrastructure = last.scope == Scope::Infrastructure && last.outcome == Outcome::RolledOut;
    if infrastructure && last.release.is_some() && last.release.as_deref() != in_service {
        last.outcome = Outcome::ServicesNotRolled;
    }
}

/// One operation, as a deployment of its own.
async fn deployment(
    session: &EnvironmentSession,
    operation: &StackOperation,
    releases: &mut Releases,
) -> Result<Deployment, Failure> {
    let aws = &session.target.aws;
    let names = session.names();
    let tasks: Vec<String> =
        session.config.platform.tasks.keys().map(|task| format!("{}:", names.task_family(task))).collect();
    let revisions = operation.task_definitions();
    let made: Vec<&String> = revisions.values().filter_map(|revisions| revisions.new.as_ref()).collect();
    let of_task = |arn: &&&String| {
        arn.rsplit('/').next().is_some_and(|it| tasks.iter().any(|task| it.starts_with(task)))
    };
    let of_service = made.iter().find(|arn| !of_task(arn));
    let rolls = of_service.is_some() || matches!(operation.what(), Some("roll" | "rollback"));
    let release = match of_service.or_else(|| made.first()) {
        Some(arn) => releases.of(aws, arn).await?,
        None => Release::default(),
    };
    let origin = operation.origin();
    let github = &session.config.platform.github;
    let outcome = match operation.outcome() {
        Ended::Complete => Outcome::RolledOut,
        Ended::RolledBack => Outcome::RolledBack,
        Ended::Stuck => Outcome::NeedsHuman,
        Ended::No => Outcome::Running,
    };
    Ok(Deployment {
        began: rfc3339(operation.began),
        duration_secs: None,
        release: release.release,
        commit: release.commit,
        outcome,
        scope: if rolls { Scope::Services } else { Scope::Infrastructure },
        run_url: origin
            .as_ref()
            .and_then(|origin| origin.run_url(github.owner.as_str(), github.repository.as_str())),
        who: origin.as_ref().map(|origin| origin.who.clone()),
        place: origin.map(|origin| origin.place),
        cause: if outcome == Outcome::RolledOut { None } else { operation.first_failure() },
        tokens: operation.token.iter().cloned().collect(),
        from: operation.began,
        until: operation.ended,
    })
}

/// What a task definition says that it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Release {
    release: Option<String>,
    commit: Option<String>,
}

/// Releases by ARN of the task definition: each is asked for once.
#[derive(Debug, Default)]
struct Releases(BTreeMap<String, Release>);

impl Releases {
    async fn of(&mut self, aws: &Aws, arn: &str) -> Result<Release, CallError> {
        if let Some(known) = self.0.get(arn) {
            return Ok(known.clone());
        }
        let variables = task_definition_variables(aws, arn).await?;
        let release = variables.get("RELEASE").cloned();
        // A release without a tag is named by its commit.
        let named = release.as_ref().filter(|release| release.parse::<CommitSha>().is_ok());
        let commit = variables.get("COMMIT").or(named).cloned();
        let found = Release { release, commit };
        self.0.insert(arn.to_owned(), found.clone());
        Ok(found)
    }
}

/// Environment variables of a task definition's containers; none where ECS no longer knows it.
pub(crate) async fn task_definition_variables(
    aws: &Aws,
    arn: &str,
) -> Result<BTreeMap<String, String>, CallError> {
    let call = aws.ecs.describe_task_definition().task_definition(arn);
    let answer = match call.send().await.called("ecs:DescribeTaskDefinition") {
        Ok(answer) => answer,
        Err(error) if error.is("ClientException") => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let definition = answer.task_definition;
    let containers = definition.as_ref().map(TaskDefinition::container_definitions).unwrap_or_default();
    let pairs = containers.iter().flat_map(ContainerDefinition::environment);
    Ok(pairs.filter_map(|pair| Some((pair.name()?.to_owned(), pair.value()?.to_owned()))).collect())
}

/// A tag as it is, a commit by its first digits.
pub(crate) fn short_release(release: &str) -> &str {
    release.parse::<CommitSha>().map_or(release, |_| &release[..12])
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_service = self.in_service.as_deref().map_or("nothing", short_release);
        write!(f, "{}: {in_service} in service", self.environment)?;
        let cells: Vec<[String; 6]> = self.deployments.iter().map(cells).collect();
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for (row, deployment) in cells.iter().zip(&self.deployments) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line += &format!("  {cell:<width$}");
            }
            write!(f, "\n{}", line.trim_end())?;
            if let Some(cause) = &deployment.cause {
                write!(f, "\n      {cause}")?;
            }
            if let Some(url) = &deployment.run_url {
                write!(f, "\n      {url}")?;
            }
        }
        Ok(())
    }
}

fn cells(deployment: &Deployment) -> [String; 6] {
    let release = deployment.release.as_deref().map(short_release);
    let scope = match deployment.scope {
        Scope::Services => "",
        Scope::Infrastructure => " (infrastructure)",
        Scope::Ecs => " (past CloudFormation)",
    };
    [
        deployment.began.clone(),
        release.unwrap_or("-").to_owned(),
        format!("{}{scope}", deployment.outcome.words()),
        deployment.duration_secs.map_or_else(|| "-".to_owned(), duration),
        deployment.who.clone().unwrap_or_else(|| "-".to_owned()),
        deployment.place.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}
