//! Which requests a rule is for (Gateway API, `HTTPRouteMatch`): everything that one match says must hold.

use std::fmt;

use crate::origin::Origin;
use crate::values::{HeaderName, MethodName, PathPrefix, PathText, WholePattern};

/// A description of requests.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Match {
    pub(crate) origin: Origin,
    pub(crate) path: PathMatch,
    pub(crate) method: Option<MethodName>,
    pub(crate) headers: Vec<HeaderMatch>,
    pub(crate) query: Vec<QueryMatch>,
}

impl Match {
    /// The match that a rule without any has.
    pub(crate) fn everything(origin: Origin) -> Self {
        Self {
            origin,
            path: PathMatch::Prefix(PathPrefix::root()),
            method: None,
            headers: Vec::new(),
            query: Vec::new(),
        }
    }

    /// Where it is written; of a match that was left out, its rule.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What their path is: any when nothing is said.
    pub const fn path(&self) -> &PathMatch {
        &self.path
    }

    /// Their method; any when nothing is said.
    pub const fn method(&self) -> Option<&MethodName> {
        self.method.as_ref()
    }

    /// What their headers say, each name once.
    pub fn headers(&self) -> &[HeaderMatch] {
        &self.headers
    }

    /// What their query parameters say, each name once.
    pub fn query(&self) -> &[QueryMatch] {
        &self.query
    }
}

/// What a path must be, in its one form (see [`PathText`]) and without the query.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PathMatch {
    /// This path.
    Exact(PathText),
    /// A path that begins with these elements.
    Prefix(PathPrefix),
    /// A path that matches as a whole.
    Regex(WholePattern),
}

/// What a header must say. Of a header that is repeated the first value counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderMatch {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: ValueMatch,
}

/// What a query parameter must say, percent-decoded. Of one that is repeated the first value counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueryMatch {
    /// Its name, percent-decoded.
    pub name: Box<str>,
    /// Its value.
    pub value: ValueMatch,
}

/// What a value must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ValueMatch {
    /// This text.
    Exact(Box<str>),
    /// A text that matches as a whole.
    Regex(WholePattern),
    /// Anything, so long as it is there (or, with `false`, not there).
    Present(bool),
}

impl ValueMatch {
    /// Whether a value (`None`: it is not there) is meant.
    pub fn matches(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Self::Present(wanted), value) => *wanted == value.is_some(),
            (_, None) => false,
            (Self::Exact(text), Some(value)) => **text == *value,
            (Self::Regex(pattern), Some(value)) => pattern.matches(value),
        }
    }
}

impl fmt::Display for PathMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(path) => write!(f, "exactly {path}"),
            Self::Prefix(prefix) => write!(f, "{prefix} and below"),
            Self::Regex(pattern) => write!(f, "matching {pattern}"),
        }
    }
}
