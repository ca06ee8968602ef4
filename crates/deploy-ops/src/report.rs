//! Progress on stderr: plain lines, and groups, annotations and a step summary in GitHub Actions.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};

use crate::clock::{Clock, Moment};

/// Where progress goes and how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// One line per event.
    Plain,
    /// One line per event, groups and annotations that GitHub Actions understands.
    GitHub,
}

struct State {
    out: Box<dyn Write + Send>,
    in_group: bool,
    /// What happened, for the step summary and the record.
    timeline: Vec<Entry>,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// Seconds since the command began.
    pub at_secs: f64,
    /// What happened.
    pub text: String,
}

/// Tells the user what happens while it happens. Cheap to clone; clones share the output.
#[derive(Clone)]
pub struct Report {
    style: Style,
    colour: bool,
    clock: Arc<dyn Clock>,
    began: Moment,
    state: Arc<Mutex<State>>,
}

impl Report {
    /// Progress on stderr, in the style of the surroundings.
    #[must_use]
    pub fn stderr(clock: Arc<dyn Clock>) -> Self {
        let style = if std::env::var_os("GITHUB_ACTIONS").is_some() { Style::GitHub } else { Style::Plain };
        let colour = std::io::stderr().is_terminal()
            && std::env::var_os("NO_COLOR").is_none()
            && style == Style::Plain;
        Self::new(style, colour, clock, Box::new(std::io::stderr()))
    }

    /// Progress into `out`.
    #[must_use]
    pub fn new(style: Style, colour: bool, clock: Arc<dyn Clock>, out: Box<dyn Write + Send>) -> Self {
        let began = clock.now();
        let state = State { out, in_group: false, timeline: Vec::new() };
        Self { style, colour, clock, began, state: Arc::new(Mutex::new(state)) }
    }

    /// When the command began.
    #[must_use]
    pub const fn began(&self) -> Moment {
        self.began
    }

    /// Seconds on the command's clock since it began.
    #[must_use]
    pub fn elapsed_secs(&self) -> f64 {
        self.clock.now().secs_since(self.began)
    }

    /// A new step of the pipeline begins.
    pub fn step(&self, title: &str) {
        let text = match (self.style, self.colour) {
            (Style::GitHub, _) => format!("::group::{title}"),
            (Style::Plain, true) => format!("\x1b[1m{:>7}  {title}\x1b[0m", self.stamp()),
            (Style::Plain, false) => format!("{:>7}  {title}", self.stamp()),
        };
        self.end_group();
        self.write(&text, self.style == Style::GitHub);
        self.remember(title);
    }

    /// Something happened within the step.
    pub fn line(&self, text: impl AsRef<str>) {
        let stamp = self.stamp();
        for line in text.as_ref().lines() {
            self.write(&format!("{stamp:>7}    {line}"), false);
        }
        self.remember(text.as_ref());
    }

    /// Something the user should know even though the command goes on.
    pub fn warn(&self, text: impl AsRef<str>) {
        let text = text.as_ref();
        match self.style {
            Style::GitHub => self.write(&format!("::warning::{}", escape(text)), false),
            Style::Plain => self.write(&format!("{:>7}    warning: {text}", self.stamp()), false),
        }
        self.remember(&format!("warning: {text}"));
    }

    /// Everything so far, in order.
    #[must_use]
    pub fn timeline(&self) -> Vec<Entry> {
        self.state.lock().map(|state| state.timeline.clone()).unwrap_or_default()
    }

    /// The steps are over: what follows is not part of a group.
    pub fn end_group(&self) {
        let open = self.state.lock().is_ok_and(|state| state.in_group);
        if open {
            self.write("::endgroup::", false);
        }
    }

    fn stamp(&self) -> String {
        duration(self.elapsed_secs())
    }

    fn remember(&self, text: &str) {
        let at_secs = self.elapsed_secs();
        if let Ok(mut state) = self.state.lock() {
            state.timeline.push(Entry { at_secs, text: text.to_owned() });
        }
    }

    /// A closed stderr is no reason to stop a deployment half-way.
    fn write(&self, text: &str, in_group: bool) {
        if let Ok(mut state) = self.state.lock() {
            let _ = writeln!(state.out, "{text}");
            if self.style == Style::GitHub && (in_group || text == "::endgroup::") {
                state.in_group = in_group;
            }
        }
    }
}

/// Message of a workflow command: line ends and `%` are data there.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Seconds for people: `42s`, `3m07s`, `1h02m`.
#[must_use]
pub fn duration(secs: f64) -> String {
    // Durations are non-negative and far below 2^53.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let secs = secs.max(0.0).round() as u64;
    match secs {
        0..60 => format!("{secs}s"),
        60..3600 => format!("{}m{:02}s", secs / 60, secs % 60),
        _ => format!("{}h{:02}m", secs / 3600, secs % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(0.4), "0s");
        assert_eq!(duration(59.6), "1m00s");
        assert_eq!(duration(187.0), "3m07s");
        assert_eq!(duration(3720.0), "1h02m");
    }

    #[test]
    fn annotations_stay_on_one_line() {
        assert_eq!(escape("50% of\ntasks"), "50%25 of%0Atasks");
    }
}
