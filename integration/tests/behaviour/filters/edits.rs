//! `requestHeaders` and `responseHeaders`, on rules and on backends.

use std::collections::BTreeMap;

use tidegate_integration::harness::message::{Fields, values};
use tidegate_integration::harness::{Call, Origin, Proxy, Wire};

use super::{WIRES, ask, config, filtering, get, telling, text, told};
use crate::setup::in_every_pairing;

in_every_pairing!(set_add_and_remove_both_ways);

fn set_add_and_remove_both_ways(client: Wire, upstream: Wire) {
    let origin = Origin::start(upstream, |served| {
        let told = told(served);
        let length = told.len().to_string();
        served.head(
            200,
            &[
                ("content-length", &length),
                ("server", "origin/1"),
                ("x-powered-by", "php"),
                ("x-set", "1"),
                ("x-set", "2"),
                ("x-add", "first"),
            ],
        );
        served.send(told.as_bytes());
        served.finish(&[]);
    });
    let proxy = filtering(
        &origin,
        "{ requestHeaders: { set: { X-Set: new, x-fresh: a }, add: { x-add: more }, remove: [x-gone, via] } }, \
         { responseHeaders: { set: { x-set: new }, add: { x-add: more }, remove: [x-powered-by, server] } }",
    );
    let fields = [
        ("x-set", "1"),
        ("x-set", "2"),
        ("x-add", "first"),
        ("x-gone", "1"),
        ("x-kept", "1"),
    ];
    let answer = ask(&proxy, client, "GET", "/a?b", &fields);
    let told = text(&answer);
    assert!(told.starts_with("GET /a?b\n"), "{told}");
    for (name, expected) in [
        ("x-set", &["new"][..]),
        ("x-fresh", &["a"]),
        ("x-add", &["first", "more"]),
        ("x-gone", &[]),
        ("via", &[]),
        ("x-kept", &["1"]),
        ("host", &["a"]),
    ] {
        assert_eq!(super::values(&told, name), expected, "{name}: {told}");
    }
    for (name, expected) in [
        ("x-set", &["new"][..]),
        ("x-add", &["first", "more"]),
        ("x-powered-by", &[]),
        // Not written again after it was taken away.
        ("server", &[]),
    ] {
        assert_eq!(answer.all(name), expected, "{name}");
    }
}

/// Each backend has edits of its own, made after those of the rule on the way there and before them on the way back; a
/// backend of weight 0 gets nothing.
#[test]
fn backends_edit_what_is_theirs() {
    let origin = Origin::start(Wire::H1, |served| {
        let backend = served.all("x-backend").join(",");
        let rule = served.all("x-rule").join(",");
        served.head(
            200,
            &[("content-length", "0"), ("x-seen", &backend), ("x-rule-seen", &rule)],
        );
        served.finish(&[]);
    });
    let backend = |name: &str, weight: u32| {
        format!(
            "{{ cluster: up, weight: {weight}, filters: [\
             {{ requestHeaders: {{ set: {{ x-backend: {name} }} }} }}, \
             {{ responseHeaders: {{ set: {{ x-from: {name}, x-last: backend }} }} }}] }}"
        )
    };
    let plain = "{ cluster: up, weight: 2 }";
    let rule = format!(
        "{{ backends: [{}, {}, {}, {plain}], filters: [\
         {{ requestHeaders: {{ set: {{ x-backend: rule, x-rule: r }} }} }}, \
         {{ responseHeaders: {{ set: {{ x-last: rule }} }} }}] }}",
        backend("one", 1),
        backend("three", 3),
        backend("none", 0),
    );
    let proxy = Proxy::start(&config(&origin, "", "", &rule));
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(300));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for answer in client.finals(&["GET"; 300]) {
        *seen.entry(sent_by(&answer.head.fields)).or_default() += 1;
    }
    // 50, 150 and 100 are expected; further off than this is one in a million.
    let share = |name: &str| seen.get(name).copied().unwrap_or_default();
    assert!((18..=88).contains(&share("one")), "{seen:?}");
    assert!((105..=195).contains(&share("three")), "{seen:?}");
    assert!((60..=145).contains(&share("rule")), "{seen:?}");
    assert_eq!(share("none"), 0, "{seen:?}");
    for _ in 0..10 {
        sent_by(&get(&proxy, Wire::H2, "/").fields);
    }
}

/// The backend whose edits the origin saw, which must be the one whose edits the answer has.
fn sent_by(answer: &Fields) -> String {
    let [seen] = values(answer, "x-seen")[..] else {
        panic!("{answer:?}");
    };
    let own: &[&str] = if seen == "rule" { &[] } else { &[seen] };
    assert_eq!(values(answer, "x-from"), own);
    assert_eq!(values(answer, "x-last"), ["rule"]);
    assert_eq!(values(answer, "x-rule-seen"), ["r"]);
    seen.to_owned()
}

/// What a rule says of answers is said of those, too, that Tidegate gives itself on its behalf.
#[test]
fn generated_answers_are_edited_like_any_other() {
    let origin = telling(Wire::H1);
    let rule = "{ backends: [{ cluster: nothing }], filters: [\
                { responseHeaders: { set: { strict-transport-security: max-age=60 }, remove: [x-tidegate-object] } }] }";
    let proxy = Proxy::start(&config(&origin, "", "", rule));
    for wire in WIRES {
        let answer = get(&proxy, wire, "/");
        assert_eq!(answer.status, 500);
        assert_eq!(answer.all("strict-transport-security"), ["max-age=60"]);
        assert_eq!(answer.all("x-tidegate-reason"), ["invalid-backend"]);
        assert!(answer.all("x-tidegate-object").is_empty());
    }
}

/// A request with a body, whose framing nothing may touch, and an edit that keeps its place for the next request of the
/// connection, too.
#[test]
fn bodies_pass_as_they_are() {
    let origin = Origin::start(Wire::H1, |served| {
        let (body, _) = served.body().unwrap();
        served.answer(200, &body);
    });
    let proxy = filtering(
        &origin,
        "{ requestHeaders: { set: { x-a: b } } }, { responseHeaders: { add: { x-c: d } } }",
    );
    for wire in WIRES {
        let mut call = Call::post(proxy.address(), wire, "/");
        for _ in 0..10 {
            assert!(call.sender.send(&[b'x'; 10_000]));
        }
        assert!(call.sender.finish(&[]));
        let answer = call.receiver.whole();
        assert_eq!((answer.status, answer.body.len()), (200, 100_000));
        assert_eq!(answer.all("x-c"), ["d"]);
    }
}
