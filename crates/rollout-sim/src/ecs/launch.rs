//! What a task needs before it runs: secrets, log groups, images, its place in target groups.

use super::api::*;
use super::definition::ImageReference;
use super::task::TaskFaults;
use super::{DefinitionKey, ServiceKey, TaskKey, capacity, credentials, deployment, program, service};
use crate::fault::FaultKind;
use crate::image::Architecture;
use crate::{World, ecr, elb, logs, secrets};

/// Faults of a task that starts now. In a service, faults of images and tasks concern only task definitions registered
/// at or after the fault's moment, and not those that say what an older one of the family said: the release that they
/// go back to is as good as it was. A one-off task has no old release: it is hit by what is active when it starts, by
/// faults of images and starts only where they name it. `name` is the service's name, for a one-off task the family's.
pub(super) fn faults(
    world: &mut World,
    definition: DefinitionKey,
    name: &str,
    one_off: Option<&str>,
) -> TaskFaults {
    let mut faults = TaskFaults::default();
    if world.faults.is_empty() {
        return faults;
    }
    let own = world.ecs.definition(definition);
    // What a fault has hit is no old release as long as no service settled on it: a drill that is repeated fails again.
    let is_older = |since| {
        world.ecs.definitions.iter().enumerate().any(|(place, other)| {
            other.registered_at < since
                && other.shape.family == own.shape.family
                && other.shape.container_definitions == own.shape.container_definitions
                && (!other.was_hit || deployment::is_settled_on(world, place))
        })
    };
    let mut met = Vec::new();
    for (index, active) in world.faults.iter().enumerate() {
        let wanted = active.fault.service.as_deref();
        let concerns = wanted.is_none_or(|wanted| name == wanted || name.ends_with(&format!("-{wanted}")));
        let is_hit = if one_off.is_some() { world.now() >= active.since } else { !is_older(active.since) };
        if !concerns || !is_hit {
            continue;
        }
        let migration = one_off
            .is_some_and(|command| wanted.is_some() || name.contains("migrat") || command.contains("migrat"));
        let service = one_off.is_none() || wanted.is_some();
        match active.fault.kind {
            FaultKind::ImageMissing => faults.image_missing |= service,
            FaultKind::WrongArchitecture => faults.wrong_architecture |= service,
            FaultKind::SecretMissing => faults.secret_missing |= service,
            FaultKind::CrashOnStart => faults.crash_on_start |= service,
            FaultKind::CrashAfterStart => faults.crash_after_start |= service,
            FaultKind::HealthPath => faults.health_path |= service,
            FaultKind::ContainerHealth => faults.container_health |= service,
            FaultKind::SlowStart => faults.slow_start |= service,
            FaultKind::ErrorsAfterDeploy => faults.errors |= service,
            FaultKind::OldCode => faults.old_code |= service,
            FaultKind::MigrationFails => faults.migration_fails |= migration,
            FaultKind::MigrationHangs => faults.migration_hangs |= migration,
            FaultKind::NoCapacity
            | FaultKind::StackFails
            | FaultKind::RollbackFails
            | FaultKind::Throttled
            | FaultKind::AccessDenied
            | FaultKind::ApiOutage => continue,
        }
        let of_migrations =
            matches!(active.fault.kind, FaultKind::MigrationFails | FaultKind::MigrationHangs);
        let breaks = if of_migrations { migration } else { service };
        if breaks {
            met.push(index);
        }
    }
    for index in met {
        world.faults[index].hit = true;
    }
    faults
}

/// Whether Fargate has no capacity in a zone for a new task of `name` now.
fn no_capacity(world: &mut World, name: &str, zone: &str) -> bool {
    let is_meant = |wanted: &str| name == wanted || name.ends_with(&format!("-{wanted}")) || zone == wanted;
    let (now, mut without) = (world.now(), false);
    for active in &mut world.faults {
        if active.fault.kind == FaultKind::NoCapacity && active.concerns(now, is_meant) {
            active.hit = true;
            without = true;
        }
    }
    without
}

/// Why a task could not be placed.
const CAPACITY: &str =
    "Capacity is unavailable at this time. Please try again later or in a different availability zone";

