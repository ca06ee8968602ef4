//! The files of a commit, and only those: what is built does not depend on what else lies in the checkout.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::{Build, ImagesError};
use crate::git::{self, GitError};
use crate::names::CommitSha;

/// A commit of the application.
#[derive(Debug, Clone)]
pub struct Source {
    directory: PathBuf,
    /// The commit.
    pub commit: CommitSha,
}

impl Source {
    /// The commit of this name (or the current one) in the checkout `directory`.
    pub fn at(directory: &Path, commit: Option<&str>) -> Result<Self, ImagesError> {
        match ops_cli::git::run(directory, &["rev-parse", "--show-toplevel"]) {
            Ok(_) => {}
            Err(GitError::NoRepository { .. } | GitError::Refused { .. }) => {
                return Err(ImagesError::NoSource { path: directory.to_owned() });
            }
            Err(error) => return Err(error.into()),
        }
        let commit = git::commit(directory, commit.unwrap_or("HEAD"))?;
        Ok(Self { directory: directory.to_owned(), commit })
    }

    /// When the commit was made, in seconds since the Unix epoch.
    pub fn committed_at(&self) -> Result<u64, ImagesError> {
        let text =
            self.git(&["show", "--no-patch", "--no-ext-diff", "--format=%ct", self.commit.as_str()], None)?;
        text.trim().parse().map_err(|_| ImagesError::Export(format!("git gave no date: {text:?}")))
    }

    /// Whether the checkout has changes that are not in any commit.
    pub fn is_dirty(&self) -> Result<bool, ImagesError> {
        Ok(!self.git(&["status", "--porcelain", "--untracked-files=no"], None)?.trim().is_empty())
    }

    /// Writes the files out, dated as the commit: layers that copy them are the same whenever they are built.
    pub fn export(&self) -> Result<Export, ImagesError> {
        let temporary = TempDir::new().map_err(ImagesError::Temporary)?;
        let tree = temporary.path().join("source");
        fs::create_dir(&tree).map_err(ImagesError::Temporary)?;
        // An index of its own: that of the checkout is not touched.
        let index = temporary.path().join("index");
        let mut prefix = tree.clone().into_os_string();
        prefix.push("/");
        self.git(&["read-tree", self.commit.as_str()], Some(&index))?;
        let prefix = format!("--prefix={}", prefix.to_string_lossy());
        // From the top, or only what is below the current directory would be written.
        self.git(&["checkout-index", "--all", "--quiet", &prefix], Some(&index))?;
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(self.committed_at()?);
        set_dates(&tree, date).map_err(|error| ImagesError::Export(error.to_string()))?;
        Ok(Export { tree, _temporary: temporary })
    }

    fn git(&self, args: &[&str], index: Option<&Path>) -> Result<String, ImagesError> {
        let top = ops_cli::git::run(&self.directory, &["rev-parse", "--show-toplevel"])?;
        let mut command = ops_cli::git::command(Path::new(top.trim_end_matches('\n')));
        if let Some(index) = index {
            command.env("GIT_INDEX_FILE", index);
        }
        let output = command.args(args).output().map_err(|error| ImagesError::Export(error.to_string()))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(ImagesError::Export(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
        }
    }
}

/// The files of a commit on disk, for as long as this lives.
#[derive(Debug)]
pub struct Export {
    /// Top of them.
    pub tree: PathBuf,
    _temporary: TempDir,
}

impl Export {
    /// Whether everything is there that the builds need.
    pub fn check(&self, commit: &CommitSha, builds: &[Build]) -> Result<(), ImagesError> {
        let mut missing = Vec::new();
        for build in builds {
            if !self.tree.join(&build.dockerfile).is_file() {
                missing.push(build.dockerfile.clone());
            }
            if !self.tree.join(&build.context).is_dir() {
                missing.push(format!("directory {}", build.context));
            }
        }
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        Err(ImagesError::NotInCommit { commit: commit.clone(), paths: missing })
    }
}

/// Files first, then their folder, whose date the files would change.
fn set_dates(folder: &Path, date: SystemTime) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            set_dates(&entry.path(), date)?;
        } else if kind.is_file() {
            File::open(entry.path())?.set_modified(date)?;
        }
    }
    File::open(folder)?.set_modified(date)
}
