//! What survives on disk, and what is refused.

use std::fs;
use std::path::Path;
use std::time::Duration;

use local_aws::{LocalAws, StateError};
use serde_json::{Value, json};

use crate::server::{Server, options};

/// Length of the head of a journal and of the head of a record, in bytes.
const FILE_HEAD: usize = 16;
const RECORD_HEAD: usize = 20;

const ECR: &str = "AmazonEC2ContainerRegistry_V20150921";

fn create(server: &Server, name: &str) {
    let answer = server.json("test", &format!("{ECR}.CreateRepository"), &json!({"repositoryName": name}));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn names(server: &Server) -> Vec<Value> {
    let answer = server.json("test", &format!("{ECR}.DescribeRepositories"), &json!({})).json();
    answer["repositories"].as_array().unwrap().iter().map(|found| found["repositoryName"].clone()).collect()
}

fn refusal(dir: &Path) -> StateError {
    LocalAws::open(dir, &options()).unwrap_err()
}

/// A directory with one repository in it, cleanly closed.
fn closed_account() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(dir.path());
    create(&server, "aa");
    server.shutdown();
    dir
}

#[test]
fn a_clean_end_keeps_everything_and_empties_the_journal() {
    let dir = closed_account();
    let journals = fs::read_dir(dir.path()).unwrap().flatten();
    let journals: Vec<_> =
        journals.filter(|entry| entry.file_name().to_string_lossy().starts_with("journal")).collect();
    assert_eq!(journals.len(), 1);
    assert_eq!(journals[0].metadata().unwrap().len(), FILE_HEAD as u64);
    assert_eq!(names(&Server::open(dir.path())), ["aa"]);
}

#[test]
fn a_killed_server_loses_nothing_it_answered() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(dir.path());
    create(&server, "aa");
    server.control().advance_by(Duration::from_secs(90)).unwrap();
    create(&server, "bb");
    let now = server.control().now();
    let before = server.json("test", &format!("{ECR}.DescribeRepositories"), &json!({})).json();
    server.kill();

    let server = Server::open(dir.path());
    assert_eq!(server.control().now(), now);
    assert_eq!(server.json("test", &format!("{ECR}.DescribeRepositories"), &json!({})).json(), before);
    // And once more, on top of what was replayed.
    create(&server, "cc");
    server.kill();
    assert_eq!(names(&Server::open(dir.path())), ["aa", "bb", "cc"]);
}

#[test]
fn faults_survive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(dir.path());
    server.local("POST", "faults", r#"{"fault": "no-capacity", "after_secs": 5}"#);
    server.local("POST", "faults", r#"{"fault": "throttled:ecs"}"#);
    server.local("DELETE", "faults", r#"{"fault": "throttled:ecs"}"#);
    server.kill();
    assert_eq!(Server::open(dir.path()).control().status().faults, ["no-capacity"]);
}

#[test]
fn an_answer_torn_by_a_kill_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(dir.path());
    create(&server, "aa");
    create(&server, "bb");
    server.kill();
    let journal = dir.path().join("journal-1");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() - 3]).unwrap();
    let opened = LocalAws::open(dir.path(), &options()).unwrap();
    let said = opened.torn().unwrap();
    assert!(said.contains("journal-1 (number 2) was written in part only"), "{said}");
    drop(opened);
    assert_eq!(names(&Server::open(dir.path())), ["aa"]);
}

/// A directory whose journal holds three records, and where each begins and the last ends.
fn killed_account() -> (tempfile::TempDir, Vec<u8>, Vec<usize>) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(dir.path());
    for name in ["aa", "bb", "cc"] {
        create(&server, name);
    }
    server.kill();
    let bytes = fs::read(dir.path().join("journal-1")).unwrap();
    let mut places = vec![FILE_HEAD];
    while let Some(head) = bytes.get(places[places.len() - 1]..).filter(|rest| !rest.is_empty()) {
        let length = u32::from_le_bytes(head[..4].try_into().unwrap()) as usize;
        places.push(places[places.len() - 1] + RECORD_HEAD + length);
    }
    assert_eq!((places.len(), places[3]), (4, bytes.len()));
    (dir, bytes, places)
}

