//! `docs/fact-sheet.md` names for every rule of AWS what kind of source it has, the source, and the test that proves it: each of
//! those tests must exist. `docs/requirements.md` names the kinds for what rests on AWS.

mod kinds;

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
        let [_, kind, source, proof] = cells.as_slice() else {
            findings.push(finding(
                file,
                at,
                &format!("a row has four cells: rule, kind, source, proof; {}", kinds::HOW),
            ));
            continue;
        };
        if *proof == "proof" {
            continue;
        }
        findings.extend(kinds::check(kind, source).iter().map(|problem| finding(file, at, problem)));
        if proof.starts_with(NOT_MODELLED) {
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

/// The attacks.
pub(super) const SECURITY: &str = "SECURITY.md";

/// Problems of the list of attacks: a row names an attack, what stops it and the tests that show it, which exist. A row
/// without a test says that nothing stops it.
pub(super) fn check_security(content: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let file = Path::new(SECURITY);
    let mut findings = Vec::new();
    for (at, line) in content.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        let Some(row) = line.strip_prefix("| ") else { continue };
        let cells: Vec<&str> = row.trim_end().trim_end_matches('|').split(" | ").map(str::trim).collect();
        let [attack, stops, proof] = cells.as_slice() else {
            findings.push(finding(file, at, "a row has three cells: attack, what stops it, test"));
            continue;
        };
        if *attack == "attack" {
            continue;
        }
        let names: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        if names.is_empty() && !stops.contains("**not stopped**") {
            findings.push(finding(file, at, "name the test that shows it, or say **not stopped**"));
        }
        for name in names.into_iter().filter(|name| !tests.contains(*name)) {
            findings.push(finding(file, at, &format!("there is no test {name}: name the one that shows it")));
        }
    }
    findings
}

/// The requirements.
pub(super) const REQUIREMENTS: &str = "docs/requirements.md";

/// Problems of the requirements: each says what the behaviour of AWS that it rests on is known from.
pub(super) fn check_requirements(content: &str) -> Vec<String> {
    let file = Path::new(REQUIREMENTS);
    let rows = content.lines().enumerate().filter_map(|(at, line)| Some((at + 1, line.strip_prefix("| ")?)));
    rows.filter_map(|(at, row)| {
        let cells: Vec<&str> = row.trim_end().trim_end_matches('|').split(" | ").map(str::trim).collect();
        match cells.as_slice() {
            [_, _, "AWS", ..] => None,
            [_, _, known, _, _] if *known == "-" || kinds::are_known(known) => None,
            _ => Some(finding(
                file,
                at,
                &format!(
                    "a row has five cells: id, what, AWS, where, proof; the third is `-` where it rests on nothing that AWS \
                     does, else: {}",
                    kinds::HOW
                ),
            )),
        }
    })
    .collect()
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
        let head = "| rule | kind | source | proof |\n|---|---|---|---|\n";
        let good = "| a | text | ECS:b | `one` |\n| a | text | ECS:b | not modelled: no |\n";
        assert!(check(&format!("{head}{good}"), &known).is_empty());
        let bad = "| a | text | ECS:b | `two` |\n| a | text | ECS:b | later |\n| a | ECS:b | `one` |\n";
        let found = check(&format!("{head}{bad}"), &known);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[2].contains("four cells") && found[2].contains("text: "), "{}", found[2]);
    }

    #[test]
    fn the_kind_of_a_source_says_what_the_source_is() {
        let of = |kind: &str, source: &str| {
            let row = format!("| a | {kind} | {source} | not modelled: no |\n");
            check(&row, &BTreeSet::new()).len()
        };
        assert_eq!(of("text", "ECS:a, ALB:b"), 0);
        assert_eq!(of("data + INF", "bc:ecs; of others: UNCONFIRMED"), 0);
        assert_eq!(of("text + OBS", "ECS:a, OBS"), 0);
        assert_eq!(of("own", "design"), 0);
        // Not said, said wrongly, or said and not so.
        assert_eq!(of("data", "bc:ecs; of others: UNCONFIRMED"), 1);
        assert_eq!(of("text", "bc:ecs/Service"), 1);
        assert_eq!(of("OBS", "ECS:a"), 2);
        assert_eq!(of("truth", "ECS:a"), 1);
    }

    #[test]
    fn a_requirement_says_what_it_rests_on() {
        let head = "| id | what | AWS | where | proof |\n|---|---|---|---|---|\n";
        let good = "| R1 | a | text + OBS | `x` | `y` |\n| R2 | a | - | `x` | `y` |\n";
        assert!(check_requirements(&format!("{head}{good}")).is_empty());
        let bad = "| R1 | a | `x` | `y` |\n| R2 | a | truth | `x` | `y` |\n";
        assert_eq!(check_requirements(&format!("{head}{bad}")).len(), 2);
    }

    #[test]
    fn attacks_name_tests_that_exist() {
        let tests = BTreeSet::from(["it_is_refused".to_owned()]);
        let row = |stops: &str, proof: &str| {
            format!("| attack | what stops it | test |\n|---|---|---|\n| a | {stops} | {proof} |\n")
        };
        assert!(check_security(&row("b", "`it_is_refused`"), &tests).is_empty());
        assert!(check_security(&row("**not stopped**", ""), &tests).is_empty());
        assert_eq!(check_security(&row("b", "`it_was_renamed`"), &tests).len(), 1);
        assert_eq!(check_security(&row("b", ""), &tests).len(), 1);
        assert_eq!(check_security("| a | b |\n", &tests).len(), 1);
    }
}
