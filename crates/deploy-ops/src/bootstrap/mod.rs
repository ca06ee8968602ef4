//! A new environment, from an empty account to users: a checklist whose state is derived from AWS alone, so that it can
//! be stopped anywhere and run again, on another machine and by another person too.

mod admin;
mod inspect;
mod people;

use ops_cli::{Exit, LocalOnly, Verdict};
use serde::Serialize;

use crate::again;
use crate::deploy::{self, Options};
use crate::doctor::Finding;
use crate::failure::Failure;
use crate::infrastructure::{self, SharedEnd};
use crate::operation::{self, Conclusion};
use crate::prepare;
use crate::resolve::{self, Wanted};
use crate::secrets::{self, Standing};
use crate::session::EnvironmentSession;

pub use admin::record as record_admin;
pub use inspect::inspect;
pub use people::tasks as people;

/// A line of the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Image repositories, hosted zone, roles: the shared stack without its certificate.
    Shared,
    /// The domain's name servers.
    Delegation,
    /// The certificate, which needs the delegation.
    Certificate,
    /// The environment's stack without a single task.
    Infrastructure,
    /// Whoever hears of alarms.
    Alarms,
    /// Values that only people know.
    Secrets,
    /// The images of the commit.
    Images,
    /// Task definitions, migrations, services.
    Services,
    /// The first administrator.
    Admin,
    /// Answers on the public routes.
    Health,
}

impl Step {
    /// The checklist, in order.
    pub(super) const ALL: &[Self] = &[
        Self::Shared,
        Self::Delegation,
        Self::Certificate,
        Self::Infrastructure,
        Self::Alarms,
        Self::Secrets,
        Self::Images,
        Self::Services,
        Self::Admin,
        Self::Health,
    ];

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Shared => "shared stack",
            Self::Delegation => "DNS delegation",
            Self::Certificate => "certificate",
            Self::Infrastructure => "infrastructure, no tasks",
            Self::Alarms => "alarm subscription",
            Self::Secrets => "secrets",
            Self::Images => "images",
            Self::Services => "stack, migrations, services",
            Self::Admin => "first administrator",
            Self::Health => "health",
        }
    }

    /// Why it is there, and why there.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::Shared => {
                "image repositories, the hosted zone and the deploy roles exist once for all environments"
            }
            Self::Delegation => {
                "users and the certificate authority only find the zone through the name servers above it"
            }
            Self::Certificate => "the load balancer serves HTTPS with it, and it is validated through DNS",
            Self::Infrastructure => {
                "network, database, cache and load balancer take longest and need no image"
            }
            Self::Alarms => {
                "an alarm that nobody hears of is none, and whoever gets the mail has to confirm it"
            }
            Self::Secrets => "a task that needs a secret without value does not start",
            Self::Images => "what is deployed is named by digest, so it has to be in the registry first",
            Self::Services => "migrations run before the services, on the same images",
            Self::Admin => "somebody has to be able to sign in; made once, never by a deployment",
            Self::Health => "it is up when users get answers, not when AWS says so",
        }
    }
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "detail")]
pub enum State {
    /// Done; what shows it.
    Done(String),
    /// Next, and this tool does it; what is missing.
    Open(String),
    /// Next, and only a person can do it; how.
    Person(String),
    /// Behind a step that is open.
    Later,
    /// Something to look at that keeps nothing else from going on.
    Attention(String),
}

/// A step with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Which.
    pub step: Step,
    /// How it stands.
    #[serde(flatten)]
    pub state: State,
}

/// What the user wants of it.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// Which code to start with.
    pub wanted: Wanted,
    /// Stateful resources that may be replaced or removed: none, in a new environment.
    pub allow_replace: Vec<String>,
}

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It was taken; look at the checklist again.
    Took(Step),
    /// A person has to act first.
    Waits(Step),
    /// Nothing is left to do.
    Finished,
    /// The step failed.
    Failed {
        /// Which.
        step: Step,
        /// How it ended.
        verdict: Verdict,
        /// Why.
        cause: String,
    },
}

/// What `--json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BootstrapResult {
    /// Environment name.
    pub environment: String,
    /// How the command ends.
    #[serde(skip)]
    pub exit: Exit,
    /// The process exit code.
    pub exit_code: u8,
    /// The checklist as it is now.
    pub checklist: Vec<Item>,
    /// What only people can do and nothing here can see.
    pub people: Vec<String>,
    /// What the account may have, compared with what the environments need.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<Finding>,
    /// Why it stopped, where it did not finish.
    pub cause: Option<String>,
    /// The command to run next, where there is one.
    pub next: Option<String>,
    /// What is different on AWS, with `--local`; left out where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub local_only: Vec<LocalOnly>,
}

