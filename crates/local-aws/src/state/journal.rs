//! The journal: commands since the snapshot, appended as they are answered.
//!
//! A record is its length and checksum, then an [`Entry`] in CBOR. It is written with one system call and
//! not synced: it survives the end of the process, also by `kill -9`; only a power cut can lose the last ones.
//! A torn last record was never answered and is dropped; damage before that is refused.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rollout_sim::SimTime;
use serde::{Deserialize, Serialize};

use super::{StateError, checksum};
use crate::command::Command;

/// Length (4 bytes) and checksum (8 bytes), little endian.
const RECORD_HEAD: usize = 12;

/// A command and the virtual moment at which it was run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: SimTime,
    pub(crate) command: Command,
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    length: usize,
}

impl Journal {
    /// Starts the empty journal of a generation and removes those of earlier ones.
    pub(crate) fn create(dir: &Path, generation: u64) -> Result<Self, StateError> {
        let path = file(dir, generation);
        let opened = File::create(&path).map_err(StateError::io("create", &path))?;
        for entry in fs::read_dir(dir).map_err(StateError::io("read", dir))?.flatten() {
            let name = entry.file_name();
            let obsolete = name.to_string_lossy().starts_with("journal-") && entry.path() != path;
            if obsolete {
                fs::remove_file(entry.path()).map_err(StateError::io("remove", &entry.path()))?;
            }
        }
        Ok(Self { file: opened, path, length: 0 })
    }

    /// What was done since the snapshot of `generation`, oldest first.
    pub(crate) fn read(dir: &Path, generation: u64) -> Result<Vec<Entry>, StateError> {
        let path = file(dir, generation);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StateError::io("read", &path)(error)),
        };
        let mut entries = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some((record, sum, tail)) = split(rest) {
            if checksum(record) != sum {
                if tail.is_empty() {
                    break;
                }
                return Err(StateError::damaged(&path, format!("record {} is altered", entries.len() + 1)));
            }
            entries.push(ciborium::from_reader(record).map_err(|error| {
                StateError::damaged(&path, format!("record {} is unreadable: {error}", entries.len() + 1))
            })?);
            rest = tail;
        }
        Ok(entries)
    }

    /// Appends what was just done.
    pub(crate) fn append(&mut self, entry: &Entry) -> Result<(), StateError> {
        let mut record = vec![0; RECORD_HEAD];
        ciborium::into_writer(entry, &mut record)
            .map_err(|error| StateError::io("serialise", &self.path)(io::Error::other(error.to_string())))?;
        let (head, body) = record.split_at_mut(RECORD_HEAD);
        let length = u32::try_from(body.len())
            .map_err(|error| StateError::io("serialise", &self.path)(io::Error::other(error)))?;
        let (length_bytes, sum_bytes) = head.split_at_mut(4);
        length_bytes.copy_from_slice(&length.to_le_bytes());
        sum_bytes.copy_from_slice(&checksum(body).to_le_bytes());
        self.file.write_all(&record).map_err(StateError::io("append to", &self.path))?;
        self.length += record.len();
        Ok(())
    }

    /// Bytes written so far.
    pub(crate) const fn length(&self) -> usize {
        self.length
    }
}

fn file(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("journal-{generation}"))
}

/// The first record, its checksum and what follows; `None` for a torn or absent one.
fn split(bytes: &[u8]) -> Option<(&[u8], u64, &[u8])> {
    let (head, rest) = bytes.split_at_checked(RECORD_HEAD)?;
    let (length, sum) = head.split_at(4);
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let (record, tail) = rest.split_at_checked(length)?;
    Some((record, u64::from_le_bytes(sum.try_into().ok()?), tail))
}
