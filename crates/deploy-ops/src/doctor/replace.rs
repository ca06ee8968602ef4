//! What a reader of the configuration has to replace, by name, and what it names that is not there.

use std::path::Path;

use env_config::Config;

use super::Finding;
use crate::images;

/// One finding for each value that is an example, and one for files of the builds. Nothing is called for it. On the local AWS
/// examples do no harm: they are said in one line.
#[must_use]
pub fn configuration(root: &Path, config: &Config, local: bool) -> Vec<Finding> {
    let examples = env_config::examples(config);
    let mut findings: Vec<Finding> = if local && !examples.is_empty() {
        let keys: Vec<&str> = examples.iter().map(|it| it.key).collect();
        vec![Finding::skipped(
            "configuration",
            format!("examples, which AWS would not take: {}", keys.join(", ")),
        )]
    } else {
        let warn = |it: &env_config::Example| {
            let detail = format!("{}: {} = {} is an example", it.file, it.key, it.value);
            Finding::warn("configuration", detail, format!("replace it with {}", it.instead))
        };
        examples.iter().map(warn).collect()
    };
    if examples.is_empty() {
        findings.push(Finding::ok("configuration", "no value of it is an example"));
    }
    findings.push(sources(root, config, local));
    findings
}

/// Whether the files that the images are built from are where the configuration says.
fn sources(root: &Path, config: &Config, local: bool) -> Finding {
    let source = images::source_directory(root, config, None);
    let Ok(builds) = images::builds(config, &[]) else {
        return Finding::skipped("source", "no service is built");
    };
    let mut missing: Vec<String> = Vec::new();
    for build in &builds {
        let services: Vec<&str> = build.services.iter().map(|(name, _)| name.as_str()).collect();
        if !source.join(&build.dockerfile).is_file() {
            missing.push(format!("services.{}.build.dockerfile = {}", services.join("+"), build.dockerfile));
        }
        if !source.join(&build.context).is_dir() {
            missing.push(format!("services.{}.build.context = {}", services.join("+"), build.context));
        }
    }
    let detail = format!("not in {}: {}", source.display(), missing.join(", "));
    match (missing.is_empty(), local) {
        (true, _) => Finding::ok("source", source.display().to_string()),
        // Images are made up there.
        (false, true) => Finding::skipped("source", detail),
        (false, false) => Finding::warn(
            "source",
            detail,
            "correct [services.<name>.build], or name the application's checkout in `source`, in infra/platform.toml",
        ),
    }
}
