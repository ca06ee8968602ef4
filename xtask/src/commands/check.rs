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
        let bytes = template.compact().len();
        // What is longer than CloudFormation takes in a call goes through a bucket (CFN:cloudformation-limits).
        let most = if bytes <= 51_200 { "51,200" } else { "1,000,000" };
        let resources = template.resource_types().count();
        lines.push_str(&format!(
            "{}: {resources} resources, {bytes} of {most} bytes\n",
            template.stack_name()
        ));
    }
    limits(&rendered)?;
    for env_config::Example { file, key, value, instead } in env_config::examples(&config) {
        lines.push_str(&format!("note: {file}: {key} = {value} is an example: AWS needs {instead}\n"));
    }
    lines.push_str(&roles(stack_model::limits::roles(&rendered))?);
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

/// Refuses more roles than an account takes at all, and says where it takes them only after a request.
fn roles(count: usize) -> Result<String, Failure> {
    let [usual, most] = stack_model::limits::ROLES_OF_ACCOUNT;
    if count > most {
        return Err(Failure::bad_input(format!(
            "all stacks together make {count} roles, AWS takes {most} in an account (IAM user guide, reference_iam-quotas); \
             decided by the files of infra/environments and [services] of infra/platform.toml: two for each service in each \
             environment"
        )));
    }
    Ok(match count > usual {
        true => format!(
            "roles: {count}; an account takes {usual}, and up to {most} after a request for more (Service Quotas, IAM)\n"
        ),
        false => String::new(),
    })
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

#[cfg(test)]
mod tests {
    use super::roles;

    #[test]
    fn roles_beyond_what_an_account_takes_are_refused_and_beyond_its_quota_are_told() {
        assert_eq!(roles(1_000).ok().as_deref(), Some(""));
        assert!(roles(1_001).is_ok_and(|line| line.contains("1000, and up to 5000 after a request")));
        assert!(roles(5_000).is_ok());
        assert!(roles(5_001).is_err_and(|failure| format!("{failure:?}").contains("infra/environments")));
    }
}
