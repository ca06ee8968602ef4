//! The steps that need more than Rust: Python validators.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use duct::Expression;

use crate::failure::Failure;
use crate::process::{find_program, must_succeed};
use crate::project::Project;
use crate::templates;

/// What checks templates and workflows.
pub(super) const VALIDATORS: &str = ".ci/requirements.txt";

/// Pinned Python tools, in a virtual environment of the project's own.
pub(super) struct Python {
    pub(super) bin: PathBuf,
}

impl Python {
    /// Installs what the file `requirements` pins, with the hash of every file, into `.venv/NAME`; once per content.
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
        ops_cli::say!("    installing the tools of {requirements} into .venv/{name}");
        must_succeed(&duct::cmd!(python, "-m", "venv", "--clear", &venv), "python3 -m venv")?;
        let install = duct::cmd!(
            bin.join("python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "--requirement",
            &pinned
        );
        must_succeed(&install.stdout_to_stderr(), "pip install")?;
        std::fs::write(&stamp, wanted).map_err(|error| {
            Failure::unexpected(format!("failed to write {}", stamp.display())).because(error)
        })?;
        Ok(Self { bin })
    }

    pub(super) fn run(
        &self,
        project: &Project,
        program: &str,
        args: impl IntoIterator<Item = OsString>,
    ) -> Expression {
        duct::cmd(self.bin.join(program), args).dir(project.root()).stdout_to_stderr()
    }
}

/// cfn-lint, the strict profile of cloudformation-validate and checkov over every template: no findings.
pub(super) fn templates(project: &Project) -> Result<(), Failure> {
    let python = Python::prepare(project, "validators", VALIDATORS)?;
    let folder = project.root().join("target/templates");
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::unexpected(format!("failed to create {}", folder.display())).because(error)
    })?;
    let config = project.config()?;
    let mut paths = Vec::new();
    for template in templates::select(&config, "all")? {
        let path = folder.join(format!("{}.template.json", template.stack_name()));
        std::fs::write(&path, template.compact()).map_err(|error| {
            Failure::unexpected(format!("failed to write {}", path.display())).because(error)
        })?;
        paths.push(path.into_os_string());
    }
    let region = config.platform.region.to_string();
    let lint = ["--include-checks", "I", "--regions", &region, "--template"].map(OsString::from);
    let lint = lint.into_iter().chain(paths.iter().cloned());
    must_succeed(&python.run(project, "cfn-lint", lint), "cfn-lint")?;
    let strict = std::iter::once(OsString::from(".ci/strict.py")).chain(paths);
    must_succeed(&python.run(project, "python", strict), "cloudformation-validate (.ci/strict.py)")?;
    let checkov = ["--config-file", ".ci/checkov.yaml", "--directory"].map(OsString::from);
    let checkov = checkov.into_iter().chain([folder.into_os_string()]);
    must_succeed(&python.run(project, "checkov", checkov), "checkov")
}

fn require(program: &str, how: &str) -> Result<PathBuf, Failure> {
    find_program(program)
        .ok_or_else(|| Failure::unexpected(format!("{program} is not on PATH")).hint(how.to_owned()))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::unexpected(format!("failed to read {}", path.display())).because(error))
}
