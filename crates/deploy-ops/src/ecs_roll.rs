//! Past CloudFormation: services are brought to task definitions that exist already, by `UpdateService`. All of them,
//! or, where one fails, all of them back.

use ops_cli::Verdict;
use rollout_verdict::{ExpectedService, Moment, Rollout, Via};

use crate::alignment::{self, ServiceRecord};
use crate::call::{CallError, Called};
use crate::failure::Failure;
use crate::observe::{self, SeenService};
use crate::operation::{self, Conclusion};
use crate::report::duration;
use crate::rollout;
use crate::session::EnvironmentSession;
use crate::watch::{OnFailure, Operation};

/// One service on its way to a task definition.
#[derive(Debug, Clone)]
pub struct Move {
    /// The service as it is.
    pub from: SeenService,
    /// ARN of the task definition that it is to run.
    pub to: String,
    /// Tasks that it is to run; as many as before where nothing is said.
    pub desired_count: Option<u32>,
}

/// What happens to the other services when one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// All go back to what they ran: they were on one release before. One that somebody moved elsewhere meanwhile stays.
    Back,
    /// They stay: what they ran before was no release.
    Stay,
}

/// What has to move so that every service runs what the stack has on record for it, each difference shown;
/// `None` where none has.
pub async fn align(
    session: &EnvironmentSession,
    stack_id: &str,
    records: &[ServiceRecord],
) -> Result<Option<Conclusion>, Failure> {
    let recorded = |record: &ServiceRecord| record.task_definition.clone();
    let moves = moves(session, records, recorded);
    if moves.is_empty() {
        return Ok(None);
    }
    session.report.step("Services that differ from the stack");
    session.report.line(
        "each is brought to the revision that the stack has on record; one that runs another restarts once",
    );
    roll(session, stack_id, &moves, Fallback::Stay).await.map(Some)
}

/// The services that differ from what they are to run, each difference shown.
pub fn moves(
    session: &EnvironmentSession,
    records: &[ServiceRecord],
    wanted: impl Fn(&ServiceRecord) -> Option<String>,
) -> Vec<Move> {
    let mut moves = Vec::new();
    for record in records {
        let Some(to) = wanted(record) else { continue };
        let Some(difference) = record.difference_from(&to) else { continue };
        session.report.line(format!("{} {difference}", record.name));
        // A service that does not exist is CloudFormation's to create.
        if let Some(from) = record.seen.clone() {
            moves.push(Move { from, to, desired_count: record.desired_count });
        }
    }
    moves
}

/// Moves the services, all at once, and watches them to a verdict.
pub async fn roll(
    session: &EnvironmentSession,
    stack_id: &str,
    moves: &[Move],
    fallback: Fallback,
) -> Result<Conclusion, Failure> {
    let conclusion = go(session, stack_id, moves, false).await?;
    if conclusion.succeeded() || fallback == Fallback::Stay {
        return Ok(conclusion);
    }
    // Whoever deployed after us decides what runs.
    if conclusion.verdict == Verdict::Superseded {
        return Ok(conclusion);
    }
    session.report.step("Services back");
    session
        .report
        .line("one service failed: all go back to what they ran, so that none is on another release");
    let back = back(session, moves).await?;
    if back.is_empty() {
        return Ok(conclusion);
    }
    let restored = go(session, stack_id, &back, true).await?;
    let verdict = if restored.succeeded() { Verdict::RolledBack } else { Verdict::NeedsHuman };
    Ok(Conclusion { verdict, ..conclusion })
}

/// The way back of every service that is still ours to move: it runs the new revision, or went back by itself.
async fn back(session: &EnvironmentSession, moves: &[Move]) -> Result<Vec<Move>, CallError> {
    let now = seen(session, moves, session.target.clock.now()).await?;
    let mut back = Vec::new();
    for moved in moves {
        let seen = now.iter().find(|seen| seen.view.name == moved.from.view.name);
        let foreign = seen.map(|seen| &seen.task_definition);
        let foreign = foreign.filter(|runs| **runs != moved.to && **runs != moved.from.task_definition);
        if let Some(foreign) = foreign {
            let (name, runs) = (&moved.from.view.name, alignment::short(foreign));
            session.report.warn(format!("{name}: somebody deployed {runs} meanwhile; it is left alone"));
            continue;
        }
        back.push(Move {
            from: SeenService { task_definition: moved.to.clone(), ..moved.from.clone() },
            to: moved.from.task_definition.clone(),
            desired_count: Some(moved.from.desired_count),
        });
    }
    Ok(back)
}

