//! Identifiers that must not be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Text that is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {expected}")]
pub struct BadName {
    /// What was given.
    pub found: String,
    /// What it should have been.
    pub expected: &'static str,
}

macro_rules! name {
    ($(#[doc = $doc:literal])+ $name:ident, $expected:literal, $valid:expr) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadName;

            fn from_str(text: &str) -> Result<Self, BadName> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(BadName { found: text.to_owned(), expected: $expected }) }
            }
        }
    };
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

name! {
    /// A full git commit id: 40 lower-case hexadecimal digits.
    CommitSha, "a full commit id (40 hexadecimal digits)", |text| text.len() == 40 && is_lower_hex(text)
}

name! {
    /// The digest of an image manifest: `sha256:` and 64 lower-case hexadecimal digits.
    ImageDigest, "an image digest (sha256: and 64 hexadecimal digits)",
    |text| text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && is_lower_hex(hex))
}

name! {
    /// A release tag: what both git and ECR accept as a tag, and not a commit id.
    ReleaseTag, "a release tag (letters, digits, '.', '_' and '-', at most 128, such as v0.1.0)",
    |text| {
        !text.is_empty()
            && text.len() <= 128
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
            && !text.starts_with(['.', '-'])
            && !text.ends_with('.')
            && !text.contains("..")
            && !(text.len() == 40 && is_lower_hex(text))
    }
}

/// The version that a tag names, as `v1.2.3` or `1.2.3`, with `-rc.1` and the like; `None` where it names none.
#[must_use]
pub fn version(tag: &str) -> Option<semver::Version> {
    semver::Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

impl ReleaseTag {
    /// The version that it names; `None` where it is none.
    #[must_use]
    pub fn version(&self) -> Option<semver::Version> {
        version(&self.0)
    }

    /// Whether it names a version before the version: `v1.0.0-rc.1`.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        self.version().is_some_and(|version| !version.pre.is_empty())
    }
}

impl CommitSha {
    /// The first eight digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..8]
    }

    /// An id that no repository has, always the same for the same text: stands for a commit that was never made.
    #[must_use]
    pub fn made_up(text: &str) -> Self {
        // FNV-1a over the text and a counter: five runs of 32 bits make the 160 of a commit id.
        let run = |counter: u8| {
            let bytes = text.bytes().chain([0, counter]);
            let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
        };
        Self((0..5).map(run).collect())
    }
}

impl ImageDigest {
    /// `sha256:` and the first twelve digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..19]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        let hex40 = "0123456789abcdef0123456789abcdef01234567";
        assert!(hex40.parse::<CommitSha>().is_ok());
        assert!(hex40.to_uppercase().parse::<CommitSha>().is_err());
        assert!(CommitSha::made_up("v0.1.0").as_str().parse::<CommitSha>().is_ok());
        assert_ne!(CommitSha::made_up("v0.1.0"), CommitSha::made_up("v0.1.1"));
        assert!("0123456".parse::<CommitSha>().is_err());
        assert!(format!("sha256:{}", "a".repeat(64)).parse::<ImageDigest>().is_ok());
        assert!(format!("sha512:{}", "a".repeat(64)).parse::<ImageDigest>().is_err());
        assert!("v0.1.0".parse::<ReleaseTag>().is_ok());
        for bad in ["", "-x", "a..b", "v1.", "v 1", hex40] {
            assert!(bad.parse::<ReleaseTag>().is_err(), "{bad}");
        }
    }
}
