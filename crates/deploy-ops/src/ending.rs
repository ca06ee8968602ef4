//! How a deployment or a rollback ends: its health, its verdict, its result. Both end the same way.

use ops_cli::{Cause, DeployResult, Verdict};

use crate::failure::Failure;
use crate::forecast::Forecast;
use crate::health::Checker;
use crate::operation::{Conclusion, Times};
use crate::resolve::Release;
use crate::session::EnvironmentSession;

/// Kind of the cause where a stack cannot be updated, whatever is tried.
pub(crate) const STACK_UNUSABLE: &str = "stack_unusable";

/// How a pipeline ended: the verdict so far, and what it knows.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What `--json` prints.
    pub result: DeployResult,
    /// What the watchers observed, in order.
    pub records: Vec<rollout_verdict::Record>,
    /// What it would do, or was about to do; `None` where there was nothing to do, and of a rollback.
    pub forecast: Option<Forecast>,
    /// When what happened, where the services failed.
    pub times: Option<Times>,
}

/// The verdict, with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) verdict: Verdict,
    pub(crate) cause: Option<Cause>,
    pub(crate) detected_secs: Option<f64>,
    pub(crate) next: Option<String>,
}

impl End {
    /// An end that needs no explanation.
    pub(crate) const fn well(verdict: Verdict) -> Self {
        Self { verdict, cause: None, detected_secs: None, next: None }
    }

    /// The end that a change of the environment's stack means; `None` where it succeeded and the pipeline goes on.
    pub(crate) fn of(session: &EnvironmentSession, conclusion: &Conclusion) -> Option<Self> {
        if conclusion.succeeded() {
            return None;
        }
        let environment = &session.environment.name;
        let next = match conclusion.verdict {
            _ if conclusion.stuck => Some(format!("recover {environment}")),
            Verdict::NeedsHuman | Verdict::StillRunning => Some(format!("diagnose {environment}")),
            _ => None,
        };
        Some(Self {
            verdict: conclusion.verdict,
            cause: conclusion.cause.clone(),
            detected_secs: conclusion.detected_secs,
            next: next.map(|text| session.command(&text)),
        })
    }
}

/// Asks the public routes, asserting the release that answers; `well` is the verdict where all is well.
pub(crate) async fn health(
    session: &EnvironmentSession,
    release: &Release,
    well: Verdict,
) -> Result<End, Failure> {
    session.report.step("Health");
    let domain = session.environment.domain.as_str();
    let checker = Checker::new(session.target.front, domain)?;
    let probes = session.config.platform.probes();
    let answers =
        checker.check(&*session.target.clock, &session.report, &probes, Some(release.label())).await;
    let trouble =
        answers.into_iter().find_map(|answer| answer.trouble.map(|trouble| (answer.probe, trouble)));
    Ok(match trouble {
        None => End::well(well),
        Some((probe, trouble)) => End {
            verdict: Verdict::Unhealthy,
            cause: Some(Cause {
                kind: trouble.kind().to_owned(),
                service: Some(probe.service.to_string()),
                detail: format!("https://{domain}{}: {trouble}", probe.path),
            }),
            detected_secs: None,
            next: Some(session.command(&format!("diagnose {}", session.environment.name))),
        },
    })
}

/// What `--json` prints of an end.
pub(crate) async fn result(
    session: &EnvironmentSession,
    release: &Release,
    end: End,
    overrides: Vec<String>,
) -> DeployResult {
    // What only informs waits for nobody.
    let asking = session.target.aws.patience.ask_again();
    let services = crate::status::service_results(session, &release.digests).await;
    drop(asking);
    // The verdict stands whether or not AWS can still be asked what runs.
    let services = services.unwrap_or_else(|error| {
        session.report.warn(format!("failed to read what runs: {error}"));
        Vec::new()
    });
    DeployResult {
        verdict: end.verdict,
        exit_code: end.verdict.exit().code(),
        environment: session.environment.name.to_string(),
        release: release.label().to_owned(),
        commit: release.commit.to_string(),
        services,
        elapsed_secs: session.report.elapsed_secs(),
        detected_secs: end.detected_secs,
        cause: end.cause,
        next: end.next,
        overrides,
        local_only: session.report.local_only(),
    }
}
