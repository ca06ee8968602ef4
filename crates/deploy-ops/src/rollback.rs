//! Rolling back to a release: no template change, no migrations, no seed. From whatever state the environment is in.

use std::collections::{BTreeMap, BTreeSet};

use ops_cli::{Cause, Verdict};

use crate::adopt;
use crate::alignment::{self, ServiceRecord};
use crate::call::{CallErrorKind, Called};
use crate::confirm::Ask;
use crate::ecs_roll::{self, Fallback, Move};
use crate::ending::{self, End, Outcome, Proof};
use crate::failure::Failure;
use crate::feasibility;
use crate::inputs;
use crate::names::ReleaseTag;
use crate::operation::{self, Conclusion, Times};
use crate::resolve::{self, Release};
use crate::revisions;
use crate::roll;
use crate::session::EnvironmentSession;
use crate::stack::{self, StackView, Standing};
use crate::stuck::{self, Freed};
use crate::take_up;
use crate::template::{Section, Template};
use crate::unfinished;

/// How the services are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By an update of the stack; past it only where the stack cannot be updated.
    StackFirst,
    /// By an update of the stack, or not at all.
    Stack,
    /// Past CloudFormation, by `UpdateService`.
    Ecs,
}

/// What the user wants of a rollback.
#[derive(Debug, Clone)]
pub struct Options {
    /// Release to go back to.
    pub tag: ReleaseTag,
    /// How.
    pub way: Way,
    /// Whether to ask before it begins.
    pub ask: Ask,
}

/// Patience with a stack that goes back by itself before services are changed past it, in seconds.
const ECS_PATIENCE_SECS: f64 = 300.0;

struct Rollback<'a> {
    session: &'a EnvironmentSession,
    options: &'a Options,
    release: Release,
    /// Values of the parameters for what services run already, past the stack.
    revisions: BTreeMap<String, String>,
    records: Vec<rollout_verdict::Record>,
    times: Option<Times>,
    /// Whether anything was changed so far.
    touched: bool,
}

/// Rolls back.
pub async fn rollback(session: &EnvironmentSession, options: &Options) -> Result<Outcome, Failure> {
    unfinished::of_environment(session, Box::pin(go_back(session, options)).await).await
}

async fn go_back(session: &EnvironmentSession, options: &Options) -> Result<Outcome, Failure> {
    let (aws, tag) = (&session.target.aws, &options.tag);
    let repositories = inputs::repositories(&session.config);
    let commit = resolve::commit_of_tag(aws, &session.root, tag, session.target.tags, &repositories).await?;
    let mut release = Release { tag: Some(tag.clone()), commit, digests: BTreeMap::new() };
    let environment = &session.environment.name;
    session.report.step(&format!("Roll {environment} back to {}", release.described()));
    let view = present(session).await?;
    let template = stack::live_template(aws, &view.name).await?;
    let records = alignment::read(session, &view, &template).await?;
    feasibility::warn_of_tasks(session).await?;
    let (digests, obstacles) = feasibility::examine(session, &release.commit, &records).await?;
    release.digests = digests;
    let mut run = Rollback {
        session,
        options,
        release,
        revisions: BTreeMap::new(),
        records: Vec::new(),
        times: None,
        touched: false,
    };
    let end = if obstacles.0.is_empty() {
        run.run(view, template, &records).await?
    } else {
        run.refuse(&obstacles.0)
    };
    let result = ending::result(session, &run.release, end, Vec::new()).await;
    Ok(Outcome { result, records: run.records, forecast: None, times: run.times })
}

/// The environment's stack, where one was ever created.
async fn present(session: &EnvironmentSession) -> Result<StackView, Failure> {
    let name = session.environment.stack_name.as_str();
    let nothing = || Failure::nothing_deployed(session, name, &session.environment.name);
    let view = stack::describe(&session.target.aws, name).await?.ok_or_else(nothing)?;
    let unusable = |status: String| Failure::StackUnusable {
        stack: name.to_owned(),
        status,
        hint: session.command(&format!("recover {}", session.environment.name)),
    };
    match view.standing() {
        Standing::Absent | Standing::CreateFailed => Err(nothing()),
        Standing::CreateRolledBack | Standing::Deleting => Err(unusable(view.status.as_str().to_owned())),
        Standing::Busy if matches!(view.status.as_str(), "CREATE_IN_PROGRESS" | "ROLLBACK_IN_PROGRESS") => {
            Err(Failure::Guard {
                reason: format!("stack {name} is in {}: no release has run in it yet", view.status.as_str()),
                hint: session.command(&format!("recover {}", session.environment.name)),
            })
        }
        Standing::Ready | Standing::Busy | Standing::RollbackStuck => Ok(view),
    }
}

