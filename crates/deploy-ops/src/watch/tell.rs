//! What people are told while a rollout is watched.

use rollout_verdict::{Assessment, State};

use super::Watcher;
use crate::call::CallError;
use crate::observe;
use crate::progress::{self, words};
use crate::report::duration;

impl Watcher<'_> {
    /// Says that nobody answered, and when somebody is asked again.
    pub(super) fn print_silence(&self, error: &CallError, pause: f64) {
        self.report.line(format!("not known at present ({error}): looking again in {}", duration(pause)));
    }

    /// Names what cannot be read, each once: the rollout is judged without it.
    pub(super) fn print_unread(&mut self, unread: &[CallError]) {
        for error in unread {
            if self.unread.insert(error.operation) {
                self.report.warn(format!("judged without it: {error}"));
            }
        }
    }

    /// Failures of resources, and what the stack itself does; every resource that works would be noise.
    pub(super) fn print_events(&self, events: &[observe::StackEvent]) {
        for event in events {
            let view = &event.view;
            let failed = view.status.ends_with("_FAILED");
            if failed || event.view.is_of_stack() {
                let reason = view.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let what = if event.view.is_of_stack() { "stack" } else { view.logical_id.as_str() };
                self.report.line(format!("{what} {}{reason}", words(&view.status)));
            }
        }
    }

    /// On a terminal one line per service that always shows where it is; elsewhere a line whenever that changed.
    pub(super) fn print_progress(&mut self, assessment: &Assessment) {
        self.print_probation(assessment);
        if self.report.is_live() {
            self.report.live(&progress::live_lines(assessment, self.rollout.started_at));
            return;
        }
        for service in
            assessment.services.iter().filter(|service| service.new_running + service.new_pending > 0)
        {
            let line = progress::line(service);
            if self.printed.get(service.name.as_str()) != Some(&line) {
                self.report.line(&line);
                self.printed.insert(service.name.to_string(), line);
            }
        }
    }

    /// Why it goes on although everything looks done: once, and again when it takes longer than was said.
    pub(super) fn print_probation(&mut self, assessment: &Assessment) {
        const KEY: &str = "(probation)";
        let Some((what, until)) = progress::probation(assessment) else { return };
        let until = duration(until.secs_since(self.report.began()));
        let line = format!("complete; {what} until {until} before it counts as a success");
        if self.printed.get(KEY) != Some(&line) {
            self.report.line(&line);
            self.printed.insert(KEY.to_owned(), line);
        }
    }

    pub(super) fn print_failure(&self, assessment: &Assessment) {
        match &assessment.state {
            State::Failed { cause, .. } | State::DeadlinePassed { cause } => {
                self.report.error(&cause.to_string());
                cause.evidence.iter().for_each(|line| self.report.line(format!("  {line}")));
            }
            _ => {}
        }
    }
}
