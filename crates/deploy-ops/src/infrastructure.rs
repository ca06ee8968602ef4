//! Stacks without a deployment: the infrastructure of an environment around whatever services are live, and the
//! shared stack. Nothing here starts, stops or restarts a task.

use std::collections::{BTreeMap, BTreeSet};

use env_config::Platform;
use serde::Serialize;

use crate::database_change;
use crate::delegation::{self, Delegation};
use crate::early_validation;
use crate::expand::expand;
use crate::failure::Failure;
use crate::inputs::{self, Shared};
use crate::operation::{self, Conclusion, Job};
use crate::plan::Plan;
use crate::session::{EnvironmentSession, Session};
use crate::stack::{self, Proposal, StackRequest, StackView, Standing};
use crate::stages::{self, Stage};
use crate::template::{Section, Template, references};

/// Type of the resource that cannot be made before the zone is delegated: its validation waits for DNS.
const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";

/// What a stack is to become, beside what it is.
pub struct Prepared {
    /// The template to send.
    pub template: Template,
    /// The request that sends it.
    pub request: StackRequest,
    /// The stack as it is, with its template; nothing where there is none.
    pub live: Option<(StackView, Template)>,
    /// Logical ids of the service layer that the configuration wants otherwise: the next deployment changes them.
    pub waiting: BTreeSet<String>,
}

impl Prepared {
    /// Whether the stack already is what it should be.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let live = self.live.as_ref();
        live.is_some_and(|(view, live)| stack::is_already(view, live, &self.template, &self.request))
    }

    /// The updates in which the stack comes to it.
    #[must_use]
    pub fn stages(&self) -> Vec<Stage> {
        let view = self.live.as_ref().map(|(view, _)| view);
        stages::of(&self.template, view, &BTreeMap::new())
    }
}

/// What `stack plan` and `stack deploy` would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StackPlan {
    /// Name of the stack.
    pub stack: String,
    /// Whether it exists.
    pub exists: bool,
    /// What would change now.
    pub plan: Plan,
    /// The updates in which it changes, in order. The shared stack has more where its bucket or its certificate comes first.
    pub stages: Vec<Stage>,
    /// Logical ids of the service layer that differ too, and change with the next deployment.
    pub with_next_deployment: BTreeSet<String>,
    /// Services that somebody took past the stack, one sentence each.
    pub past_the_stack: Vec<String>,
}

impl StackPlan {
    /// Whether configuration and stack differ in anything.
    #[must_use]
    pub fn has_differences(&self) -> bool {
        !self.exists
            || !self.plan.changes.is_empty()
            || !self.with_next_deployment.is_empty()
            || !self.past_the_stack.is_empty()
    }
}

/// The stack as it is, without waiting for anybody and without repairing anything.
pub async fn look(session: &Session, name: &str) -> Result<Option<(StackView, Template)>, Failure> {
    let view = stack::describe(&session.target.aws, name).await?;
    let Some(view) = view.filter(|view| view.standing() != Standing::Absent) else { return Ok(None) };
    // A stack that is going away has no template to compare with.
    if view.status.as_str() == "DELETE_COMPLETE" {
        return Ok(None);
    }
    let template = stack::live_template(&session.target.aws, name).await?;
    Ok(Some((view, template)))
}

