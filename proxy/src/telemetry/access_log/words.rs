//! How single values are written, so that none of them can end its field or its line.
//!
//! Most of it goes around `fmt`, through which a line takes nearly twice as long.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Longer values are cut and end in `...`: a line stays small against the buffer, whatever the limits for heads are.
pub(super) const MAX_VALUE: usize = 4096;

/// How values are marked off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    /// As they stand if they are plain, else in quotes and escaped as in JSON. What is unknown is `-`.
    Text,
    /// As JSON has them. What is unknown is `null`.
    Json,
    /// As they stand, with everything but printable ASCII, quotes and backslashes as `\xHH`, as NGINX does it. What is
    /// unknown is `-`.
    Pattern,
}

/// Appends values to a line.
pub(super) struct Words<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) style: Style,
}

impl Words<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn unknown(&mut self) {
        self.put(match self.style {
            Style::Json => b"null",
            Style::Text | Style::Pattern => b"-",
        });
    }

    fn quote(&mut self) {
        if self.style == Style::Json {
            self.out.push(b'"');
        }
    }

    /// Parts of one value that need no look: names of our own.
    pub(super) fn plain(&mut self, parts: &[&str]) {
        self.quote();
        parts.iter().for_each(|part| self.put(part.as_bytes()));
        self.quote();
    }

    /// The same, with a space in it.
    pub(super) fn phrase(&mut self, parts: &[&str]) {
        let is_bare = self.style == Style::Text;
        if is_bare {
            self.out.push(b'"');
        }
        self.plain(parts);
        if is_bare {
            self.out.push(b'"');
        }
    }

    pub(super) fn stamp(&mut self, stamp: &[u8]) {
        self.quote();
        self.put(stamp);
        self.quote();
    }

    pub(super) fn number(&mut self, value: impl Into<u64>) {
        self.put(itoa::Buffer::new().format(value.into()).as_bytes());
    }

    /// Milliseconds with three decimals.
    pub(super) fn millis(&mut self, value: Duration) {
        let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        self.number(micros / 1000);
        let rest = (micros % 1000) as u16;
        let digit = |value: u16| b'0' + (value % 10) as u8;
        self.put(&[b'.', digit(rest / 100), digit(rest / 10), digit(rest)]);
    }

    pub(super) fn address(&mut self, address: SocketAddr) {
        self.quote();
        let is_bracketed = address.is_ipv6();
        if is_bracketed {
            self.out.push(b'[');
        }
        self.bare_ip(address.ip());
        self.put(if is_bracketed { b"]:" } else { b":" });
        self.number(address.port());
        self.quote();
    }

    pub(super) fn ip(&mut self, address: IpAddr) {
        self.quote();
        self.bare_ip(address);
        self.quote();
    }

    fn bare_ip(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                let [first, rest @ ..] = address.octets();
                self.number(first);
                for octet in rest {
                    self.out.push(b'.');
                    self.number(octet);
                }
            }
            // A Vec takes everything.
            IpAddr::V6(address) => drop(write!(self.out, "{address}")),
        }
    }

    /// A value that came from elsewhere, in parts that are one behind the other.
    pub(super) fn text(&mut self, parts: &[&[u8]]) {
        let is_quoted = match self.style {
            Style::Text => !is_bare(parts),
            Style::Json => true,
            Style::Pattern => false,
        };
        if is_quoted {
            self.out.push(b'"');
        }
        let mut room = MAX_VALUE;
        for part in parts {
            let kept = cut(part, room);
            self.escaped(kept);
            if kept.len() < part.len() {
                self.put(b"...");
                break;
            }
            room = room.saturating_sub(kept.len());
        }
        if is_quoted {
            self.out.push(b'"');
        }
    }

    fn escaped(&mut self, mut rest: &[u8]) {
        // Nearly all values. Without an early end, so that it is done in vectors.
        if rest.iter().fold(true, |plain, byte| plain & is_plain(*byte)) {
            return self.put(rest);
        }
        loop {
            let plain = rest.iter().take_while(|byte| is_plain(**byte)).count();
            let Some((run, odd)) = rest.split_at_checked(plain) else {
                return;
            };
            self.put(run);
            let Some(first) = odd.first() else { return };
            let taken = match self.style {
                Style::Text | Style::Json => self.escape(*first, odd),
                Style::Pattern => {
                    self.put(&[b'\\', b'x', hex(first >> 4), hex(first & 15)]);
                    1
                }
            };
            rest = odd.get(taken..).unwrap_or_default();
        }
    }

    /// As JSON strings have it; what is not ASCII, too, so that nothing can steer a terminal. Gives how much it took.
    fn escape(&mut self, first: u8, rest: &[u8]) -> usize {
        if matches!(first, b'"' | b'\\') {
            self.put(&[b'\\', first]);
            return 1;
        }
        // No character is longer.
        let window = rest.get(..4).unwrap_or(rest);
        let chunk = window.utf8_chunks().next();
        let valid = chunk.as_ref().and_then(|chunk| chunk.valid().chars().next());
        let invalid = chunk.map_or(1, |chunk| chunk.invalid().len().max(1));
        let character = valid.unwrap_or(char::REPLACEMENT_CHARACTER);
        for unit in character.encode_utf16(&mut [0; 2]) {
            let [high, low] = unit.to_be_bytes();
            let digit = |half: u8| hex(half & 15).to_ascii_lowercase();
            self.put(&[b'\\', b'u', digit(high >> 4), digit(high), digit(low >> 4), digit(low)]);
        }
        valid.map_or(invalid, char::len_utf8)
    }
}

