//! The account on disk: a snapshot, and a journal of what was done since.
//!
//! A snapshot is written atomically (temporary file, `fsync`, rename), but serialising a whole account after
//! every call of a deployment that polls hundreds of times costs more than the deployment. What happens in
//! between is therefore appended to a journal as *commands*; the simulator is deterministic, so running
//! them again gives the same account. A killed process loses nothing it had answered; after a clean
//! end, and whenever the journal grows long, a new snapshot makes the journal obsolete.
//!
//! Commands whose input holds a secret are never journalled: they are followed by a snapshot.

mod directory;
mod journal;
mod lock;
mod snapshot;

pub(crate) use directory::{claim, clear};
pub(crate) use journal::{Entry, Journal};
pub(crate) use lock::Lock;
pub(crate) use snapshot::{read as read_snapshot, write as write_snapshot};

use std::io;
use std::path::{Path, PathBuf};

/// Version of the state's format: raise it when the serialised form of the simulator's state changes in a
/// way that older files cannot be read as.
pub const STATE_VERSION: u32 = 3;

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file exists and is not what it should be.
    #[error("the local account in {} is damaged: {detail} (start afresh: `cargo xtask local reset`)", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The directory holds something, and no account.
    #[error(
        "{} is not empty and is no state directory of the local AWS (no `local-aws.marker` in it); nothing was changed. \
         Let LOCAL_AWS_DIR name an absent or empty directory, or unset it",
        dir.display()
    )]
    Foreign {
        /// The directory.
        dir: PathBuf,
    },
    /// The file was written by another version of this program.
    #[error(
        "the local account in {} has state version {found}, {}; this program reads version {STATE_VERSION} \
         (start afresh: `cargo xtask local reset`)",
        path.display(), if *found < STATE_VERSION { "written by an older program" } else { "written by a newer program" }
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Version in its header.
        found: u32,
    },
    /// Another process uses the directory.
    #[error("the local account in {} is in use by `{command}` (process {pid}, since {since})", dir.display())]
    Locked {
        /// The state directory.
        dir: PathBuf,
        /// Command line of the process that holds the lock.
        command: String,
        /// Its process id.
        pid: u32,
        /// When it took the lock, RFC 3339 in UTC.
        since: String,
    },
    /// The account belongs to another account id or region than asked for.
    #[error(
        "the local account in {} is {found}, but {asked} was asked for (start afresh: `cargo xtask local reset`)",
        dir.display()
    )]
    OtherAccount {
        /// The state directory.
        dir: PathBuf,
        /// `ACCOUNT in REGION` found.
        found: String,
        /// `ACCOUNT in REGION` asked for.
        asked: String,
    },
    /// Reading or writing failed.
    #[error("failed to {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl StateError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), detail: detail.into() }
    }
}

/// FNV-1a, 64 bits: finds torn and edited files, no defence against forgery.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
