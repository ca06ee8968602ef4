//! Integration tests, in one binary.
#![allow(clippy::unwrap_used)]

mod template_rules;
mod templates;
