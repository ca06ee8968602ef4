//! Deployments of services that no stack operation made: a forced rollback, or a change by hand.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{ServiceDeployment, ServiceDeploymentStatus};
use rollout_verdict::Moment;

use super::{Deployment, Outcome, Release, Releases, Scope};
use crate::aws::Aws;
use crate::call::CallError;
use crate::clock::rfc3339;
use crate::closer;
use crate::observe;
use crate::session::EnvironmentSession;

/// Clocks of AWS's services differ a little.
const SKEW_SECS: f64 = 5.0;
/// The services of one forced deployment are started one after the other.
const TOGETHER_SECS: f64 = 15.0 * 60.0;

/// One service deployment.
struct Seen {
    service: String,
    from: Moment,
    until: Option<Moment>,
    outcome: Outcome,
    reason: Option<String>,
    release: Release,
}

/// What happened outside the stack operations that `known` holds, since the first of them.
pub(super) async fn deployments(
    session: &EnvironmentSession,
    known: &[Deployment],
    releases: &mut Releases,
) -> Result<Vec<Deployment>, CallError> {
    let Some(since) = known.iter().map(|deployment| deployment.from).min() else { return Ok(Vec::new()) };
    let aws = &session.target.aws;
    let cluster = session.names().cluster();
    let services: Vec<String> = session.service_names();
    let existing = observe::services(aws, &cluster, &services, Moment::default()).await?;
    let mut seen = Vec::new();
    for service in existing {
        let name = service.view.name.to_string();
        for deployment in closer::service_deployments(aws, &cluster, &name, since).await? {
            let from = observe::moment(deployment.created_at());
            let inside = known.iter().any(|known| {
                let ends = known.until.map(|until| until.plus_secs(SKEW_SECS));
                from.plus_secs(SKEW_SECS) >= known.from && ends.is_none_or(|ends| from <= ends)
            });
            if !inside {
                seen.push(read(aws, &name, from, &deployment, releases).await?);
            }
        }
    }
    seen.sort_by_key(|seen| seen.from);
    let mut groups: Vec<Vec<Seen>> = Vec::new();
    for one in seen {
        let joins = groups.last().and_then(|group| group.first()).is_some_and(|first| {
            first.release == one.release && one.from.secs_since(first.from) <= TOGETHER_SECS
        });
        match groups.last_mut().filter(|_| joins) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    Ok(groups.into_iter().filter_map(|group| join(&group)).collect())
}

async fn read(
    aws: &Aws,
    service: &str,
    from: Moment,
    deployment: &ServiceDeployment,
    releases: &mut Releases,
) -> Result<Seen, CallError> {
    let revision = deployment.target_service_revision().and_then(|revision| revision.arn());
    let revision: Vec<String> = revision.map(str::to_owned).into_iter().collect();
    let definitions = closer::task_definitions_of_revisions(aws, &revision).await?;
    let release = match definitions.into_values().next() {
        Some(arn) => releases.of(aws, &arn).await?,
        None => Release::default(),
    };
    let finished = deployment.finished_at().or(deployment.stopped_at());
    Ok(Seen {
        service: service.to_owned(),
        from,
        until: finished.map(|at| observe::moment(Some(at))),
        outcome: outcome(deployment.status()),
        reason: deployment.status_reason().map(str::to_owned),
        release,
    })
}

fn outcome(status: Option<&ServiceDeploymentStatus>) -> Outcome {
    use ServiceDeploymentStatus as Status;
    match status {
        Some(Status::Successful) => Outcome::RolledOut,
        Some(Status::RollbackSuccessful | Status::Stopped) => Outcome::RolledBack,
        Some(Status::RollbackFailed) => Outcome::NeedsHuman,
        _ => Outcome::Running,
    }
}

/// The worst outcome of the services is that of the whole.
fn join(group: &[Seen]) -> Option<Deployment> {
    let severity = |outcome: Outcome| match outcome {
        Outcome::RolledOut | Outcome::ServicesNotRolled => 0,
        Outcome::Running => 1,
        Outcome::RolledBack => 2,
        Outcome::NeedsHuman => 3,
    };
    let worst = group.iter().max_by_key(|seen| severity(seen.outcome))?;
    let outcome = worst.outcome;
    let services: BTreeMap<&str, ()> = group.iter().map(|seen| (seen.service.as_str(), ())).collect();
    let names = services.into_keys().collect::<Vec<_>>().join(", ");
    let cause = match (outcome, &worst.reason) {
        (Outcome::RolledOut, _) | (_, None) => format!("services: {names}"),
        (_, Some(reason)) => format!("services: {names}; {}: {reason}", worst.service),
    };
    let first = group.first()?;
    let over = group.iter().all(|seen| seen.until.is_some());
    Some(Deployment {
        began: rfc3339(first.from),
        duration_secs: None,
        release: first.release.release.clone(),
        commit: first.release.commit.clone(),
        outcome,
        scope: Scope::Ecs,
        who: None,
        place: None,
        run_url: None,
        cause: Some(cause),
        tokens: Vec::new(),
        from: first.from,
        until: if over { group.iter().filter_map(|seen| seen.until).max() } else { None },
    })
}