/// What the infrastructure of an environment is to become around what is live.
///
/// Parameters keep the values they have: releases are no matter of infrastructure. What needs a value that nobody
/// has given yet (the one-off tasks of an environment without images) is left out until a deployment brings it.
pub async fn environment(
    session: &EnvironmentSession,
    live: Option<(StackView, Template)>,
) -> Result<Prepared, Failure> {
    let wanted = inputs::environment_template(&session.config, &session.environment)?;
    if let Some((_, live)) = &live {
        database_change::refuse(session.environment.name.as_str(), live, &wanted)?;
    }
    let shared = Shared::read(&session.target.aws, &session.config, &session.environment).await?;
    let expanded = expand(&wanted, live.as_ref().map(|(_, template)| template))?;
    let values = shared.parameters();
    let mut known: BTreeSet<String> = values.keys().cloned().collect();
    if let Some((view, _)) = &live {
        known.extend(view.parameters.keys().cloned());
    }
    let template = without_unknown(expanded.template, &known);
    let request = inputs::request(
        session.environment.stack_name.as_str(),
        &template,
        &values,
        &expanded.kept_parameters,
        live.as_ref().map(|(view, _)| view),
        Some(&shared.cloudformation_role_arn),
        operation::unique_name(session, "infrastructure"),
    )?;
    let waiting = live.as_ref().map(|(_, live)| service_differences(&wanted, live)).unwrap_or_default();
    Ok(Prepared { template, request, live, waiting })
}

/// Logical ids of the service layer that are not the same in both templates.
fn service_differences(wanted: &Template, live: &Template) -> BTreeSet<String> {
    let layer = |template: &Template| -> BTreeSet<String> {
        template
            .entries(Section::Resources)
            .filter(|(id, _)| template.is_service_layer(id))
            .map(|(id, _)| id.clone())
            .collect()
    };
    let live_layer = layer(live);
    // An environment without any service waits for its first deployment as a whole.
    if live_layer.is_empty() {
        return BTreeSet::new();
    }
    let both = layer(wanted).into_iter().chain(live_layer);
    both.filter(|id| wanted.get(Section::Resources, id) != live.get(Section::Resources, id)).collect()
}

/// The template without parameters that have no value, and without everything that needs them.
fn without_unknown(mut template: Template, known: &BTreeSet<String>) -> Template {
    let mut gone: BTreeSet<String> = template
        .entries(Section::Parameters)
        .filter(|(name, parameter)| !known.contains(*name) && parameter.get("Default").is_none())
        .map(|(name, _)| name.clone())
        .collect();
    template.retain(Section::Parameters, |name, _| !gone.contains(name));
    // What needs something that is gone goes too, which may take more with it; each round takes one at least.
    for _ in 0..=template.entries(Section::Resources).count() {
        let before = gone.len();
        template.retain(Section::Resources, |id, resource| {
            let keep = references(resource).is_disjoint(&gone);
            if !keep {
                gone.insert(id.to_owned());
            }
            keep
        });
        if gone.len() == before {
            break;
        }
    }
    template.retain(Section::Outputs, |_, output| references(output).is_disjoint(&gone));
    template
}

/// The shared stack, as much of it as can be made: without the certificate until `certificate` says that the zone is
/// delegated. One that exists stays.
pub fn shared(
    session: &Session,
    live: Option<(StackView, Template)>,
    certificate: bool,
) -> Result<Prepared, Failure> {
    let mut template = inputs::shared_template(&session.config)?;
    let has_one = live.as_ref().is_some_and(|(_, live)| !live.resources_of_type(CERTIFICATE).is_empty());
    if !certificate && !has_one {
        let gone: BTreeSet<String> =
            template.resources_of_type(CERTIFICATE).into_iter().map(str::to_owned).collect();
        template.retain(Section::Resources, |id, _| !gone.contains(id));
        template.retain(Section::Outputs, |_, output| references(output).is_disjoint(&gone));
    }
    let request = inputs::request(
        session.config.platform.shared_stack_name.as_str(),
        &template,
        &BTreeMap::new(),
        &BTreeSet::new(),
        live.as_ref().map(|(view, _)| view),
        None,
        operation::unique_name(session, "shared"),
    )?;
    Ok(Prepared { template, request, live, waiting: BTreeSet::new() })
}

/// Where the shared stack stands after [`bring_shared`].
pub enum SharedEnd {
    /// It is as configured; what was done, if anything was.
    Complete(Option<Conclusion>),
    /// Everything but the certificate is there, and the zone is not delegated.
    WaitsForDelegation(Delegation),
    /// A change failed.
    Failed(Conclusion),
}

