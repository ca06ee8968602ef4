//! IPv4 address blocks.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// IPv4 block of a VPC, `/16` to `/24` (`10.10.0.0/16`).
///
/// AWS allows `/16` to `/28` for a VPC; blocks smaller than `/24` leave no room for two subnets per availability zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr {
    base: Ipv4Addr,
    prefix_len: u8,
}

const PATTERN: &str = "^[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}/(?:1[6-9]|2[0-4])$";

/// Why text is not a [`Cidr`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCidr {
    /// Not of the form `a.b.c.d/n`.
    #[error("`{0}` is not an IPv4 block: expected an address and a length, such as 10.10.0.0/16")]
    Syntax(String),
    /// The block is larger or smaller than a VPC can use.
    #[error("`{0}` has a length that does not fit: expected /16 to /24")]
    Length(String),
    /// Bits behind the prefix are set.
    #[error("`{text}` is not the start of its block: expected {expected}")]
    HostBits {
        /// The offending text.
        text: String,
        /// The block that contains the address.
        expected: String,
    },
}

impl Cidr {
    /// First address of the block.
    pub fn base(self) -> Ipv4Addr {
        self.base
    }

    /// Number of leading bits that are fixed.
    pub fn prefix_len(self) -> u8 {
        self.prefix_len
    }

    /// Whether any address lies in both blocks.
    pub fn overlaps(self, other: Self) -> bool {
        let mask = mask(self.prefix_len.min(other.prefix_len));
        self.base.to_bits() & mask == other.base.to_bits() & mask
    }

    /// The first `count` blocks of length `prefix_len` in this one, in ascending order; fewer when no more fit, none when
    /// `prefix_len` is shorter than the block's own or longer than 32.
    pub fn subnets(self, prefix_len: u8, count: usize) -> Vec<Subnet> {
        if prefix_len < self.prefix_len || prefix_len > 32 {
            return Vec::new();
        }
        let available = 1_u64 << (prefix_len - self.prefix_len);
        let size = 1_u64 << (32 - prefix_len);
        (0..available)
            .take(count)
            .filter_map(|index| u32::try_from(u64::from(self.base.to_bits()) + index * size).ok())
            .map(|bits| Subnet { base: Ipv4Addr::from_bits(bits), prefix_len })
            .collect()
    }
}

/// Part of a [`Cidr`]; displays as `10.10.0.0/20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subnet {
    base: Ipv4Addr,
    prefix_len: u8,
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix_len)
    }
}

fn mask(prefix_len: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix_len.min(32))).unwrap_or(0)
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let syntax = || InvalidCidr::Syntax(text.to_owned());
        let (address, length) = text.split_once('/').ok_or_else(syntax)?;
        let base: Ipv4Addr = address.parse().map_err(|_| syntax())?;
        let prefix_len: u8 = length.parse().map_err(|_| syntax())?;
        if !(16..=24).contains(&prefix_len) {
            return Err(InvalidCidr::Length(text.to_owned()));
        }
        let start = Ipv4Addr::from_bits(base.to_bits() & mask(prefix_len));
        if start != base {
            return Err(InvalidCidr::HostBits {
                text: text.to_owned(),
                expected: format!("{start}/{prefix_len}"),
            });
        }
        Ok(Self { base, prefix_len })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix_len)
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Cidr {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cidr".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": PATTERN,
            "description": "an IPv4 block of /16 to /24, such as 10.10.0.0/16",
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_cidr() -> impl Strategy<Value = Cidr> {
        // Few distinct addresses, so that overlaps are common.
        (0_u32..8, 16_u8..=24).prop_map(|(block, prefix_len)| {
            let bits = 0x0a00_0000 | (block << 14);
            Cidr { base: Ipv4Addr::from_bits(bits & mask(prefix_len)), prefix_len }
        })
    }

    fn range(cidr: Cidr) -> (u64, u64) {
        let start = u64::from(cidr.base.to_bits());
        (start, start + (1 << (32 - cidr.prefix_len)) - 1)
    }

    proptest! {
        #[test]
        fn blocks_overlap_when_their_ranges_do(one in any_cidr(), other in any_cidr()) {
            let ((start, end), (other_start, other_end)) = (range(one), range(other));
            prop_assert_eq!(one.overlaps(other), start <= other_end && other_start <= end);
            prop_assert_eq!(one.overlaps(other), other.overlaps(one));
        }

        #[test]
        fn text_reads_back(cidr in any_cidr()) {
            prop_assert_eq!(cidr.to_string().parse::<Cidr>().unwrap(), cidr);
        }

        #[test]
        fn subnets_lie_inside_and_apart(cidr in any_cidr(), extra in 0_u8..5) {
            let subnets = cidr.subnets(cidr.prefix_len() + extra, 6);
            let (start, end) = range(cidr);
            let mut next = start;
            for subnet in subnets {
                prop_assert_eq!(u64::from(subnet.base.to_bits()), next);
                next += 1 << (32 - subnet.prefix_len);
                prop_assert!(next - 1 <= end);
            }
        }
    }

    #[test]
    fn subnets_are_counted_and_never_larger_than_the_block() {
        let cidr: Cidr = "10.10.0.0/16".parse().unwrap();
        let texts: Vec<String> = cidr.subnets(20, 3).iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.10.0.0/20", "10.10.16.0/20", "10.10.32.0/20"]);
        assert_eq!(cidr.subnets(17, 6).len(), 2);
        assert!(cidr.subnets(8, 1).is_empty());
    }
}
