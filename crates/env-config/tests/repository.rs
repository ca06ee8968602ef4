//! The configuration of this repository.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use env_config::Config;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[test]
fn loads() {
    let config = Config::load(&root()).unwrap();
    assert_eq!(
        config.environments.keys().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["production", "staging"]
    );
    assert_eq!(
        config.platform.services.keys().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["api", "frontend", "mcp"]
    );
}
