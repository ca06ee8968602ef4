//! Progress on stderr: plain lines, and groups, annotations and a step summary in GitHub Actions.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};

use ops_cli::{LocalOnly, LocalOnlyKind, medium};

use crate::clock::{Clock, Moment};

/// Where progress goes and how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// One line per event.
    Plain,
    /// One line per event, and below them lines that are rewritten in place: a terminal.
    Live,
    /// One line per event, groups and annotations that GitHub Actions understands.
    GitHub,
}

/// Annotations of one level that a workflow run shows of a step; GitHub drops the others
/// (<https://github.com/orgs/community/discussions/26680>).
const MOST_ANNOTATIONS: usize = 10;

struct State {
    out: Box<dyn Write + Send>,
    in_group: bool,
    /// Warnings and errors that were annotations.
    annotated: [usize; 2],
    /// Lines that are rewritten in place, as they stand on the terminal.
    live: Vec<String>,
    /// What happened, for the step summary and the record.
    timeline: Vec<Entry>,
    /// What is different on AWS.
    local_only: Vec<LocalOnly>,
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
        let variable = |name: &str| std::env::var(name).ok();
        let style = Style::of(std::io::stderr().is_terminal(), &variable);
        let colour = style == Style::Live && variable("NO_COLOR").is_none_or(|text| text.is_empty());
        Self::new(style, colour, clock, Box::new(std::io::stderr()))
    }

    /// Progress into `out`.
    #[must_use]
    pub fn new(style: Style, colour: bool, clock: Arc<dyn Clock>, out: Box<dyn Write + Send>) -> Self {
        let began = clock.now();
        let state = State {
            out,
            in_group: false,
            annotated: [0; 2],
            live: Vec::new(),
            timeline: Vec::new(),
            local_only: Vec::new(),
        };
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
        let shown = medium::line(title);
        let text = match (self.style, self.colour) {
            (Style::GitHub, _) => format!("::group::{}", medium::workflow_message(&shown)),
            (_, true) => format!("\x1b[1m{:>7}  {shown}\x1b[0m", self.stamp()),
            (_, false) => format!("{:>7}  {shown}", self.stamp()),
        };
        self.end_group();
        self.write(&text, self.style == Style::GitHub);
        self.remember(title);
    }

    /// Something happened within the step.
    pub fn line(&self, text: impl AsRef<str>) {
        let stamp = self.stamp();
        for line in text.as_ref().lines() {
            self.write(&self.shown(&format!("{stamp:>7}    {line}")), false);
        }
        self.remember(text.as_ref());
    }

    /// Lines of a program's log. In a workflow GitHub takes no line between the marks for a command
    /// (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands>).
    pub fn program(&self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let stamp = self.stamp();
        let mut shown: Vec<String> = lines
            .iter()
            .flat_map(|text| text.lines())
            .map(|line| self.shown(&format!("{stamp:>7}    | {line}")))
            .collect();
        // Without randomness the lines are still no commands: `shown` has seen to that.
        let mut token = [0; 16];
        if self.style == Style::GitHub && getrandom::fill(&mut token).is_ok() {
            let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
            shown.insert(0, format!("::stop-commands::{token}"));
            shown.push(format!("::{token}::"));
        }
        // In one piece: a command of another thread between the marks would be none.
        self.write(&shown.join("\n"), false);
        lines.iter().for_each(|line| self.remember(&format!("| {line}")));
    }

    /// Something the user should know even though the command goes on.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.notable("warning", text.as_ref());
    }

    /// The target is the user's own local AWS, and the command did what it does not do on AWS. Said once.
    pub fn mark_local_only(&self, kind: LocalOnlyKind, detail: String) {
        let difference = LocalOnly::new(kind, detail);
        let text = format!("local only: {difference}");
        {
            let Ok(mut state) = self.state.lock() else { return };
            if state.local_only.contains(&difference) {
                return;
            }
            state.local_only.push(difference);
        }
        self.line(text);
    }

    /// All that was marked so, in order.
    #[must_use]
    pub fn local_only(&self) -> Vec<LocalOnly> {
        self.state.lock().map(|state| state.local_only.clone()).unwrap_or_default()
    }

    /// Why the command will not succeed.
    pub fn error(&self, text: &str) {
        self.notable("error", text);
    }

    /// The outcome as an annotation of the workflow run; nothing elsewhere, where the summary says it.
    pub fn annotate(&self, title: &str, text: &str) {
        if self.style == Style::GitHub {
            let title = medium::workflow_message(title).replace(':', "%3A").replace(',', "%2C");
            self.write(&format!("::error title={title}::{}", medium::workflow_message(text)), false);
        }
    }

    /// One line of text with its level in front; an annotation in GitHub Actions, which people see without opening a log, as
    /// long as a step may have more.
    fn notable(&self, level: &str, text: &str) {
        let shown = self.shown(text);
        match (self.style, self.colour) {
            (Style::GitHub, _) if self.may_annotate(level) => {
                self.write(&format!("::{level}::{}", medium::workflow_message(text)), false);
            }
            (_, true) => {
                let colour = if level == "error" { 31 } else { 33 };
                self.write(&format!("{:>7}    \x1b[{colour}m{level}:\x1b[0m {shown}", self.stamp()), false);
            }
            (_, false) => self.write(&format!("{:>7}    {level}: {shown}", self.stamp()), false),
        }
        self.remember(&format!("{level}: {text}"));
    }

    /// Counts an annotation of this level; false where GitHub would drop it.
    fn may_annotate(&self, level: &str) -> bool {
        let Ok(mut state) = self.state.lock() else { return false };
        // The last error is the outcome's.
        let (place, most) = if level == "error" { (1, MOST_ANNOTATIONS - 1) } else { (0, MOST_ANNOTATIONS) };
        state.annotated[place] += 1;
        state.annotated[place] <= most
    }

    /// Whether lines can be rewritten in place.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.style == Style::Live
    }

    /// Shows these lines below everything else, instead of those that were there; none to take them away. Only on a
    /// terminal.
    pub fn live(&self, lines: &[String]) {
        if let Ok(mut state) = self.state.lock()
            && self.is_live()
        {
            let lines: Vec<_> = lines.iter().map(|line| medium::line(line).into_owned()).collect();
            if state.live != lines {
                state.redraw(None, Some(lines));
            }
        }
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

    /// The one door for what others wrote.
    fn shown(&self, text: &str) -> String {
        match self.style {
            Style::GitHub => medium::workflow(text),
            Style::Plain | Style::Live => medium::lines(text).into_owned(),
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
            state.redraw(Some(text), None);
            if self.style == Style::GitHub && (in_group || text == "::endgroup::") {
                state.in_group = in_group;
            }
        }
    }
}

