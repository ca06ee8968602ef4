#![allow(clippy::unwrap_used)]

use super::*;

/// A word of every kind of character that acts.
const ACTING: &str =
    "a\0b\x07c\x1b[2Jd\x7fe\u{85}f\u{9b}g\u{61c}h\u{200f}i\u{202e}j\u{2028}k\u{2066}l\u{feff}m\u{e0041}n";

#[test]
fn what_acts_is_shown_and_the_rest_stays() {
    let shown = "a\\u{0}b\\u{7}c\\u{1b}[2Jd\\u{7f}e\\u{85}f\\u{9b}g\\u{61c}h\\u{200f}i\\u{202e}j\\u{2028}k\\u{2066}l\
                 \\u{feff}m\\u{e0041}n";
    assert_eq!(lines(ACTING), shown);
    assert_eq!(lines("one\r\ntwo\rthree\tü 漢 👩\u{200d}👩"), "one\ntwo\\u{d}three\tü 漢 👩\u{200d}👩");
    assert_eq!(line("one\ntwo"), "one\\u{a}two");
    assert!(matches!(lines("plain\n"), Cow::Borrowed(_)));
}

#[test]
fn only_colours_pass_as_sequences() {
    assert_eq!(coloured("\x1b[1;31merror\x1b[0m: x\x1b[m"), "\x1b[1;31merror\x1b[0m: x\x1b[m");
    assert_eq!(
        coloured("\x1b[2J\x1b]0;t\x07\x1b[31\x1b[?25l\x1b["),
        "\\u{1b}[2J\\u{1b}]0;t\\u{7}\\u{1b}[31\\u{1b}[?25l\\u{1b}["
    );
}

#[test]
fn no_line_of_a_workflow_log_is_a_command() {
    assert_eq!(
        workflow("::add-mask::e\n \u{a0}::group::x\nok ##[set-output name=a]b\na\r::add-mask::e\na::b"),
        "\\::add-mask::e\n\\ \u{a0}::group::x\nok ##\\[set-output name=a]b\na\\u{d}::add-mask::e\na::b"
    );
    assert_eq!(workflow_message("5%\r\n::error::x\r##[y]"), "5%25%0A::error::x\\u{d}##\\[y]");
}

#[test]
fn json_keeps_its_values() {
    let value = format!("\"{}##[set-output name=a]\"", "x\u{7f}\u{9b}\u{202e}\u{2028}\u{e0041}\\n\\\\");
    let safe = json(&value);
    assert_eq!(safe, "\"x\\u007f\\u009b\\u202e\\u2028\\udb40\\udc41\\n\\\\##\\u005bset-output name=a]\"");
    let read = |text: &str| serde_json::from_str::<String>(text).unwrap();
    assert_eq!(read(&safe), read(&value));
}

#[test]
fn markdown_stays_text() {
    assert_eq!(markdown_code("v1"), "`v1`");
    assert_eq!(markdown_code("a `b`\n# c"), "``a `b` # c``");
    assert_eq!(markdown_code("```` x"), "````` ```` x `````");
    assert_eq!(markdown_cell("a|b"), "`a\\|b`");
    assert_eq!(markdown_block("a\n````\n</details>"), "`````\na\n````\n</details>\n`````");
}

#[test]
fn xml_has_no_markup_and_no_character_that_it_forbids() {
    assert_eq!(xml("<a b='\"&'>\0\x0b\u{fffe}"), "&lt;a b='&quot;&amp;'&gt;\\u{0}\\u{b}\\u{fffe}");
}