impl Rollback<'_> {
    fn refuse(&self, obstacles: &[String]) -> End {
        obstacles.iter().for_each(|obstacle| self.session.report.warn(obstacle));
        let (tag, environment) = (&self.options.tag, &self.session.environment.name);
        End {
            verdict: Verdict::Refused,
            cause: Some(Cause { kind: "infeasible".to_owned(), service: None, detail: obstacles.join("; ") }),
            detected_secs: None,
            next: Some(format!(
                "git checkout {tag} && {}",
                self.session.command(&format!("deploy {environment} --release {tag}"))
            )),
        }
    }

    async fn run(
        &mut self,
        view: StackView,
        template: Template,
        records: &[ServiceRecord],
    ) -> Result<End, Failure> {
        self.look(&template, records).await?;
        let report = &self.session.report;
        if view.standing() == Standing::Ready && self.runs(&view, &template, records) {
            report.line("it already runs");
            return ending::health(self.session, &self.release, Verdict::NoChange, Proof::Rollback).await;
        }
        report.line(format!("{} is in {}", view.name, view.status.as_str()));
        for record in records {
            let digest = self.release.digests.get(&record.name).map_or("?", |digest| digest.short());
            let runs = record.seen.as_ref().map_or("nothing", |seen| alignment::short(&seen.task_definition));
            report.line(format!("{}: {runs} -> {digest}", record.name));
        }
        report.line("no migration, no seed, no change of the infrastructure");
        let (release, environment) = (self.release.described(), &self.session.environment.name);
        self.options.ask.confirm(&format!("Roll {environment} back to {release}?"))?;
        if self.options.way == Way::Ecs {
            return self.past_the_stack(&view).await;
        }
        let (mut view, template) = match self.clear(view).await? {
            Cleared::Ready(view) => {
                let template = stack::live_template(&self.session.target.aws, &view.name).await?;
                let records = alignment::read(self.session, &view, &template).await?;
                self.look(&template, &records).await?;
                (view, template)
            }
            Cleared::Ended(end) => return Ok(end),
            Cleared::Blocked(view) if self.options.way == Way::Stack => return Ok(self.blocked(&view)),
            Cleared::Blocked(view) => {
                self.session.report.warn(format!(
                    "{} is in {} and cannot be updated: going past CloudFormation",
                    view.name,
                    view.status.as_str()
                ));
                self.options.ask.confirm("Update the services directly?")?;
                return self.past_the_stack(&view).await;
            }
        };
        if !self.on_record(&view, &template) {
            self.touched = true;
            let conclusion = self.roll(&view, &template).await?;
            if let Some(end) = conclusion.and_then(|conclusion| self.note(conclusion)) {
                return Ok(end);
            }
            *view = self.again(&view).await?;
        }
        let records = alignment::read(self.session, &view, &template).await?;
        if let Some(conclusion) = ecs_roll::align(self.session, &view.id, &records).await? {
            self.touched = true;
            if let Some(end) = self.note(conclusion) {
                return Ok(end);
            }
        }
        let well = if self.touched { Verdict::Succeeded } else { Verdict::NoChange };
        ending::health(self.session, &self.release, well, Proof::Rollback).await
    }

    /// Finds out what services run already, past the stack.
    async fn look(&mut self, template: &Template, records: &[ServiceRecord]) -> Result<(), Failure> {
        let live = Some((template, records));
        self.revisions = adopt::values(self.session, live, template, &self.release).await?;
        Ok(())
    }

    /// Parameters of the stack that make its services this release. Those of the one-off tasks stay: no task runs, and
    /// the database keeps the schema that the newer release brought.
    fn values(&self, template: &Template) -> BTreeMap<String, String> {
        let mut values = BTreeMap::from([
            ("Release".to_owned(), self.release.label().to_owned()),
            ("Commit".to_owned(), self.release.commit.to_string()),
        ]);
        for (name, digest) in &self.release.digests {
            let configured = self.session.config.platform.services.keys().find(|it| it.as_str() == name);
            if let Some(configured) = configured {
                values.insert(stack_model::service_digest_parameter(configured), digest.to_string());
            }
        }
        values.extend(self.revisions.clone());
        values.retain(|name, _| template.get(Section::Parameters, name).is_some());
        values
    }

    /// Whether the stack has this release on record.
    fn on_record(&self, view: &StackView, template: &Template) -> bool {
        self.values(template).iter().all(|(name, value)| view.parameters.get(name) == Some(value))
    }

    /// Whether this release is on record, and every service runs what is.
    fn runs(&self, view: &StackView, template: &Template, records: &[ServiceRecord]) -> bool {
        self.on_record(view, template) && records.iter().all(|record| record.difference().is_none())
    }

    fn note(&mut self, conclusion: Conclusion) -> Option<End> {
        let mut end = End::of(self.session, &conclusion);
        self.records.push(conclusion.record);
        self.times = conclusion.times;
        if let Some(end) = &mut end
            && end.verdict == Verdict::NeedsHuman
        {
            end.next = Some(self.by_ecs());
        }
        end
    }

    fn by_ecs(&self) -> String {
        let (tag, environment) = (&self.options.tag, &self.session.environment.name);
        self.session.command(&format!("rollback {tag} --env {environment} --via ecs"))
    }

    fn blocked(&self, view: &StackView) -> End {
        End {
            verdict: Verdict::NeedsHuman,
            cause: Some(Cause {
                kind: ending::STACK_UNUSABLE.to_owned(),
                service: None,
                detail: format!("{} is in {} and cannot be updated", view.name, view.status.as_str()),
            }),
            detected_secs: None,
            next: Some(self.by_ecs()),
        }
    }

    /// The atomic update: the template that the stack has, with the release's parameters.
    async fn roll(&self, view: &StackView, template: &Template) -> Result<Option<Conclusion>, Failure> {
        let change_set = operation::unique_name(self.session, take_up::NAME);
        let mut request = inputs::request(
            &view.name,
            template,
            &self.values(template),
            &BTreeSet::new(),
            Some(view),
            view.role_arn.as_deref(),
            change_set,
        )?;
        request.body = None;
        let job = roll::job(self.session, request, true, &[], false);
        roll::roll(self.session, &job, template).await
    }

    /// Brings the stack to where it can be updated: an update that runs is cancelled, unless it is this very
    /// rollback; a rollback that runs is waited for; one that is stuck is put through.
    async fn clear(&mut self, mut view: StackView) -> Result<Cleared, Failure> {
        let session = self.session;
        let until = ecs_roll::patience(session, session.target.clock.now());
        loop {
            match view.standing() {
                Standing::Ready => return Ok(Cleared::Ready(Box::new(view))),
                Standing::RollbackStuck => {
                    self.touched = true;
                    return Ok(match stuck::free(session, &view, self.options.ask, until).await? {
                        Freed::Yes { view, .. } => Cleared::Ready(view),
                        Freed::No { .. } => Cleared::Blocked(Box::new(self.again(&view).await?)),
                    });
                }
                Standing::Busy => {}
                Standing::Absent
                | Standing::CreateFailed
                | Standing::CreateRolledBack
                | Standing::Deleting => {
                    return Ok(Cleared::Blocked(Box::new(view)));
                }
            }
            if view.status.as_str() == "UPDATE_IN_PROGRESS" {
                let template = stack::live_template(&session.target.aws, &view.name).await?;
                let values = self.values(&template);
                if let Some(conclusion) = take_up::rollback(session, &view, &template, &values).await? {
                    self.touched = true;
                    if let Some(end) = self.note(conclusion) {
                        return Ok(Cleared::Ended(end));
                    }
                    view = self.again(&view).await?;
                    continue;
                }
                self.cancel(&view).await?;
            }
            let before = view;
            match stuck::wait(session, &before.id, until).await? {
                Some(after) => view = after,
                None => return Ok(Cleared::Blocked(Box::new(self.again(&before).await?))),
            }
        }
    }

    async fn again(&self, view: &StackView) -> Result<StackView, Failure> {
        let found = stack::describe(&self.session.target.aws, &view.id).await?;
        found.ok_or_else(|| {
            Failure::nothing_deployed(self.session, &view.name, &self.session.environment.name)
        })
    }

    async fn cancel(&mut self, view: &StackView) -> Result<(), Failure> {
        self.touched = true;
        self.session.report.line(format!("{}: cancelling the update that is in progress", view.name));
        let call = self.session.target.aws.cloudformation.cancel_update_stack().stack_name(&view.id);
        match call.send().await.called("cloudformation:CancelUpdateStack") {
            Ok(_) => Ok(()),
            // It went back or ended in the meantime: the next look says which.
            Err(error) if error.kind == CallErrorKind::Service => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Past CloudFormation: the release's own revisions where they still are, new ones like the present otherwise.
    async fn past_the_stack(&mut self, view: &StackView) -> Result<End, Failure> {
        let session = self.session;
        if view.standing() == Standing::Busy {
            if view.status.as_str() == "UPDATE_IN_PROGRESS" {
                self.cancel(view).await?;
            }
            let until = session.target.clock.now().plus_secs(ECS_PATIENCE_SECS);
            if stuck::wait(session, &view.id, until).await?.is_none() {
                session
                    .report
                    .warn("CloudFormation is still going back: it may change the services once more");
            }
        }
        let template = stack::live_template(&session.target.aws, &view.name).await?;
        let records = alignment::read(session, view, &template).await?;
        session.report.step("Services, past the stack");
        let wanted = self.revisions(&records).await?;
        let moves: Vec<Move> = ecs_roll::moves(session, &records, |record| wanted.get(&record.name).cloned());
        if !moves.is_empty() {
            self.touched = true;
            let conclusion = ecs_roll::roll(session, &view.id, &moves, Fallback::Back).await?;
            if let Some(end) = self.note(conclusion) {
                return Ok(end);
            }
        }
        let well = if self.touched { Verdict::Succeeded } else { Verdict::NoChange };
        let mut end = ending::health(session, &self.release, well, Proof::Rollback).await?;
        let in_line =
            records.iter().all(|record| record.task_definition.as_ref() == wanted.get(&record.name));
        if end.verdict == Verdict::Succeeded && !in_line {
            let (tag, environment) = (&self.options.tag, &session.environment.name);
            session.report.warn(
                "the stack still has another release on record; until it is back in line, a failing deployment would \
                 go back to that one. Bringing it in line restarts nothing",
            );
            end.next = Some(session.command(&format!("rollback {tag} --env {environment} --via stack")));
        }
        Ok(end)
    }

    /// The task definition of this release by service, found or made.
    async fn revisions(&self, records: &[ServiceRecord]) -> Result<BTreeMap<String, String>, Failure> {
        let (aws, report) = (&self.session.target.aws, &self.session.report);
        let mut wanted = BTreeMap::new();
        for record in records {
            let running = record.seen.as_ref().map(|seen| &seen.task_definition);
            let base = record.task_definition.as_ref().or(running);
            let (Some(base), Some(digest)) = (base, self.release.digests.get(&record.name)) else { continue };
            let Some(base) = revisions::describe(aws, base).await? else { continue };
            let found = revisions::find(aws, &base, &record.name, &self.release, digest).await?;
            let arn = match found {
                Some(arn) => arn,
                None => {
                    let arn = revisions::register(aws, &base, &record.name, &self.release, digest).await?;
                    report.line(format!("{}: registered {}", record.name, alignment::short(&arn)));
                    arn
                }
            };
            wanted.insert(record.name.clone(), arn);
        }
        Ok(wanted)
    }
}

/// Where clearing the way ended.
enum Cleared {
    /// The stack can be updated.
    Ready(Box<StackView>),
    /// It cannot, not in time.
    Blocked(Box<StackView>),
    /// The rollback itself ended meanwhile, and not well.
    Ended(End),
}
