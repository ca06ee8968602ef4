//! What AWS takes at most: the templates of a large platform stay below, and what does not is named with its key.

use std::collections::BTreeMap;

use env_config::Config;
use stack_model::limits::{Usage, usage};

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
        more.paths = (0..6).map(|part| format!("/p{number}/{part}").parse().unwrap()).collect();
        api.routes.push(more);
    }
    config.environments["staging"].ecs.desired_count = 300;
    let found = broken(&config, "staging");
    assert_eq!(found["rules of a load balancer"], 104);
    assert_eq!(found["path patterns in a rule"], 6);
    assert_eq!(found["targets of a load balancer while all services are rolled out at once"], 1_800);
    assert_eq!(found.len(), 3, "{found:?}");
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
