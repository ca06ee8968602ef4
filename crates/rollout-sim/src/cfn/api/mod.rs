//! Requests and answers of the CloudFormation API, in its wire shape: PascalCase names, timestamps in
//! seconds since the Unix epoch, lists as plain lists.
//!
//! The query protocol sends every scalar as text, so that requests accept `"true"` and `"5"` beside
//! `true` and `5`. A field that is not listed here is not modelled; deserialising it fails and names it.
//! Source: the service model of botocore 1.43 and aws-sdk-cloudformation 1.136.

// Fields carry the names and the meaning of the AWS API reference, which is their documentation.
#![allow(missing_docs)]

mod change_set;
mod describe;
mod drift;
mod events;
mod kinds;
mod scalar;
mod stack;
mod template;

pub use change_set::*;
pub use describe::*;
pub use drift::*;
pub use events::*;
pub use kinds::*;
pub use stack::*;
pub use template::*;
