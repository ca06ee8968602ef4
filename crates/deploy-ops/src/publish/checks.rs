//! What must hold before a release is made: each refusal says what to do.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::ServiceRevision;
use semver::Version;

use crate::call::Called;
use crate::closer;
use crate::failure::Failure;
use crate::git;
use crate::inputs;
use crate::names::{CommitSha, ReleaseTag, version};
use crate::resolve;
use crate::session::Session;
use crate::stack;

use super::remote::Remote;

fn refuse<T>(reason: impl Into<String>, hint: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Guard { reason: reason.into(), hint: hint.into() })
}

/// A tag that means another commit already never moves.
pub(super) fn tag_is_free(
    tag: &ReleaseTag,
    commit: &CommitSha,
    at_remote: Option<&CommitSha>,
) -> Result<(), Failure> {
    match at_remote {
        Some(other) if other != commit => refuse(
            format!("release {tag} exists and is commit {}, not {}", other.short(), commit.short()),
            format!(
                "release tags never move: choose the next version, or finish this one with --commit {other}"
            ),
        ),
        _ => Ok(()),
    }
}

/// How releases are named.
pub(crate) const NAMING: &str =
    "releases are named by semantic versions, such as v0.1.0 (https://semver.org)";

/// The version is one, and newer than every release so far.
///
/// # Errors
/// [`Failure::Guard`] with the newest release.
pub fn order(tag: &ReleaseTag, tags: &BTreeMap<String, CommitSha>) -> Result<(), Failure> {
    let Some(wanted) = tag.version() else {
        return refuse(format!("{tag} is no version"), NAMING);
    };
    let newest = tags.keys().filter_map(|name| Some((version(name)?, name))).max();
    match newest {
        Some((newest, name)) if newest >= wanted => refuse(
            format!("{tag} does not come after {name}"),
            format!("choose a version after {name}, such as v{}", next(&newest)),
        ),
        _ => Ok(()),
    }
}

fn next(version: &Version) -> Version {
    if version.pre.is_empty() {
        Version::new(version.major, version.minor, version.patch + 1)
    } else {
        Version::new(version.major, version.minor, version.patch)
    }
}

/// Nothing uncommitted that somebody believes to be released, and a commit that everybody has.
pub(super) fn clean_and_merged(
    session: &Session,
    remote: &Remote,
    commit: &CommitSha,
) -> Result<(), Failure> {
    let changes = remote.changes()?;
    if !changes.is_empty() {
        let some: Vec<_> = changes.iter().take(5).map(|line| line.trim()).collect();
        return refuse(
            format!("the checkout has changes that are not committed: {}", some.join(", ")),
            "commit or stash them (git status), then release again",
        );
    }
    let branch = &session.config.platform.github.branch;
    if !remote.is_merged(commit, branch)? {
        return refuse(
            format!("commit {} is not on origin/{branch}", commit.short()),
            format!("releases are made of {branch}: merge and push the commit first"),
        );
    }
    Ok(())
}

/// What is released is what CI built.
pub(super) async fn images(session: &Session, commit: &CommitSha) -> Result<(), Failure> {
    let repositories = inputs::repositories(&session.config);
    let digests = resolve::digests(&session.target.aws, commit, &repositories).await?;
    session.report.line(format!("images: {} of commit {}", digests.len(), commit.short()));
    Ok(())
}

/// A tag of this name in the clone must mean this commit; whether there is one.
pub(super) fn local_tag(session: &Session, tag: &ReleaseTag, commit: &CommitSha) -> Result<bool, Failure> {
    match git::tag(&session.root, tag)? {
        Some(other) if other != *commit => refuse(
            format!("this clone has a tag {tag} on commit {}, which was never pushed", other.short()),
            format!("git tag --delete {tag}, then release again"),
        ),
        found => Ok(found.is_some()),
    }
}

