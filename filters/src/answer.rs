//! What a filter says instead of a backend.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tidegate_config::FilterKind;

/// An answer that a filter gives itself; `content-length` is set where there is content.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who gave it and why.
    pub by: By,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Which filter answered, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct By {
    /// Why.
    pub reason: Reason,
    /// The filter's place in its chain, from 0.
    pub position: usize,
}

/// Why a filter answered.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reason {
    /// There were more requests than the limit lets pass.
    RateLimited,
    /// The client is sent elsewhere.
    Redirect,
    /// The answer is part of the configuration.
    DirectResponse,
    /// The path that the request was to have is none: a pattern took away what kept it apart.
    InvalidRewrite,
}

impl Answer {
    /// An answer without headers and body.
    pub(crate) fn new(reason: Reason, status: StatusCode) -> Box<Self> {
        Box::new(Self {
            by: By { reason, position: 0 },
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        })
    }
}

impl By {
    /// The kind of the filter.
    pub const fn filter(self) -> FilterKind {
        match self.reason {
            Reason::RateLimited => FilterKind::RateLimit,
            Reason::Redirect => FilterKind::Redirect,
            Reason::DirectResponse => FilterKind::DirectResponse,
            Reason::InvalidRewrite => FilterKind::Rewrite,
        }
    }
}

impl Reason {
    /// The stable, kebab-case word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate-limited",
            Self::Redirect => "redirect",
            Self::DirectResponse => "direct-response",
            Self::InvalidRewrite => "invalid-rewrite",
        }
    }
}
