//! Paths that filters make.
//!
//! The invariant: what goes on is in the one form that paths have before they are matched, so that
//! whoever reads it next reads what was meant here.

use http::Uri;
use http::uri::PathAndQuery;

/// What a `Uri` can hold; a substitution must not make more of a path than that.
pub(crate) const MAX_LENGTH: usize = u16::MAX as usize - 1;

/// The path with `prefix` instead of its first `matched` bytes (Gateway API, `ReplacePrefixMatch`): slashes at the end of
/// the prefix do not count, and of the path always something is left.
pub(crate) fn replace_prefix(path: &str, matched: usize, prefix: &str) -> String {
    let prefix = prefix.trim_end_matches('/');
    let rest = path.get(matched..).unwrap_or_default();
    let slash = match (prefix, rest) {
        ("", "") => "/",
        (_, rest) if !rest.is_empty() && !rest.starts_with('/') => "/",
        _ => "",
    };
    [prefix, slash, rest].concat()
}

/// `uri` with this path instead of its own; its query stays. `None` when that is none.
pub(crate) fn with_path(uri: &Uri, mut path: String) -> Option<Uri> {
    if let Some(query) = uri.query() {
        path.reserve(query.len() + 1);
        path.push('?');
        path.push_str(query);
    }
    with_path_and_query(uri, PathAndQuery::from_maybe_shared(bytes::Bytes::from(path)).ok()?)
}

/// `uri` with this path and query instead of its own.
pub(crate) fn with_path_and_query(uri: &Uri, path: PathAndQuery) -> Option<Uri> {
    if uri.authority().is_none() {
        return Some(Uri::from(path));
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}

/// A path that a pattern has made, brought to one form: rooted, with slashes merged. `None` when more than that is wrong
/// with it: dot segments, encodings that are broken or that hide a separator, characters that paths do not have. Those
/// are not repaired: a stranger chose them so that something would be taken out from between.
pub(crate) fn tidy(path: &str) -> Option<String> {
    let mut tidy = String::with_capacity(path.len() + 1);
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if !is_segment(segment) {
            return None;
        }
        tidy.push('/');
        tidy.push_str(segment);
    }
    if tidy.is_empty() || path.ends_with('/') {
        tidy.push('/');
    }
    Some(tidy)
}

fn is_segment(segment: &str) -> bool {
    let after_dots = segment.strip_prefix("..").or_else(|| segment.strip_prefix('.'));
    let is_dots = after_dots.is_some_and(|rest| rest.is_empty() || rest.starts_with(';') || rest.starts_with("%3B"));
    !is_dots && has_path_characters(segment.as_bytes())
}

fn has_path_characters(mut rest: &[u8]) -> bool {
    loop {
        rest = match rest {
            [] => return true,
            [b'%', high, low, tail @ ..] if is_needed_escape(*high, *low) => tail,
            [byte, tail @ ..] if is_plain(*byte) => tail,
            _ => return false,
        };
    }
}

/// Digits in capitals, of a byte that may not stand as it is and is no separator in disguise.
fn is_needed_escape(high: u8, low: u8) -> bool {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    let Some((high, low)) = digit(high).zip(digit(low)) else {
        return false;
    };
    let byte = high << 4 | low;
    let is_unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    !is_unreserved && !matches!(byte, 0 | b'/' | b'\\')
}

/// What requests' paths may have: visible ASCII but for what is refused in them.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'%' | b'?' | b'#' | b'"' | b'<' | b'>' | b'\\' | b'`' | b'{' | b'}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the Gateway API's `HTTPPathModifier`, and what it leaves open for `/`.
    #[test]
    fn prefixes_are_replaced_by_element() {
        for (path, prefix, by, expected) in [
            ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
            ("/foo", "/foo", "/xyz", "/xyz"),
            ("/foo/", "/foo", "/xyz", "/xyz/"),
            ("/foo/bar", "/foo", "", "/bar"),
            ("/foo/", "/foo", "", "/"),
            ("/foo", "/foo", "", "/"),
            ("/foo/", "/foo", "/", "/"),
            ("/foo", "/foo", "/", "/"),
            ("/foo/bar", "/foo", "/", "/bar"),
            ("/bar", "", "/xyz", "/xyz/bar"),
            ("/", "", "/xyz", "/xyz/"),
            ("/", "", "/", "/"),
            ("/a/b", "", "/", "/a/b"),
            ("/foo/bar/", "/foo/bar", "/x/y", "/x/y/"),
        ] {
            assert_eq!(replace_prefix(path, prefix.len(), by), expected, "{path} {prefix} {by}");
        }
    }

    #[test]
    fn a_match_beyond_the_path_leaves_the_prefix() {
        assert_eq!(replace_prefix("/é", 2, "/x"), "/x", "not at a character");
        assert_eq!(replace_prefix("/a", 9, "/x"), "/x");
        assert_eq!(replace_prefix("/ab", 2, "/x"), "/x/b", "not at an element");
    }

    #[test]
    fn the_query_stays() {
        let uri: Uri = "/a?b=/c?d".parse().unwrap();
        assert_eq!(with_path(&uri, "/x".to_owned()).unwrap(), "/x?b=/c?d");
        let absolute: Uri = "http://example.com/a?b".parse().unwrap();
        assert_eq!(with_path(&absolute, "/x".to_owned()).unwrap(), "http://example.com/x?b");
    }

    #[test]
    fn tidy_paths_are_rooted_and_have_single_slashes() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("a", "/a"),
            ("//a///b//", "/a/b/"),
            ("/a/.b/..c/...", "/a/.b/..c/..."),
            ("/%20%C3%A9|[x]^", "/%20%C3%A9|[x]^"),
        ] {
            assert_eq!(tidy(path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn what_readers_would_differ_about_is_no_path() {
        for path in [
            "/..",
            "/a/../b",
            "/a/./b",
            "/.",
            "/a/..;x/b",
            "/a/.;",
            "/..%3Bx",
            "/%2F",
            "/%5C",
            "/%00",
            "/%41",
            "/%2e",
            "/%2",
            "/%",
            "/%zz",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\\b",
            "/a\"",
            "/a{b}",
            "/\u{e9}",
            "/\n",
            "/\u{7f}",
        ] {
            assert_eq!(tidy(path), None, "{path:?}");
        }
    }
}
