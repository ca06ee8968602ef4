//! Instance classes of RDS for PostgreSQL and node types of ElastiCache.
//!
//! The tables are those of us-west-2 in cfn-lint 1.51 (`dbinstanceclass_enum`, `cachenodetype_enum`) without the
//! generations that cannot run PostgreSQL 16 or encrypt their storage.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Families that come in the same sizes.
type Families = [(&'static [&'static str], &'static [&'static str])];

const DATABASE: &Families = &[
    (&["t4g", "t3"], &["micro", "small", "medium", "large", "xlarge", "2xlarge"]),
    (
        &["m5", "m5d", "r5", "r5b", "r5d"],
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"],
    ),
    (
        &["m6g", "m6gd", "m7g", "r6g", "r6gd", "r7g", "x2g"],
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"],
    ),
    (
        &["m6i", "m6id", "m6idn", "m6in", "r6i", "r6id", "r6idn", "r6in"],
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge"],
    ),
    (
        &["m7i", "m8g", "m8gd", "r7i", "r8g", "r8gd"],
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"],
    ),
    (&["x2iedn"], &["xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge", "24xlarge", "32xlarge"]),
];

const CACHE: &Families = &[
    (&["t4g", "t3"], &["micro", "small", "medium"]),
    (
        &["m6g", "m7g", "r6g", "r7g", "c7gn"],
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"],
    ),
    (&["m5", "r5"], &["large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge"]),
    (&["r6gd"], &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
];

fn all(prefix: &str, families: &Families) -> Vec<String> {
    families
        .iter()
        .flat_map(|(families, sizes)| {
            families.iter().flat_map(|family| sizes.iter().map(move |size| (*family, *size)))
        })
        .map(|(family, size)| format!("{prefix}.{family}.{size}"))
        .collect()
}

/// Text that names no instance class or node type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: expected {allowed}")]
pub struct UnknownClass {
    /// The offending text.
    pub text: String,
    what: &'static str,
    allowed: String,
}

/// The table in words: `db.FAMILY.SIZE with t4g, t3 in micro, small; m5 in large`.
fn summary(prefix: &str, families: &Families) -> String {
    let groups =
        families.iter().map(|(families, sizes)| format!("{} in {}", families.join(", "), sizes.join(", ")));
    format!("{prefix}.FAMILY.SIZE with {}", groups.collect::<Vec<_>>().join("; "))
}

macro_rules! class_type {
    ($(#[$meta:meta])* $name:ident, prefix: $prefix:literal, families: $families:ident, what: $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// As AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Every value, smallest of each family first.
            pub fn all() -> Vec<String> {
                all($prefix, $families)
            }
        }

        impl FromStr for $name {
            type Err = UnknownClass;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if Self::all().iter().any(|known| known == text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(UnknownClass { text: text.to_owned(), what: $what, allowed: summary($prefix, $families) })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": Self::all(), "description": summary($prefix, $families) })
            }
        }
    };
}

class_type! {
    /// Instance class of RDS for PostgreSQL (`db.t4g.micro`).
    InstanceClass, prefix: "db", families: DATABASE, what: "an instance class of RDS for PostgreSQL"
}

class_type! {
    /// Node type of ElastiCache (`cache.t4g.micro`).
    CacheNodeType, prefix: "cache", families: CACHE, what: "a node type of ElastiCache"
}
