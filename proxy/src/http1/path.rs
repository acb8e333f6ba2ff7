//! The one form of a path, so that what was matched is what is forwarded (docs/wire.md, promise 5).
//!
//! Percent-encoded unreserved bytes are decoded and other encodings written in capitals (RFC 3986 6.2.2), slashes are
//! merged, then dot segments removed (RFC 3986 5.2.4; `..` at the root stays there). What servers are known to read
//! differently is refused: an encoded slash, backslash or NUL, a backslash, a dot segment with a parameter, a
//! fragment. The query is passed as it is.
//!
//! The invariant: normalising twice is normalising once, and a normal path costs one pass and no allocation.

use std::borrow::Cow;

use super::authority::is_name_byte;
use super::reject::Reason;

/// The normal form of a path with its query, if it has one; the path is absolute, or empty before a query.
#[inline]
pub fn normalise(target: &[u8]) -> Result<Cow<'_, [u8]>, Reason> {
    match scan(target)? {
        Form::Normal => Ok(Cow::Borrowed(target)),
        Form::Other => rewrite(target).map(Cow::Owned),
    }
}

/// Whether every byte may stand where it does, for listeners that leave paths as they are.
pub(super) fn check(target: &[u8]) -> Result<(), Reason> {
    let (path, query) = split_query(target);
    if path.first().is_some_and(|first| *first != b'/') {
        return Err(Reason::InvalidTarget);
    }
    match path.iter().find(|byte| class(**byte) == Class::Refused) {
        Some(byte) => Err(refused(*byte)),
        None => check_query(query),
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Form {
    Normal,
    Other,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Class {
    Plain,
    Slash,
    Percent,
    Query,
    /// May stand in a query, not in a path.
    QueryOnly,
    Refused,
}

static CLASSES: [Class; 256] = classes();

/// RFC 3986 has fewer: `[ ] | ^` are let through because browsers send them as they are; in queries, `` { } ` \ ``.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when compiled: out of bounds is a compile error"
)]
const fn classes() -> [Class; 256] {
    let mut classes = [Class::Refused; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        classes[byte] = match byte as u8 {
            b'/' => Class::Slash,
            b'%' => Class::Percent,
            b'?' => Class::Query,
            b'{' | b'}' | b'`' | b'\\' => Class::QueryOnly,
            b'#' | b'"' | b'<' | b'>' => Class::Refused,
            _ => Class::Plain,
        };
        byte += 1;
    }
    classes
}

#[inline]
fn class(byte: u8) -> Class {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(Class::Refused)
}

/// One pass that proves a target normal, or finds the first reason why it may not be.
#[inline]
fn scan(target: &[u8]) -> Result<Form, Reason> {
    if target.first() != Some(&b'/') {
        return Ok(Form::Other);
    }
    let mut rest = target;
    while let Some(at) = rest.iter().position(|byte| class(*byte) != Class::Plain) {
        let Some((byte, tail)) = rest.get(at..).and_then(<[u8]>::split_first) else {
            break;
        };
        match class(*byte) {
            Class::Slash if may_be_special(tail) => return Ok(Form::Other),
            Class::Percent if !is_normal_encoding(tail) => return Ok(Form::Other),
            Class::Plain | Class::Slash | Class::Percent => {}
            Class::Query => return check_query(tail).map(|()| Form::Normal),
            Class::QueryOnly | Class::Refused => return Err(refused(*byte)),
        }
        rest = tail;
    }
    Ok(Form::Normal)
}

/// Whether what follows a slash is a slash or could be a dot segment.
#[inline]
fn may_be_special(segment: &[u8]) -> bool {
    match segment {
        [b'/', ..] => true,
        [b'.', rest @ ..] => matches!(rest, [] | [b'.' | b'/' | b'?' | b';' | b'%', ..]),
        _ => false,
    }
}

fn is_normal_encoding(digits: &[u8]) -> bool {
    let [high, low, ..] = digits else {
        return false;
    };
    let is_capital = |digit: &u8| matches!(digit, b'0'..=b'9' | b'A'..=b'F');
    is_capital(high) && is_capital(low) && matches!(decode(digits), Ok(Decoded::Reserved(_)))
}

#[inline]
fn check_query(query: &[u8]) -> Result<(), Reason> {
    match query.iter().find(|byte| class(**byte) == Class::Refused) {
        Some(byte) => Err(refused(*byte)),
        None => Ok(()),
    }
}

#[cold]
fn refused(byte: u8) -> Reason {
    match byte {
        b'#' => Reason::Fragment,
        b'\\' => Reason::Backslash,
        _ => Reason::InvalidTarget,
    }
}

#[cold]
fn rewrite(target: &[u8]) -> Result<Vec<u8>, Reason> {
    let (path, query) = split_query(target);
    if path.first().is_some_and(|first| *first != b'/') {
        return Err(Reason::InvalidTarget);
    }
    check_query(query)?;
    let mut normal = remove_segments(&decode_path(path)?, target.len())?;
    normal.extend_from_slice(query);
    Ok(normal)
}

/// Cuts before the question mark.
fn split_query(target: &[u8]) -> (&[u8], &[u8]) {
    let end = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
    target.split_at(end)
}

fn decode_path(path: &[u8]) -> Result<Vec<u8>, Reason> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match class(*byte) {
            Class::Plain | Class::Slash => decoded.push(*byte),
            Class::Percent => {
                rest = tail.get(2..).ok_or(Reason::InvalidPercentEncoding)?;
                match decode(tail)? {
                    Decoded::Unreserved(byte) => decoded.push(byte),
                    Decoded::Reserved(digits) => {
                        decoded.push(b'%');
                        decoded.extend_from_slice(&digits);
                    }
                }
            }
            Class::Query | Class::QueryOnly | Class::Refused => return Err(refused(*byte)),
        }
    }
    Ok(decoded)
}

