//! The database of an environment over its life.

mod copy;
pub mod drill;
pub mod drop_kept;
pub mod list;
pub mod plan;
pub(crate) mod rds;
pub mod restore;
mod services;
pub mod snapshot;
mod wait;
