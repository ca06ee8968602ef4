//! GitHub's API, asked with the token of the job: `origin` tells nothing of a private repository to a checkout that
//! keeps no credentials.
//!
//! curl asks: every runner has it, and this program stays without an HTTP and a TLS library of its own. The token goes to
//! its standard input, as arguments of programs are visible to every other one on the machine.

use crate::failure::Failure;

/// Seconds for a question with its repetitions, and for each attempt.
const LIMIT_SECS: u32 = 60;
const ATTEMPT_SECS: u32 = 15;
/// Further attempts after a time-out, a refused connection, 408, 429 or 5xx.
const RETRIES: u32 = 2;
/// Bytes of an answer.
const LONGEST: u32 = 1_000_000;

/// What a job of GitHub Actions asks with.
/// <https://docs.github.com/actions/reference/workflows-and-actions/variables>
pub(super) struct Job {
    api: String,
    repository: String,
    token: String,
}

impl Job {
    /// From `GITHUB_API_URL`, `GITHUB_REPOSITORY` and `GITHUB_TOKEN`. Without the first two, github.com and the
    /// configured repository.
    pub(super) fn from_environment(configured: &str) -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let token = variable("GITHUB_TOKEN").ok_or_else(|| {
            Failure::bad_input("GITHUB_TOKEN is not set: GitHub's API is asked with the token of the job")
                .hint("give it to the step: env: GITHUB_TOKEN: ${{ github.token }}; the job needs contents: read")
        })?;
        Self::new(
            variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned()),
            variable("GITHUB_REPOSITORY").unwrap_or_else(|| configured.to_owned()),
            token,
        )
    }

    fn new(api: String, repository: String, token: String) -> Result<Self, Failure> {
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
        for (name, value) in [("GITHUB_API_URL", &api), ("GITHUB_REPOSITORY", &repository)] {
            if !plain(value) {
                return Err(Failure::bad_input(format!("{name} is {value:?}, which is part of no address")));
            }
        }
        if !plain(&token) {
            return Err(Failure::bad_input("GITHUB_TOKEN has characters that no token has"));
        }
        Ok(Self { api, repository, token })
    }

    /// Text of `GET /repos/{owner}/{repository}/{path}`. Takes a minute at most.
    pub(super) fn get(&self, path: &str) -> Result<String, Failure> {
        let address = format!("{}/repos/{}/{path}", self.api.trim_end_matches('/'), self.repository);
        let settings = format!("url = \"{address}\"\nheader = \"Authorization: Bearer {}\"\n", self.token);
        let output = duct::cmd!(
            "curl",
            // First, or curl would read a file of the user's as well.
            "--disable",
            "--globoff",
            "--silent",
            "--show-error",
            "--fail",
            "--proto",
            "=http,https",
            "--max-time",
            ATTEMPT_SECS.to_string(),
            "--retry",
            RETRIES.to_string(),
            "--retry-connrefused",
            "--retry-max-time",
            (LIMIT_SECS - ATTEMPT_SECS).to_string(),
            "--max-filesize",
            LONGEST.to_string(),
            "--header",
            "Accept: application/vnd.github+json",
            "--header",
            "X-GitHub-Api-Version: 2022-11-28",
            "--user-agent",
            "xtask",
            "--config",
            "-"
        )
        .stdin_bytes(settings)
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(|error| Failure::unexpected("failed to start curl").because(error))?;
        if output.status.success() {
            return String::from_utf8(output.stdout)
                .map_err(|error| Failure::unexpected(format!("{address} answers no text")).because(error));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or("curl says nothing");
        let failure = Failure::unexpected(format!("{address} cannot be read: {said}"));
        Err(match said.rsplit(' ').next() {
            Some("401" | "403" | "404") => failure.hint(format!(
                "the token must be that of a job of {} with `permissions: contents: read`; [github] in \
                 infra/platform.toml names the branch",
                self.repository
            )),
            _ => failure.hint("run the job again; https://www.githubstatus.com says whether GitHub is well"),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::Job;

    /// Answers one request; its head is what the thread gives.
    fn server(status: &'static str, body: &'static str) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let lines = BufReader::new(connection.try_clone().unwrap()).lines();
            let head = lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            let length = body.len();
            write!(
                connection,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .unwrap();
            head
        });
        (address, thread)
    }

    fn job(api: String) -> Job {
        Job::new(api, "owner/name".to_owned(), "the-token".to_owned()).unwrap()
    }

    #[test]
    fn the_token_of_the_job_is_shown() {
        let (api, thread) = server("200 OK", "{}");
        assert_eq!(job(format!("{api}/")).get("git/ref/heads/main").unwrap(), "{}");
        let head = thread.join().unwrap();
        assert_eq!(head[0], "GET /repos/owner/name/git/ref/heads/main HTTP/1.1");
        assert!(head.contains(&"Authorization: Bearer the-token".to_owned()), "{head:?}");
    }

    #[test]
    fn a_refusal_names_the_address_and_what_the_job_needs_but_not_the_token() {
        for (status, code) in
            [("401 Unauthorized", "401"), ("403 Forbidden", "403"), ("404 Not Found", "404")]
        {
            let (api, thread) = server(status, "{}");
            let failure = format!("{:?}", job(api).get("git/ref/heads/main").unwrap_err());
            thread.join().unwrap();
            for part in [code, "repos/owner/name/git/ref/heads/main", "contents: read"] {
                assert!(failure.contains(part), "{failure}");
            }
            assert!(!failure.contains("the-token"), "{failure}");
        }
    }

    #[test]
    fn what_would_be_more_than_a_value_is_refused() {
        for bad in ["a\"\noutput = \"/tmp/x", "a b", "a\\"] {
            assert!(Job::new(bad.to_owned(), "o/n".to_owned(), "t".to_owned()).is_err(), "{bad}");
            assert!(Job::new("http://a".to_owned(), bad.to_owned(), "t".to_owned()).is_err(), "{bad}");
            assert!(Job::new("http://a".to_owned(), "o/n".to_owned(), bad.to_owned()).is_err(), "{bad}");
        }
    }
}
