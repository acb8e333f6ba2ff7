use http::Request;
use proptest::prelude::*;
use tidegate_config::{PathRewrite, Rewrite, Scheme};
use tidegate_filters::{Chain, Filter};

use super::*;
use crate::http1::path;

/// The path of a request after this change, or `None` where it is refused.
fn rewritten(change: PathRewrite, target: &str, matched: usize) -> Option<String> {
    let rewrite = Rewrite {
        host: None,
        path: Some(change),
    };
    let chain = Chain::new(vec![Filter::Rewrite(tidegate_filters::Rewrite::compile(&rewrite))]);
    let (mut head, ()) = Request::get(target).body(()).unwrap().into_parts();
    let cx = FilterCx {
        client: [127, 0, 0, 1].into(),
        scheme: Scheme::Http,
        port: 80,
        matched,
    };
    chain
        .on_request(&mut head, &cx)
        .is_continue()
        .then(|| head.uri.to_string())
}

fn is_normal(target: &str) -> bool {
    path::normalise(target.as_bytes()).is_ok_and(|normal| *normal == *target.as_bytes())
}

/// Pieces of which dangerous paths are made, and what a pattern may take from between them.
fn target() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/", "/", ".", "..", "x", "-", "a", "%20", "%25", "25", "2F", "%3B", ";", "41", "%C3%A9", "?", "|", "5C", "00",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    /// The filters check what they make without the codec; the codec is the judge of it.
    #[test]
    fn what_a_pattern_makes_is_in_the_one_form_or_refused(
        target in target(),
        pattern in prop::sample::select(vec!["x", "-", "25", "20", "%25", "^/[^/]*", "/", "(.)(.)", "[.x]", ".*"]),
        by in prop::sample::select(vec!["", "/", "$2$1", "%2", "..", ".", "/$1/", "a"]),
    ) {
        let Ok(normal) = path::normalise(target.as_bytes()) else { return Ok(()) };
        let normal = str::from_utf8(&normal).unwrap();
        let change = PathRewrite::Regex { pattern: pattern.parse().unwrap(), substitution: by.into() };
        if let Some(made) = rewritten(change, normal, 0) {
            prop_assert!(is_normal(&made), "{normal} became {made}");
        }
    }

    #[test]
    fn what_a_prefix_makes_is_in_the_one_form(
        target in target(),
        prefix in prop::sample::select(vec!["/", "/new", "/a/b"]),
    ) {
        let Ok(normal) = path::normalise(target.as_bytes()) else { return Ok(()) };
        let normal = str::from_utf8(&normal).unwrap();
        let end = normal.find('?').unwrap_or(normal.len());
        let elements = normal[..end].match_indices('/').map(|(at, _)| at).chain([end]);
        for matched in elements {
            let change = PathRewrite::Prefix(prefix.parse().unwrap());
            let made = rewritten(change, normal, matched);
            prop_assert!(made.as_deref().is_some_and(is_normal), "{normal} from {matched} became {made:?}");
        }
    }
}
