//! JSON values as YAML in block style: enough for templates, which hold no more than JSON does.

use std::fmt::Write as _;

use serde_json::Value as Json;

/// One document, with a line feed at the end.
pub(crate) fn render(json: &Json) -> String {
    let mut out = String::new();
    block(&mut out, json, 0);
    out
}

/// Writes `json` on lines of its own, each indented by `depth` steps.
fn block(out: &mut String, json: &Json, depth: usize) {
    match json {
        Json::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                indent(out, depth);
                let _ = write!(out, "{}:", text(key));
                member(out, value, depth);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for item in items {
                indent(out, depth);
                out.push('-');
                member(out, item, depth);
            }
        }
        scalar => {
            indent(out, depth);
            let _ = writeln!(out, "{}", inline(scalar));
        }
    }
}

/// Writes `json` after a key or a dash: on the same line if it is a scalar or empty.
fn member(out: &mut String, json: &Json, depth: usize) {
    let nested = match json {
        Json::Object(map) => !map.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => false,
    };
    if nested {
        out.push('\n');
        block(out, json, depth + 1);
    } else {
        let _ = writeln!(out, " {}", inline(json));
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn inline(json: &Json) -> String {
    match json {
        Json::String(string) => text(string),
        other => other.to_string(),
    }
}

/// The text plain if no YAML reader could take it for anything else, otherwise quoted as JSON, which YAML reads alike.
fn text(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && !text.ends_with([':', ' '])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " _-./:@".contains(c))
        && !text.contains(": ")
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
        );
    if plain { text.to_owned() } else { Json::from(text).to_string() }
}
