//! Making a release, with a bare repository for GitHub's and a program that stands in for `gh`.

use std::path::PathBuf;

use deploy_ops::failure::Failure;
use deploy_ops::github::GitHub;
use deploy_ops::publish::{self, Annotated, Done, Published, Running};
use deploy_ops::resolve::Wanted;
use deploy_ops::{prepare, resolve};

use super::scene::{Scene, block_on, options};

/// A checkout whose commit runs in staging, with a remote that has it.
fn scene() -> Scene {
    let scene = Scene::staging();
    scene.git(&["init", "--quiet", "--bare", "origin.git"]);
    std::fs::write(scene.root().join(".git/info/exclude"), "origin.git\n.local-aws\ngh*\n").unwrap();
    scene.git(&["remote", "add", "origin", "origin.git"]);
    scene.git(&["push", "--quiet", "origin", "main"]);
    scene.git(&["config", "user.name", "test"]);
    scene.git(&["config", "user.email", "test@example.com"]);
    scene
}

/// `gh`, as far as releases go: notes are files, every call is written down, and it fails while `gh-broken` is there.
#[cfg(unix)]
pub(super) fn stand_in(scene: &Scene) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let script = r#"#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/gh-calls"
test -e "$here/gh-broken" && { echo "HTTP 502" >&2; exit 1; }
notes="$here/gh-notes-$3"
case "$1 $2" in
"release view") test -e "$notes" || { echo "release not found" >&2; exit 1; }; cat "$notes" ;;
"release create") echo "what was merged" > "$notes" ;;
"release edit") cat > "$notes" ;;
*) echo "unknown command $*" >&2; exit 2 ;;
esac
"#;
    let folder = scene.root().join("gh-bin");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("gh");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    program
}

fn gh(scene: &Scene) -> GitHub {
    GitHub::with(stand_in(scene), scene.root(), "specboard/doc-platform")
}

fn calls(scene: &Scene) -> String {
    std::fs::read_to_string(scene.root().join("gh-bin/gh-calls")).unwrap_or_default()
}

fn publish(scene: &Scene, tag: &str, gh: Option<&GitHub>) -> Result<Published, Failure> {
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let tag = tag.parse().unwrap();
        let published = publish::publish(&session, &tag, None, "staging", gh, true).await;
        session.session.target.close().await.unwrap();
        published
    })
}

fn refusal(outcome: Result<Published, Failure>) -> (String, String) {
    let failure = outcome.unwrap_err();
    assert_eq!(failure.exit(), ops_cli::Exit::Refused, "{failure}");
    (failure.to_string(), failure.hint().unwrap())
}

#[test]
fn a_release_is_tagged_pushed_and_published_once() {
    let scene = scene();
    let gh = gh(&scene);
    let published = publish(&scene, "v0.1.0", Some(&gh)).unwrap();
    assert_eq!((published.tagged, published.published), (Done::Now, Done::Now));
    let head = scene.git(&["rev-parse", "HEAD"]);
    let pushed = scene.git(&["-C", "origin.git", "rev-parse", "v0.1.0^{commit}"]);
    assert_eq!(pushed, head);
    assert_eq!(scene.git(&["-C", "origin.git", "cat-file", "-t", "v0.1.0"]).trim(), "tag", "annotated");
    assert!(calls(&scene).contains("release create v0.1.0 --verify-tag --title v0.1.0 --generate-notes"));
    // The lifecycle of the repositories keeps what has a release's tag.
    let tags = block_on(async {
        let session = scene.session("staging", &[]).await;
        let mut tags = Vec::new();
        for repository in deploy_ops::inputs::repositories(&session.config).into_values() {
            let image = resolve::image(&session.target.aws, &repository, head.trim()).await.unwrap();
            tags.push(image.unwrap().tags.contains(&"v0.1.0".to_owned()));
        }
        session.session.target.close().await.unwrap();
        tags
    });
    assert_eq!(tags, [true; 3]);
    let again = publish(&scene, "v0.1.0", Some(&gh)).unwrap();
    assert_eq!((again.tagged, again.published), (Done::Before, Done::Before));
    assert_eq!(calls(&scene).matches("release create").count(), 1);
}

