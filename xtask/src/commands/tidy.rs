//! `tidy`: the house rules, each checked on what git tracks.

mod dependencies;
mod facts;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::failure::Failure;
use crate::output;
use crate::project::Project;

pub(crate) fn run(project: &Project) -> Result<ExitCode, Failure> {
    let files = tracked_files(project)?;
    let mut findings = dependencies::check(project)?;
    let mut tests = BTreeSet::new();
    let (mut facts, mut security) = (None, None);
    for file in &files {
        findings.extend(text::check_name(file));
        // Binary files and links to nowhere have no text to check.
        if let Ok(content) = std::fs::read_to_string(project.root().join(file)) {
            findings.extend(text::check_content(file, &content));
            tests.extend(facts::tests_in(file, &content));
            if file == Path::new(facts::REQUIREMENTS) {
                findings.extend(facts::check_requirements(&content));
            }
            if file == Path::new(facts::FILE) {
                facts = Some(content);
            } else if file == Path::new(facts::SECURITY) {
                security = Some(content);
            }
        }
    }
    findings.extend(facts.iter().flat_map(|index| facts::check(index, &tests)));
    findings.extend(security.iter().flat_map(|list| facts::check_security(list, &tests)));
    if findings.is_empty() {
        return output::data(&format!("tidy: {} files, nothing to object to\n", files.len()));
    }
    findings.sort();
    for finding in &findings {
        ops_cli::say!("{finding}");
    }
    Err(Failure::differences(format!("{} house rules broken", findings.len()))
        .hint("each line above names the place and the rule; ARCHITECTURE.md says why the rule is there"))
}

/// Files that git tracks or would track, relative to the project.
fn tracked_files(project: &Project) -> Result<Vec<PathBuf>, Failure> {
    let args = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"];
    let list = ops_cli::git::run(project.root(), &args)
        .map_err(|error| Failure::unexpected("failed to list the files of the checkout").because(error))?;
    Ok(list.lines().map(PathBuf::from).filter(|file| project.root().join(file).is_file()).collect())
}

/// `path:line: rule`, the form that editors jump to.
fn finding(file: &Path, line: usize, rule: &str) -> String {
    format!("{}:{line}: {rule}", file.display())
}
