//! The end of a deployment or a rollback: for people, and for the step summary of GitHub Actions.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use ops_cli::medium::{markdown_block, markdown_cell, markdown_code};
use ops_cli::{Cause, DeployResult, Exit, Verdict};

use crate::ending::Outcome;
use crate::failure::Failure;
use crate::names::ImageDigest;
use crate::operation::{Times, Whole};
use crate::redact::Redactor;
use crate::report::{Entry, duration};
use crate::session::EnvironmentSession;

/// Lines of the timeline that a step summary holds, at most: GitHub cuts a summary off at 1 MiB.
const TIMELINE_LINES: usize = 500;

/// What ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// A deployment.
    Deployment,
    /// A rollback.
    Rollback,
}

impl Command {
    /// The verdict in a few words.
    const fn sentence(self, verdict: Verdict) -> &'static str {
        match (self, verdict) {
            (Self::Rollback, Verdict::Succeeded) => "rolled back and healthy",
            (Self::Rollback, Verdict::NoChange) => "nothing to do: it already runs",
            (Self::Rollback, Verdict::RolledBack) => "the rollback failed; everything is as it was before it",
            (Self::Rollback, Verdict::Unhealthy) => "rolled back, but it does not answer as it should",
            (_, Verdict::Succeeded) => "deployed and healthy",
            (_, Verdict::NoChange) => "nothing to do",
            (_, Verdict::RolledBack) => "failed; everything is back as it was",
            (_, Verdict::Superseded) => "superseded by a newer deployment",
            (_, Verdict::Cancelled) => "cancelled; everything is back as it was",
            (_, Verdict::StillRunning) => "the deadline passed; the update still runs",
            (_, Verdict::TaskFailed) => "a one-off task did not succeed; the services were not touched",
            (_, Verdict::Unhealthy) => "deployed, but it does not answer as it should",
            (_, Verdict::NeedsHuman) => "failed; a person has to act",
            (_, Verdict::Refused) => "refused; nothing was changed",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::Rollback => "Rollback",
        }
    }
}

/// Prints the summary on stderr, and into the step summary in GitHub Actions.
pub fn print(session: &EnvironmentSession, command: Command, outcome: &Outcome, wall: Duration) {
    session.report.end_group();
    let result = &outcome.result;
    let sentence = command.sentence(result.verdict);
    if result.verdict.exit() != Exit::Done {
        let cause = result.cause.as_ref().map(|cause| format!(": {}", cause.detail)).unwrap_or_default();
        session.report.annotate(command.title(), &format!("{}: {sentence}{cause}", result.environment));
    }
    ops_cli::say!();
    for line in lines(&session.environment.url(), outcome, wall, sentence) {
        ops_cli::say!("{line}");
    }
    write_step_summary(session, command, result, outcome.times);
}

