//! Files of people are read whole, so they are bounded: a pipe that nobody writes to and a file without end are refused.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// What one file of the configuration may have, in bytes.
pub(crate) const MAX_CONFIGURATION: u64 = 1024 * 1024;

/// The text of a regular file of at most `limit` bytes.
///
/// # Errors
///
/// What the system says; `InvalidInput` for what is no regular file (a directory, a pipe, a device), which is not opened;
/// `FileTooLarge` for what is longer; `InvalidData` for what is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let found = path.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let too_long = || {
        let message = format!("it is longer than the {limit} bytes that such a file may have");
        io::Error::new(io::ErrorKind::FileTooLarge, message)
    };
    if found.len() > limit {
        return Err(too_long());
    }
    let mut text = String::new();
    // It may have grown since, and files of /proc are empty until they are read.
    File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit { Err(too_long()) } else { Ok(text) }
}
