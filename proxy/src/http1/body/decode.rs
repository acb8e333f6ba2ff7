//! Bytes in, body out. The data is cut off the buffer, never copied.
//!
//! ```text
//!            +--------------------------- data taken ----------------+
//!            v                                                       |
//! Size -> SizeLf -> Data -> DataCr -> DataLf -> Size ...             |
//!   |  \            (length 0)                                       |
//!   |   Extension    -> Trailers -> Done                 Sized -> Done
//! ```

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;

use super::BodyLength;
use crate::http1::fields::collect_trailers;
use crate::http1::head::first_fault;
use crate::http1::limits::{Limits, Underscores};
use crate::http1::reject::{Peer, Reason, Reject};
use crate::http1::scan::{Bounds, Lines, Scan};

/// Sixteen hex digits are 64 bits; more are refused even if they are zeros.
const SIZE_DIGITS: u8 = 16;

/// One step of a body.
#[derive(Debug)]
pub enum Decoded {
    /// Never empty.
    Data(Bytes),
    /// The body is over, too.
    Trailers(HeaderMap),
    End,
    /// The buffer holds nothing more of the body.
    More,
}

/// The state of one body that is being read.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    peer: Peer,
    limits: BodyLimits,
    extension_bytes: u32,
}

/// What of [`Limits`] concerns a body, small, because every connection holds one.
#[derive(Debug)]
struct BodyLimits {
    line_bytes: u32,
    trailer_fields: u32,
    trailer_bytes: u32,
    chunk_extension_bytes: u32,
    underscores: Underscores,
}

impl BodyLimits {
    const fn of(limits: &Limits, peer: Peer) -> Self {
        Self {
            line_bytes: saturated(limits.line_bytes),
            trailer_fields: saturated(limits.trailer_fields),
            trailer_bytes: saturated(limits.trailer_bytes),
            chunk_extension_bytes: saturated(limits.chunk_extension_bytes),
            underscores: match peer {
                Peer::Downstream => limits.underscores,
                Peer::Upstream => Underscores::Allow,
            },
        }
    }
}

const fn saturated(limit: usize) -> u32 {
    if limit > u32::MAX as usize {
        u32::MAX
    } else {
        limit as u32
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    Sized(u64),
    UntilClose,
    Size {
        length: u64,
        digits: u8,
    },
    /// White space between a size and its extensions; an extension has to follow.
    Space {
        length: u64,
    },
    Extension {
        length: u64,
    },
    SizeLf {
        length: u64,
    },
    Data(u64),
    DataCr,
    DataLf,
    Trailers(Scan),
    Done,
}

const CHUNK_START: State = State::Size { length: 0, digits: 0 };

impl Decoder {
    pub const fn new(length: BodyLength, peer: Peer, limits: &Limits) -> Self {
        let state = match length {
            BodyLength::None | BodyLength::Sized(0) => State::Done,
            BodyLength::Sized(length) => State::Sized(length),
            BodyLength::Chunked => CHUNK_START,
            BodyLength::UntilClose => State::UntilClose,
        };
        Self {
            state,
            peer,
            limits: BodyLimits::of(limits, peer),
            extension_bytes: 0,
        }
    }

    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The next step that the bytes in `buf` allow. Bytes after the body's end stay there.
    ///
    /// # Errors
    ///
    /// The body is malformed: neither it nor anything after it can be used.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Decoded, Reject> {
        self.step(buf).map_err(|reason| reason.from(self.peer))
    }

    /// The connection has ended, and `decode` has been given all there was.
    ///
    /// # Errors
    ///
    /// The body is cut short.
    pub fn eof(&mut self) -> Result<(), Reject> {
        match self.state {
            State::UntilClose | State::Done => {
                self.state = State::Done;
                Ok(())
            }
            _ => Err(Reason::TruncatedBody.from(self.peer)),
        }
    }

    fn step(&mut self, buf: &mut BytesMut) -> Result<Decoded, Reason> {
        loop {
            if let State::Done = self.state {
                return Ok(Decoded::End);
            }
            if buf.is_empty() {
                return Ok(Decoded::More);
            }
            match &mut self.state {
                State::Done => {}
                State::UntilClose => return Ok(Decoded::Data(buf.split().freeze())),
                State::Sized(left) => {
                    let data = take_data(buf, left);
                    if *left == 0 {
                        self.state = State::Done;
                    }
                    return Ok(Decoded::Data(data));
                }
                State::Data(left) => {
                    let data = take_data(buf, left);
                    if *left == 0 {
                        self.state = State::DataCr;
                    }
                    return Ok(Decoded::Data(data));
                }
                State::Trailers(scan) => {
                    let trailers = take_trailers(buf, scan, &self.limits)?;
                    return Ok(match trailers {
                        None => Decoded::More,
                        Some(trailers) => {
                            self.state = State::Done;
                            if trailers.is_empty() {
                                Decoded::End
                            } else {
                                Decoded::Trailers(trailers)
                            }
                        }
                    });
                }
                _ => self.frame(buf)?,
            }
        }
    }

    /// Consumes framing up to data, trailers, or the end of the buffer.
    fn frame(&mut self, buf: &mut BytesMut) -> Result<(), Reason> {
        let mut taken = 0;
        if let (State::DataCr, [b'\r', b'\n', ..]) = (&self.state, &buf[..]) {
            self.state = CHUNK_START;
            taken = 2;
        }
        let rest = buf.get(taken..).unwrap_or_default();
        if let State::Size { digits: 0, .. } = self.state
            && let Some((length, line)) = size_line(rest)
        {
            self.state = State::after_size(length);
            buf.advance(taken + line);
            return Ok(());
        }
        for byte in rest {
            taken += 1;
            self.state = self.next(*byte)?;
            if matches!(self.state, State::Data(_) | State::Trailers(_)) {
                break;
            }
        }
        buf.advance(taken);
        Ok(())
    }

    #[inline]
    fn next(&mut self, byte: u8) -> Result<State, Reason> {
        let next = match (self.state, byte) {
            (State::Size { digits: 0, .. }, b'\r' | b';' | b' ' | b'\t') => return Err(malformed(byte)),
            (State::Size { length, .. } | State::Extension { length }, b'\r') => State::SizeLf { length },
            (State::Size { length, .. } | State::Space { length }, b' ' | b'\t') => {
                self.extend(State::Space { length })?
            }
            (State::Size { length, .. } | State::Space { length }, b';') => self.extend(State::Extension { length })?,
            (State::Size { length, digits }, _) if digits < SIZE_DIGITS => {
                let digit = char::from(byte).to_digit(16).ok_or_else(|| malformed(byte))?;
                State::Size {
                    length: length << 4 | u64::from(digit),
                    digits: digits + 1,
                }
            }
            (State::Extension { length }, b'\t' | 0x20..=0x7e | 0x80..) => self.extend(State::Extension { length })?,
            (State::SizeLf { length }, b'\n') => State::after_size(length),
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => CHUNK_START,
            (State::SizeLf { .. } | State::DataLf, _) => return Err(Reason::BareCr),
            _ => return Err(malformed(byte)),
        };
        Ok(next)
    }

    /// Counts a byte that is neither size nor line end.
    fn extend(&mut self, next: State) -> Result<State, Reason> {
        self.extension_bytes = self.extension_bytes.saturating_add(1);
        if self.extension_bytes > self.limits.chunk_extension_bytes {
            return Err(Reason::ChunkExtensionsTooLarge);
        }
        Ok(next)
    }
}

