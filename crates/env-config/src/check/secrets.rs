//! Secrets: every reference has a target, every value a source.

use super::{Report, list};
use crate::{
    platform::Platform,
    secret::{Alphabet, SecretSource},
    service::SecretRef,
};

pub(super) fn check(report: &mut Report<'_, '_>, platform: &Platform) {
    for (name, secret) in &platform.secrets {
        for (key_name, key) in &secret.keys {
            let path = ["secrets", name.as_str(), "keys", key_name.as_str()];
            match (key.source, key.length, key.min_length) {
                (SecretSource::Generated, None, _) => report.key(
                    &path,
                    format!("`{key_name}` is generated, but has no length"),
                    "add `length`, the number of characters (8 to 4096)",
                ),
                (_, Some(_), Some(_)) => report.key(
                    &path,
                    format!("`{key_name}` has both `length` and `min_length`"),
                    "keep `length` for an exact number of characters, `min_length` for a least number",
                ),
                _ => {}
            }
        }
    }
    for (name, service) in &platform.services {
        for (variable, reference) in &service.secrets {
            let path = ["services", name.as_str(), "secrets", variable.as_str()];
            resolve(report, platform, &path, reference);
            if service.environment.contains_key(variable) {
                twice(report, &path, variable.as_str());
            }
        }
    }
    for (name, task) in &platform.tasks {
        for (variable, reference) in &task.secrets {
            let path = ["tasks", name.as_str(), "secrets", variable.as_str()];
            resolve(report, platform, &path, reference);
            if task.environment.contains_key(variable) {
                twice(report, &path, variable.as_str());
            }
        }
    }
    let password = &platform.database.password;
    resolve(report, platform, &["database", "password"], password);
    if platform.secret_key(&password.secret, &password.key).is_some_and(|key| {
        key.alphabet == Alphabet::Printable || key.length.or(key.min_length).unwrap_or(0) < 8
    }) {
        report.value(
            &["database", "password"],
            format!("`{}` of secret `{}` may not suit RDS", password.key, password.secret),
            "allowed: alphabet hex or alphanumeric (RDS refuses / @ \" and spaces), 8 characters or more",
        );
    }
    cache(report, platform);
}

/// Passwords of ElastiCache's users have 16 to 128 characters (developer guide, Clusters.RBAC).
fn cache(report: &mut Report<'_, '_>, platform: &Platform) {
    let cache = &platform.cache;
    if cache.user.as_str() == "default" {
        report.value(
            &["cache", "user"],
            "`default` is the user of clients that do not say who they are".to_owned(),
            "it is switched off; name the services' user otherwise, such as \"app\"",
        );
    }
    let references =
        [("password", Some(&cache.password)), ("second_password", cache.second_password.as_ref())];
    for (name, reference) in references {
        let Some(reference) = reference else { continue };
        let path = ["cache", name];
        resolve(report, platform, &path, reference);
        if platform.secret_key(&reference.secret, &reference.key).is_some_and(|key| {
            let length = key.length.or(key.min_length).unwrap_or(0);
            key.alphabet == Alphabet::Printable || !(16..=128).contains(&length)
        }) {
            report.value(
                &path,
                format!("`{}` of secret `{}` may not suit ElastiCache", reference.key, reference.secret),
                "allowed: alphabet hex or alphanumeric, 16 to 128 characters",
            );
        }
    }
    if cache.second_password.as_ref().is_some_and(|second| second.secret == cache.password.secret) {
        report.value(
            &["cache", "second_password"],
            format!("both passwords are in secret `{}`", cache.password.secret),
            "the second one needs a secret of its own, so that the first can go",
        );
    }
    for (name, service) in &platform.services {
        let password = |read: &SecretRef| cache.passwords().any(|password| password == read);
        if service.cache && !service.secrets.values().any(password) {
            let SecretRef { secret, key } = &cache.password;
            report.key(
                &["services", name.as_str(), "cache"],
                format!("`{name}` uses the cache, but gets no password for it"),
                format!(
                    "add CACHE_PASSWORD = {{ secret = \"{secret}\", key = \"{key}\" }} to [services.{name}.secrets]"
                ),
            );
        }
    }
}

fn twice(report: &mut Report<'_, '_>, path: &[&str], variable: &str) {
    report.key(path, format!("`{variable}` is both in `environment` and in `secrets`"), "keep one of them");
}

fn resolve(report: &mut Report<'_, '_>, platform: &Platform, path: &[&str], reference: &SecretRef) {
    match platform.secrets.get(&reference.secret) {
        None => report.value(
            path,
            format!("there is no secret `{}`", reference.secret),
            format!("allowed: {}; others are added under [secrets]", list(platform.secrets.keys())),
        ),
        Some(secret) if !secret.keys.contains_key(&reference.key) => report.value(
            path,
            format!("secret `{}` has no key `{}`", reference.secret, reference.key),
            format!("allowed: {}", list(secret.keys.keys())),
        ),
        Some(_) => {}
    }
}
