//! The field lines of a head or a trailer section: kept, noted or stripped, in one pass.

use std::ops::Range;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};

use super::authority::Authority;
use super::head::{check_bytes, split_field};
use super::limits::{MAX_FIELDS, Underscores};
use super::names::{self, Role};
use super::reject::Reason;

/// The names of a head as its sender wrote them, for peers that care about case. It is among the extensions of a head whose
/// [`Limits::preserve_case`](super::Limits) asks for it.
#[derive(Clone, Debug, Default)]
pub struct OriginalNames(HeaderMap<Bytes>);

impl OriginalNames {
    /// The spellings of one name, in the order of its values.
    pub(super) fn spellings(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        self.0.get_all(name).into_iter().map(AsRef::as_ref)
    }
}

/// What the fields say about this hop and the message's framing, which does not stay among them.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) content_length: Option<u64>,
    pub(super) chunked: bool,
    pub(super) host: Option<Host>,
    pub(super) close: bool,
    pub(super) keep_alive: bool,
    pub(super) keep_alive_timeout: Option<u32>,
    pub(super) upgrade: Option<HeaderValue>,
    pub(super) trailers_welcome: bool,
    pub(super) expect: Option<Expect>,
    pub(super) names: Option<Box<OriginalNames>>,
    upgrade_nominated: bool,
    upgrade_repeated: bool,
    nominated: Vec<HeaderName>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Host {
    Valid,
    Invalid,
    Repeated,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Expect {
    Continue,
    Unknown,
}

impl Seen {
    pub(super) fn new(preserve_case: bool) -> Self {
        Self {
            names: preserve_case.then(Box::default),
            ..Self::default()
        }
    }

    /// Puts the fields that pass into `map` and notes what the others say.
    #[inline]
    pub(super) fn collect<'h>(
        &mut self,
        head: &Bytes,
        lines: impl Iterator<Item = (usize, &'h [u8])>,
        map: &mut HeaderMap,
        underscores: Underscores,
    ) -> Result<(), Reason> {
        for (at, line) in lines {
            self.take(&Field::split(head, at, line)?, map, underscores)?;
        }
        for name in &self.nominated {
            map.remove(name);
        }
        if !self.upgrade_nominated || self.upgrade_repeated {
            self.upgrade = None;
        }
        Ok(())
    }

    #[inline]
    fn take(&mut self, field: &Field<'_>, map: &mut HeaderMap, underscores: Underscores) -> Result<(), Reason> {
        let Some(known) = names::lookup(field.name) else {
            return self.append(unknown_name(field.name, underscores)?, field, map);
        };
        if matches!(known.role, Role::Plain | Role::Kept) || self.note(known.role, field.value(), map)? {
            return self.append(known.name.clone(), field, map);
        }
        // What goes no further has to be well formed all the same.
        check_bytes(field.value())
    }

    #[inline]
    fn append(&mut self, name: HeaderName, field: &Field<'_>, map: &mut HeaderMap) -> Result<(), Reason> {
        if let Some(names) = &mut self.names {
            names.0.append(&name, field.head.slice_ref(field.name));
        }
        map.append(name, field.shared_value()?);
        Ok(())
    }

    /// Notes what a field says to this hop; true if it goes on from here as well.
    fn note(&mut self, role: Role, value: &[u8], map: &mut HeaderMap) -> Result<bool, Reason> {
        match role {
            Role::Plain | Role::Kept => return Ok(true),
            Role::Host => return Ok(self.note_host(value)),
            Role::ContentLength => return self.note_content_length(value, map),
            Role::Expect => return Ok(self.note_expect(value)),
            Role::TransferEncoding => self.note_transfer_encoding(value)?,
            Role::Connection => self.note_connection(value)?,
            Role::KeepAlive => self.keep_alive_timeout = keep_alive_timeout(value),
            Role::Te => self.note_te(value, map),
            Role::Upgrade => self.note_upgrade(value)?,
            Role::Hop => {}
        }
        Ok(false)
    }

    fn note_host(&mut self, value: &[u8]) -> bool {
        let first = self.host.is_none();
        self.host = Some(match first {
            true if Authority::is_valid(value) => Host::Valid,
            true => Host::Invalid,
            false => Host::Repeated,
        });
        first
    }

    /// RFC 9112 6.3, without the licence to repair `5, 5`. What stays is one value, without leading zeros.
    fn note_content_length(&mut self, value: &[u8], map: &mut HeaderMap) -> Result<bool, Reason> {
        let length = parse_length(value).ok_or(Reason::InvalidContentLength)?;
        match self.content_length.replace(length) {
            None if matches!(value, [b'0', _, ..]) => {
                map.insert(CONTENT_LENGTH, HeaderValue::from(length));
                Ok(false)
            }
            None => Ok(true),
            Some(other) if other == length => Ok(false),
            Some(_) => Err(Reason::ContentLengthConflict),
        }
    }

    fn note_expect(&mut self, value: &[u8]) -> bool {
        let expect = if value.eq_ignore_ascii_case(b"100-continue") {
            Expect::Continue
        } else {
            Expect::Unknown
        };
        if self.expect != Some(Expect::Unknown) {
            return self.expect.replace(expect).is_none();
        }
        false
    }

    fn note_transfer_encoding(&mut self, value: &[u8]) -> Result<(), Reason> {
        let twice = std::mem::replace(&mut self.chunked, true);
        if twice || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Reason::UnsupportedTransferEncoding);
        }
        Ok(())
    }

    /// RFC 9110 7.6.1. Options that name a field which is not this hop's to strip are ignored, and the field stays.
    /// More options than there can be fields are refused, so that a list of them cannot cost more than it weighs.
    fn note_connection(&mut self, value: &[u8]) -> Result<(), Reason> {
        for option in elements(value) {
            if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if option.eq_ignore_ascii_case(b"upgrade") {
                self.upgrade_nominated = true;
            } else if let Ok(name) = HeaderName::from_bytes(option)
                && !names::is_kept(&name)
            {
                if self.nominated.len() >= MAX_FIELDS {
                    return Err(Reason::TooManyFields);
                }
                self.nominated.push(name);
            }
        }
        Ok(())
    }

    /// RFC 9110 10.1.4: of TE only `trailers` can pass a hop.
    fn note_te(&mut self, value: &[u8], map: &mut HeaderMap) {
        let welcome = elements(value).any(|coding| coding.eq_ignore_ascii_case(b"trailers"));
        if welcome && !std::mem::replace(&mut self.trailers_welcome, true) {
            map.insert(http::header::TE, HeaderValue::from_static("trailers"));
        }
    }

    /// An Upgrade that is cut into several fields is no upgrade that anyone makes.
    fn note_upgrade(&mut self, value: &[u8]) -> Result<(), Reason> {
        let protocols = HeaderValue::from_bytes(value).map_err(|_| Reason::ControlCharacter)?;
        self.upgrade_repeated |= self.upgrade.replace(protocols).is_some();
        Ok(())
    }
}

