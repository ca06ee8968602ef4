//! What changes an account, in a form that can be journalled and run again.

use rollout_sim::fault::{ActiveFault, Fault};
use rollout_sim::image::{Architecture, ImageBehaviour};
use rollout_sim::{ApiError, World, acm, ecr, route53};
use serde::{Deserialize, Serialize};

use crate::request::ApiCall;
use crate::traffic::UserRequest;

/// One change of the account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Time passed; the moment is that of the journal's entry.
    Tick,
    /// An API call that may change something.
    Api(ApiCall),
    /// A fault begins.
    AddFault(ActiveFault),
    /// This fault ends; `None` ends all.
    RemoveFault(Option<Fault>),
    /// An image is pushed.
    PushImage(PushImage),
    /// A service registry is told how a task is.
    SetCustomHealth(CustomHealth),
    /// Somebody follows the links in the mails of SNS to this address.
    ConfirmSubscriptions(String),
    /// A zone or certificate exists that no stack made.
    Provide(Existing),
    /// A quota gets another value.
    SetQuota(SetQuota),
    /// A user asks the load balancer, which counts.
    User(UserRequest),
}

/// What Cloud Map is told about the instance that a task is in the registries of its service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomHealth {
    /// Id or ARN of the task.
    pub(crate) task: String,
    pub(crate) healthy: bool,
}

/// What exists outside the stacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Existing {
    /// A public hosted zone.
    HostedZone {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
    },
    /// An issued certificate, by its ARN.
    Certificate(String),
}

impl Existing {
    /// Makes it, where it is not there yet.
    pub(crate) fn make(&self, world: &mut World) {
        match self {
            Self::HostedZone { id, name } => route53::make_zone(world, id, name),
            Self::Certificate(arn) => acm::make_certificate(world, arn),
        }
    }
}

/// What AWS does when it raises a quota; lower values make an account as young as one likes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetQuota {
    /// Code of Service Quotas, such as `L-3032A538`.
    pub quota_code: String,
    /// How much there may be from now on. What is there already stays.
    pub value: usize,
}

/// A made-up image that is pushed: what `docker push` does, with what the program in it will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushImage {
    /// Repository, which must exist.
    pub repository: String,
    /// Tags to set.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What makes the image different from others; the same content has the same digest.
    pub content: String,
    /// Platform; `None` fits every task definition.
    #[serde(default)]
    pub architecture: Option<Architecture>,
    /// How its program behaves; `None` as images do by default.
    #[serde(default)]
    pub behaviour: Option<ImageBehaviour>,
}

/// Pushes an image and returns its digest.
pub(crate) fn push_image(world: &mut World, image: &PushImage) -> Result<String, ApiError> {
    let behaviour = image.behaviour.clone().unwrap_or_default();
    let digest = ecr::push(
        world,
        &ecr::PushInput {
            repository: image.repository.clone(),
            tags: image.tags.clone(),
            content: image.content.clone(),
            architecture: image.architecture,
            size_bytes: u64::from(behaviour.size_mib) << 20,
        },
    )?;
    if image.behaviour.is_some() {
        world.images.insert(digest.clone(), behaviour);
    }
    Ok(digest)
}
