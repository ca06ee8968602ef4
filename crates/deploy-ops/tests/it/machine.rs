//! What the machine refuses: a full disk, files that cannot be written, a metadata service that is not there.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::scene::Scene;

const FULL: &str = "/dev/full";

fn full() -> Stdio {
    Stdio::from(File::options().write(true).open(FULL).unwrap())
}

/// Runs a command of which nothing can be told: stdout and stderr are on a full disk, and so are the files of the workflow.
fn run_untold(scene: &Scene, args: &[&str]) -> Option<i32> {
    let mut command = scene.binary();
    command.args(args).env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", FULL);
    command.env("GITHUB_STEP_SUMMARY", "/nowhere/summary.md");
    command.stdin(Stdio::null()).stdout(full()).stderr(full()).status().unwrap().code()
}

#[test]
fn the_exit_code_is_that_of_the_outcome_where_nothing_can_be_told() {
    let scene = Scene::staging();
    scene.write("second.txt", "");
    scene.commit("second");
    let failing = ["deploy", "staging", "--local", "--yes", "--json", "--fault", "crash-on-start:mcp"];
    assert_eq!(run_untold(&scene, &failing), Some(20));
    let records = fs::read_dir(scene.root().join(".deployments")).unwrap();
    let failed = records
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with("rolled_back.json"));
    assert_eq!(failed.count(), 1, "the record is there, though the other outputs are not");
    assert_eq!(run_untold(&scene, &["recover", "staging", "--local", "--yes", "--json"]), Some(0));
    assert_eq!(
        run_untold(&scene, &["task", "run", "migrate", "--env", "staging", "--local", "--json"]),
        Some(0)
    );
    assert_eq!(run_untold(&scene, &["deploy", "staging", "--local", "--yes", "--json"]), Some(0));
}

#[test]
fn a_record_that_cannot_be_written_is_said_and_changes_no_outcome() {
    let scene = Scene::staging();
    scene.write("second.txt", "");
    scene.commit("second");
    let records = scene.root().join(".deployments");
    fs::remove_dir_all(&records).unwrap();
    fs::write(&records, "in the way").unwrap();
    let output = scene.root().join("missing/output");
    let run = scene.run_with(
        &["deploy", "staging", "--local", "--yes", "--fault", "crash-on-start:mcp"],
        "",
        &[("GITHUB_OUTPUT", output.to_str().unwrap())],
    );
    let run = run.expect(20);
    assert!(run.stderr.contains("no record of this run"), "{}", run.stderr);
    assert!(run.stderr.contains("GITHUB_OUTPUT"), "{}", run.stderr);
}

#[test]
fn an_answer_that_cannot_be_printed_is_an_error_of_a_command_that_only_looks() {
    let scene = Scene::staging();
    let mut command = scene.binary();
    command.args(["status", "staging", "--local", "--json"]).stdin(Stdio::null()).stdout(full());
    let output = command.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("No space left on device"), "{said}");
}

/// A service that ends every connection without an answer; how many connections it had.
fn silent_service() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    (endpoint, asked)
}

#[test]
fn without_credentials_the_metadata_service_is_asked_once() {
    let scene = Scene::empty();
    let (endpoint, asked) = silent_service();
    let run = scene.run_with(
        &["status", "staging"],
        "",
        &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint), ("AWS_EC2_METADATA_DISABLED", "false")],
    );
    let run = run.expect(3);
    assert!(run.stderr.contains("no AWS credentials were found"), "{}", run.stderr);
    assert!(run.stderr.contains("aws sso login"), "{}", run.stderr);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "connections");
    assert!(!scene.root().join(".local-aws").exists());
}

#[test]
fn a_served_account_ends_at_ctrl_c_though_clients_have_sent_half_a_request() {
    let scene = Scene::empty();
    let mut served = scene.serve();
    let address = served.endpoint.strip_prefix("http://").unwrap().to_owned();
    let half = format!("POST / HTTP/1.1\r\nhost: {address}\r\ncontent-length: 100\r\n\r\nAction=");
    let connections: Vec<TcpStream> = (0..300)
        .map(|number| {
            let mut stream = TcpStream::connect(&address).unwrap();
            // Every third has not even finished its head.
            let sent = if number % 3 == 0 { &half[..20] } else { &half };
            stream.write_all(sent.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert!(served.interrupt().is_some(), "it waits for {} clients", connections.len());
}
