//! Bringing a stack back that cannot be updated, step by step: each step is shown, asked about and done, then the stack
//! is looked at again. What is running is waited for, never interrupted.

use std::collections::BTreeSet;
use std::fmt;

use ops_cli::{Cause, Verdict};
use serde::{Deserialize, Serialize};

use crate::again;
use crate::alignment;
use crate::call::Called;
use crate::clock::Moment;
use crate::confirm::Ask;
use crate::ecs_roll;
use crate::ending::STACK_UNUSABLE;
use crate::failure::Failure;
use crate::inputs::Shared;
use crate::names::CommitSha;
use crate::observe;
use crate::operation;
use crate::pages::Pages;
use crate::plan;
use crate::session::{EnvironmentSession, Session};
use crate::stack::{self, StackView, Standing};
use crate::stack_resources;
use crate::stuck::{self, Freed};
use crate::task_stop;
use crate::tasks;
use crate::unfinished;

/// Steps that a stack needs at most; more than that and something undoes them.
const MOST_STEPS: usize = 10;
/// A change set that was made this long ago is nobody's any more, in seconds: the tool executes or discards
/// its own within minutes.
const STALE_SECS: f64 = 1800.0;
/// The step of a deletion.
const DELETED: &str = "deleted the stack";
/// Longest wait for an operation on a stack without services, in seconds: deleting a database takes this long.
const PATIENCE_SECS: f64 = 3600.0;

/// What `--json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// How it ended: `succeeded`, `no_change`, `needs_human` or `refused`.
    pub verdict: Verdict,
    /// The process exit code.
    pub exit_code: u8,
    /// Name of the stack.
    pub stack: String,
    /// Its status before.
    pub before: String,
    /// Its status now; `None` where it is gone.
    pub status: Option<String>,
    /// What was done, in order.
    pub steps: Vec<String>,
    /// Why it did not succeed.
    pub cause: Option<Cause>,
    /// The command to run next.
    pub next: Option<String>,
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_deref().unwrap_or("gone");
        match self.verdict {
            Verdict::NoChange => write!(f, "{}: nothing to recover ({status})", self.stack)?,
            Verdict::Succeeded => write!(f, "{}: recovered ({} -> {status})", self.stack, self.before)?,
            _ => write!(f, "{}: not recovered ({status})", self.stack)?,
        }
        if let Some(cause) = &self.cause {
            write!(f, "\n  cause    {}", cause.detail)?;
        }
        if let Some(next) = &self.next {
            write!(f, "\n  next     {next}")?;
        }
        Ok(())
    }
}

struct Recovery<'a> {
    session: &'a Session,
    subject: &'a str,
    stack: &'a str,
    ask: Ask,
    until: Moment,
    /// CloudFormation's role, for a stack that never was given one.
    role_arn: Option<String>,
    steps: Vec<String>,
    /// The release or commit that the stack had on record, as an argument.
    revision: Option<String>,
}

/// Recovers the stack of an environment.
pub async fn environment(session: &EnvironmentSession, ask: Ask) -> Result<Recovered, Failure> {
    unfinished::of_environment(session, Box::pin(recover_environment(session, ask)).await).await
}

async fn recover_environment(session: &EnvironmentSession, ask: Ask) -> Result<Recovered, Failure> {
    let now = session.target.clock.now();
    let until = ecs_roll::patience(session, now).max(now.plus_secs(PATIENCE_SECS));
    let subject = session.environment.name.as_str();
    let stack = session.environment.stack_name.as_str();
    // Without the shared stack there is no such role, and no deploy role either: the caller acts with rights
    // of its own.
    let shared = Shared::read(&session.target.aws, &session.config, &session.environment).await;
    let role_arn = shared.ok().map(|shared| shared.cloudformation_role_arn);
    let mut recovery =
        Recovery { session, subject, stack, ask, until, role_arn, steps: Vec::new(), revision: None };
    let mut recovered = recovery.run().await?;
    if recovered.verdict == Verdict::NeedsHuman {
        return Ok(recovered);
    }
    for task in overdue_tasks(session, ask).await? {
        recovered.steps.push(format!("stopped the one-off task {task}, whose own run is gone"));
        recovered.verdict = Verdict::Succeeded;
    }
    recovered.next = Some(match stack::describe(&session.target.aws, stack).await? {
        Some(view) if view.standing() == Standing::Ready => session.command(&after(session, &view).await?),
        Some(view) if view.standing() == Standing::CreateFailed => again::creation(session, subject, &view),
        _ => {
            let revision = recovery.revision.unwrap_or_default();
            session.command(&format!("deploy {subject}{revision} --bootstrap"))
        }
    });
    Ok(recovered)
}

