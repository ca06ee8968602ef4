//! A served account and an HTTP client for it, with nothing of AWS's SDKs in between.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use local_aws::{Control, LocalAws, Options, Running};
use serde_json::Value;
use tokio::runtime::Runtime;

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-west-2";

pub(crate) struct Server {
    runtime: Runtime,
    running: Running,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) fn options() -> Options {
    Options::new(ACCOUNT, REGION)
}

impl Server {
    pub(crate) fn in_memory() -> Self {
        Self::start(LocalAws::in_memory(&options()))
    }

    pub(crate) fn open(dir: &Path) -> Self {
        Self::start(LocalAws::open(dir, &options()).unwrap())
    }

    pub(crate) fn start(local: LocalAws) -> Self {
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(local.start()).unwrap();
        Self { runtime, running }
    }

    pub(crate) fn control(&self) -> Control {
        self.running.control()
    }

    /// Ends as a killed process does: nothing is written any more.
    pub(crate) fn kill(self) {
        drop(self);
    }

    pub(crate) fn shutdown(self) {
        self.runtime.block_on(self.running.shutdown()).unwrap();
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.running.addr()).unwrap();
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request.push_str("Host: 127.0.0.1\r\n");
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let headers = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, headers, body: answer[end + 4..].to_vec() }
    }

    /// A call in AWS JSON 1.1.
    pub(crate) fn json(&self, key: &str, target: &str, body: &Value) -> Answer {
        let authorization = authorization(key, "any");
        let headers = [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", target),
            ("Authorization", &authorization),
        ];
        self.request("POST", "/", &headers, body.to_string().as_bytes())
    }

    /// A call in the query protocol.
    pub(crate) fn query(&self, key: &str, service: &str, form: &str) -> Answer {
        let authorization = authorization(key, service);
        let headers =
            [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &authorization)];
        self.request("POST", "/", &headers, form.as_bytes())
    }

    pub(crate) fn local(&self, method: &str, endpoint: &str, body: &str) -> Answer {
        self.request(method, &format!("/_local/{endpoint}"), &[], body.as_bytes())
    }
}

pub(crate) fn authorization(key: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260105/us-west-2/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}
