//! A simulated rollout as a picture: counts above, one lane per task below, the verdict and the rollback marked.

use std::fmt::Write as _;

use crate::text::clock;
use crate::{Lane, LaneState, Outcome, Track};

const LEFT: f64 = 150.0;
const WIDTH: f64 = 900.0;
const LANE: f64 = 16.0;
const GAP: f64 = 4.0;
const TRACK: f64 = 44.0;
const TOP: f64 = 92.0;

const STYLE: &str = "\
svg{background:#fff;color:#1c2128;font:12px system-ui,sans-serif}
text{fill:currentColor}.dim{opacity:.65}.axis{stroke:currentColor;opacity:.18}
.starting{fill:#9aa4b2}.unproven{fill:#d9a514}.healthy{fill:#2f9e5b}.unhealthy{fill:#d1383d}
.draining{fill:#5b8def}.stopping{fill:#8b6fc0}
.count{fill:#2f9e5b;opacity:.35}.breaker{fill:none;stroke:#d1383d;stroke-width:2}
.verdict{stroke:#d1383d;stroke-width:2}.trip{stroke:#d1383d;stroke-width:2;stroke-dasharray:3 3}
.first{stroke:#d9a514;stroke-width:2;stroke-dasharray:2 3}.whole{stroke:#2f9e5b;stroke-width:2}
.old{stroke:currentColor;stroke-opacity:.55}
@media(prefers-color-scheme:dark){svg{background:#14181d;color:#e6eaf0}
.starting{fill:#6b7685}.unproven{fill:#e3b93c}.healthy{fill:#3fb771}.unhealthy{fill:#f0565b}
.draining{fill:#7aa5ff}.stopping{fill:#a98de0}.count{fill:#3fb771}.breaker,.verdict,.trip{stroke:#f0565b}
.first{stroke:#e3b93c}.whole{stroke:#3fb771}}";

/// Draws an outcome that was played with lanes. The picture carries its own colours for light and dark surroundings.
#[must_use]
pub fn svg(title: &str, outcome: &Outcome) -> String {
    let end = last_moment(outcome);
    let scale = WIDTH / end;
    let x = |secs: f64| LEFT + secs.clamp(0.0, end) * scale;
    let mut body = String::new();
    let mut y = TOP;
    for track in &outcome.tracks {
        draw_track(&mut body, track, y, end, &x);
        y += TRACK + GAP;
        for lane in outcome.lanes.iter().filter(|lane| lane.service == track.service) {
            draw_lane(&mut body, lane, y, &x);
            y += LANE + GAP;
        }
        y += 3.0 * GAP;
    }
    let height = y + 30.0;
    let total = LEFT + WIDTH + 30.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total:.0} {height:.0}\" role=\"img\" aria-label=\"{}\">\
         <style>{STYLE}</style>\n",
        escape(title)
    );
    let figures = &outcome.figures;
    let said = figures.detail.as_deref().unwrap_or(figures.ending.words());
    text(
        &mut svg,
        12.0,
        22.0,
        "",
        &format!("{title}: {}", figures.ending.words()),
        "font-size=\"16\" font-weight=\"600\"",
    );
    text(&mut svg, 12.0, 40.0, "dim", &shortened(said, 140), "");
    legend(&mut svg);
    axis(&mut svg, end, y, &x);
    svg.push_str(&body);
    let marks = [
        ("first", "first sign", figures.first_failure_secs),
        ("trip", "breaker", figures.breaker_trip_secs),
        ("verdict", "verdict", figures.verdict_secs),
        ("whole", "whole", figures.whole_secs),
    ];
    for (row, (class, words, secs)) in marks.into_iter().enumerate() {
        let Some(secs) = secs else { continue };
        let at = x(secs);
        #[expect(clippy::cast_precision_loss, reason = "four rows")]
        let top = TOP - 12.0 - (row % 2) as f64 * 13.0;
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{:.1}\" y2=\"{y:.1}\"/>",
            top + 3.0
        );
        let anchor = if at > LEFT + WIDTH * 0.85 { "text-anchor=\"end\"" } else { "" };
        text(
            &mut svg,
            at + if anchor.is_empty() { 3.0 } else { -3.0 },
            top,
            "",
            &format!("{words} {}", clock(secs)),
            anchor,
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn last_moment(outcome: &Outcome) -> f64 {
    let spans = outcome.lanes.iter().flat_map(|lane| lane.spans.last()).map(|span| span.until_secs);
    let figures = &outcome.figures;
    let marks = [figures.whole_secs, figures.verdict_secs, figures.breaker_trip_secs];
    spans.chain(marks.into_iter().flatten()).fold(60.0, f64::max) * 1.02
}

fn draw_track(body: &mut String, track: &Track, y: f64, end: f64, x: &dyn Fn(f64) -> f64) {
    let bottom = y + TRACK - 4.0;
    let room = TRACK - 14.0;
    let most =
        track.points.iter().map(|&(_, healthy, _)| healthy).max().unwrap_or(0).max(track.desired).max(1);
    let counted = track.points.iter().map(|&(_, _, count)| count).max().unwrap_or(0);
    let limit = track.threshold.max(counted).max(1);
    let mut healthy = format!("M{:.1} {bottom:.1}", x(0.0));
    let mut breaker = String::new();
    for (index, &(secs, tasks, count)) in track.points.iter().enumerate() {
        let until = track.points.get(index + 1).map_or(end, |&(next, _, _)| next);
        let level = bottom - room * f64::from(tasks) / f64::from(most);
        let _ = write!(healthy, "L{:.1} {level:.1}L{:.1} {level:.1}", x(secs), x(until));
        let level = bottom - room * f64::from(count) / f64::from(limit);
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(breaker, "{command}{:.1} {level:.1}L{:.1} {level:.1}", x(secs), x(until));
    }
    let _ = writeln!(body, "<path class=\"count\" d=\"{healthy}L{:.1} {bottom:.1}Z\"/>", x(end));
    if counted > 0 {
        let _ = writeln!(body, "<path class=\"breaker\" d=\"{breaker}\"/>");
    }
    text(body, 12.0, bottom - 14.0, "", &track.service, "font-weight=\"600\"");
    let counts = format!("healthy of {}, breaker {counted}/{}", track.desired, track.threshold);
    text(body, 12.0, bottom, "dim", &counts, "font-size=\"10\"");
}

fn draw_lane(body: &mut String, lane: &Lane, y: f64, x: &dyn Fn(f64) -> f64) {
    let label = format!("{} {}", lane.task, if lane.new_revision { "new" } else { "old" });
    text(body, 24.0, y + LANE - 4.0, "dim", &label, "font-size=\"11\"");
    for span in &lane.spans {
        let width = (x(span.until_secs) - x(span.from_secs)).max(0.8);
        let class = class(span.state);
        let old = if lane.new_revision { "" } else { " old" };
        let _ = writeln!(
            body,
            "<rect class=\"{class}{old}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{LANE}\" rx=\"2\">\
             <title>{} {} {} to {}</title></rect>",
            x(span.from_secs),
            escape(&lane.revision),
            class,
            clock(span.from_secs),
            clock(span.until_secs),
        );
    }
    if let (Some(end), Some(last)) = (&lane.end, lane.spans.last())
        && lane.new_revision
        && !end.starts_with("Scaling activity")
    {
        let at = x(last.until_secs);
        let (at, anchor) = if at > LEFT + WIDTH * 0.6 {
            (x(lane.spans[0].from_secs) - 4.0, "text-anchor=\"end\" font-size=\"10\"")
        } else {
            (at + 4.0, "font-size=\"10\"")
        };
        text(body, at, y + LANE - 5.0, "dim", &shortened(end, 60), anchor);
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
        (LaneState::Unproven, "running, unproven"),
        (LaneState::Healthy, "healthy"),
        (LaneState::Unhealthy, "unhealthy"),
        (LaneState::Draining, "draining"),
        (LaneState::Stopping, "stopping"),
    ];
    let mut at = LEFT;
    for (state, words) in states {
        let _ = writeln!(
            svg,
            "<rect class=\"{}\" x=\"{at:.0}\" y=\"50\" width=\"12\" height=\"12\" rx=\"2\"/>",
            class(state)
        );
        text(svg, at + 17.0, 60.0, "", words, "font-size=\"11\"");
        #[expect(clippy::cast_precision_loss, reason = "a few letters")]
        let letters = words.len() as f64;
        at += 34.0 + letters * 6.2;
    }
    text(svg, at, 60.0, "dim", "outlined: old release", "font-size=\"11\"");
}

fn axis(svg: &mut String, end: f64, bottom: f64, x: &dyn Fn(f64) -> f64) {
    let step = [30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0];
    let step = step.into_iter().find(|step| end / step <= 14.0).unwrap_or(14_400.0);
    let mut secs = 0.0;
    while secs <= end {
        let at = x(secs);
        let _ = writeln!(
            svg,
            "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom:.1}\"/>"
        );
        text(svg, at, bottom + 16.0, "dim", &clock(secs), "text-anchor=\"middle\" font-size=\"11\"");
        secs += step;
    }
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, words: &str, more: &str) {
    let _ =
        writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" {more}>{}</text>", escape(words));
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most).collect();
    short.push('…');
    short
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
