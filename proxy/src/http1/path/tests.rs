use proptest::prelude::*;

use super::*;

fn normal(path: &str) -> Result<String, Reason> {
    normalise(path.as_bytes()).map(|normal| String::from_utf8(normal.into_owned()).unwrap())
}

#[test]
fn one_form() {
    for (path, expected) in [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/", "/a/"),
        ("//", "/"),
        ("//a///b//", "/a/b/"),
        ("/./a", "/a"),
        ("/a/.", "/a/"),
        ("/a/./b", "/a/b"),
        ("/a/..", "/"),
        ("/a/../b", "/b"),
        ("/a/b/../../c/", "/c/"),
        ("/a//../b", "/b"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("/...", "/..."),
        ("/.a", "/.a"),
        ("/..a/.b", "/..a/.b"),
        ("/a.", "/a."),
        ("/.well-known/x", "/.well-known/x"),
        ("/%41%7e%2D", "/A~-"),
        ("/%2e%2e/a", "/a"),
        ("/a/%2E/b", "/a/b"),
        ("/a/.%2e/b", "/b"),
        ("/%c3%a9", "/%C3%A9"),
        ("/%C3%A9", "/%C3%A9"),
        ("/%252e%252e/", "/%252e%252e/"),
        ("/%252F", "/%252F"),
        ("/%20%3F%23%25", "/%20%3F%23%25"),
        ("/a;b=c/d", "/a;b=c/d"),
        ("/a..;/b", "/a..;/b"),
        ("/a?", "/a?"),
        ("/a/../?b/../c", "/?b/../c"),
        ("/a?%2e%00%2f\\//", "/a?%2e%00%2f\\//"),
        ("?a", "/?a"),
        ("", "/"),
        ("/[a]|^", "/[a]|^"),
    ] {
        assert_eq!(normal(path).as_deref(), Ok(expected), "{path}");
    }
}

#[test]
fn what_has_none() {
    for (path, reason) in [
        ("/%2f", Reason::EncodedSlash),
        ("/a%2Fb", Reason::EncodedSlash),
        ("/%5c", Reason::EncodedBackslash),
        ("/a%5Cb", Reason::EncodedBackslash),
        ("/a\\b", Reason::Backslash),
        ("/%00", Reason::EncodedNul),
        ("/..;/a", Reason::DotSegmentParameter),
        ("/a/..;b", Reason::DotSegmentParameter),
        ("/.;/a", Reason::DotSegmentParameter),
        ("/%2e%2e;/a", Reason::DotSegmentParameter),
        ("/..%3b/a", Reason::DotSegmentParameter),
        ("/a#b", Reason::Fragment),
        ("/a?b#c", Reason::Fragment),
        ("/%", Reason::InvalidPercentEncoding),
        ("/%4", Reason::InvalidPercentEncoding),
        ("/%zz", Reason::InvalidPercentEncoding),
        ("/%4?1", Reason::InvalidPercentEncoding),
        ("a", Reason::InvalidTarget),
        ("/{a}", Reason::InvalidTarget),
        ("/a b", Reason::InvalidTarget),
        ("/\u{e9}", Reason::InvalidTarget),
        ("/\u{7f}", Reason::InvalidTarget),
    ] {
        assert_eq!(normal(path), Err(reason), "{path}");
    }
}

#[test]
fn a_normal_path_is_not_copied() {
    for path in ["/", "/a/b.c/d", "/.well-known/a?b=/../", "/%C3%A9%20"] {
        assert!(matches!(normalise(path.as_bytes()), Ok(Cow::Borrowed(_))), "{path}");
    }
}

#[test]
fn whatever_passes_is_a_path_to_the_http_crate() {
    for byte in 0..=u8::MAX {
        for target in [vec![b'/', byte], vec![b'/', b'?', byte]] {
            if let Ok(normal) = normalise(&target) {
                http::uri::PathAndQuery::try_from(&*normal).expect("accepted by both");
            }
        }
    }
}

fn path_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("/"),
        Just("/"),
        Just("."),
        Just(".."),
        Just("a"),
        Just("%2e"),
        Just("%2E"),
        Just("%41"),
        Just("%c3"),
        Just("%25"),
        Just(";"),
        Just("?"),
        Just("2e"),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #[test]
    fn twice_is_once(path in path_like()) {
        if let Ok(once) = normal(&path) {
            prop_assert_eq!(normal(&once), Ok(once.clone()), "{}", path);
            let path = once.split('?').next().unwrap();
            prop_assert!(path.starts_with('/') && !path.contains("//"));
            prop_assert!(!path.split('/').any(|segment| segment == "." || segment == ".."));
        }
    }

    /// The fast answer and the slow one are the same answer.
    #[test]
    fn the_fast_path_is_right(path in path_like()) {
        if let Ok(Cow::Borrowed(normal)) = normalise(path.as_bytes()) {
            prop_assert_eq!(rewrite(path.as_bytes()), Ok(normal.to_vec()));
        }
    }
}
