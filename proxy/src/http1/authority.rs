//! `host[:port]`, the only form of an authority that Tidegate takes, from Host, a target or `:authority`.
//!
//! RFC 3986 would also let a name have percent-encodings and sub-delimiters; no host has them, and readers disagree
//! about them, so they are refused, as are user information, an empty name and an empty port.

use std::net::Ipv6Addr;

/// A valid authority, taken apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Authority<'a> {
    /// As written; an IPv6 address with its brackets.
    pub host: &'a str,
    pub port: Option<u16>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidAuthority;

impl<'a> Authority<'a> {
    pub fn parse(authority: &'a [u8]) -> Result<Self, InvalidAuthority> {
        let (host, port) = split(authority).ok_or(InvalidAuthority)?;
        let host = str::from_utf8(host).map_err(|_| InvalidAuthority)?;
        Ok(Self { host, port })
    }

    #[inline]
    pub(super) fn is_valid(authority: &[u8]) -> bool {
        split(authority).is_some()
    }

    /// The same place, where a port left out means `default_port`.
    pub fn agrees(&self, other: &Self, default_port: u16) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
            && self.port.unwrap_or(default_port) == other.port.unwrap_or(default_port)
    }
}

/// RFC 3986: `unreserved`.
#[inline]
pub(super) const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

static IS_NAME_BYTE: [bool; 256] = name_bytes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when compiled: out of bounds is a compile error"
)]
const fn name_bytes() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_name_byte(byte as u8);
        byte += 1;
    }
    table
}

#[inline]
fn split(authority: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let is_outside = |byte: &u8| !IS_NAME_BYTE.get(usize::from(*byte)).copied().unwrap_or(false);
    let end = match authority.first()? {
        b'[' => ip_literal(authority)?,
        _ => authority.iter().position(is_outside).unwrap_or(authority.len()),
    };
    match authority.split_at_checked(end)? {
        ([], _) => None,
        (host, []) => Some((host, None)),
        (host, [b':', digits @ ..]) => Some((host, Some(port(digits)?))),
        _ => None,
    }
}

/// The length of `[...]` at the front.
fn ip_literal(authority: &[u8]) -> Option<usize> {
    let close = authority.iter().position(|byte| *byte == b']')?;
    str::from_utf8(authority.get(1..close)?)
        .ok()?
        .parse::<Ipv6Addr>()
        .ok()?;
    Some(close + 1)
}

fn port(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 5 {
        return None;
    }
    digits.iter().try_fold(0_u16, |port, digit| {
        let digit = digit.is_ascii_digit().then(|| u16::from(digit - b'0'))?;
        port.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_addresses_and_ports() {
        for (text, host, port) in [
            ("a", "a", None),
            ("Example.com:80", "Example.com", Some(80)),
            ("127.0.0.1:65535", "127.0.0.1", Some(65535)),
            ("[::1]", "[::1]", None),
            ("[2001:db8::1]:443", "[2001:db8::1]", Some(443)),
        ] {
            assert_eq!(
                Authority::parse(text.as_bytes()),
                Ok(Authority { host, port }),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            ":80",
            "a:",
            "a:65536",
            "a:-1",
            "a:+1",
            "a:8o",
            "a:000080",
            "a b",
            "a,b",
            "u@a",
            "a/b",
            "a?b",
            "a#b",
            "[::1",
            "[::1]a",
            "[]",
            "[1.2.3.4]",
            "::1",
            "a:1:2",
            "a\\b",
            "%61",
            "\u{e9}",
        ] {
            assert_eq!(Authority::parse(text.as_bytes()), Err(InvalidAuthority), "{text}");
        }
    }

    #[test]
    fn agreement_knows_default_ports_and_case() {
        let agree = |a: &str, b: &str| {
            Authority::parse(a.as_bytes())
                .unwrap()
                .agrees(&Authority::parse(b.as_bytes()).unwrap(), 80)
        };
        assert!(agree("a", "A:80"));
        assert!(!agree("a", "a:81"));
        assert!(!agree("a", "b"));
    }
}
