//! Routes: each request has one place to go, and every route can be reached.

use std::collections::BTreeMap;

use super::Report;
use crate::platform::Platform;

struct Place<'a> {
    service: &'a str,
    route: String,
    index: String,
    priority: u32,
    pattern: &'a str,
}

pub(super) fn check(report: &mut Report<'_, '_>, platform: &Platform) {
    priorities(report, platform);
    let mut places = Vec::new();
    for (name, service) in &platform.services {
        for (route, rule) in service.routes.iter().enumerate() {
            for (index, pattern) in rule.paths.iter().enumerate() {
                places.push(Place {
                    service: name.as_str(),
                    route: route.to_string(),
                    index: index.to_string(),
                    priority: rule.priority,
                    pattern: pattern.as_str(),
                });
            }
        }
    }
    places.sort_by_key(|place| place.priority);
    for (nth, place) in places.iter().enumerate() {
        let Some(earlier) = places[..nth].iter().find(|earlier| covers(earlier.pattern, place.pattern))
        else {
            continue;
        };
        let path = ["services", place.service, "routes", &place.route, "paths", &place.index];
        if earlier.pattern == place.pattern {
            report.value(
                &path,
                format!("`{}` is already a path of `{}`", place.pattern, earlier.service),
                "each path goes to one service",
            );
        } else if earlier.priority < place.priority {
            report.value(
                &path,
                format!(
                    "`{}` is never reached: `{}` of `{}` takes its requests",
                    place.pattern, earlier.pattern, earlier.service
                ),
                format!("give its route a priority below {}", earlier.priority),
            );
        }
    }
}

fn priorities(report: &mut Report<'_, '_>, platform: &Platform) {
    let mut taken: BTreeMap<u32, &str> = BTreeMap::new();
    for (name, service) in &platform.services {
        for (route, rule) in service.routes.iter().enumerate() {
            if let Some(other) = taken.insert(rule.priority, name.as_str()) {
                report.value(
                    &["services", name.as_str(), "routes", &route.to_string(), "priority"],
                    format!(
                        "priority {} of a route of `{name}` is also that of a route of `{other}`",
                        rule.priority
                    ),
                    "allowed: any number from 1 to 50000 that no other route has; the lowest is tried first",
                );
            }
        }
    }
}

/// Whether every path that fits `narrow` fits `wide` too. Sees only a single `*` at the end of `wide`.
fn covers(wide: &str, narrow: &str) -> bool {
    match wide.strip_suffix('*') {
        Some(prefix) if !prefix.contains(['*', '?']) => narrow.starts_with(prefix),
        _ => wide == narrow,
    }
}
