//! The repository's own configuration on a stage.

use std::path::PathBuf;
use std::sync::OnceLock;

use rollout_lab::{Case, Outcome, Play, Stage, Texts, Watcher};
use rollout_sim::fault::Fault;

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn texts(environment: &str) -> Texts {
    let read = |file: &str| std::fs::read_to_string(root().join("infra").join(file)).unwrap();
    let environment_file = format!("{environment}.toml");
    Texts {
        platform: read("platform.toml"),
        environment: read(&format!("environments/{environment_file}")),
        environment_file,
    }
}

pub(crate) fn case(environment: &str) -> Case {
    Case::new_release(texts(environment).config(&[]).unwrap(), environment)
}

/// Staging, set once.
pub(crate) fn staging() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::set(case("staging")).unwrap())
}

pub(crate) fn faults(texts: &[&str]) -> Vec<Fault> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub(crate) fn play(stage: &Stage, watcher: Watcher, broken: &[&str]) -> Outcome {
    stage.play(&Play::new(watcher, &faults(broken))).unwrap()
}
