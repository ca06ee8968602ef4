//! The command, as a process in the repository.

use std::process::{Command, Output};

use crate::support::root;

fn simulate(args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_rollout-lab");
    Command::new(program).arg("simulate").args(args).current_dir(root()).output().unwrap()
}

fn json(args: &[&str]) -> serde_json::Value {
    let output = simulate(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Exit code and what was said.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let output = simulate(args);
    assert!(output.stdout.is_empty(), "no data where there is no answer");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn one_fault_as_json_has_both_sides_advice_and_draws() {
    let answer = json(&["staging", "--fault", "image-missing:mcp", "--runs", "5", "--json"]);
    assert_eq!(answer["environment"], "staging");
    assert_eq!(answer["faults"][0], "image-missing:mcp");
    let sides = answer["sides"].as_array().unwrap();
    assert_eq!(sides.len(), 2);
    for side in sides {
        assert!(side["figures"]["verdict_secs"].as_f64().unwrap() > 0.0);
        assert_eq!(side["figures"]["cause"], "image_missing");
        assert!(!side["timeline"].as_array().unwrap().is_empty());
        assert!(side["lanes"][0]["spans"][0]["state"].is_string());
        assert_eq!(side["sampled"]["runs"], 5);
    }
    assert_eq!(sides[0]["watcher"], "tool");
    assert!(answer["advice"].is_array());
}

#[test]
fn a_table_as_json_has_a_row_for_every_fault() {
    let answer = json(&["staging", "--json"]);
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), rollout_sim::fault::FaultKind::ALL.len() + 1);
    assert!(rows[0]["fault"].is_null());
    assert!(rows.iter().all(|row| row["sides"].as_array().unwrap().len() == 2));
}

#[test]
fn environments_and_files_are_compared_side_by_side() {
    let answer = json(&["staging", "--fault", "crash-on-start:mcp", "--compare", "production", "--json"]);
    assert_eq!(answer["sides"][0]["name"], "staging");
    assert_eq!(answer["sides"][1]["name"], "production");
    let desired = |side: usize| answer["sides"][side]["figures"]["lowest"]["desired"].as_u64().unwrap();
    assert_eq!((desired(0), desired(1)), (1, 2));

    let slow = std::fs::read_to_string(root().join("infra/platform.toml")).unwrap();
    let slow = slow.replace("deregistration_delay_secs = 30", "deregistration_delay_secs = 300");
    let file = std::env::temp_dir().join(format!("rollout-lab-{}.toml", std::process::id()));
    std::fs::write(&file, slow).unwrap();
    let answer =
        json(&["staging", "--fault", "health-path:mcp", "--compare", file.to_str().unwrap(), "--json"]);
    std::fs::remove_file(&file).unwrap();
    let whole = |side: usize| answer["sides"][side]["figures"]["whole_secs"].as_f64().unwrap();
    assert!(whole(1) > whole(0) + 200.0, "a longer drain takes longer");
}

#[test]
fn mistakes_are_answered_with_what_there_is() {
    let (code, text) = refused(&["staging", "--fault", "crash-at-start"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("crash-at-start") && text.contains("crash-on-start"), "{text}");
    let (code, text) = refused(&["staging", "--fault", "migration-fails:api"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("there is no task of this name") && text.contains("migrate"), "{text}");
    let (code, text) = refused(&["staging", "--fault", "stack-fails:Database"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("`stack-fails:Database` breaks nothing in this rollout"), "{text}");
    let (code, text) = refused(&["--scenario", "incident"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("incident-2026-02-19"), "{text}");
    let (code, text) = refused(&["stagin"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("staging") && text.contains("production"), "{text}");
    let (code, text) = refused(&["staging", "--compare", "no-such-thing"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("git revision"), "{text}");
    let file = std::env::temp_dir().join(format!("rollout-lab-wrong-{}.toml", std::process::id()));
    std::fs::write(&file, "name = \"staging\"\nstack_name = \"S\"\n[deployment]\n").unwrap();
    let (code, text) = refused(&["staging", "--compare", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(code, Some(3));
    assert!(text.starts_with(&format!("in `{}`", file.display())) && text.contains(":3:2"), "{text}");
    assert_eq!(refused(&[]).0, Some(2));
    assert_eq!(refused(&["staging", "--runs", "0"]).0, Some(2));
}

#[test]
fn with_json_a_failure_is_one_object_too() {
    let output = simulate(&["nowhere", "--fault", "crash-on-start", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&object["exit_code"], &object["cause"]["kind"]), (&3.into(), &"configuration".into()));
    assert_eq!(object["cause"]["detail"], "there is no environment `nowhere`");
}
