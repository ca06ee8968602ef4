//! The deployment pipeline: resolve, expand, tasks, roll, health, record.

use std::collections::{BTreeMap, BTreeSet};

use env_config::TaskName;
use ops_cli::{Cause, DeployResult, Verdict};

use crate::clock::Moment;
use crate::expand::expand;
use crate::failure::Failure;
use crate::health::{self, Checker};
use crate::inputs::{self, Shared};
use crate::observe;
use crate::operation::{self, Conclusion, Job};
use crate::plan::Plan;
use crate::prepare;
use crate::resolve::{self, Release, Wanted};
use crate::rollout;
use crate::secrets;
use crate::session::EnvironmentSession;
use crate::stack::{self, Proposal, StackView};
use crate::tasks::{self, TaskOutcome, TaskRequest};
use crate::template::Template;

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
    /// At the deadline, leave the update running.
    pub leave_running: bool,
}

/// How a pipeline ended: the verdict so far, and what it knows.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What `--json` prints.
    pub result: DeployResult,
    /// What the watchers observed, in order.
    pub records: Vec<rollout_verdict::Record>,
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
    records: Vec<rollout_verdict::Record>,
}

/// Deploys.
pub async fn deploy(session: &EnvironmentSession, options: &Options) -> Result<Outcome, Failure> {
    let template = inputs::environment_template(&session.config, &session.environment)?;
    if session.target.is_self_contained() || options.bootstrap {
        let conclusion = prepare::shared_stack(session, &options.allow_replace).await?;
        if let Some(failed) = conclusion.filter(|conclusion| !conclusion.succeeded()) {
            return Err(Failure::Guard {
                reason: failed
                    .cause
                    .map_or_else(|| "the shared stack failed".to_owned(), |cause| cause.detail),
                hint: session.command("stack deploy shared"),
            });
        }
        if let Wanted::Head | Wanted::Commit(_) = &options.wanted {
            let commit = resolve::commit(&session.root, &options.wanted)?;
            prepare::images(session, &commit, None).await?;
        }
    }
    let shared = Shared::read(&session.target.aws, &session.config, &session.environment).await?;
    let repositories = inputs::repositories(&session.config);
    let release = resolve::resolve(
        &session.target.aws,
        &session.root,
        &options.wanted,
        session.target.tags,
        &repositories,
    )
    .await?;
    session.report.step(&format!("Deploy {} to {}", describe(&release), session.environment.name));
    let (stack_name, subject) = (session.environment.stack_name.as_str(), session.environment.name.as_str());
    let live = operation::settle(session, stack_name, subject).await?;
    let values = inputs::parameters(&session.config, &shared, &release);
    let mut deployment =
        Deployment { session, options, release, template, shared, values, live, records: Vec::new() };
    let end = deployment.run().await?;
    let result = deployment.result(end).await?;
    Ok(Outcome { result, records: deployment.records })
}

fn describe(release: &Release) -> String {
    match &release.tag {
        Some(tag) => format!("release {tag} (commit {})", release.commit.short()),
        None => format!("commit {}", release.commit.short()),
    }
}

/// How the pipeline ended.
struct End {
    verdict: Verdict,
    cause: Option<Cause>,
    detected_secs: Option<f64>,
    next: Option<String>,
}

impl End {
    const fn well(verdict: Verdict) -> Self {
        Self { verdict, cause: None, detected_secs: None, next: None }
    }
}

