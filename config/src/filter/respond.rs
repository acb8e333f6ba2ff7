//! `directResponse`.

use std::sync::Arc;

use crate::values::{HeaderName, HeaderText};

/// An answer that needs no backend.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DirectResponse {
    /// From 200 to 599.
    pub status: u16,
    /// Its headers; `content-type` is `text/plain; charset=utf-8` when there is a body and nothing else is said.
    pub headers: Vec<(HeaderName, HeaderText)>,
    /// What was written, or what the file held when it was read; at most 1 MiB.
    pub body: Arc<[u8]>,
}
