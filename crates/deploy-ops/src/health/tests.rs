//! Small servers answer as those do that stand between users and a program.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

fn probe(release: ReleaseSource) -> Probe {
    let service = "api".parse().expect("a name");
    Probe { service, path: "/".to_owned(), status: Some(200), release: Some(release) }
}

fn in_header() -> Probe {
    probe(ReleaseSource::Header("x-release".to_owned()))
}

fn in_json() -> Probe {
    probe(ReleaseSource::Body(Some("/version".parse().expect("a pointer"))))
}

/// What is said of a place that users would reach by DNS and HTTPS.
async fn trouble_at(domain: &str) -> Trouble {
    let checker = Checker::new(Front::Public, domain).expect("a checker");
    checker.ask(&in_header(), None).await.trouble.expect("nobody answers well there")
}

/// A server that gives one answer, then holds the line until the client hangs up, or hangs up itself.
async fn serve(answer: String, hold: bool) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(answer.as_bytes()).await;
        if hold {
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    address
}

/// Release and trouble in this answer; the server holds the line, so that a body shorter than promised is awaited.
async fn told(probe: &Probe, head: &str, body: &str) -> (Option<String>, Option<Trouble>) {
    let address = serve(format!("HTTP/1.1 {head}\r\n\r\n{body}"), true).await;
    let limit = Duration::from_millis(500);
    let checker = Checker::patient(Front::At(address), "app.example.com", limit).expect("a checker");
    let answer = checker.ask(probe, Some("v1")).await;
    (answer.release, answer.trouble)
}

async fn said(probe: &Probe, head: &str, body: &str) -> (&'static str, String) {
    let length = format!("{head}\r\nContent-Length: {}", body.len());
    match told(probe, &length, body).await {
        (release, None) => ("well", release.unwrap_or_default()),
        (_, Some(trouble)) => (trouble.kind(), trouble.to_string()),
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_dns() {
    // Reserved, so that it never resolves (RFC 2606).
    let trouble = trouble_at("nobody.invalid").await;
    assert!(matches!(trouble, Trouble::Dns(_)), "{trouble:?}");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let trouble = trouble_at(&address.to_string()).await;
    assert!(matches!(trouble, Trouble::Connection(_)), "{trouble:?}");
}

#[tokio::test]
async fn a_program_that_speaks_no_tls_is_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let trouble = trouble_at(&address.to_string()).await;
    assert!(matches!(trouble, Trouble::Tls(_)), "{trouble:?}");
    server.join().expect("the server ends");
}

const BALANCER: &str = "\r\nServer: awselb/2.0\r\nContent-Type: text/html";

#[tokio::test]
async fn answers_are_blamed_on_who_gave_them() {
    let probe = in_header();
    let by_balancer = |status: &str| format!("{status}{BALANCER}");
    let page = "<html></html>";
    assert_eq!(said(&probe, "200 OK\r\nX-Release: v1", "").await, ("well", "v1".to_owned()));
    let (kind, words) = said(&probe, "200 OK\r\nX-Release: v0", "").await;
    assert_eq!((kind, words.as_str()), ("wrong_release", "release v0 answers, not v1"));
    let (kind, words) = said(&probe, "200 OK", "").await;
    let missing =
        "the answer names no release: it has no header x-release (`release_header` in infra/platform.toml)";
    assert_eq!((kind, words.as_str()), ("no_release", missing));
    assert_eq!(said(&probe, &by_balancer("503 Unavailable"), page).await.0, "load_balancer");
    assert_eq!(said(&probe, &by_balancer("403 Forbidden"), page).await.0, "firewall");
    assert_eq!(said(&probe, "500 Error\r\nX-Release: v1", "").await.0, "application");
    let any = Probe { status: None, ..probe };
    assert_eq!(said(&any, "404 Not Found\r\nX-Release: v1", "").await.0, "well");
    assert_eq!(said(&any, "500 Error\r\nX-Release: v1", "").await.0, "application");
}

#[tokio::test]
async fn a_version_endpoint_names_the_release_in_its_body() {
    let (json, text) = (in_json(), probe(ReleaseSource::Body(None)));
    assert_eq!(said(&json, "200 OK", r#"{"version":"v1"}"#).await, ("well", "v1".to_owned()));
    assert_eq!(said(&text, "200 OK", "v1\n").await, ("well", "v1".to_owned()));
    let (kind, words) = said(&json, "200 OK\r\nX-Release: v1", r#"{"version":"v0"}"#).await;
    assert_eq!((kind, words.as_str()), ("wrong_release", "release v0 answers, not v1"));
}

#[tokio::test]
async fn what_is_wrong_with_a_version_endpoint_is_told_apart() {
    let (json, text) = (in_json(), probe(ReleaseSource::Body(None)));
    let page = "<!doctype html><title>v1</title>";
    let balancer = format!("200 OK{BALANCER}");
    let blocked = format!("403 Forbidden{BALANCER}");
    let cases = [
        (&json, "404 Not Found", r#"{"version":"v1"}"#, "application", "the program answers 404"),
        (&json, "302 Found", "", "application", "the program answers 302"),
        (&json, &balancer, page, "load_balancer", "the load balancer answers 200"),
        (&json, &blocked, page, "firewall", "the firewall blocks the request (403)"),
        (&json, "200 OK", page, "no_release", "its body is an HTML page"),
        (&text, "200 OK", page, "no_release", "its body is an HTML page"),
        (&json, "200 OK", "v1", "no_release", "its body is not JSON"),
        (&json, "200 OK", "", "no_release", "its body is empty"),
        (&json, "200 OK", r#"{"commit":"v1"}"#, "no_release", "nothing at /version, only the keys commit"),
    ];
    for (probe, head, body, kind, words) in cases {
        let (found, text) = said(probe, head, body).await;
        assert!(found == kind && text.contains(words), "{head} {body}: {found}: {text}");
    }
}

#[tokio::test]
async fn a_body_is_read_for_as_long_and_as_far_as_it_may_take() {
    // Both promise more than they send.
    let promise = "200 OK\r\nContent-Length: 1000000";
    let large = format!(r#"{{"version":"v1","padding":"{}"#, "x".repeat(2 * VERSION_BODY_LIMIT));
    let too_large = Trouble::NoRelease(Unnamed::TooLarge);
    assert_eq!(told(&in_json(), promise, &large).await, (None, Some(too_large)));
    let late = Trouble::Connection("timed out".to_owned());
    let probe = in_json();
    let told = told(&probe, promise, r#"{"version":"v1""#);
    let told = tokio::time::timeout(Duration::from_secs(10), told).await.expect("it is given up in time");
    assert_eq!(told, (None, Some(late)));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_connection() {
    let address = serve("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_owned(), false).await;
    let checker = Checker::new(Front::At(address), "app.example.com").expect("a checker");
    let trouble = checker.ask(&in_json(), Some("v1")).await.trouble;
    assert!(matches!(trouble, Some(Trouble::Connection(_))), "{trouble:?}");
}

#[tokio::test]
async fn where_only_health_is_asked_for_the_release_is_shown_and_not_judged() {
    for (body, release) in [(r#"{"version":"v0"}"#, Some("v0")), ("{}", None)] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let checker = Checker::new(Front::At(serve(answer, true).await), "app.example.com");
        let answer = checker.expect("a checker").ask(&in_json(), None).await;
        assert_eq!((answer.release.as_deref(), answer.trouble), (release, None), "{body}");
    }
}
