//! Services that run a release already, past the stack (`rollback --via ecs`): the stack takes over what they run, so that
//! bringing it in line restarts nothing.
//!
//! CloudFormation registers task definitions of its own, and a service that moves from one revision to another starts
//! new tasks even where the two are alike. The templates therefore have a parameter for each service that names another
//! revision in place of the stack's own. CloudFormation updates the service with the revision that it runs, and ECS
//! starts a deployment only where something changes (UpdateService, `forceNewDeployment`:
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>).

use std::collections::{BTreeMap, BTreeSet};

use crate::alignment::ServiceRecord;
use crate::failure::Failure;
use crate::observe::SeenService;
use crate::plan::Plan;
use crate::resolve::Release;
use crate::revisions;
use crate::session::EnvironmentSession;
use crate::template::{Section, Template};

/// Values of the parameters for the services' revisions, by parameter: the ARN of what the service runs where that is
/// what `wanted` would start for the release, empty otherwise. `live` is the stack's template with its services.
pub(crate) async fn values(
    session: &EnvironmentSession,
    live: Option<(&Template, &[ServiceRecord])>,
    wanted: &Template,
    release: &Release,
) -> Result<BTreeMap<String, String>, Failure> {
    let parameters = wanted.resources_of_type("AWS::ECS::Service").into_iter();
    let parameters = parameters.filter_map(|id| wanted.task_definition(id)?.parameter);
    let mut values: BTreeMap<String, String> =
        parameters.map(|name| (name.to_owned(), String::new())).collect();
    let Some((template, records)) = live else { return Ok(values) };
    for record in records {
        let Some(definition) = wanted.task_definition(&record.logical_id) else { continue };
        let Some(parameter) = definition.parameter else { continue };
        let same = |section, name| wanted.get(section, name) == template.get(section, name);
        if same(Section::Resources, definition.logical_id)
            && let Some(arn) = past_the_stack(session, record, release).await?
        {
            values.insert(parameter.to_owned(), arn);
        }
    }
    Ok(values)
}

/// The revision that a service runs, where it is not the stack's own and does what the stack's own would do.
async fn past_the_stack(
    session: &EnvironmentSession,
    record: &ServiceRecord,
    release: &Release,
) -> Result<Option<String>, Failure> {
    let aws = &session.target.aws;
    let (Some(seen), Some(own)) = (&record.seen, &record.own_task_definition) else { return Ok(None) };
    let running = &seen.task_definition;
    let (Some(digest), None) = (release.digests.get(&record.name), record.difference_from(running)) else {
        return Ok(None);
    };
    if running == own {
        return Ok(None);
    }
    let found = revisions::describe(aws, running).await?.zip(revisions::describe(aws, own).await?);
    let alike = |(found, own): &_| revisions::is_like(found, own, &record.name, release, digest);
    Ok(found.filter(alike).map(|_| running.clone()))
}

/// Logical ids of the services that a plan with these values of parameters rolls: not those whose parameter names the
/// revision that they run.
#[must_use]
pub(crate) fn rolling<'a>(
    plan: &'a Plan,
    template: &Template,
    value: impl Fn(&str) -> Option<&'a str>,
    services: &[SeenService],
) -> BTreeSet<&'a str> {
    let runs = |arn: &str| services.iter().any(|seen| seen.task_definition == arn);
    let stays = |id: &str| {
        let parameter = template.task_definition(id).and_then(|definition| definition.parameter);
        parameter.and_then(&value).is_some_and(runs)
    };
    plan.rolling_services().map(|change| change.logical_id.as_str()).filter(|id| !stays(id)).collect()
}
