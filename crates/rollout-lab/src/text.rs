//! Figures as text: tables for people.

use std::fmt::Write as _;

use crate::{Advice, Figures, Outcome, Percentiles, Sampled};

/// Timeline entries that are printed; the middle of a longer one is left out.
const TIMELINE_LINES: usize = 40;
/// Longest line of a timeline: CloudFormation's reasons repeat themselves.
const LINE_CHARS: usize = 150;

/// Timeline of one simulated rollout, and the derivation of its deadline.
#[must_use]
pub fn report(outcome: &Outcome) -> String {
    let mut text = String::new();
    let entries = &outcome.timeline;
    let half = TIMELINE_LINES / 2;
    let (head, tail) = if entries.len() <= TIMELINE_LINES {
        (entries.as_slice(), [].as_slice())
    } else {
        (&entries[..half], &entries[entries.len() - half..])
    };
    for entry in head {
        line(&mut text, entry.secs, &entry.source, &entry.text);
    }
    let left_out = entries.len() - head.len() - tail.len();
    if left_out > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "         … {left_out} more (all of them with --json)");
    }
    for entry in tail {
        line(&mut text, entry.secs, &entry.source, &entry.text);
    }
    text
}

/// How the deadline of a rollout comes about.
#[must_use]
pub fn deadline(outcome: &Outcome) -> String {
    let deadline = &outcome.assessment.deadline;
    let mut text = format!("deadline {}:\n", clock(f64::from(deadline.secs)));
    for term in &deadline.terms {
        let _ = writeln!(text, "  {:>5} s  {}", term.secs, term.term);
    }
    text
}

fn line(text: &mut String, secs: f64, source: &str, what: &str) {
    let _ = writeln!(text, "{:>8}  {source:<10} {}", clock(secs), shortened(what, LINE_CHARS));
}

