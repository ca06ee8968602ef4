//! Lists that AWS gives in pages: read to their end, which has to come.

use std::collections::BTreeSet;
use std::error::Error;

use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::call::{CallError, CallErrorKind, Called as _};

/// Most pages of one list. The longest that AWS keeps of what is read here are the events of a stack: 90 days of them, a
/// hundred to a page.
pub const MOST_PAGES: usize = 1000;

/// Pages of one list.
pub struct Pages<T, E> {
    operation: &'static str,
    stream: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
    read: usize,
}

impl<T, E> Pages<T, E>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    /// Of `operation` (`service:Operation`): what the SDK's paginator sends. Where a token comes back at once the SDK ends.
    pub const fn of(
        operation: &'static str,
        stream: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
    ) -> Self {
        Self { operation, stream, read: 0 }
    }

    /// The next page.
    pub async fn next(&mut self) -> Option<Result<T, CallError>> {
        if self.read == MOST_PAGES {
            return Some(Err(endless(self.operation)));
        }
        self.read += 1;
        Some(self.stream.next().await?.called(self.operation))
    }

    /// All pages.
    pub async fn all(mut self) -> Result<Vec<T>, CallError> {
        let mut pages = Vec::new();
        while let Some(page) = self.next().await {
            pages.push(page?);
        }
        Ok(pages)
    }
}

/// Tokens of a list that is read by hand: none may come twice, and they have to end.
#[derive(Debug)]
pub struct Tokens {
    operation: &'static str,
    seen: BTreeSet<String>,
}

impl Tokens {
    /// Of `operation` (`service:Operation`).
    #[must_use]
    pub const fn of(operation: &'static str) -> Self {
        Self { operation, seen: BTreeSet::new() }
    }

    /// Notes the token of the next page.
    pub fn note(&mut self, token: &str) -> Result<(), CallError> {
        if self.seen.len() == MOST_PAGES || !self.seen.insert(token.to_owned()) {
            return Err(endless(self.operation));
        }
        Ok(())
    }
}

/// A list without an end is no answer: what it would say is not known.
fn endless(operation: &'static str) -> CallError {
    CallError {
        operation,
        kind: CallErrorKind::Fault,
        code: String::new(),
        message: format!(
            "the pages of the list have no end ({MOST_PAGES} at most are read, each token once)"
        ),
    }
}
