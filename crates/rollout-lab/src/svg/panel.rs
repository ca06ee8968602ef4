//! One outcome: its headline, the services with their counts and lanes, and the marks across them.

use std::fmt::Write as _;

use super::{LEFT, MARGIN, Scale, WIDTH, axis, bar, text, width_of};
use crate::text::{clock, shortened};
use crate::{Figures, Lane, Outcome, Track};

const LANE: f64 = 13.0;
const GAP: f64 = 4.0;
const TRACK: f64 = 40.0;
/// Headline, and the labels of the marks.
const HEAD: f64 = 76.0;
/// Lanes of one service that are drawn; more would be a wall.
const MOST_LANES: usize = 16;

/// Draws one outcome from `y` down; answers where the next may begin.
pub(super) fn draw(svg: &mut String, name: &str, outcome: &Outcome, y: f64, scale: &Scale) -> f64 {
    let figures = &outcome.figures;
    let headline = format!("{name}: {}", figures.ending.words());
    text(svg, MARGIN, y + 16.0, "", &headline, "font-size=\"14\" font-weight=\"600\"");
    let said = figures.detail.as_deref().unwrap_or("every service runs the new release");
    text(svg, MARGIN, y + 33.0, "dim", &shortened(said, 165), "");
    let top = y + HEAD;
    let mut body = String::new();
    let mut at = top + GAP;
    for track in &outcome.tracks {
        at = service(&mut body, track, &outcome.lanes, at, scale);
    }
    rollback(svg, figures, top, at, scale);
    axis(svg, scale, top, at);
    svg.push_str(&body);
    marks(svg, figures, top, at, scale);
    at + 40.0
}

fn service(svg: &mut String, track: &Track, lanes: &[Lane], y: f64, scale: &Scale) -> f64 {
    draw_track(svg, track, y, scale);
    let mut y = y + TRACK + GAP;
    let own: Vec<&Lane> = lanes.iter().filter(|lane| lane.service == track.service).collect();
    for lane in own.iter().take(MOST_LANES) {
        draw_lane(svg, lane, y, scale);
        y += LANE + GAP;
    }
    if own.len() > MOST_LANES {
        let more = format!("{} more tasks", own.len() - MOST_LANES);
        text(svg, MARGIN + 8.0, y + 10.0, "dim", &more, "font-size=\"11\"");
        y += LANE + GAP;
    }
    y + 2.0 * GAP
}

/// Healthy tasks as an area, the breaker's count as a line, each to its own limit.
fn draw_track(svg: &mut String, track: &Track, y: f64, scale: &Scale) {
    let bottom = y + TRACK;
    let room = TRACK - 8.0;
    let most = track.points.iter().map(|&(_, healthy, _)| healthy).max().unwrap_or(0);
    let most = most.max(track.desired).max(1);
    let counted = track.points.iter().map(|&(_, _, count)| count).max().unwrap_or(0);
    let limit = track.threshold.max(counted).max(1);
    let mut healthy = format!("M{:.1} {bottom:.1}", scale.x(0.0));
    let mut breaker = String::new();
    let last = track.until_secs;
    for (index, &(secs, tasks, count)) in track.points.iter().enumerate() {
        let until = track.points.get(index + 1).map_or(last, |&(next, _, _)| next);
        let level = bottom - room * f64::from(tasks) / f64::from(most);
        // Writing to a string cannot fail.
        let _ = write!(healthy, "L{:.1} {level:.1}L{:.1} {level:.1}", scale.x(secs), scale.x(until));
        let level = bottom - room * f64::from(count) / f64::from(limit);
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(breaker, "{command}{:.1} {level:.1}L{:.1} {level:.1}", scale.x(secs), scale.x(until));
    }
    let _ = writeln!(svg, "<path class=\"count\" d=\"{healthy}L{:.1} {bottom:.1}Z\"/>", scale.x(last));
    if counted > 0 {
        let level = bottom - room * f64::from(track.threshold) / f64::from(limit);
        let _ = writeln!(
            svg,
            "<line class=\"limit\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{level:.1}\" y2=\"{level:.1}\"/>",
            scale.x(last)
        );
        let _ = writeln!(svg, "<path class=\"breaker\" d=\"{breaker}\"/>");
    }
    text(svg, MARGIN, bottom - 18.0, "", &track.service, "font-weight=\"600\"");
    let lowest = track.points.iter().map(|&(_, healthy, _)| healthy).min().unwrap_or(0);
    let range = if lowest == most { lowest.to_string() } else { format!("{lowest} to {most}") };
    let counts = match counted {
        0 => format!("healthy {range} of {}", track.desired),
        _ => format!("healthy {range}, breaker {counted}/{}", track.threshold),
    };
    text(svg, MARGIN, bottom - 4.0, "dim", &counts, "font-size=\"10.5\"");
}