/// Brings the shared stack to the configuration. The certificate is only asked for once DNS leads to the zone:
/// until then its validation would hold the stack, and its rollback would take the zone's name servers with it.
pub async fn bring_shared(session: &Session, allow_replace: &[String]) -> Result<SharedEnd, Failure> {
    let done = change_shared(session, false, allow_replace).await?;
    if let Some(failed) = done.clone().filter(|done| !done.succeeded()) {
        return Ok(SharedEnd::Failed(failed));
    }
    let name = session.config.platform.shared_stack_name.as_str();
    if look(session, name).await?.is_some_and(|(_, live)| has_certificate(&session.config.platform, &live)) {
        return Ok(SharedEnd::Complete(done));
    }
    let delegation = delegation::of_zone(&session.config, &session.target).await?;
    if !delegation.is_good() {
        return Ok(SharedEnd::WaitsForDelegation(delegation));
    }
    match change_shared(session, true, allow_replace).await? {
        Some(failed) if !failed.succeeded() => Ok(SharedEnd::Failed(failed)),
        last => Ok(SharedEnd::Complete(last.or(done))),
    }
}

/// Brings the shared stack to the configuration at once, or without the certificate; `None` where nothing was to be done.
pub async fn change_shared(
    session: &Session,
    certificate: bool,
    allow_replace: &[String],
) -> Result<Option<Conclusion>, Failure> {
    let name = session.config.platform.shared_stack_name.as_str();
    let mut prepared = shared(session, operation::settle(session, name, "shared").await?, certificate)?;
    if let Some(bucket) = bucket_alone(&prepared) {
        let made = change(session, &bucket, "shared", true, allow_replace).await?;
        if made.as_ref().is_some_and(|made| !made.succeeded()) {
            return Ok(made);
        }
        prepared = shared(session, operation::settle(session, name, "shared").await?, certificate)?;
    }
    if prepared.is_done() {
        return Ok(None);
    }
    change(session, &prepared, "shared", true, allow_replace).await
}

/// The bucket for templates that are too long to send is in the shared stack, whose template may itself be too long:
/// then the bucket comes first.
fn bucket_alone(whole: &Prepared) -> Option<Prepared> {
    let too_long = whole.template.to_body().len() > stack::MAX_INLINE_TEMPLATE_BYTES;
    let is_bucket = |id: &str| id.starts_with(stack_model::TEMPLATE_BUCKET);
    let more = |(view, live): &(StackView, Template)| {
        view.standing() == Standing::Ready || live.entries(Section::Resources).any(|(id, _)| !is_bucket(id))
    };
    if !too_long || whole.live.as_ref().is_some_and(more) {
        return None;
    }
    let mut template = whole.template.clone();
    template.retain(Section::Resources, |id, _| is_bucket(id));
    template.retain(Section::Outputs, |_, _| false);
    // The bucket needs none of the parameters.
    template.retain(Section::Parameters, |_, _| false);
    let request = StackRequest {
        body: Some(template.to_body()),
        parameters: BTreeMap::new(),
        change_set: format!("{}-bucket", whole.request.change_set),
        ..whole.request.clone()
    };
    Some(Prepared { template, request, live: whole.live.clone(), waiting: BTreeSet::new() })
}

/// Whether a shared stack is complete: it has a certificate, or the platform brings one.
#[must_use]
pub fn has_certificate(platform: &Platform, live: &Template) -> bool {
    platform.certificate_arn.is_some() || !live.resources_of_type(CERTIFICATE).is_empty()
}

