//! What steps run: `cargo xtask`, in words that its real grammar accepts.

use serde_json::Value;

use super::model;
use super::shell::{Part, words};

/// What stands for the variables of the steps: something of the right form for each.
fn example(variable: &str) -> &'static str {
    match variable {
        "COMMIT" | "BASE" => "0123456789abcdef0123456789abcdef01234567",
        "ENVIRONMENT" => "staging",
        "RELEASE" | "TAG" => "v1.2.3",
        "TASK" => "migrate",
        other => panic!("no example of {other}: give it one here"),
    }
}

/// The arguments of `cargo xtask`, with examples in place of variables.
fn arguments(place: &str, step: &Value, command: &str) -> Vec<String> {
    let words = words(command).unwrap_or_else(|error| panic!("{place}: {error}"));
    let words: Vec<String> = words
        .iter()
        .map(|parts| {
            let parts = parts.iter().map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Variable(name) => {
                    assert!(step["env"][name].is_string(), "{place}: {name} is not in the env of the step");
                    example(name)
                }
            });
            parts.collect()
        })
        .collect();
    assert!(
        words.starts_with(&["cargo".to_owned(), "xtask".to_owned()]),
        "{place}: {command} is no cargo xtask"
    );
    words[2..].to_vec()
}

#[test]
fn every_command_is_one_that_people_can_run() {
    let mut refused = Vec::new();
    let mut seen = 0;
    for file in model::all() {
        for step in file.steps() {
            let Some(command) = step.content["run"].as_str() else { continue };
            seen += 1;
            let arguments = arguments(&step.place, step.content, command);
            if let Err(error) = xtask::check_arguments(&arguments) {
                let error = error.to_string();
                refused.push(format!(
                    "{}: {command}: {}",
                    step.place,
                    error.lines().next().unwrap_or_default()
                ));
            }
        }
    }
    assert!(seen >= 15, "only {seen} commands were found");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn a_step_either_runs_one_command_or_uses_one_action() {
    for file in model::all() {
        for step in file.steps() {
            let (runs, uses) = (step.content["run"].is_string(), step.content["uses"].is_string());
            assert!(runs != uses, "{}", step.place);
        }
    }
}
