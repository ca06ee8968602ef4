//! `check`: configuration, schemas and templates, and cfn-lint where it is installed.

use std::process::ExitCode;

use cfn::Document;

use crate::commands::schema;
use crate::failure::Failure;
use crate::process::must_succeed;
use crate::project::Project;
use crate::{output, templates};

/// Arguments of `check`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(project: &Project, _args: &Args) -> Result<ExitCode, Failure> {
    let config = project.config()?;
    let stale = schema::stale_schemas(project)?;
    schema::report(&stale.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())?;
    let rendered = templates::select(&config, "all")?;
    let mut lines = format!("configuration: {} environments\nschemas: current\n", config.environments.len());
    for template in &rendered {
        lines.push_str(&format!(
            "{}: {} resources, {} of 51,200 bytes\n",
            template.stack_name(),
            template.resource_types().count(),
            template.compact().len()
        ));
    }
    limits(&rendered)?;
    for env_config::Example { file, key, value, instead } in env_config::examples(&config) {
        lines.push_str(&format!("note: {file}: {key} = {value} is an example: AWS needs {instead}\n"));
    }
    lines.push_str(&lint(project, &rendered)?);
    output::data(&lines)
}

/// Refuses what AWS would refuse in the middle of an operation, all of it at once.
fn limits(rendered: &[Document]) -> Result<(), Failure> {
    let mut broken = Vec::new();
    for template in rendered {
        for usage in stack_model::limits::usage(template).iter().filter(|usage| usage.is_too_much()) {
            let limit = usage.limit;
            broken.push(format!(
                "{}, {}: {} {}, AWS takes {} ({}); decided by {}",
                template.stack_name(),
                usage.place,
                usage.found,
                limit.what,
                limit.most,
                limit.source,
                limit.key
            ));
        }
    }
    match broken.is_empty() {
        true => Ok(()),
        false => Err(Failure::bad_input(format!("AWS has a limit below this:\n{}", broken.join("\n")))),
    }
}

/// cfn-lint over every template; says so where it is not installed. `cargo xtask ci` insists on it.
fn lint(project: &Project, rendered: &[Document]) -> Result<String, Failure> {
    // Only the pinned version: another one knows other rules.
    let program = project.root().join(".venv/validators/bin/cfn-lint");
    if !program.is_file() {
        return Ok("cfn-lint: not installed, left out (`cargo xtask ci` installs and runs it)\n".to_owned());
    }
    let folder = project.root().join("target/templates");
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::unexpected(format!("failed to create {}", folder.display())).because(error)
    })?;
    for template in rendered {
        let path = folder.join(format!("{}.template.json", template.stack_name()));
        std::fs::write(&path, template.compact()).map_err(|error| {
            Failure::unexpected(format!("failed to write {}", path.display())).because(error)
        })?;
        let command = duct::cmd!(&program, "--include-checks", "W", "--template", &path)
            .stdout_to_stderr()
            .dir(project.root());
        must_succeed(&command, &format!("cfn-lint on {}", template.stack_name()))?;
    }
    Ok(format!("cfn-lint: no findings in {} templates\n", rendered.len()))
}