impl Deployment<'_> {
    async fn run(&mut self) -> Result<End, Failure> {
        let plan = self.plan().await?;
        if self.options.plan_only {
            return Ok(End::well(Verdict::NoChange));
        }
        let Some(_) = plan else {
            self.session.report.line("nothing to change");
            return self.health(Verdict::NoChange).await;
        };
        if let Some(end) = self.expand().await? {
            return Ok(end);
        }
        self.secrets().await?;
        if let Some(end) = self.tasks().await? {
            return Ok(end);
        }
        if let Some(end) = self.roll().await? {
            return Ok(end);
        }
        self.health(Verdict::Succeeded).await
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
            self.live.as_ref().map(|(view, _)| view),
            Some(&self.shared.cloudformation_role_arn),
            operation::change_set_name(self.session, what),
        )
    }

    fn job(&self, request: stack::StackRequest) -> Job<'_> {
        Job {
            request,
            existing: self.live.is_some(),
            allow_replace: &self.options.allow_replace,
            leave_running: self.options.leave_running,
            subject: self.session.environment.name.as_str(),
            cluster: self.session.names().cluster(),
            log_groups: self.session.log_groups(),
        }
    }

    /// What the whole deployment would change, guarded; `None` where nothing would.
    async fn plan(&self) -> Result<Option<Plan>, Failure> {
        let (aws, clock, report) =
            (&self.session.target.aws, &*self.session.target.clock, &self.session.report);
        let Some((view, live)) = &self.live else {
            let services = self.session.config.platform.services.len();
            report.line(format!("plan: create the environment, then {services} services"));
            return Ok(Some(Plan::default()));
        };
        let request = self.request("plan", &self.template, &BTreeSet::new())?;
        if stack::is_already(view, live, &self.template, &request) {
            return Ok(None);
        }
        let plan = match stack::propose(aws, clock, &self.session.template_bucket(), &request, true).await? {
            Proposal::Nothing => return Ok(None),
            Proposal::Changes(change_set) => {
                stack::discard(aws, &change_set.id).await?;
                change_set.plan
            }
        };
        report.line(format!("plan: {}", plan.counts()));
        plan.changes.iter().for_each(|change| report.line(format!("  {change}")));
        plan.guard(&self.options.allow_replace)?;
        Ok(Some(plan))
    }

    /// Grows the infrastructure around the live services.
    async fn expand(&mut self) -> Result<Option<End>, Failure> {
        let expanded = expand(&self.template, self.live.as_ref().map(|(_, template)| template))?;
        let request = self.request("expand", &expanded.template, &expanded.kept_parameters)?;
        if let Some((view, live)) = &self.live
            && stack::is_already(view, live, &expanded.template, &request)
        {
            return Ok(None);
        }
        self.session.report.step("Infrastructure");
        let job = self.job(request);
        let conclusion = operation::change(self.session, &job, rollout::of_infrastructure).await?;
        let end = self.note(conclusion);
        if end.is_none() {
            self.refresh().await?;
        }
        Ok(end)
    }

    /// Reads the stack again after it has changed.
    async fn refresh(&mut self) -> Result<(), Failure> {
        let name = self.session.environment.stack_name.as_str();
        let aws = &self.session.target.aws;
        if let Some(view) = stack::describe(aws, name).await? {
            stack::protect(aws, &view, self.session.environment.protection.stack).await?;
            let template = stack::live_template(aws, name).await?;
            self.live = Some((view, template));
        }
        Ok(())
    }

    fn note(&mut self, conclusion: Option<Conclusion>) -> Option<End> {
        let conclusion = conclusion?;
        let succeeded = conclusion.succeeded();
        self.records.push(conclusion.record);
        if succeeded {
            return None;
        }
        let environment = &self.session.environment.name;
        let next = match conclusion.verdict {
            Verdict::NeedsHuman | Verdict::StillRunning => Some(format!("diagnose {environment}")),
            _ => None,
        };
        Some(End {
            verdict: conclusion.verdict,
            cause: conclusion.cause,
            detected_secs: conclusion.detected_secs,
            next: next.map(|text| self.session.command(&text)),
        })
    }

    /// A task that needs a secret without value does not start: found before any is touched.
    async fn secrets(&self) -> Result<(), Failure> {
        let placeholders = self.session.target.is_self_contained();
        let mut checks = secrets::check(self.session).await?;
        if placeholders {
            prepare::placeholder_secrets(self.session, &checks).await?;
            checks.retain(|check| check.standing != secrets::Standing::Empty);
        }
        checks.retain(|check| !check.is_ready(placeholders));
        let environment = &self.session.environment.name;
        let command = match checks.as_slice() {
            [] => return Ok(()),
            [one] => format!("secrets set {environment} {}", one.name),
            several if several.iter().all(|check| check.standing == secrets::Standing::Empty) => {
                format!("secrets init {environment}")
            }
            _ => format!("secrets check {environment}"),
        };
        let names = checks.iter().map(|check| format!("{} ({})", check.path, check.words())).collect();
        Err(Failure::MissingSecrets { names, hint: self.session.command(&command) })
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
            let request = task_request(view, name, task.timeout_secs)?;
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
        self.session.report.step("Services");
        let request = self.request("roll", &self.template, &BTreeSet::new())?;
        let before = self.services_before().await?;
        let job = self.job(request);
        let (config, environment, template) =
            (&self.session.config, &self.session.environment, &self.template);
        let rollout = |plan: &Plan, started_at: Moment| {
            let rolling: BTreeSet<&str> =
                plan.rolling_services().map(|change| change.logical_id.as_str()).collect();
            rollout::of_services(config, environment, template, &before, started_at, |id| {
                rolling.contains(id)
            })
        };
        let conclusion = operation::change(self.session, &job, rollout).await?;
        let end = self.note(conclusion);
        if end.is_none() {
            self.refresh().await?;
        }
        Ok(end)
    }

    /// The services as they are, with their alarms: one that fires already is ignored by ECS for the whole
    /// deployment (ECS:deployment-alarm-failure).
    async fn services_before(&self) -> Result<Vec<observe::SeenService>, Failure> {
        let aws = &self.session.target.aws;
        let cluster = self.session.names().cluster();
        let names = self.session.service_names();
        let mut before = observe::services(aws, &cluster, &names, self.session.target.clock.now()).await?;
        let alarm_names: Vec<String> = before.iter().flat_map(|service| service.alarms.clone()).collect();
        let alarms = observe::alarms(aws, &alarm_names).await?;
        for service in &mut before {
            service.view.alarms =
                alarms.iter().filter(|it| service.alarms.contains(&it.name)).cloned().collect();
            for alarm in service.view.alarms.iter().filter(|alarm| alarm.state == "ALARM") {
                self.session.report.warn(format!(
                    "alarm {} fires already: ECS will ignore it during this deployment",
                    alarm.name
                ));
            }
        }
        Ok(before)
    }

    async fn health(&self, well: Verdict) -> Result<End, Failure> {
        let session = self.session;
        session.report.step("Health");
        let domain = session.environment.domain.as_str();
        let checker = Checker::new(session.target.front, domain, session.config.platform.release_header())?;
        let probes = health::probes(&session.config.platform);
        let release = self.release.label();
        let answers = checker.check(&*session.target.clock, &session.report, &probes, Some(release)).await;
        let trouble =
            answers.into_iter().find_map(|answer| answer.trouble.map(|trouble| (answer.probe, trouble)));
        Ok(match trouble {
            None => End::well(well),
            Some((probe, trouble)) => End {
                verdict: Verdict::Unhealthy,
                cause: Some(Cause {
                    kind: trouble.kind().to_owned(),
                    service: Some(probe.service),
                    detail: format!("https://{domain}{}: {trouble}", probe.path),
                }),
                detected_secs: None,
                next: Some(session.command(&format!("diagnose {}", session.environment.name))),
            },
        })
    }

    async fn result(&self, end: End) -> Result<DeployResult, Failure> {
        let services = crate::status::service_results(self.session, &self.release.digests).await?;
        Ok(DeployResult {
            verdict: end.verdict,
            exit_code: end.verdict.exit().code(),
            environment: self.session.environment.name.to_string(),
            release: self.release.label().to_owned(),
            commit: self.release.commit.to_string(),
            services,
            elapsed_secs: self.session.report.elapsed_secs(),
            detected_secs: end.detected_secs,
            cause: end.cause,
            next: end.next,
        })
    }
}

