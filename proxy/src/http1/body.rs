//! Bodies: cut out of the bytes that arrive, and framed on the way out (RFC 9112 6 and 7).

mod decode;
mod encode;

pub use decode::{Decoded, Decoder};
pub use encode::{EncodeError, Encoder};

/// How a body's end is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyLength {
    None,
    Sized(u64),
    Chunked,
    /// Responses only: the connection's end is the body's.
    UntilClose,
}

impl BodyLength {
    /// Whether it is certain that no byte comes.
    pub const fn is_empty(self) -> bool {
        matches!(self, Self::None | Self::Sized(0))
    }
}

#[cfg(test)]
mod tests;
