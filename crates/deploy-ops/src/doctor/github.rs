//! The GitHub environment, asked for through `gh`: it has the user's credentials, and this program never sees them.

use std::path::Path;
use std::time::Duration;

use env_config::{Config, Environment};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::protection::{self, BranchPolicy, CHECK, Pattern, Purpose, Settings, Wanted};
use super::{Finding, machine, machine::Said};

/// For one question, of which there are two at most about an environment.
const LIMIT: Duration = Duration::from_secs(10);

/// One page of `GET …/environments/{name}/deployment-branch-policies`.
#[derive(Deserialize)]
struct Page {
    branch_policies: Vec<Pattern>,
}

/// The environment in which jobs wait for the approval of what they will do to `environment`.
#[must_use]
pub fn approval_environment(environment: &str) -> String {
    format!("{environment}-approval")
}

/// What keeps other branches and unapproved releases from an environment's deploy role, which trusts the GitHub
/// environment whatever the branch. `gh` is to be signed in. Blocks for 40 seconds at most.
#[must_use]
pub fn environment(root: &Path, config: &Config, environment: &Environment) -> Vec<Finding> {
    let github = &config.platform.github;
    let name = environment.name.to_string();
    // What keeps data is what releases are for: `release` names the same environment as the one they are approved for.
    let wanted = if environment.protection.retain_data {
        vec![(approval_environment(&name), Purpose::Approves), (name, Purpose::DeploysWhatWasApproved)]
    } else {
        vec![(name, Purpose::Deploys)]
    };
    let repository = format!("repos/{}/{}", github.owner, github.repository);
    let mut findings = Vec::new();
    for (name, purpose) in wanted {
        let wanted = Wanted { branch: &github.branch, purpose };
        let asked = Asked { root, repository: repository.clone(), name: &name };
        match asked.answers(wanted) {
            Ok((settings, patterns)) => findings.extend(protection::judge(&settings, &patterns, wanted)),
            // GitHub says one time that it does not answer.
            Err(finding) if findings.contains(&finding) => {}
            Err(finding) => findings.push(finding),
        }
    }
    findings
}

/// Whether the ids of the configuration are those of the repository: the roles trust tokens that bear them. `gh` is to be
/// signed in. A repository that it does not show is said by [`environment`]. Blocks for 10 seconds at most.
#[must_use]
pub fn ids(root: &Path, config: &Config) -> Option<Finding> {
    #[derive(Deserialize)]
    struct Owner {
        id: u64,
    }
    #[derive(Deserialize)]
    struct Repository {
        id: u64,
        owner: Owner,
    }
    let github = &config.platform.github;
    let address = format!("repos/{}/{}", github.owner, github.repository);
    let Said::This(text) = api(root, &[&address]) else { return None };
    let Repository { id, owner } = serde_json::from_str(&text).ok()?;
    let configured = (github.owner_id, github.repository_id);
    if configured == (Some(owner.id), Some(id)) {
        return Some(Finding::ok("github ids", format!("owner {}, repository {id}", owner.id)));
    }
    let said = |id: Option<u64>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
    Some(Finding::warn(
        "github ids",
        format!(
            "infra/platform.toml has owner_id {} and repository_id {}",
            said(configured.0),
            said(configured.1)
        ),
        format!(
            "[github] owner_id = {}, repository_id = {id}; then cargo xtask stack deploy shared",
            owner.id
        ),
    ))
}

struct Asked<'a> {
    root: &'a Path,
    /// `repos/OWNER/NAME`.
    repository: String,
    name: &'a str,
}

impl Asked<'_> {
    fn answers(&self, wanted: Wanted<'_>) -> Result<(Settings, Vec<Pattern>), Finding> {
        // Names of environments have nothing in them that an address would have to escape.
        let address = format!("{}/environments/{}", self.repository, self.name);
        let settings = match api(self.root, &[&address]) {
            Said::Failed(line) if line.contains("HTTP 404") => return Err(self.missing(wanted)),
            said => answer(said, &address, |text| serde_json::from_str::<Settings>(text))?,
        };
        let selected = BranchPolicy { protected_branches: false, custom_branch_policies: true };
        if settings.deployment_branch_policy != Some(selected) {
            return Ok((settings, Vec::new()));
        }
        let address = format!("{address}/deployment-branch-policies");
        let pages: Vec<Page> = answer(api(self.root, &["--paginate", &address]), &address, pages)?;
        Ok((settings, pages.into_iter().flat_map(|page| page.branch_policies).collect()))
    }

    /// GitHub says the same of an environment that does not exist and of a repository that it does not show.
    fn missing(&self, wanted: Wanted<'_>) -> Finding {
        let repository = self.repository.trim_start_matches("repos/");
        match api(self.root, &[&self.repository]) {
            Said::This(_) => Finding::warn(
                CHECK,
                format!(
                    "there is no environment {} at GitHub, which makes one without any protection on the first run that \
                     names it",
                    self.name
                ),
                format!("make {} before any run, with {}", protection::place(self.name), wanted.all()),
            ),
            Said::Failed(line) if line.contains("HTTP 404") => Finding::warn(
                CHECK,
                format!("GitHub shows no repository {repository} to the account of gh"),
                "gh auth login with an account that may read it, or correct [github] in infra/platform.toml",
            ),
            said => unanswered(said),
        }
    }
}