impl State {
    /// Writes `text` above the rewritten lines, and these again, or others. In one piece: what is erased and drawn in several
    /// writes flickers. A line that the terminal wrapped would be two lines to erase: it is cut off instead.
    fn redraw(&mut self, text: Option<&str>, live: Option<Vec<String>>) {
        let mut frame = String::new();
        if !self.live.is_empty() {
            // Up to the first of them, then clear to the end of the screen.
            frame += &format!("\x1b[{}A\r\x1b[J", self.live.len());
        }
        if let Some(text) = text {
            frame += text;
            frame.push('\n');
        }
        if let Some(live) = live {
            self.live = live;
        }
        self.live.iter().for_each(|line| frame += &format!("\x1b[?7l{line}\x1b[?7h\n"));
        let _ = self.out.write_all(frame.as_bytes());
        let _ = self.out.flush();
    }
}

impl Style {
    /// The style of the surroundings. `variable` looks environment variables up.
    #[must_use]
    pub fn of(is_terminal: bool, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str, value: &str| variable(name).is_some_and(|text| text == value);
        if is("GITHUB_ACTIONS", "true") {
            Self::GitHub
        } else if is_terminal && !is("TERM", "dumb") {
            Self::Live
        } else {
            Self::Plain
        }
    }
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
mod tests;
