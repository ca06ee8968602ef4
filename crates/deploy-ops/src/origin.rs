//! Who starts an operation, and from where: carried by the operation's own token, so that every stack event tells
//! it and no crash can lose it (docs/decisions/0004-history.md).

use crate::target::Identity;

/// Longest part of a token; a whole token may have 128 characters (botocore, cloudformation `ClientRequestToken`).
const MAX_PART: usize = 36;
/// Between the parts of a token. Within a part there are never two dashes in a row.
const BETWEEN: &str = "--";
/// What a place is called that is a run of GitHub Actions: the run's id follows.
const GITHUB: &str = "github-run-";

/// Who starts an operation, and from where. Reported by the tool itself: what must not be forged is in CloudTrail,
/// under the same token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// User, session name of a role, or actor of a GitHub run; letters, digits and single dashes.
    pub who: String,
    /// Host name, or `github-run-ID`; letters, digits and single dashes.
    pub place: String,
}

impl Origin {
    /// Of this process.
    #[must_use]
    pub fn here(identity: &Identity) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let run = variable("GITHUB_ACTIONS").and_then(|_| variable("GITHUB_RUN_ID"));
        match run {
            Some(run) => Self::new(
                &variable("GITHUB_ACTOR").unwrap_or_else(|| caller(&identity.arn).to_owned()),
                &format!("{GITHUB}{run}"),
            ),
            None => Self::new(caller(&identity.arn), &gethostname::gethostname().to_string_lossy()),
        }
    }

    /// Keeps of both what a token may hold.
    #[must_use]
    pub fn new(who: &str, place: &str) -> Self {
        Self { who: part(who), place: part(place) }
    }

    /// The token of an operation: `deploy-WHAT-MILLIS-NONCE--WHO--PLACE`.
    #[must_use]
    pub fn token(&self, what: &str, millis: u64, nonce: u64) -> String {
        format!("deploy-{what}-{millis}-{nonce:08x}{BETWEEN}{}{BETWEEN}{}", self.who, self.place)
    }

    /// What a token says; nothing where other means started the operation.
    #[must_use]
    pub fn of_token(token: &str) -> Option<Self> {
        let mut parts = token.strip_prefix("deploy-")?.split(BETWEEN).skip(1);
        let (who, place) = (parts.next()?, parts.next()?);
        Some(Self { who: who.to_owned(), place: place.to_owned() })
    }

    /// Address of the GitHub run, where the place is one.
    #[must_use]
    pub fn run_url(&self, owner: &str, repository: &str) -> Option<String> {
        let run = self.place.strip_prefix(GITHUB)?;
        Some(format!("https://github.com/{owner}/{repository}/actions/runs/{run}"))
    }
}

/// Last part of an ARN: the user, or the name of the session.
fn caller(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}

fn part(text: &str) -> String {
    let mut part = String::new();
    for character in text.chars() {
        if part.len() == MAX_PART {
            break;
        }
        if character.is_ascii_alphanumeric() {
            part.push(character);
        } else if !part.is_empty() && !part.ends_with('-') {
            part.push('-');
        }
    }
    let part = part.trim_end_matches('-');
    if part.is_empty() { "unknown".to_owned() } else { part.to_owned() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_who_and_from_where() {
        let origin = Origin::new("ana@example.com", "ana--laptop.local");
        let token = origin.token("roll", 1_767_603_600_123, 0x1a2b);
        assert_eq!(token, "deploy-roll-1767603600123-00001a2b--ana-example-com--ana-laptop-local");
        assert_eq!(Origin::of_token(&token), Some(origin));
        assert_eq!(Origin::of_token("deploy-roll-1767603600123-00001a2b"), None);
        assert_eq!(Origin::of_token("Console-UpdateStack-1f0e"), None);
        let run = Origin::new("ana", "github-run-42").run_url("owner", "repository");
        assert_eq!(run.unwrap(), "https://github.com/owner/repository/actions/runs/42");
    }

    #[test]
    fn a_token_is_never_too_long_and_never_has_other_characters() {
        let origin = Origin::new(&"ä-".repeat(100), &"x".repeat(100));
        let token = origin.token("rollback", u64::MAX, 0xffff_ffff);
        assert!(token.len() <= 128, "{token}");
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{token}");
        assert_eq!(origin.who, "unknown");
    }

    #[test]
    fn a_caller_is_the_end_of_its_arn() {
        assert_eq!(caller("arn:aws:sts::1:assumed-role/app-staging-deploy/ana"), "ana");
        assert_eq!(caller("arn:aws:iam::1:root"), "root");
    }
}
