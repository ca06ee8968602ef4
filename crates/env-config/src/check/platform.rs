//! `infra/platform.toml`.

use std::collections::BTreeMap;

use super::{Report, list, routes, secrets};
use crate::{
    document::Document,
    error::Problem,
    names::ServiceName,
    platform::Platform,
    service::{EnvValue, Service, ValueSource},
};

/// Everything wrong with the platform, beyond its schema.
pub(crate) fn platform(document: &Document<'_>, platform: &Platform) -> Vec<Problem> {
    let mut report = Report::new(document);
    deployment(&mut report, platform);
    certificate(&mut report, platform);
    unique_services(&mut report, platform);
    for (name, service) in &platform.services {
        health(&mut report, platform, name, service);
        version(&mut report, platform, name, service);
        calls(&mut report, platform, name, service);
        environment(&mut report, &["services", name.as_str()], service, &service.environment);
    }
    header(&mut report, platform);
    tasks(&mut report, platform);
    routes::check(&mut report, platform);
    secrets::check(&mut report, platform);
    exemptions(&mut report, platform);
    report.problems
}

fn deployment(report: &mut Report<'_, '_>, platform: &Platform) {
    let deployment = &platform.deployment;
    let alarm = deployment.target_5xx_alarm;
    let alarm_secs = alarm.period_secs * alarm.evaluation_periods;
    if deployment.bake_time_minutes * 60 < alarm_secs {
        report.value(
            &["deployment", "bake_time_minutes"],
            format!("the alarm takes {alarm_secs} s, longer than the bake time of {} min", deployment.bake_time_minutes),
            "allowed: at least period_secs × evaluation_periods of deployment.target_5xx_alarm, or the alarm cannot fail a \
             deployment",
        );
    }
    let check = deployment.health_check;
    if check.timeout_secs >= check.interval_secs {
        report.value(
            &["deployment", "health_check", "timeout_secs"],
            format!(
                "a timeout of {} s does not fit an interval of {} s",
                check.timeout_secs, check.interval_secs
            ),
            format!("allowed: less than interval_secs, 2 to {}", check.interval_secs - 1),
        );
    }
}

/// A load balancer takes certificates of its own region and account only (elb:create-https-listener, acm:acm-services).
fn certificate(report: &mut Report<'_, '_>, platform: &Platform) {
    let Some(arn) = &platform.certificate_arn else { return };
    let (region, account) = arn.place();
    if (region, account) != (platform.region.as_str(), platform.account_id.as_str()) {
        report.value(
            &["certificate_arn"],
            format!("the certificate is in {region} of account {account}"),
            format!(
                "expected one in {} of account {}: a load balancer takes no other",
                platform.region, platform.account_id
            ),
        );
    }
}

/// Ports, repositories and the names in logical ids.
fn unique_services(report: &mut Report<'_, '_>, platform: &Platform) {
    let mut ports: BTreeMap<u16, &str> = BTreeMap::new();
    let mut repositories: BTreeMap<String, &str> = BTreeMap::new();
    let mut logical: BTreeMap<String, &str> = BTreeMap::new();
    for (name, service) in &platform.services {
        let name_text = name.as_str();
        if let Some(other) = ports.insert(service.port, name_text) {
            let taken = list(platform.services.values().map(|service| service.port));
            report.value(
                &["services", name_text, "port"],
                format!("port {} of `{name}` is also that of `{other}`", service.port),
                format!("each service has a port of its own; taken: {taken}"),
            );
        }
        let repository = platform.repository(name, service);
        if let Some(other) = repositories.insert(repository.clone(), name_text) {
            report.value(
                &["services", name_text, "repository"],
                format!("repository `{repository}` of `{name}` is also that of `{other}`"),
                "tags are immutable: two images of one commit do not fit into one repository",
            );
        }
        if let Some(other) = logical.insert(name.pascal_case(), name_text) {
            report.key(
                &["services", name_text],
                format!("`{name}` and `{other}` both become `{}` in the template", name.pascal_case()),
                "allowed: names that differ in more than hyphens",
            );
        }
    }
}

