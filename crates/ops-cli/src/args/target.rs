//! Where a command runs.

use std::fmt;

use clap::Args;

/// Where a command runs: the AWS account of the configuration, or the embedded local AWS.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// Run against the embedded local AWS, in virtual time (also: `DEPLOY_TARGET=local`)
    #[arg(long, global = false)]
    pub local: bool,
    /// Break the local world: KIND or KIND:SERVICE; repeatable (only with --local)
    #[arg(long = "fault", value_name = "KIND[:NAME]")]
    pub faults: Vec<String>,
}

/// Where a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The AWS account of the configuration.
    Aws,
    /// The embedded local AWS.
    Local,
}

/// The arguments and the surroundings name no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceError {
    /// `DEPLOY_TARGET` names neither place.
    UnknownTarget(String),
    /// A fault in a real account.
    FaultInAws,
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTarget(found) => {
                write!(f, "DEPLOY_TARGET is {found:?}; it must be `local` or `aws`, or not be set")
            }
            Self::FaultInAws => {
                f.write_str("--fault breaks the local AWS only; add --local, or leave --fault out")
            }
        }
    }
}

impl std::error::Error for PlaceError {}

impl TargetArgs {
    /// Where to run: `--local` or `DEPLOY_TARGET=local` mean the local AWS.
    ///
    /// # Errors
    /// `DEPLOY_TARGET` names no place, or faults are asked for in a real account.
    pub fn place(&self) -> Result<Place, PlaceError> {
        let target = std::env::var_os("DEPLOY_TARGET");
        self.place_with(target.as_ref().map(|target| target.to_string_lossy()).as_deref())
    }

    fn place_with(&self, target: Option<&str>) -> Result<Place, PlaceError> {
        let by_environment = match target {
            None | Some("" | "aws") => false,
            Some("local") => true,
            Some(other) => return Err(PlaceError::UnknownTarget(other.to_owned())),
        };
        match self.local || by_environment {
            true => Ok(Place::Local),
            false if self.faults.is_empty() => Ok(Place::Aws),
            false => Err(PlaceError::FaultInAws),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(local: bool, faults: &[&str], target: Option<&str>) -> Result<Place, PlaceError> {
        let faults = faults.iter().map(|&fault| fault.to_owned()).collect();
        TargetArgs { local, faults }.place_with(target)
    }

    #[test]
    fn only_a_known_target_is_one() {
        assert_eq!(place(false, &[], None), Ok(Place::Aws));
        assert_eq!(place(false, &[], Some("aws")), Ok(Place::Aws));
        assert_eq!(place(false, &["no-capacity"], Some("local")), Ok(Place::Local));
        for wrong in ["banana", "Local", "local "] {
            for local in [false, true] {
                let error = PlaceError::UnknownTarget(wrong.to_owned());
                assert_eq!(place(local, &[], Some(wrong)), Err(error));
            }
        }
    }

    #[test]
    fn a_fault_needs_the_local_aws() {
        assert_eq!(place(false, &["no-capacity"], None), Err(PlaceError::FaultInAws));
        assert_eq!(place(true, &["no-capacity"], None), Ok(Place::Local));
    }
}