fn api(root: &Path, question: &[&str]) -> Said {
    // The tokens that the roles trust are those of github.com, whatever other host `gh` is used with.
    let args = ["api", "--hostname", "github.com", "--header", "X-GitHub-Api-Version: 2022-11-28"];
    machine::ask_within(LIMIT, root, "gh", &[&args[..], question].concat())
}

fn answer<T>(
    said: Said,
    address: &str,
    read: impl Fn(&str) -> Result<T, serde_json::Error>,
) -> Result<T, Finding> {
    let Said::This(text) = said else { return Err(unanswered(said)) };
    read(&text).map_err(|error| {
        Finding::warn(
            CHECK,
            format!("GitHub's answer is not understood: {error}"),
            format!("see what answers: gh api {address}"),
        )
    })
}

/// The pages that `gh api --paginate` writes one after the other. No page at all is no answer.
fn pages<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, serde_json::Error> {
    if text.is_empty() {
        return serde_json::from_str(text);
    }
    serde_json::Deserializer::from_str(text).into_iter().collect()
}

fn unanswered(said: Said) -> Finding {
    let network = "check the network, then look again";
    match said {
        Said::TimedOut => {
            Finding::warn(CHECK, format!("GitHub gives no answer in {} s", LIMIT.as_secs()), network)
        }
        Said::Failed(line) => Finding::warn(
            CHECK,
            format!("what protects the environment cannot be read: {line}"),
            "the account of gh must be allowed to read the repository (gh auth refresh --scopes repo; a fine-grained \
             token: Actions, read)",
        ),
        Said::Nothing | Said::This(_) => Finding::warn(CHECK, "gh gives no answer", network),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn pages_follow_one_another() {
        let names = |text: &str| -> Option<Vec<String>> {
            let pages: Vec<Page> = pages(text).ok()?;
            Some(pages.into_iter().flat_map(|page| page.branch_policies).map(|it| it.to_string()).collect())
        };
        let one = r#"{"total_count":2,"branch_policies":[{"id":1,"name":"main","type":"branch"}]}"#;
        let two = r#"{"total_count":2,"branch_policies":[{"id":2,"name":"v*","type":"tag"}]}"#;
        assert_eq!(names(&format!("{one}{two}")).unwrap(), ["branch main", "tag v*"]);
        assert_eq!(names(&format!("{one}\n{two}\n")).unwrap(), ["branch main", "tag v*"]);
        assert_eq!(names(r#"{"total_count":0,"branch_policies":[]}"#).unwrap(), [""; 0]);
        for bad in ["", "[]", "{}", "<html>", &format!("{one}{{")] {
            assert_eq!(names(bad), None, "{bad}");
        }
    }

    #[test]
    fn no_answer_in_time_is_a_warning() {
        let finding = unanswered(Said::TimedOut);
        assert_eq!((finding.check, finding.state), ("github", crate::doctor::State::Warn));
        assert_eq!(finding.detail, "GitHub gives no answer in 10 s");
    }

    #[test]
    fn an_answer_that_is_no_environment_is_a_warning() {
        for bad in ["", "null", "[]", "{}", "<html>", r#"{"name":"staging","protection_rules":[{}]}"#] {
            let read = answer(Said::This(bad.to_owned()), "repos/a/b", |text| {
                serde_json::from_str::<Settings>(text)
            });
            let finding = read.unwrap_err();
            assert_eq!(finding.state, crate::doctor::State::Warn, "{bad}");
            assert!(finding.detail.contains("not understood"), "{finding}");
            assert!(finding.fix.unwrap().ends_with("gh api repos/a/b"), "{bad}");
        }
    }
}
