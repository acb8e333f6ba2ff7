//! First lines and field lines cut into their parts.
//!
//! The quick way takes what is well formed and no more. When it stops, [`first_fault`] looks again, line by line, for
//! the rule that was broken: only refusals pay for good reasons.

use super::reject::Reason;
use super::scan::FirstLine;

pub(super) static REQUEST_LINE: FirstLine = FirstLine {
    starts_with: is_token_byte,
    check: check_request_line,
    malformed: Reason::MalformedRequestLine,
    too_long: Reason::TargetTooLong,
};

pub(super) static STATUS_LINE: FirstLine = FirstLine {
    starts_with: |byte| byte == b'H',
    check: check_status_line,
    malformed: Reason::MalformedStatusLine,
    too_long: Reason::LineTooLong,
};

pub(super) struct RequestLine<'h> {
    /// Not yet known to be a token.
    pub(super) method: &'h [u8],
    /// Not yet known to be free of what no target holds, spaces among it.
    pub(super) target: &'h [u8],
    pub(super) minor: u8,
}

pub(super) struct StatusLine {
    pub(super) code: u16,
    pub(super) minor: u8,
}

/// RFC 9112 3: `method SP request-target SP HTTP-version`.
#[inline]
pub(super) fn split_request_line(line: &[u8]) -> Result<RequestLine<'_>, Reason> {
    let (rest, minor) = match line.split_last_chunk::<9>() {
        Some((rest, b" HTTP/1.1")) => (rest, 1),
        Some((rest, b" HTTP/1.0")) => (rest, 0),
        _ => return Err(Reason::MalformedRequestLine),
    };
    let space = rest.iter().position(|byte| *byte == b' ');
    match space.and_then(|space| rest.split_at_checked(space)) {
        Some((method, [b' ', target @ ..])) => Ok(RequestLine { method, target, minor }),
        _ => Err(Reason::MalformedRequestLine),
    }
}

/// RFC 9112 4: `HTTP-version SP status-code SP [reason-phrase]`. The space before a phrase that is not there may be
/// missing, too: too many servers leave it out.
#[inline]
pub(super) fn split_status_line(line: &[u8]) -> Result<StatusLine, Reason> {
    let (minor, rest) = match line.split_first_chunk::<9>() {
        Some((b"HTTP/1.1 ", rest)) => (1, rest),
        Some((b"HTTP/1.0 ", rest)) => (0, rest),
        _ => return Err(Reason::MalformedStatusLine),
    };
    let (code, phrase) = rest.split_first_chunk::<3>().ok_or(Reason::MalformedStatusLine)?;
    if !code.iter().all(u8::is_ascii_digit) || !matches!(phrase, [] | [b' ', ..]) {
        return Err(Reason::MalformedStatusLine);
    }
    check_bytes(phrase)?;
    let code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    Ok(StatusLine { code, minor })
}

/// Where the parts of a field line are. That the name is a token and the value has no controls is for those to see
/// who make a `HeaderName` and a `HeaderValue` of them.
#[inline]
pub(super) fn split_field(line: &[u8]) -> Result<(&[u8], std::ops::Range<usize>), Reason> {
    let colon = line
        .iter()
        .position(|byte| *byte == b':')
        .ok_or(Reason::MalformedField)?;
    let (name, value) = line.split_at_checked(colon).ok_or(Reason::MalformedField)?;
    let (mut start, mut end) = (colon + 1, line.len());
    let mut value = value.get(1..).unwrap_or_default();
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
        start += 1;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
        end -= 1;
    }
    Ok((name, start..end))
}

/// The rule that the first malformed line breaks.
#[cold]
pub(super) fn first_fault(section: &[u8], first_line: Option<&'static FirstLine>) -> Option<Reason> {
    let mut first_line = first_line;
    if let Some(Err(reason)) = first_line.map(|rules| rules.check_start(section)) {
        return Some(reason);
    }
    for line in section.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n")?;
        let Some(line) = line.strip_suffix(b"\r") else {
            return Some(Reason::BareLf);
        };
        if line.is_empty() {
            return None;
        }
        let checked = match first_line.take() {
            Some(rules) => (rules.check)(line),
            None => check_field_line(line),
        };
        if let Err(reason) = checked {
            return Some(reason);
        }
    }
    None
}

/// The syntax of one line after the first.
pub(super) fn check_field_line(line: &[u8]) -> Result<(), Reason> {
    check_bytes(line)?;
    if line.first().copied().is_some_and(is_space) {
        return Err(Reason::ObsFold);
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Err(Reason::MalformedField);
    };
    let name = line.get(..colon).unwrap_or_default();
    match name.last() {
        None => Err(Reason::MalformedField),
        Some(last) if is_space(*last) => Err(Reason::SpaceBeforeColon),
        Some(_) if !name.iter().all(|byte| is_token_byte(*byte)) => Err(Reason::InvalidFieldName),
        Some(_) => Ok(()),
    }
}

/// RFC 9110 5.5: no controls but HTAB.
pub(super) fn check_bytes(line: &[u8]) -> Result<(), Reason> {
    let is_control = |byte: &u8| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f;
    // Without an early end, so that it is done in vectors.
    if !line.iter().fold(false, |found, byte| found | is_control(byte)) {
        return Ok(());
    }
    match line.iter().copied().find(is_control) {
        Some(b'\r') => Err(Reason::BareCr),
        _ => Err(Reason::ControlCharacter),
    }
}

fn check_request_line(line: &[u8]) -> Result<(), Reason> {
    check_bytes(line)?;
    if is_foreign(line) {
        return Err(Reason::NotHttp);
    }
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Reason::MalformedRequestLine);
    };
    if method.is_empty() || target.is_empty() || !method.iter().all(|byte| is_token_byte(*byte)) {
        return Err(Reason::MalformedRequestLine);
    }
    check_version(version, Reason::MalformedRequestLine)?;
    if target.is_ascii() {
        Ok(())
    } else {
        Err(Reason::InvalidTarget)
    }
}

/// Whether the line is a broken HTTP/2 preface, or three words with no `/` in them: HTTP/1 would have one in its version
/// and HTTP/0.9, of two words, nearly always one in its target.
fn is_foreign(line: &[u8]) -> bool {
    line.starts_with(b"PRI * HTTP/2") || (!line.contains(&b'/') && line.split(|byte| *byte == b' ').count() == 3)
}

fn check_status_line(line: &[u8]) -> Result<(), Reason> {
    check_bytes(line)?;
    let mut parts = line.splitn(3, |byte| *byte == b' ');
    check_version(parts.next().unwrap_or_default(), Reason::MalformedStatusLine)?;
    match parts.next() {
        Some([b'1'..=b'9', tens, ones]) if tens.is_ascii_digit() && ones.is_ascii_digit() => Ok(()),
        _ => Err(Reason::MalformedStatusLine),
    }
}

fn check_version(version: &[u8], malformed: Reason) -> Result<(), Reason> {
    match version {
        b"HTTP/1.1" | b"HTTP/1.0" => Ok(()),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            Err(Reason::UnsupportedVersion)
        }
        _ => Err(malformed),
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// RFC 9110 5.6.2: `tchar`.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}
