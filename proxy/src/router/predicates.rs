//! What a match says beside the path: method, headers, query parameters.

use http::{HeaderName, Method};
use tidegate_config::{Match, ValueMatch};

use super::query;

/// All of it must hold.
#[derive(Debug)]
pub struct Predicates {
    method: Option<Method>,
    headers: Box<[(HeaderName, ValueMatch)]>,
    query: Box<[(Box<str>, ValueMatch)]>,
}

impl Predicates {
    /// `None` when the match says nothing beside the path.
    pub(super) fn compile(matched: &Match) -> Option<Self> {
        // `config` admits only tokens as methods and header names, so none is lost here.
        let method = matched
            .method()
            .and_then(|method| Method::from_bytes(method.as_str().as_bytes()).ok());
        let header = |name: &str| HeaderName::from_bytes(name.as_bytes()).ok();
        let headers: Box<[_]> = matched
            .headers()
            .iter()
            .filter_map(|field| Some((header(field.name.as_str())?, field.value.clone())))
            .collect();
        let query: Box<[_]> = matched
            .query()
            .iter()
            .map(|parameter| (parameter.name.clone(), parameter.value.clone()))
            .collect();
        let says_something = method.is_some() || !headers.is_empty() || !query.is_empty();
        says_something.then_some(Self { method, headers, query })
    }

    /// Whether a method is asked for, how many headers and how many query parameters.
    pub(super) fn counts(&self) -> (bool, usize, usize) {
        (self.method.is_some(), self.headers.len(), self.query.len())
    }

    pub(super) fn hold(&self, head: &http::request::Parts) -> bool {
        let query = head.uri.query().unwrap_or_default();
        self.method.as_ref().is_none_or(|method| *method == head.method)
            && self.headers.iter().all(|(name, wanted)| {
                // Of a header that is repeated this is the first value.
                let value = head.headers.get(name).map(http::HeaderValue::as_bytes);
                holds(wanted, value)
            })
            && self
                .query
                .iter()
                .all(|(name, wanted)| query::first_value(query, name).is(wanted))
    }
}

/// Whether a value, `None` if it is not there, is the one that is wanted. Text that is not UTF-8 equals no text and
/// matches no pattern, and yet it is there.
pub(super) fn holds(wanted: &ValueMatch, value: Option<&[u8]>) -> bool {
    match (wanted, value) {
        (ValueMatch::Exact(text), Some(value)) => text.as_bytes() == value,
        (ValueMatch::Present(present), value) => *present == value.is_some(),
        (ValueMatch::Regex(pattern), Some(value)) => str::from_utf8(value).is_ok_and(|value| pattern.matches(value)),
        (_, None) => false,
    }
}