/// The environment runs the commit, or every one of its services has run it successfully.
pub(super) async fn rehearsed(
    session: &Session,
    environment: &str,
    commit: &CommitSha,
) -> Result<(), Failure> {
    let environment = session.config.environment(environment)?;
    let aws = &session.target.aws;
    let view = stack::describe(aws, environment.stack_name.as_str()).await?;
    let running = view.as_ref().and_then(|view| view.parameters.get("Commit"));
    if running.map(String::as_str) == Some(commit.as_str()) {
        session.report.line(format!("{}: runs it now", environment.name));
        return Ok(());
    }
    let repositories = inputs::repositories(&session.config);
    let digests = resolve::digests(aws, commit, &repositories).await?;
    let cluster = session.config.names(environment).cluster();
    let mut without = Vec::new();
    for (service, digest) in &digests {
        let had = match view {
            Some(_) => ran(session, &cluster, service).await?,
            None => BTreeSet::new(),
        };
        if !had.contains(digest.as_str()) {
            without.push(service.clone());
        }
    }
    if without.is_empty() {
        session.report.line(format!("{}: has run it", environment.name));
        return Ok(());
    }
    let deploy = session.command(&format!("deploy {} --commit {commit}", environment.name));
    refuse(
        format!("commit {} has not run in {} ({})", commit.short(), environment.name, without.join(", ")),
        format!("{deploy}, then release again"),
    )
}

/// Digests that a service has run: those of the revisions of its successful deployments, as long as ECS keeps them
/// (90 days, ECS:ListServiceDeployments).
async fn ran(session: &Session, cluster: &str, service: &str) -> Result<BTreeSet<String>, Failure> {
    let ecs = &session.target.aws.ecs;
    let listed = closer::all_service_deployments(&session.target.aws, cluster, service, None).await;
    let deployments = match listed {
        Ok(deployments) => deployments,
        Err(error) if error.is("ServiceNotFoundException") || error.is("ClusterNotFoundException") => {
            return Ok(BTreeSet::new());
        }
        Err(error) => return Err(error.into()),
    };
    let successful = deployments
        .into_iter()
        .filter(|it| it.status().is_some_and(|status| status.as_str() == "SUCCESSFUL"));
    let revisions: BTreeSet<String> = successful.filter_map(|it| it.target_service_revision_arn).collect();
    let revisions: Vec<String> = revisions.into_iter().collect();
    let mut digests = BTreeSet::new();
    // DescribeServiceRevisions takes at most twenty.
    for some in revisions.chunks(20) {
        let call = ecs.describe_service_revisions().set_service_revision_arns(Some(some.to_vec()));
        let answer = call.send().await.called("ecs:DescribeServiceRevisions")?;
        let images = answer.service_revisions().iter().flat_map(ServiceRevision::container_images);
        digests.extend(images.filter_map(|image| image.image_digest().map(str::to_owned)));
    }
    Ok(digests)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> BTreeMap<String, CommitSha> {
        names.iter().map(|name| ((*name).to_owned(), CommitSha::made_up(name))).collect()
    }

    #[test]
    fn versions_only_go_up() {
        let check = |tag: &str, existing: &[&str]| order(&tag.parse().unwrap(), &tags(existing));
        assert!(check("v0.1.0", &[]).is_ok());
        assert!(check("v0.10.0", &["v0.9.0", "nightly"]).is_ok());
        assert!(check("v1.0.0", &["v1.0.0-rc.1"]).is_ok());
        let refused = |tag: &str, existing: &[&str]| {
            let failure = check(tag, existing).unwrap_err();
            (failure.to_string(), failure.hint().unwrap())
        };
        assert_eq!(
            refused("v0.9.1", &["v0.10.0", "v0.9.0"]),
            (
                "v0.9.1 does not come after v0.10.0".to_owned(),
                "choose a version after v0.10.0, such as v0.10.1".to_owned()
            )
        );
        assert!(refused("v1.0.0-rc.1", &["v1.0.0"]).0.contains("does not come after"));
        assert!(refused("first", &[]).0.contains("is no version"));
    }
}
