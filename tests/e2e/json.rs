//! With `--json` stdout is one object, also where a command fails before there is anything to report on.

use std::collections::BTreeSet;
use std::process::Command;

use clap::{CommandFactory as _, Parser, Subcommand};
use ops_cli::{AccountCommand, ErrorResult, OpsCommand, Verdict};
use serde_json::Value;

use super::scene::Scene;
use crate::workflows::harness::programs;

/// A run of the program: exit code and stdout.
fn run(scene: &Scene, args: &[&str], variables: &[(&str, &str)]) -> (u8, String) {
    let rare = ["bootstrap", "database", "dns"].contains(&args[0]);
    let mut command = Command::new(programs().join(if rare { "account-ops" } else { "deploy-ops" }));
    command.args(args).current_dir(scene.root()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", scene.root());
    // Nobody is asked for credentials that this machine may have.
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(variables.iter().copied());
    let output = command.output().unwrap();
    let code = u8::try_from(output.status.code().unwrap()).unwrap();
    assert!(!output.stderr.is_empty(), "people are told too: {args:?}");
    (code, String::from_utf8(output.stdout).unwrap())
}

/// The object of a run that fails.
fn error(scene: &Scene, args: &[&str], variables: &[(&str, &str)]) -> ErrorResult {
    let (code, stdout) = run(scene, args, variables);
    let object: ErrorResult =
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {stdout}"));
    assert_eq!(object.exit_code, code, "{args:?}");
    object
}

const LOCAL: &[(&str, &str)] = &[("DEPLOY_TARGET", "local")];

/// One line for each command that takes `--json`, in an environment that does not exist.
const COMMANDS: &[&str] = &[
    "bootstrap nowhere",
    "database list nowhere",
    "database restore nowhere --snapshot one",
    "deploy nowhere",
    "dns copy --from-zone-file nowhere",
    "diagnose nowhere",
    "doctor nowhere",
    "health nowhere",
    "history nowhere",
    "iam check nowhere",
    "iam policy nowhere",
    "images verify --release nowhere",
    "outputs nowhere",
    "recover nowhere",
    "replay nowhere",
    "rollback v0.1.0 --env nowhere",
    "secrets check nowhere",
    "stack delete nowhere",
    "stack deploy nowhere",
    "stack drift nowhere",
    "database drill nowhere",
    "database drop-kept nowhere --confirm x",
    "database snapshot nowhere",
    "stack plan nowhere",
    "status nowhere",
    "task run migrate --env nowhere",
    "task stop migrate --env nowhere",
];

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Any,
}

/// The commands of both programs.
#[derive(Subcommand)]
enum Any {
    #[command(flatten)]
    Ops(OpsCommand),
    #[command(flatten)]
    Account(AccountCommand),
}

impl Any {
    fn json(&self) -> bool {
        match self {
            Self::Ops(command) => command.json(),
            Self::Account(command) => command.json(),
        }
    }
}

/// Commands of the grammar that take `--json`, by their words.
fn with_json(command: &clap::Command, words: &str, found: &mut BTreeSet<String>) {
    if command.get_arguments().any(|argument| argument.get_id() == "json") {
        found.insert(words.to_owned());
    }
    for below in command.get_subcommands() {
        with_json(below, format!("{words} {}", below.get_name()).trim(), found);
    }
}

#[test]
fn every_command_with_json_says_so_and_answers_with_one_object() {
    let mut wanted = BTreeSet::new();
    with_json(&Cli::command(), "", &mut wanted);
    let scene = Scene::empty();
    for line in COMMANDS {
        let words: Vec<&str> = line.split(' ').collect();
        let parsed = |json: &[&str]| {
            let words = ["deploy-ops"].iter().chain(&words).chain(json);
            Cli::try_parse_from(words).unwrap().command.json()
        };
        assert!(parsed(&["--json"]) && !parsed(&[]), "{line}");
        assert!(wanted.remove(&words[..1].join(" ")) || wanted.remove(&words[..2].join(" ")), "{line}");
        let json = [&words[..], &["--json"]].concat();
        let (code, stdout) = run(&scene, &json, LOCAL);
        let object: Value =
            serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{line}: {error}: {stdout}"));
        assert!(object.is_object(), "{line}: {stdout}");
        // `doctor` has found something to report on, and says it in its own object.
        if words[0] != "doctor" {
            assert_eq!((code, object["exit_code"].as_u64()), (3, Some(3)), "{line}: {stdout}");
            assert!(object["cause"]["detail"].as_str().unwrap().contains("nowhere"), "{line}: {stdout}");
        }
        assert_eq!(run(&scene, &words, LOCAL).1.trim(), "", "{line}: data only where it was asked for");
    }
    assert_eq!(wanted, BTreeSet::new(), "no line for these");
}

#[test]
fn what_is_wrong_before_anything_is_connected_has_a_kind() {
    let scene = Scene::empty();
    let status = ["status", "staging", "--json"];
    let kind = |args: &[&str], variables: &[(&str, &str)]| {
        let object = error(&scene, args, variables);
        (object.exit_code, object.verdict, object.cause.kind, object.hint.is_some())
    };
    assert_eq!(kind(&status, &[]), (3, None, "no_credentials".to_owned(), true));
    let region = [("AWS_REGION", "eu-north-1")];
    assert_eq!(kind(&status, &region), (4, Some(Verdict::Refused), "wrong_region".to_owned(), true));
    assert_eq!(
        kind(&["history", "staging", "--json"], LOCAL),
        (3, None, "nothing_deployed".to_owned(), true)
    );
    let unknown = ["deploy", "staging", "--release", "v9.9.9", "--json"];
    assert_eq!(kind(&unknown, LOCAL), (3, None, "unknown_release".to_owned(), true));
    let fault = ["deploy", "staging", "--fault", "earthquake", "--json"];
    assert_eq!(kind(&fault, LOCAL), (3, None, "input".to_owned(), false));
}

#[test]
fn a_broken_file_is_named_with_line_and_column() {
    let scene = Scene::empty();
    scene.edit("environments/staging.toml", "desired_count", "desired_cuont");
    let object = error(&scene, &["deploy", "staging", "--json"], LOCAL);
    assert_eq!((object.exit_code, object.cause.kind.as_str()), (3, "configuration"));
    let detail = &object.cause.detail;
    assert!(detail.starts_with("infra/environments/staging.toml:"), "{detail}");
    assert!(detail.contains(": unknown key `desired_cuont` in `ecs`"), "{detail}");
}

#[test]
fn a_deployment_whose_reader_went_away_goes_on() {
    let scene = Scene::staging();
    let mut command = Command::new(programs().join("deploy-ops"));
    command.args(["deploy", "staging", "--yes", "--fault", "crash-on-start:mcp", "--json"]);
    command.current_dir(scene.root()).env("DEPLOY_TARGET", "local").env_remove("LOCAL_AWS_DIR");
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    scene.commit("another");
    let mut child = command.spawn().unwrap();
    // As `| head -1` does.
    drop(child.stderr.take());
    let output = child.wait_with_output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &result["verdict"]),
        (Some(20), &Value::from("rolled_back")),
        "{result}"
    );
}
