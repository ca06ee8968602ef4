//! The deployment pipeline: resolve, expand, tasks, roll, health, record.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ops_cli::{Cause, Guard, Verdict};

use crate::adopt;
use crate::alignment;
use crate::confirm::confirm;
use crate::early_validation;
use crate::ecs_roll;
pub use crate::ending::Outcome;
use crate::ending::{self, End, Proof};
use crate::expand::{Expanded, expand};
use crate::failure::Failure;
use crate::forecast::{self, Forecast, Versions};
use crate::guards;
use crate::inputs::{self, Shared};
use crate::names::{CommitSha, ReleaseTag};
use crate::operation::{self, Conclusion, Job, Times};
use crate::plan::Plan;
use crate::prepare;
use crate::resolve::{self, Release, Wanted};
use crate::restore;
use crate::roll;
use crate::session::EnvironmentSession;
use crate::stack::{self, Proposal, StackView};
use crate::stages::{self, Stage};
use crate::task_run::{task_request, task_trouble};
use crate::tasks::{self, TaskError};
use crate::template::Template;
use crate::unfinished;

mod secrets_ready;
mod upgrade;

/// What the user wants of a deployment.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which code.
    pub wanted: Wanted,
    /// Show the plan and stop.
    pub plan_only: bool,
    /// Prepare the account first.
    pub bootstrap: bool,
    /// Stateful resources that may be replaced or removed.
    pub allow_replace: Vec<String>,
    /// Never cancel, and leave the update running at the deadline.
    pub leave_running: bool,
    /// Guards that may be passed.
    pub overrides: Vec<Guard>,
    /// Do not ask for confirmation.
    pub yes: bool,
}

impl Options {
    /// A deployment without special wishes, which is not asked about.
    #[must_use]
    pub const fn plain(wanted: Wanted) -> Self {
        Self {
            wanted,
            plan_only: false,
            bootstrap: false,
            allow_replace: Vec::new(),
            leave_running: false,
            overrides: Vec::new(),
            yes: true,
        }
    }
}

/// Everything about one deployment that is known before the first change.
struct Deployment<'a> {
    session: &'a EnvironmentSession,
    options: &'a Options,
    release: Release,
    template: Template,
    shared: Shared,
    values: BTreeMap<String, String>,
    live: Option<(StackView, Template)>,
    /// The stack where it was never complete: its creation goes on.
    begun: Option<StackView>,
    /// Whether a service runs another task definition than the stack has on record.
    past_the_stack: bool,
    /// What becomes of the infrastructure before the services, as the plan shows it; nothing where it is as it should be.
    growth: Option<Growth>,
    records: Vec<rollout_verdict::Record>,
    forecast: Option<Forecast>,
    times: Option<Times>,
}

/// The infrastructure around the live services, and the updates in which the stack comes to it.
struct Growth {
    expanded: Expanded,
    stages: Vec<Stage>,
}

/// How often a deployment is planned again because another run's task was in the way.
const MOST_PLANS: u32 = 3;
/// How long that run is given to go on with what follows its task.
const AFTER_ANOTHER: Duration = Duration::from_secs(30);

/// Deploys.
pub async fn deploy(session: &EnvironmentSession, options: &Options) -> Result<Outcome, Failure> {
    for _ in 1..MOST_PLANS {
        match Box::pin(deploy_once(session, options)).await {
            Err(Failure::Task(error @ TaskError::AnotherEnded { .. })) => {
                session.report.line(format!("{error}: planning again"));
                session.target.clock.sleep(AFTER_ANOTHER).await;
            }
            other => return unfinished::of_environment(session, other).await,
        }
    }
    unfinished::of_environment(session, Box::pin(deploy_once(session, options)).await).await
}

