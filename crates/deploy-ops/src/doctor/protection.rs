//! What GitHub protects an environment with, and what of it differs from docs/workflows.md, "To set up once".
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments>

use serde::Deserialize;

use super::Finding;

/// What these findings are about.
pub(super) const CHECK: &str = "github";

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

/// What an environment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Deployments that nobody has to approve.
    Deploys,
    /// Deployments that were approved in another environment, of this purpose: [`Purpose::Approves`].
    DeploysWhatWasApproved,
    /// Approvals, and nothing else: its jobs sign in nowhere.
    Approves,
}

/// What docs/workflows.md says to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The branch that deploys.
    pub branch: &'a str,
    /// What the environment is for.
    pub purpose: Purpose,
}

impl Wanted<'_> {
    /// One branch alone. A run about a tag takes its workflow from the tag: whoever may make tags could
    /// leave the approval out.
    fn pattern(self) -> Pattern {
        Pattern { name: self.branch.to_owned(), kind: PatternKind::Branch }
    }

    /// Everything that is to be set, for who starts from nothing.
    pub(super) fn all(self) -> String {
        let rest = match self.purpose {
            Purpose::Deploys => "",
            Purpose::DeploysWhatWasApproved => ", no reviewers, no bypass",
            Purpose::Approves => ", required reviewers, prevent self-review, no bypass",
        };
        format!("deployment branches and tags only {}{rest}", self.pattern())
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
    let mut holds = vec![format!("only {} may use it", wanted.pattern())];
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
    match wanted.purpose {
        Purpose::Deploys => {}
        Purpose::DeploysWhatWasApproved => warnings.extend(reviewers.map(|_| asked_twice(&place))),
        Purpose::Approves => warnings.extend(approval(reviewers.map(|(_, others)| others), &place)),
    }
    if wanted.purpose != Purpose::Deploys {
        warnings.extend(bypass(settings.can_admins_bypass, &place));
    }
    if settings.can_admins_bypass == Some(false) {
        holds.push("administrators may not bypass that".to_owned());
    }
    let wait = settings.protection_rules.iter().find_map(|rule| match rule {
        Rule::WaitTimer { wait_timer } if *wait_timer > 0 => Some(format!("jobs wait {wait_timer} min")),
        _ => None,
    });
    let found = if warnings.is_empty() {
        holds.extend(wait);
        vec![Finding::ok(CHECK, holds.join("; "))]
    } else {
        warnings.extend(wait.map(|wait| Finding::ok(CHECK, wait)));
        warnings
    };
    let named =
        |finding: Finding| Finding { detail: format!("{}: {}", settings.name, finding.detail), ..finding };
    found.into_iter().map(named).collect()
}

fn branches(
    policy: Option<BranchPolicy>,
    patterns: &[Pattern],
    wanted: Wanted<'_>,
    place: &str,
) -> Vec<Finding> {
    let only = wanted.pattern();
    let fix = format!("{place} > Deployment branches and tags: selected branches and tags, only {only}");
    let warn = |detail: &str| vec![Finding::warn(CHECK, detail, fix.as_str())];
    match policy.map(|policy| (policy.protected_branches, policy.custom_branch_policies)) {
        None => warn("every branch and tag may use it, with a workflow of its own"),
        Some((true, false)) => {
            warn("every branch with a protection rule may use it, or every branch if none has one")
        }
        Some((false, true)) => {
            let more: Vec<Pattern> = patterns.iter().filter(|it| **it != only).cloned().collect();
            let mut found = Vec::new();
            if !more.is_empty() {
                found.extend(warn(&format!(
                    "may use it too, with a workflow that asks nobody: {}",
                    listed(&more, ", ")
                )));
            }
            if !patterns.contains(&only) {
                found.extend(warn(&format!("may not use it: {only}")));
            }
            found
        }
        Some((true, true) | (false, false)) => {
            warn("GitHub's answer does not say whether protected or selected branches may use it")
        }
    }
}

/// The job that deploys holds its concurrency group while it waits.
fn asked_twice(place: &str) -> Finding {
    Finding::warn(
        CHECK,
        "reviewers are asked here a second time, while the deployment holds up every later one",
        format!("{place} > Required reviewers: none; they are asked in the environment for approvals"),
    )
}

/// `others`: whether it has to be another one than who started the run; `None` where nobody has to approve.
fn approval(others: Option<bool>, place: &str) -> Option<Finding> {
    match others {
        None => Some(Finding::warn(
            CHECK,
            "nobody has to approve: whoever may publish a release deploys",
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

fn listed(patterns: &[Pattern], between: &str) -> String {
    patterns.iter().map(Pattern::to_string).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests;
