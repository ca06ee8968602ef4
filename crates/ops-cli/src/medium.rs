//! The doors for text of others: log lines of programs, reasons, names and tags that AWS or people wrote.
//!
//! One function for each medium. Each keeps the text readable and takes away what the medium would obey: control
//! characters, workflow commands, markup. A character that may not stand as it is stands as `\u{1b}`.

use std::borrow::Cow;
use std::fmt::{Arguments, Write as _};
use std::io::Write as _;

/// Whether a character does something other than to be seen: controls of ASCII and C1, line separators that are no line end,
/// marks that reorder or hide text.
const fn is_acting(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// Several lines for a terminal or a file of text: line ends and tabs stay.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    shown(text, |c| matches!(c, '\n' | '\t'))
}

/// One line, whatever is in the text.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    shown(text, |c| c == '\t')
}

fn shown(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let acts = |c: char| is_acting(c) && !stays(c);
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.replace("\r\n", "\n").chars() {
        if acts(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// Several lines for a terminal, in which colours stay: `ESC [ 31 m` and its like, no other sequence.
#[must_use]
pub fn coloured(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut shown = lines(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        let colour = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m');
        shown.push_str(if colour { "\x1b[" } else { "\\u{1b}[" });
        shown.push_str(&lines(part));
    }
    shown
}

/// Several lines for the log of a GitHub workflow, of which none is a command. The runner takes a line for one that begins,
/// after white space, with `::`, or that has `##[` anywhere (`ActionCommand.cs` of <https://github.com/actions/runner>).
#[must_use]
pub fn workflow(text: &str) -> String {
    let text = lines(text).replace("##[", "##\\[");
    let mut safe = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("::") {
            safe.push('\\');
        }
        safe.push_str(line);
    }
    safe
}

/// The message of a workflow command, several lines: `%` and line ends are data there.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>
#[must_use]
pub fn workflow_message(text: &str) -> String {
    lines(text).replace("##[", "##\\[").replace('%', "%25").replace('\n', "%0A")
}

/// Text of JSON, whose values stay what they are: what a terminal or a workflow log would obey is written with `\uXXXX`.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    let acts = |c: char| is_acting(c) && !matches!(c, '\n' | '\r' | '\t');
    if !text.contains(acts) && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    // These stand in strings only: JSON itself has no such characters.
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.replace("##[", "##\\u005b").chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Code within a line of Markdown: never markup, also in a cell of a table.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    let text = line(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned();
    let ticks = longest_ticks(&text);
    let fence = "`".repeat(ticks + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// [`markdown_code`] in a cell of a table, where `|` would end the cell also within code.
#[must_use]
pub fn markdown_cell(text: &str) -> String {
    markdown_code(text).replace('|', "\\|")
}

/// A block of Markdown that shows its lines as they are.
#[must_use]
pub fn markdown_block(text: &str) -> String {
    let text = lines(text);
    let fence = "`".repeat((longest_ticks(&text) + 1).max(3));
    format!("{fence}\n{text}\n{fence}")
}

fn longest_ticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Text within an element, or an attribute in double quotes, of XML, SVG or HTML.
#[must_use]
pub fn xml(text: &str) -> String {
    let text = lines(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

/// Several lines for people where this program runs: [`lines`], and in a workflow of GitHub [`workflow`].
#[must_use]
pub fn here(text: &str) -> Cow<'_, str> {
    if in_workflow() { Cow::Owned(workflow(text)) } else { lines(text) }
}

fn in_workflow() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// A line, or several, for people to stdout: the answer of a command, with text of others in it.
///
/// # Errors
///
/// What the system says, but for a reader that stopped early (`| head`), which is no error.
pub fn print(text: &str) -> std::io::Result<()> {
    out(&format!("{}\n", here(text)))
}

/// A JSON text and a line end to stdout.
///
/// # Errors
///
/// As [`print()`].
pub fn print_json(text: &str) -> std::io::Result<()> {
    out(&format!("{}\n", json(text)))
}

/// What the program made itself, in a format that other programs read, to stdout as it is: templates, pictures, scripts.
///
/// # Errors
///
/// As [`print()`].
pub fn print_data(text: &str) -> std::io::Result<()> {
    out(text)
}

#[expect(clippy::disallowed_methods, reason = "behind the doors")]
fn out(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes to stderr for [`say!`](crate::say).
pub fn say(text: Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{}", here(&text.to_string()));
}

/// A report to stderr whose colours are the program's own.
pub fn say_coloured(text: &str) {
    if in_workflow() {
        say(format_args!("{text}"));
    } else {
        let _ = writeln!(std::io::stderr(), "{}", coloured(text));
    }
}

#[cfg(test)]
mod tests;
