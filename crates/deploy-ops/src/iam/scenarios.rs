//! What the deploy role is used for, as runs of the tool: each entry is a situation and what somebody does in it.
//!
//! A command that calls AWS as the deploy role gets an entry here; `iam check` then finds the permissions that it lacks,
//! and stops reporting those that it needs.

use std::future::Future;
use std::pin::Pin;

use local_aws::Control;
use ops_cli::{Exit, Verdict};

use crate::deploy::{self, Options};
use crate::failure::Failure;
use crate::infrastructure;
use crate::names::{CommitSha, ReleaseTag};
use crate::operation;
use crate::resolve::Wanted;
use crate::session::EnvironmentSession;
use crate::stack;
use crate::status;

use super::by_hand::{self, Listener};

/// What the account holds at the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Nothing of this environment: the shared stack, images, and the infrastructure of the others.
    Shared,
    /// The environment without a task: infrastructure, secrets and images.
    Infrastructure,
    /// The first of two releases runs.
    Running,
}

/// A future that ends with what the scenario did not find as it should be.
pub(super) type Ran<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;

/// A situation, and what is done in it.
pub(super) struct Scenario {
    /// Name, for the report.
    pub(super) name: &'static str,
    /// What the account holds.
    pub(super) start: Start,
    /// What is done as the deploy role. An error says what went otherwise than the scenario means.
    pub(super) run: for<'a> fn(&'a Bench) -> Ran<'a>,
}

/// The tool as the deploy role, on an account of its own.
pub(super) struct Bench {
    /// The environment, as its deploy role sees it.
    pub(super) session: EnvironmentSession,
    /// Two releases with images; [`Start::Running`] runs the first.
    pub(super) releases: [ReleaseTag; 2],
    /// The commits of the releases.
    pub(super) commits: [CommitSha; 2],
    /// What the session tells.
    pub(super) listener: Listener,
}

/// All of them.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "first deployment",
        start: Start::Infrastructure,
        run: |bench| Box::pin(bench.deploys(0, Verdict::Succeeded)),
    },
    Scenario {
        name: "next deployment",
        start: Start::Running,
        run: |bench| Box::pin(bench.deploys(1, Verdict::Succeeded)),
    },
    Scenario {
        name: "deployment of what runs",
        start: Start::Running,
        run: |bench| Box::pin(bench.deploys(0, Verdict::NoChange)),
    },
    Scenario {
        name: "crashing release",
        start: Start::Running,
        run: |bench| Box::pin(bench.fails(&["crash-on-start"], Verdict::RolledBack)),
    },
    Scenario {
        name: "failing migration",
        start: Start::Running,
        run: |bench| Box::pin(bench.fails(&["migration-fails"], Verdict::TaskFailed)),
    },
    Scenario {
        name: "hanging migration",
        start: Start::Running,
        run: |bench| Box::pin(bench.fails(&["migration-hangs"], Verdict::TaskFailed)),
    },
    Scenario {
        name: "stuck rollback, continued by the next deployment",
        start: Start::Running,
        run: |bench| Box::pin(stuck(bench)),
    },
    Scenario {
        name: "stack deploy and plan",
        start: Start::Infrastructure,
        run: |bench| Box::pin(stack_deploy(bench)),
    },
    Scenario { name: "status", start: Start::Running, run: |bench| Box::pin(look(bench)) },
    Scenario {
        name: "rollback",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::back_by_the_stack(bench)),
    },
    Scenario {
        name: "rollback past the stack, and the history of it",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::back_past_the_stack(bench)),
    },
    Scenario {
        name: "rollback of a deployment in progress",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::back_from_half_way(bench)),
    },
    Scenario {
        name: "rollback past the stack of a deployment in progress",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::past_the_stack_from_half_way(bench)),
    },
    Scenario {
        name: "recovery of a stuck rollback",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::continue_stuck(bench)),
    },
    Scenario {
        name: "change set that early validation refuses",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::early_validation(bench)),
    },
    Scenario {
        name: "recovery from a change set that nobody executes",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::discard_stale(bench)),
    },
    Scenario {
        name: "recovery of a stack that was only proposed",
        start: Start::Shared,
        run: |bench| Box::pin(by_hand::delete_proposed(bench)),
    },
    Scenario {
        name: "recovery of an update without rollback",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::roll_back_failed(bench)),
    },
    Scenario {
        name: "tasks of another release",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::tasks_of_another_release(bench)),
    },
    Scenario {
        name: "interrupted task",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::task_interrupted(bench)),
    },
    Scenario {
        name: "images and secrets",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::look_before(bench)),
    },
    Scenario {
        name: "diagnosis of a crashing release",
        start: Start::Running,
        run: |bench| Box::pin(by_hand::diagnose_failing(bench)),
    },
];

