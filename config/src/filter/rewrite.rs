//! `rewrite`.

use crate::values::{Authority, PathPrefix, PathText, Pattern};

/// What the request says upstream instead of what the client asked; what is not said stays (Gateway API,
/// `HTTPURLRewriteFilter`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rewrite {
    /// The host, and port if any.
    pub host: Option<Authority>,
    /// The path.
    pub path: Option<PathRewrite>,
}

/// The new path; the query stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PathRewrite {
    /// This path.
    Full(PathText),
    /// This instead of the prefix that matched.
    Prefix(PathPrefix),
    /// Every match of the pattern replaced; `$1`, `${name}` mean the groups.
    Regex {
        /// What is replaced.
        pattern: Pattern,
        /// By what.
        substitution: Box<str>,
    },
}
