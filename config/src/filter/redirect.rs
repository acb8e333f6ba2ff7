//! `redirect`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::values::{Host, PathPrefix, PathText};

/// Where the client is sent: what is not said stays as it was asked (Gateway API, `HTTPRequestRedirectFilter`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Redirect {
    /// The scheme.
    pub scheme: Option<Scheme>,
    /// The host, without port.
    pub host: Option<Host>,
    /// The port; without it the scheme's own when [`Self::scheme`] is said, else the listener's.
    pub port: Option<u16>,
    /// The path.
    pub path: Option<RedirectPath>,
    /// The status of the answer (302).
    pub status: RedirectStatus,
}

/// `http` or `https`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl Scheme {
    /// As it stands in a URI.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that needs not be written.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The new path; the query stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RedirectPath {
    /// This path.
    Full(PathText),
    /// This instead of the prefix that matched.
    Prefix(PathPrefix),
}

/// 301, 302, 303, 307 or 308 (RFC 9110 section 15.4).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RedirectStatus {
    /// 301
    MovedPermanently,
    /// 302
    #[default]
    Found,
    /// 303
    SeeOther,
    /// 307
    TemporaryRedirect,
    /// 308
    PermanentRedirect,
}

impl RedirectStatus {
    /// Every one of them.
    pub const ALL: [Self; 5] = [
        Self::MovedPermanently,
        Self::Found,
        Self::SeeOther,
        Self::TemporaryRedirect,
        Self::PermanentRedirect,
    ];

    /// The number.
    pub const fn code(self) -> u16 {
        match self {
            Self::MovedPermanently => 301,
            Self::Found => 302,
            Self::SeeOther => 303,
            Self::TemporaryRedirect => 307,
            Self::PermanentRedirect => 308,
        }
    }
}
