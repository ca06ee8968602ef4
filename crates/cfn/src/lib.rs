//! CloudFormation vocabulary: templates, typed references and the resources used, one file per AWS service.
//!
//! Three rules make a template that deploys:
//!
//! * **Only handles make references.** [`Template::add`] answers a [`Handle`], whose methods are the resource's `Ref` and
//!   attributes as typed [`Value`]s: `role.arn()` is a `Value<S, RoleArn>` and does not fit where a name is wanted.
//! * **A reference stays in its stack.** `S` is the stack's marker type, so a resource of another kind of stack does not
//!   compile; two stacks of the same kind are told apart by [`Template::finish`].
//! * **Logical ids are constants.** Nothing is hashed or random: the same input renders to the same bytes.
//!
//! Resource structs hold the properties that are used, named and shaped as in the resource type reference
//! (`AWS::Service::Type` in the CloudFormation template reference); a property that is not there is added where it is
//! needed. The crate knows no project and does no I/O.

pub mod acm;
pub mod cloudwatch;
mod document;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elasticache;
pub mod elbv2;
mod finish;
mod handle;
pub mod iam;
pub mod kind;
pub mod logs;
pub mod rds;
pub mod route53;
pub mod s3;
pub mod secretsmanager;
pub mod servicediscovery;
pub mod sns;
mod template;
mod value;
pub mod wafv2;
mod yaml;

pub use document::Document;
pub use finish::{FinishError, Problem};
pub use handle::{Handle, Options, Removal, Resource};
pub use template::{Parameter, Stack, Tag, Template};
pub use value::Value;
