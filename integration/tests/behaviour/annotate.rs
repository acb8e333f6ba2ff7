//! What Tidegate adds to messages, takes from them, and whom it believes.

use tidegate_integration::harness::message::{Fields, values};
use tidegate_integration::harness::{Call, Origin, Proxy, Recorder, Wire};

use crate::setup::{Extra, config, in_every_pairing, proxy_with};

in_every_pairing!(
    strangers_are_not_believed,
    trusted_hops_are_continued,
    what_trusted_hops_leave_out_is_filled_in,
    every_request_has_an_id,
    ids_may_be_off,
    server_and_via_are_ours,
    server_and_via_pass,
    server_and_via_are_removed,
);

/// What a stranger may claim.
const CLAIMS: [(&str, &str); 9] = [
    ("x-forwarded-for", "6.6.6.6"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "claimed"),
    ("x-forwarded-client-cert", "By=claimed"),
    ("x-forwarded-port", "443"),
    ("x-forwarded-prefix", "/claimed"),
    ("x-real-ip", "6.6.6.6"),
    ("forwarded", "for=6.6.6.6"),
    ("x-request-id", "claimed"),
];

fn listener(settings: &'static str) -> Extra {
    Extra {
        listener: settings,
        ..Extra::default()
    }
}

/// The fields with which a request of these arrives at the origin, and those of the answer at the client.
fn passed(down: Wire, up: Wire, settings: &'static str, fields: &[(&str, &str)]) -> (Fields, Fields) {
    let (send, arrived) = std::sync::mpsc::channel();
    let origin = Origin::start(up, move |served| {
        send.send(served.fields.clone()).unwrap();
        served.head(
            200,
            &[("server", "origin"), ("via", "1.1 inner"), ("content-length", "0")],
        );
        served.finish(&[]);
    });
    let proxy = proxy_with(&origin, listener(settings));
    let answer = Call::start(proxy.address(), down, "GET", "/", fields, false)
        .receiver
        .whole();
    assert_eq!(answer.status, 200);
    (arrived.recv().unwrap(), answer.fields)
}

/// The protocol as `Via` names it.
fn version(wire: Wire) -> &'static str {
    match wire {
        Wire::H1 => "1.1",
        Wire::H2 => "2.0",
    }
}

