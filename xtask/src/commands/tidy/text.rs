//! Rules about single files: size, unfinished work, names that do not belong into the crates.

use std::path::{Component, Path};

use super::finding;

/// Lines a source file may have: about four hundred are read in one sitting.
const MAX_LINES: usize = 440;

/// Marks of unfinished work. Written apart so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders that only exist on somebody's machine.
const MACHINE_PATHS: &[&str] =
    &[concat!("/ho", "me/"), concat!("/Use", "rs/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// The adopter's names: another team adopts the project by editing TOML, not crates.
const ADOPTER: &[&str] = &[concat!("doc-", "platform"), concat!("Doc", "Platform"), concat!("spec", "board")];

pub(super) fn check_name(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    name.ends_with(".snap.new").then(|| finding(file, 1, "a pending snapshot: run `cargo insta review`"))
}

pub(super) fn check_content(file: &Path, content: &str) -> Vec<String> {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let mut findings = Vec::new();
    if !matches!(extension, "rs" | "toml" | "yml" | "yaml" | "md" | "py" | "json") || is_generated(file) {
        return findings;
    }
    let is_rust = extension == "rs";
    if is_rust && content.lines().count() > MAX_LINES {
        let lines = content.lines().count();
        findings.push(finding(
            file,
            lines,
            &format!("{lines} lines: more than {MAX_LINES} are not read in one sitting"),
        ));
    }
    let adopter_counts = is_rust && is_crate_source(file);
    for (index, line) in content.lines().enumerate() {
        let at = index + 1;
        if adopter_counts && line.trim_start().starts_with("mod tests {") {
            break;
        }
        for word in UNFINISHED.iter().filter(|word| has_word(line, word)) {
            findings.push(finding(file, at, &format!("{word}: finish it, or file an issue")));
        }
        for path in MACHINE_PATHS.iter().filter(|path| starts_path(line, path)) {
            findings.push(finding(file, at, &format!("{path} is a folder of somebody's machine")));
        }
        // An example in a comment binds nobody.
        if adopter_counts && !line.trim_start().starts_with("//") {
            for name in ADOPTER.iter().filter(|name| line.contains(**name)) {
                findings.push(finding(
                    file,
                    at,
                    &format!("{name} belongs into infra/ and tests, not into a crate"),
                ));
            }
        }
    }
    findings
}

/// Files that a program writes.
fn is_generated(file: &Path) -> bool {
    file.ends_with("Cargo.lock") || file.components().any(|part| part.as_os_str() == "snapshots")
}

/// Source of a crate, apart from its tests.
fn is_crate_source(file: &Path) -> bool {
    let mut parts = file.components().map(Component::as_os_str);
    parts.next().is_some_and(|part| part == "crates")
        && file.components().any(|part| part.as_os_str() == "src")
        && !file.components().any(|part| part.as_os_str() == "tests")
        && !file.ends_with("tests.rs")
}

/// Whether `word` stands in `line` by itself, not inside a longer word.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Whether an absolute path begins with `prefix` somewhere in `line`; `/api/home/` or a URL does not count.
fn starts_path(line: &str, prefix: &str) -> bool {
    line.match_indices(prefix).any(|(start, _)| {
        !line[..start]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || "-_.*}/".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, content: &str) -> Vec<String> {
        check_content(Path::new(file), content)
    }

    #[test]
    fn unfinished_work_is_found_as_a_word() {
        let line = format!("// {}: later\n", UNFINISHED[0]);
        assert_eq!(check("crates/a/src/lib.rs", &line).len(), 1);
        assert!(check("crates/a/src/lib.rs", "// VXXXII is a number\n").is_empty());
    }

    #[test]
    fn the_adopter_is_named_in_infra_and_tests_only() {
        let line = format!("const NAME: &str = \"{}\";\n", ADOPTER[0]);
        assert_eq!(check("crates/a/src/lib.rs", &line).len(), 1);
        assert!(check("crates/a/tests/names.rs", &line).is_empty());
        assert!(check("infra/platform.toml", &line).is_empty());
        let tested = format!("mod tests {{\n{line}}}\n");
        assert!(check("crates/a/src/lib.rs", &tested).is_empty());
    }

    #[test]
    fn a_long_file_is_found_and_a_snapshot_is_not() {
        let long = "\n".repeat(MAX_LINES + 1);
        assert_eq!(check("crates/a/src/lib.rs", &long).len(), 1);
        assert!(check("tests/snapshots/a.rs", &long).is_empty());
    }

    #[test]
    fn a_machine_path_is_found_and_a_route_is_not() {
        let path = format!("cd {}somebody", MACHINE_PATHS[0]);
        assert_eq!(check("docs/a.md", &path).len(), 1);
        assert!(check("docs/a.md", "GET /api/home/feed").is_empty());
    }

    #[test]
    fn a_pending_snapshot_is_found() {
        assert!(check_name(Path::new("tests/snapshots/a.snap.new")).is_some());
        assert!(check_name(Path::new("tests/snapshots/a.snap")).is_none());
    }
}
