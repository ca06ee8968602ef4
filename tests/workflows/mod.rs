//! The workflows under `.github`: what they say, what GitHub would make of it, and what happens when they run.

mod api;
mod calls;
mod expression;
mod graph;
pub(crate) mod harness;
mod hygiene;
mod model;
mod oidc;
mod release_events;
mod runs;
mod schedule;
mod shell;
mod waiting;
