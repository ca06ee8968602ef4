//! How a deployment or a rollback ends: its health, its verdict, its result. Both end the same way.

use ops_cli::{Cause, DeployResult, Guard, GuardKind, Verdict};

use crate::failure::Failure;
use crate::forecast::Forecast;
use crate::health::Checker;
use crate::operation::{Conclusion, Times};
use crate::resolve::Release;
use crate::session::EnvironmentSession;
use crate::stack;
use crate::witnesses::{self, Missing};

/// Kind of the cause where a stack cannot be updated, whatever is tried.
pub(crate) const STACK_UNUSABLE: &str = "stack_unusable";
/// Kind of the cause where nothing speaks against a release because what would is not there.
const MISSING_WITNESS: &str = "missing_witness";

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

/// What has to be proven at the end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof<'a> {
    /// A deployment: errors of its users too. Missing witnesses that these guards name are passed over.
    Deployment(&'a [Guard]),
    /// A rollback: the errors that metrics still show are of the release that was left.
    Rollback,
}

/// Asks the public routes, asserting the release that answers, and whether what would speak against it could be seen;
/// `well` is the verdict where all is well.
pub(crate) async fn health(
    session: &EnvironmentSession,
    release: &Release,
    well: Verdict,
    proof: Proof<'_>,
) -> Result<End, Failure> {
    session.report.step("Health");
    let domain = session.environment.domain.as_str();
    let checker = Checker::new(session.target.front, domain)?;
    let probes = session.config.platform.probes();
    let answers =
        checker.check(&*session.target.clock, &session.report, &probes, Some(release.label())).await;
    let trouble =
        answers.into_iter().find_map(|answer| answer.trouble.map(|trouble| (answer.probe, trouble)));
    let cause = match trouble {
        Some((probe, trouble)) => Some(Cause {
            kind: trouble.kind().to_owned(),
            service: Some(probe.service.to_string()),
            detail: format!("https://{domain}{}: {trouble}", probe.path),
        }),
        None => witnessed(session, proof).await,
    };
    Ok(match cause {
        None => End::well(well),
        Some(cause) => End {
            verdict: Verdict::Unhealthy,
            cause: Some(cause),
            detected_secs: None,
            next: Some(session.command(&format!("diagnose {}", session.environment.name))),
        },
    })
}

/// What keeps a success from being one although every route answers: a witness that is missing, or errors on other paths.
async fn witnessed(session: &EnvironmentSession, proof: Proof<'_>) -> Option<Cause> {
    let aws = &session.target.aws;
    let template = stack::live_template(aws, session.environment.stack_name.as_str()).await;
    let template = match template {
        Ok(template) => template,
        Err(error) => {
            let detail = format!(
                "the template in service, which names the deployment alarms, cannot be read: {error}"
            );
            return Some(Cause { kind: MISSING_WITNESS.to_owned(), service: None, detail });
        }
    };
    let overrides = match proof {
        Proof::Deployment(overrides) => overrides,
        Proof::Rollback => &[],
    };
    let passed = |missing: &Missing| {
        overrides.iter().any(|guard| {
            guard.kind == GuardKind::Witnesses && guard.service.as_deref() == Some(missing.service.as_str())
        })
    };
    let (over, missing): (Vec<Missing>, Vec<Missing>) =
        witnesses::missing(session, &template).await.into_iter().partition(passed);
    over.iter().for_each(|missing| session.report.warn(format!("overridden (witnesses): {missing}")));
    missing.iter().for_each(|missing| session.report.warn(missing.to_string()));
    if let Some(Missing { service, what }) = missing.into_iter().next() {
        return Some(Cause { kind: MISSING_WITNESS.to_owned(), service: Some(service), detail: what });
    }
    if matches!(proof, Proof::Rollback) {
        return None;
    }
    let errors = witnesses::errors(session).await.unwrap_or_else(|error| {
        session.report.warn(format!("whether users get server errors is not known: {error}"));
        Vec::new()
    });
    let bad = errors.iter().find(|errors| errors.too_many);
    errors.iter().for_each(|errors| session.report.warn(errors.to_string()));
    bad.map(|errors| Cause {
        kind: "target_5xx".to_owned(),
        service: Some(errors.service.clone()),
        detail: format!("{errors}, while its health check answers"),
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
