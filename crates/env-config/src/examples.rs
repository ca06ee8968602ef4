//! Values that are examples: what a reader has to replace before anything is called.

use crate::{AccountId, Config, Domain, EmailAddress};

/// Accounts of AWS's documentation.
const ACCOUNTS: [&str; 6] =
    ["012345678901", "111122223333", "123456789012", "210987654321", "444455556666", "777788889999"];

/// Names that are kept for examples and tests (RFC 2606).
const NAMES: [&str; 7] =
    ["example.com", "example.net", "example.org", "example", "invalid", "localhost", "test"];

/// A value that cannot be anybody's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// File, relative to the top of the repository: `infra/platform.toml`.
    pub file: String,
    /// Key in it: `github.owner_id`.
    pub key: &'static str,
    /// What stands there.
    pub value: String,
    /// What belongs there, and where it is found.
    pub instead: String,
}

/// Everything in the configuration that is an example, in the order of its files.
#[must_use]
pub fn examples(config: &Config) -> Vec<Example> {
    let platform = &config.platform;
    let mut found = Vec::new();
    let mut add = |file: &str, key, value: String, instead: String| {
        found.push(Example { file: format!("infra/{file}"), key, value, instead });
    };
    let file = "platform.toml";
    if is_account(&platform.account_id) {
        let instead = "the id of your AWS account (aws sts get-caller-identity --query Account)".to_owned();
        add(file, "account_id", platform.account_id.to_string(), instead);
    }
    if is_name(platform.hosted_zone.as_str()) {
        let instead = "a domain that you own".to_owned();
        add(file, "hosted_zone", platform.hosted_zone.to_string(), instead);
    }
    let github = &platform.github;
    let repository = format!("repos/{}/{}", github.owner, github.repository);
    for (key, id, field) in [
        ("github.owner_id", github.owner_id, ".owner.id"),
        ("github.repository_id", github.repository_id, ".id"),
    ] {
        if let Some(id) = id.filter(|id| is_id(*id)) {
            add(file, key, id.to_string(), format!("what `gh api {repository} --jq {field}` prints"));
        }
    }
    for (name, environment) in &config.environments {
        let file = format!("environments/{name}.toml");
        if is_domain(&environment.domain) && !is_name(platform.hosted_zone.as_str()) {
            let instead = format!("{} or a name below it", platform.hosted_zone);
            add(&file, "domain", environment.domain.to_string(), instead);
        }
        if let Some(email) = environment.alarms.email.as_ref().filter(|email| is_email(email)) {
            let instead = "an address that somebody reads".to_owned();
            add(&file, "alarms.email", email.to_string(), instead);
        }
    }
    found
}

fn is_account(id: &AccountId) -> bool {
    let id = id.as_str();
    ACCOUNTS.contains(&id) || id.bytes().all(|digit| Some(&digit) == id.as_bytes().first())
}

fn is_domain(domain: &Domain) -> bool {
    is_name(domain.as_str())
}

fn is_email(email: &EmailAddress) -> bool {
    email.as_str().rsplit_once('@').is_some_and(|(_, domain)| is_name(domain))
}

/// Whether a name is one of those, or below one.
fn is_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES
        .iter()
        .any(|example| name.strip_suffix(example).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Whether a number of GitHub's is made up: digits that count, or groups of three that each end in two zeros. Of a thousand
/// thousand real numbers one looks like that.
fn is_id(id: u64) -> bool {
    let text = id.to_string();
    let counts = |text: &str| "1234567890".starts_with(text) || "9876543210".starts_with(text);
    let round = |mut rest: u64| {
        while rest > 0 {
            if !rest.is_multiple_of(100) {
                return false;
            }
            rest /= 1000;
        }
        true
    };
    (text.len() >= 5 && counts(&text)) || (text.len() >= 7 && round(id))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_for_examples_are_told_from_others() {
        for name in ["example.com", "alerts.example.org", "EXAMPLE.net", "app.test", "a.invalid", "localhost"]
        {
            assert!(is_name(name), "{name}");
        }
        for name in ["example.io", "myexample.com", "contest", "test.io", "com"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn accounts_of_documentation_are_told_from_others() {
        for id in ["123456789012", "111122223333", "000000000000", "999999999999"] {
            assert!(is_account(&id.parse().unwrap()), "{id}");
        }
        for id in ["123456789013", "482910573829"] {
            assert!(!is_account(&id.parse().unwrap()), "{id}");
        }
    }

    #[test]
    fn made_up_numbers_are_told_from_others() {
        for id in [123_456_789, 12_345, 987_654_321, 100_200_300, 900_800_700] {
            assert!(is_id(id), "{id}");
        }
        for id in [1, 1_234, 583_231, 44_036_562, 100_200_301, 900] {
            assert!(!is_id(id), "{id}");
        }
    }
}
