//! Random secrets, their comparison and HMAC-SHA256. Which secret opens what is in `tokens.rs`.

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// `N` bytes of the system's randomness.
///
/// # Panics
/// When the system has none: nothing that follows would be safe.
#[must_use]
#[expect(clippy::expect_used, reason = "without randomness no secret is one")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system's random numbers");
    bytes
}

/// 64 bits of randomness, as the seed of a machine.
#[must_use]
pub fn seed() -> u64 {
    u64::from_le_bytes(random())
}

/// A new secret of 160 bits in lower-case hex: fits into a URL and is typed into an encoder without ambiguity.
#[must_use]
pub fn key() -> String {
    hex::encode(random::<20>())
}

/// Compares in a time that depends on the lengths only.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

/// SHA-256.
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// HMAC-SHA256 over the concatenation of `parts`.
#[must_use]
#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
