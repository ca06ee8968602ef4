//! What GitHub protects an environment with, and what of it differs from docs/workflows.md, "To set up once".
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments>

use serde::Deserialize;

use super::Finding;

/// What these findings are about.
pub(super) const CHECK: &str = "github";

/// Tags of releases, as a pattern of GitHub.
const RELEASES: &str = "v*";

/// An environment, as `GET /repos/{owner}/{repo}/environments/{name}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Settings {
    /// Its name.
    pub name: String,
    /// What a job waits for.
    #[serde(default)]
    pub protection_rules: Vec<Rule>,
    /// Which branches and tags may deploy; `None`: all.
    pub deployment_branch_policy: Option<BranchPolicy>,
    /// Whether administrators may pass over the rules; they may unless that is taken from them.
    pub can_admins_bypass: Option<bool>,
}

/// One rule of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Rule {
    /// One of these has to approve.
    RequiredReviewers {
        /// Whether it has to be another one than who started the run.
        prevent_self_review: Option<bool>,
        /// People and teams, at most six.
        #[serde(default)]
        reviewers: Vec<serde_json::Value>,
    },
    /// Jobs wait.
    WaitTimer {
        /// Minutes.
        #[serde(default)]
        wait_timer: u32,
    },
    /// That there is a branch policy, or what is not known here.
    #[serde(other)]
    Other,
}

/// How branches and tags are selected: GitHub sets exactly one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct BranchPolicy {
    /// Branches that have a protection rule.
    pub protected_branches: bool,
    /// By patterns.
    pub custom_branch_policies: bool,
}

/// A pattern that the `GITHUB_REF` of a run has to match.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pattern {
    /// The pattern.
    pub name: String,
    /// Of what. Branches came first, without saying so.
    #[serde(rename = "type", default)]
    pub kind: PatternKind,
}

/// What a pattern is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    /// Branches.
    #[default]
    Branch,
    /// Tags.
    Tag,
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            PatternKind::Branch => "branch",
            PatternKind::Tag => "tag",
        };
        write!(f, "{kind} {}", self.name)
    }
}

/// What docs/workflows.md says to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The branch that deploys.
    pub branch: &'a str,
    /// Whether releases deploy there too, each after somebody approved it.
    pub guarded: bool,
}

impl Wanted<'_> {
    fn patterns(self) -> Vec<Pattern> {
        let branch = Pattern { name: self.branch.to_owned(), kind: PatternKind::Branch };
        let releases = Pattern { name: RELEASES.to_owned(), kind: PatternKind::Tag };
        std::iter::once(branch).chain(self.guarded.then_some(releases)).collect()
    }

    /// Everything that is to be set, for who starts from nothing.
    pub(super) fn all(self) -> String {
        let only = listed(&self.patterns(), " and ");
        let rest = if self.guarded { ", required reviewers, prevent self-review, no bypass" } else { "" };
        format!("deployment branches and tags only {only}{rest}")
    }
}

/// Where an environment is set up, in the pages of the repository.
pub(super) fn place(name: &str) -> String {
    format!("Settings > Environments > {name}")
}

/// One warning for each thing that differs; where nothing does, what protects the environment. `patterns` are looked at
/// where they count.
#[must_use]
pub fn judge(settings: &Settings, patterns: &[Pattern], wanted: Wanted<'_>) -> Vec<Finding> {
    let place = place(&settings.name);
    let mut warnings = branches(settings.deployment_branch_policy, patterns, wanted, &place);
    let only = listed(&wanted.patterns(), " and ");
    let mut holds = vec![format!("only {only} may deploy")];
    let reviewers = settings.protection_rules.iter().find_map(|rule| match rule {
        Rule::RequiredReviewers { prevent_self_review, reviewers } if !reviewers.is_empty() => {
            Some((reviewers.len(), prevent_self_review.unwrap_or(false)))
        }
        _ => None,
    });
    if let Some((count, others)) = reviewers {
        let who = if others { ", not who started it" } else { "" };
        holds.push(format!("one reviewer of {count} has to approve{who}"));
    }
    if wanted.guarded {
        warnings.extend(approval(reviewers.map(|(_, others)| others), &place));
        warnings.extend(bypass(settings.can_admins_bypass, &place));
    }
    if settings.can_admins_bypass == Some(false) {
        holds.push("administrators may not bypass that".to_owned());
    }
    let wait = settings.protection_rules.iter().find_map(|rule| match rule {
        Rule::WaitTimer { wait_timer } if *wait_timer > 0 => Some(format!("jobs wait {wait_timer} min")),
        _ => None,
    });
    if warnings.is_empty() {
        holds.extend(wait);
        return vec![Finding::ok(CHECK, holds.join("; "))];
    }
    warnings.extend(wait.map(|wait| Finding::ok(CHECK, wait)));
    warnings
}

fn branches(
    policy: Option<BranchPolicy>,
    patterns: &[Pattern],
    wanted: Wanted<'_>,
    place: &str,
) -> Vec<Finding> {
    let wanted_patterns = wanted.patterns();
    let only = listed(&wanted_patterns, " and ");
    let fix = format!("{place} > Deployment branches and tags: selected branches and tags, only {only}");
    let warn = |detail: &str| vec![Finding::warn(CHECK, detail, fix.as_str())];
    match policy.map(|policy| (policy.protected_branches, policy.custom_branch_policies)) {
        None => warn("every branch and tag may deploy: the deploy role trusts them all"),
        // A release runs on its tag.
        Some((true, false)) if wanted.guarded => warn(
            "every branch with a protection rule may deploy, or every branch if none has one, but no tag of a release",
        ),
        Some((true, false)) => {
            warn("every branch with a protection rule may deploy, or every branch if none has one")
        }
        Some((false, true)) => {
            let missing = without(&wanted_patterns, patterns);
            let more = without(patterns, &wanted_patterns);
            let mut found = Vec::new();
            if !more.is_empty() {
                found.extend(warn(&format!("may deploy too: {}", listed(&more, ", "))));
            }
            if !missing.is_empty() {
                found.extend(warn(&format!("may not deploy: {}", listed(&missing, ", "))));
            }
            found
        }
        Some((true, true) | (false, false)) => {
            warn("GitHub's answer does not say whether protected or selected branches may deploy")
        }
    }
}

/// `others`: whether it has to be another one than who started the run; `None` where nobody has to approve.
fn approval(others: Option<bool>, place: &str) -> Option<Finding> {
    match others {
        None => Some(Finding::warn(
            CHECK,
            "nobody has to approve a deployment: whoever may publish a release deploys",
            format!(
                "{place} > Required reviewers: up to 6 people or teams, and prevent self-review; in a private repository \
                 they need the Enterprise plan"
            ),
        )),
        Some(false) => Some(Finding::warn(
            CHECK,
            "who starts a deployment may approve it",
            format!("{place} > Required reviewers: prevent self-review"),
        )),
        Some(true) => None,
    }
}

fn bypass(may: Option<bool>, place: &str) -> Option<Finding> {
    let detail = match may {
        Some(false) => return None,
        Some(true) => "administrators may bypass the rules",
        None => {
            "GitHub does not say whether administrators may bypass the rules; they may unless that is turned off"
        }
    };
    let fix = format!("{place} > Allow administrators to bypass configured protection rules: off");
    Some(Finding::warn(CHECK, detail, fix))
}

fn without(patterns: &[Pattern], known: &[Pattern]) -> Vec<Pattern> {
    patterns.iter().filter(|pattern| !known.contains(pattern)).cloned().collect()
}

fn listed(patterns: &[Pattern], between: &str) -> String {
    patterns.iter().map(Pattern::to_string).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests;
