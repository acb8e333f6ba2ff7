//! Hashes of configuration, as people and other processes compare them: SHA-256, cut to 128 bits.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The hash of an input. The same in every process and version.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The hash of these parts. The length of each goes before it, so that no two lists of parts are one.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut cut = [0; 16];
        for (to, from) in cut.iter_mut().zip(hasher.finalize()) {
            *to = from;
        }
        Self(cut)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The hash of a collection, whatever its order: of the sum of its members' hashes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DigestSum {
    sum: u128,
    count: u64,
}

impl DigestSum {
    pub(crate) const fn add(&mut self, member: Digest) {
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(member.0));
        self.count = self.count.wrapping_add(1);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest::of(&[&self.sum.to_le_bytes(), &self.count.to_le_bytes()])
    }
}

impl Extend<Digest> for DigestSum {
    fn extend<T: IntoIterator<Item = Digest>>(&mut self, members: T) {
        members.into_iter().for_each(|member| self.add(member));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_and_shown_in_hexadecimal() {
        assert_ne!(Digest::of(&[b"ab", b"c"]), Digest::of(&[b"a", b"bc"]));
        assert_ne!(Digest::of(&[b"a", b""]), Digest::of(&[b"a"]));
        assert_eq!(Digest::of(&[]).to_string(), "e3b0c44298fc1c149afbf4c8996fb924");
    }

    #[test]
    fn a_sum_has_members_and_no_order() {
        let sum = |members: &[&[u8]]| {
            let mut sum = DigestSum::default();
            sum.extend(members.iter().map(|member| Digest::of(&[member])));
            sum.finish()
        };
        assert_eq!(sum(&[b"a", b"b"]), sum(&[b"b", b"a"]));
        assert_ne!(sum(&[b"a", b"b"]), sum(&[b"a", b"c"]));
        assert_ne!(sum(&[b"a"]), sum(&[b"a", b"a"]));
    }
}
