//! `stack deploy|plan|drift|delete`

use std::path::Path;

use ops_cli::{Exit, StackArgs, StackCommand, StackDeleteArgs, StackDriftArgs, Verdict};
use serde::Serialize;

use super::{close, met_faults, print_json, tell_json};
use crate::again;
use crate::alignment;
use crate::confirm::confirm;
use crate::delete::{self, Subject};
use crate::drift;
use crate::failure::Failure;
use crate::first_morning;
use crate::infrastructure::{self, SharedEnd, StackPlan};
use crate::operation::{self, Conclusion};
use crate::plan::Plan;
use crate::session::{EnvironmentSession, Session};
use crate::stack;
use crate::stages;
use crate::unfinished;

/// Name of the shared stack on the command line.
const SHARED: &str = "shared";

pub(super) async fn run(command: &StackCommand, root: &Path) -> Result<Exit, Failure> {
    match command {
        StackCommand::Deploy(args) => {
            let opened = Opened::open(root, args).await?;
            if !opened.is_there(args).await? {
                return opened.not_yet(args).await;
            }
            let outcome = deploy(&opened, args).await;
            let outcome = match &opened {
                Opened::Shared(session) => unfinished::of_shared(session, outcome).await,
                Opened::Environment(session) => unfinished::of_environment(session, outcome).await,
            };
            let well = outcome.as_ref().map_or(Exit::Unexpected, |result| result.verdict.exit());
            let met = met_faults(opened.session(), well);
            opened.close().await;
            let result = outcome?;
            for line in result.lines() {
                ops_cli::say!("{line}");
            }
            if args.json && met.is_ok() {
                tell_json(&result);
            }
            met.map(|()| result.verdict.exit())
        }
        StackCommand::Plan(args) => {
            let opened = Opened::open(root, args).await?;
            if !opened.is_there(args).await? {
                return opened.not_yet(args).await;
            }
            let outcome = plan(&opened, args).await;
            opened.close().await;
            let plan = outcome?;
            if args.json {
                print_json(&plan)?;
            } else {
                super::print(&plan_lines(&plan).join("\n"))?;
            }
            Ok(if plan.has_differences() { Exit::Differences } else { Exit::Done })
        }
        StackCommand::Drift(args) => run_drift(args, root).await,
        StackCommand::Delete(args) => run_delete(args, root).await,
    }
}

/// A session with or without an environment.
#[expect(clippy::large_enum_variant, reason = "there is one, for the whole command")]
enum Opened {
    Shared(Session),
    Environment(EnvironmentSession),
}

impl Opened {
    async fn open(root: &Path, args: &StackArgs) -> Result<Self, Failure> {
        Self::of(root, &args.stack, &args.target).await
    }

    async fn of(root: &Path, stack: &str, target: &ops_cli::TargetArgs) -> Result<Self, Failure> {
        Ok(match stack {
            SHARED => Self::Shared(Session::open(root, target).await?),
            name => Self::Environment(EnvironmentSession::open(root, name, target).await?),
        })
    }

    fn session(&self) -> &Session {
        match self {
            Self::Shared(session) => session,
            Self::Environment(session) => session,
        }
    }

    fn stack_name(&self) -> &str {
        match self {
            Self::Shared(session) => session.config.platform.shared_stack_name.as_str(),
            Self::Environment(session) => session.environment.stack_name.as_str(),
        }
    }

    /// Whether there is something to look at; without `--if-exists` there always is.
    async fn is_there(&self, args: &StackArgs) -> Result<bool, Failure> {
        Ok(!args.if_exists || first_morning::exists(self.session(), self.stack_name()).await?)
    }

    /// Says that there is nothing yet.
    async fn not_yet(self, args: &StackArgs) -> Result<Exit, Failure> {
        first_morning::say(self.session(), &args.stack, "nothing is compared or changed");
        self.close().await;
        if args.json {
            print_json(&serde_json::Value::Null)?;
        }
        Ok(Exit::Done)
    }

    async fn close(self) {
        match self {
            Self::Shared(session) => close(session.target).await,
            Self::Environment(session) => close(session.session.target).await,
        }
    }
}

