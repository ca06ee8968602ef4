//! Where configurations come from: the working tree, other files, git revisions; and scenarios.

use std::path::{Path, PathBuf};

use env_config::{Config, Scenario};
use ops_cli::git;
use rollout_lab::Texts;
use rollout_sim::fault::FaultKind;

use crate::failure::Failure;

const PLATFORM: &str = "infra/platform.toml";
const ENVIRONMENTS: &str = "infra/environments";
const SCENARIOS: &str = "infra/scenarios";

/// The configuration of the working tree. An environment that does not exist is answered with those that do.
pub(crate) fn working_tree(root: &Path, environment: &str) -> Result<Texts, Failure> {
    let file = root.join(ENVIRONMENTS).join(format!("{environment}.toml"));
    if !file.is_file() {
        Config::load(root)?.environment(environment)?;
    }
    Ok(Texts {
        platform: read(&root.join(PLATFORM))?,
        environment_file: format!("{environment}.toml"),
        environment: read(&file)?,
    })
}

/// What `--compare` names, with the name of the environment in it.
pub(crate) fn other(root: &Path, texts: &Texts, name: &str) -> Result<(Texts, String), Failure> {
    let environment = texts.environment_file.trim_end_matches(".toml").to_owned();
    if root.join(ENVIRONMENTS).join(format!("{name}.toml")).is_file() {
        return Ok((working_tree(root, name)?, name.to_owned()));
    }
    let path = root.join(name);
    if path.is_file() {
        return file(texts, &environment, &path);
    }
    if path.is_dir() {
        return Ok((folder(&path, &environment)?, environment));
    }
    if is_revision(root, name) {
        let show = |file: &str| show(root, name, file);
        let file = format!("{ENVIRONMENTS}/{environment}.toml");
        let environment_text = show(&file)?;
        let texts = Texts { platform: show(PLATFORM)?, environment: environment_text, ..texts.clone() };
        return Ok((texts, environment));
    }
    let environments = names(&root.join(ENVIRONMENTS));
    Err(Failure::UnknownOther { other: name.to_owned(), environments })
}

/// One file stands for the platform's or for the environment's, as its content says.
fn file(texts: &Texts, environment: &str, path: &Path) -> Result<(Texts, String), Failure> {
    let text = read(path)?;
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let of_environment = table.get("stack_name").and_then(|_| table.get("name")?.as_str());
    Ok(match of_environment {
        Some(name) => {
            let name = name.to_owned();
            let environment_file = format!("{name}.toml");
            (Texts { environment: text, environment_file, ..texts.clone() }, name)
        }
        None => (Texts { platform: text, ..texts.clone() }, environment.to_owned()),
    })
}

fn folder(path: &Path, environment: &str) -> Result<Texts, Failure> {
    let path = if path.join("infra").is_dir() { path.join("infra") } else { path.to_owned() };
    let environment_file = format!("{environment}.toml");
    Ok(Texts {
        platform: read(&path.join("platform.toml"))?,
        environment: read(&path.join("environments").join(&environment_file))?,
        environment_file,
    })
}

/// A scenario, by the name of its file.
pub(crate) fn scenario(root: &Path, name: &str) -> Result<Scenario, Failure> {
    let file = format!("{SCENARIOS}/{name}.toml");
    let path = root.join(&file);
    if !path.is_file() {
        let known = names(&root.join(SCENARIOS));
        return Err(Failure::UnknownScenario { name: name.to_owned(), known });
    }
    let kinds: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
    Ok(Scenario::read(&file, &read(&path)?, &kinds)?)
}

/// Names of the TOML files in a folder, sorted; none where there is no folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path());
    let toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let stem = |path: PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned());
    let mut names: Vec<String> = files.filter(toml).filter_map(stem).collect();
    names.sort();
    names
}

/// What a scenario or a template may have, in bytes; a template of CloudFormation has at most a million.
const MAX_SOURCE: u64 = 16 * 1024 * 1024;

fn read(path: &Path) -> Result<String, Failure> {
    env_config::read_text(path, MAX_SOURCE).map_err(|source| Failure::Read { path: path.to_owned(), source })
}

fn is_revision(root: &Path, name: &str) -> bool {
    git::peel(root, name).is_ok_and(|commit| commit.is_some())
}

fn show(root: &Path, revision: &str, file: &str) -> Result<String, Failure> {
    let commit = git::peel(root, revision).ok().flatten();
    commit
        .and_then(|commit| git::file(root, &commit, file).ok().flatten())
        .ok_or_else(|| Failure::NotInRevision { revision: revision.to_owned(), file: file.to_owned() })
}
