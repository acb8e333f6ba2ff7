//! Paths have one form before any match: RFC 3986 section 6.2.2, promise 5. What is forwarded is what was matched.

use crate::table::{Row, judge, passes, refused};

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
}

pub(crate) fn rows() -> Vec<Row> {
    let same = |target: &'static str| (target, target);
    let good = [
        ("/a/../b", "/b"),
        ("/a/./b", "/a/b"),
        ("/./a", "/a"),
        ("/../a", "/a"),
        ("/../../../a", "/a"),
        ("/a/b/../../../c", "/c"),
        ("/a/..", "/"),
        ("/a/.", "/a/"),
        ("/..", "/"),
        ("/.", "/"),
        ("//", "/"),
        ("//a", "/a"),
        ("/a//b", "/a/b"),
        ("/a////b//", "/a/b/"),
        ("/a/..//b", "/b"),
        ("//a/../b", "/b"),
        ("/%61", "/a"),
        ("/%41%5A%7e%2D%2e%5F%30", "/AZ~-._0"),
        ("/%2e%2e/a", "/a"),
        ("/%2E%2E/a", "/a"),
        ("/b/.%2e/a", "/a"),
        ("/b/%2e/a", "/b/a"),
        ("/b/%2e%2e", "/"),
        ("/a?b=/../c", "/a?b=/../c"),
        ("/a?b=%2F%5C%00%61", "/a?b=%2F%5C%00%61"),
        ("/a/../b?c//d", "/b?c//d"),
        ("/a%20b", "/a%20b"),
        ("/a%3Fb", "/a%3Fb"),
        ("/a%23b", "/a%23b"),
        ("/a%25b", "/a%25b"),
        ("/%252e%252e/a", "/%252e%252e/a"),
        ("/%252F", "/%252F"),
        same("/.../a"),
        same("/..a"),
        same("/a.."),
        same("/a/.b"),
        same("/a;b=c/d"),
        same("/a,b+c=d&e@f:g!h$i'j(k)l*m"),
        same("/a/b/"),
        ("/%C3%A9", "/%C3%A9"),
    ];
    let mut rows: Vec<Row> = good
        .into_iter()
        .map(|(target, line)| {
            passes(
                format!("{target} is {line}"),
                "3986 6.2.2",
                get(target),
                &format!("GET {line} HTTP/1.1"),
            )
        })
        .collect();
    let bad = [
        "/a%2Fb",
        "/a%2fb",
        "/%2F",
        "/%2e%2e%2fb",
        "/a%5Cb",
        "/a%5cb",
        "/a\\b",
        "/a\\..\\b",
        "/\\",
        "/a%00b",
        "/%00",
        "/a%00",
        "/a/..;/b",
        "/..;/",
        "/a/..;x=1/b",
        "/%2e%2e;/b",
        "/a#b",
        "/a?b#c",
        "/#",
        "/%",
        "/%1",
        "/a%zz",
        "/%g0",
        "/a%",
        "/%%61",
    ];
    rows.extend(bad.map(|target| refused(format!("{target} is refused"), "promise 5", get(target))));
    rows.push(passes(
        "dots in the path of an absolute-form",
        "3986 6.2.2",
        get("http://a/b/../c"),
        "GET /c HTTP/1.1",
    ));
    rows.push(passes(
        "dots right after the authority",
        "3986 6.2.2",
        get("http://a/../c"),
        "GET /c HTTP/1.1",
    ));
    rows.push(refused(
        "%2F in the path of an absolute-form",
        "promise 5",
        get("http://a/b%2Fc"),
    ));
    rows.push(refused(
        "a fragment after the authority",
        "promise 5",
        get("http://a#b"),
    ));
    // Outside RFC 3986's characters, but no delimiter to anybody: either reading is safe.
    for target in ["/\"", "/<a>", "/{a}", "/a|b", "/a^b", "/`", "/[a]"] {
        rows.push(
            passes(
                format!("{target} is odd"),
                "3986 3.3",
                get(target),
                &format!("GET {target} HTTP/1.1"),
            )
            .or_refused(),
        );
    }
    rows
}

#[test]
fn paths() {
    judge(&rows());
}
