//! `release`, `release annotate`

use std::collections::BTreeMap;
use std::path::Path;

use env_config::Config;
use ops_cli::{AnnotateArgs, Exit, LocalOnlyKind, ReleaseArgs, ReleaseCommand};

use super::{close, tell};
use crate::clock::{Clock as _, WallClock};
use crate::failure::Failure;
use crate::infrastructure;
use crate::names::{CommitSha, ReleaseTag};
use crate::prepare;
use crate::publish::{self, Annotated, Published, Running};
use crate::resolve::{self, Wanted};
use crate::session::{EnvironmentSession, Session};

pub(super) async fn run(args: &ReleaseArgs, root: &Path) -> Result<Exit, Failure> {
    if let Some(ReleaseCommand::Annotate(args)) = &args.command {
        return annotate(args, root).await;
    }
    // clap asks for the tag where there is no subcommand.
    let tag: ReleaseTag = args.tag.clone().unwrap_or_default().parse()?;
    // A name that is no version is refused before anything is asked of anybody.
    publish::order(&tag, &BTreeMap::new())?;
    let session = Session::open(root, &args.target).await?;
    let outcome = release(&session, &tag, args).await;
    close(session.target).await;
    let commit = outcome?;
    tell(&format!("{tag} {commit}"));
    Ok(Exit::Done)
}

async fn release(session: &Session, tag: &ReleaseTag, args: &ReleaseArgs) -> Result<CommitSha, Failure> {
    if session.target.is_self_contained() {
        return record(session, tag, args.commit.as_deref()).await;
    }
    let gh = publish::gh(&session.root, &session.config);
    let published =
        publish::publish(session, tag, args.commit.as_deref(), &args.rehearsed_in, gh.as_ref(), args.yes)
            .await?;
    session.report.end_group();
    print_next(session, &published);
    Ok(published.commit)
}

fn print_next(session: &Session, published: &Published) {
    let tag = &published.tag;
    let keeps_data = session.config.environments.values().find(|it| it.protection.retain_data);
    ops_cli::say!(
        "\n{tag}: {}",
        if published.next.is_empty() { "released" } else { "tagged, not yet published" }
    );
    for next in &published.next {
        ops_cli::say!("  next     {next}");
    }
    if let Some(environment) = keeps_data {
        ops_cli::say!(
            "  then     the workflow deploys it to {0} once it is approved, or: cargo xtask deploy {0} --release {tag}",
            environment.name
        );
    }
}

/// On the local AWS, a release is a commit that nobody made, with images that nobody built.
async fn record(session: &Session, tag: &ReleaseTag, commit: Option<&str>) -> Result<CommitSha, Failure> {
    let commit = match commit {
        Some(name) => resolve::commit(&session.root, &Wanted::Commit(name.to_owned()))?,
        None => made_up_commit(tag),
    };
    if infrastructure::change_shared(session, true, &[]).await?.is_some() {
        prepare::mark_shared_stack(session);
    }
    let detail = format!("{tag} was recorded for commit {} without a tag", commit.short());
    session.report.mark_local_only(LocalOnlyKind::Release, detail);
    prepare::images(session, &commit, Some(tag.as_str())).await?;
    Ok(commit)
}

/// A commit id that git does not know: the same for the same tag, so that a release can be recorded again.
fn made_up_commit(tag: &ReleaseTag) -> CommitSha {
    CommitSha::made_up(tag.as_str())
}

async fn annotate(args: &AnnotateArgs, root: &Path) -> Result<Exit, Failure> {
    let tag: ReleaseTag = args.tag.parse()?;
    let config = Config::load(root)?;
    let Some(gh) = publish::gh(root, &config) else {
        return Err(Failure::Guard {
            reason: "gh is not on PATH".to_owned(),
            hint: "install the GitHub CLI (https://cli.github.com), then run the same command again"
                .to_owned(),
        });
    };
    let running = match args.result.as_deref().filter(|text| !text.trim().is_empty()) {
        Some(text) => {
            let result = serde_json::from_str(text).map_err(|error| Failure::Guard {
                reason: format!("--result is no result of a deployment: {error}"),
                hint: "hand over what `cargo xtask deploy --json` printed".to_owned(),
            })?;
            Running::of_result(&config, &args.env, &tag, result, WallClock.now())?
        }
        None => {
            let session = EnvironmentSession::open(root, &args.env, &args.target).await?;
            let running = Running::of_environment(&session, &tag).await;
            close(session.session.target).await;
            running?
        }
    };
    match publish::annotate(&gh, &running)? {
        Annotated::Now => ops_cli::say!("{tag}: the notes say what {} runs", args.env),
        Annotated::Before => ops_cli::say!("{tag}: the notes say so already"),
    }
    Ok(Exit::Done)
}
