//! One error type: a [`Kind`], which the one map to the wire is of, and what lies beneath it.

use std::fmt;

use super::kind::{Kind, Side};
use crate::http1::{EncodeError, Reject};

/// Why a request (or its connection) failed.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub fn new(kind: Kind) -> Self {
        Self { kind, source: None }
    }

    pub fn with(kind: Kind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn side(&self) -> Side {
        self.kind.side()
    }

    /// What lies beneath, for logs.
    pub fn source_text(&self) -> String {
        self.source.as_ref().map_or_else(String::new, ToString::to_string)
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}

impl From<Reject> for Error {
    fn from(reject: Reject) -> Self {
        Self::new(reject.into())
    }
}

/// A body that is not as long as was said. Codecs check what they read, so only an answer or a filter of ours can be at
/// fault; the other side must see an abort.
impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::with(Kind::LengthMismatch, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.reason())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