fn health(report: &mut Report<'_, '_>, platform: &Platform, name: &ServiceName, service: &Service) {
    let here = ["services", name.as_str()];
    if service.is_public() && service.health_check.is_none() {
        report.key(
            &here,
            format!("`{name}` has routes, but no health check"),
            format!("add [services.{name}.health_check] with `path`, the path that answers 200 when the service can work"),
        );
    }
    if !service.is_public() && service.health_check.is_some() {
        report.key(
            &[here[0], here[1], "health_check"],
            format!("`{name}` has a health check of the load balancer, but no routes"),
            format!("an internal service is judged by [services.{name}.container_health_check]"),
        );
    }
    if !service.is_public() && service.container_health_check.is_none() {
        report.key(
            &here,
            format!("`{name}` is internal and has no container health check"),
            format!(
                "add [services.{name}.container_health_check]: nothing else tells whether a new release works"
            ),
        );
    }
    if let Some(check) = platform.target_health_check(service)
        && check.timeout_secs >= check.interval_secs
        && service
            .health_check
            .as_ref()
            .is_some_and(|own| own.timeout_secs.is_some() || own.interval_secs.is_some())
    {
        report.value(
            &[here[0], here[1], "health_check"],
            format!(
                "`{name}`: a timeout of {} s does not fit an interval of {} s",
                check.timeout_secs, check.interval_secs
            ),
            "allowed: a timeout_secs less than interval_secs",
        );
    }
    if let Some(check) = &service.container_health_check
        && !matches!(check.command.first().map(String::as_str), Some("CMD" | "CMD-SHELL"))
    {
        report.value(
            &[here[0], here[1], "container_health_check", "command", "0"],
            format!("`{}` does not say how to run the check", check.command.first().map_or("", String::as_str)),
            "allowed as first entry: CMD (program and arguments follow) or CMD-SHELL (one line for the shell follows)",
        );
    }
}

/// Users have to reach a version endpoint, as the health check after a deployment asks it from outside.
fn version(report: &mut Report<'_, '_>, platform: &Platform, name: &ServiceName, service: &Service) {
    let Some(endpoint) = &service.version_endpoint else { return };
    let here = ["services", name.as_str(), "version_endpoint", "path"];
    if !service.is_public() {
        return report.key(
            &here[..3],
            format!("`{name}` has a version endpoint, but no routes"),
            "leave it out: nobody can ask an internal service from outside",
        );
    }
    let path = &endpoint.path;
    let message = match platform.routed_to(path.as_str()) {
        Some(found) if found == name => return,
        Some(other) => format!("requests for `{path}` go to `{other}`, not to `{name}`"),
        None => format!("no route leads `{path}` to `{name}`"),
    };
    let patterns = list(service.routes.iter().flat_map(|route| &route.paths));
    report.value(
        &here,
        message,
        format!("allowed: a path that the routes of `{name}` lead to it ({patterns})"),
    );
}

/// A header that nobody reads.
fn header(report: &mut Report<'_, '_>, platform: &Platform) {
    let mut public = platform.services.values().filter(|service| service.is_public()).peekable();
    if platform.release_header.is_some()
        && public.peek().is_some()
        && public.all(|service| service.version_endpoint.is_some())
    {
        report.key(
            &["release_header"],
            "no service names its release in a header: each public one has a `version_endpoint`".to_owned(),
            "keep one of them: leave `release_header` out, or the version endpoint of a service that sends the header",
        );
    }
}

fn calls(report: &mut Report<'_, '_>, platform: &Platform, name: &ServiceName, service: &Service) {
    for (index, callee) in service.calls.iter().enumerate() {
        let index = index.to_string();
        let path = ["services", name.as_str(), "calls", &index];
        if callee == name {
            report.value(&path, format!("`{name}` calls itself"), "leave it out");
        } else if !platform.services.contains_key(callee) {
            report.value(
                &path,
                format!("`{name}` calls `{callee}`, which is no service"),
                format!("allowed: {}", list(platform.services.keys().filter(|other| *other != name))),
            );
        }
    }
}

