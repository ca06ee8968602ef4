//! Why a stack could not be read or changed.

use super::{CHANGE_SET_LIMIT, MAX_INLINE_TEMPLATE_BYTES};
use crate::call::CallError;
use crate::template::TemplateError;

/// A stack could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What CloudFormation holds is not a template of this project.
    #[error("failed to read the live template of {stack}")]
    LiveTemplate {
        /// Stack name.
        stack: String,
        /// Why.
        #[source]
        source: TemplateError,
    },
    /// CloudFormation could not work out the change set.
    #[error("CloudFormation refused the change set for {stack}: {reason}")]
    ChangeSetFailed {
        /// Stack name.
        stack: String,
        /// CloudFormation's reason.
        reason: String,
    },
    /// The change set was not ready in time.
    #[error("CloudFormation did not finish the change set for {stack} within {} minutes", CHANGE_SET_LIMIT.as_secs() / 60)]
    ChangeSetSlow {
        /// Stack name.
        stack: String,
    },
    /// The template is too long to send, and there is no bucket to put it into.
    #[error(
        "the template for {stack} is {bytes} bytes long, more than the {MAX_INLINE_TEMPLATE_BYTES} that can be sent, and there is no bucket for templates yet"
    )]
    TooLong {
        /// Stack name.
        stack: String,
        /// Its length.
        bytes: usize,
    },
    /// The stack has no such output: it was made by an older version, or not completely.
    #[error("stack {stack} has no output {output}")]
    MissingOutput {
        /// Stack name.
        stack: String,
        /// Output name.
        output: String,
    },
    /// An answer of AWS lacks what the API promises.
    #[error("{operation} answered without {missing}")]
    Incomplete {
        /// `service:Operation`.
        operation: &'static str,
        /// What was expected.
        missing: &'static str,
    },
}
