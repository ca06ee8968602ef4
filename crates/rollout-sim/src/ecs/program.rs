//! The program in a container: when it listens, what it answers, when it exits.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use super::api::*;
use super::task::TaskState;
use super::{Event, TaskKey, breaker, checks, schedule, stop};
use crate::elb::{self, Probe};
use crate::image::{ImageBehaviour, RELEASE};
use crate::{World, logs};

/// Start-up of a program under [`crate::fault::FaultKind::SlowStart`], in seconds.
const SLOW_START_SECS: f64 = 900.0;
/// Exit of a program under [`crate::fault::FaultKind::CrashOnStart`], in seconds after its start.
const CRASH_ON_START_SECS: f64 = 1.0;
/// Exit of a program under [`crate::fault::FaultKind::CrashAfterStart`], in seconds after its start.
const CRASH_AFTER_START_SECS: f64 = 90.0;

/// Behaviour of an image; an unknown one behaves well.
pub(super) fn image<'a>(world: &'a World, digest: Option<&str>) -> &'a ImageBehaviour {
    static GOOD: LazyLock<ImageBehaviour> = LazyLock::new(ImageBehaviour::default);
    digest.and_then(|digest| world.images.get(digest)).unwrap_or(&GOOD)
}

/// How a container will end by itself.
#[derive(Debug, Clone, PartialEq)]
struct End {
    after_secs: f64,
    exit_code: i32,
    log: Vec<String>,
}

fn end(world: &World, task: &TaskState, container: usize) -> Option<End> {
    let plan = world.ecs.definition(task.definition).containers.get(container)?;
    let image = image(world, task.containers.get(container)?.image_digest.as_deref());
    let one =
        |after_secs, exit_code, log: &str| Some(End { after_secs, exit_code, log: vec![log.to_owned()] });
    if task.faults.migration_hangs {
        return None;
    }
    if task.faults.migration_fails {
        return one(5.0, 1, "Error: migration failed: relation \"documents\" does not exist");
    }
    if task.faults.crash_on_start {
        return one(CRASH_ON_START_SECS, 1, "Error: cannot read properties of undefined; the process exits");
    }
    let name = &world.ecs.definition(task.definition).shape.container_definitions.get(container)?.name;
    let overrides = task.overrides.container_overrides.iter().find(|one| one.name.as_ref() == Some(name));
    let overridden = overrides.and_then(|one| one.command.as_ref()).map(|command| command.join(" "));
    let command = overridden.as_deref().unwrap_or(&plan.command);
    if let Some(behaviour) = image.command(command) {
        return behaviour.duration_secs.map(|after_secs| End {
            after_secs,
            exit_code: behaviour.exit_code,
            log: behaviour.log.clone(),
        });
    }
    // A one-off command that the image says nothing about does its work and ends well.
    if task.owner.is_none() && !command.is_empty() {
        return Some(End { after_secs: 5.0, exit_code: 0, log: vec![format!("{command}: done")] });
    }
    if task.faults.crash_after_start {
        return one(CRASH_AFTER_START_SECS, 1, "Error: out of memory; the process exits");
    }
    image.crash.as_ref().map(|crash| End {
        after_secs: crash.after_secs,
        exit_code: crash.exit_code,
        log: crash.log.clone(),
    })
}

/// The containers of a task start.
pub(super) fn start(world: &mut World, key: TaskKey) {
    let Some(task) = world.ecs.task(key) else { return };
    for container in 0..task.containers.len() {
        let Some(task) = world.ecs.task(key) else { return };
        if let Some(end) = end(world, task, container) {
            schedule(world, end.after_secs, Event::Exit { task: key, container });
        }
    }
    let Some(task) = world.ecs.task(key) else { return };
    let errors = task.faults.errors;
    let turns: Vec<f64> = task
        .containers
        .iter()
        .filter_map(|state| image(world, state.image_digest.as_deref()).fails_after_secs)
        .collect();
    for after_secs in turns {
        schedule(world, after_secs, Event::GoesWrong { task: key });
    }
    if errors {
        elb::watch_traffic(world);
    }
}

/// The program in a container of the task has gone wrong: what rested because it always gave the same answer is
/// looked at again.
pub(super) fn goes_wrong(world: &mut World, key: TaskKey) {
    let Some(task) = world.ecs.task(key) else { return };
    let groups: Vec<_> = task.registrations.iter().map(|registration| registration.group).collect();
    for group in groups {
        elb::recheck(world, group);
    }
    checks::resume(world, key);
    elb::watch_traffic(world);
}

/// Whether the program of this image has gone wrong in this task ([`ImageBehaviour::fails_after_secs`]).
pub(super) fn is_wrong(world: &World, task: &TaskState, image: &ImageBehaviour) -> bool {
    let Some((after, started_at)) = image.fails_after_secs.zip(task.started_at) else { return false };
    world.now() >= started_at + Duration::from_secs_f64(after)
}