/// Variables that the template sets itself.
const RESERVED: [&str; 3] = ["PORT", "RELEASE", "COMMIT"];

/// Endings of variables whose values must not be in a file.
const SECRET_ENDINGS: [&str; 3] = ["PASSWORD", "SECRET", "TOKEN"];

fn environment(
    report: &mut Report<'_, '_>,
    at: &[&str; 2],
    service: &Service,
    variables: &indexmap::IndexMap<crate::names::EnvVarName, EnvValue>,
) {
    for (variable, value) in variables {
        let path = [at[0], at[1], "environment", variable.as_str()];
        if RESERVED.contains(&variable.as_str()) {
            let help = format!("{} are set for every container", RESERVED.join(", "));
            report.key(&path, format!("`{variable}` is reserved"), help);
        }
        match value {
            EnvValue::Literal(_)
                if SECRET_ENDINGS.iter().any(|ending| variable.as_str().ends_with(ending)) =>
            {
                report.key(
                    &path,
                    format!("`{variable}` looks like a secret, and this file is public to everyone with the repository"),
                    format!("put it under [{}.{}.secrets] as {{ secret = \"…\", key = \"…\" }}", at[0], at[1]),
                );
            }
            EnvValue::Literal(_) => {}
            EnvValue::From(from) => source(report, &path, service, &from.from),
        }
    }
}

/// A value can come only from what the service is connected to.
fn source(report: &mut Report<'_, '_>, path: &[&str], service: &Service, source: &ValueSource) {
    let help = match source {
        ValueSource::DatabaseHost
        | ValueSource::DatabasePort
        | ValueSource::DatabaseName
        | ValueSource::DatabaseUsername
            if !service.database =>
        {
            "set `database = true` in the service, so that it is let in".to_owned()
        }
        ValueSource::CacheHost
        | ValueSource::CachePort
        | ValueSource::CacheUrl
        | ValueSource::CacheUsername
            if !service.cache =>
        {
            "set `cache = true` in the service, so that it is let in".to_owned()
        }
        ValueSource::ServiceUrl(callee) if !service.calls.contains(callee) => {
            format!("add \"{callee}\" to `calls` of the service, so that it is let in")
        }
        _ => return,
    };
    report.value(path, format!("`{source}` is not reachable from here"), help);
}

fn tasks(report: &mut Report<'_, '_>, platform: &Platform) {
    for (name, task) in &platform.tasks {
        let here = ["tasks", name.as_str()];
        if platform.services.keys().any(|service| service.pascal_case() == name.pascal_case()) {
            let help = "task definitions and log groups are named after both; rename one";
            report.key(&here, format!("`{name}` is both a task and a service"), help);
        }
        report.size(&[here[0], here[1], "size", "memory_mib"], task.size);
        match platform.services.get(&task.service) {
            Some(service) => environment(report, &here, service, &task.environment),
            None => report.value(
                &[here[0], here[1], "service"],
                format!("`{name}` runs on the image of `{}`, which is no service", task.service),
                format!("allowed: {}", list(platform.services.keys())),
            ),
        }
    }
}

fn exemptions(report: &mut Report<'_, '_>, platform: &Platform) {
    for (index, exemption) in platform.waf.exemptions.iter().enumerate() {
        let index = index.to_string();
        for (nth, path) in exemption.paths.iter().enumerate() {
            let fixed = path.as_str().strip_suffix("/*").unwrap_or(path.as_str());
            if fixed.is_empty() || fixed.contains(['*', '?']) {
                report.value(
                    &["waf", "exemptions", &index, "paths", &nth.to_string()],
                    format!("`{path}` is no path of an exemption"),
                    "allowed: an exact path, or everything below one with /* at the end",
                );
            }
        }
    }
}