fn draw_lane(svg: &mut String, lane: &Lane, y: f64, scale: &Scale) {
    let label = format!("{} {}", if lane.new_revision { "new" } else { "old" }, lane.task);
    text(svg, MARGIN + 8.0, y + LANE - 3.0, "dim", &label, "font-size=\"10.5\"");
    for span in &lane.spans {
        let (from, until) = (scale.x(span.from_secs), scale.x(span.until_secs));
        let title = format!(
            "{} {} {} to {}",
            lane.revision,
            super::class(span.state),
            clock(span.from_secs),
            clock(span.until_secs)
        );
        bar(svg, span.state, !lane.new_revision, from, y, ((until - from).max(0.8), LANE), &title);
    }
    let (Some(end), Some(first), Some(last)) = (&lane.end, lane.spans.first(), lane.spans.last()) else {
        return;
    };
    // That an old task goes is the point of a rollout.
    if !lane.new_revision || end.starts_with("Scaling activity") {
        return;
    }
    let room_right = LEFT + WIDTH - scale.x(last.until_secs) - 8.0;
    let room_left = scale.x(first.from_secs) - LEFT - 8.0;
    let (at, room, anchor) = if room_right >= room_left.min(200.0) {
        (scale.x(last.until_secs) + 4.0, room_right, "font-size=\"10.5\"")
    } else {
        (scale.x(first.from_secs) - 4.0, room_left, "text-anchor=\"end\" font-size=\"10.5\"")
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few letters")]
    let letters = (room / width_of("x", 10.5)).max(0.0) as usize;
    if letters > 8 {
        text(svg, at, y + LANE - 3.0, "dim", &shortened(end, letters.min(70)), anchor);
    }
}

/// The time in which the stack goes back.
fn rollback(svg: &mut String, figures: &Figures, top: f64, bottom: f64, scale: &Scale) {
    let Some(from) = figures.rollback_secs else { return };
    let (from, until) = (scale.x(from), scale.x(figures.whole_secs.unwrap_or(scale.end)));
    let _ = writeln!(
        svg,
        "<rect class=\"back\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
        (until - from).max(1.0),
        bottom - top
    );
}

/// Moments across all services, labelled above; labels that would meet go to different rows.
fn marks(svg: &mut String, figures: &Figures, top: f64, bottom: f64, scale: &Scale) {
    let back = figures.rollback_secs;
    let together = back.zip(figures.verdict_secs).is_some_and(|(back, verdict)| (back - verdict).abs() < 1.0);
    let verdict = if together { "verdict, rollback begins" } else { "verdict" };
    let mut marks: Vec<(f64, &str, &str)> = [
        (back.filter(|_| !together), "turn", "rollback begins"),
        (figures.first_failure_secs, "first", "first failure"),
        (figures.breaker_trip_secs, "trip", "breaker trips"),
        (figures.verdict_secs, "verdict", verdict),
        (figures.whole_secs, "whole", "whole again"),
    ]
    .into_iter()
    .filter_map(|(secs, class, words)| Some((secs?, class, words)))
    .collect();
    if figures.verdict_secs.is_none() {
        // Nothing failed: the end is no recovery.
        marks.iter_mut().for_each(|mark| mark.2 = "done");
    }
    marks.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut row_ends = [LEFT - 200.0; 3];
    for (secs, class, words) in marks {
        let at = scale.x(secs);
        let words = format!("{words} {}", clock(secs));
        let width = width_of(&words, 11.0) + 8.0;
        // Near the right edge a label stands to the left of its line.
        let leftwards = at + width > LEFT + WIDTH + MARGIN;
        let start = if leftwards { at - width } else { at };
        let free = row_ends.iter().position(|end| *end <= start).unwrap_or(row_ends.len() - 1);
        row_ends[free] = start + width;
        #[expect(clippy::cast_precision_loss, reason = "three rows")]
        let label_y = top - 4.0 - free as f64 * 12.0;
        let _ = writeln!(
            svg,
            "<line class=\"mark {class}\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{:.1}\" y2=\"{bottom:.1}\"/>",
            label_y - 9.0
        );
        let (x, anchor) = if leftwards {
            (at - 4.0, "text-anchor=\"end\" font-size=\"11\"")
        } else {
            (at + 4.0, "font-size=\"11\"")
        };
        text(svg, x, label_y, "", &words, anchor);
    }
}
