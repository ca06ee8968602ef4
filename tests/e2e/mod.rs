//! Deployments end to end: the operations through the AWS SDK over HTTP against the local AWS.

mod bootstrap;
mod crash;
mod growth;
mod least_privilege;
mod pipeline;
mod releases;
mod runbooks;
mod scene;
mod stacks;
