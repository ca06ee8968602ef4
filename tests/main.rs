//! Integration tests, in one binary.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod attacks;
mod documents;
mod e2e;
mod firewall;
mod template_cache;
mod template_harms;
mod template_limits;
mod template_network;
mod template_policies;
mod template_rules;
mod template_scale;
mod templates;
mod workflows;