async fn deploy_once(session: &EnvironmentSession, options: &Options) -> Result<Outcome, Failure> {
    guards::known(session, &options.overrides)?;
    let (aws, tags) = (&session.target.aws, session.target.tags);
    let repositories = inputs::repositories(&session.config);
    // Before anything is made for it: what does not exist costs nothing.
    let wanted = resolve::wanted_commit(aws, &session.root, &options.wanted, tags, &repositories).await?;
    if !options.plan_only {
        prepare::account(session, options, &wanted.1).await?;
        if session.target.is_self_contained() {
            // Nobody else's account was brought to where there is something to deploy to.
            aws.patience.nothing_changed_yet();
        }
        return carry_out(session, options, wanted).await;
    }
    // A plan changes nothing. A local account has to be prepared for one: a copy of it is, and nobody needs to see how.
    let Some(mut copy) = session.silent_copy().await? else {
        return carry_out(session, options, wanted).await;
    };
    prepare::account(&copy, options, &wanted.1).await?;
    copy.session.report = session.report.clone();
    carry_out(&copy, options, wanted).await
}

async fn carry_out(
    session: &EnvironmentSession,
    options: &Options,
    (tag, commit): (Option<ReleaseTag>, CommitSha),
) -> Result<Outcome, Failure> {
    let template = inputs::environment_template(&session.config, &session.environment)?;
    let shared = Shared::read(&session.target.aws, &session.config, &session.environment).await?;
    let digests =
        resolve::digests(&session.target.aws, &commit, &inputs::repositories(&session.config)).await?;
    let release = Release { tag, commit, digests };
    session.report.step(&format!("Deploy {} to {}", release.described(), session.environment.name));
    let (stack_name, subject) = (session.environment.stack_name.as_str(), session.environment.name.as_str());
    let live = if options.plan_only {
        operation::at_rest(session, stack_name, subject).await?
    } else {
        operation::settle(session, stack_name, subject).await?
    };
    let (live, begun) = match live {
        Some((view, _)) if view.standing() == stack::Standing::CreateFailed => (None, Some(view)),
        live => (live, None),
    };
    if let Some((view, _)) = &live {
        resolve::same_as_recorded(&release, &view.parameters, stack_name)?;
    }
    let mut values = inputs::parameters(&session.config, &shared, &release);
    let records = match &live {
        Some((view, live)) => alignment::read(session, view, live).await?,
        None => Vec::new(),
    };
    let running = live.as_ref().map(|(_, live)| (live, records.as_slice()));
    values.extend(adopt::values(session, running, &template, &release).await?);
    let mut deployment = Deployment {
        session,
        options,
        release,
        template,
        shared,
        values,
        live,
        begun,
        past_the_stack: records.iter().any(alignment::ServiceRecord::runs_another),
        growth: None,
        records: Vec::new(),
        forecast: None,
        times: None,
    };
    let end = deployment.run().await?;
    let overrides = deployment.forecast.as_ref().map(|it| it.overrides.clone()).unwrap_or_default();
    let result = ending::result(session, &deployment.release, end, overrides).await;
    let Deployment { records, forecast, times, .. } = deployment;
    Ok(Outcome { result, records, forecast, times })
}

