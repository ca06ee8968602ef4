//! What an environment runs of a release, written into the release's notes on GitHub.

use std::fmt::Write as _;

use env_config::Config;
use ops_cli::{DeployResult, ServiceResult, Verdict};

use crate::clock::rfc3339;
use crate::failure::Failure;
use crate::github::GitHub;
use crate::names::{ImageDigest, ReleaseTag};
use crate::session::EnvironmentSession;
use crate::status;
use rollout_verdict::Moment;

/// What became of the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Annotated {
    /// They say so already.
    Before,
    /// They say so now.
    Now,
}

/// What an environment runs, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    environment: String,
    release: String,
    commit: String,
    url: String,
    /// RFC 3339 in UTC; `None` where AWS does not say.
    since: Option<String>,
    services: Vec<ServiceResult>,
}

impl Running {
    /// What AWS says that it runs.
    ///
    /// # Errors
    /// [`Failure::Guard`]: it runs nothing, or another release than `tag`.
    pub async fn of_environment(session: &EnvironmentSession, tag: &ReleaseTag) -> Result<Self, Failure> {
        let name = &session.environment.name;
        let status = status::read(session).await?;
        if status.release.as_deref() != Some(tag.as_str()) {
            let found = status.release.as_deref().unwrap_or("nothing");
            return Err(Failure::Guard {
                reason: format!("{name} runs {found}, not {tag}"),
                hint: session.command(&format!("deploy {name} --release {tag}")),
            });
        }
        Ok(Self {
            environment: name.to_string(),
            release: tag.to_string(),
            commit: status.commit.unwrap_or_default(),
            url: status.url,
            since: status.services.iter().filter_map(|service| service.deployed_at.clone()).max(),
            services: status::service_results(session, &std::collections::BTreeMap::new()).await?,
        })
    }

    /// What a deployment has just put into service: for whoever may edit releases and cannot ask AWS.
    ///
    /// # Errors
    /// [`Failure::Guard`]: it was another release or environment, or it did not end well.
    pub fn of_result(
        config: &Config,
        environment: &str,
        tag: &ReleaseTag,
        result: DeployResult,
        now: Moment,
    ) -> Result<Self, Failure> {
        let url = config.environment(environment)?.url();
        if result.release != tag.as_str() || result.environment != environment {
            return Err(Failure::Guard {
                reason: format!(
                    "the result is about {} in {}, not about {tag} in {environment}",
                    result.release, result.environment
                ),
                hint: "annotate the release that was deployed".to_owned(),
            });
        }
        if !matches!(result.verdict, Verdict::Succeeded | Verdict::NoChange) {
            return Err(Failure::Guard {
                reason: format!(
                    "{tag} was not put into service: the deployment ended with exit code {}",
                    result.exit_code
                ),
                hint: format!("cargo xtask deploy {environment} --release {tag}"),
            });
        }
        Ok(Self {
            environment: environment.to_owned(),
            release: result.release,
            commit: result.commit,
            url,
            since: Some(rfc3339(now)),
            services: result.services,
        })
    }

    fn section(&self) -> String {
        let mut text = format!(
            "### {}\n\n{} runs {} (commit `{}`) since {}.\n\n| service | image |\n|---|---|\n",
            self.environment,
            self.url,
            self.release,
            self.commit,
            self.since.as_deref().unwrap_or("an unknown moment"),
        );
        for service in &self.services {
            let digests: Vec<_> = service.running_digests.iter().map(|digest| shown(digest)).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {} | {} |", service.name, digests.join(", "));
        }
        text
    }
}

fn shown(digest: &str) -> String {
    digest.parse::<ImageDigest>().map_or_else(|_| format!("`{digest}`"), |it| format!("`{}`", it.short()))
}

