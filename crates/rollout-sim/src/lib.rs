//! How an AWS account behaves while something is deployed to it: ECS on Fargate, an ALB and
//! CloudFormation, with what they touch, as one deterministic machine in virtual time.
//!
//! [`World`] owns the state, the clock and the queue of what happens next. Every service is a module
//! with its state, its API operations as free functions over `&mut World` (typed inputs and outputs that
//! serialise to the shapes of the AWS API) and its events. Nothing here reads a wall clock, a file or
//! real randomness: the same calls at the same virtual times give the same answers.
//!
//! Rules follow the documentation of AWS and name it; numbers that AWS does not document are named
//! parameters in [`params`].

pub mod acm;
pub mod cfn;
pub mod cloudcontrol;
pub mod cloudwatch;
pub mod ecr;
pub mod ecs;
pub mod elb;
mod error;
pub mod fault;
pub mod iam;
pub mod image;
pub mod logs;
pub mod params;
mod quotas;
pub mod rds;
mod rng;
pub mod route53;
pub mod s3;
mod scalar;
pub mod secrets;
pub mod servicequotas;
mod shared;
pub mod sns;
pub mod sts;
mod time;
pub mod wafv2;
mod wire;
mod world;

pub use error::ApiError;
pub use quotas::Quotas;
pub use rng::Rng;
pub use shared::Shared;
pub use time::SimTime;
pub use world::{Event, Timer, World};