/// Makes the change and sees it through; `None` where CloudFormation finds nothing to do.
pub async fn change(
    session: &Session,
    prepared: &Prepared,
    subject: &str,
    protection: bool,
    allow_replace: &[String],
) -> Result<Option<Conclusion>, Failure> {
    let name = prepared.request.stack.clone();
    if let Some((_, live)) = &prepared.live
        && let Some(upgrade) = database_change::upgrades(live, &prepared.template).first()
    {
        return Err(Failure::Guard {
            reason: format!(
                "the database would go from PostgreSQL {} to {}, which only a deployment does, as a step of its own",
                upgrade.from, upgrade.to
            ),
            hint: format!("`{}` shows what that means", session.command(&format!("deploy {subject}"))),
        });
    }
    session.report.step(&format!("Stack {name}"));
    let job = |request: StackRequest, existing: bool| Job {
        request,
        existing,
        allow_replace,
        leave_running: false,
        takes_back: false,
        subject,
        cluster: String::new(),
        log_groups: BTreeMap::new(),
    };
    let done = stages::carry_out(session, &prepared.stages(), &prepared.request, job).await?;
    if done.iter().all(Conclusion::succeeded)
        && let Some(view) = stack::describe(&session.target.aws, &name).await?
    {
        stack::protect(&session.target.aws, &view, protection).await?;
    }
    Ok(done.into_iter().next_back())
}

/// Asks CloudFormation what it would do, and does nothing.
pub async fn plan(session: &Session, prepared: &Prepared) -> Result<StackPlan, Failure> {
    let (aws, clock) = (&session.target.aws, &*session.target.clock);
    let mut answer = StackPlan {
        stack: prepared.request.stack.clone(),
        exists: prepared.live.is_some(),
        plan: Plan::default(),
        stages: if prepared.is_done() { Vec::new() } else { prepared.stages() },
        with_next_deployment: prepared.waiting.clone(),
        past_the_stack: Vec::new(),
    };
    let Some((view, _)) = &prepared.live else {
        // A change set for a stack that does not exist would leave an empty stack behind: the template says it all.
        answer.plan = Plan::of_new(&prepared.template);
        return Ok(answer);
    };
    if view.standing() == Standing::CreateFailed {
        answer.plan = Plan::of_new(&prepared.template);
        return Ok(answer);
    }
    if view.standing() != Standing::Ready {
        return Err(Failure::StackUnusable {
            stack: view.name.clone(),
            status: view.status.as_str().to_owned(),
            hint: "wait until it has ended, then plan again".to_owned(),
        });
    }
    if prepared.is_done() {
        return Ok(answer);
    }
    let proposal = stack::propose(aws, clock, &session.template_bucket(), &prepared.request, true).await?;
    if let Proposal::Changes(change_set) = proposal {
        early_validation::show(&session.report, &change_set);
        stack::discard(aws, &change_set.id).await?;
        answer.plan = change_set.plan;
    }
    Ok(answer)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_needs_a_value_that_nobody_has_is_left_out() {
        let template = json!({
            "Parameters": {"Zone": {}, "Digest": {}, "Size": {"Default": "1"}},
            "Resources": {
                "Group": {"Type": "T", "Properties": {"Zone": {"Ref": "Zone"}, "Size": {"Ref": "Size"}}},
                "Task": {"Type": "T", "Properties": {"Image": {"Fn::Sub": "x@${Digest}"}}},
                "Follower": {"Type": "T", "DependsOn": "Task"},
            },
            "Outputs": {"Group": {"Value": {"Ref": "Group"}}, "Task": {"Value": {"Ref": "Follower"}}},
        });
        let known = BTreeSet::from(["Zone".to_owned()]);
        let left = without_unknown(Template::parse(&template.to_string()).unwrap(), &known);
        let names = |section| left.entries(section).map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        assert_eq!(names(Section::Parameters), ["Size", "Zone"]);
        assert_eq!(names(Section::Resources), ["Group"]);
        assert_eq!(names(Section::Outputs), ["Group"]);
        let all = BTreeSet::from(["Zone".to_owned(), "Digest".to_owned()]);
        let whole = Template::parse(&template.to_string()).unwrap();
        assert_eq!(without_unknown(whole.clone(), &all), whole);
    }
}
