//! A free list of read buffers: a connection takes one when bytes arrive and gives it back when it has none, so that an
//! idle connection owns none.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::BytesMut;

/// Bytes of one buffer: a head of ordinary size and a small body in one read.
pub const BUFFER: usize = 16 * 1024;

/// What a worker keeps at the most; above it buffers go back to the allocator.
const KEPT: usize = 256;
const LENT: usize = 64;

#[derive(Debug, Default)]
pub struct Buffers {
    free: RefCell<Vec<BytesMut>>,
    /// Given back while slices of them were still held, the oldest first. A small answer is the rule: its connection is
    /// free again before the client has what was read from it.
    lent: RefCell<VecDeque<BytesMut>>,
}

impl Buffers {
    /// An empty buffer with room for [`BUFFER`] bytes.
    pub fn take(&self) -> BytesMut {
        self.free
            .borrow_mut()
            .pop()
            .or_else(|| self.returned())
            .unwrap_or_else(|| BytesMut::with_capacity(BUFFER))
    }

    /// Keeps the buffer for the next reader, unless it has grown.
    pub fn give_back(&self, mut buffer: BytesMut) {
        buffer.clear();
        let mut free = self.free.borrow_mut();
        let mut lent = self.lent.borrow_mut();
        if !buffer.try_reclaim(BUFFER) {
            if lent.len() < LENT {
                lent.push_back(buffer);
            }
        } else if free.len() < KEPT && buffer.capacity() <= 2 * BUFFER {
            free.push(buffer);
        }
    }

    /// The oldest of the buffers that were lent, if nobody holds a slice of it any more.
    fn returned(&self) -> Option<BytesMut> {
        let mut lent = self.lent.borrow_mut();
        let mut buffer = lent.pop_front()?;
        if !buffer.try_reclaim(BUFFER) {
            // Held for longer than others: asked again after them.
            lent.push_back(buffer);
            return None;
        }
        Some(buffer).filter(|buffer| buffer.capacity() <= 2 * BUFFER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_once_nobody_holds_a_slice() {
        let buffers = Buffers::default();
        let mut buffer = buffers.take();
        buffer.extend_from_slice(b"abc");
        let address = buffer.as_ptr();
        let slice = buffer.split_to(2).freeze();
        buffers.give_back(buffer);
        assert_ne!(buffers.take().as_ptr(), address, "a held slice pins the allocation");
        assert_eq!(slice, b"ab"[..]);
        drop(slice);
        let buffer = buffers.take();
        assert_eq!(buffer.as_ptr(), address);
        assert!(buffer.is_empty() && buffer.capacity() >= BUFFER);

        buffers.give_back(buffer);
        assert_eq!(buffers.take().as_ptr(), address);
    }
}
