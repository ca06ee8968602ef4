//! One process at a time: an advisory lock of the operating system on a file that says who holds it.
//!
//! The system gives the lock up when the process ends, however it ends; what a dead process left in the file
//! does not matter.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StateError;

/// The lock of a state directory, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

#[derive(Serialize, Deserialize)]
struct Holder {
    command: String,
    pid: u32,
    since: String,
}

impl Lock {
    /// Name of the file.
    pub(super) const FILE: &str = "lock";

    /// Takes the lock of `dir` for the command line `command`.
    pub(crate) fn take(dir: &Path, command: &str) -> Result<Self, StateError> {
        let path = dir.join(Self::FILE);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(StateError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(dir, &path)),
            Err(TryLockError::Error(error)) => return Err(StateError::io("lock", &path)(error)),
        }
        let holder = Holder {
            command: command.to_owned(),
            pid: std::process::id(),
            since: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        };
        let text = serde_json::to_vec(&holder)
            .map_err(|error| StateError::io("write", &path)(std::io::Error::other(error)))?;
        file.set_len(0).and_then(|()| file.write_all(&text)).map_err(StateError::io("write", &path))?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a process that another thread is starting just now has the descriptor until it runs its program.
        // What cannot be unlocked is unlocked when the last descriptor closes.
        let _ = self.file.unlock();
    }
}

/// Who holds it; a holder that has not yet written its name is called unknown.
fn held(dir: &Path, path: &Path) -> StateError {
    let holder = fs::read(path).ok().and_then(|text| serde_json::from_slice::<Holder>(&text).ok());
    let holder = holder.unwrap_or_else(|| Holder {
        command: "another command".to_owned(),
        pid: 0,
        since: "just now".to_owned(),
    });
    StateError::Locked { dir: dir.to_owned(), command: holder.command, pid: holder.pid, since: holder.since }
}
