//! `/` for browsers: one page, embedded in the binary, that draws what the JSON pages say.
//!
//! It asks nobody but this process, and its policy ([`super::answer`]) forbids it anything else.

use http::HeaderValue;
use http::header::ACCEPT;

use super::answer::Answer;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

pub(super) fn html() -> Answer {
    Answer::new(HTML, include_str!("page/page.html"))
}

pub(super) fn css() -> Answer {
    Answer::new(CSS, include_str!("page/page.css"))
}

pub(super) fn javascript() -> Answer {
    Answer::new(JAVASCRIPT, include_str!("page/page.js"))
}

/// Whether who asks names HTML among what he takes, as browsers do and programs do not.
pub(super) fn is_wanted(headers: &http::HeaderMap) -> bool {
    let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = accept.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let media_type = range.split(';').next().unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case("text/html")
    })
}
