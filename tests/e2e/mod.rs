//! Deployments end to end: the operations through the AWS SDK over HTTP against the local AWS.

mod crash;
mod faults;
mod growth;
mod guards;
mod look;
mod pipeline;
mod recover;
mod rollback;
mod rollback_past_the_stack;
mod rollback_refused;
mod scene;
mod two_releases;
mod watching;
