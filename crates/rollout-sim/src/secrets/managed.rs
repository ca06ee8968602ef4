//! Secrets that another service manages: it makes them, rotates them and takes them away again.
//!
//! Source: RDS:rds-secrets-manager; bc:secretsmanager/DescribeSecretResponse. Other rotation is not modelled.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CURRENT, CreateSecretInput, GenerateSecretString, Secret, Tag, Value, Version, invalid_request};
use crate::{ApiError, Event as WorldEvent, Rng, SimTime, Timer, World};

/// Between two rotations: "every seven days by default" (RDS:rds-secrets-manager).
const ROTATION: Duration = Duration::from_secs(7 * 24 * 3600);

/// What happens by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// A managed secret gets a new value.
    Rotate {
        /// Name of the secret.
        name: String,
    },
}

/// How another service manages a secret.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Managed {
    /// Such as `rds`.
    service: String,
    recipe: GenerateSecretString,
    /// Where values and version ids come from. The secret has its own, so that a rotation leaves the world's sequence of
    /// random numbers, and so the rollouts in it, alone.
    source: Rng,
    rotated_at: Option<SimTime>,
    next: Timer,
}

/// From the source every value can be made again.
impl fmt::Debug for Managed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(managed by {})", self.service)
    }
}

impl Managed {
    pub(super) fn service(&self) -> &str {
        &self.service
    }

    pub(super) const fn rotated_at(&self) -> Option<SimTime> {
        self.rotated_at
    }

    pub(super) const fn rotates_at(&self) -> SimTime {
        self.next.at()
    }
}

impl Secret {
    /// Refuses what only the service that manages the secret may do (bc:secretsmanager/InvalidRequestException).
    pub(super) fn check_own(&self) -> Result<(), ApiError> {
        if self.managed.is_none() {
            return Ok(());
        }
        Err(invalid_request(
            "The secret is managed by another service, and you must use that service to update it.",
        ))
    }

    /// The next value becomes current.
    fn renew(&mut self, now: SimTime) {
        let Some(managed) = &mut self.managed else { return };
        let value = Value::generated(managed.recipe.clone(), managed.source.next_u64());
        let id = super::version_id(&mut managed.source, None);
        self.versions.insert(id.clone(), Version { value, stages: BTreeSet::new(), created_at: now });
        self.stage(&id, CURRENT);
        self.changed_at = now;
    }
}

fn schedule(world: &mut World, name: &str) -> Timer {
    world.schedule_in(ROTATION, WorldEvent::Secrets(Event::Rotate { name: name.to_owned() }))
}

/// Creates a secret that `service` (such as `rds`) manages, with a value of `recipe`, which must be one that can work; it
/// is rotated every seven days. Names of managed secrets begin with `SERVICE!`, which nobody else's may. Answers the ARN.
pub(crate) fn create_managed_secret(
    world: &mut World,
    service: &str,
    input: CreateSecretInput,
    recipe: GenerateSecretString,
) -> String {
    let name = format!("{service}!{}", input.name);
    let (source, next) = (Rng::new(world.rng.next_u64()), schedule(world, &name));
    let owner = Tag { key: "aws:secretsmanager:owningService".to_owned(), value: service.to_owned() };
    let mut secret = Secret {
        tags: [owner].into_iter().chain(input.tags).collect(),
        managed: Some(Managed { service: service.to_owned(), recipe, source, rotated_at: None, next }),
        ..Secret::new(world, &name, input.description, input.kms_key_id)
    };
    secret.renew(world.now());
    let arn = secret.arn.clone();
    world.secrets.secrets.insert(name, secret);
    arn
}

/// Takes a managed secret away at once, by its ARN; one that is gone is fine.
pub(crate) fn delete_managed_secret(world: &mut World, arn: &str) {
    let found = world.secrets.secrets.iter().find(|(_, secret)| secret.arn == arn);
    let Some(name) = found.map(|(name, _)| name.clone()) else { return };
    let removed = world.secrets.secrets.remove(&name);
    if let Some(managed) = removed.and_then(|secret| secret.managed) {
        world.cancel(managed.next);
    }
}

pub(crate) fn handle(world: &mut World, event: Event) {
    let Event::Rotate { name } = event;
    if !world.secrets.secrets.contains_key(&name) {
        return;
    }
    let (now, next) = (world.now(), schedule(world, &name));
    let Some(secret) = world.secrets.secrets.get_mut(&name) else { return };
    secret.renew(now);
    if let Some(managed) = &mut secret.managed {
        (managed.rotated_at, managed.next) = (Some(now), next);
    }
}