/// The services that move, as they are now, with their events since a moment.
async fn seen(
    session: &EnvironmentSession,
    moves: &[Move],
    since: Moment,
) -> Result<Vec<SeenService>, CallError> {
    let names: Vec<String> = moves.iter().map(|it| it.from.view.name.to_string()).collect();
    observe::services(&session.target.aws, &session.names().cluster(), &names, since).await
}

async fn go(
    session: &EnvironmentSession,
    stack_id: &str,
    moves: &[Move],
    takes_back: bool,
) -> Result<Conclusion, Failure> {
    let started_at = session.target.clock.now();
    let cluster = session.names().cluster();
    // Looked at again: a rollback of ECS's own may have begun a deployment in the meantime.
    let now = seen(session, moves, started_at).await?;
    for moved in moves {
        update(session, &cluster, moved).await?;
    }
    let rollout = Rollout {
        started_at,
        via: Via::Ecs,
        services: moves.iter().map(|moved| expected(session, moved, &now)).collect(),
        additional: Vec::new(),
    };
    let deadline = rollout.deadline();
    session.report.line(format!("given up after {}", duration(f64::from(deadline.secs))));
    let operation = Operation {
        stack_id: stack_id.to_owned(),
        // No event of the stack belongs to this.
        token: format!("ecs-{}", started_at.as_millis()),
        cluster,
        log_groups: session.log_groups(),
    };
    let subject = session.environment.name.as_str();
    operation::follow(session, subject, operation, rollout, OnFailure::Cancel, takes_back).await
}

fn expected(session: &EnvironmentSession, moved: &Move, now: &[SeenService]) -> ExpectedService {
    let name = &moved.from.view.name;
    let same = moved.from.task_definition == moved.to;
    let seen = now.iter().find(|seen| seen.view.name == *name);
    let deployments = seen.into_iter().flat_map(|seen| &seen.view.deployments);
    let known = deployments.filter(|it| it.task_definition.as_str() != moved.to);
    ExpectedService {
        name: name.clone(),
        rolls: true,
        old_task_definition: (!same).then(|| moved.from.task_definition.as_str().into()),
        new_task_definition: Some(moved.to.as_str().into()),
        known_deployments: known.map(|deployment| deployment.id.clone()).collect(),
        settings: session
            .config
            .platform
            .services
            .keys()
            .find(|configured| configured.as_str() == name.as_str())
            .map(|name| rollout::settings(&session.config, &session.environment, name))
            .unwrap_or_default(),
        ..ExpectedService::default()
    }
}

async fn update(session: &EnvironmentSession, cluster: &str, moved: &Move) -> Result<(), CallError> {
    let name = moved.from.view.name.as_str();
    let failed = moved.from.view.deployments.iter().any(|deployment| {
        deployment.status == "PRIMARY" && deployment.rollout_state.as_deref() == Some("FAILED")
    });
    let call = session.target.aws.ecs.update_service().cluster(cluster).service(name);
    let call = call.task_definition(&moved.to);
    let call = call.set_desired_count(moved.desired_count.and_then(|count| i32::try_from(count).ok()));
    // The same revision again starts nothing by itself.
    let again = failed && moved.from.task_definition == moved.to;
    call.set_force_new_deployment(again.then_some(true)).send().await.called("ecs:UpdateService")?;
    Ok(())
}

/// The moment until which a rollback of the stack is waited for: as [`watch`] bounds it.
#[must_use]
pub fn patience(session: &EnvironmentSession, started_at: Moment) -> Moment {
    let services = session.config.platform.services.keys().map(|name| ExpectedService {
        name: name.as_str().into(),
        rolls: true,
        settings: rollout::settings(&session.config, &session.environment, name),
        ..ExpectedService::default()
    });
    let rollout = Rollout { started_at, services: services.collect(), ..Rollout::default() };
    started_at.plus_secs(f64::from(rollout.deadline().secs) * 2.0 + 900.0)
}
