//! From configuration to CloudFormation templates, one file per layer.
//!
//! [`shared`] makes the stack of what exists once, [`environment`] the stack of one environment. Both are pure: the same
//! configuration gives the same bytes. A layer is a function that takes the template and what it needs of other layers
//! and answers what others may need of it, so the signatures are the dependency graph.

mod access_logs;
mod alarms;
mod cache;
mod cluster;
mod container;
mod database;
mod dns;
mod error;
mod firewall;
mod identity;
pub mod limits;
mod load_balancer;
mod logging;
mod network;
mod parameters;
pub mod peaks;
mod registry;
mod roles;
mod routing;
mod scope;
mod secrets;
mod security;
mod service;
mod shared;
mod stack;
mod tasks;
mod templates;

pub use error::ModelError;
pub use firewall::rules as firewall;
pub use identity::{BUILD_ROLE_ARN, BUILD_SESSION_SECS, DEPLOY_SESSION_SECS, ENVIRONMENTS};
pub use parameters::{service_digest_parameter, service_revision_parameter, task_digest_parameter};
pub use shared::shared;
pub use stack::environment;
pub use templates::TEMPLATE_BUCKET;

/// Value of `Metadata.Layer` of every resource that belongs to what a deployment rolls: task definitions and services,
/// target groups, listener rules and the alarms about them. All other resources are infrastructure.
pub const SERVICE_LAYER: &str = "service";
