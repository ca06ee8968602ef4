//! What an environment runs of a release, written into the release's notes on GitHub.

use std::fmt::Write as _;

use crate::failure::Failure;
use crate::github::GitHub;
use crate::names::{ImageDigest, ReleaseTag};
use crate::session::EnvironmentSession;
use crate::status;

/// What became of the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Annotated {
    /// They said so before.
    Before,
    /// They say so now.
    Now,
}

/// Writes the environment's section of the notes: between its own marks, everything else stays.
pub async fn annotate(
    session: &EnvironmentSession,
    gh: &GitHub,
    tag: &ReleaseTag,
) -> Result<Annotated, Failure> {
    let section = section(session, tag).await?;
    let name = session.environment.name.as_str();
    let Some(notes) = gh.notes(tag.as_str())? else {
        return Err(Failure::Guard {
            reason: format!("there is no release {tag} on GitHub"),
            hint: session.command(&format!("release {tag}")),
        });
    };
    let wanted = with_section(&notes, name, &section);
    if wanted.trim_end() == notes.trim_end() {
        return Ok(Annotated::Before);
    }
    gh.set_notes(tag.as_str(), &wanted)?;
    Ok(Annotated::Now)
}

/// The section, refused where the environment runs something else.
///
/// # Errors
/// [`Failure::Guard`]: another release runs.
async fn section(session: &EnvironmentSession, tag: &ReleaseTag) -> Result<String, Failure> {
    let name = &session.environment.name;
    let status = status::read(session).await?;
    if status.release.as_deref() != Some(tag.as_str()) {
        let found = status.release.as_deref().unwrap_or("nothing");
        return Err(Failure::Guard {
            reason: format!("{name} runs {found}, not {tag}"),
            hint: session.command(&format!("deploy {name} --release {tag}")),
        });
    }
    let digests = status::service_results(session, &std::collections::BTreeMap::new()).await?;
    let since = status.services.iter().filter_map(|service| service.deployed_at.clone()).max();
    let mut text = format!("### {name}\n\nRuns at {} ", session.environment.url());
    // Writing to a string cannot fail.
    let _ = writeln!(text, "since {}.\n", since.as_deref().unwrap_or("an unknown moment"));
    let _ = writeln!(text, "| service | running | task definition | image |\n|---|---|---|---|");
    for service in &status.services {
        let running: Vec<_> = digests
            .iter()
            .filter(|it| it.name == service.name)
            .flat_map(|it| &it.running_digests)
            .map(|digest| match digest.parse::<ImageDigest>() {
                Ok(digest) => format!("`{}`", digest.short()),
                Err(_) => format!("`{digest}`"),
            })
            .collect();
        let _ = writeln!(
            text,
            "| {} | {}/{} | {} | {} |",
            service.name,
            service.running,
            service.desired.unwrap_or_default(),
            service.task_definition,
            running.join(", ")
        );
    }
    Ok(text)
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
}