#[test]
fn a_journal_that_ends_before_its_last_record_is_refused_wherever_it_is_cut() {
    let (dir, bytes, places) = killed_account();
    let journal = dir.path().join("journal-1");
    for end in 0..=places[2] {
        fs::write(&journal, &bytes[..end]).unwrap();
        let error = refusal(dir.path());
        let StateError::Damaged { path, .. } = &error else { panic!("cut at {end}: {error}") };
        assert_eq!(path, &journal, "cut at {end}");
    }
}

#[test]
fn a_journal_altered_anywhere_is_refused() {
    let (dir, bytes, _) = killed_account();
    let journal = dir.path().join("journal-1");
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 0x40;
        fs::write(&journal, &altered).unwrap();
        let error = refusal(dir.path());
        assert!(matches!(error, StateError::Damaged { .. }), "byte {place}: {error}");
    }
}

#[test]
fn a_missing_snapshot_or_journal_is_named_and_nothing_is_removed() {
    for missing in ["account.state", "journal-1"] {
        let (dir, _, _) = killed_account();
        fs::remove_file(dir.path().join(missing)).unwrap();
        let left = listing(dir.path());
        let error = refusal(dir.path());
        let StateError::Damaged { path, detail } = &error else { panic!("{error}") };
        assert!(path.ends_with(missing) && detail.starts_with("it is missing"), "{error}");
        assert_eq!(listing(dir.path()), left);
    }
}

fn listing(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_directory_of_somebody_else_is_neither_used_nor_removed() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["README.md", "lock", "journal-1"] {
        fs::write(dir.path().join(name), "mine").unwrap();
    }
    for error in [local_aws::reset(dir.path()).unwrap_err(), refusal(dir.path())] {
        assert!(matches!(&error, StateError::Foreign { .. }), "{error}");
        assert!(error.to_string().contains("LOCAL_AWS_DIR"), "{error}");
    }
    assert_eq!(listing(dir.path()), ["README.md", "journal-1", "lock"]);
    assert_eq!(fs::read(dir.path().join("lock")).unwrap(), b"mine");
}

#[test]
fn a_reset_leaves_what_is_no_file_of_the_account() {
    let dir = closed_account();
    fs::write(dir.path().join("journal-of-mine"), "mine").unwrap();
    local_aws::reset(dir.path()).unwrap();
    assert_eq!(listing(dir.path()), ["journal-of-mine", "local-aws.marker"]);
    assert!(names(&Server::open(dir.path())).is_empty());
}

#[test]
fn a_reset_removes_an_account_of_an_older_program_and_a_damaged_one() {
    let dir = closed_account();
    fs::remove_file(dir.path().join("local-aws.marker")).unwrap();
    local_aws::reset(dir.path()).unwrap();
    assert!(!dir.path().exists());
    let dir = closed_account();
    fs::write(dir.path().join("account.state"), "nonsense").unwrap();
    local_aws::reset(dir.path()).unwrap();
    assert!(!dir.path().exists());
}

#[test]
fn a_journal_altered_in_the_middle_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(dir.path());
    create(&server, "aa");
    create(&server, "bb");
    server.kill();
    let journal = dir.path().join("journal-1");
    let mut bytes = fs::read(&journal).unwrap();
    bytes[FILE_HEAD + RECORD_HEAD] ^= 1;
    fs::write(&journal, &bytes).unwrap();
    let error = refusal(dir.path());
    assert!(
        matches!(&error, StateError::Damaged { detail, .. } if detail == "record 1 is altered"),
        "{error}"
    );
    assert!(error.to_string().contains("cargo xtask local reset"));
}

