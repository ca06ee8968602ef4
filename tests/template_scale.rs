//! How the templates grow: a hundred environments of forty services each are within every limit, and twice as many
//! environments ask for twice as much.

use std::fmt::Write;

use cfn::Document;
use env_config::Config;
use stack_model::limits::{ROLES_OF_ACCOUNT, Usage, roles, usage};

/// The repository's own platform and staging, as the pattern of the others.
const PLATFORM: &str = include_str!("../infra/platform.toml");
const STAGING: &str = include_str!("../infra/environments/staging.toml");

/// Services that the platform has by itself.
const OWN: usize = 3;

/// The files of this many environments, each with this many services that use everything.
pub(crate) fn files(environments: usize, services: usize) -> (String, Vec<(String, String)>) {
    let mut platform = PLATFORM.to_owned();
    for number in OWN..services {
        write!(
            platform,
            r#"
[services.service-{number}]
port = {port}
user = "1000:1000"
database = true
cache = true
build = {{ dockerfile = "service-{number}/Dockerfile" }}
health_check = {{ path = "/s{number}/health" }}
container_health_check = {{ command = ["CMD", "/health"] }}
routes = [{{ priority = {priority}, paths = ["/s{number}", "/s{number}/*"] }}]
[services.service-{number}.environment]
DB_HOST = {{ from = "database.host" }}
REDIS_URL = {{ from = "cache.url" }}
REDIS_USERNAME = {{ from = "cache.username" }}
[services.service-{number}.secrets]
DB_PASSWORD = {{ secret = "database", key = "password" }}
REDIS_PASSWORD = {{ secret = "cache", key = "password" }}
SESSION_SECRET = {{ secret = "session", key = "key" }}
"#,
            port = 4_000 + number,
            priority = 1_000 + number,
        )
        .unwrap();
    }
    let environments = (1..=environments).map(|number| {
        let name = format!("e{number}");
        let text = STAGING.replace("staging", &name).replace("10.10.", &format!("10.{number}."));
        (format!("{name}.toml"), text)
    });
    (platform, environments.collect())
}

fn config(environments: usize, services: usize) -> Config {
    let (platform, environments) = files(environments, services);
    Config::from_texts(&platform, &environments).unwrap()
}

fn shared(environments: usize) -> Document {
    stack_model::shared(&config(environments, 40)).unwrap()
}

fn environment(services: usize) -> Document {
    let config = config(1, services);
    stack_model::environment(&config, config.environment("e1").unwrap()).unwrap()
}

/// Entries of a part of a template.
fn count(document: &Document, section: &str) -> usize {
    document.json()[section].as_object().map_or(0, serde_json::Map::len)
}

fn too_much(document: &Document) -> Vec<String> {
    let used = usage(document).into_iter().filter(Usage::is_too_much);
    used.map(|one| format!("{}: {} {} ({})", one.place, one.found, one.limit.what, one.limit.key)).collect()
}

#[test]
fn a_hundred_environments_of_forty_services_are_within_every_limit() {
    let config = config(100, 40);
    let shared = stack_model::shared(&config).unwrap();
    assert_eq!(too_much(&shared), Vec::<String>::new());
    assert!(shared.compact().len() < 500_000, "{}", shared.compact().len());
    for name in ["e1", "e100"] {
        let own = stack_model::environment(&config, config.environment(name).unwrap()).unwrap();
        assert_eq!(too_much(&own), Vec::<String>::new(), "{name}");
        assert!(own.compact().len() < 500_000, "{}", own.compact().len());
    }
}

/// What an account takes of roles is less than the templates have room for: `check` refuses more.
#[test]
fn an_account_has_roles_for_sixty_environments_of_forty_services() {
    let of = |environments: usize| roles(&[shared(environments)]) + environments * roles(&[environment(40)]);
    let [usual, most] = ROLES_OF_ACCOUNT;
    assert_eq!(of(1), 3 + 2 * 40 + 1);
    assert!(of(12) <= usual && of(13) > usual, "{}", of(12));
    assert!(of(60) <= most && of(61) > most, "{}", of(60));
}

/// From a size to the next one, each environment costs the same but for the digits of its name.
#[test]
fn the_shared_stack_grows_with_the_number_of_environments_and_no_faster() {
    let sizes = [2, 10, 50, 100].map(|environments| (environments, shared(environments)));
    let each = sizes.windows(2).map(|pair| {
        let [(few, small), (many, large)] = pair else { unreachable!() };
        assert_eq!(count(large, "Resources") - count(small, "Resources"), 3 * (many - few));
        assert_eq!(count(large, "Outputs"), count(small, "Outputs"));
        (large.compact().len() - small.compact().len()) / (many - few)
    });
    let each: Vec<usize> = each.collect();
    let (least, most) = (*each.iter().min().unwrap(), *each.iter().max().unwrap());
    assert!(least > 1_000 && most < 4_000 && most - least < 200, "{each:?}");
}

#[test]
fn an_environment_grows_with_the_number_of_services_and_no_faster() {
    let sizes = [10, 20, 40].map(|services| (services, environment(services)));
    let each = sizes.windows(2).map(|pair| {
        let [(few, small), (many, large)] = pair else { unreachable!() };
        (large.compact().len() - small.compact().len()) / (many - few)
    });
    let each: Vec<usize> = each.collect();
    assert!(each[0].abs_diff(each[1]) < 300, "{each:?}");
}
