//! Versions of PostgreSQL: which there are, which can become which, and which parameter groups fit.
//!
//! Source: the table of upgrade targets in RDS:USER_UpgradeDBInstance.PostgreSQL.MajorVersion. Its rows follow one rule, which
//! `upgrades_are_those_of_the_table` holds against them: a target is newer in its number, and was not released before the
//! source. Versions that were released together are in one step here.

use crate::{ApiError, World};

const CODE: &str = "InvalidParameterCombination";

/// A major version: its minor version `n` belongs to step `n + ahead`, and RDS takes `default` where only the major version is
/// named (bc:rds/ModifyDBInstanceMessage). The defaults are those of November 2025, INF: RDS moves them on.
struct Major {
    number: u32,
    ahead: i64,
    default: u32,
}

const MAJORS: [Major; 6] = [
    Major { number: 13, ahead: -8, default: 23 },
    Major { number: 14, ahead: -5, default: 20 },
    Major { number: 15, ahead: 0, default: 15 },
    Major { number: 16, ahead: 4, default: 11 },
    Major { number: 17, ahead: 8, default: 7 },
    Major { number: 18, ahead: 14, default: 1 },
];

/// A version of PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// `16` of `16.11`.
    pub major: u32,
    minor: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Version {
    /// From `16` or `16.11`.
    ///
    /// # Errors
    /// What is no version that RDS has.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let unknown = || ApiError::new(CODE, format!("Cannot find version {text} for postgres"));
        let (major, minor) = match text.split_once('.') {
            Some((major, minor)) => (major, Some(minor)),
            None => (text, None),
        };
        let number: u32 = major.parse().map_err(|_| unknown())?;
        let known = MAJORS.iter().find(|it| it.number == number).ok_or_else(unknown)?;
        let minor = match minor {
            Some(minor) => minor.parse().map_err(|_| unknown())?,
            None => known.default,
        };
        Ok(Self { major: number, minor })
    }

    /// The family of the parameter groups that fit.
    pub(crate) fn family(self) -> String {
        format!("postgres{}", self.major)
    }

    /// In which step it was released.
    fn step(self) -> i64 {
        let ahead = MAJORS.iter().find(|it| it.number == self.major).map_or(0, |it| it.ahead);
        i64::from(self.minor) + ahead
    }

    fn can_become(self, target: Self) -> bool {
        target > self && target.step() >= self.step()
    }
}

/// What an instance of `current` is after `ModifyDBInstance` with the version `wanted`. The words are RDS's: of a target that it
/// does not take (<https://github.com/ministryofjustice/cloud-platform-environments/pull/25855>), and of a major version without
/// the switch, as clients showed it.
///
/// # Errors
/// A version that there is not, one that is older or that the source cannot become, another major version without `allow_major`.
pub(crate) fn changed(current: Version, wanted: &str, allow_major: bool) -> Result<Version, ApiError> {
    let target = Version::parse(wanted)?;
    let only_major = !wanted.contains('.');
    // The default version of a major version does not take back a later minor version.
    if target == current || (only_major && target.major == current.major && target < current) {
        return Ok(current);
    }
    if target.major > current.major && !allow_major {
        let message =
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.";
        return Err(ApiError::new(CODE, message));
    }
    if !current.can_become(target) {
        return Err(ApiError::new(CODE, format!("Cannot upgrade postgres from {current} to {target}")));
    }
    Ok(target)
}

/// Refuses a parameter group of another family; the words are RDS's
/// (<https://github.com/mattermost/mattermost-load-test-ng/pull/707>). One that is not in the account passes.
///
/// # Errors
/// Another family.
pub(crate) fn check_group(world: &World, version: Version, group: &str) -> Result<(), ApiError> {
    let own = version.family();
    let Some(family) = family(world, group).filter(|family| *family != own) else { return Ok(()) };
    let message = format!(
        "The parameter group {group} with DBParameterGroupFamily {family} can't be used for this instance. Use a parameter group \
         with DBParameterGroupFamily {own}."
    );
    Err(ApiError::new(CODE, message))
}

fn family(world: &World, group: &str) -> Option<String> {
    if let Some(family) = group.strip_prefix("default.") {
        return Some(family.to_owned());
    }
    let group = world.cfn.bags.get("AWS::RDS::DBParameterGroup")?.get(group)?;
    Some(group.properties.get("Family")?.as_str()?.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    /// Rows of the table of 2025-08, with the targets of 17, and of 15.13 those of 16 too.
    #[test]
    fn upgrades_are_those_of_the_table() {
        let rows = [
            ("17.4", "17.5"),
            ("17.3", "17.5 17.4"),
            ("17.2", "17.5 17.4 17.3"),
            ("17.1", "17.5 17.4 17.3 17.2"),
            ("16.9", "17.5"),
            ("16.8", "17.5 17.4"),
            ("16.7", "17.5 17.4 17.3"),
            ("16.6", "17.5 17.4 17.3 17.2"),
            ("16.5", "17.5 17.4 17.3 17.2 17.1"),
            ("16.4", "17.5 17.4 17.3 17.2 17.1"),
            ("16.1", "17.5 17.4 17.3 17.2 17.1"),
            ("15.13", "17.5"),
        ];
        for (source, targets) in rows {
            for minor in 1..=5 {
                let target = format!("17.{minor}");
                let listed = targets.split(' ').any(|it| it == target);
                assert_eq!(version(source).can_become(version(&target)), listed, "{source} to {target}");
            }
        }
        for minor in 1..=9 {
            let target = format!("16.{minor}");
            assert_eq!(version("15.13").can_become(version(&target)), target == "16.9", "15.13 to {target}");
        }
    }

    #[test]
    fn versions_change_as_rds_changes_them() {
        let refused =
            |from: &str, to: &str, allow: bool| changed(version(from), to, allow).unwrap_err().message;
        assert_eq!(refused("16.3", "15.7", true), "Cannot upgrade postgres from 16.3 to 15.7");
        assert_eq!(refused("16.9", "17.4", true), "Cannot upgrade postgres from 16.9 to 17.4");
        assert_eq!(refused("15.7", "15.5", false), "Cannot upgrade postgres from 15.7 to 15.5");
        assert!(
            refused("16.9", "17", false).starts_with("The AllowMajorVersionUpgrade flag must be present")
        );
        assert_eq!(refused("16.9", "99", true), "Cannot find version 99 for postgres");
        assert_eq!(changed(version("16.9"), "17", true).unwrap().to_string(), "17.7");
        // A major version alone takes no later minor version back.
        assert_eq!(changed(version("17.9"), "17", false).unwrap().to_string(), "17.9");
        assert_eq!(changed(version("16.9"), "16", false).unwrap().to_string(), "16.11");
    }
}