fn lines(url: &str, outcome: &Outcome, wall: Duration, sentence: &str) -> Vec<String> {
    let result = &outcome.result;
    let mut lines = vec![format!("{}: {sentence}", result.environment)];
    if let Some(cause) = &result.cause {
        lines.push(format!("  cause    {}", cause.detail));
    }
    if let Some(times) = outcome.times {
        lines.push(format!("  course   {}", course(times)));
    }
    for guard in &result.overrides {
        lines.push(format!("  override {guard}"));
    }
    for difference in &result.local_only {
        lines.push(format!("  local    {difference}"));
    }
    lines.push(format!("  release  {}", result.release));
    lines.push(format!("  commit   {}", result.commit));
    for service in &result.services {
        lines.push(format!("  {:<8} {}", service.name, short(&service.digest)));
    }
    lines.push(format!("  url      {url}"));
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

/// `called after 1m30s, services whole after 2m10s, over after 3m40s`
fn course(times: Times) -> String {
    let whole = match times.whole {
        Whole::After(secs) => format!(", services whole after {}", duration(secs)),
        Whole::NotSeen => ", services were not seen whole again".to_owned(),
        Whole::NothingBefore => String::new(),
    };
    format!("called after {}{whole}, over after {}", duration(times.noticed_secs), duration(times.ended_secs))
}

fn short(digest: &str) -> String {
    digest.parse::<ImageDigest>().map_or_else(|_| "no image".to_owned(), |digest| digest.short().to_owned())
}

/// The result of a command that ended before it had one: refused by a guard, or by ECS, which did not even start a
/// one-off task. `None` for what is no verdict on a deployment (bad input, a defect).
#[must_use]
pub fn of_failure(session: &EnvironmentSession, release: &str, failure: &Failure) -> Option<DeployResult> {
    let verdict = failure.result().verdict?;
    let mut detail = failure.chain();
    if let Some(hint) = failure.hint() {
        detail = format!("{detail} ({})", hint.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    Some(DeployResult {
        verdict,
        exit_code: verdict.exit().code(),
        environment: session.environment.name.to_string(),
        release: release.to_owned(),
        commit: String::new(),
        services: Vec::new(),
        elapsed_secs: session.report.elapsed_secs(),
        detected_secs: None,
        cause: Some(Cause { kind: failure.kind().to_owned(), service: None, detail }),
        next: None,
        overrides: Vec::new(),
        local_only: session.report.local_only(),
    })
}

/// Appends to the step summary of GitHub Actions, where there is one. That it cannot be written is no reason to fail.
pub fn write_step_summary(
    session: &EnvironmentSession,
    command: Command,
    result: &DeployResult,
    times: Option<Times>,
) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return };
    let sentence = command.sentence(result.verdict);
    let redactor = Redactor::new(&session.config.platform);
    let timeline = session.report.timeline();
    let text = markdown(&session.environment.url(), sentence, result, times, &timeline, &redactor);
    if let Err(error) = append(Path::new(&path), &text) {
        session.report.warn(format!("failed to write the step summary: {error}"));
    }
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

/// The step summary: verdict, services, timeline.
fn markdown(
    url: &str,
    sentence: &str,
    result: &DeployResult,
    times: Option<Times>,
    timeline: &[Entry],
    redactor: &Redactor,
) -> String {
    let mut lines = vec![format!("## {}: {sentence}", result.environment), String::new()];
    let mut fact = |name: &str, text: &str| lines.push(format!("- **{name}:** {text}"));
    if let Some(cause) = &result.cause {
        fact("Cause", &markdown_code(&redactor.text(&cause.detail)));
    }
    if let Some(times) = times {
        fact("Course", &course(times));
    }
    for guard in &result.overrides {
        fact("Overridden guard", &markdown_code(guard));
    }
    for difference in &result.local_only {
        fact("Local only", &markdown_code(&difference.to_string()));
    }
    fact("Release", &markdown_code(&result.release));
    if !result.commit.is_empty() {
        fact("Commit", &markdown_code(&result.commit));
    }
    fact("Where", url);
    fact("Time", &duration(result.elapsed_secs));
    if let Some(next) = &result.next {
        fact("Next", &markdown_code(next));
    }
    if !result.services.is_empty() {
        lines.push(String::new());
        lines.push("| service | release's image | running | task definition |".to_owned());
        lines.push("|---|---|---|---|".to_owned());
        for service in &result.services {
            let running: Vec<String> = service.running_digests.iter().map(|digest| short(digest)).collect();
            let definition = service.task_definition.rsplit('/').next().unwrap_or_default();
            lines.push(format!(
                "| {} | {} | {} | {} |",
                service.name,
                code(&short(&service.digest)),
                code(&running.join(", ")),
                code(definition)
            ));
        }
    }
    lines.extend(["", "<details><summary>Timeline</summary>", ""].map(str::to_owned));
    let mut course = Vec::new();
    let skipped = timeline.len().saturating_sub(TIMELINE_LINES);
    if skipped > 0 {
        course.push(format!("({skipped} earlier lines left out)"));
    }
    for entry in &timeline[skipped..] {
        course.push(format!("{:>7}  {}", duration(entry.at_secs), redactor.text(&entry.text)));
    }
    lines.push(markdown_block(&course.join("\n")));
    lines.extend(["", "</details>", ""].map(str::to_owned));
    lines.join("\n")
}

/// A cell of the table.
fn code(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { markdown_cell(text) }
}

#[cfg(test)]
mod tests;
