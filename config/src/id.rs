//! What an object is called: kind, namespace and name, the triple that is its identity everywhere.
//!
//! Invariant: a [`ObjectName`] and a [`Namespace`] hold only what Kubernetes accepts too, so that one object keeps
//! one name in files, custom resources, labels and on the wire.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::diagnostic::{Code, ValueError};

/// The namespace of a file that names none.
const DEFAULT_NAMESPACE: &str = "default";

const MAX_NAME: usize = 253;
const MAX_NAMESPACE: usize = 63;

/// What sort of object an id names.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A group of endpoints that serve the same requests.
    Cluster,
    /// An address that accepts connections.
    Listener,
    /// Rules that send requests of some hosts to clusters.
    Route,
}

impl Kind {
    /// The word used in messages and labels: `listener`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Listener => "listener",
            Self::Route => "route",
        }
    }

    /// The section of a file that holds objects of this kind: `listeners`.
    pub const fn section(self) -> &'static str {
        match self {
            Self::Cluster => "clusters",
            Self::Listener => "listeners",
            Self::Route => "routes",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of an object or a rule: lower-case letters, digits, `-` and `.`, at most 253 of them, a letter or digit at
/// both ends.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ObjectName(Arc<str>);

impl ObjectName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if is_dns_name(text, MAX_NAME, |byte| matches!(byte, b'-' | b'.')) {
            return Ok(Self(text.into()));
        }
        Err(ValueError::is_not(Code::BadName, text, "a name").help(
            "a name has lower-case letters, digits, `-` and `.`, begins and ends with a letter or digit, \
             and is at most 253 characters long",
        ))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The namespace of an object: lower-case letters, digits and `-`, at most 63 of them.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Namespace(Arc<str>);

impl Namespace {
    /// The namespace as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self(DEFAULT_NAMESPACE.into())
    }
}

impl FromStr for Namespace {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if is_dns_name(text, MAX_NAMESPACE, |byte| byte == b'-') {
            return Ok(Self(text.into()));
        }
        Err(ValueError::is_not(Code::BadName, text, "a namespace").help(
            "a namespace has lower-case letters, digits and `-`, begins and ends with a letter or digit, \
             and is at most 63 characters long",
        ))
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identity of an object. Ordered by kind, then namespace, then name; shown as `listener default/web`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ObjectId {
    kind: Kind,
    namespace: Namespace,
    name: ObjectName,
}

impl ObjectId {
    /// The id of the object of this kind, namespace and name.
    pub const fn new(kind: Kind, namespace: Namespace, name: ObjectName) -> Self {
        Self { kind, namespace, name }
    }

    /// Reads a reference as people write it, `name` or `namespace/name`, from an object in `namespace`.
    ///
    /// # Errors
    /// The text is not one name, or two with a slash between them.
    pub fn parse_reference(kind: Kind, namespace: &Namespace, text: &str) -> Result<Self, ValueError> {
        match text.split_once('/') {
            Some((namespace, name)) => Ok(Self::new(kind, namespace.parse()?, name.parse()?)),
            None => Ok(Self::new(kind, namespace.clone(), text.parse()?)),
        }
    }

    /// What sort of object it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The namespace it is in.
    pub const fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Its name within kind and namespace.
    pub const fn name(&self) -> &ObjectName {
        &self.name
    }

    /// `namespace/name`: what labels, logs and pages call it where its kind is clear.
    pub fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.path())
    }
}

fn is_dns_name(text: &str, max: usize, is_inner: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let is_edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.len() <= max
        && bytes.first().copied().is_some_and(is_edge)
        && bytes.last().copied().is_some_and(is_edge)
        && bytes.iter().all(|&byte| is_edge(byte) || is_inner(byte))
}
