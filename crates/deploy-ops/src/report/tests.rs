#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::clock::Boxed;

/// Stands still.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Moment {
        Moment::from_epoch_secs(1_700_000_000.0)
    }

    fn sleep(&self, _: Duration) -> Boxed<'_, ()> {
        Box::pin(async {})
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn written(style: Style, colour: bool, write: impl FnOnce(&Report)) -> String {
    let buffer = Buffer::default();
    write(&Report::new(style, colour, Arc::new(Noon), Box::new(buffer.clone())));
    String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
}

/// Two steps, with everything that can be said in them.
fn two_steps(report: &Report) {
    report.step("Services");
    report.line("api: 0/1 new tasks healthy");
    report.warn("an alarm fires\nalready");
    report.step("Health");
    report.error("mcp: 100% broken");
    report.end_group();
}

#[test]
fn durations_read_well() {
    assert_eq!(duration(0.4), "0s");
    assert_eq!(duration(59.6), "1m00s");
    assert_eq!(duration(187.0), "3m07s");
    assert_eq!(duration(3720.0), "1h02m");
}

#[test]
fn github_gets_groups_and_annotations() {
    assert_eq!(
        written(Style::GitHub, false, two_steps),
        "::group::Services\n     0s    api: 0/1 new tasks healthy\n::warning::an alarm fires%0Aalready\n\
         ::endgroup::\n::group::Health\n::error::mcp: 100%25 broken\n::endgroup::\n"
    );
}

#[test]
fn the_outcome_is_annotated_whatever_was_before() {
    let text = written(Style::GitHub, false, |report| {
        for number in 0..30 {
            report.warn(format!("warning {number}"));
            report.error(&format!("error {number}"));
        }
        report.annotate("Deployment", "staging: failed");
    });
    let count = |level: &str| text.lines().filter(|line| line.starts_with(level)).count();
    assert_eq!((count("::warning"), count("::error")), (10, 10), "GitHub drops more of a level");
    assert!(text.contains("    warning: warning 29\n") && text.contains("    error: error 29\n"), "{text}");
    assert!(text.ends_with("::error title=Deployment::staging: failed\n"), "{text}");
}

#[test]
fn without_a_terminal_there_are_lines_and_nothing_else() {
    let text = written(Style::Plain, false, |report| {
        report.live(&["never shown".to_owned()]);
        two_steps(report);
    });
    assert_eq!(
        text,
        "     0s  Services\n     0s    api: 0/1 new tasks healthy\n     0s    warning: an alarm fires\nalready\n     \
         0s  Health\n     0s    error: mcp: 100% broken\n"
    );
}

#[test]
fn live_lines_stay_below_what_is_written() {
    let text = written(Style::Live, false, |report| {
        report.live(&["api 0/1".to_owned(), "mcp 0/1".to_owned()]);
        report.line("stack update in progress");
        report.live(&[]);
    });
    let block = "\x1b[?7lapi 0/1\x1b[?7h\n\x1b[?7lmcp 0/1\x1b[?7h\n";
    let erase = "\x1b[2A\r\x1b[J";
    assert_eq!(text, format!("{block}{erase}     0s    stack update in progress\n{block}{erase}"));
}

#[test]
fn the_style_follows_the_surroundings() {
    let with = |name: &'static str, value: &'static str| {
        move |asked: &str| (asked == name).then(|| value.to_owned())
    };
    assert_eq!(Style::of(true, &with("GITHUB_ACTIONS", "true")), Style::GitHub);
    assert_eq!(Style::of(true, &with("TERM", "xterm")), Style::Live);
    assert_eq!(Style::of(true, &with("TERM", "dumb")), Style::Plain);
    assert_eq!(Style::of(false, &with("TERM", "xterm")), Style::Plain);
}