/// The request to run a one-off task of the environment, from the outputs of its stack.
pub fn task_request(view: &StackView, name: &TaskName, timeout_secs: u32) -> Result<TaskRequest, Failure> {
    let id = name.pascal_case();
    Ok(TaskRequest {
        name: name.to_string(),
        cluster: view.output("ClusterName")?.to_owned(),
        task_definition: view.output(&format!("{id}TaskDefinitionArn"))?.to_owned(),
        subnets: view.output("TaskSubnetIds")?.split(',').map(str::to_owned).collect(),
        security_group: view.output("TaskSecurityGroupId")?.to_owned(),
        log_group: view.output(&format!("{id}LogGroupName"))?.to_owned(),
        container: name.to_string(),
        timeout_secs,
    })
}

/// What is wrong with how a task ended; `None` where nothing is.
#[must_use]
pub fn task_trouble(outcome: &TaskOutcome) -> Option<String> {
    match outcome {
        TaskOutcome::Succeeded => None,
        TaskOutcome::Failed { exit_code, reason } => Some(format!("exit code {exit_code} ({reason})")),
        TaskOutcome::NoExitCode { reason } => Some(format!("it ended without an exit code ({reason})")),
        TaskOutcome::TimedOut => Some("it did not end in time and was stopped".to_owned()),
        TaskOutcome::Interrupted => Some("it was interrupted and stopped".to_owned()),
    }
}