/// The fields of a trailer section, but those that no trailer may have.
pub(super) fn collect_trailers<'h>(
    section: &Bytes,
    lines: impl Iterator<Item = (usize, &'h [u8])>,
    underscores: Underscores,
) -> Result<HeaderMap, Reason> {
    let mut map = HeaderMap::new();
    for (at, line) in lines {
        let field = Field::split(section, at, line)?;
        let name = match names::lookup(field.name) {
            Some(known) => known.name.clone(),
            None => unknown_name(field.name, underscores)?,
        };
        let value = field.shared_value()?;
        if names::is_trailer(&name) {
            map.append(name, value);
        }
    }
    Ok(map)
}

/// One field line of a section.
struct Field<'h> {
    head: &'h Bytes,
    name: &'h [u8],
    value: Range<usize>,
}

impl<'h> Field<'h> {
    #[inline]
    fn split(head: &'h Bytes, at: usize, line: &'h [u8]) -> Result<Self, Reason> {
        let (name, value) = split_field(line)?;
        Ok(Self {
            head,
            name,
            value: at + value.start..at + value.end,
        })
    }

    fn value(&self) -> &'h [u8] {
        self.head.get(self.value.clone()).unwrap_or_default()
    }

    #[inline]
    fn shared_value(&self) -> Result<HeaderValue, Reason> {
        HeaderValue::from_maybe_shared(self.head.slice(self.value.clone())).map_err(|_| Reason::ControlCharacter)
    }
}

/// A name that the codec has no business with.
fn unknown_name(name: &[u8], underscores: Underscores) -> Result<HeaderName, Reason> {
    let parsed = HeaderName::from_bytes(name).map_err(|_| Reason::InvalidFieldName)?;
    match underscores {
        Underscores::Refuse if name.contains(&b'_') => Err(Reason::Underscore),
        Underscores::Refuse | Underscores::Allow => Ok(parsed),
    }
}

/// 1*DIGIT that fits 64 bits.
fn parse_length(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |length, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        length.checked_mul(10)?.checked_add(digit)
    })
}

/// The elements of a list (RFC 9110 5.6.1), empty ones left out.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

/// How long the peer says that it keeps an idle connection, in seconds.
fn keep_alive_timeout(value: &[u8]) -> Option<u32> {
    elements(value).find_map(|parameter| {
        let seconds = parameter.strip_prefix(b"timeout=")?;
        u32::try_from(parse_length(seconds)?).ok()
    })
}