impl State {
    fn after_size(length: u64) -> Self {
        match length {
            0 => Self::Trailers(Scan::default()),
            _ => Self::Data(length),
        }
    }
}

/// The length in a whole size line without extensions, and that line's: what nearly all of them are.
#[inline]
fn size_line(buf: &[u8]) -> Option<(u64, usize)> {
    let mut length = 0;
    for (digits, byte) in buf.iter().enumerate().take(usize::from(SIZE_DIGITS) + 1) {
        match char::from(*byte).to_digit(16) {
            Some(digit) if digits < usize::from(SIZE_DIGITS) => length = length << 4 | u64::from(digit),
            _ => {
                let ends = digits > 0 && buf.get(digits..digits + 2) == Some(b"\r\n");
                return ends.then_some((length, digits + 2));
            }
        }
    }
    None
}

#[cold]
fn malformed(byte: u8) -> Reason {
    match byte {
        b'\n' => Reason::BareLf,
        _ => Reason::MalformedChunk,
    }
}

#[inline]
fn take_data(buf: &mut BytesMut, left: &mut u64) -> Bytes {
    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(buf.len());
    *left -= here as u64;
    if here == buf.len() {
        buf.split().freeze()
    } else {
        buf.split_to(here).freeze()
    }
}

/// The trailer section (RFC 9112 7.1.2) once it is all there; most are one empty line.
fn take_trailers(buf: &mut BytesMut, scan: &mut Scan, limits: &BodyLimits) -> Result<Option<HeaderMap>, Reason> {
    match (buf.first(), buf.get(1)) {
        (Some(b'\r'), None) => return Ok(None),
        (Some(b'\r'), Some(b'\n')) => {
            buf.advance(2);
            return Ok(Some(HeaderMap::new()));
        }
        (Some(b'\r'), Some(_)) => return Err(Reason::BareCr),
        _ => {}
    }
    let bounds = Bounds {
        bytes: limits.trailer_bytes as usize,
        line_bytes: limits.line_bytes as usize,
        fields: limits.trailer_fields as usize,
        too_many: Reason::TooManyTrailers,
        too_large: Reason::TrailersTooLarge,
        first_line: None,
    };
    let mut lines = Lines::new();
    match scan.find_lines(buf, &mut lines, &bounds) {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(reason) => return Err(first_fault(buf, None).unwrap_or(reason)),
    }
    let section = buf.split_to(lines.end).freeze();
    match collect_trailers(&section, lines.of(&section), limits.underscores) {
        Ok(trailers) => Ok(Some(trailers)),
        Err(reason) => Err(first_fault(&section, None).unwrap_or(reason)),
    }
}
