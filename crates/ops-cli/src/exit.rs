//! Exit codes: part of the contract, documented in `docs/commands.md`.

/// How a command ended, as a process exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Something unexpected: a defect or an answer of AWS that nothing handles.
    Unexpected,
    /// The command line is wrong (clap's own code).
    Usage,
    /// Bad configuration or input.
    BadInput,
    /// Refused by a guard before anything was changed.
    Refused,
    /// A one-off task (migration, seed) failed; the services were not touched.
    TaskFailed,
    /// A check found differences.
    Differences,
    /// The deployment failed and everything is back on the old release.
    RolledBack,
    /// The deployment failed and a person has to act; the next command is printed.
    NeedsHuman,
    /// The deadline passed and the deployment is still running (only with `--no-cancel`).
    StillRunning,
    /// Another deployment superseded this one, or it was cancelled.
    Superseded,
    /// Deployed, but unhealthy or the wrong release answers.
    Unhealthy,
    /// Interrupted by Ctrl-C (128 + SIGINT, as shells report it).
    Interrupted,
}

impl Exit {
    /// The process exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::BadInput => 3,
            Self::Refused => 4,
            Self::TaskFailed => 5,
            Self::Differences => 10,
            Self::RolledBack => 20,
            Self::NeedsHuman => 21,
            Self::StillRunning => 22,
            Self::Superseded => 23,
            Self::Unhealthy => 24,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
