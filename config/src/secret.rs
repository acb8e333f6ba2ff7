//! Secrets: values that the configuration names and never holds.

use std::fmt;
use std::sync::Arc;

/// A value that must not be shown. Its `Debug` says where it came from; two are equal when source and value are.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret {
    source: SecretSource,
    value: Arc<str>,
}

/// Where a secret came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SecretSource {
    /// This variable of the environment.
    Env(Arc<str>),
    /// This file, as the configuration says it.
    File(Arc<str>),
}

impl Secret {
    pub(crate) fn new(source: SecretSource, value: &str) -> Self {
        Self {
            source,
            value: value.into(),
        }
    }

    /// Where it came from.
    pub const fn source(&self) -> &SecretSource {
        &self.source
    }

    /// The value itself: a header value of 1 byte to 8 KiB. For those alone who send it or compare with it.
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl SecretSource {
    /// The name of the variable, or the path of the file.
    pub fn name(&self) -> &str {
        match self {
            Self::Env(name) | Self::File(name) => name,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// `env API_KEY` or `file secrets/key`.
impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {path}"),
        }
    }
}
