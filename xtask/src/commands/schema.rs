//! `schema`: the JSON Schemas that editors complete and validate the TOML files with.

use std::process::ExitCode;

use crate::failure::Failure;
use crate::output;
use crate::project::Project;

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only compare; exit 10 where a file is out of date
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    let stale = stale_schemas(project)?;
    if args.check {
        return report(&stale.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    }
    let folder = project.root().join("infra/schema");
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::unexpected(format!("failed to create {}", folder.display())).because(error)
    })?;
    for (name, text) in &stale {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| {
            Failure::unexpected(format!("failed to write {}", path.display())).because(error)
        })?;
    }
    output::data(&stale.iter().map(|(name, _)| format!("wrote infra/schema/{name}\n")).collect::<String>())
}

/// Fails naming every schema that is out of date.
pub(crate) fn report(stale: &[&str]) -> Result<ExitCode, Failure> {
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::differences(format!("out of date under infra/schema: {}", stale.join(", ")))
        .hint("cargo xtask schema"))
}

/// The schemas whose file does not hold what the types say: file name and right content.
pub(crate) fn stale_schemas(project: &Project) -> Result<Vec<(String, String)>, Failure> {
    let mut stale = Vec::new();
    for (name, text) in env_config::schemas() {
        let path = project.root().join("infra/schema").join(name);
        match std::fs::read_to_string(&path) {
            Ok(found) if found == text => {}
            Ok(_) => stale.push((name.to_string(), text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                stale.push((name.to_string(), text));
            }
            Err(error) => {
                return Err(Failure::unexpected(format!("failed to read {}", path.display())).because(error));
            }
        }
    }
    Ok(stale)
}
