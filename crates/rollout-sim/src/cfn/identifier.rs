//! Identifiers in AWS's forms, the same every time for the same sequence of operations.

use super::state::State;
use crate::{Rng, wire};

/// Lower-case hexadecimal digits.
pub(crate) fn hex(state: &mut State, digits: usize) -> String {
    state.next_identifier += 1;
    Rng::new(state.next_identifier.wrapping_mul(0xD6E8_FEB8_6659_FD93)).hex(digits)
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
pub(super) fn uuid(state: &mut State) -> String {
    uuid_from(&hex(state, 32))
}

/// The id of the event with this number.
pub(super) fn of_event(number: u64) -> String {
    uuid_from(&Rng::new(number.wrapping_mul(0x9FB2_1C65_1E98_DF25)).hex(32))
}

fn uuid_from(hex: &str) -> String {
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

/// Capital letters and digits, as CloudFormation appends them to the names it makes.
pub(super) fn suffix(state: &mut State, length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    state.next_identifier += 1;
    let mut random = Rng::new(state.next_identifier.wrapping_mul(0xA076_1D64_78BD_642F));
    (0..length).map(|_| char::from(ALPHABET[(random.next_u64() >> 59) as usize])).collect()
}

/// The part of a database endpoint that all instances of an account in a region have in common. AWS does not say how it is
/// made, only that the name alone is what changes with an instance's name (RDS:USER_RenameInstance); INF.
pub(crate) fn account_host(account: &str, region: &str) -> String {
    wire::sha256_hex(format!("{account}/{region}").as_bytes()).chars().take(12).collect()
}