/// The digit of a number below 16.
const fn hex(number: u8) -> u8 {
    if number < 10 { b'0' + number } else { b'A' - 10 + number }
}

/// Whether a byte may stand in any quotes.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

/// Whether a value may stand in text without quotes.
fn is_bare(parts: &[&[u8]]) -> bool {
    let is_bare = |byte: &u8| is_plain(*byte) && !matches!(byte, b' ' | b'=');
    let mut bytes = parts.iter().copied().flatten();
    !parts.iter().all(|part| part.is_empty()) && parts != [b"-".as_slice()] && bytes.all(is_bare)
}

/// At most so many bytes of it, and no part of a character.
fn cut(value: &[u8], room: usize) -> &[u8] {
    if value.len() <= room {
        return value;
    }
    let is_inside = |at: &usize| value.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (room.saturating_sub(3)..=room).rev().find(|at| !is_inside(at));
    value.get(..end.unwrap_or(room)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(style: Style, value: &str) -> String {
        let mut out = Vec::new();
        Words { out: &mut out, style }.text(&[value.as_bytes()]);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_cannot_end_their_field_or_line() {
        for (value, text, pattern) in [
            ("", "\"\"", ""),
            ("-", "\"-\"", "-"),
            ("/a?b", "/a?b", "/a?b"),
            ("/a?b=c", "\"/a?b=c\"", "/a?b=c"),
            ("a b", "\"a b\"", "a b"),
            ("a\"b\\", "\"a\\\"b\\\\\"", "a\\x22b\\x5C"),
            ("a\nstatus=200", "\"a\\u000astatus=200\"", "a\\x0Astatus=200"),
            ("\x1b[31m\u{7f}", "\"\\u001b[31m\\u007f\"", "\\x1B[31m\\x7F"),
            (
                "\u{202e}é\u{1f600}",
                "\"\\u202e\\u00e9\\ud83d\\ude00\"",
                "\\xE2\\x80\\xAE\\xC3\\xA9\\xF0\\x9F\\x98\\x80",
            ),
        ] {
            assert_eq!(written(Style::Text, value), text);
            assert_eq!(written(Style::Pattern, value), pattern);
            let json: String = serde_json::from_str(&written(Style::Json, value)).unwrap();
            assert_eq!(json, value);
        }
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let long = format!("a{}", "é".repeat(MAX_VALUE));
        assert!(written(Style::Text, &long).ends_with("\\u00e9...\""));
        let json: String = serde_json::from_str(&written(Style::Json, &long)).unwrap();
        assert_eq!(json.len(), MAX_VALUE - 1 + 3);
        assert!(written(Style::Text, &"a".repeat(MAX_VALUE + 1)).ends_with("aa..."));
    }

    #[test]
    fn addresses_and_times_are_what_the_formatter_says() {
        for address in ["127.0.0.1:80", "255.10.100.1:65535", "[::1]:8080", "[2001:db8::1]:443"] {
            let mut out = Vec::new();
            let mut words = Words {
                out: &mut out,
                style: Style::Text,
            };
            words.address(address.parse().unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), address);
        }
        for (micros, text) in [(0, "0.000"), (7, "0.007"), (12_345, "12.345"), (1_000_090, "1000.090")] {
            let mut out = Vec::new();
            let mut words = Words {
                out: &mut out,
                style: Style::Json,
            };
            words.millis(Duration::from_micros(micros));
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
