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

/// What other people's text may try: each would be a command, a forged line or a control sequence.
const HOSTILE: [&str; 9] = [
    "done\r::add-mask::e",
    "done\n::add-mask::e",
    "done\n\u{a0}  ::stop-commands::x",
    "ok ##[set-output name=release]v6.6.6",
    "\x1b[2J\x1b]0;title\x07",
    "\u{9b}2J \u{9d}52;c;aGk=\u{9c}",
    "nul\0 \u{7f}",
    "\u{202e}abc\u{2066}def\u{200f}",
    "one\u{2028}two\u{2029}three\u{85}four",
];

/// What GitHub's runner makes of a log: its lines that are commands.
/// `ActionCommand.cs` of <https://github.com/actions/runner>: lines end at `\r`, `\n`, or both; `::` counts after leading white
/// space, `##[` anywhere.
fn commands(log: &str) -> Vec<&str> {
    log.split(['\r', '\n'])
        .filter(|line| line.trim_start().starts_with("::") || line.contains("##["))
        .collect()
}

fn assert_harmless(text: &str) {
    let bad = |c: &char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(text.chars().find(bad), None, "{text:?}");
}

#[test]
fn text_of_others_is_no_workflow_command() {
    for text in HOSTILE {
        let log = written(Style::GitHub, false, |report| {
            report.line(text);
            for _ in 0..12 {
                report.warn(text);
            }
        });
        let found = commands(&log);
        assert!(found.iter().all(|line| line.starts_with("::warning::")), "{text:?}: {found:?}");
        assert_eq!(found.len(), 10, "{text:?}: {log:?}");
        assert_harmless(&log);
    }
}

#[test]
fn text_of_others_is_no_control_sequence_of_a_terminal() {
    for text in HOSTILE {
        let say = |report: &Report| {
            report.step(text);
            report.line(text);
            report.warn(text);
            report.error(text);
        };
        assert_harmless(&written(Style::Plain, false, say));
        assert_harmless(&written(Style::Live, false, say));
        // A line that broke could not be erased again.
        let live = written(Style::Live, false, |report| report.live(&[text.to_owned()]));
        let live = live.strip_prefix("\x1b[?7l").and_then(|it| it.strip_suffix("\x1b[?7h\n")).unwrap();
        assert_harmless(live);
        assert!(!live.contains('\n'), "{live:?}");
    }
}

#[test]
fn a_programs_log_is_between_marks_that_stop_commands() {
    let log: Vec<String> = HOSTILE.map(str::to_owned).to_vec();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let text = written(Style::GitHub, false, |report| {
            report.program(&[]);
            report.program(&log);
            assert_eq!(report.timeline().len(), log.len());
        });
        assert_harmless(&text);
        let [first, last] = commands(&text)[..] else { panic!("{text}") };
        let token = first.strip_prefix("::stop-commands::").unwrap();
        assert_eq!((token.len(), last), (32, format!("::{token}::").as_str()));
        assert!(text.starts_with(first) && text.trim_end().ends_with(last), "{text}");
        tokens.push(token.to_owned());
    }
    assert_ne!(tokens[0], tokens[1], "a program that knew the token could end it");
    let plain = written(Style::Plain, false, |report| report.program(&["one\ntwo".to_owned()]));
    assert_eq!(plain, "     0s    | one\n     0s    | two\n");
}
