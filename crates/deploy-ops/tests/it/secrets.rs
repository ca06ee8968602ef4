//! `secrets init|set|check|redeploy`, and that no value ever leaves.

use serde_json::Value;

use super::scene::{Run, Scene, contents};

const CLIENT_SECRET: &str = "Zq8-client-secret-of-nobody";
const HEX: &str = "9f3a17c4b25d68e09f3a17c4b25d68e09f3a17c4b25d68e09f3a17c4b25d68e1";

/// That a value is nowhere but in the account: not in what was printed, not in a file of the checkout.
#[track_caller]
fn assert_nowhere(scene: &Scene, value: &str, runs: &[&Run]) {
    for run in runs {
        assert!(!run.text().contains(value), "printed: {run:#?}");
    }
    assert!(!contents(scene.root()).contains(value), "in a file");
}

fn standing(scene: &Scene, secret: &str) -> String {
    let run = scene.run(&["secrets", "check", "staging", "--local", "--json"]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let secrets = answer["secrets"].as_array().unwrap();
    let found = secrets.iter().find(|it| it["name"] == secret).unwrap();
    found["standing"].as_str().unwrap().to_owned()
}

#[test]
fn before_the_stack_there_are_no_secrets() {
    let scene = Scene::empty();
    let run = scene.run(&["secrets", "check", "staging", "--local"]).expect(10);
    assert_eq!(run.stdout.matches("does not exist").count(), 6, "{}", run.stdout);
    assert!(run.stderr.contains("next: cargo xtask deploy staging --local"), "{}", run.stderr);
    let run = scene.run_with(&["secrets", "set", "staging", "session", "--local"], HEX, &[]).expect(4);
    assert!(run.stderr.contains("does not exist yet"), "{}", run.stderr);
    assert_nowhere(&scene, HEX, &[&run]);
}

#[test]
fn after_a_local_deployment_entered_secrets_are_placeholders_and_the_others_are_good() {
    let scene = Scene::staging();
    let run = scene.run(&["secrets", "check", "staging", "--local"]).expect(0);
    assert_eq!(run.stdout.lines().filter(|line| line.ends_with(" ok")).count(), 5, "{}", run.stdout);
    assert_eq!(standing(&scene, "oauth"), "placeholder");
    let run = scene.run(&["secrets", "init", "staging", "--local"]).expect(0);
    assert!(run.stdout.contains("a placeholder"), "{}", run.stdout);
}

#[test]
fn a_value_from_standard_input_is_entered_and_never_shown() {
    let scene = Scene::staging();
    let input = format!("{{\"client_id\": \"Iv1.0123456789\", \"client_secret\": \"{CLIENT_SECRET}\"}}");
    let set = scene.run_with(&["secrets", "set", "staging", "oauth", "--local"], &input, &[]).expect(0);
    assert!(set.stdout.contains("staging/doc-platform/oauth has a new value (client_id, client_secret)"));
    assert!(set.stderr.contains("api read it when their tasks start"), "{}", set.stderr);
    assert!(
        set.stderr.contains("next: cargo xtask secrets redeploy staging oauth --local"),
        "{}",
        set.stderr
    );
    assert_eq!(standing(&scene, "oauth"), "good");
    let check = scene.run(&["secrets", "check", "staging", "--local", "--json"]).expect(0);
    assert_nowhere(&scene, CLIENT_SECRET, &[&set, &check]);
}

#[test]
fn one_key_is_set_and_the_other_stays() {
    let scene = Scene::staging();
    let args = ["secrets", "set", "staging", "oauth", "--key", "client_secret", "--local"];
    let run = scene.run_with(&args, &format!("{CLIENT_SECRET}\n"), &[]).expect(0);
    assert!(run.stdout.contains("(client_secret)"), "{}", run.stdout);
    // The other key still is the placeholder's stand-in: there, and of the right shape.
    assert_eq!(standing(&scene, "oauth"), "good");
}

#[test]
fn a_value_from_a_file_is_checked_and_the_file_is_not_copied() {
    let scene = Scene::staging();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{HEX}\n")).unwrap();
    let path = file.path().to_str().unwrap();
    let args = ["secrets", "set", "staging", "api-key-encryption", "--from-file", path, "--local"];
    let run = scene.run(&args).expect(0);
    assert_nowhere(&scene, HEX, &[&run]);

    // 63 characters, and one that is not hexadecimal: the flaw is named, the value is not.
    for (bad, flaw) in [
        (&HEX[..63], "has 63 characters instead of 64"),
        (&HEX.replace('a', "G")[..], "at position 4 (allowed: 0-9 and a-f)"),
        ("", "no value came from"),
    ] {
        std::fs::write(file.path(), bad).unwrap();
        let run = scene.run(&args).expect(3);
        assert!(run.stderr.contains(flaw), "{}", run.stderr);
        assert!(bad.is_empty() || !run.text().contains(bad));
    }
    assert_eq!(standing(&scene, "api-key-encryption"), "good");
}

#[test]
fn wrong_uses_are_refused_before_anything_changes() {
    let scene = Scene::staging();
    let refused = |args: &[&str], code: i32, reason: &str| {
        let args = [&["secrets", "set", "staging"], args, &["--local"]].concat();
        let run = scene.run_with(&args, CLIENT_SECRET, &[]).expect(code);
        assert!(run.stderr.contains(reason), "{args:?}: {}", run.stderr);
        assert!(!run.text().contains(CLIENT_SECRET));
    };
    refused(&["sesion"], 3, "secrets: database, cache, api-key-encryption, session, oauth, superadmin");
    refused(&["session", "--key", "keys"], 3, "keys: key");
    refused(
        &["oauth"],
        3,
        "it has several keys, so a JSON object of texts with `client_id` and `client_secret`",
    );
    refused(&["oauth", "--generate"], 3, "is entered, not generated");
    refused(&["database", "--generate"], 4, "does not change it there");
    refused(&["cache", "--generate"], 4, "`second_password` under [cache]");
    // There is no way to put a value into an argument.
    refused(&["session", "--value", "x"], 2, "unexpected argument");
    refused(&["session", "value"], 2, "unexpected argument");
}

#[test]
fn a_new_generated_value_reaches_the_services_by_a_redeployment() {
    let scene = Scene::staging();
    let before = scene.run(&["status", "staging", "--local", "--json"]).expect(0);
    let args = ["secrets", "set", "staging", "session", "--generate", "--redeploy", "--local"];
    let run = scene.run(&args).expect(0);
    assert!(run.stdout.contains("redeployed api: every task reads the new value"), "{run:#?}");
    let after = scene.run(&["status", "staging", "--local", "--json"]).expect(0);
    let deployed = |run: &Run, index: usize| {
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        let service = &answer["services"][index];
        (service["name"].clone(), service["task_definition"].clone(), service["deployed_at"].clone())
    };
    let ((name, old_definition, old_time), (_, new_definition, new_time)) =
        (deployed(&before, 0), deployed(&after, 0));
    assert_eq!(name, "api");
    assert_eq!(old_definition, new_definition);
    assert_ne!(old_time, new_time, "the tasks were not replaced");
    assert_eq!(deployed(&before, 1), deployed(&after, 1), "the frontend does not read it");
    assert_eq!(standing(&scene, "session"), "good");
    // The stack has nothing to put right.
    scene.run(&["deploy", "staging", "--local", "--yes"]).expect(0);
}

#[test]
fn a_redeployment_that_fails_says_that_the_old_tasks_go_on() {
    let scene = Scene::staging();
    let run = scene
        .run(&["secrets", "redeploy", "staging", "oauth", "--local", "--fault", "no-capacity"])
        .expect(21);
    assert!(run.stderr.contains("api have not replaced their tasks"), "{}", run.stderr);
}

#[test]
fn a_deployment_refuses_a_value_of_the_wrong_shape() {
    let scene = Scene::staging();
    // The configuration asks for more than is there now.
    let platform = scene.read("infra/platform.toml");
    scene.write("infra/platform.toml", &platform.replace("min_length = 16", "min_length = 48"));
    scene.commit("longer secrets");
    // Found before anything is changed, by what was recorded; the command that is named says more.
    let run = scene.run(&["deploy", "staging", "--local", "--yes"]).expect(4);
    assert!(
        run.stderr.contains("staging/doc-platform/oauth (its value was checked against another shape)"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("hint: cargo xtask secrets check staging --local"), "{}", run.stderr);
    let run = scene.run(&["secrets", "check", "staging", "--local"]).expect(10);
    assert!(
        run.stdout.contains("`client_secret` has 16 characters, at least 48 are required"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains("next: cargo xtask secrets set staging oauth --local"), "{}", run.stderr);
    let long = CLIENT_SECRET.repeat(2);
    let input = format!("{{\"client_id\": \"Iv1.0123456789\", \"client_secret\": \"{long}\"}}");
    scene.run_with(&["secrets", "set", "staging", "oauth", "--local"], &input, &[]).expect(0);
    scene.run(&["deploy", "staging", "--local", "--yes"]).expect(0);
}

#[test]
fn one_character_over_and_over_is_refused_at_entry() {
    let scene = Scene::staging();
    let input = "0".repeat(64);
    let run = scene.run_with(&["secrets", "set", "staging", "session", "--local"], &input, &[]).expect(3);
    assert!(run.stderr.contains("`key` is one character over and over"), "{}", run.stderr);
    assert!(!run.text().contains(&input));
}