/// Assumes the roles and resolves secrets and log groups, in this order as the Fargate agent does; the error is the
/// stopped reason.
pub(super) fn resources(world: &mut World, key: TaskKey) -> Result<(), String> {
    credentials::assume(world, key)?;
    let Some(task) = world.ecs.task(key) else { return Ok(()) };
    let (faults, definition, id) = (task.faults, task.definition, task.id.clone());
    let containers = &world.ecs.definition(definition).shape.container_definitions;
    for secret in containers.iter().flat_map(|container| &container.secrets) {
        let (arn, json_key) = secret_parts(&secret.value_from);
        credentials::read_secret(world, task, arn)?;
        if faults.secret_missing || !secrets::value_exists(world, arn, json_key) {
            return Err(missing_secret(world, arn, json_key, faults.secret_missing));
        }
    }
    if faults.secret_missing && containers.iter().all(|container| container.secrets.is_empty()) {
        return Err(missing_secret(world, "", None, true));
    }
    credentials::sign_in(world, task)?;
    let names = containers.iter().map(|container| container.name.clone());
    let plans = world.ecs.definition(definition).containers.iter().map(|plan| plan.log.clone());
    let logged: Vec<_> = names.zip(plans).filter_map(|(name, plan)| Some((name, plan?))).collect();
    for (name, plan) in logged {
        let Some(task) = world.ecs.task(key) else { return Ok(()) };
        if logs::group_exists(world, &plan.group) {
            credentials::log(world, task, &plan.group, &format!("{}/{name}/{id}", plan.prefix))?;
            continue;
        }
        if plan.create_group {
            credentials::create_log_group(world, task, &plan.group)?;
            let input = logs::CreateLogGroupInput { log_group_name: plan.group, ..Default::default() };
            logs::create_log_group(world, input)
                .map_err(|error| format!("ResourceInitializationError: {error}"))?;
            continue;
        }
        return Err(format!(
            "{}, ResourceNotFoundException: The specified log group does not exist. : exit status 1",
            stream_failure(&id)
        ));
    }
    Ok(())
}

/// How a stopped reason begins where a log stream cannot be made; what AWS Logs answered follows.
pub(super) fn stream_failure(request: &str) -> String {
    format!(
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed \
         to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https response error \
         StatusCode: 400, RequestID: {request}"
    )
}

/// ARN of a secret and the JSON key in it: `arn:…:secret:NAME-SUFFIX[:KEY[:STAGE[:VERSION]]]`.
fn secret_parts(value_from: &str) -> (&str, Option<&str>) {
    let Some((at, _)) = value_from.match_indices(':').nth(6) else { return (value_from, None) };
    let key = value_from[at + 1..].split(':').next().filter(|key| !key.is_empty());
    (&value_from[..at], key)
}

fn missing_secret(world: &World, arn: &str, json_key: Option<&str>, whole: bool) -> String {
    match json_key {
        Some(json_key) if !whole && secrets::value_exists(world, arn, None) => format!(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval \
             failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret \
             from Secrets Manager did not contain json key {json_key}"
        ),
        _ => format!(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval \
             failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch \
             secret {arn} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified \
             secret."
        ),
    }
}

/// A pull that succeeds.
pub(super) struct Pull {
    /// How long it takes.
    pub(super) secs: f64,
    /// Digest per container.
    pub(super) digests: Vec<String>,
}

/// Looks the images of a task up; the error is the stopped reason.
pub(super) fn pull(world: &World, key: TaskKey) -> Result<Pull, String> {
    let missing = || "CannotPullContainerError: the task is gone".to_owned();
    let task = world.ecs.task(key).ok_or_else(missing)?;
    let definition = world.ecs.definition(task.definition);
    let wanted =
        definition.shape.runtime_platform.as_ref().and_then(|platform| platform.cpu_architecture.as_deref());
    let wanted = if wanted == Some("ARM64") { Architecture::Arm64 } else { Architecture::X86_64 };
    let mut mib = 0.0;
    let mut digests = Vec::with_capacity(definition.containers.len());
    for (place, plan) in definition.containers.iter().enumerate() {
        let reference = &plan.image;
        credentials::pull(world, task, reference)?;
        let pinned = deployment::pinned_digest(world, task.owner, place);
        let pinned = pinned.filter(|_| !plan.follows_tag);
        let digest = pinned.map(str::to_owned).or_else(|| resolve(world, reference));
        let digest = digest.filter(|digest| !task.faults.image_missing && exists(world, reference, digest));
        let Some(digest) = digest else {
            return Err(format!(
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref \
                 {0}: {0}: not found",
                reference.text
            ));
        };
        let image = program::image(world, Some(&digest));
        let registered =
            reference.repository.as_deref().and_then(|name| ecr::image_architecture(world, name, &digest));
        let built = image.architecture.or(registered);
        if task.faults.wrong_architecture || built.is_some_and(|built| built != wanted) {
            let platform = if wanted == Architecture::Arm64 { "linux/arm64" } else { "linux/amd64" };
            return Err(format!(
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): image Manifest does not \
                 contain descriptor matching platform '{platform}'"
            ));
        }
        mib += f64::from(image.size_mib);
        digests.push(digest);
    }
    Ok(Pull { secs: world.params.pull_base_secs + mib / world.params.pull_mib_per_sec, digests })
}

