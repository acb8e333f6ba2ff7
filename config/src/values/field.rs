//! Header names, header values and methods (RFC 9110 sections 5.1, 5.5 and 9.1).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::header::is_token;
use crate::diagnostic::{Code, ValueError};

const MAX_NAME: usize = 256;
const MAX_TEXT: usize = 8 * 1024;

/// A header name, in lower case.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HeaderName(Arc<str>);

impl HeaderName {
    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its values let whoever knows them in.
    pub fn is_credential(&self) -> bool {
        matches!(
            self.as_str(),
            "authorization" | "proxy-authorization" | "x-api-key" | "x-auth-token"
        )
    }

    /// Whether it frames a message, says where it goes or belongs to one connection: the proxy writes it itself, and no
    /// filter may (RFC 9110 sections 7.6.1 and 8.6).
    pub fn is_proxys(&self) -> bool {
        matches!(
            self.as_str(),
            "connection"
                | "content-length"
                | "host"
                | "keep-alive"
                | "proxy-connection"
                | "te"
                | "trailer"
                | "transfer-encoding"
                | "upgrade"
        )
    }
}

impl FromStr for HeaderName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if is_token(text) && text.len() <= MAX_NAME {
            return Ok(Self(text.to_ascii_lowercase().into()));
        }
        let help = match text.strip_suffix(':') {
            Some(name) if is_token(name) => format!("leave the colon out: `{name}`"),
            _ => "a header name has letters, digits and `!#$%&'*+-.^_`|~`".to_owned(),
        };
        Err(ValueError::is_not(Code::BadHeaderName, text, "a header name").help(help))
    }
}

/// A header value: visible characters, spaces and tabs between them, at most 8 KiB.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct HeaderText(Arc<str>);

impl HeaderText {
    /// The value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HeaderText {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let is_inner = text.chars().all(|c| c == '\t' || !c.is_control());
        if is_inner && text.trim_matches([' ', '\t']) == text && text.len() <= MAX_TEXT {
            return Ok(Self(text.into()));
        }
        Err(ValueError::is_not(Code::BadHeaderText, text, "a header value")
            .help("a header value has no line breaks or other control characters, and no space at its ends"))
    }
}

/// A request method, as it is sent: `GET`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct MethodName(Arc<str>);

impl MethodName {
    /// The method.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MethodName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const KNOWN: [&str; 9] = [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
        ];
        let upper = text.to_ascii_uppercase();
        let bad = || ValueError::is_not(Code::BadMethod, text, "a method");
        if !is_token(text) || text.len() > MAX_NAME {
            return Err(bad().help("a method is one word such as `GET`"));
        }
        // Methods are case-sensitive: `get` would match nothing that anyone sends.
        if text != upper && KNOWN.contains(&upper.as_str()) {
            return Err(bad().help(format!("did you mean `{upper}`?")));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
