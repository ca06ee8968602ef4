//! A TOML file with the places of everything in it.

use std::ops::Range;

use miette::NamedSource;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::error::Problem;

/// Where a value is: keys, and decimal indices in arrays.
pub(crate) type Path<'a> = [&'a str];

/// A parsed file. Syntax errors are problems; what could be read is there nevertheless.
pub(crate) struct Document<'t> {
    name: &'t str,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Document<'t> {
    /// Parses the text of the file called `name`.
    pub(crate) fn parse(name: &'t str, text: &'t str) -> (Self, Vec<Problem>) {
        let (root, errors) = DeTable::parse_recoverable(text);
        let document = Self { name, text, root };
        let mut problems: Vec<Problem> = errors
            .iter()
            .map(|error| {
                let span = error.span().unwrap_or(0..0);
                document.problem(span, format!("TOML syntax: {}", error.message()), "here", None)
            })
            .collect();
        // The rest of a line that could not be read is no news.
        problems.dedup_by_key(|problem| problem.line);
        (document, problems)
    }

    /// The table at the top.
    pub(crate) fn root(&self) -> &DeTable<'t> {
        self.root.get_ref()
    }

    /// Name of the file.
    pub(crate) fn name(&self) -> &'t str {
        self.name
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// Place of the value at the path; of the deepest table on the way when it is not there.
    pub(crate) fn span(&self, path: &Path<'_>) -> Range<usize> {
        self.walk(path).1
    }

    /// Place of the last key of the path; the same as [`Self::span`] for elements of arrays.
    pub(crate) fn key_span(&self, path: &Path<'_>) -> Range<usize> {
        self.walk(path).0
    }

    /// Whether something is written at the path.
    pub(crate) fn has(&self, path: &Path<'_>) -> bool {
        self.walk(path).2
    }

    /// Line of the value at the path, from 1.
    pub(crate) fn line(&self, path: &Path<'_>) -> usize {
        self.position(self.span(path).start).0
    }

    /// Places of the last key and of its value, and whether the path led to its end.
    fn walk(&self, path: &Path<'_>) -> (Range<usize>, Range<usize>, bool) {
        let mut place = (0..0, 0..0, false);
        let Some((first, rest)) = path.split_first() else { return place };
        let Some((key, mut value)) = entry(self.root(), first) else { return place };
        place = (key, value.span(), rest.is_empty());
        for (depth, step) in rest.iter().enumerate() {
            let next = match value.get_ref() {
                DeValue::Table(table) => entry(table, step),
                DeValue::Array(items) => step
                    .parse()
                    .ok()
                    .and_then(|index: usize| items.get(index))
                    .map(|item| (item.span(), item)),
                _ => None,
            };
            let Some((key, found)) = next else { return place };
            place = (key, found.span(), depth + 1 == rest.len());
            value = found;
        }
        place
    }

    /// Line and column, both from 1, of an offset in bytes.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// A problem at a place of this file.
    pub(crate) fn problem(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) -> Problem {
        let (line, column) = self.position(span.start);
        Problem {
            message: message.into(),
            label: label.into(),
            help,
            line,
            column,
            span: first_line(self.text, span).into(),
            file: NamedSource::new(self.name, self.text.to_owned()),
        }
    }
}

/// The part of the span on its first line: tables span all that is in them, which would make an unreadable snippet.
fn first_line(text: &str, span: Range<usize>) -> Range<usize> {
    let inside = text.get(span.clone()).unwrap_or_default();
    let length = inside.find(['\n', '\r']).unwrap_or(inside.len());
    span.start..span.start + length
}

fn entry<'a, 't>(table: &'a DeTable<'t>, name: &str) -> Option<(Range<usize>, &'a Spanned<DeValue<'t>>)> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(key, value)| (key.span(), value))
}
