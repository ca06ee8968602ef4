//! The templates of the repository's own configuration.

use std::path::Path;

use env_config::Config;

fn config() -> Config {
    Config::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

#[test]
fn whole_templates() {
    let config = config();
    let shared = stack_model::shared(&config).unwrap();
    insta::assert_snapshot!("shared", shared.pretty());
    for environment in config.environments.values() {
        let document = stack_model::environment(&config, environment).unwrap();
        insta::assert_snapshot!(environment.name.as_str(), document.pretty());
    }
}