#[test]
fn a_damaged_snapshot_is_refused_with_what_to_do() {
    type Harm = fn(&mut Vec<u8>);
    let cases: [(Harm, &str); 4] = [
        (|bytes| bytes.truncate(bytes.len() - 1), "bytes instead of"),
        (|bytes| *bytes.last_mut().unwrap() ^= 1, "its checksum does not match"),
        (|bytes| bytes.clear(), "it has no header"),
        (|bytes| bytes[0] = b'x', "its header is unreadable"),
    ];
    for (harm, expected) in cases {
        let dir = closed_account();
        let file = dir.path().join("account.state");
        let mut bytes = fs::read(&file).unwrap();
        harm(&mut bytes);
        fs::write(&file, bytes).unwrap();
        let message = refusal(dir.path()).to_string();
        assert!(message.contains("is damaged") && message.contains(expected), "{message}");
        assert!(message.ends_with("(start afresh: `cargo xtask local reset`)"), "{message}");
    }
}

#[test]
fn other_versions_are_refused_and_say_which() {
    for (version, expected) in
        [(0, "version 0, written by an older program"), (999, "version 999, written by a newer program")]
    {
        let dir = closed_account();
        let file = dir.path().join("account.state");
        let bytes = fs::read(&file).unwrap();
        let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
        let mut header: Value = serde_json::from_slice(&bytes[..end]).unwrap();
        header["version"] = json!(version);
        fs::write(&file, [header.to_string().as_bytes(), &bytes[end..]].concat()).unwrap();
        let message = refusal(dir.path()).to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("cargo xtask local reset"), "{message}");
    }
}

#[test]
fn another_account_is_refused() {
    let dir = closed_account();
    let mut other = options();
    other.account = "210987654321".to_owned();
    let error = LocalAws::open(dir.path(), &other).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("is account 123456789012 in us-west-2, but account 210987654321 in us-west-2"),
        "{message}"
    );
}

#[test]
fn a_second_opener_is_told_who_holds_the_account() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = options();
    first.command = "xtask deploy staging --local".to_owned();
    let held = LocalAws::open(dir.path(), &first).unwrap();
    let error = refusal(dir.path());
    let StateError::Locked { command, pid, since, .. } = &error else { panic!("{error}") };
    assert_eq!((command.as_str(), *pid), ("xtask deploy staging --local", std::process::id()));
    assert!(since.ends_with('Z'), "{since}");
    assert!(matches!(local_aws::reset(dir.path()), Err(StateError::Locked { .. })));
    drop(held);
    LocalAws::open(dir.path(), &options()).unwrap();
}

#[test]
fn the_lock_of_a_dead_process_is_taken_over() {
    let dir = closed_account();
    fs::write(dir.path().join("lock"), r#"{"command":"gone","pid":1,"since":"2026-01-01T00:00:00Z"}"#)
        .unwrap();
    LocalAws::open(dir.path(), &options()).unwrap();
}

#[test]
fn a_reset_account_is_empty() {
    let dir = closed_account();
    local_aws::reset(dir.path()).unwrap();
    assert!(!dir.path().join("account.state").exists());
    let server = Server::open(dir.path());
    create(&server, "again");
    assert_eq!(server.local("POST", "reset", "").status, 200);
    assert!(names(&server).is_empty());
    server.kill();
    assert!(names(&Server::open(dir.path())).is_empty());
}

#[test]
fn no_secret_is_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(dir.path());
    let call = |operation: &str, input: Value| {
        let answer = server.json("test", &format!("secretsmanager.{operation}"), &input);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    call("CreateSecret", json!({"Name": "staging/key", "SecretString": "correct-horse"}));
    call("PutSecretValue", json!({"SecretId": "staging/key", "SecretString": "battery-staple"}));
    call("UpdateSecret", json!({"SecretId": "staging/key", "SecretString": "more-entropy"}));
    assert_eq!(call("GetSecretValue", json!({"SecretId": "staging/key"}))["SecretString"], "more-entropy");
    for file in fs::read_dir(dir.path()).unwrap().flatten() {
        let bytes = fs::read(file.path()).unwrap();
        for secret in ["correct-horse", "battery-staple", "more-entropy"] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} in {}", file.path().display());
        }
    }
    server.kill();
    let server = Server::open(dir.path());
    let answer = server.json("test", "secretsmanager.GetSecretValue", &json!({"SecretId": "staging/key"}));
    assert_eq!(answer.json()["SecretString"].as_str().unwrap().len(), "more-entropy".len());
}
