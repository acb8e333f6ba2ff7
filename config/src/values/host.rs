//! Which hosts a route is for.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::diagnostic::{Code, ValueError};

const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// A host name, lower-case and without port: exact (`example.com`, also an IPv4 address), or `*.example.com` for every
/// host with at least one more label in front, as in the Gateway API.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum HostPattern {
    /// This host alone.
    Exact(Host),
    /// Hosts that end in `.` and this, at least one label longer.
    Suffix(Host),
}

/// A host name: labels of lower-case letters, digits, `-` and `_`, joined by dots.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Host(Arc<str>);

impl Host {
    /// The host as text: lower-case, no port, no trailing dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl HostPattern {
    /// Whether `host` (lower-case, without port) is meant.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(exact) => host == exact.as_str(),
            Self::Suffix(suffix) => host
                .strip_suffix(suffix.as_str())
                .and_then(|front| front.strip_suffix('.'))
                .is_some_and(|front| !front.is_empty()),
        }
    }
}

impl FromStr for HostPattern {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let lower = text.to_ascii_lowercase();
        let (host, pattern): (&str, fn(Host) -> Self) = match lower.strip_prefix("*.") {
            Some(suffix) => (suffix, Self::Suffix),
            None => (&lower, Self::Exact),
        };
        if is_host(host) {
            return Ok(pattern(Host(host.into())));
        }
        Err(ValueError::is_not(Code::BadHost, text, "a host").help(hint(text)))
    }
}

impl FromStr for Host {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.parse()? {
            HostPattern::Exact(host) => Ok(host),
            HostPattern::Suffix(_) => {
                Err(ValueError::is_not(Code::BadHost, text, "one host").help("write the whole name"))
            }
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a `Host` header says: a host, and a port if any.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Authority {
    /// The host.
    pub host: Host,
    /// The port, where it is not the scheme's own.
    pub port: Option<u16>,
}

impl FromStr for Authority {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let Some((host, port)) = text.rsplit_once(':') else {
            return Ok(Self {
                host: text.parse()?,
                port: None,
            });
        };
        let bad = || ValueError::is_not(Code::BadHost, text, "a host with a port").help("write `example.com:8080`");
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(bad)?;
        Ok(Self {
            host: host.parse()?,
            port: Some(port),
        })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => self.host.fmt(f),
        }
    }
}

fn hint(text: &str) -> &'static str {
    if text == "*" || text.is_empty() {
        "leave `hosts` out to mean every host"
    } else if text.contains("://") || text.contains('/') {
        "a host is only the name: `example.com`, without scheme and path"
    } else if text.contains(':') {
        "a host has no port here: the listener has it"
    } else if text.contains('*') {
        "a `*` stands only as the whole first label: `\"*.example.com\"`"
    } else if text.ends_with('.') {
        "leave the dot at the end out"
    } else {
        "write a name such as `example.com` or `\"*.example.com\"`; international names in their `xn--` form"
    }
}

fn is_host(host: &str) -> bool {
    host.len() <= MAX_HOST && host.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !label.is_empty()
        && label.len() <= MAX_LABEL
        && label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => f.write_str(host.as_str()),
            Self::Suffix(host) => write!(f, "*.{}", host.as_str()),
        }
    }
}
