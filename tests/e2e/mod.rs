//! Deployments end to end: the operations through the AWS SDK over HTTP against the local AWS.

mod crash;
mod growth;
mod pipeline;
pub(crate) mod scene;
