//! The journal: commands since the snapshot, appended as they are answered.
//!
//! The file begins with the number of records that were answered and its checksum. A record is its length, the
//! checksum of the length and that of the body, then the body: an [`Entry`] in CBOR. It is written with one
//! system call and not synced: it survives the end of the process, also by `kill -9`; only a power cut can lose
//! the last ones. A torn last record is forgiven, and named by [`Read::torn`]; everything else that is missing or
//! altered is refused.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rollout_sim::SimTime;
use serde::{Deserialize, Serialize};

use super::{StateError, checksum};
use crate::command::Command;

/// Number of records (8 bytes) and its checksum (8 bytes), little endian.
const FILE_HEAD: usize = 16;

/// Length (4 bytes), its checksum (8 bytes) and that of the body (8 bytes), little endian.
const RECORD_HEAD: usize = 20;

/// A command and the virtual moment at which it was run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: SimTime,
    pub(crate) command: Command,
}

/// What a journal holds.
#[derive(Debug)]
pub(crate) struct Read {
    /// What was done since the snapshot, oldest first.
    pub(crate) entries: Vec<Entry>,
    /// What is said of a last record that was written in part only.
    pub(crate) torn: Option<String>,
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    records: u64,
    length: usize,
}

impl Journal {
    /// Starts the empty journal of a generation. The snapshot of that generation is written after it, so that a
    /// snapshot never stands without its journal.
    pub(crate) fn create(dir: &Path, generation: u64) -> Result<Self, StateError> {
        let path = file(dir, generation);
        let mut opened = File::create(&path).map_err(StateError::io("create", &path))?;
        opened.write_all(&file_head(0)).map_err(StateError::io("write", &path))?;
        Ok(Self { file: opened, path, records: 0, length: 0 })
    }

    /// Removes the journals of other generations, once the snapshot of this one is written.
    pub(crate) fn remove_others(&self, dir: &Path) -> Result<(), StateError> {
        for path in files(dir)? {
            if path != self.path {
                fs::remove_file(&path).map_err(StateError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Refuses a directory whose snapshot is gone: a journal in it says that there was one.
    /// The first journal is written before the first snapshot; without a record it stands for nothing.
    pub(crate) fn refuse_orphans(dir: &Path) -> Result<(), StateError> {
        for path in files(dir)? {
            let bytes = fs::read(&path).map_err(StateError::io("read", &path))?;
            let begun = path == file(dir, 1) && (bytes.is_empty() || bytes == file_head(0));
            if !begun {
                let beside = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let detail = format!("it is missing, and {beside} beside it continues it");
                return Err(StateError::damaged(&super::snapshot::file(dir), detail));
            }
        }
        Ok(())
    }

    /// What was done since the snapshot of `generation`.
    pub(crate) fn read(dir: &Path, generation: u64) -> Result<Read, StateError> {
        let path = file(dir, generation);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StateError::damaged(
                    &path,
                    "it is missing, and account.state is continued by it",
                ));
            }
            Err(error) => return Err(StateError::io("read", &path)(error)),
        };
        let damaged = |detail: String| StateError::damaged(&path, detail);
        let (head, mut rest) = bytes
            .split_at_checked(FILE_HEAD)
            .ok_or_else(|| damaged(format!("{} bytes, which is no whole head", bytes.len())))?;
        let answered = number(head);
        if head != file_head(answered) {
            return Err(damaged("its head is altered".to_owned()));
        }
        let mut entries = Vec::new();
        let mut torn = None;
        while !rest.is_empty() {
            let nth = entries.len() + 1;
            match split(rest) {
                Part::Altered => return Err(damaged(format!("record {nth} is altered"))),
                Part::Torn => {
                    torn = Some(format!(
                        "the last record of {} (number {nth}) was written in part only and is dropped",
                        path.display()
                    ));
                    break;
                }
                Part::Whole(record, tail) => {
                    entries.push(
                        ciborium::from_reader(record)
                            .map_err(|error| damaged(format!("record {nth} is unreadable: {error}")))?,
                    );
                    rest = tail;
                }
            }
        }
        let found = entries.len() as u64 + u64::from(torn.is_some());
        if found < answered {
            return Err(damaged(format!("it ends in record {found} of {answered}")));
        }
        Ok(Read { entries, torn })
    }

    /// Appends what was just done.
    pub(crate) fn append(&mut self, entry: &Entry) -> Result<(), StateError> {
        let mut record = vec![0; RECORD_HEAD];
        ciborium::into_writer(entry, &mut record)
            .map_err(|error| StateError::io("serialise", &self.path)(io::Error::other(error.to_string())))?;
        let (head, body) = record.split_at_mut(RECORD_HEAD);
        let length = u32::try_from(body.len())
            .map_err(|error| StateError::io("serialise", &self.path)(io::Error::other(error)))?
            .to_le_bytes();
        head.copy_from_slice(
            &[&length[..], &checksum(&length).to_le_bytes(), &checksum(body).to_le_bytes()].concat(),
        );
        let records = self.records + 1;
        self.file
            .write_all(&record)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .and_then(|_| self.file.write_all(&file_head(records)))
            .and_then(|()| self.file.seek(SeekFrom::End(0)))
            .map_err(StateError::io("append to", &self.path))?;
        self.records = records;
        self.length += record.len();
        Ok(())
    }

    /// Bytes of records written so far.
    pub(crate) const fn length(&self) -> usize {
        self.length
    }
}

fn file(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("journal-{generation}"))
}

/// Whether a file name is that of a journal.
pub(crate) fn is_journal(name: &str) -> bool {
    name.strip_prefix("journal-").is_some_and(|generation| generation.parse::<u64>().is_ok())
}

/// The journals of all generations in `dir`.
fn files(dir: &Path) -> Result<Vec<PathBuf>, StateError> {
    let entries = fs::read_dir(dir).map_err(StateError::io("read", dir))?;
    let journals = entries.flatten().filter(|entry| is_journal(&entry.file_name().to_string_lossy()));
    Ok(journals.map(|entry| entry.path()).collect())
}

fn file_head(records: u64) -> [u8; FILE_HEAD] {
    let mut head = [0; FILE_HEAD];
    let (count, sum) = head.split_at_mut(8);
    count.copy_from_slice(&records.to_le_bytes());
    sum.copy_from_slice(&checksum(&records.to_le_bytes()).to_le_bytes());
    head
}

/// The number in the first (at most eight) bytes, little endian.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |number, &byte| (number << 8) | u64::from(byte))
}

/// What a journal goes on with.
enum Part<'a> {
    /// A record, and what follows it.
    Whole(&'a [u8], &'a [u8]),
    /// The beginning of a record: the file ends in it.
    Torn,
    /// Something that was never written so.
    Altered,
}

fn split(bytes: &[u8]) -> Part<'_> {
    let Some((head, rest)) = bytes.split_at_checked(RECORD_HEAD) else { return Part::Torn };
    let (length, sums) = head.split_at(4);
    let (length_sum, body_sum) = sums.split_at(8);
    if checksum(length) != number(length_sum) {
        return Part::Altered;
    }
    let length = length.iter().rev().fold(0, |length, &byte| (length << 8) | usize::from(byte));
    match rest.split_at_checked(length) {
        None => Part::Torn,
        Some((record, _)) if checksum(record) != number(body_sum) => Part::Altered,
        Some((record, tail)) => Part::Whole(record, tail),
    }
}
