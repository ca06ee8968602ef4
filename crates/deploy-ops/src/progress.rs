//! How far a rollout is, in words.

use rollout_verdict::{Assessment, Moment, Proof, ServiceProgress};

use crate::report::duration;

/// `api: 1/2 new tasks healthy, 1 starting, 2 old running, circuit breaker 1/3`
#[must_use]
pub fn line(service: &ServiceProgress) -> String {
    let mut line = format!("{}: {}/{} new tasks healthy", service.name, service.new_healthy, service.desired);
    let starting = service.new_pending + service.new_running.saturating_sub(service.new_healthy);
    if starting > 0 {
        line += &format!(", {starting} starting");
    }
    if service.old_running > 0 {
        line += &format!(", {} old running", service.old_running);
    }
    if service.breaker_count > 0 {
        line += &format!(", circuit breaker {}/{}", service.breaker_count, service.breaker_threshold);
    }
    if service.done {
        line += ", done";
    }
    line
}

/// One line per service, in columns that stay where they are, then the time since `started_at` and how long there is.
#[must_use]
pub fn live_lines(assessment: &Assessment, started_at: Moment) -> Vec<String> {
    if assessment.services.is_empty() {
        return Vec::new();
    }
    let width = assessment.services.iter().map(|service| service.name.as_str().len()).max().unwrap_or(0);
    let mut lines: Vec<String> = assessment
        .services
        .iter()
        .map(|service| {
            let starting = service.new_pending + service.new_running.saturating_sub(service.new_healthy);
            let state = match service {
                _ if service.done => "done",
                _ if service.rolled_back && service.whole => "back on the old release",
                _ if service.rolled_back => "going back",
                _ if service.new_running + service.new_pending > 0 => "rolling",
                _ => "",
            };
            let line = format!(
                "{:>7}    {:<width$}  {}/{} new healthy  {starting} starting  {} old  breaker {}/{}  {state}",
                "",
                service.name.as_str(),
                service.new_healthy,
                service.desired,
                service.old_running,
                service.breaker_count,
                service.breaker_threshold,
            );
            line.trim_end().to_owned()
        })
        .collect();
    let mut last = format!(
        "{:>7}    {} of {} at most",
        "",
        duration(assessment.elapsed_secs),
        duration(f64::from(assessment.deadline.secs))
    );
    if let Some((what, until)) = probation(assessment) {
        let left = until.secs_since(started_at) - assessment.elapsed_secs;
        last += &format!("  {what} for {}", duration(left));
    }
    lines.push(last);
    lines
}

/// What is waited for when CloudFormation and ECS are done already, and until when: `watching the alarms of api and mcp`.
#[must_use]
pub fn probation(assessment: &Assessment) -> Option<(String, Moment)> {
    let until = assessment.probation.iter().map(|it| it.until).max()?;
    let of = |proof: Proof| {
        let mut open = assessment.probation.iter().filter(move |it| it.proof == proof);
        let first = open.next()?.service.to_string();
        Some(open.fold(first, |text, it| format!("{text}, {}", it.service)))
    };
    let survival = of(Proof::Outlives).map(|names| format!("watching whether {names} crashes again"));
    let alarms = of(Proof::QuietAlarms).map(|names| format!("watching the alarms of {names}"));
    Some((survival.into_iter().chain(alarms).collect::<Vec<_>>().join(", "), until))
}

/// `UPDATE_IN_PROGRESS` for people: `update in progress`.
#[must_use]
pub fn words(status: &str) -> String {
    status.to_lowercase().replace('_', " ")
}
