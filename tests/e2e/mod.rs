//! Deployments end to end: the operations through the AWS SDK over HTTP against the local AWS.

mod crash;
mod diagnose;
mod growth;
mod history;
mod pipeline;
mod record;
mod roles;
mod scene;
mod task_run;
