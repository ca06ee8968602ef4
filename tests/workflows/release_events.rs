//! What people do to a release on GitHub, and which activities of the event `release` that fires.
//!
//! - A draft fires nothing until it is published; a pre-release that was a draft fires `published` only:
//!   <https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#release>
//! - `released`: a release was published, or a pre-release became one. `prereleased`: a pre-release was made. `created`: a draft was
//!   saved, or something was published that was no draft: <https://docs.github.com/webhooks/webhook-events-and-payloads#release>
//! - What is done with the token of a job fires nothing: <https://docs.github.com/actions/concepts/security/github_token>
//!
//! INF: `edited` beside `released` at a promotion, and that a release that is made a pre-release again fires `edited` only. No
//! workflow here is about `edited`.

use super::model::{list, workflow};

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Saves a draft.
    SaveDraft,
    /// Publishes a release.
    Publish,
    /// Publishes a pre-release.
    PublishPreRelease,
    /// Publishes a draft as a release.
    PublishDraft,
    /// Publishes a draft as a pre-release.
    PublishDraftAsPreRelease,
    /// Makes a pre-release a release.
    Promote,
    /// Makes a release a pre-release.
    Demote,
    /// Changes the notes.
    EditNotes,
    /// Takes a release back to a draft.
    Unpublish,
    /// Deletes a release.
    Delete,
}

impl Change {
    pub(super) const ALL: [Self; 10] = [
        Self::SaveDraft,
        Self::Publish,
        Self::PublishPreRelease,
        Self::PublishDraft,
        Self::PublishDraftAsPreRelease,
        Self::Promote,
        Self::Demote,
        Self::EditNotes,
        Self::Unpublish,
        Self::Delete,
    ];

    /// The activities that workflows can be started by.
    pub(super) fn activities(self) -> &'static [&'static str] {
        match self {
            Self::SaveDraft => &[],
            Self::Publish => &["created", "published", "released"],
            Self::PublishPreRelease => &["created", "published", "prereleased"],
            Self::PublishDraft => &["published", "released"],
            Self::PublishDraftAsPreRelease => &["published"],
            Self::Promote => &["edited", "released"],
            Self::Demote | Self::EditNotes => &["edited"],
            Self::Unpublish => &["unpublished"],
            Self::Delete => &["deleted"],
        }
    }
}

#[test]
fn what_becomes_a_release_starts_one_run_and_nothing_else_starts_any() {
    let file = workflow("release.yml");
    let types = list(&file.content["on"]["release"]["types"]);
    for change in Change::ALL {
        let runs = change.activities().iter().filter(|activity| types.contains(activity)).count();
        let wanted = matches!(change, Change::Publish | Change::PublishDraft | Change::Promote);
        assert_eq!(runs, usize::from(wanted), "{change:?}");
    }
}
