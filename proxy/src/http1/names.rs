//! The field names that the codec expects, found by one hash of four bytes and one comparison.
//!
//! It saves the allocation that `HeaderName::from_bytes` makes for each name that is no standard one (browsers send
//! half a dozen), and tells in the same step what the name means to the codec.

use http::HeaderName;

/// What the codec does with a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// Passes on, and an unlucky or hostile `Connection` may name it.
    Plain,
    /// Passes on, whatever `Connection` says (docs/wire.md, promise 2).
    Kept,
    Connection,
    ContentLength,
    Expect,
    Host,
    KeepAlive,
    Te,
    TransferEncoding,
    Upgrade,
    /// Meant for this hop alone (RFC 9110 7.6.1 and 11.7): goes no further.
    Hop,
}

/// A name, what it means here, and whether a trailer may have it (RFC 9110 6.5.1).
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: HeaderName,
    text: &'static str,
    pub(super) role: Role,
    pub(super) in_trailers: bool,
}

macro_rules! names {
    ($($text:literal $role:ident $place:ident;)+) => {
        static KNOWN: [Known; TEXTS.len()] = [$(Known {
            name: HeaderName::from_static($text),
            text: $text,
            role: Role::$role,
            in_trailers: names!(@ $place),
        },)+];
        const TEXTS: &[&str] = &[$($text,)+];
    };
    (@ anywhere) => { true };
    (@ head) => { false };
}

names! {
    "accept" Plain head;
    "accept-charset" Plain head;
    "accept-encoding" Plain head;
    "accept-language" Plain head;
    "accept-ranges" Plain head;
    "access-control-allow-credentials" Plain head;
    "access-control-allow-headers" Plain head;
    "access-control-allow-methods" Plain head;
    "access-control-allow-origin" Plain head;
    "access-control-expose-headers" Plain head;
    "access-control-max-age" Plain head;
    "access-control-request-headers" Kept head;
    "access-control-request-method" Kept head;
    "age" Kept head;
    "alt-svc" Plain head;
    "authorization" Kept head;
    "cache-control" Kept head;
    "connection" Connection head;
    "content-disposition" Kept head;
    "content-encoding" Kept head;
    "content-language" Kept head;
    "content-length" ContentLength head;
    "content-location" Kept head;
    "content-range" Kept head;
    "content-security-policy" Kept head;
    "content-type" Kept head;
    "cookie" Kept head;
    "date" Kept head;
    "dnt" Plain head;
    "etag" Plain anywhere;
    "expect" Expect head;
    "expires" Kept head;
    "forwarded" Kept head;
    "from" Plain head;
    "grpc-accept-encoding" Plain head;
    "grpc-encoding" Plain head;
    "grpc-message" Plain anywhere;
    "grpc-status" Plain anywhere;
    "grpc-timeout" Plain head;
    "host" Host head;
    "http2-settings" Hop head;
    "if-match" Kept head;
    "if-modified-since" Kept head;
    "if-none-match" Kept head;
    "if-range" Kept head;
    "if-unmodified-since" Kept head;
    "keep-alive" KeepAlive head;
    "last-modified" Plain anywhere;
    "link" Plain head;
    "location" Kept head;
    "max-forwards" Kept head;
    "origin" Kept head;
    "permissions-policy" Kept head;
    "pragma" Kept head;
    "priority" Plain head;
    "proxy-authenticate" Hop head;
    "proxy-authentication-info" Hop head;
    "proxy-authorization" Hop head;
    "proxy-connection" Hop head;
    "range" Kept head;
    "referer" Plain head;
    "referrer-policy" Kept head;
    "retry-after" Plain head;
    "sec-ch-ua" Plain head;
    "sec-ch-ua-mobile" Plain head;
    "sec-ch-ua-platform" Plain head;
    "sec-fetch-dest" Kept head;
    "sec-fetch-mode" Kept head;
    "sec-fetch-site" Kept head;
    "sec-fetch-user" Kept head;
    "sec-gpc" Plain head;
    "sec-websocket-accept" Kept head;
    "sec-websocket-extensions" Kept head;
    "sec-websocket-key" Kept head;
    "sec-websocket-protocol" Kept head;
    "sec-websocket-version" Kept head;
    "server" Plain head;
    "server-timing" Plain anywhere;
    "set-cookie" Kept head;
    "strict-transport-security" Kept head;
    "te" Te head;
    "traceparent" Kept head;
    "tracestate" Kept head;
    "trailer" Plain head;
    "transfer-encoding" TransferEncoding head;
    "upgrade" Upgrade head;
    "upgrade-insecure-requests" Plain head;
    "user-agent" Plain head;
    "vary" Kept head;
    "via" Kept head;
    "warning" Plain head;
    "www-authenticate" Kept head;
    "x-api-key" Kept head;
    "x-content-type-options" Kept head;
    "x-forwarded-client-cert" Kept head;
    "x-forwarded-for" Kept head;
    "x-forwarded-host" Kept head;
    "x-forwarded-port" Kept head;
    "x-forwarded-proto" Kept head;
    "x-frame-options" Kept head;
    "x-powered-by" Plain head;
    "x-real-ip" Kept head;
    "x-request-id" Kept head;
    "x-requested-with" Plain head;
    "x-xss-protection" Plain head;
}

