//! Making a release: checked first, then tagged, pushed and published. Each of the three is looked for before it is done,
//! so that a run that was stopped half-way is finished by the same command.

mod annotate;
mod checks;
mod images;
mod remote;

pub use annotate::{Annotated, Running, annotate};
pub(crate) use checks::NAMING;
pub use checks::order;
pub use remote::RemoteError;

use std::path::Path;

use env_config::Config;

use crate::confirm::confirm;
use crate::failure::Failure;
use crate::github::{GitHub, creation};
use crate::names::{CommitSha, ReleaseTag};
use crate::resolve::{self, Wanted};
use crate::session::Session;
use remote::Remote;

/// What was found, and what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It was there before.
    Before,
    /// It was done now.
    Now,
    /// It is left to the user.
    Left,
}

/// A release, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Tag.
    pub tag: ReleaseTag,
    /// Commit.
    pub commit: CommitSha,
    /// The annotated tag in this clone and at the remote.
    pub tagged: Done,
    /// The release on GitHub.
    pub published: Done,
    /// What is left to do, as commands.
    pub next: Vec<String>,
}

/// The program that publishes on the GitHub repository of the configuration; `None` where it is not installed.
#[must_use]
pub fn gh(root: &Path, config: &Config) -> Option<GitHub> {
    GitHub::find(root, &repository(config))
}

fn repository(config: &Config) -> String {
    let github = &config.platform.github;
    format!("{}/{}", github.owner, github.repository)
}

/// Makes the release. Without `gh` the last step is left to the user, as a command.
pub async fn publish(
    session: &Session,
    tag: &ReleaseTag,
    commit: Option<&str>,
    rehearsed_in: &str,
    gh: Option<&GitHub>,
    yes: bool,
) -> Result<Published, Failure> {
    let wanted = commit.map_or(Wanted::Head, |name| Wanted::Commit(name.to_owned()));
    let commit = resolve::commit(&session.root, &wanted)?;
    let github = &session.config.platform.github;
    let repository = repository(&session.config);
    let remote = Remote::new(&session.root);
    remote.fetch(&github.branch)?;
    let at_remote = remote.tag(tag)?;
    session.report.step(&format!("Release {tag} of commit {}", commit.short()));
    checks::tag_is_free(tag, &commit, at_remote.as_ref())?;
    if at_remote.is_none() {
        order(tag, &remote.tags()?)?;
        checks::clean_and_merged(session, &remote, &commit)?;
        checks::images(session, &commit).await?;
        checks::rehearsed(session, rehearsed_in, &commit).await?;
    }
    let local = checks::local_tag(session, tag, &commit)?;
    let mut published = Published {
        tag: tag.clone(),
        commit: commit.clone(),
        tagged: Done::Before,
        published: Done::Before,
        next: Vec::new(),
    };
    if at_remote.is_none() {
        confirm(session, &format!("Tag {} as {tag} and push it?", commit.short()), yes)?;
        images::tag(session, tag, &commit).await?;
        if !local {
            remote.create_tag(tag, &commit)?;
        }
        remote.push_tag(tag)?;
        published.tagged = Done::Now;
        session.report.line(format!("tag {tag}: pushed"));
    } else {
        session.report.line(format!("tag {tag}: pushed before"));
        images::tag(session, tag, &commit).await?;
    }
    match gh {
        None => {
            published.published = Done::Left;
            session.report.line("gh is not installed: the release on GitHub is left to you");
            published.next.push(format!("gh {} --repo {repository}", creation(tag).join(" ")));
        }
        Some(gh) => {
            if gh.notes(tag.as_str())?.is_some() {
                session.report.line(format!("release {tag}: published before"));
            } else {
                gh.create(tag)?;
                published.published = Done::Now;
                session.report.line(format!("release {tag}: published on https://github.com/{repository}"));
            }
        }
    }
    Ok(published)
}
