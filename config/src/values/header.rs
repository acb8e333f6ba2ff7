//! Texts for the headers in which the proxy names itself.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::diagnostic::{Code, ValueError};

const OWN_NAME: &str = "tidegate";
const MAX_LENGTH: usize = 128;

/// A value of the `Server` header: visible ASCII and single spaces, at most 128 characters, such as `tidegate` or
/// `tidegate/1.0 (edge)`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Product(Arc<str>);

impl Product {
    /// The text of the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Product {
    fn default() -> Self {
        Self(OWN_NAME.into())
    }
}

impl FromStr for Product {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let visible = text
            .split(' ')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic()));
        if visible && text.len() <= MAX_LENGTH {
            return Ok(Self(text.into()));
        }
        Err(ValueError::is_not(Code::BadHeaderText, text, "a text for a header")
            .help("write visible ASCII characters with single spaces between words, at most 128 of them"))
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name by which the proxy goes in the `Via` header: an RFC 9110 token (section 7.6.3), at most 128 characters.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Pseudonym(Arc<str>);

impl Pseudonym {
    /// The name as text, without the protocol version that stands before it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Pseudonym {
    fn default() -> Self {
        Self(OWN_NAME.into())
    }
}

impl FromStr for Pseudonym {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if is_token(text) && text.len() <= MAX_LENGTH {
            return Ok(Self(text.into()));
        }
        Err(ValueError::is_not(Code::BadHeaderText, text, "a name for `Via`")
            .help("write one word of letters, digits and `-._~`, at most 128 characters"))
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 9110 section 5.6.2.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}
