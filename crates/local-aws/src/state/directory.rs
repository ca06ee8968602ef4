//! Which directory is an account's: one with the marker that the first opening writes.
//!
//! The state directory is named by the user. Nothing is written to, and nothing removed from, a directory that
//! holds something else.

use std::fs;
use std::io;
use std::path::Path;

use super::journal::is_journal;
use super::{Lock, StateError, snapshot};

const MARKER: &str = "local-aws.marker";
const MARKER_TEXT: &str = "A state directory of the local AWS.\n";

/// Makes `dir` a state directory: it is one already, or it is absent or empty.
pub(crate) fn claim(dir: &Path) -> Result<(), StateError> {
    fs::create_dir_all(dir).map_err(StateError::io("create", dir))?;
    let marker = dir.join(MARKER);
    if is_marked(dir) {
        return Ok(());
    }
    if !is_empty(dir)? && !snapshot::is_there(dir) {
        return Err(StateError::Foreign { dir: dir.to_owned() });
    }
    fs::write(&marker, MARKER_TEXT).map_err(StateError::io("write", &marker))
}

/// Removes an account's files from `dir`, and `dir` where nothing else is in it.
pub(crate) fn clear(dir: &Path, command: &str) -> Result<(), StateError> {
    match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        _ => claim(dir)?,
    }
    let lock = Lock::take(dir, command)?;
    let mut foreign = false;
    for entry in fs::read_dir(dir).map_err(StateError::io("read", dir))? {
        let entry = entry.map_err(StateError::io("read", dir))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        if name == MARKER {
            continue;
        }
        if snapshot::is_snapshot(&name) || is_journal(&name) || name == Lock::FILE {
            fs::remove_file(&path).map_err(StateError::io("remove", &path))?;
        } else {
            foreign = true;
        }
    }
    if !foreign {
        // The marker last: a reset that was interrupted can be repeated.
        let marker = dir.join(MARKER);
        fs::remove_file(&marker).map_err(StateError::io("remove", &marker))?;
        // A directory that cannot be removed (a mount point, a symbolic link) is empty, which is what matters.
        let _ = fs::remove_dir(dir);
    }
    drop(lock);
    Ok(())
}

fn is_marked(dir: &Path) -> bool {
    fs::read(dir.join(MARKER)).is_ok_and(|text| text == MARKER_TEXT.as_bytes())
}

fn is_empty(dir: &Path) -> Result<bool, StateError> {
    Ok(fs::read_dir(dir).map_err(StateError::io("read", dir))?.next().is_none())
}
