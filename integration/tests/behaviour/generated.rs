//! Answers that Tidegate makes itself: they say why, name the object that it is due to, and look like any other answer of
//! their listener.

use std::net::{SocketAddr, TcpListener};

use tidegate_integration::harness::{Answer, Call, Origin, Proxy, Recorder, Served, Wire};

const WIRES: [Wire; 2] = [Wire::H1, Wire::H2];

/// A path, and what its answer says: status, reason and object.
const FAILURES: [(&str, u16, &str, &str); 8] = [
    ("/nowhere", 404, "no-route", "listener default/web"),
    ("/a%2Fb", 400, "encoded-slash", "listener default/web"),
    ("/slow", 504, "request-timeout", "route default/slow"),
    ("/slow-try", 504, "backend-timeout", "route default/slow-try"),
    ("/unknown", 500, "invalid-backend", "route default/unknown"),
    ("/empty", 503, "no-endpoint", "cluster default/empty"),
    ("/down", 503, "connect-failure", "cluster default/down"),
    ("/reset", 502, "upstream-reset", "cluster default/reset"),
];

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn silent(served: &mut Served<'_>) {
    served.gone();
}

fn config(listener: &str, slow: SocketAddr, reset: SocketAddr) -> String {
    let route = |name: &str, cluster: &str, settings: &str| {
        format!(
            "  {name}: {{ listeners: [web], rules: [{{ matches: [{{ path: {{ prefix: /{name} }} }}], \
             backends: [{{ cluster: {cluster} }}] }}], {settings} }}\n"
        )
    };
    let cluster = |name: &str, endpoints: String| format!("  {name}: {{ endpoints: [{endpoints}] }}\n");
    let at = |address: SocketAddr| format!("{{ address: {address} }}");
    [
        format!("listeners:\n  web: {{ address: 127.0.0.1:0, {listener} }}\nroutes:\n"),
        route("slow", "slow", "timeouts: { request: 300ms }"),
        route("slow-try", "slow", "timeouts: { backendRequest: 300ms }"),
        route("unknown", "nothing", ""),
        route("empty", "empty", ""),
        route("down", "down", ""),
        route("reset", "reset", ""),
        "clusters:\n".to_owned(),
        cluster("slow", at(slow)),
        cluster("empty", format!("{{ address: {slow}, weight: 0 }}")),
        cluster("down", at(nobody())),
        cluster("reset", at(reset)),
    ]
    .concat()
}

fn ask(proxy: &Proxy, wire: Wire, path: &str) -> Answer {
    Call::get(proxy.address(), wire, path).receiver.whole()
}

#[test]
fn each_says_why_and_names_the_object_as_the_access_log_does() {
    let origin = Origin::start(Wire::H1, silent);
    let reset = Recorder::start(|conn| {
        conn.request();
        conn.reset();
    });
    let proxy = Proxy::with_access_log(&config("", origin.address, reset.address));
    for wire in WIRES {
        for (path, status, reason, object) in FAILURES {
            let answer = ask(&proxy, wire, path);
            assert_eq!(answer.status, status, "{path}: {answer:?}");
            assert_eq!(answer.all("x-tidegate-reason"), [reason], "{path}");
            assert_eq!(answer.all("x-tidegate-object"), [object], "{path}");
            let text = String::from_utf8(answer.body.clone()).unwrap();
            assert!(text.contains(reason) && text.contains(object), "{text}");
            let protocol = match (wire, status) {
                (Wire::H2, _) => "protocol=HTTP/2",
                // Its head could not be read.
                (Wire::H1, 400) => "protocol=HTTP/1",
                (Wire::H1, _) => "protocol=HTTP/1.1",
            };
            proxy.logged(&[&format!("reason={reason}"), &format!("object=\"{object}\""), protocol]);
        }
    }
}

/// As on what an upstream answers, where nothing but `overwrite` adds anything.
#[test]
fn server_and_via_are_those_of_the_listener() {
    for (settings, server) in [
        ("http: { server: { action: overwrite, name: edge } }", &["edge"][..]),
        (
            "http: { server: { action: pass }, via: { action: append, name: edge } }",
            &[],
        ),
        ("http: { server: { action: remove }, via: { action: remove } }", &[]),
    ] {
        let proxy = Proxy::start(&config(settings, nobody(), nobody()));
        for wire in WIRES {
            for path in ["/nowhere", "/a%2Fb", "/down"] {
                let answer = ask(&proxy, wire, path);
                assert_eq!(answer.all("server"), server, "{settings} {path}");
                assert!(answer.all("via").is_empty(), "{settings} {path}");
            }
        }
    }
}

#[test]
fn what_an_upstream_answers_names_no_object() {
    let origin = Origin::start(Wire::H1, |served| served.answer(503, b"busy"));
    let proxy = Proxy::with_access_log(&config("", origin.address, nobody()));
    let answer = ask(&proxy, Wire::H1, "/slow");
    assert_eq!(answer.status, 503);
    assert!(answer.all("x-tidegate-object").is_empty() && answer.all("x-tidegate-reason").is_empty());
    proxy.logged(&["status=503", "flag=-", "reason=-", "object=-"]);
}
