//! Simulated rollouts as a picture: counts above, one lane per task below, the verdict and the rollback marked.
//!
//! Colours are Okabe and Ito's, which people with any colour vision tell apart; states also differ in height, in
//! hatching, and in whether they stand or hang. The picture brings its own background for light and for dark surroundings, also where it is embedded.

mod panel;

use std::fmt::Write as _;

use ops_cli::medium::xml;

use crate::text::clock;
use crate::{LaneState, Outcome};

/// Where time begins, from the left.
const LEFT: f64 = 164.0;
/// Width of the whole time.
const WIDTH: f64 = 880.0;
const MARGIN: f64 = 16.0;
/// Room above the first panel: title and legend.
const TOP: f64 = 70.0;

const STYLE: &str = "\
svg{font:12px system-ui,-apple-system,'Segoe UI',sans-serif}
.bg{fill:#fff}text{fill:#1c2128}.dim{fill:#59636e}.axis{stroke:#1c2128;stroke-opacity:.13}
.starting{fill:#9a9a9a}.unproven{fill:#e6a700}.healthy{fill:#009e73}.unhealthy{fill:#d55e00}
.draining{fill:#56b4e9}.stopping{fill:#b56a93}.hatch{stroke:#fff;stroke-opacity:.75;stroke-width:2}
.count{fill:#009e73;fill-opacity:.3}.breaker{fill:none;stroke:#d55e00;stroke-width:2}
.limit{stroke:#d55e00;stroke-opacity:.55;stroke-dasharray:2 4}.back{fill:#0072b2;fill-opacity:.09}
.first{stroke:#b07d00}.trip{stroke:#d55e00}.verdict{stroke:#1c2128}.whole{stroke:#00795a}.turn{stroke:#0072b2}
.mark{stroke-width:1.6}.first,.trip{stroke-dasharray:4 3}.old{fill-opacity:.55}
@media(prefers-color-scheme:dark){
.bg{fill:#14181d}text{fill:#e6eaf0}.dim{fill:#a3adb9}.axis{stroke:#e6eaf0}
.starting{fill:#7f8791}.unproven{fill:#f0bd3c}.healthy{fill:#1fb98c}.unhealthy{fill:#f0762b}
.draining{fill:#6cc0f2}.stopping{fill:#cf8fb3}.hatch{stroke:#14181d}
.count{fill:#1fb98c}.breaker,.limit,.trip{stroke:#f0762b}.back{fill:#6cc0f2;fill-opacity:.13}
.first{stroke:#f0bd3c}.verdict{stroke:#e6eaf0}.whole{stroke:#1fb98c}.turn{stroke:#6cc0f2}}";

/// Draws outcomes that were played in detail, one below the other on one scale of time.
#[must_use]
pub fn svg(title: &str, panels: &[(&str, &Outcome)]) -> String {
    let end = panels.iter().map(|(_, outcome)| last_moment(outcome)).fold(60.0, f64::max) * 1.03;
    let scale = Scale { end };
    let mut body = String::new();
    let mut y = TOP;
    for (name, outcome) in panels {
        y = panel::draw(&mut body, name, outcome, y, &scale);
    }
    let (width, height) = (LEFT + WIDTH + 2.0 * MARGIN, y + 4.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n\
         <defs><pattern id=\"stripes\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\"/></pattern></defs>\n\
         <rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n",
        xml(title)
    );
    text(&mut svg, MARGIN, 26.0, "", title, "font-size=\"17\" font-weight=\"600\"");
    legend(&mut svg);
    svg.push_str(&body);
    svg.push_str("</svg>\n");
    svg
}

/// Seconds to the right.
pub(super) struct Scale {
    pub(super) end: f64,
}

impl Scale {
    pub(super) fn x(&self, secs: f64) -> f64 {
        LEFT + secs.clamp(0.0, self.end) * WIDTH / self.end
    }
}

fn last_moment(outcome: &Outcome) -> f64 {
    let spans = outcome.lanes.iter().flat_map(|lane| lane.spans.last()).map(|span| span.until_secs);
    let figures = &outcome.figures;
    let marks = [figures.whole_secs, figures.verdict_secs, figures.breaker_trip_secs];
    spans.chain(marks.into_iter().flatten()).fold(0.0, f64::max)
}

/// A stretch of one state. Only what serves has the full height; what comes grows from below, what goes hangs from above.
pub(super) fn bar(
    svg: &mut String,
    state: LaneState,
    old: bool,
    x: f64,
    y: f64,
    size: (f64, f64),
    title: &str,
) {
    let (width, height) = size;
    let share = match state {
        LaneState::Healthy | LaneState::Unhealthy => 1.0,
        LaneState::Unproven | LaneState::Draining => 0.62,
        LaneState::Starting | LaneState::Stopping => 0.34,
    };
    let top = match state {
        LaneState::Draining | LaneState::Stopping => y,
        _ => y + height * (1.0 - share),
    };
    let (height, class) = (height * share, class(state));
    let old = if old { " old" } else { "" };
    let place = format!("x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
    // Writing to a string cannot fail.
    let _ = writeln!(svg, "<rect class=\"{class}{old}\" {place}><title>{}</title></rect>", xml(title));
    if state == LaneState::Unhealthy {
        let _ = writeln!(svg, "<rect fill=\"url(#stripes)\" {place} pointer-events=\"none\"/>");
    }
}

const fn class(state: LaneState) -> &'static str {
    match state {
        LaneState::Starting => "starting",
        LaneState::Unproven => "unproven",
        LaneState::Healthy => "healthy",
        LaneState::Unhealthy => "unhealthy",
        LaneState::Draining => "draining",
        LaneState::Stopping => "stopping",
    }
}

fn legend(svg: &mut String) {
    let states = [
        (LaneState::Starting, "starting"),
        (LaneState::Unproven, "running, checks pending"),
        (LaneState::Healthy, "healthy"),
        (LaneState::Unhealthy, "unhealthy"),
        (LaneState::Draining, "draining"),
        (LaneState::Stopping, "stopping"),
    ];
    let mut at = MARGIN;
    for (state, words) in states {
        bar(svg, state, false, at, 42.0, (14.0, 12.0), words);
        text(svg, at + 19.0, 53.0, "", words, "font-size=\"11\"");
        at += 36.0 + width_of(words, 11.0);
    }
    bar(svg, LaneState::Healthy, true, at, 42.0, (14.0, 12.0), "old release");
    text(svg, at + 19.0, 53.0, "", "paler: the old release", "font-size=\"11\"");
    at += 36.0 + width_of("paler: the old release", 11.0);
    let _ =
        writeln!(svg, "<line class=\"breaker\" x1=\"{at:.0}\" x2=\"{:.0}\" y1=\"48\" y2=\"48\"/>", at + 14.0);
    text(svg, at + 19.0, 53.0, "", "circuit breaker's count, limit dotted", "font-size=\"11\"");
}

/// Width of a text in the picture's font, near enough to keep texts apart.
#[expect(clippy::cast_precision_loss, reason = "a few letters")]
pub(super) fn width_of(words: &str, size: f64) -> f64 {
    words.chars().count() as f64 * size * 0.54
}

pub(super) fn text(svg: &mut String, x: f64, y: f64, class: &str, words: &str, more: &str) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let more = if more.is_empty() { String::new() } else { format!(" {more}") };
    let _ = writeln!(svg, "<text{class} x=\"{x:.1}\" y=\"{y:.1}\"{more}>{}</text>", xml(words));
}

pub(super) fn axis(svg: &mut String, scale: &Scale, top: f64, bottom: f64) {
    let step = [10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0];
    let step = step.into_iter().find(|step| scale.end / step <= 12.0).unwrap_or(14_400.0);
    let mut secs = 0.0;
    while secs <= scale.end {
        let at = scale.x(secs);
        let _ = writeln!(
            svg,
            "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\"/>"
        );
        text(svg, at, bottom + 14.0, "dim", &clock(secs), "text-anchor=\"middle\" font-size=\"11\"");
        secs += step;
    }
}
