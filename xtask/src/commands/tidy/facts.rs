//! `docs/fact-sheet.md` names for every rule of AWS the test that proves it: each of those tests must exist.

use std::collections::BTreeSet;
use std::path::Path;

use super::finding;

/// The index.
pub(super) const FILE: &str = "docs/fact-sheet.md";

/// How a rule without a test begins its last column.
const NOT_MODELLED: &str = "not modelled: ";

/// Names of the tests that a source file defines: Rust functions marked as tests, methods of Python test cases.
pub(super) fn tests_in(file: &Path, content: &str) -> Vec<String> {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => rust_tests(content),
        Some("py") => content
            .lines()
            .filter_map(|line| name_after(line, "def test_").map(|rest| format!("test_{rest}")))
            .collect(),
        _ => Vec::new(),
    }
}

fn rust_tests(content: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in content.lines().map(str::trim_start) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if marked && !line.starts_with("#[") && !line.starts_with("//") {
            let line = line.strip_prefix("async ").unwrap_or(line);
            names.extend(name_after(line, "fn "));
            marked = false;
        }
    }
    names
}

/// The identifier that follows `prefix` at the start of a line.
fn name_after(line: &str, prefix: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix(prefix)?;
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

/// Problems of the index.
pub(super) fn check(index: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let file = Path::new(FILE);
    let mut findings = Vec::new();
    for (at, line) in index.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        let Some(row) = line.strip_prefix("| ") else { continue };
        let cells: Vec<&str> = row.trim_end().trim_end_matches('|').split(" | ").map(str::trim).collect();
        let [_, _, proof] = cells.as_slice() else {
            findings.push(finding(file, at, "a row has three cells: rule, source, proof"));
            continue;
        };
        if *proof == "proof" || proof.starts_with(NOT_MODELLED) {
            continue;
        }
        let names: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            findings.push(finding(
                file,
                at,
                &format!("the proof is the name of a test, or `{NOT_MODELLED}` and why"),
            ));
        }
        for name in names.into_iter().filter(|name| !tests.contains(*name)) {
            findings.push(finding(
                file,
                at,
                &format!("there is no test {name}: name the one that proves the rule"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_found_in_rust_and_python() {
        let rust = "#[test]\nfn one() {}\nfn helper() {}\n#[tokio::test]\n#[ignore]\nasync fn two() {}\n";
        assert_eq!(tests_in(Path::new("a.rs"), rust), ["one", "two"]);
        assert_eq!(
            tests_in(Path::new("a.py"), "    def test_010_three(self):\n    def four(self):\n"),
            ["test_010_three"]
        );
    }

    #[test]
    fn a_rule_names_an_existing_test_or_says_that_it_is_not_modelled() {
        let known = BTreeSet::from(["one".to_owned()]);
        let head = "| rule | source | proof |\n|---|---|---|\n";
        assert!(
            check(&format!("{head}| a | b | `one` |\n| a | b | not modelled: no |\n"), &known).is_empty()
        );
        assert_eq!(
            check(&format!("{head}| a | b | `two` |\n| a | b | later |\n| a | b |\n"), &known).len(),
            3
        );
    }
}
