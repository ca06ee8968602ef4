//! What happened, for people to read.

use rollout_sim::SimTime;
use rollout_verdict::State;
use serde::{Deserialize, Serialize};

use crate::Watcher;
use crate::back::Back;
use crate::observe::moment;
use crate::watch::Watch;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Seconds from the start of the rollout.
    pub secs: f64,
    /// Who says so: `stack`, `tool`, `pipeline` or a service.
    pub source: String,
    /// What.
    pub text: String,
}

impl TimelineEntry {
    pub(crate) fn new(secs: f64, source: &str, text: impl Into<String>) -> Self {
        Self { secs, source: source.to_owned(), text: text.into() }
    }
}

/// Who says what the watcher of a rollout says.
pub(crate) const fn voice(watcher: Watcher) -> &'static str {
    match watcher {
        Watcher::Tool => "tool",
        Watcher::Nobody => "pipeline",
    }
}

/// Events of the stack and of the services, and what the tool said and did.
pub(crate) fn timeline(
    watch: &Watch,
    back: Option<&Back>,
    watcher: Watcher,
    start: SimTime,
) -> Vec<TimelineEntry> {
    let mut entries = entries(watch, watcher, start);
    if let Some(back) = back {
        let started_secs = back.started_at.since(start).as_secs_f64();
        entries.push(TimelineEntry::new(started_secs, "tool", "puts the release before back"));
        entries.extend(self::entries(&back.watch, watcher, start));
    }
    entries.sort_by(|one, other| one.secs.total_cmp(&other.secs));
    entries
}

fn entries(watch: &Watch, watcher: Watcher, start: SimTime) -> Vec<TimelineEntry> {
    let mut entries = Vec::new();
    let started_at = moment(start);
    for event in watch.observations.stack_events.values() {
        let failed = event.status.ends_with("_FAILED");
        if failed || event.is_of_stack() {
            let reason = event.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let what = format!("{} {}{reason}", event.logical_id, event.status);
            entries.push(TimelineEntry::new(event.at.secs_since(started_at), "stack", what));
        }
    }
    for (name, service) in &watch.observations.services {
        let prefixes = [format!("(service {name}) "), format!("(service {name}, ")];
        for event in service.events.values() {
            let text = event.message.as_str();
            let text = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix.as_str())).unwrap_or(text);
            entries.push(TimelineEntry::new(event.at.secs_since(started_at), name.as_str(), brief(text)));
        }
    }
    let secs = |at: SimTime| at.since(start).as_secs_f64();
    if let Some((state, at, _)) = &watch.verdict {
        let text = match state {
            State::Failed { cause, .. } => format!("failed: {cause}"),
            State::DeadlinePassed { cause } => format!("deadline passed: {cause}"),
            _ => String::new(),
        };
        entries.push(TimelineEntry::new(secs(*at), voice(watcher), text));
    }
    if let Some(at) = watch.cancelled_at {
        entries.push(TimelineEntry::new(secs(at), "tool", "cancels the update"));
    }
    entries
}

/// The text with a target group's name in place of its ARN, which fills a line by itself.
fn brief(text: &str) -> String {
    const BEFORE: &str = "(target-group ";
    let Some(start) = text.find(BEFORE).map(|at| at + BEFORE.len()) else { return text.to_owned() };
    let Some(end) = text[start..].find(')').map(|at| start + at) else { return text.to_owned() };
    let name = text[start..end].split('/').nth(1).unwrap_or(&text[start..end]);
    format!("{}{name}{}", &text[..start], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::brief;

    #[test]
    fn a_target_group_is_named_by_its_name() {
        let text = "registered 1 targets in (target-group arn:aws:elb:r:1:targetgroup/ApiTarget/abc) now";
        assert_eq!(brief(text), "registered 1 targets in (target-group ApiTarget) now");
        assert_eq!(brief("has reached a steady state."), "has reached a steady state.");
    }
}