fn strangers_are_not_believed(down: Wire, up: Wire) {
    let (request, _) = passed(down, up, "", &CLAIMS);
    assert_eq!(values(&request, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(values(&request, "x-forwarded-proto"), ["http"]);
    assert_eq!(values(&request, "x-forwarded-host"), ["a"]);
    for (name, _) in &CLAIMS[3..8] {
        assert!(values(&request, name).is_empty(), "{name}");
    }
    assert_ne!(values(&request, "x-request-id"), ["claimed"]);
}

fn trusted_hops_are_continued(down: Wire, up: Wire) {
    let (request, _) = passed(down, up, "http: { trustedHops: 1 }", &CLAIMS);
    assert_eq!(values(&request, "x-forwarded-for"), ["6.6.6.6, 127.0.0.1"]);
    for (name, claim) in &CLAIMS[1..] {
        assert_eq!(values(&request, name), [*claim], "{name}");
    }
}

fn what_trusted_hops_leave_out_is_filled_in(down: Wire, up: Wire) {
    let (request, _) = passed(down, up, "http: { trustedHops: 2 }", &[]);
    assert_eq!(values(&request, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(values(&request, "x-forwarded-proto"), ["http"]);
    assert_eq!(values(&request, "x-forwarded-host"), ["a"]);
    assert_eq!(values(&request, "x-request-id").len(), 1);
}

fn every_request_has_an_id(down: Wire, up: Wire) {
    let ids: Vec<String> = (0..3)
        .map(|_| values(&passed(down, up, "", &[]).0, "x-request-id").concat())
        .collect();
    for id in &ids {
        assert_eq!(
            id.split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12],
            "{id}"
        );
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
}

fn ids_may_be_off(down: Wire, up: Wire) {
    let (request, _) = passed(down, up, "http: { requestId: false }", &CLAIMS);
    assert!(values(&request, "x-request-id").is_empty(), "{request:?}");
}

fn server_and_via_are_ours(down: Wire, up: Wire) {
    let settings = "http: { server: { action: overwrite, name: edge }, via: { action: append, name: edge } }";
    let (request, answer) = passed(down, up, settings, &[("via", "1.0 outer")]);
    assert_eq!(values(&request, "via"), [format!("1.0 outer, {} edge", version(down))]);
    assert_eq!(
        values(&answer, "via"),
        ["1.1 inner"],
        "of answers RFC 9110 asks none of a gateway"
    );
    assert_eq!(values(&answer, "server"), ["edge"]);
}

fn server_and_via_pass(down: Wire, up: Wire) {
    let settings = "http: { server: { action: pass }, via: { action: pass } }";
    let (request, answer) = passed(down, up, settings, &[("via", "1.0 outer")]);
    assert_eq!(values(&request, "via"), ["1.0 outer"]);
    assert_eq!(values(&answer, "via"), ["1.1 inner"]);
    assert_eq!(values(&answer, "server"), ["origin"]);
}

fn server_and_via_are_removed(down: Wire, up: Wire) {
    let settings = "http: { server: { action: remove }, via: { action: remove } }";
    let (request, answer) = passed(down, up, settings, &[("via", "1.0 outer")]);
    assert!(values(&request, "via").is_empty(), "{request:?}");
    assert!(values(&answer, "via").is_empty(), "{answer:?}");
    assert!(values(&answer, "server").is_empty(), "{answer:?}");
}

/// HTTP/1.0 may name its host in the target alone; what a stranger claims it was is no more true then.
#[test]
fn a_stranger_without_a_host_field_is_not_believed_either() {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&config(upstream.address, "http1", Extra::default()));
    let request = "GET http://named/ HTTP/1.0\r\nX-Forwarded-Host: claimed\r\n\r\n";
    assert_eq!(proxy.connect().ask("GET", request).head.status(), Some(200));
    assert_eq!(upstream.requests()[0].all("x-forwarded-host"), ["named"]);
}

/// The answers that Tidegate gives itself are its own in `Server`, too.
#[test]
fn generated_answers_name_their_server() {
    let upstream = Recorder::ok();
    for (settings, expected) in [
        ("http: { server: { action: overwrite, name: edge } }", &["edge"][..]),
        ("http: { server: { action: remove } }", &[]),
    ] {
        let extra = Extra {
            route: "hosts: [known.example]",
            ..listener(settings)
        };
        let proxy = Proxy::start(&config(upstream.address, "http1", extra));
        let answer = proxy.connect().get("/");
        assert_eq!(answer.head.status(), Some(404));
        assert_eq!(answer.all("server"), expected);
    }
}

/// The names of the fields as the other side wrote them, both ways.
fn names_of(settings: &'static str) -> (Vec<String>, Vec<String>) {
    let upstream = Recorder::answering("HTTP/1.1 200 OK\r\nX-aNSWER: 1\r\nContent-Length: 0\r\nx-aNSWER: 2\r\n\r\n");
    let proxy = Proxy::start(&config(upstream.address, "http1", listener(settings)));
    let request =
        "POST / HTTP/1.1\r\nHOST: a\r\nX-rEQUEST: 1\r\nAccept: */*\r\nContent-LENGTH: 0\r\nx-rEQUEST: 2\r\n\r\n";
    let answer = proxy.connect().ask("POST", request);
    let names = |fields: &Fields| {
        let ours = fields.iter().map(|(name, _)| name).filter(|name| {
            ["x-request", "x-answer", "host", "accept", "content-length"].contains(&name.to_ascii_lowercase().as_str())
        });
        ours.cloned().collect()
    };
    assert_eq!(answer.all("x-answer"), ["1", "2"]);
    let request = upstream.requests().remove(0);
    assert_eq!(request.all("x-request"), ["1", "2"]);
    (names(&request.head.fields), names(&answer.head.fields))
}

#[test]
fn the_case_of_names_survives_where_that_is_configured() {
    let (mut request, mut answer) = names_of("http: { preserveHeaderCase: true }");
    request.sort();
    answer.sort();
    assert_eq!(request, ["Accept", "Content-LENGTH", "HOST", "X-rEQUEST", "x-rEQUEST"]);
    assert_eq!(answer, ["Content-Length", "X-aNSWER", "x-aNSWER"]);
}

#[test]
fn the_case_of_names_is_one_otherwise() {
    let (request, answer) = names_of("");
    assert!(!request.contains(&"X-rEQUEST".to_owned()), "{request:?}");
    assert!(!answer.contains(&"X-aNSWER".to_owned()), "{answer:?}");
}
