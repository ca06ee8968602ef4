//! What AWS takes at most: the templates of a large platform stay below, and what does not is named with its key.

use std::collections::BTreeMap;

use env_config::Config;
use serde_json::json;
use stack_model::limits::{Usage, usage, usage_of};

use crate::templates::{config, document, documents};

/// The platform with this many services, each of them like the one that uses everything.
fn grown(services: usize) -> Config {
    let mut config = config();
    let model = config.platform.services["api"].clone();
    for number in config.platform.services.len()..services {
        let mut service = model.clone();
        let route = &mut service.routes[0];
        route.priority = 1_000 + u32::try_from(number).unwrap();
        route.paths = vec![format!("/s{number}/*").parse().unwrap()];
        config.platform.services.insert(format!("service-{number}").parse().unwrap(), service);
    }
    config
}

/// What is too much, by what is counted.
fn broken(config: &Config, environment: &str) -> BTreeMap<&'static str, usize> {
    let used = usage(&document(config, environment));
    used.into_iter().filter(Usage::is_too_much).map(|one| (one.limit.what, one.found)).collect()
}

#[test]
fn the_templates_are_within_every_limit() {
    for template in documents(&config()) {
        for one in usage(&template) {
            assert!(
                !one.is_too_much(),
                "{} {}: {} {}",
                template.stack_name(),
                one.place,
                one.found,
                one.limit.what
            );
        }
    }
}

#[test]
fn an_environment_of_forty_services_is_within_every_limit() {
    let config = grown(40);
    for environment in ["staging", "production"] {
        assert_eq!(broken(&config, environment), BTreeMap::new());
    }
}

#[test]
fn what_is_too_much_is_counted() {
    let mut config = config();
    let api = &mut config.platform.services["api"];
    let route = api.routes[0].clone();
    for number in 0..100_u32 {
        let mut more = route.clone();
        more.priority = 2_000 + number;
        let end = if number == 0 { "/*" } else { "" };
        more.paths = (0..6).map(|part| format!("/p{number}/{part}{end}").parse().unwrap()).collect();
        api.routes.push(more);
    }
    config.environments["staging"].ecs.desired_count = 300;
    let found = broken(&config, "staging");
    assert_eq!(found["rules of a load balancer"], 104);
    assert_eq!(found["path patterns in a rule"], 6);
    assert_eq!(found["wildcards in the paths of a rule"], 6);
    assert_eq!(found["targets of a load balancer while all services are rolled out at once"], 1_800);
    assert_eq!(found.len(), 4, "{found:?}");
}

/// Templates of today have no mappings; the limit is AWS's all the same.
#[test]
fn mappings_and_their_attributes_are_counted() {
    let keys = |count: usize| (0..count).map(|key| (format!("k{key}"), json!({"a": 1}))).collect();
    let wide: serde_json::Map<_, _> = keys(201);
    let mut mappings: serde_json::Map<String, serde_json::Value> = keys(200);
    for value in mappings.values_mut() {
        *value = json!({"key": wide});
    }
    let found = |mappings: &serde_json::Map<_, _>| {
        let used = usage_of(&json!({"Mappings": mappings, "Resources": {}}));
        let broken = used.into_iter().filter(Usage::is_too_much);
        broken.map(|one| (one.limit.what, one.found)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(found(&mappings), BTreeMap::from([("attributes of a mapping", 201)]));
    mappings.insert("one-more".to_owned(), json!({}));
    assert_eq!(found(&mappings)["mappings"], 201);
}

/// What finishes no template at all says what makes it too long, as what only single resources break does.
#[test]
fn a_template_that_is_too_long_names_the_keys_that_decide() {
    let config = grown(60);
    let error = stack_model::environment(&config, config.environment("staging").unwrap()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(" resources: at most 500"), "{text}");
    assert!(text.ends_with("and [tasks] of infra/platform.toml"), "{text}");
    let mut config = config;
    let staging = config.environments["staging"].clone();
    for number in 0..170 {
        let mut more = staging.clone();
        more.name = format!("e{number}").parse().unwrap();
        config.environments.insert(more.name.clone(), more);
    }
    let text = stack_model::shared(&config).unwrap_err().to_string();
    assert!(text.contains(" resources: at most 500"), "{text}");
    assert!(text.contains("infra/environments"), "{text}");
}

/// Every limit has a key that somebody can look for, and is measured in the templates that there are.
#[test]
fn limits_of_the_shared_template_are_measured_too() {
    let used = usage(&documents(&config())[0]);
    let found = |what: &str| used.iter().find(|one| one.limit.what == what).map_or(0, |one| one.found);
    for (what, least) in [
        ("characters in the inline policies of a role", 300),
        ("characters in a managed policy", 3_000),
        ("characters in a trust policy", 300),
        ("characters in a role's name", 20),
        ("characters in a bucket's name", 20),
        ("characters in the description", 20),
    ] {
        assert!(found(what) >= least, "{what}: {}", found(what));
    }
    let mut config = config();
    for number in 0..60 {
        let mut service = config.platform.services["frontend"].clone();
        service.repository = Some(format!("{}/{number}", "long-name".repeat(12)).parse().unwrap());
        config.platform.services.insert(format!("service-{number}").parse().unwrap(), service);
    }
    let used = usage(&stack_model::shared(&config).unwrap());
    let broken: Vec<_> = used.iter().filter(|one| one.is_too_much()).map(|one| one.limit.key).collect();
    assert!(!broken.is_empty() && broken.iter().all(|key| key.contains("[services]")), "{broken:?}");
}

/// A role that reads many secrets has them all in its policy.
#[test]
fn a_policy_that_is_too_long_is_measured_as_iam_counts_it() {
    let mut config = config();
    let secret = config.platform.secrets["session"].clone();
    for number in 0..100 {
        let name = format!("more-{number}");
        config.platform.secrets.insert(name.parse().unwrap(), secret.clone());
        let mut reference = config.platform.cache.password.clone();
        (reference.secret, reference.key) = (name.parse().unwrap(), "key".parse().unwrap());
        let api = &mut config.platform.services["api"];
        api.secrets.insert(format!("MORE_{number}").parse().unwrap(), reference);
    }
    let found = broken(&config, "staging");
    let [(what, length)] = found.into_iter().collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!(what, "characters in the inline policies of a role");
    assert!((12_800..16_000).contains(&length), "{length}");
}
