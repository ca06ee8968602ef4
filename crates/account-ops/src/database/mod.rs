//! The database of an environment over its life.

pub mod list;
mod rds;