/// The program in a container exits by itself.
pub(super) fn exit(world: &mut World, key: TaskKey, container: usize) {
    let Some(task) = world.ecs.task(key) else { return };
    if !task.is_running() {
        return;
    }
    let Some(end) = end(world, task, container) else { return };
    write_log(world, key, container, &end.log);
    let Some(task) = world.ecs.task_mut(key) else { return };
    if let Some(state) = task.containers.get_mut(container) {
        state.exit_code = Some(end.exit_code);
    }
    let definition = task.definition;
    if world.ecs.definition(definition).containers.get(container).is_some_and(|plan| plan.essential) {
        breaker::task_exited(world, key);
        stop::container_exited(world, key);
    }
}

/// Writes to the stream `prefix/container/task` of the container's log group.
fn write_log(world: &mut World, key: TaskKey, container: usize, lines: &[String]) {
    let Some(task) = world.ecs.task(key) else { return };
    let definition = world.ecs.definition(task.definition);
    let Some(plan) = definition.containers.get(container).and_then(|plan| plan.log.as_ref()) else { return };
    let name =
        definition.shape.container_definitions.get(container).map_or("", |container| container.name.as_str());
    let (group, stream) = (plan.group.clone(), format!("{}/{name}/{}", plan.prefix, task.id));
    for line in lines {
        // A log group deleted since the start loses lines, as on AWS.
        if logs::put(world, &group, &stream, line).is_err() {
            return;
        }
    }
}

/// Whether the program in the container listens.
pub(super) fn listens(world: &World, task: &TaskState, container: usize) -> bool {
    let running = matches!(task.status, TaskStatus::Running | TaskStatus::Deactivating);
    let Some(started_at) = task.started_at.filter(|_| running) else { return false };
    let Some(state) = task.containers.get(container).filter(|state| state.exit_code.is_none()) else {
        return false;
    };
    let own = image(world, state.image_digest.as_deref()).listen_after_secs;
    let after = if task.faults.slow_start { own.max(SLOW_START_SECS) } else { own };
    world.now().since(started_at).as_secs_f64() >= after
}

/// The container that has the port, and its image.
fn listener<'a>(world: &'a World, task: &TaskState, port: u16) -> Option<&'a ImageBehaviour> {
    let plans = &world.ecs.definition(task.definition).containers;
    let container = plans.iter().position(|plan| plan.ports.contains(&port))?;
    let digest = task.containers.get(container)?.image_digest.as_deref();
    listens(world, task, container).then(|| image(world, digest))
}

/// What a task answers to a load balancer's health check.
pub(crate) fn probe(world: &World, key: TaskKey, port: u16, path: &str) -> Probe {
    let Some(task) = world.ecs.task(key) else { return Probe::Refused };
    let Some(image) = listener(world, task, port) else { return Probe::Refused };
    let status = match () {
        () if task.faults.health_path => 404,
        () if is_wrong(world, task, image) => 500,
        () => image.status(path),
    };
    Probe::Answer(status, image.answer_secs)
}

/// Status that users get from a task for a path; `None` where nothing listens.
pub(crate) fn status_of(world: &World, key: TaskKey, port: u16, path: &str) -> Option<u16> {
    let task = world.ecs.task(key)?;
    let image = listener(world, task, port)?;
    let is_check = || task.registrations.iter().any(|one| elb::check_path(world, one.group) == Some(path));
    Some(match () {
        () if task.faults.health_path && is_check() => 404,
        () if task.faults.errors && !is_check() => 500,
        () if is_wrong(world, task, image) => 500,
        () => image.status(path),
    })
}

/// What users get from a task: status, headers, body. The program reports its release where its image says.
pub(crate) fn respond(
    world: &World,
    key: TaskKey,
    port: u16,
    path: &str,
) -> Option<(u16, BTreeMap<String, String>, String)> {
    let status = status_of(world, key, port, path)?;
    let task = world.ecs.task(key)?;
    let image = listener(world, task, port)?;
    let plans = &world.ecs.definition(task.definition).containers;
    let configured =
        plans.iter().find(|plan| plan.ports.contains(&port)).and_then(|plan| plan.release.as_ref());
    let release = task.old_release.as_ref().or(image.release.as_ref()).or(configured);
    let mut headers = BTreeMap::new();
    if let Some((header, release)) = image.release_header.as_ref().zip(release) {
        headers.insert(header.to_ascii_lowercase(), release.clone());
    }
    let own = image.bodies.get(path).filter(|_| (200..300).contains(&status));
    let (content_type, body) = match (own, release) {
        (Some(own), _) => {
            let release = release.map_or("", String::as_str);
            (own.content_type.as_str(), own.text.replace(RELEASE, release))
        }
        (None, Some(release)) => {
            ("application/json", format!("{{\"status\":{status},\"release\":\"{release}\"}}"))
        }
        (None, None) => ("application/json", format!("{{\"status\":{status}}}")),
    };
    headers.insert("content-type".to_owned(), content_type.to_owned());
    Some((status, headers, body))
}

/// Whether users of this task get server errors, from when it gets requests on.
pub(crate) fn errs(world: &World, key: TaskKey) -> bool {
    let Some(task) = world.ecs.task(key).filter(|task| task.started_at.is_some() && task.is_running()) else {
        return false;
    };
    let wrong = |digest: Option<&str>| is_wrong(world, task, image(world, digest));
    task.faults.errors || task.containers.iter().any(|state| wrong(state.image_digest.as_deref()))
}
