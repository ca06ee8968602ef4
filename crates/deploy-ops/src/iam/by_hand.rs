//! What people and workflows do with the deploy role besides deploying: going back, getting unstuck, running a task,
//! looking for what is wrong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_cloudformation::types::ResourceStatus;
use ops_cli::Verdict;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::call::Called;
use crate::confirm::Ask;
use crate::deploy;
use crate::diagnose;
use crate::failure::Failure;
use crate::history;
use crate::images::verify;
use crate::infrastructure;
use crate::inputs;
use crate::recover;
use crate::resolve::Wanted;
use crate::rollback::{self, Way};
use crate::secrets::look::{Recipes, look};
use crate::stack::{self, Proposal, StackRequest};
use crate::stuck;
use crate::task_run;

use super::scenarios::{Bench, chain};

/// A line of progress that the services of a deployment are half-way at.
const HALF_WAY: &str = "new tasks healthy";

/// Whoever follows the progress of a command, to interfere at a certain line.
#[derive(Debug, Clone, Default)]
pub(super) struct Listener(Arc<Heard>);

#[derive(Debug, Default)]
struct Heard {
    wanted: Mutex<Option<&'static str>>,
    signal: Notify,
}

impl Listener {
    /// Ends at the next line with `text`.
    async fn hears(&self, text: &'static str) {
        *self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        self.0.signal.notified().await;
    }
}

