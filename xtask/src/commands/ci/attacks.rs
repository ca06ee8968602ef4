//! The list of attacks, answered by an evaluator of IAM policies that others wrote (`@cloud-copilot/iam-simulate`), of the
//! policies as the templates have them.

use std::path::Path;

use env_config::SharedNames;
use serde_json::{Value, json};

use crate::attacks;
use crate::failure::Failure;
use crate::process::{find_program, must_succeed};
use crate::project::Project;
use crate::templates;

/// Where the evaluator runs: what npm installs stays out of the sources.
const FOLDER: &str = "target/attacks";

pub(super) fn run(project: &Project) -> Result<(), Failure> {
    let program = |name: &str| {
        find_program(name).ok_or_else(|| {
            let hint = "install Node.js 20 or newer, which brings npm";
            Failure::unexpected(format!("{name} is not on PATH")).hint(hint.to_owned())
        })
    };
    let (node, npm) = (program("node")?, program("npm")?);
    let (sources, folder) = (project.root().join("tests/attacks"), project.root().join(FOLDER));
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::unexpected(format!("failed to create {}", folder.display())).because(error)
    })?;
    for file in ["package.json", "evaluate.mjs"] {
        write(&folder.join(file), &read(&sources.join(file))?)?;
    }
    // Installed once per content of the lock file, which has the hash of every package.
    let (lock, wanted) = (folder.join("package-lock.json"), read(&sources.join("package-lock.json"))?);
    let installed = folder.join("installed.json");
    if !std::fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        ops_cli::say!("    installing the packages of tests/attacks/package-lock.json into {FOLDER}");
        write(&lock, &wanted)?;
        let install = duct::cmd!(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent");
        must_succeed(&install.dir(&folder).stdout_to_stderr(), "npm ci")?;
        write(&installed, &wanted)?;
    }
    write(&folder.join("input.json"), &input(project)?.to_string())?;
    let evaluate = duct::cmd!(node, "evaluate.mjs", "input.json").dir(&folder).stdout_to_stderr();
    must_succeed(&evaluate, "tests/attacks/evaluate.mjs")
}

/// The requests, the templates, and the parameters of these that policies depend on.
fn input(project: &Project) -> Result<Value, Failure> {
    let config = project.config()?;
    let list = read(&project.root().join("tests/attacks/attacks.json"))?;
    let requests = attacks::requests(&list, &config)
        .map_err(|problem| Failure::unexpected(format!("tests/attacks/attacks.json: {problem}")))?;
    let (account, names) = (&config.platform.account_id, SharedNames::new(&config.platform));
    let templates = templates::select(&config, "all")?.into_iter().map(|template| {
        let stack = template.stack_name().to_owned();
        let own = config.environments.values().find(|it| it.stack_name.as_str() == stack);
        let boundary = own.map(|it| format!("arn:aws:iam::{account}:policy/{}", names.boundary(&it.name)));
        json!({"stack": stack, "template": template.json(), "parameters": {"Boundary": boundary}})
    });
    Ok(json!({
        "account": account,
        "region": config.platform.region,
        "templates": templates.collect::<Vec<_>>(),
        "requests": requests,
    }))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::unexpected(format!("failed to read {}", path.display())).because(error))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text)
        .map_err(|error| Failure::unexpected(format!("failed to write {}", path.display())).because(error))
}
