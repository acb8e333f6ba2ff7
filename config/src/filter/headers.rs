//! `requestHeaders` and `responseHeaders`.

use crate::secret::Secret;
use crate::values::{HeaderName, HeaderText};

/// Edits of a message's headers, done in the order of the fields here (Gateway API, `HTTPHeaderFilter`).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HeaderEdits {
    /// Replaces every value of the name, or adds it; each name once.
    pub set: Vec<(HeaderName, HeaderText)>,
    /// The same, with values that are shown nowhere; no name of `set` is here, too.
    pub set_secret: Vec<(HeaderName, Secret)>,
    /// Adds a value behind those that are there.
    pub add: Vec<(HeaderName, HeaderText)>,
    /// Takes every value of the name away.
    pub remove: Vec<HeaderName>,
}