/// What `stack deploy --json` prints.
#[derive(Debug, Serialize)]
struct StackResult {
    stack: String,
    verdict: Verdict,
    exit_code: u8,
    elapsed_secs: f64,
    /// Logical ids of the service layer that wait for the next deployment.
    with_next_deployment: Vec<String>,
    cause: Option<String>,
    next: Option<String>,
}

impl StackResult {
    fn new(session: &Session, stack: &str, verdict: Verdict) -> Self {
        Self {
            stack: stack.to_owned(),
            verdict,
            exit_code: verdict.exit().code(),
            elapsed_secs: session.report.elapsed_secs(),
            with_next_deployment: Vec::new(),
            cause: None,
            next: None,
        }
    }

    fn of(session: &Session, stack: &str, conclusion: Option<&Conclusion>) -> Self {
        let Some(conclusion) = conclusion else { return Self::new(session, stack, Verdict::NoChange) };
        let mut result = Self::new(session, stack, conclusion.verdict);
        result.cause = conclusion.cause.as_ref().map(|cause| cause.detail.clone());
        result
    }

    fn lines(&self) -> Vec<String> {
        let sentence = match self.verdict {
            Verdict::Succeeded => "as configured",
            Verdict::NoChange => "nothing to do",
            Verdict::RolledBack => "failed; everything is back as it was",
            Verdict::NeedsHuman => "a person has to act",
            Verdict::Cancelled | Verdict::Superseded => "cancelled; everything is back as it was",
            _ => "not done",
        };
        let mut lines = vec![String::new(), format!("{}: {sentence}", self.stack)];
        lines.extend(self.cause.as_ref().map(|cause| format!("  cause    {cause}")));
        if !self.with_next_deployment.is_empty() {
            lines.push(format!(
                "  waiting  {} (with the next deployment)",
                self.with_next_deployment.join(", ")
            ));
        }
        lines.extend(self.next.as_ref().map(|next| format!("  next     {next}")));
        lines
    }
}

async fn deploy(opened: &Opened, args: &StackArgs) -> Result<StackResult, Failure> {
    let session = opened.session();
    let Opened::Environment(environment) = opened else {
        let stack = session.config.platform.shared_stack_name.as_str();
        confirm(session, &format!("Bring {stack} to the configuration?"), args.yes)?;
        return Ok(match infrastructure::bring_shared(session, &args.allow_replace).await? {
            SharedEnd::Complete(conclusion) => StackResult::of(session, stack, conclusion.as_ref()),
            SharedEnd::Failed(conclusion) => {
                let mut result = StackResult::of(session, stack, Some(&conclusion));
                let goes_on = if conclusion.stuck { "recover shared" } else { "stack deploy shared" };
                let cause = result.cause.as_deref();
                result.next = Some(again::after(session, SHARED, stack, cause, session.command(goes_on)));
                result
            }
            SharedEnd::WaitsForDelegation(delegation) => {
                let mut result = StackResult::new(session, stack, Verdict::NeedsHuman);
                result.cause = Some(format!("the certificate waits for DNS: {delegation}"));
                let again = session.command("stack deploy shared");
                result.next = Some(format!("{}; then {again}", delegation.instructions()));
                result
            }
        });
    };
    let name = environment.environment.stack_name.as_str();
    let subject = environment.environment.name.as_str();
    let live = operation::settle(session, name, subject).await?;
    let prepared = infrastructure::environment(environment, live).await?;
    let protection = environment.environment.protection.stack;
    let conclusion = if prepared.is_done() {
        if let Some((view, _)) = &prepared.live {
            stack::protect(&session.target.aws, view, protection).await?;
        }
        None
    } else {
        stages::lines(&prepared.stages()).into_iter().for_each(|line| session.report.line(line));
        confirm(session, &format!("Bring {name} to the configuration? No task is touched."), args.yes)?;
        infrastructure::change(session, &prepared, subject, protection, &args.allow_replace).await?
    };
    let mut result = StackResult::of(session, name, conclusion.as_ref());
    result.with_next_deployment = prepared.waiting.into_iter().collect();
    if matches!(result.verdict, Verdict::NeedsHuman | Verdict::StillRunning) {
        result.next = Some(session.command(&format!("diagnose {subject}")));
        return Ok(result);
    }
    Ok(result)
}