impl std::io::Write for Listener {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut wanted = self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.is_some_and(|wanted| String::from_utf8_lossy(bytes).contains(wanted)) {
            *wanted = None;
            self.0.signal.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Bench {
    /// Deploys the second release until its services are half-way; there the tool dies, and the update goes on.
    async fn half_way(&self) -> Result<(), String> {
        let options = deploy::Options::plain(Wanted::Tag(self.releases[1].clone()));
        tokio::select! {
            biased;
            () = self.listener.hears(HALF_WAY) => {}
            _ = Box::pin(deploy::deploy(&self.session, &options)) => {
                return Err("the deployment ended before it was half-way".to_owned());
            }
        }
        self.session.report.end_group();
        self.expect_status("UPDATE_IN_PROGRESS").await
    }

    async fn expect_status(&self, wanted: &str) -> Result<(), String> {
        let name = self.session.environment.stack_name.as_str();
        let view =
            stack::describe(&self.session.target.aws, name).await.map_err(|error| error.to_string())?;
        match view.map(|view| view.status.as_str().to_owned()) {
            Some(status) if status == wanted => Ok(()),
            status => Err(format!("the stack is in {status:?} instead of {wanted}")),
        }
    }

    /// Goes back to the first release.
    async fn rolls_back(&self, way: Way) -> Result<(), String> {
        let options = rollback::Options { tag: self.releases[0].clone(), way, ask: Ask::Never };
        let outcome = Box::pin(rollback::rollback(&self.session, &options)).await;
        match outcome.map_err(|failure| chain(&failure))?.result {
            result if result.verdict == Verdict::Succeeded => Ok(()),
            result => Err(format!("the rollback ended as {:?} ({:?})", result.verdict, result.cause)),
        }
    }

    /// Recovers the stack, by these steps.
    async fn recovers(&self, steps: &[&str]) -> Result<(), String> {
        let recovered = Box::pin(recover::environment(&self.session, Ask::Never)).await;
        let recovered = recovered.map_err(|failure| chain(&failure))?;
        if recovered.verdict == Verdict::Succeeded && recovered.steps == steps {
            return Ok(());
        }
        Err(format!("recovered as {:?} by {:?}, not by {steps:?}", recovered.verdict, recovered.steps))
    }

    fn mended(&self) -> Result<(), String> {
        self.control()?.remove_fault(None).map_err(|error| error.to_string())
    }

    /// A change of the stack that no template shows, under a name of the tool's change sets.
    async fn change_of_tags(&self) -> Result<StackRequest, Failure> {
        let session = &self.session;
        let live = infrastructure::look(session, session.environment.stack_name.as_str()).await?;
        let mut request = infrastructure::environment(session, live).await?.request;
        request.tags.insert("Checked".to_owned(), "yes".to_owned());
        "deploy-check-1".clone_into(&mut request.change_set);
        Ok(request)
    }

    /// Proposes a change set and leaves it there; its id.
    async fn proposes(&self, request: &StackRequest, existing: bool) -> Result<String, Failure> {
        let (session, target) = (&self.session, &self.session.target);
        let bucket = session.template_bucket();
        match stack::propose(&target.aws, &*target.clock, &bucket, request, existing).await? {
            Proposal::Changes(changes) => Ok(changes.id),
            Proposal::Nothing => Err(Failure::Guard {
                reason: "the change set has no changes".to_owned(),
                hint: "propose something else".to_owned(),
            }),
        }
    }

    /// The one-off tasks that deployments run, with the image of a release.
    fn tasks(&self, release: usize) -> Vec<task_run::Options> {
        let seeds = self.session.environment.seed_on_deploy;
        let tasks = self.session.config.platform.tasks.keys();
        let tasks = tasks.filter(|task| seeds || task.as_str() != "seed");
        let wanted = Wanted::Tag(self.releases[release].clone());
        tasks
            .map(|task| task_run::Options {
                task: task.to_string(),
                wanted: Some(wanted.clone()),
                allow_seed: false,
            })
            .collect()
    }
}

pub(super) async fn back_by_the_stack(bench: &Bench) -> Result<(), String> {
    bench.deploys(1, Verdict::Succeeded).await?;
    bench.rolls_back(Way::StackFirst).await
}

pub(super) async fn back_past_the_stack(bench: &Bench) -> Result<(), String> {
    bench.deploys(1, Verdict::Succeeded).await?;
    // What ECS does within seconds of the end of a stack's update is told as part of it.
    bench.session.target.clock.sleep(Duration::from_secs(60)).await;
    bench.rolls_back(Way::Ecs).await?;
    let history = history::read(&bench.session, 10).await.map_err(|failure| chain(&failure))?;
    let outside = history.deployments.iter().filter(|it| it.scope == history::Scope::Ecs).count();
    match history.deployments.len() {
        found if found > outside && outside > 0 => Ok(()),
        found => Err(format!("the history has {found} deployments, {outside} of them past the stack")),
    }
}

pub(super) async fn back_from_half_way(bench: &Bench) -> Result<(), String> {
    bench.half_way().await?;
    bench.rolls_back(Way::StackFirst).await
}

pub(super) async fn past_the_stack_from_half_way(bench: &Bench) -> Result<(), String> {
    bench.half_way().await?;
    bench.rolls_back(Way::Ecs).await
}

pub(super) async fn continue_stuck(bench: &Bench) -> Result<(), String> {
    let service = bench.session.service_names().into_iter().next().unwrap_or_default();
    bench.fails(&[&format!("rollback-fails:{service}")], Verdict::NeedsHuman).await?;
    bench.mended()?;
    bench.recovers(&["continued the rollback"]).await
}

/// A template names something that exists already, and the refusal says what.
pub(super) async fn early_validation(bench: &Bench) -> Result<(), String> {
    let refused = async {
        let (session, aws) = (&bench.session, &bench.session.target.aws);
        let live = stack::live_template(aws, session.environment.stack_name.as_str()).await?;
        let mut template: Value = serde_json::from_str(&live.to_body()).unwrap_or_default();
        let taken = session.log_groups().into_values().next();
        template["Resources"]["Again"] =
            json!({ "Type": "AWS::Logs::LogGroup", "Properties": { "LogGroupName": taken } });
        let request = StackRequest { body: Some(template.to_string()), ..bench.change_of_tags().await? };
        bench.proposes(&request, true).await
    };
    let expected = "ResourceExistenceCheck: /Resources/Again";
    match refused.await {
        Err(failure) if chain(&failure).contains(expected) => Ok(()),
        Err(failure) => Err(format!("the refusal does not say {expected:?}: {}", chain(&failure))),
        Ok(_) => Err("two log groups of one name were accepted".to_owned()),
    }
}

pub(super) async fn discard_stale(bench: &Bench) -> Result<(), String> {
    let request = bench.change_of_tags().await.map_err(|failure| chain(&failure))?;
    bench.proposes(&request, true).await.map_err(|failure| chain(&failure))?;
    // Until it is nobody's any more.
    bench.session.target.clock.sleep(Duration::from_secs(2 * 3600)).await;
    bench.recovers(&["deleted the change set deploy-check-1"]).await
}

pub(super) async fn delete_proposed(bench: &Bench) -> Result<(), String> {
    let request = bench.change_of_tags().await.map_err(|failure| chain(&failure))?;
    bench.proposes(&request, false).await.map_err(|failure| chain(&failure))?;
    bench.recovers(&["deleted the change set deploy-check-1", "deleted the stack"]).await
}

/// Somebody updates with the rollback disabled, which the tool never does to a complete stack, and the update fails.
pub(super) async fn roll_back_failed(bench: &Bench) -> Result<(), String> {
    let failed = async {
        let (session, aws) = (&bench.session, &bench.session.target.aws);
        let request = bench.change_of_tags().await?;
        let change_set = bench.proposes(&request, true).await?;
        let call = aws.cloudformation.execute_change_set().change_set_name(change_set).disable_rollback(true);
        call.send().await.called("cloudformation:ExecuteChangeSet")?;
        let until = session.target.clock.now().plus_secs(4.0 * 3600.0);
        stuck::wait(session, session.environment.stack_name.as_str(), until).await
    };
    bench.breaks("stack-fails")?;
    failed.await.map_err(|failure: Failure| chain(&failure))?;
    bench.expect_status(ResourceStatus::UpdateFailed.as_str()).await?;
    bench.mended()?;
    bench.recovers(&["rolled back to the last stable state"]).await
}

pub(super) async fn tasks_of_another_release(bench: &Bench) -> Result<(), String> {
    for options in bench.tasks(1) {
        let result = task_run::run(&bench.session, &options).await.map_err(|failure| chain(&failure))?;
        if result.verdict != Verdict::Succeeded {
            return Err(format!("{} ended as {:?} ({:?})", result.task, result.verdict, result.cause));
        }
    }
    Ok(())
}

pub(super) async fn task_interrupted(bench: &Bench) -> Result<(), String> {
    let options = bench.tasks(0).into_iter().next().ok_or("there is no task")?;
    let interrupt = async {
        bench.listener.hears("pending").await;
        bench.session.interrupt.request();
    };
    let (outcome, ()) = tokio::join!(task_run::run(&bench.session, &options), interrupt);
    match outcome {
        Err(Failure::Interrupted { .. }) => Ok(()),
        Err(failure) => Err(chain(&failure)),
        Ok(result) => Err(format!("the task ended as {:?} before it was interrupted", result.verdict)),
    }
}

pub(super) async fn look_before(bench: &Bench) -> Result<(), String> {
    let session = &bench.session;
    let (tag, commit) = (Some(bench.releases[1].clone()), bench.commits[1].clone());
    let images = verify::verify(session, tag, commit).await.map_err(|error| error.to_string())?;
    if !images.deployable {
        return Err(format!("the images are not deployable: {:?}", images.missing()));
    }
    let live = stack::live_template(&session.target.aws, session.environment.stack_name.as_str()).await;
    let live = live.map_err(|error| error.to_string())?;
    let wanted = inputs::environment_template(&session.config, &session.environment);
    let wanted = wanted.map_err(|failure| chain(&failure))?;
    let recipes = Recipes { live: &live, wanted: &wanted };
    let secrets = look(session, &recipes, |_| true).await.map_err(|error| error.to_string())?;
    match secrets.values().find(|secret| !secret.is_ready(false)) {
        Some(secret) => Err(format!("{} is {}", secret.path, secret.words())),
        None => Ok(()),
    }
}

/// In the middle of it, after it, and where all is well.
pub(super) async fn diagnose_failing(bench: &Bench) -> Result<(), String> {
    let look = async |what: &str| {
        let (found, _) = diagnose::diagnose(&bench.session).await.map_err(|failure| chain(&failure))?;
        if found.stack.is_none() || found.services.is_empty() {
            return Err(format!("{what}: the diagnosis saw no stack or no services"));
        }
        Ok(found)
    };
    look("well").await?;
    bench.breaks("crash-on-start")?;
    bench.half_way().await?;
    bench.session.target.clock.sleep(Duration::from_secs(180)).await;
    let found = look("half-way").await?;
    if found.cause.is_none() {
        return Err(format!("no cause of a release that crashes: {}", found.summary));
    }
    bench.session.target.clock.sleep(Duration::from_secs(3600)).await;
    look("after").await.map(drop)
}
