//! Deployments end to end: the operations through the AWS SDK over HTTP against the local AWS.

mod bootstrap;
mod crash;
mod diagnose;
mod faults;
mod growth;
mod guards;
mod history;
mod least_privilege;
mod look;
mod pipeline;
mod prediction;
mod record;
mod recover;
mod releases;
mod role_limits;
mod roles;
mod rollback;
mod rollback_past_the_stack;
mod rollback_refused;
mod runbooks;
pub(crate) mod scene;
mod stacks;
mod task_run;
mod two_releases;
mod watching;