/// Name of a figure, and how it reads.
type Row = (&'static str, fn(&Figures) -> String);

/// Figures side by side.
#[must_use]
pub fn comparison(columns: &[(&str, &Figures)]) -> String {
    let rows: [Row; 9] = [
        ("ending", |figures| figures.ending.words().to_owned()),
        ("cause", |figures| figures.cause.clone().unwrap_or_else(|| "-".to_owned())),
        ("first visible failure", |figures| moment(figures.first_failure_secs)),
        ("breaker trips", |figures| moment(figures.breaker_trip_secs)),
        ("failure known", |figures| moment(figures.verdict_secs)),
        ("deadline of the tool", |figures| clock(f64::from(figures.deadline_secs))),
        ("services whole", whole),
        ("lowest healthy capacity", capacity),
        ("failed requests", |figures| format!("{:.0} s", figures.failed_request_secs)),
    ];
    let width = columns.iter().map(|(title, _)| title.chars().count()).max().unwrap_or(0).max(16);
    let mut text = format!("{:<24}", "");
    for (title, _) in columns {
        let _ = write!(text, "  {title:>width$}");
    }
    text.push('\n');
    for (name, value) in rows {
        let _ = write!(text, "{name:<24}");
        for (_, figures) in columns {
            let _ = write!(text, "  {:>width$}", value(figures));
        }
        text.push('\n');
    }
    text
}

/// One row for every fault: how it goes with the first of two titles, and with the second.
#[must_use]
pub fn fault_table(titles: [&str; 2], rows: &[(String, [Figures; 2])]) -> String {
    let mut text = format!("{:<20}", "");
    for title in titles {
        let _ = write!(text, "  {title:<54}");
    }
    text.truncate(text.trim_end().len());
    let _ = write!(text, "\n{:<20}", "fault");
    for _ in titles {
        let _ = write!(
            text,
            "  {:<14}{:>8}{:>8}{:>10}{:>14}",
            "ending", "first", "known", "whole", "failed reqs"
        );
    }
    text.push('\n');
    for (fault, sides) in rows {
        let _ = write!(text, "{fault:<20}");
        for figures in sides {
            let _ = write!(
                text,
                "  {:<14}{:>8}{:>8}{:>10}{:>14}",
                figures.ending.words(),
                moment(figures.first_failure_secs),
                moment(figures.verdict_secs),
                whole(figures),
                format!("{:.0} s", figures.failed_request_secs),
            );
        }
        text.push('\n');
    }
    text
}

/// `4:20`, or `> 61:07` where it was not in sight when nobody looked any longer.
fn whole(figures: &Figures) -> String {
    figures.whole_secs.map_or_else(|| format!("> {}", clock(figures.followed_secs)), clock)
}

fn capacity(figures: &Figures) -> String {
    let lowest = figures.lowest.as_ref();
    lowest.map_or_else(
        || "-".to_owned(),
        |lowest| format!("{}/{} ({})", lowest.tasks, lowest.desired, lowest.service),
    )
}

/// Percentiles of a sampled rollout.
#[must_use]
pub fn sampled(sampled: &Sampled) -> String {
    let mut text = format!("{} runs, seed {}\n", sampled.runs, sampled.seed);
    let _ = writeln!(text, "{:<24}{:>10}{:>10}{:>10}{:>10}{:>8}", "", "p50", "p90", "p99", "max", "runs");
    let rows: [(&str, Option<Percentiles>); 5] = [
        ("first visible failure", sampled.first_failure_secs),
        ("breaker trips", sampled.breaker_trip_secs),
        ("failure known", sampled.verdict_secs),
        ("services whole", sampled.whole_secs),
        ("failed requests", sampled.failed_request_secs),
    ];
    for (name, percentiles) in rows {
        let Some(p) = percentiles else { continue };
        let [p50, p90, p99, max] = [p.p50, p.p90, p.p99, p.max].map(clock);
        let _ = writeln!(text, "{name:<24}{p50:>10}{p90:>10}{p99:>10}{max:>10}{:>8}", p.runs);
    }
    for (ending, count) in &sampled.endings {
        let _ = writeln!(text, "{count} × {}", ending.words());
    }
    text
}

/// Which setting dominates, and what changing one would buy.
#[must_use]
pub fn advised(advice: &[Advice]) -> String {
    let helps = |advice: &&Advice| advice.verdict_gain_secs >= 1.0 || advice.whole_gain_secs >= 1.0;
    let Some(best) = advice.iter().find(helps) else {
        return "no single setting would make this shorter\n".to_owned();
    };
    let mut text = format!("{} dominates the time; half of each setting would buy:\n", best.lever.key());
    for advice in advice.iter().filter(helps) {
        let _ = writeln!(
            text,
            "  {:<52} {:>4} -> {:<4} known {}, whole {}",
            advice.lever.key(),
            advice.value,
            advice.instead,
            gain(advice.verdict_gain_secs),
            gain(advice.whole_gain_secs),
        );
    }
    text
}

fn gain(secs: f64) -> String {
    if secs.abs() < 1.0 {
        "as before".to_owned()
    } else {
        format!("{:.0} s {}", secs.abs(), if secs > 0.0 { "earlier" } else { "later" })
    }
}

fn moment(secs: Option<f64>) -> String {
    secs.map_or_else(|| "-".to_owned(), clock)
}

/// `m:ss`, or `h:mm:ss` from an hour on.
pub(crate) fn clock(secs: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "hours in seconds")]
    let secs = secs.max(0.0).round() as u64;
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
}

/// At most so many characters, with an ellipsis where some are left out.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::{clock, shortened};

    #[test]
    fn times_read_like_a_clock() {
        assert_eq!([0.0, 59.6, 61.0, 3661.0].map(clock), ["0:00", "1:00", "1:01", "1:01:01"]);
    }

    #[test]
    fn a_shortened_text_has_the_length_asked_for() {
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
    }
}