/// Recovers the stack of what exists once.
pub async fn shared(session: &Session, ask: Ask) -> Result<Recovered, Failure> {
    unfinished::of_shared(session, Box::pin(recover_shared(session, ask)).await).await
}

async fn recover_shared(session: &Session, ask: Ask) -> Result<Recovered, Failure> {
    let until = session.target.clock.now().plus_secs(PATIENCE_SECS);
    let stack = session.config.platform.shared_stack_name.as_str();
    let mut recovery = Recovery {
        session,
        subject: "shared",
        stack,
        ask,
        until,
        role_arn: None,
        steps: Vec::new(),
        revision: None,
    };
    let mut recovered = recovery.run().await?;
    if recovered.verdict != Verdict::NeedsHuman {
        recovered.next = Some(session.command("stack deploy shared"));
    }
    Ok(recovered)
}

/// Stops the one-off tasks that should have ended: the run that would have stopped them is gone.
async fn overdue_tasks(session: &EnvironmentSession, ask: Ask) -> Result<BTreeSet<String>, Failure> {
    let running = tasks::running_in(session).await?;
    let overdue: BTreeSet<String> =
        running.iter().filter(|task| task.overdue).map(|task| task.name.clone()).collect();
    for task in &overdue {
        ask.confirm(&format!("Stop the one-off task {task}, which should have ended?"))?;
        task_stop::stop(session, task).await?;
    }
    Ok(overdue)
}

/// What comes next for an environment whose stack can be updated again: its services, where they differ from
/// what the stack has on record.
async fn after(session: &EnvironmentSession, view: &StackView) -> Result<String, Failure> {
    let environment = &session.environment.name;
    let template = stack::live_template(&session.target.aws, &view.name).await?;
    let differences = alignment::differences(session, view, &template).await?;
    let differ = !differences.is_empty();
    differences.into_iter().for_each(|difference| session.report.line(difference));
    Ok(match view.parameters.get("Release") {
        Some(release) if differ && release.parse::<CommitSha>().is_ok() => {
            format!("deploy {environment} --commit {release}")
        }
        Some(release) if differ => format!("rollback {release} --env {environment}"),
        _ => format!("deploy {environment}"),
    })
}

