//! What the laboratory says, held against what must hold for it.
#![allow(clippy::unwrap_used)]

mod command;
mod faults;
mod incident;
mod picture;
mod sampled;
mod support;