async fn plan(opened: &Opened, args: &StackArgs) -> Result<StackPlan, Failure> {
    let session = opened.session();
    let live = infrastructure::look(session, opened.stack_name()).await?;
    let prepared = match opened {
        Opened::Shared(_) => infrastructure::shared(session, live, true)?,
        Opened::Environment(environment) => infrastructure::environment(environment, live).await?,
    };
    let mut plan = infrastructure::plan(session, &prepared).await?;
    if let (Opened::Environment(environment), Some((view, template))) = (opened, &prepared.live) {
        plan.past_the_stack = alignment::differences(environment, view, template).await?;
    }
    if let Err(refused) = plan.plan.guard(&args.allow_replace) {
        session.report.warn(format!("{refused}: stack deploy refuses that without --allow-replace"));
    }
    Ok(plan)
}

fn plan_lines(plan: &StackPlan) -> Vec<String> {
    let StackPlan { stack, exists, plan: Plan { changes }, stages, with_next_deployment, past_the_stack } =
        plan;
    let mut lines = Vec::new();
    match (exists, changes.is_empty()) {
        (false, _) => lines.push(format!("{stack} does not exist yet: {}", plan.plan.counts())),
        (true, true) => lines.push(format!("{stack}: no change of the infrastructure")),
        (true, false) => lines.push(format!("{stack}: {}", plan.plan.counts())),
    }
    lines.extend(changes.iter().map(|change| format!("  {change}")));
    let steps = stages::lines(stages);
    if !steps.is_empty() {
        lines.push("in this order:".to_owned());
        lines.extend(steps.iter().map(|step| format!("  {step}")));
    }
    if !with_next_deployment.is_empty() {
        lines.push("with the next deployment:".to_owned());
        lines.extend(with_next_deployment.iter().map(|id| format!("  ~ {id}")));
    }
    if !past_the_stack.is_empty() {
        lines.push("past the stack:".to_owned());
        lines.extend(past_the_stack.iter().map(|difference| format!("  {difference}")));
    }
    lines
}

async fn run_drift(args: &StackDriftArgs, root: &Path) -> Result<Exit, Failure> {
    let opened = Opened::of(root, &args.stack, &args.target).await?;
    let session = opened.session();
    let stack = opened.stack_name();
    session.report.step(&format!("Compare {stack} with its template"));
    let outcome = drift::detect(session, stack, &args.stack).await;
    opened.close().await;
    let drift = outcome?;
    if args.json {
        print_json(&drift)?;
    } else {
        super::print(&drift.to_string())?;
    }
    Ok(if drift.is_none() { Exit::Done } else { Exit::Differences })
}

async fn run_delete(args: &StackDeleteArgs, root: &Path) -> Result<Exit, Failure> {
    let opened = Opened::of(root, &args.stack, &args.target).await?;
    let subject = match &opened {
        Opened::Shared(_) => Subject::Shared,
        Opened::Environment(session) => Subject::Environment(&session.environment),
    };
    let outcome = delete::delete(opened.session(), &subject, args.confirm.as_deref(), args.yes).await;
    opened.close().await;
    let deleted = outcome?;
    ops_cli::say!();
    if deleted.existed && deleted.exit_code == 0 {
        ops_cli::say!("{}: deleted", deleted.stack);
    }
    if !deleted.remains.is_empty() {
        ops_cli::say!("what stays behind, and goes on costing until a person removes it:");
        for it in &deleted.remains {
            let id = it.physical_id.as_deref().unwrap_or("-");
            ops_cli::say!("  {:<9} {} ({}) {id}", it.what, it.logical_id, it.resource_type);
        }
    }
    if let Some(next) = &deleted.next {
        ops_cli::say!("  next     {next}");
    }
    if args.json {
        tell_json(&deleted);
    }
    Ok(if deleted.exit_code == 0 { Exit::Done } else { Exit::NeedsHuman })
}
