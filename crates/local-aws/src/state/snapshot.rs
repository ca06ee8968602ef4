//! The snapshot: one header line of JSON, then the account in CBOR.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{STATE_VERSION, StateError, checksum};

const FORMAT: &str = "local-aws-account";

/// Longest header line, in bytes; one has about 120.
const MAX_HEADER: u64 = 4096;

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    /// Which journal continues this snapshot.
    generation: u64,
    length: usize,
    checksum: u64,
}

pub(super) fn file(dir: &Path) -> PathBuf {
    dir.join("account.state")
}

/// Whether a file name is that of a snapshot, a finished one or not.
pub(super) fn is_snapshot(name: &str) -> bool {
    matches!(name, "account.state" | "account.state.new")
}

/// Whether `dir` holds a snapshot of any version.
pub(super) fn is_there(dir: &Path) -> bool {
    let Ok(file) = File::open(file(dir)) else { return false };
    let mut line = Vec::new();
    let read = BufReader::new(file.take(MAX_HEADER)).read_until(b'\n', &mut line);
    read.is_ok() && serde_json::from_slice::<Header>(&line).is_ok_and(|header| header.format == FORMAT)
}

/// Reads the snapshot of `dir` with its generation; `None` where there is none yet.
pub(crate) fn read<T: DeserializeOwned>(dir: &Path) -> Result<Option<(u64, T)>, StateError> {
    let path = file(dir);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StateError::io("read", &path)(error)),
    };
    let damaged = |detail: &str| StateError::damaged(&path, detail);
    let end = bytes.iter().position(|&byte| byte == b'\n').ok_or_else(|| damaged("it has no header"))?;
    let (head, body) = bytes.split_at(end);
    let body = body.get(1..).unwrap_or_default();
    let header: Header = serde_json::from_slice(head).map_err(|_| damaged("its header is unreadable"))?;
    if header.format != FORMAT {
        return Err(damaged("its header names another format"));
    }
    if header.version != STATE_VERSION {
        return Err(StateError::Version { path, found: header.version });
    }
    if body.len() != header.length {
        let detail = format!("{} bytes instead of {}", body.len(), header.length);
        return Err(damaged(&detail));
    }
    if checksum(body) != header.checksum {
        return Err(damaged("its checksum does not match"));
    }
    let state = ciborium::from_reader(body)
        .map_err(|error| StateError::damaged(&path, format!("its content is unreadable: {error}")))?;
    Ok(Some((header.generation, state)))
}

/// Replaces the snapshot of `dir`, atomically and durably.
pub(crate) fn write<T: Serialize>(dir: &Path, generation: u64, state: &T) -> Result<(), StateError> {
    let path = file(dir);
    let temporary = dir.join("account.state.new");
    let mut body = Vec::with_capacity(1 << 20);
    ciborium::into_writer(state, &mut body).map_err(|error| StateError::Io {
        action: "serialise",
        path: path.clone(),
        source: io::Error::other(error.to_string()),
    })?;
    let header = Header {
        format: FORMAT.to_owned(),
        version: STATE_VERSION,
        generation,
        length: body.len(),
        checksum: checksum(&body),
    };
    let mut head = serde_json::to_vec(&header).map_err(|error| StateError::Io {
        action: "serialise",
        path: path.clone(),
        source: io::Error::other(error),
    })?;
    head.push(b'\n');
    let mut file = File::create(&temporary).map_err(StateError::io("create", &temporary))?;
    file.write_all(&head)
        .and_then(|()| file.write_all(&body))
        .and_then(|()| file.sync_all())
        .map_err(StateError::io("write", &temporary))?;
    fs::rename(&temporary, &path).map_err(StateError::io("replace", &path))?;
    // The rename itself is durable once the directory is.
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(StateError::io("write", dir))
}