/// Families that `Connection` must not touch either, known name or not.
const KEPT_PREFIXES: [&[u8]; 4] = [b"content-", b"proxy-", b"sec-", b"x-forwarded-"];

const SLOTS: usize = 512;
const EMPTY: u8 = u8::MAX;
static INDEX: [u8; SLOTS] = index();

/// The entry of a name, in any case.
#[inline]
pub(super) fn lookup(name: &[u8]) -> Option<&'static Known> {
    let mut slot = slot(name);
    loop {
        let index = *INDEX.get(slot)?;
        let known = KNOWN.get(usize::from(index))?;
        if is_same_name(known.text.as_bytes(), name) {
            return Some(known);
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// Whether a field stays although `Connection` names it.
pub(super) fn is_kept(name: &HeaderName) -> bool {
    let text = name.as_str().as_bytes();
    match lookup(text) {
        Some(known) => !matches!(known.role, Role::Plain),
        None => KEPT_PREFIXES.iter().any(|prefix| text.starts_with(prefix)),
    }
}

/// Whether a field is meant for the next hop alone.
pub(crate) fn is_hop(name: &HeaderName) -> bool {
    lookup(name.as_str().as_bytes()).is_some_and(|known| known.role == Role::Hop)
}

/// Whether a trailer section may have a field of that name (RFC 9110 6.5.1): nothing that frames, routes,
/// authenticates, or says how the content is to be read.
pub(crate) fn is_trailer(name: &HeaderName) -> bool {
    let text = name.as_str().as_bytes();
    match lookup(text) {
        Some(known) => known.in_trailers,
        None => !KEPT_PREFIXES.iter().any(|prefix| text.starts_with(prefix)),
    }
}

/// Equal but for the case of letters, a word at a time; `known` has small letters, digits and hyphens only.
#[inline]
fn is_same_name(known: &[u8], name: &[u8]) -> bool {
    if known.len() != name.len() {
        return false;
    }
    if let (Some(known_end), Some(name_end)) = (known.last_chunk(), name.last_chunk()) {
        let words = known.as_chunks().0.iter().zip(name.as_chunks().0);
        return words.fold(differ(known_end, name_end), |differs, (known, name)| {
            differs | differ(known, name)
        }) == 0;
    }
    if let (Some(known_end), Some(name_end)) = (known.last_chunk(), name.last_chunk())
        && let (Some(known_start), Some(name_start)) = (known.first_chunk(), name.first_chunk())
    {
        return differ_short(known_start, name_start) | differ_short(known_end, name_end) == 0;
    }
    known.eq_ignore_ascii_case(name)
}

/// The bits that tell eight bytes apart. Only a letter may differ in the bit that makes it a capital, and of the
/// bytes in a known name only letters have the bit above that one.
#[inline]
fn differ(known: &[u8; 8], name: &[u8; 8]) -> u64 {
    const LETTER: u64 = 0x4040_4040_4040_4040;
    let (known, name) = (u64::from_le_bytes(*known), u64::from_le_bytes(*name));
    (known ^ name) & !((known & LETTER) >> 1)
}

#[inline]
fn differ_short(known: &[u8; 4], name: &[u8; 4]) -> u32 {
    const LETTER: u32 = 0x4040_4040;
    let (known, name) = (u32::from_le_bytes(*known), u32::from_le_bytes(*name));
    (known ^ name) & !((known & LETTER) >> 1)
}

/// First, middle and last byte and the length; letters of either case give the same.
#[inline]
const fn slot(name: &[u8]) -> usize {
    let len = name.len();
    let (Some(first), Some(last)) = (name.first(), name.last()) else {
        return 0;
    };
    let middle = name.split_at(len / 2).1.first();
    let middle = match middle {
        Some(byte) => *byte,
        None => 0,
    };
    let key = u32::from_le_bytes([*first | 0x20, *last | 0x20, middle | 0x20, len as u8]);
    (key.wrapping_mul(0x9e37_79b1) >> (32 - SLOTS.trailing_zeros())) as usize
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when compiled: out of bounds is a compile error"
)]
const fn index() -> [u8; SLOTS] {
    assert!(TEXTS.len() < EMPTY as usize);
    let mut index = [EMPTY; SLOTS];
    let mut i = 0;
    while i < TEXTS.len() {
        let mut slot = slot(TEXTS[i].as_bytes());
        while index[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        index[slot] = i as u8;
        i += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case() {
        for known in &KNOWN {
            let found = lookup(known.text.to_ascii_uppercase().as_bytes()).unwrap();
            assert_eq!(found.name, known.name);
            assert_eq!(found.name.as_str(), known.text);
        }
    }

    #[test]
    fn a_name_is_told_from_any_that_differs_in_one_byte() {
        for known in &KNOWN {
            for at in 0..known.text.len() {
                for byte in 0..=u8::MAX {
                    let mut name = known.text.as_bytes().to_vec();
                    name[at] = byte;
                    let same = byte.eq_ignore_ascii_case(&known.text.as_bytes()[at]);
                    assert_eq!(is_same_name(known.text.as_bytes(), &name), same, "{name:?}");
                }
            }
        }
    }

    #[test]
    fn unknown_names_are_not_found() {
        for name in ["", "x", "hosts", "content-lengt", "x-forwarded-fox", "\u{1f}"] {
            assert!(lookup(name.as_bytes()).is_none(), "{name}");
        }
    }
}
