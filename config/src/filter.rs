//! Filters as they are meant: what a rule or backend does to its requests and answers beside sending them on.
//!
//! One kind a file in here; what they are compiled to and how they act is `tidegate-filters`' business. Filters run in
//! the fixed order of [`FilterKind`], among equals in the order written.

mod headers;
mod rate_limit;
mod redirect;
mod respond;
mod rewrite;

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

pub use self::headers::HeaderEdits;
pub use self::rate_limit::{RateKey, RateLimit};
pub use self::redirect::{Redirect, RedirectPath, RedirectStatus, Scheme};
pub use self::respond::DirectResponse;
pub use self::rewrite::{PathRewrite, Rewrite};
use crate::origin::Origin;

/// A filter and where it is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Filter {
    pub(crate) origin: Origin,
    pub(crate) spec: FilterSpec,
}

impl Filter {
    /// Where it is written.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What it does.
    pub const fn spec(&self) -> &FilterSpec {
        &self.spec
    }

    /// Which of the filters it is.
    pub const fn kind(&self) -> FilterKind {
        self.spec.kind()
    }
}

/// What a filter does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FilterSpec {
    /// Limits how many requests pass in a time.
    RateLimit(RateLimit),
    /// Changes the request's headers.
    RequestHeaders(HeaderEdits),
    /// Changes the answer's headers.
    ResponseHeaders(HeaderEdits),
    /// Changes the request's host and path.
    Rewrite(Rewrite),
    /// Answers with another place to ask.
    Redirect(Redirect),
    /// Answers with this.
    DirectResponse(DirectResponse),
}

impl FilterSpec {
    /// Which of the filters this is.
    pub const fn kind(&self) -> FilterKind {
        match self {
            Self::RateLimit(_) => FilterKind::RateLimit,
            Self::RequestHeaders(_) => FilterKind::RequestHeaders,
            Self::ResponseHeaders(_) => FilterKind::ResponseHeaders,
            Self::Rewrite(_) => FilterKind::Rewrite,
            Self::Redirect(_) => FilterKind::Redirect,
            Self::DirectResponse(_) => FilterKind::DirectResponse,
        }
    }

    /// Whether it needs to know which prefix of the path matched.
    pub(crate) const fn replaces_prefix(&self) -> bool {
        matches!(
            self,
            Self::Redirect(Redirect {
                path: Some(RedirectPath::Prefix(_)),
                ..
            }) | Self::Rewrite(Rewrite {
                path: Some(PathRewrite::Prefix(_)),
                ..
            })
        )
    }
}

/// The filters that there are, in the order in which they run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "camelCase")]
pub enum FilterKind {
    /// Requests above a rate are answered with 429.
    RateLimit,
    /// The client is sent elsewhere.
    Redirect,
    /// The client gets this answer.
    DirectResponse,
    /// The request's headers change.
    RequestHeaders,
    /// The answer's headers change.
    ResponseHeaders,
    /// The request's host and path change.
    Rewrite,
}

impl FilterKind {
    /// Every kind, in the order in which they run.
    pub const ALL: [Self; 6] = [
        Self::RateLimit,
        Self::Redirect,
        Self::DirectResponse,
        Self::RequestHeaders,
        Self::ResponseHeaders,
        Self::Rewrite,
    ];

    /// Its key in YAML: `rateLimit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimit => "rateLimit",
            Self::Redirect => "redirect",
            Self::DirectResponse => "directResponse",
            Self::RequestHeaders => "requestHeaders",
            Self::ResponseHeaders => "responseHeaders",
            Self::Rewrite => "rewrite",
        }
    }

    /// Whether it answers the request itself, so that there are no backends beside it.
    pub const fn answers(self) -> bool {
        matches!(self, Self::Redirect | Self::DirectResponse)
    }
}

impl fmt::Display for FilterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
