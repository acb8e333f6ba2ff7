//! Line feeds, found 64 bytes at a time.
//!
//! A head has many short lines. Searching for each line's end anew costs about 65 instructions a line, one mask for
//! 64 bytes about 70, and then a few a line.

const BLOCK: usize = 64;

/// The places of all line feeds in `bytes`, in order.
#[inline]
pub(super) fn feeds(bytes: &[u8]) -> Feeds<'_> {
    Feeds {
        bytes,
        next_block: 0,
        base: 0,
        mask: 0,
    }
}

#[derive(Debug)]
pub(super) struct Feeds<'b> {
    bytes: &'b [u8],
    next_block: usize,
    /// Where the block begins that `mask` is of; its feeds not yet told of are the bits of `mask`.
    base: usize,
    mask: u64,
}

impl Iterator for Feeds<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            let rest = self.bytes.get(self.next_block..).filter(|rest| !rest.is_empty())?;
            self.mask = match rest.first_chunk() {
                Some(block) => mask(block),
                None => last_mask(self.bytes, rest),
            };
            self.base = self.next_block;
            self.next_block += BLOCK;
        }
        let at = self.base + self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some(at)
    }
}

/// The mask of a rest that is shorter than a block: cut out of the last whole one, if there is one.
#[inline]
fn last_mask(bytes: &[u8], rest: &[u8]) -> u64 {
    if let Some(block) = bytes.last_chunk() {
        return mask(block) >> (BLOCK - rest.len());
    }
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    mask(&block)
}

/// A bit for each line feed, the first byte's the lowest. Written so that the compiler makes vectors of the comparison;
/// the product moves the top bits of eight bytes into one.
#[inline]
fn mask(block: &[u8; BLOCK]) -> u64 {
    const TOPS: u64 = 0x8080_8080_8080_8080;
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let hits = block.map(|byte| if byte == b'\n' { u8::MAX } else { 0 });
    hits.as_chunks().0.iter().rev().fold(0, |mask, eight| {
        let tops = u64::from_le_bytes(*eight) & TOPS;
        mask << 8 | tops.wrapping_mul(GATHER) >> 56
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_are_found(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..300)) {
            let found: Vec<_> = feeds(&bytes).collect();
            let expected: Vec<_> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
