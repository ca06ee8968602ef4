//! The end of a deployment, for people.

use std::time::Duration;

use ops_cli::{DeployResult, Verdict};

use crate::names::ImageDigest;
use crate::report::duration;
use crate::session::EnvironmentSession;

/// Prints the summary of a deployment on stderr.
pub fn print(session: &EnvironmentSession, result: &DeployResult, wall: Duration) {
    print_as(session, result, wall, sentence(result));
}

/// Prints the summary of a rollback on stderr.
pub fn print_rollback(session: &EnvironmentSession, result: &DeployResult, wall: Duration) {
    let sentence = match result.verdict {
        Verdict::Succeeded => "rolled back and healthy",
        Verdict::NoChange => "nothing to do: it already runs",
        Verdict::RolledBack => "the rollback failed; everything is as it was before it",
        Verdict::Unhealthy => "rolled back, but it does not answer as it should",
        _ => sentence(result),
    };
    print_as(session, result, wall, sentence);
}

fn print_as(session: &EnvironmentSession, result: &DeployResult, wall: Duration, sentence: &str) {
    session.report.end_group();
    eprintln!();
    for line in lines(session, result, wall, sentence) {
        eprintln!("{line}");
    }
}

fn lines(session: &EnvironmentSession, result: &DeployResult, wall: Duration, sentence: &str) -> Vec<String> {
    let mut lines = vec![format!("{}: {sentence}", result.environment)];
    if let Some(cause) = &result.cause {
        lines.push(format!("  cause    {}", cause.detail));
    }
    lines.push(format!("  release  {}", result.release));
    lines.push(format!("  commit   {}", result.commit));
    for service in &result.services {
        let digest = service.digest.parse::<ImageDigest>();
        let digest = digest.as_ref().map_or("no image", |digest| digest.short());
        lines.push(format!("  {:<8} {digest}", service.name));
    }
    lines.push(format!("  url      {}", session.environment.url()));
    lines.push(format!(
        "  time     {} ({:.1} s of wall time)",
        duration(result.elapsed_secs),
        wall.as_secs_f64()
    ));
    if let Some(next) = &result.next {
        lines.push(format!("  next     {next}"));
    }
    lines
}

/// The verdict in a few words.
fn sentence(result: &DeployResult) -> &'static str {
    match result.verdict {
        Verdict::Succeeded => "deployed and healthy",
        Verdict::NoChange => "nothing to do",
        Verdict::RolledBack => "failed; everything is back as it was",
        Verdict::Superseded => "superseded by a newer deployment",
        Verdict::Cancelled => "cancelled; everything is back as it was",
        Verdict::StillRunning => "the deadline passed; the update still runs",
        Verdict::TaskFailed => "a one-off task failed; the services were not touched",
        Verdict::Unhealthy => "deployed, but it does not answer as it should",
        Verdict::NeedsHuman => "failed; a person has to act",
        Verdict::Refused => "refused; nothing was changed",
    }
}
