//! What a page in the browser of this machine cannot do.

use serde_json::json;

use crate::server::{Server, authorization};

const FOREIGN: [&[(&str, &str)]; 6] = [
    &[("Host", "rebound.example:4566")],
    &[("Host", "127.0.0.1.rebound.example")],
    &[("Host", "203.0.113.1")],
    &[("Host", "127.0.0.1:4566"), ("Origin", "https://page.example")],
    &[("Host", "127.0.0.1:4566"), ("Origin", "null")],
    &[("Host", "localhost"), ("Sec-Fetch-Site", "cross-site")],
];

#[test]
fn a_page_neither_controls_the_account_nor_calls_an_api() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(dir.path());
    let before = server.control().status().now;
    for headers in FOREIGN {
        let answer = server.request("POST", "/_local/clock", headers, br#"{"advance_secs": 60}"#);
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text());
        let signature = authorization("test", "secretsmanager");
        let call = [
            headers,
            &[("Authorization", signature.as_str()), ("X-Amz-Target", "secretsmanager.ListSecrets")],
        ];
        let answer = server.request("POST", "/", &call.concat(), b"{}");
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text());
    }
    assert_eq!(server.control().status().now, before);
    for headers in [
        &[("Host", "LOCALHOST:1")][..],
        &[("Host", "[::1]:4566"), ("Origin", "http://[::1]:4566")],
        &[("Host", "127.0.0.2"), ("Sec-Fetch-Site", "none")],
    ] {
        let answer = server.request("GET", "/_local/status", headers, b"");
        assert_eq!(answer.status, 200, "{headers:?}: {}", answer.text());
    }
}

#[test]
fn a_step_of_the_clock_has_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(dir.path());
    let before = server.control().now();
    for body in [json!({"advance_secs": 1e15}), json!({"advance_secs": -1}), json!({"advance_secs": 4e7})] {
        let answer = server.local("POST", "clock", &body.to_string());
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    assert_eq!(server.control().now(), before);
}
