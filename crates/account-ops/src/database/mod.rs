//! The database of an environment over its life.

pub mod list;
pub mod plan;
mod rds;
pub mod restore;
mod services;