fn resolve(world: &World, reference: &ImageReference) -> Option<String> {
    if let Some(digest) = &reference.digest {
        return Some(digest.clone());
    }
    let tag = reference.tag.as_deref().unwrap_or("latest");
    match &reference.repository {
        Some(repository) => ecr::resolve(world, repository, tag).map(str::to_owned),
        // Images of other registries exist; their digest follows from their name.
        None => Some(format!("sha256:{}", crate::wire::sha256_hex(reference.text.as_bytes()))),
    }
}

fn exists(world: &World, reference: &ImageReference, digest: &str) -> bool {
    reference.repository.as_deref().is_none_or(|repository| ecr::image_exists(world, repository, digest))
}

/// Pins the digests for the rest of the deployment: version consistency (ECS:deployment-type-ecs).
pub(super) fn pin(world: &mut World, key: TaskKey, digests: &[String]) {
    if let Some((service, deployment)) = world.ecs.task(key).and_then(|task| task.owner) {
        deployment::pin(world, service, deployment, digests);
    }
}

/// Registers a task in the target groups of its deployment.
pub(super) fn register_targets(world: &mut World, key: TaskKey) {
    let Some(task) = world.ecs.task(key) else { return };
    let Some((service, deployment)) = task.owner else { return };
    let (ip, zone) = (task.ip, task.zone.clone());
    let Some(targets) = deployment::targets(world, service, deployment) else { return };
    for (group, port) in targets {
        if let Some(registration) = elb::register(world, group, key, (ip, port), &zone) {
            if let Some(task) = world.ecs.task_mut(key) {
                task.registrations.push(registration);
            }
            note_registered(world, service, group);
        }
    }
}

fn note_registered(world: &mut World, service: ServiceKey, group: elb::TargetGroupKey) {
    let arn = world.elb.group_arn(group).to_owned();
    service::note(world, service, format_args!("registered 1 targets in (target-group {arn})"));
}

/// The release that the last completed deployment of the service reports: what old code would report.
pub(super) fn old_release(world: &World, service: ServiceKey) -> String {
    deployment::completed_definition(world, service)
        .and_then(|definition| {
            world.ecs.definition(definition).containers.iter().find_map(|container| container.release.clone())
        })
        .unwrap_or_else(|| "0".to_owned())
}

/// Where a new task goes.
pub(super) struct Place {
    pub(super) subnet: String,
    pub(super) zone: String,
    /// Place of the zone, and of the subnet, in the network configuration.
    pub(super) index: usize,
}

/// Subnets of a network configuration: one per zone.
pub(super) fn subnets(network: Option<&NetworkConfiguration>) -> &[String] {
    network.and_then(|network| network.awsvpc_configuration.as_ref()).map_or(&[], |vpc| &vpc.subnets)
}

/// Subnet and zone for a new task of `name`: of those with capacity, that with the fewest of `taken`.
///
/// # Errors
/// Why there is none: the account's quota, or no zone with capacity.
pub(super) fn place(
    world: &mut World,
    definition: DefinitionKey,
    name: &str,
    network: Option<&NetworkConfiguration>,
    taken: &[u32],
) -> Result<Place, &'static str> {
    if !capacity::has_room(world, definition) {
        return Err(capacity::VCPUS);
    }
    let subnets = subnets(network);
    let open = |index: &usize| {
        world.faults.is_empty() || {
            let zone = super::zone_name(&world.region, *index);
            !no_capacity(world, name, &zone)
        }
    };
    let fewest = |index: &usize| taken.get(*index).copied().unwrap_or(0);
    let index = (0..subnets.len().max(1)).filter(open).min_by_key(fewest).ok_or(CAPACITY)?;
    let subnet = subnets.get(index).cloned().unwrap_or_default();
    Ok(Place { subnet, zone: super::zone_name(&world.region, index), index })
}
