//! Body in, framing out. The data itself is the driver's to write, so that it need not be copied.

use bytes::{BufMut, BytesMut};
use http::HeaderMap;
use thiserror::Error;

use crate::http1::names;

/// The framing of one body that is being written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoder {
    /// There is no body, or it is over.
    Done,
    /// So many bytes are still promised.
    Sized(u64),
    Chunked,
    UntilClose,
}

/// The message was promised otherwise: its connection has to be aborted, so that the truncation is seen.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum EncodeError {
    #[error("more body than its head promised")]
    TooLong,
    #[error("less body than its head promised")]
    TooShort,
}

impl Encoder {
    /// Announces `len` bytes of data: puts what goes before them into `dst`, and returns what goes after them.
    ///
    /// # Errors
    ///
    /// They are more than were promised.
    pub fn data(&mut self, len: usize, dst: &mut BytesMut) -> Result<&'static [u8], EncodeError> {
        if len == 0 {
            return Ok(b"");
        }
        match self {
            Self::Done => Err(EncodeError::TooLong),
            Self::Sized(left) => {
                *left = left.checked_sub(len as u64).ok_or(EncodeError::TooLong)?;
                Ok(b"")
            }
            Self::Chunked => {
                put_size(len, dst);
                Ok(b"\r\n")
            }
            Self::UntilClose => Ok(b""),
        }
    }

    /// Ends the body. Trailers go only where there are chunks, and only those that RFC 9110 6.5.1 lets go.
    ///
    /// # Errors
    ///
    /// Less was sent than was promised.
    pub fn end(&mut self, trailers: Option<&HeaderMap>, dst: &mut BytesMut) -> Result<(), EncodeError> {
        match std::mem::replace(self, Self::Done) {
            Self::Sized(1..) => Err(EncodeError::TooShort),
            Self::Chunked => {
                dst.put_slice(b"0\r\n");
                for (name, value) in trailers
                    .into_iter()
                    .flatten()
                    .filter(|(name, _)| names::is_trailer(name))
                {
                    dst.put_slice(name.as_str().as_bytes());
                    dst.put_slice(b": ");
                    dst.put_slice(value.as_bytes());
                    dst.put_slice(b"\r\n");
                }
                dst.put_slice(b"\r\n");
                Ok(())
            }
            Self::Done | Self::Sized(0) | Self::UntilClose => Ok(()),
        }
    }

    /// Whether the end is still to be told.
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done | Self::Sized(0))
    }

    /// Whether only closing the connection can tell the end.
    pub const fn needs_close(&self) -> bool {
        matches!(self, Self::UntilClose)
    }
}

/// The size line of a chunk.
fn put_size(len: usize, dst: &mut BytesMut) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = (usize::BITS - len.leading_zeros()).div_ceil(4);
    for nibble in (0..nibbles).rev() {
        let digit = (len >> (nibble * 4)) & 0xf;
        dst.put_u8(DIGITS.get(digit).copied().unwrap_or(b'0'));
    }
    dst.put_slice(b"\r\n");
}
