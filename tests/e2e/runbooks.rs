//! The runbooks, tried as they are written: each `console` block, command by command, on a local account.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::scene::Scene;

/// Builds the programs that people run, and answers the folder they are in.
fn programs() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--quiet",
        "--package",
        "xtask",
        "--package",
        "deploy-ops",
        "--package",
        "account-ops",
    ]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_") {
            build.env_remove(name);
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert!(build.current_dir(root).status().unwrap().success(), "the programs build");
    std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned()
}

/// A command of a runbook, the exit code it should have and the lines it should print.
struct Step {
    command: String,
    exit: i32,
    expected: Vec<String>,
}

/// `$ cargo xtask … # exit code N`, and what follows until the next command.
fn steps(runbook: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in runbook.lines() {
        match (inside, line) {
            (_, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(text), _) => {
                    let (command, exit) = text.split_once(" # exit code ").unwrap_or((text, "0"));
                    let exit = exit.trim().parse().unwrap();
                    steps.push(Step { command: command.trim().to_owned(), exit, expected: Vec::new() });
                }
                (None, Some(step)) => step.expected.push(line.to_owned()),
                (None, None) => panic!("output before any command: {line}"),
            },
            _ => {}
        }
    }
    assert!(!steps.is_empty(), "a runbook has commands");
    steps
}

/// `...` alone stands for any lines, within a line for any text.
fn agrees(expected: &[String], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((wanted, rest)), _) if wanted == "..." => {
            agrees(rest, found) || found.split_first().is_some_and(|(_, later)| agrees(expected, later))
        }
        (Some((wanted, rest)), Some((line, later))) => line_agrees(wanted, line) && agrees(rest, later),
        _ => false,
    }
}

fn line_agrees(wanted: &str, line: &str) -> bool {
    let Some((before, after)) = wanted.split_once("...") else { return wanted == line.trim_end() };
    line.strip_prefix(before).is_some_and(|rest| {
        let mut ends = rest.char_indices().map(|(end, _)| end).chain([rest.len()]);
        ends.any(|end| line_agrees(after, &rest[end..]))
    })
}

fn follow(runbook: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("docs/runbooks").join(runbook)).unwrap();
    let (programs, scene) = (programs(), Scene::empty());
    for Step { command, exit, expected } in steps(&text) {
        let args = command.strip_prefix("cargo xtask ").unwrap_or_else(|| panic!("{runbook}: {command}"));
        let path = scene.root().join("output");
        let output = File::create(&path).unwrap();
        let status = Command::new(programs.join("xtask"))
            .args(args.split_whitespace())
            .current_dir(scene.root())
            .env("DEPLOY_TARGET", "local")
            .env("DEPLOY_OPS", programs.join("deploy-ops"))
            .env("ACCOUNT_OPS", programs.join("account-ops"))
            .env_remove("LOCAL_AWS_DIR")
            .env_remove("GITHUB_ACTIONS")
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .status()
            .unwrap();
        let printed = std::fs::read_to_string(&path).unwrap();
        assert_eq!(status.code(), Some(exit), "{runbook}: {command}\n{printed}");
        let lines: Vec<&str> = printed.lines().collect();
        assert!(agrees(&expected, &lines), "{runbook}: {command} printed\n{printed}");
    }
}

#[test]
fn three_dots_stand_for_what_differs() {
    let agree = |wanted: &[&str], found: &[&str]| {
        agrees(&wanted.iter().map(ToString::to_string).collect::<Vec<_>>(), found)
    };
    assert!(agree(&["a ... c ... e", "...", "z"], &["a b c d e", "x", "y", "z"]));
    assert!(agree(&["...", "z"], &["z"]));
    assert!(!agree(&["a ... c"], &["a b d"]));
    assert!(!agree(&["a"], &["a", "b"]));
    assert!(!agree(&["...", "z"], &["z", "y"]));
}

#[test]
fn the_first_production_deployment() {
    follow("first-production-deployment.md");
}

#[test]
fn restoring_the_database() {
    follow("database-restore.md");
}

#[test]
fn the_night_call() {
    follow("night-call.md");
}
