//! The local AWS over real connections: protocols, callers, faults, time, and what survives on disk.

#![allow(clippy::unwrap_used)]

mod callers;
mod clock;
mod deployment;
mod faults;
mod origin;
mod protocols;
mod server;
mod state;