/// Goes through the checklist until it is finished, a person has to act, or a step fails.
pub async fn run(session: &mut EnvironmentSession, options: &Bootstrap) -> Result<BootstrapResult, Failure> {
    let revision = again::wanted(&options.wanted);
    let again = session.command(&format!("bootstrap {}{revision}", session.environment.name));
    let mut end = (Exit::Unexpected, Some("it does not get any further".to_owned()), Some(again.clone()));
    // Each step is taken once; one that stays open after it was taken would be taken for ever.
    let mut taken = Vec::new();
    while taken.len() <= 2 * Step::ALL.len() {
        match advance(session, options).await? {
            Progress::Took(step) => {
                if taken.iter().filter(|it| **it == step).count() > 1 {
                    end.1 = Some(format!("{} stays open after it was done", step.title()));
                    break;
                }
                taken.push(step);
            }
            Progress::Finished => {
                end = (Exit::Done, None, None);
                break;
            }
            Progress::Waits(step) => {
                end = (Exit::NeedsHuman, Some(format!("{} needs a person", step.title())), Some(again));
                break;
            }
            Progress::Failed { step, verdict, cause } => {
                let cause = format!("{}: {cause}", step.title());
                let (subject, stack) = match step {
                    Step::Infrastructure => {
                        (session.environment.name.as_str(), session.environment.stack_name.as_str())
                    }
                    _ => ("shared", session.config.platform.shared_stack_name.as_str()),
                };
                let next = again::after(session, subject, stack, Some(&cause), again);
                end = (verdict.exit(), Some(cause), Some(next));
                break;
            }
        }
        if session.interrupt.requested() {
            return Err(Failure::Interrupted { hint: format!("nothing is half-done; go on with `{again}`") });
        }
    }
    let (exit, cause, next) = end;
    Ok(BootstrapResult {
        environment: session.environment.name.to_string(),
        exit,
        exit_code: exit.code(),
        checklist: inspect(session, options).await?,
        people: people::tasks(session),
        quotas: Vec::new(),
        cause,
        next,
        local_only: session.report.local_only(),
    })
}

/// Takes the first step that is open.
pub async fn advance(session: &mut EnvironmentSession, options: &Bootstrap) -> Result<Progress, Failure> {
    let checklist = inspect(session, options).await?;
    for Item { step, state } in checklist {
        match state {
            State::Done(_) | State::Later | State::Attention(_) => {}
            State::Person(_) => return Ok(Progress::Waits(step)),
            State::Open(_) => {
                session.report.step(&format!("Bootstrap: {} ({})", step.title(), step.why()));
                return take(session, options, step).await;
            }
        }
    }
    Ok(Progress::Finished)
}

async fn take(
    session: &mut EnvironmentSession,
    options: &Bootstrap,
    step: Step,
) -> Result<Progress, Failure> {
    match step {
        Step::Shared | Step::Delegation | Step::Certificate => shared(session, options, step).await,
        Step::Infrastructure => infrastructure_step(session, options).await,
        Step::Alarms => {
            if let Some(subscription) = inspect::subscription(session) {
                subscription.renew().await?;
            }
            Ok(Progress::Took(step))
        }
        Step::Secrets => {
            let checks = secrets::check(session).await?;
            prepare::placeholder_secrets(session, &checks).await?;
            let unfit: Vec<_> = checks.iter().filter(|it| it.standing == Standing::Unfit).collect();
            let Some(first) = unfit.first() else { return Ok(Progress::Took(step)) };
            let cause =
                format!("{} ({}): {}", first.path, first.words(), secrets::next(session, &unfit[..1]));
            Ok(Progress::Failed { step, verdict: Verdict::NeedsHuman, cause })
        }
        Step::Images => {
            let commit = resolve::commit(&session.root, &options.wanted)?;
            prepare::images(session, &commit, None).await?;
            Ok(Progress::Took(step))
        }
        Step::Services => services(session, options).await,
        Step::Admin => admin::make(session).await,
        Step::Health => Ok(match inspect::health(session, true).await? {
            None => Progress::Took(step),
            Some(cause) => Progress::Failed { step, verdict: Verdict::Unhealthy, cause },
        }),
    }
}

async fn shared(session: &EnvironmentSession, options: &Bootstrap, step: Step) -> Result<Progress, Failure> {
    Ok(match infrastructure::bring_shared(session, &options.allow_replace).await? {
        SharedEnd::Complete(_) | SharedEnd::WaitsForDelegation(_) => Progress::Took(step),
        SharedEnd::Failed(conclusion) => failed(step, &conclusion),
    })
}

async fn infrastructure_step(session: &EnvironmentSession, options: &Bootstrap) -> Result<Progress, Failure> {
    let name = session.environment.stack_name.as_str();
    let subject = session.environment.name.as_str();
    let live = operation::settle(session, name, subject).await?;
    let prepared = infrastructure::environment(session, live).await?;
    let protection = session.environment.protection.stack;
    let conclusion =
        infrastructure::change(session, &prepared, subject, protection, &options.allow_replace).await?;
    Ok(match conclusion {
        Some(conclusion) if !conclusion.succeeded() => failed(Step::Infrastructure, &conclusion),
        _ => Progress::Took(Step::Infrastructure),
    })
}

fn failed(step: Step, conclusion: &Conclusion) -> Progress {
    let cause =
        conclusion.cause.as_ref().map_or_else(|| "no cause was seen".to_owned(), |it| it.detail.clone());
    Progress::Failed { step, verdict: conclusion.verdict, cause }
}

/// A deployment like any other, but for the first administrator: it is made between the migrations and the services, and
/// recorded whatever becomes of the services.
async fn services(session: &mut EnvironmentSession, options: &Bootstrap) -> Result<Progress, Failure> {
    let admin = admin::look(session).await?;
    let seeds_always = session.environment.seed_on_deploy;
    session.environment.seed_on_deploy = seeds_always || admin == admin::Admin::Missing;
    let deployment =
        Options { allow_replace: options.allow_replace.clone(), ..Options::plain(options.wanted.clone()) };
    let outcome = Box::pin(deploy::deploy(session, &deployment)).await;
    session.environment.seed_on_deploy = seeds_always;
    if !seeds_always && admin::look(session).await? == admin::Admin::Seeded {
        admin::record(session).await?;
    }
    let result = outcome?.result;
    Ok(match result.verdict {
        // A check of its own follows and says so.
        Verdict::Succeeded | Verdict::NoChange | Verdict::Unhealthy => Progress::Took(Step::Services),
        verdict => Progress::Failed {
            step: Step::Services,
            verdict,
            cause: result.cause.map_or_else(|| "no cause was seen".to_owned(), |cause| cause.detail),
        },
    })
}
