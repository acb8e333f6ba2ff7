//! Just enough HTTP/2 framing (RFC 9113, section 4) for a client and a server that say the same thing again and again. Header blocks are canned
//! HPACK (RFC 7541): the first of a connection puts its fields into the peer's dynamic table, the later ones name them by index, as real ends do.

use crate::Outcome;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 0x1;
pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const END_HEADERS: u8 = 0x4;
pub(crate) const PADDED: u8 = 0x8;

const SETTINGS_HEADER_TABLE_SIZE: u16 = 1;
const SETTINGS_INITIAL_WINDOW_SIZE: u16 = 4;

/// RFC 9113, section 6.9.2.
pub(crate) const DEFAULT_WINDOW: i64 = 65_535;

/// What both our ends grant at once and top up when half is used.
pub(crate) const OUR_WINDOW: u32 = 1 << 24;

#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: &'a [u8],
}

/// Cuts the first whole frame off `bytes`.
pub(crate) fn take_frame<'a>(bytes: &mut &'a [u8]) -> Option<Frame<'a>> {
    let (head, rest) = bytes.split_first_chunk::<9>()?;
    let [l2, l1, l0, kind, flags, s3, s2, s1, s0] = *head;
    let length = u32::from_be_bytes([0, l2, l1, l0]) as usize;
    let (payload, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(Frame {
        kind,
        flags,
        stream: u32::from_be_bytes([s3 & 0x7f, s2, s1, s0]),
        payload,
    })
}

pub(crate) fn put_frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let [_, l2, l1, l0] = (payload.len() as u32).to_be_bytes();
    out.extend_from_slice(&[l2, l1, l0, kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// SETTINGS that ask for nothing unusual, and a connection window that does not get in the way.
pub(crate) fn put_hello(out: &mut Vec<u8>) {
    let [a, b] = SETTINGS_INITIAL_WINDOW_SIZE.to_be_bytes();
    let [c, d, e, f] = OUR_WINDOW.to_be_bytes();
    put_frame(out, SETTINGS, 0, 0, &[a, b, c, d, e, f]);
    put_frame(out, WINDOW_UPDATE, 0, 0, &OUR_WINDOW.to_be_bytes());
}

/// The change of the peer's initial window that a SETTINGS payload asks for. A header table smaller than the default would void the canned blocks.
pub(crate) fn initial_window(payload: &[u8]) -> Outcome<Option<i64>> {
    let mut window = None;
    for setting in payload.chunks_exact(6) {
        let &[a, b, c, d, e, f] = setting else { continue };
        let value = u32::from_be_bytes([c, d, e, f]);
        match u16::from_be_bytes([a, b]) {
            SETTINGS_HEADER_TABLE_SIZE if value < 4096 => return Err(format!("a header table of {value} bytes").into()),
            SETTINGS_INITIAL_WINDOW_SIZE => window = Some(i64::from(value)),
            _ => {}
        }
    }
    Ok(window)
}

/// A field with a literal name, put into the dynamic table. Short strings only (one length byte each), no Huffman coding.
fn put_literal(block: &mut Vec<u8>, name: &str, value: &str) {
    block.push(0x40);
    for text in [name, value] {
        debug_assert!(text.len() < 127);
        block.push(text.len() as u8);
        block.extend_from_slice(text.as_bytes());
    }
}

/// The two blocks of one message: what a connection says first, and what it says from then on.
#[derive(Debug)]
pub(crate) struct Blocks {
    pub(crate) first: Vec<u8>,
    pub(crate) later: Vec<u8>,
}

impl Blocks {
    /// `fixed` are static-table bytes; the fields go into the dynamic table, where index 62 is the youngest.
    fn new(fixed: &[u8], fields: &[(&str, &str)]) -> Self {
        let (mut first, mut later) = (fixed.to_vec(), fixed.to_vec());
        for (position, (name, value)) in fields.iter().enumerate() {
            put_literal(&mut first, name, value);
            later.push(0x80 | (61 + fields.len() - position) as u8);
        }
        Self { first, later }
    }

    /// `GET / http` with the fields of the HTTP/1.1 request.
    pub(crate) fn request() -> Self {
        let authority = (":authority", crate::message::HOST);
        Self::new(
            &[0x82, 0x84, 0x86],
            &[authority, ("user-agent", crate::message::AGENT), ("accept", "*/*")],
        )
    }

    /// `200` with the fields of the HTTP/1.1 answer.
    pub(crate) fn response() -> Self {
        let fields = crate::message::ANSWER_FIELDS;
        let length = crate::http1::SMALL.to_string();
        let mut all: Vec<(&str, &str)> = vec![("content-length", &length)];
        all.extend(fields);
        Self::new(&[0x88], &all)
    }
}

/// Whether a header block begins with `:status: 200`, past any change of the table's size.
pub(crate) fn is_ok(frame: &Frame<'_>) -> bool {
    let mut block = frame.payload;
    // A change of the dynamic table's size is one byte, or more when its five bits are full.
    while let Some((&byte, rest)) = block.split_first() {
        if byte & 0xe0 != 0x20 {
            break;
        }
        block = rest;
        if byte & 0x1f == 0x1f {
            while let Some((&byte, rest)) = block.split_first() {
                block = rest;
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }
    }
    block.first() == Some(&0x88)
}

#[cfg(test)]
mod tests {
    use super::{Blocks, HEADERS, put_frame, take_frame};

    #[test]
    fn frames_survive_a_round_trip_and_wait_for_their_end() {
        let mut bytes = Vec::new();
        put_frame(&mut bytes, HEADERS, 5, 7, b"abc");
        assert!(take_frame(&mut &bytes[..bytes.len() - 1]).is_none());
        let mut rest = bytes.as_slice();
        let frame = take_frame(&mut rest).unwrap();
        assert_eq!(
            (frame.kind, frame.flags, frame.stream, frame.payload),
            (HEADERS, 5, 7, &b"abc"[..])
        );
        assert!(rest.is_empty());
    }

    #[test]
    fn later_blocks_name_the_fields_by_index_oldest_highest() {
        assert_eq!(
            Blocks::new(&[0x88], &[("a", "b"), ("c", "d")]).later,
            [0x88, 0x80 | 63, 0x80 | 62]
        );
    }
}
