//! Which paths a rule is for, and what they become.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::diagnostic::{Code, ValueError};

/// A prefix of whole path elements: `/api` means `/api` and `/api/x`, not `/apis`.
///
/// It begins with `/`, has no `/` at its end (but for `/` itself), and is in the one form that paths have before they
/// are matched (RFC 3986 sections 6.2.2.2 and 6.2.2.3, slashes merged): no empty, `.` or `..` element, no query, no escape
/// of a character that needs none.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PathPrefix(Arc<str>);

impl PathPrefix {
    /// The prefix of every path.
    pub fn root() -> Self {
        Self("/".into())
    }

    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `path` (in its one form, without query) begins with these elements.
    pub fn matches(&self, path: &str) -> bool {
        if self.as_str() == "/" {
            return path.starts_with('/');
        }
        path.strip_prefix(self.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for PathPrefix {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let bad = |help: &str| Err(ValueError::is_not(Code::BadPathPrefix, text, "a path prefix").help(help));
        let Some(elements) = text.strip_prefix('/') else {
            return bad("a path prefix begins with `/`");
        };
        if text.contains(['?', '#']) {
            return bad("a path prefix has no query and no fragment");
        }
        if elements.is_empty() {
            return Ok(Self::root());
        }
        // The Gateway API reads `/api/` as `/api`.
        let elements = elements.strip_suffix('/').unwrap_or(elements);
        if elements.split('/').any(|element| matches!(element, "" | "." | "..")) {
            return bad("requests are matched after `//`, `/./` and `/../` are resolved: write the path without them");
        }
        match bad_character(elements) {
            Some(help) => bad(help),
            None => Ok(Self(format!("/{elements}").into())),
        }
    }
}

/// A whole path: `/api/v1`.
///
/// It begins with `/` and is in the one form that paths have before they are matched, like a [`PathPrefix`]: no empty,
/// `.` or `..` element, no query, no escape of a character that needs none. A `/` at its end is part of it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PathText(Arc<str>);

impl PathText {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Why `text` cannot be a part of a path; whether it has elements that are resolved is not asked.
    pub(crate) fn unfit(text: &str) -> Option<&'static str> {
        bad_character(text)
    }
}

impl FromStr for PathText {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let bad = |help: &str| Err(ValueError::is_not(Code::BadPath, text, "a path").help(help));
        let Some(elements) = text.strip_prefix('/') else {
            return bad("a path begins with `/`");
        };
        if text.contains(['?', '#']) {
            return bad("a path has no query and no fragment");
        }
        // Only the last element may be empty: that is the `/` at the end.
        let inner = match elements.strip_suffix('/') {
            Some(inner) => inner,
            None if elements.is_empty() => return Ok(Self("/".into())),
            None => elements,
        };
        if inner.split('/').any(|element| matches!(element, "" | "." | "..")) {
            return bad("requests are matched after `//`, `/./` and `/../` are resolved: write the path without them");
        }
        match bad_character(elements) {
            Some(help) => bad(help),
            None => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for PathText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What keeps `path` from the form that request paths have when they are matched.
fn bad_character(path: &str) -> Option<&'static str> {
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let escaped = hex(bytes.next())
                .zip(hex(bytes.next()))
                .map(|(high, low)| high << 4 | low);
            match escaped {
                None => return Some("a `%` is followed by two hexadecimal digits, in capitals"),
                Some(byte) if is_unreserved(byte) => {
                    return Some("letters, digits and `-._~` are matched unescaped: write the character itself");
                }
                Some(b'/' | b'\\' | 0) => return Some("`%2F`, `%5C` and `%00` are refused before any match"),
                Some(_) => {}
            }
        } else if !is_path_byte(byte) {
            return Some("write characters other than letters, digits and `-._~!$&'()*+,;=:@/` as `%XX`");
        }
    }
    None
}

const fn hex(byte: Option<u8>) -> Option<u8> {
    match byte {
        Some(digit @ b'0'..=b'9') => Some(digit - b'0'),
        Some(digit @ b'A'..=b'F') => Some(digit - b'A' + 10),
        _ => None,
    }
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 section 3.3: `pchar` and the slash between segments.
const fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@' | b'/'
        )
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