impl Recovery<'_> {
    async fn run(&mut self) -> Result<Recovered, Failure> {
        let aws = &self.session.target.aws;
        let nothing = || Failure::nothing_deployed(self.session, self.stack, self.subject);
        let mut view = stack::describe(aws, self.stack).await?.ok_or_else(nothing)?;
        let before = view.status.as_str().to_owned();
        self.revision = again::on_record(&view);
        self.session.report.step(&format!("Recover {} ({before})", view.name));
        for _ in 0..MOST_STEPS {
            let after = match view.standing() {
                // What was made is kept, and the command that makes it goes on.
                Standing::Ready | Standing::CreateFailed => {
                    self.stale_change_sets(&view, STALE_SECS).await?;
                    return Ok(self.recovered(before, Some(view.status.as_str().to_owned())));
                }
                Standing::Busy if is_forward(view.status.as_str()) => {
                    return Err(Failure::Guard {
                        reason: format!(
                            "stack {} is in {}: it is being updated, not stuck",
                            view.name,
                            view.status.as_str()
                        ),
                        hint: format!(
                            "see how far it is with `{}`",
                            self.session.command(&format!("diagnose {}", self.subject))
                        ),
                    });
                }
                Standing::Busy => self.wait(&view).await?,
                Standing::RollbackStuck => {
                    let step = match view.status.as_str() {
                        "UPDATE_FAILED" => "rolled back to the last stable state",
                        _ => "continued the rollback",
                    };
                    self.steps.push(step.to_owned());
                    match stuck::free(self.session, &view, self.ask, self.until).await? {
                        Freed::Yes { view, skipped } => {
                            let skipped = skipped.iter().map(|culprit| culprit.logical_id.as_str());
                            self.steps.extend(skipped.map(|id| format!("left {id} as it is")));
                            Some(*view)
                        }
                        Freed::No { status } => return Ok(self.stuck(before, status)),
                    }
                }
                Standing::Absent => {
                    self.stale_change_sets(&view, 0.0).await?;
                    self.delete(&view, "it was never created, only proposed").await?
                }
                Standing::Deleting if view.status.as_str() == "DELETE_IN_PROGRESS" => {
                    self.wait(&view).await?
                }
                Standing::CreateRolledBack => self.delete(&view, "its creation failed").await?,
                Standing::Deleting => self.delete(&view, "its deletion failed").await?,
            };
            match after {
                Some(after) => view = after,
                None => return Ok(self.recovered(before, None)),
            }
        }
        Ok(self.stuck(before, view.status.as_str().to_owned()))
    }

    fn recovered(&mut self, before: String, status: Option<String>) -> Recovered {
        let steps = std::mem::take(&mut self.steps);
        let verdict = verdict(&steps, status.as_deref());
        Recovered {
            verdict,
            exit_code: verdict.exit().code(),
            stack: self.stack.to_owned(),
            before,
            status,
            steps,
            cause: None,
            next: None,
        }
    }

    fn stuck(&mut self, before: String, status: String) -> Recovered {
        let detail = format!("{} is in {status} after every step that can be taken", self.stack);
        let next = self.session.command(&format!("diagnose {}", self.subject));
        Recovered {
            verdict: Verdict::NeedsHuman,
            exit_code: Verdict::NeedsHuman.exit().code(),
            cause: Some(Cause { kind: STACK_UNUSABLE.to_owned(), service: None, detail }),
            next: Some(next),
            ..self.recovered(before, Some(status))
        }
    }

    /// The stack after what runs has ended; `None` where it is gone then.
    async fn wait(&mut self, view: &StackView) -> Result<Option<StackView>, Failure> {
        self.steps.push(format!("waited for {} to end", view.status.as_str()));
        let after = stuck::wait(self.session, &view.id, self.until).await?;
        let Some(after) = after else {
            return Err(Failure::StackUnusable {
                stack: view.name.clone(),
                status: view.status.as_str().to_owned(),
                hint: format!(
                    "it still is after an hour: see why with `{}`",
                    self.session.command(&format!("diagnose {}", self.subject))
                ),
            });
        };
        Ok(Some(after).filter(|view| view.status.as_str() != "DELETE_COMPLETE"))
    }

    /// Deletes a stack that never worked. One that holds data is not deleted. What could not be deleted is
    /// left behind at the second attempt, by name.
    async fn delete(&mut self, view: &StackView, why: &str) -> Result<Option<StackView>, Failure> {
        let (aws, report) = (&self.session.target.aws, &self.session.report);
        let (mut data, mut failed) = (Vec::new(), Vec::new());
        for resource in stack_resources::list(aws, &view.id).await? {
            let name = resource.physical_id.clone().unwrap_or_default();
            let id = resource.logical_id.clone();
            match resource.status.as_str() {
                "DELETE_SKIPPED" => report.warn(format!(
                    "{id} ({name}) stays behind: it has to go, or be imported, before the stack can be created again"
                )),
                _ if !resource.exists() => {}
                _ if plan::is_stateful(&resource.resource_type) => data.push(format!("{id} ({name})")),
                "DELETE_FAILED" => {
                    let reason = resource.reason.unwrap_or_default();
                    report.line(format!("{id} ({name}) could not be deleted: {reason}"));
                    failed.push(id);
                }
                _ => {}
            }
        }
        if !data.is_empty() {
            return Err(Failure::Guard {
                reason: format!(
                    "stack {} is in {}, and deleting it would delete what may hold data: {}",
                    view.name,
                    view.status.as_str(),
                    data.join(", ")
                ),
                hint: "save what is worth saving, switch their deletion protection off (aws rds modify-db-instance \
                       --no-deletion-protection; aws elbv2 modify-load-balancer-attributes) and delete them, then run \
                       the same command again"
                    .to_owned(),
            });
        }
        let again = view.status.as_str() == "DELETE_FAILED" && self.steps.iter().any(|step| step == DELETED);
        let retained = if again { failed } else { Vec::new() };
        report.line(format!("deleting {}: {why}, and it holds no data", view.name));
        if !retained.is_empty() {
            report.warn(format!("leaving behind what cannot be deleted: {}", retained.join(", ")));
        }
        self.ask.confirm(&format!("Delete the stack {}?", view.name))?;
        let token = operation::unique_name(self.session, "recover");
        let call = aws.cloudformation.delete_stack().stack_name(&view.id).client_request_token(token);
        let call = call.set_retain_resources((!retained.is_empty()).then(|| retained.clone()));
        let role_arn = view.role_arn.clone().or_else(|| self.role_arn.clone());
        call.set_role_arn(role_arn).send().await.called("cloudformation:DeleteStack")?;
        self.steps.push(DELETED.to_owned());
        self.steps.extend(retained.iter().map(|id| format!("left {id} behind")));
        let after = stuck::wait(self.session, &view.id, self.until).await?;
        Ok(after.filter(|view| view.status.as_str() != "DELETE_COMPLETE"))
    }

    /// Throws away change sets that a run of this tool left behind.
    async fn stale_change_sets(&mut self, view: &StackView, older_than_secs: f64) -> Result<(), Failure> {
        let (aws, report) = (&self.session.target.aws, &self.session.report);
        let now = self.session.target.clock.now();
        let call = aws.cloudformation.list_change_sets().stack_name(&view.id);
        let mut pages = Pages::of("cloudformation:ListChangeSets", call.into_paginator().send());
        let mut stale = Vec::new();
        while let Some(page) = pages.next().await {
            for summary in page?.summaries.unwrap_or_default() {
                let name = summary.change_set_name.unwrap_or_default();
                let age = now.secs_since(observe::moment(summary.creation_time.as_ref()));
                let ours = name.starts_with("deploy-") || name.starts_with("rollback-");
                // The history of executed ones is no leftover.
                let executed = summary.execution_status.is_some_and(|it| it.as_str().starts_with("EXECUTE"));
                if ours && !executed && age >= older_than_secs {
                    stale.extend(summary.change_set_id.map(|id| (name, id)));
                }
            }
        }
        for (name, id) in stale {
            report.line(format!("deleting the change set {name}, which nobody executed"));
            self.ask.confirm(&format!("Delete the change set {name}?"))?;
            stack::discard(aws, &id).await?;
            self.steps.push(format!("deleted the change set {name}"));
        }
        Ok(())
    }
}

/// What the steps that were taken mean, with the status that they led to; it is `None` where the stack is gone.
#[must_use]
pub fn verdict(steps: &[String], status: Option<&str>) -> Verdict {
    match status.map(|status| Standing::of(&status.into())) {
        Some(Standing::Ready | Standing::CreateFailed) | None if steps.is_empty() => Verdict::NoChange,
        Some(Standing::Ready | Standing::CreateFailed) | None => Verdict::Succeeded,
        Some(_) => Verdict::NeedsHuman,
    }
}

fn is_forward(status: &str) -> bool {
    matches!(status, "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "IMPORT_IN_PROGRESS")
}
