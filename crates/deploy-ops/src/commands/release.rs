//! `release`

use std::path::Path;

use ops_cli::{Exit, ReleaseArgs};

use super::print;
use crate::failure::Failure;
use crate::names::{CommitSha, ReleaseTag};
use crate::prepare;
use crate::resolve::{self, Wanted};
use crate::session::Session;

pub(super) async fn run(args: &ReleaseArgs, root: &Path) -> Result<Exit, Failure> {
    let tag: ReleaseTag = args.tag.parse()?;
    let session = Session::open(root, &args.target).await?;
    let outcome = record(&session, &tag, args.commit.as_deref()).await;
    session.target.close().await?;
    let commit = outcome?;
    print(&format!("{tag} {commit}"))?;
    Ok(Exit::Done)
}

async fn record(session: &Session, tag: &ReleaseTag, commit: Option<&str>) -> Result<CommitSha, Failure> {
    if !session.target.is_self_contained() {
        return Err(Failure::Guard {
            reason: "releases are published on GitHub; this command records them on the local AWS only"
                .to_owned(),
            hint: format!(
                "git tag -a {tag} && git push origin {tag}, then publish the release; or add --local"
            ),
        });
    }
    let commit = match commit {
        Some(name) => resolve::commit(&session.root, &Wanted::Commit(name.to_owned()))?,
        None => made_up_commit(tag),
    };
    prepare::shared_stack(session, &[]).await?;
    prepare::images(session, &commit, Some(tag.as_str())).await?;
    Ok(commit)
}

/// A commit id that git does not know: the same for the same tag, so that a release can be recorded again.
fn made_up_commit(tag: &ReleaseTag) -> CommitSha {
    CommitSha::made_up(tag.as_str())
}