impl Bench {
    /// The account's own controls.
    ///
    /// # Errors
    /// The target is not a local one.
    pub(super) fn control(&self) -> Result<Control, String> {
        self.session.target.control().ok_or_else(|| "not a local account".to_owned())
    }

    /// Breaks something from now on; see `--fault`.
    ///
    /// # Errors
    /// There is no such fault.
    pub(super) fn breaks(&self, fault: &str) -> Result<(), String> {
        let fault = fault.parse().map_err(|error| format!("{error}"))?;
        self.control()?.add_fault(fault, std::time::Duration::ZERO).map_err(|error| error.to_string())
    }

    async fn deploy(&self, release: usize) -> Result<Verdict, Failure> {
        let options = Options::plain(Wanted::Tag(self.releases[release].clone()));
        Ok(Box::pin(deploy::deploy(&self.session, &options)).await?.result.verdict)
    }

    /// Deploys one of the releases and expects this verdict.
    pub(super) async fn deploys(&self, release: usize, wanted: Verdict) -> Result<(), String> {
        match self.deploy(release).await.map_err(|failure| chain(&failure))? {
            found if found == wanted => Ok(()),
            found => Err(format!("the deployment ended as {found:?} instead of {wanted:?}")),
        }
    }

    /// Deploys the second release into a broken world.
    pub(super) async fn fails(&self, faults: &[&str], wanted: Verdict) -> Result<(), String> {
        faults.iter().try_for_each(|fault| self.breaks(fault))?;
        self.deploys(1, wanted).await
    }
}

/// The error with its causes.
pub(super) fn chain(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut source = std::error::Error::source(failure);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

async fn stuck(bench: &Bench) -> Result<(), String> {
    // Of a service: an update of infrastructure alone has nothing that would not go back.
    let service = bench.session.service_names().into_iter().next().unwrap_or_default();
    bench.fails(&[&format!("rollback-fails:{service}")], Verdict::NeedsHuman).await?;
    bench.control()?.remove_fault(None).map_err(|error| error.to_string())?;
    bench.deploys(1, Verdict::Succeeded).await
}

async fn stack_deploy(bench: &Bench) -> Result<(), String> {
    let session = &bench.session;
    let go = async {
        let name = session.environment.stack_name.as_str();
        let live = infrastructure::look(session, name).await?;
        let mut prepared = infrastructure::environment(session, live).await?;
        // Tags are part of the request only: a change that no template shows.
        prepared.request.tags.insert("Checked".to_owned(), "yes".to_owned());
        // As long as that of a platform with more services, which goes through the bucket.
        let body = prepared.request.body.get_or_insert_default();
        body.push_str(&" ".repeat(stack::MAX_INLINE_TEMPLATE_BYTES));
        infrastructure::plan(session, &prepared).await?;
        operation::settle(session, name, session.environment.name.as_str()).await?;
        infrastructure::change(session, &prepared, "check", true, &[]).await
    };
    go.await.map(drop).map_err(|failure: Failure| chain(&failure))
}

async fn look(bench: &Bench) -> Result<(), String> {
    let status = status::read(&bench.session).await.map_err(|failure| chain(&failure))?;
    match status.services.iter().find(|service| service.running == 0) {
        Some(idle) => Err(format!("{} does not run ({})", idle.name, Exit::Unhealthy.code())),
        None => Ok(()),
    }
}