#[test]
fn a_release_that_stopped_half_way_is_finished_by_the_same_command() {
    let scene = scene();
    let gh = gh(&scene);
    let broken = scene.root().join("gh-bin/gh-broken");
    std::fs::write(&broken, "").unwrap();
    let failure = publish(&scene, "v0.1.0", Some(&gh)).unwrap_err();
    assert!(failure.to_string().contains("HTTP 502"), "{failure}");
    std::fs::remove_file(broken).unwrap();
    // Whatever happened since to staging and the branch: what was tagged is what is published.
    std::fs::write(scene.root().join("infra/note.md"), "changed").unwrap();
    let published = publish(&scene, "v0.1.0", Some(&gh)).unwrap();
    assert_eq!((published.tagged, published.published), (Done::Before, Done::Now));
}

#[test]
fn without_gh_the_last_step_is_left_as_a_command() {
    let scene = scene();
    let published = publish(&scene, "v0.1.0", None).unwrap();
    assert_eq!((published.tagged, published.published), (Done::Now, Done::Left));
    assert_eq!(
        published.next,
        [
            "gh release create v0.1.0 --verify-tag --title v0.1.0 --generate-notes --repo specboard/doc-platform"
        ]
    );
}

#[test]
fn what_must_hold_before_a_release() {
    let scene = scene();
    std::fs::write(scene.root().join("infra/note.md"), "not committed").unwrap();
    assert!(refusal(publish(&scene, "v0.1.0", None)).0.contains("not committed: ?? infra/note.md"));
    let second = scene.commit("second");
    assert!(refusal(publish(&scene, "v0.1.0", None)).0.ends_with("is not on origin/main"));
    scene.git(&["push", "--quiet", "origin", "main"]);
    let (reason, hint) = refusal(publish(&scene, "v0.1.0", None));
    assert!(reason.contains("has no image in"), "{reason}");
    assert!(hint.contains(&format!("images build --commit {second}")), "{hint}");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let commit = resolve::commit(scene.root(), &Wanted::Head).unwrap();
        prepare::images(&session, &commit, None).await.unwrap();
        session.session.target.close().await.unwrap();
    });
    let (reason, hint) = refusal(publish(&scene, "v0.1.0", None));
    assert!(reason.contains("has not run in staging (api, frontend, mcp)"), "{reason}");
    assert!(hint.contains(&format!("deploy staging --commit {second}")), "{hint}");
    block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap();
    assert!(refusal(publish(&scene, "latest", None)).0.contains("is no version"));
    assert_eq!(scene.git(&["-C", "origin.git", "tag"]), "", "nothing was tagged by any of these");
    publish(&scene, "v0.2.0", None).unwrap();

    // Staging may have moved on: that it ran the commit is in its history.
    let first = scene.git(&["rev-parse", "HEAD^"]).trim().to_owned();
    let older = block_on(async {
        let session = scene.session("staging", &[]).await;
        let tag = "v0.3.0".parse().unwrap();
        let published = publish::publish(&session, &tag, Some(&first), "staging", None, true).await;
        session.session.target.close().await.unwrap();
        published
    });
    assert_eq!(older.unwrap().tagged, Done::Now);
    assert!(refusal(publish(&scene, "v0.1.1", None)).1.contains("such as v0.3.1"));
    assert!(refusal(publish(&scene, "v0.3.0", None)).0.contains("v0.3.0 exists and is commit"));
}

#[test]
fn the_notes_say_what_an_environment_runs() {
    let scene = scene();
    let gh = gh(&scene);
    publish(&scene, "v0.1.0", Some(&gh)).unwrap();
    let annotate = || {
        block_on(async {
            let session = scene.session("staging", &[]).await;
            let running = Running::of_environment(&session, &"v0.1.0".parse().unwrap()).await;
            session.session.target.close().await.unwrap();
            publish::annotate(&gh, &running?)
        })
    };
    let failure = annotate().unwrap_err();
    assert!(failure.to_string().ends_with("not v0.1.0"), "{failure}");
    block_on(scene.deploy("staging", &options(Wanted::Tag("v0.1.0".parse().unwrap())), &[])).unwrap();
    assert_eq!(annotate().unwrap(), Annotated::Now);
    let notes = std::fs::read_to_string(scene.root().join("gh-bin/gh-notes-v0.1.0")).unwrap();
    assert!(notes.starts_with("what was merged\n\n<!-- runs-in:staging -->\n### staging\n"), "{notes}");
    assert!(notes.contains("https://staging.specboard.io runs v0.1.0 (commit `"), "{notes}");
    assert!(notes.contains("| api | `sha256:"), "{notes}");
    assert_eq!(annotate().unwrap(), Annotated::Before);
    assert_eq!(calls(&scene).matches("release edit").count(), 1);
}
