//! `github ready`: whether there is an account to deploy to. In a new repository everything runs by itself before anybody has
//! made the roles that a job signs in as: such a job ends well and says what comes next, in place of being red until then.
//!
//! Nobody has signed in yet when this is asked. The shared stack's bucket tells: S3 answers 404 to anybody for a bucket that does not
//! exist, and 403 for one that may not be looked into
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>). Every other answer, and none, is taken for yes:
//! then signing in says what is wrong.

use std::process::ExitCode;

use env_config::{Config, SharedNames};

use super::{answer, append};
use crate::failure::Failure;
use crate::project::Project;

/// Seconds for the question.
const LIMIT_SECS: u32 = 20;

pub(crate) fn run(project: &Project) -> Result<ExitCode, Failure> {
    let config = project.config()?;
    let address = address(&config, std::env::var("AWS_ENDPOINT_URL_S3").ok().as_deref());
    let ready = status(&address).as_deref() != Some("404");
    if !ready {
        let text = message(&config);
        ops_cli::say!("{text}");
        append("GITHUB_STEP_SUMMARY", &format!("{text}\n"))?;
    }
    answer(&[("ready", ready.to_string())])
}

/// Address of the bucket; below the endpoint that stands in for S3, where there is one.
fn address(config: &Config, endpoint: Option<&str>) -> String {
    let platform = &config.platform;
    let bucket = SharedNames::new(platform).template_bucket(&platform.account_id);
    let region = platform.region.as_str();
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    match endpoint.filter(|endpoint| !endpoint.is_empty()) {
        Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
        None => format!("https://{bucket}.s3.{region}.amazonaws.com{suffix}/"),
    }
}

/// Status code of the answer; `None` where there is none.
fn status(address: &str) -> Option<String> {
    let output = duct::cmd!(
        "curl",
        "--disable",
        "--globoff",
        "--silent",
        "--head",
        "--proto",
        "=http,https",
        "--max-time",
        LIMIT_SECS.to_string(),
        "--output",
        "-",
        "--write-out",
        "\n%{http_code}",
        "--",
        address
    )
    .stdin_null()
    .stdout_capture()
    .stderr_null()
    .unchecked()
    .run()
    .ok()?;
    String::from_utf8_lossy(&output.stdout).lines().next_back().map(str::to_owned)
}

fn message(config: &Config) -> String {
    let platform = &config.platform;
    let mut text = format!(
        "Account {} has no stack {} yet: there is nothing to deploy to.",
        platform.account_id, platform.shared_stack_name
    );
    let examples = env_config::examples(config);
    if !examples.is_empty() {
        let keys: Vec<String> = examples.iter().map(|it| format!("{} in {}", it.key, it.file)).collect();
        text.push_str(&format!(" First replace what is an example: {}.", keys.join(", ")));
    }
    let unguarded = config.environments.values().find(|environment| !environment.protection.retain_data);
    if let Some(environment) = unguarded.or_else(|| config.environments.values().next()) {
        text.push_str(&format!(
            " Next, by a person with administrator's rights: cargo xtask bootstrap {}",
            environment.name
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn config() -> Config {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        Config::load(root).unwrap()
    }

    #[test]
    fn the_bucket_of_the_shared_stack_is_asked_for() {
        let config = config();
        let bucket = SharedNames::new(&config.platform).template_bucket(&config.platform.account_id);
        let region = &config.platform.region;
        assert_eq!(address(&config, None), format!("https://{bucket}.s3.{region}.amazonaws.com/"));
        assert_eq!(address(&config, Some("http://127.0.0.1:1/")), format!("http://127.0.0.1:1/{bucket}"));
    }

    #[test]
    fn no_answer_is_not_taken_for_no() {
        assert_ne!(status("http://127.0.0.1:1/bucket").as_deref(), Some("404"));
    }

    #[test]
    fn the_message_names_the_next_command() {
        assert!(message(&config()).ends_with("cargo xtask bootstrap staging"), "{}", message(&config()));
    }
}
