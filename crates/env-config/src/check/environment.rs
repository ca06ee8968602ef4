//! `infra/environments/<name>.toml`.

use super::{Report, list};
use crate::{
    document::Document, environment::Environment, error::Problem, names::ServiceName, platform::Platform,
};

/// Everything wrong with an environment on its own, beyond its schema. Without a platform (it has problems itself), what
/// depends on it is left for the next run.
pub(crate) fn environment(
    document: &Document<'_>,
    environment: &Environment,
    file_stem: &str,
    platform: Option<&Platform>,
) -> Vec<Problem> {
    let mut report = Report::new(document);
    if environment.name.as_str() != file_stem {
        report.value(
            &["name"],
            format!("`{}` is not the name of its file", environment.name),
            format!("call the environment `{file_stem}`, or the file {}.toml", environment.name),
        );
    }
    network_and_storage(&mut report, environment);
    sizes(&mut report, environment);
    if let Some(platform) = platform {
        domain(&mut report, environment, platform);
        zone(&mut report, environment, platform);
        services(&mut report, environment, platform);
        if environment.seed_on_deploy && !platform.tasks.contains_key("seed") {
            report.value(
                &["seed_on_deploy"],
                "there is no task `seed` to run".to_owned(),
                "add [tasks.seed] to infra/platform.toml, or set it to false",
            );
        }
    }
    report.problems
}

fn network_and_storage(report: &mut Report<'_, '_>, environment: &Environment) {
    let network = environment.network;
    if network.nat_gateways != 1 && network.nat_gateways != network.availability_zones {
        report.value(
            &["network", "nat_gateways"],
            format!(
                "{} NAT gateways do not spread over {} zones",
                network.nat_gateways, network.availability_zones
            ),
            format!("allowed: 1, or {} (one for each zone)", network.availability_zones),
        );
    }
    let database = &environment.database;
    if database.max_allocated_storage_gib < database.allocated_storage_gib {
        let path: &[&str] = if report.document.has(&["database", "max_allocated_storage_gib"]) {
            &["database", "max_allocated_storage_gib"]
        } else {
            &["database", "allocated_storage_gib"]
        };
        report.value(
            path,
            format!(
                "storage of {} GiB is above its limit of {} GiB",
                database.allocated_storage_gib, database.max_allocated_storage_gib
            ),
            "allowed: max_allocated_storage_gib from allocated_storage_gib to 65536",
        );
    }
}

fn sizes(report: &mut Report<'_, '_>, environment: &Environment) {
    let common =
        crate::sizes::FargateSize { cpu: environment.ecs.cpu, memory_mib: environment.ecs.memory_mib };
    report.size(&["ecs", "memory_mib"], common);
    for (name, own) in &environment.ecs.services {
        if own.cpu.is_none() && own.memory_mib.is_none() {
            continue;
        }
        let key = if own.memory_mib.is_some() { "memory_mib" } else { "cpu" };
        report.size(&["ecs", "services", name.as_str(), key], environment.service_scale(name).size);
    }
}

fn domain(report: &mut Report<'_, '_>, environment: &Environment, platform: &Platform) {
    let zone = &platform.hosted_zone;
    let expected = match &environment.subdomain {
        Some(label) => format!("{label}.{zone}"),
        None => zone.to_string(),
    };
    if environment.domain.as_str() != expected {
        report.value(
            &["domain"],
            format!("`{}` is not what `subdomain` and the hosted zone `{zone}` make", environment.domain),
            format!(
                "expected `{expected}`; the wildcard certificate covers `{zone}` and one label in front of it"
            ),
        );
    }
}

/// Two zones of one name would both look right, and only one of them is asked.
fn zone(report: &mut Report<'_, '_>, environment: &Environment, platform: &Platform) {
    let Some(id) = &environment.hosted_zone_id else { return };
    if environment.subdomain.is_none() && platform.hosted_zone_id.as_ref() != Some(id) {
        report.value(
            &["hosted_zone_id"],
            format!("`{}` is the platform's hosted zone itself, and `{id}` is another", environment.domain),
            "leave it out here; an existing zone of that name is `hosted_zone_id` in infra/platform.toml",
        );
    }
}

fn services(report: &mut Report<'_, '_>, environment: &Environment, platform: &Platform) {
    for name in environment.ecs.services.keys().filter(|name| !platform.services.contains_key(*name)) {
        report.key(
            &["ecs", "services", name.as_str()],
            format!("there is no service `{name}`"),
            format!("allowed: {}", list(platform.services.keys())),
        );
    }
    for name in platform.services.keys() {
        room_to_roll(report, environment, platform, name);
    }
}

/// ECS keeps at least ceil(desired × minimum %) tasks and runs at most floor(desired × maximum %): without room in between
/// no task can be replaced and every rollout stands still.
fn room_to_roll(
    report: &mut Report<'_, '_>,
    environment: &Environment,
    platform: &Platform,
    name: &ServiceName,
) {
    let desired = environment.service_scale(name).desired_count;
    let least = (desired * platform.deployment.minimum_healthy_percent).div_ceil(100);
    let most = desired * platform.deployment.maximum_percent / 100;
    let own = environment.ecs.services.get(name).is_some_and(|own| own.desired_count.is_some());
    let first = platform.services.keys().next() == Some(name);
    if desired == 0 || most > least || !(own || first) {
        return;
    }
    let path: &[&str] =
        if own { &["ecs", "services", name.as_str(), "desired_count"] } else { &["ecs", "desired_count"] };
    report.value(
        path,
        format!("no rollout can proceed: of {desired} tasks {least} must stay, and {most} may run at once"),
        "raise deployment.maximum_percent in infra/platform.toml (200 always works)",
    );
}
