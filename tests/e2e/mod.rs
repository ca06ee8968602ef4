//! Deployments end to end: the operations through the AWS SDK over HTTP against the local AWS.

mod crash;
mod faults;
mod growth;
mod guards;
mod look;
mod pipeline;
mod scene;
mod watching;