enum Decoded {
    Unreserved(u8),
    /// Stays encoded, by these two digits.
    Reserved([u8; 2]),
}

/// The byte whose two digits stand at the front.
fn decode(digits: &[u8]) -> Result<Decoded, Reason> {
    let [high, low, ..] = digits else {
        return Err(Reason::InvalidPercentEncoding);
    };
    match (hex(*high)? << 4) | hex(*low)? {
        0 => Err(Reason::EncodedNul),
        b'/' => Err(Reason::EncodedSlash),
        b'\\' => Err(Reason::EncodedBackslash),
        byte if is_name_byte(byte) => Ok(Decoded::Unreserved(byte)),
        _ => Ok(Decoded::Reserved([high.to_ascii_uppercase(), low.to_ascii_uppercase()])),
    }
}

fn hex(digit: u8) -> Result<u8, Reason> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(Reason::InvalidPercentEncoding),
    }
}

/// Merges slashes and removes dot segments.
fn remove_segments(path: &[u8], capacity: usize) -> Result<Vec<u8>, Reason> {
    let mut normal = Vec::with_capacity(capacity + 1);
    let mut ends_open = true;
    for segment in path.split(|byte| *byte == b'/') {
        ends_open = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => {
                let parent = normal.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                normal.truncate(parent);
            }
            _ if has_parameter_on_dots(segment) => return Err(Reason::DotSegmentParameter),
            _ => {
                normal.push(b'/');
                normal.extend_from_slice(segment);
            }
        }
    }
    if ends_open {
        normal.push(b'/');
    }
    Ok(normal)
}

/// `..;x` is `..` to servers that know path parameters; the encoded semicolon is, to some of them.
fn has_parameter_on_dots(segment: &[u8]) -> bool {
    let after_dots = segment.strip_prefix(b"..").or_else(|| segment.strip_prefix(b"."));
    after_dots.is_some_and(|rest| rest.starts_with(b";") || rest.starts_with(b"%3B"))
}

#[cfg(test)]
mod tests;
