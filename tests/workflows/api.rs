//! Stands in for GitHub's API: of a private repository, to the token of the job.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The bucket of the shared stack; a file of this name beside `origin` says that it exists.
pub(super) const BUCKET: &str = "doc-platform-templates-123456789012";

/// Serves the references of `origin` on loopback until the process ends; its address.
pub(super) fn serve(origin: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let lines = BufReader::new(connection.try_clone().unwrap()).lines();
            let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let (status, body) = answer(&origin, &head);
            let length = body.len();
            write!(
                connection,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    address
}

/// GitHub says of a private repository that it is not there to everybody who may not read it.
fn answer(origin: &Path, head: &[String]) -> (&'static str, String) {
    let missing = ("404 Not Found", r#"{"message":"Not Found"}"#.to_owned());
    let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    if head.first().is_some_and(|line| line.starts_with("HEAD ")) {
        let exists = path == format!("/{BUCKET}") && origin.with_file_name(BUCKET).exists();
        return (if exists { "403 Forbidden" } else { "404 Not Found" }, String::new());
    }
    let Some(name) = path.strip_prefix("/repos/specboard/doc-platform/git/ref/") else { return missing };
    if !head.iter().any(|line| line.eq_ignore_ascii_case("authorization: bearer the-token-of-this-job")) {
        return missing;
    }
    let reference = format!("refs/{name}");
    let id = Command::new("git")
        .arg("--git-dir")
        .arg(origin)
        .args(["rev-parse", "--verify", "--quiet", &reference])
        .output()
        .unwrap();
    if !id.status.success() {
        return missing;
    }
    let id = String::from_utf8(id.stdout).unwrap();
    let answer = serde_json::json!({ "ref": reference, "object": { "type": "commit", "sha": id.trim() } });
    ("200 OK", answer.to_string())
}