/// Writes the environment's section of the notes: between its own marks, everything else stays.
///
/// # Errors
/// [`Failure::Guard`]: there is no such release on GitHub. [`Failure::GitHub`]: it cannot be asked.
pub fn annotate(gh: &GitHub, running: &Running) -> Result<Annotated, Failure> {
    let tag = &running.release;
    let Some(notes) = gh.notes(tag)? else {
        return Err(Failure::Guard {
            reason: format!("there is no release {tag} on GitHub"),
            hint: format!("cargo xtask release {tag}"),
        });
    };
    let wanted = with_section(&notes, &running.environment, &running.section());
    if wanted.trim_end() == notes.trim_end() {
        return Ok(Annotated::Before);
    }
    gh.set_notes(tag, &wanted)?;
    Ok(Annotated::Now)
}

/// The notes with the section of an environment, in place of the one they had or at the end.
fn with_section(notes: &str, environment: &str, section: &str) -> String {
    let (begin, end) =
        (format!("<!-- runs-in:{environment} -->"), format!("<!-- /runs-in:{environment} -->"));
    let block = format!("{begin}\n{}\n{end}", section.trim_end());
    // GitHub answers with the line ends of whoever edited the notes.
    let notes = notes.replace("\r\n", "\n");
    match (notes.find(&begin), notes.find(&end)) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{block}{}", &notes[..from], &notes[to + end.len()..])
        }
        _ if notes.trim().is_empty() => format!("{block}\n"),
        _ => format!("{}\n\n{block}\n", notes.trim_end()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_environment_replaces_its_own_section_only() {
        let first = with_section("## Changes\n\n- one\n", "production", "runs since noon\n");
        assert_eq!(
            first,
            "## Changes\n\n- one\n\n<!-- runs-in:production -->\nruns since noon\n<!-- /runs-in:production -->\n"
        );
        assert_eq!(with_section(&first, "production", "runs since noon\n"), first);
        let both = with_section(&first, "staging", "runs there too");
        let later = with_section(&both, "production", "runs since one");
        assert!(later.contains("runs since one") && !later.contains("since noon"), "{later}");
        assert!(later.contains("runs there too") && later.starts_with("## Changes"), "{later}");
        assert_eq!(later.matches("<!-- runs-in:production -->").count(), 1);
    }

    fn result(verdict: Verdict) -> DeployResult {
        DeployResult {
            verdict,
            exit_code: verdict.exit().code(),
            environment: "production".to_owned(),
            release: "v0.1.0".to_owned(),
            commit: "c".repeat(40),
            services: vec![ServiceResult {
                name: "api".to_owned(),
                digest: format!("sha256:{}", "a".repeat(64)),
                task_definition: "api:1".to_owned(),
                running_digests: vec![format!("sha256:{}", "b".repeat(64))],
            }],
            elapsed_secs: 1.0,
            detected_secs: None,
            cause: None,
            next: None,
            overrides: Vec::new(),
            local_only: Vec::new(),
        }
    }

    #[test]
    fn a_deployment_says_what_runs_only_of_its_own_release_and_where_it_ended_well() {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let config = Config::load(root).unwrap();
        let running = |environment: &str, tag: &str, verdict| {
            let (tag, now) = (tag.parse().unwrap(), Moment::from_epoch_secs(0.0));
            Running::of_result(&config, environment, &tag, result(verdict), now)
        };
        let section = running("production", "v0.1.0", Verdict::Succeeded).unwrap().section();
        let wanted = format!(
            "### production\n\nhttps://specboard.io runs v0.1.0 (commit `{}`) since 1970-01-01T00:00:00Z.\n\n\
             | service | image |\n|---|---|\n| api | `sha256:{}` |\n",
            "c".repeat(40),
            "b".repeat(12)
        );
        assert_eq!(section, wanted);
        assert!(running("production", "v0.1.0", Verdict::NoChange).is_ok());
        for (environment, tag, verdict) in [
            ("staging", "v0.1.0", Verdict::Succeeded),
            ("production", "v0.2.0", Verdict::Succeeded),
            ("production", "v0.1.0", Verdict::RolledBack),
        ] {
            let refused = running(environment, tag, verdict);
            assert!(matches!(refused, Err(Failure::Guard { .. })), "{environment} {tag} {verdict:?}");
        }
    }
}
