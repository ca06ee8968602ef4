//! What a schema cannot say: references, sizes that go together, and what must differ.

mod between;
mod environment;
mod platform;
mod routes;
mod secrets;

pub(crate) use between::between;
pub(crate) use environment::environment;
pub(crate) use platform::platform;

use crate::{
    document::{Document, Path},
    error::Problem,
    sizes::{FARGATE_SIZES, FargateSize},
};

/// Collects the problems of one file.
struct Report<'a, 't> {
    document: &'a Document<'t>,
    problems: Vec<Problem>,
}

impl<'a, 't> Report<'a, 't> {
    fn new(document: &'a Document<'t>) -> Self {
        Self { document, problems: Vec::new() }
    }

    /// A problem with the value at the path.
    fn value(&mut self, path: &Path<'_>, message: String, help: impl Into<String>) {
        let span = self.document.span(path);
        self.problems.push(self.document.problem(span, message, "not allowed", Some(help.into())));
    }

    /// A problem with the last key of the path.
    fn key(&mut self, path: &Path<'_>, message: String, help: impl Into<String>) {
        let span = self.document.key_span(path);
        self.problems.push(self.document.problem(span, message, "not allowed", Some(help.into())));
    }

    /// Checks that Fargate offers the pair; `path` is where the memory is written.
    fn size(&mut self, path: &Path<'_>, size: FargateSize) {
        // CPU units that do not exist at all are the schema's to report.
        let Some(row) = FARGATE_SIZES.iter().find(|row| row.cpu == size.cpu && !size.exists()) else {
            return;
        };
        let help = format!("allowed for {} CPU units: {} MiB", row.cpu, row.text());
        let message = format!(
            "`{}`: Fargate has no task with {} CPU units and {} MiB",
            path.join("."),
            size.cpu,
            size.memory_mib
        );
        self.value(path, message, help);
    }
}

/// The words in a row, for "allowed: …".
fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
