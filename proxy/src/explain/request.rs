//! A request as somebody describes it.

use std::fmt::Write as _;
use std::net::IpAddr;

use thiserror::Error;

/// A method, a URL and headers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    method: String,
    authority: String,
    /// Path and query.
    target: String,
    port: Option<u16>,
    default_port: u16,
    headers: Vec<(String, String)>,
}

/// Why a description is none.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadRequest {
    #[error("`{0}` is no URL: write `http://host/path`, with `http` or `https`")]
    Scheme(String),
    #[error("`{0}` names no host: write `http://host/path`")]
    Host(String),
    #[error("`{0}` is no port: write a number from 1 to 65535 after the colon")]
    Port(String),
    #[error("`{0}` is no header: write `name: value`, on one line")]
    Header(String),
    #[error("`{0}` has a space or a line break, which no URL and no method has: write a space in a URL as `%20`")]
    Space(String),
}

impl Request {
    /// A URL without a scheme is an `http` one. Headers are `name: value`; a `Host` among them counts instead of the URL's.
    pub fn new(method: &str, url: &str, headers: Vec<(String, String)>) -> Result<Self, BadRequest> {
        for text in [method, url] {
            if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
                return Err(BadRequest::Space(text.to_owned()));
            }
        }
        let is_broken =
            |(name, value): &&(String, String)| [name, value].iter().any(|it| it.contains(['\r', '\n', '\0']));
        if let Some((name, value)) = headers.iter().find(is_broken) {
            return Err(BadRequest::Header(format!("{name}: {value}")));
        }
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let default_port = match scheme.to_ascii_lowercase().as_str() {
            "http" => 80,
            "https" => 443,
            _ => return Err(BadRequest::Scheme(url.to_owned())),
        };
        // A client keeps the fragment to itself.
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let (host, port) = split_port(authority);
        if host.is_empty() {
            return Err(BadRequest::Host(url.to_owned()));
        }
        let number = |port: &str| port.parse().ok().filter(|port| *port > 0);
        let port = match port {
            None => None,
            Some(port) => Some(number(port).ok_or_else(|| BadRequest::Port(port.to_owned()))?),
        };
        Ok(Self {
            method: method.to_owned(),
            authority: authority.to_owned(),
            target: if target.starts_with('/') {
                target.to_owned()
            } else {
                format!("/{target}")
            },
            port,
            default_port,
            headers,
        })
    }

    /// Reads a header as people write it.
    pub fn header(text: &str) -> Result<(String, String), BadRequest> {
        let bad = || BadRequest::Header(text.to_owned());
        let (name, value) = text.split_once(':').ok_or_else(bad)?;
        if name.trim().is_empty() {
            return Err(bad());
        }
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// What `Host` says.
    pub(super) fn host(&self) -> &str {
        let given = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        given.map_or(&*self.authority, |(_, value)| value)
    }

    /// The port that the URL leads to.
    pub(super) fn port(&self) -> u16 {
        self.port.unwrap_or(self.default_port)
    }

    pub(super) fn says_port(&self) -> bool {
        self.port.is_some()
    }

    /// The address that the URL leads to, when its host is one.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        let (host, _) = split_port(&self.authority);
        host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// As an HTTP/1.1 client would send it.
    pub(crate) fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let hosts = self
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        if hosts.count() == 0 {
            // A String takes everything.
            let _ = write!(head, "Host: {}\r\n", self.authority);
        }
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head + "\r\n"
    }
}

/// Host and port of an authority.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}
