//! The documents, held to what they describe.

use std::path::{Path, PathBuf};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// What a command in a document says after `cargo xtask`; `None` where it stands for several.
fn arguments(text: &str) -> Option<Vec<&str>> {
    let text = text.split(" #").next()?.split(" &&").next()?;
    let several = ['|', '[', '<', '…', '$'].iter().any(|mark| text.contains(*mark)) || text.contains("...");
    (!several).then(|| text.split_whitespace().map(|word| word.trim_matches('\'')).collect())
}

/// Commands of a document: lines of its `console` blocks, and code in its text.
fn commands(document: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in document.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            found.extend(line.strip_prefix("$ cargo xtask ").map(|text| (text, true)));
        } else {
            let code = line.split('`').skip(1).step_by(2);
            found.extend(code.filter_map(|code| code.strip_prefix("cargo xtask ")).map(|text| (text, false)));
        }
    }
    found
}

#[test]
fn every_command_is_one_that_people_can_run() {
    let mut files = documents(&repository().join("docs"));
    files.extend(["README.md", "ARCHITECTURE.md"].map(|name| repository().join(name)));
    let (mut seen, mut refused) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (command, whole) in commands(&text) {
            let Some(arguments) = arguments(command) else { continue };
            // A name in the text, such as `cargo xtask simulate`, is no command to be copied.
            if !whole && arguments.len() <= 2 && !arguments.iter().any(|it| it.contains('-')) {
                continue;
            }
            seen += 1;
            let owned: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            if let Err(error) = xtask::check_arguments(&owned) {
                let error = error.to_string();
                let first = error.lines().next().unwrap_or_default();
                refused.push(format!("{}: cargo xtask {command}: {first}", file.display()));
            }
        }
    }
    assert!(seen >= 60, "only {seen} commands were found");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_kind_of_fault_is_described() {
    let text = std::fs::read_to_string(repository().join("docs/local-aws.md")).unwrap();
    let described: Vec<&str> = text
        .split("### Faults")
        .nth(1)
        .and_then(|section| section.split("| kinds |").next())
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .take_while(|name| !name.contains('/'))
        .collect();
    let mut kinds: Vec<&str> = rollout_sim::fault::FaultKind::ALL.iter().map(|kind| kind.name()).collect();
    let mut described = described;
    kinds.sort_unstable();
    described.sort_unstable();
    assert_eq!(described, kinds);
}