impl Deployment<'_> {
    async fn run(&mut self) -> Result<End, Failure> {
        let plan = self.plan().await?;
        if self.options.plan_only {
            for difference in self.differences().await? {
                self.session.report.line(format!("{difference}: it will be brought in line"));
            }
            return Ok(End::well(Verdict::NoChange));
        }
        let Some(_) = plan else {
            self.session.report.line("nothing to change");
            return self.align(Verdict::NoChange).await;
        };
        let known = self.known_secrets().await?;
        let question = format!("Carry this out on {}?", self.session.environment.url());
        confirm(self.session, &question, self.options.yes)?;
        if let Some(end) = self.upgrade().await? {
            return Ok(end);
        }
        if let Some(end) = self.expand().await? {
            return Ok(end);
        }
        self.secrets(&known).await?;
        if let Some(end) = self.tasks().await? {
            return Ok(end);
        }
        if let Some(end) = self.roll().await? {
            return Ok(end);
        }
        self.align(Verdict::Succeeded).await
    }

    /// What services run other than the stack has on record, one sentence each.
    async fn differences(&self) -> Result<Vec<String>, Failure> {
        let Some((view, live)) = &self.live else { return Ok(Vec::new()) };
        alignment::differences(self.session, view, live).await
    }

    /// Services that somebody or something took past CloudFormation come back to what the stack says; then health.
    async fn align(&mut self, well: Verdict) -> Result<End, Failure> {
        let mut verdict = well;
        if let Some((view, live)) = &self.live
            && let Some(conclusion) =
                ecs_roll::align(self.session, &view.id, &alignment::read(self.session, view, live).await?)
                    .await?
        {
            if let Some(end) = self.note(Some(conclusion)) {
                return Ok(end);
            }
            verdict = Verdict::Succeeded;
        }
        ending::health(self.session, &self.release, verdict, Proof::Deployment(&self.options.overrides)).await
    }

    /// The stack, complete or not; nothing where there is none.
    fn view(&self) -> Option<&StackView> {
        self.live.as_ref().map(|(view, _)| view).or(self.begun.as_ref())
    }

    fn request(
        &self,
        what: &str,
        template: &Template,
        kept: &BTreeSet<String>,
    ) -> Result<stack::StackRequest, Failure> {
        inputs::request(
            self.session.environment.stack_name.as_str(),
            template,
            &self.values,
            kept,
            self.view(),
            Some(&self.shared.cloudformation_role_arn),
            operation::unique_name(self.session, what),
        )
    }

    fn job(&self, request: stack::StackRequest) -> Job<'_> {
        let (allow, leave) = (&self.options.allow_replace, self.options.leave_running);
        roll::job(self.session, request, true, allow, leave)
    }

    /// What the whole deployment would change, shown and guarded; `None` where nothing would.
    async fn plan(&mut self) -> Result<Option<Plan>, Failure> {
        self.refuse_database()?;
        let (aws, clock) = (&self.session.target.aws, &*self.session.target.clock);
        let plan = match &self.live {
            None => Plan::default(),
            Some((view, live)) => {
                let request = self.request("plan", &self.template, &BTreeSet::new())?;
                if stack::is_already(view, live, &self.template, &request) {
                    return Ok(None);
                }
                match stack::propose(aws, clock, &self.session.template_bucket(), &request, true).await? {
                    Proposal::Nothing => return Ok(None),
                    Proposal::Changes(change_set) => {
                        early_validation::show(&self.session.report, &change_set);
                        stack::discard(aws, &change_set.id).await?;
                        change_set.plan
                    }
                }
            }
        };
        self.growth = self.growth()?;
        let before = self.session.services_before().await?;
        let live = self.live.as_ref().map(|(view, template)| (template, &view.parameters));
        // After a rollback past CloudFormation the stack's release is not the one in service.
        let on_record = live.and_then(|(_, values)| values.get("Release")).map(String::as_str);
        let in_service = on_record.filter(|_| !self.past_the_stack);
        let versions = Versions { live, wanted: (&self.template, &self.values), in_service };
        let (release, options) = (&self.release, self.options);
        let stages = self.growth.as_ref().map(|growth| growth.stages.as_slice()).unwrap_or_default();
        let shown =
            forecast::show(self.session, release, &versions, (&plan, stages), &before, options).await?;
        self.forecast = Some(shown);
        Ok(Some(plan))
    }

    /// What becomes of the infrastructure around the live services.
    fn growth(&self) -> Result<Option<Growth>, Failure> {
        let expanded = expand(&self.template, self.live.as_ref().map(|(_, template)| template))?;
        let request = self.request("expand", &expanded.template, &expanded.kept_parameters)?;
        if let Some((view, live)) = &self.live
            && stack::is_already(view, live, &expanded.template, &request)
        {
            return Ok(None);
        }
        let (mut release, lasting) = (self.values.clone(), self.shared.parameters());
        release.retain(|name, _| !lasting.contains_key(name));
        let stages = stages::of(&expanded.template, self.view(), &release);
        Ok(Some(Growth { expanded, stages }))
    }

    /// Grows the infrastructure around the live services.
    async fn expand(&mut self) -> Result<Option<End>, Failure> {
        let Some(Growth { expanded, stages }) = self.growth.take() else { return Ok(None) };
        self.session.report.step("Infrastructure");
        let whole = self.request("expand", &expanded.template, &expanded.kept_parameters)?;
        let job = |request, existing| Job { existing, ..self.job(request) };
        let done = stages::carry_out(self.session, &stages, &whole, job).await?;
        for conclusion in done {
            if let Some(end) = self.note(Some(conclusion)) {
                return Ok(Some(end));
            }
        }
        self.refresh().await?;
        Ok(None)
    }

    /// Reads the stack again after it has changed.
    async fn refresh(&mut self) -> Result<(), Failure> {
        let name = self.session.environment.stack_name.as_str();
        let aws = &self.session.target.aws;
        if let Some(view) = stack::describe(aws, name).await? {
            stack::protect(aws, &view, self.session.environment.protection.stack).await?;
            let template = stack::live_template(aws, name).await?;
            self.live = Some((view, template));
            self.begun = None;
        }
        Ok(())
    }

    fn note(&mut self, conclusion: Option<Conclusion>) -> Option<End> {
        let conclusion = conclusion?;
        let end = End::of(self.session, &conclusion);
        self.records.push(conclusion.record);
        self.times = conclusion.times;
        end
    }

    /// Migrates, and seeds where the environment says so: only when other code is to run.
    async fn tasks(&self) -> Result<Option<End>, Failure> {
        let Some((view, _)) = &self.live else { return Ok(None) };
        let services_run = self
            .session
            .config
            .platform
            .services
            .keys()
            .any(|name| view.outputs.contains_key(&format!("{}ServiceArn", name.pascal_case())));
        if services_run
            && view.parameters.get("Commit").map(String::as_str) == Some(self.release.commit.as_str())
        {
            return Ok(None);
        }
        for (name, task) in &self.session.config.platform.tasks {
            let due = name.as_str() == "migrate"
                || (name.as_str() == "seed" && self.session.environment.seed_on_deploy);
            if !due {
                continue;
            }
            self.session.report.step(&format!("Task {name}"));
            let request = task_request(self.session, view, name, task.timeout_secs)?;
            let session = self.session;
            let finished = tasks::run(
                &session.target.aws,
                &*session.target.clock,
                &session.report,
                &session.interrupt,
                &request,
            )
            .await?;
            if let Some(detail) = task_trouble(&finished.outcome) {
                let cause = Cause {
                    kind: "task_failed".to_owned(),
                    service: None,
                    detail: format!("{name}: {detail}"),
                };
                return Ok(Some(End {
                    verdict: Verdict::TaskFailed,
                    cause: Some(cause),
                    detected_secs: None,
                    next: None,
                }));
            }
        }
        Ok(None)
    }

    /// Everything on the new release, in one update.
    async fn roll(&mut self) -> Result<Option<End>, Failure> {
        for difference in self.differences().await? {
            self.session.report.warn(format!(
                "{difference}: if this deployment fails, it goes back to what the stack has on record"
            ));
        }
        let request = self.request("roll", &self.template, &BTreeSet::new())?;
        let mut conclusion = roll::roll(self.session, &self.job(request), &self.template).await?;
        if let (Some(failed), Some(before)) = (&conclusion, &self.live)
            && failed.complete_without_success()
        {
            let role = &self.shared.cloudformation_role_arn;
            let (restored, record) = restore::put_back(self.session, before, role, failed).await?;
            self.records.extend(record);
            conclusion = Some(restored);
        }
        let end = self.note(conclusion);
        if end.is_none() {
            self.refresh().await?;
        }
        Ok(end)
    }
}
