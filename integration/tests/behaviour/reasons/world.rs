//! The proxy that everything is provoked on, with the upstreams behind it.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};

use tidegate_integration::harness::{Conn, Proxy, Raw, Recorder};

use super::http2;
use super::responses::Response;

pub(super) struct World {
    pub(super) proxy: Proxy,
    /// One that takes a single connection in all.
    pub(super) tight: Proxy,
    _upstreams: Vec<Recorder>,
}

const LISTENERS: &str = "\
listeners:
  web: { address: 127.0.0.1:0 }
  few: { address: 127.0.0.1:0, limits: { connections: 1 } }
  hasty:
    address: 127.0.0.1:0
    timeouts: { requestHead: 200ms, bodyStall: 200ms, writeStall: 200ms, streamIdle: 200ms, tunnelIdle: 200ms }
clusters:
";

/// Routes that lead to no upstream of their own: what stands beside their match, and beside their rules.
const ROUTES: [(&str, &str, &str); 8] = [
    ("unknown", "backends: [{ cluster: nothing }]", ""),
    ("weightless", "backends: [{ cluster: ok, weight: 0 }]", ""),
    (
        "slow",
        "backends: [{ cluster: silent }]",
        "timeouts: { request: 200ms }",
    ),
    (
        "try",
        "backends: [{ cluster: silent }]",
        "timeouts: { backendRequest: 200ms }",
    ),
    (
        "rewritten",
        "backends: [{ cluster: ok }], \
         filters: [{ rewrite: { path: { regex: \"^/rewritten.*$\", substitution: \"/a/../b\" } } }]",
        "",
    ),
    ("moved", "filters: [{ redirect: { path: { full: /ok } } }]", ""),
    ("direct", "filters: [{ directResponse: { status: 200, body: ok } }]", ""),
    (
        "limited",
        "backends: [{ cluster: ok }], filters: [{ rateLimit: { requests: 1, per: 24h } }]",
        "",
    ),
];

impl World {
    /// The upstream `script` answers `/script/N` with the response of that number.
    pub(super) fn start(responses: &[Response]) -> Self {
        let bytes: Vec<_> = responses.iter().map(|response| response.bytes.clone()).collect();
        let script = Recorder::start(move |conn| {
            while let Some(request) = conn.request() {
                let number: usize = request.head.target().rsplit('/').next().unwrap().parse().unwrap();
                conn.write(&bytes[number]);
            }
        });
        let silent = |conn: &mut Conn| conn.drain();
        let upstreams = [
            ("ok", Recorder::ok(), ""),
            ("script", script, ""),
            ("silent", Recorder::start(silent), ""),
            (
                "full",
                Recorder::start(silent),
                "limits: { connections: 1, pendingRequests: 0 }",
            ),
            (
                "half",
                answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
                "",
            ),
            ("endless", Recorder::start(endless), ""),
            ("socket", answering(SWITCHING), ""),
            ("switching", answering(SWITCHING), ""),
            ("reset", Recorder::start(reset), ""),
            (
                "mute",
                Recorder::start(silent),
                "protocol: http2, timeouts: { connect: 200ms }",
            ),
            ("refusing", speaking(http2::refusing), "protocol: http2"),
            ("leaving", speaking(http2::leaving), "protocol: http2"),
            ("broken", speaking(http2::broken), "protocol: http2"),
        ];
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (mut clusters, mut routes) = (String::new(), "routes:\n".to_owned());
        let mut add = |name: &str, address: SocketAddr, weight: u32, settings: &str| {
            let endpoint = format!("{{ address: {address}, weight: {weight} }}");
            let _ = writeln!(clusters, "  {name}: {{ endpoints: [{endpoint}], {settings} }}");
            route(&mut routes, (name, &format!("backends: [{{ cluster: {name} }}]"), ""));
        };
        for (name, upstream, settings) in &upstreams {
            add(name, upstream.address, 1, settings);
        }
        add("empty", nobody, 0, "");
        add("down", nobody, 1, "");
        ROUTES.into_iter().for_each(|one| route(&mut routes, one));
        let ok = upstreams[0].1.address;
        let world = Self {
            proxy: Proxy::with_access_log(&[LISTENERS, &clusters, &routes].concat()),
            tight: Proxy::with_arguments(
                &crate::setup::config(ok, "http1", crate::setup::Extra::default()),
                &["--workers", "1", "--max-connections", "1"],
            ),
            _upstreams: upstreams.into_iter().map(|(_, upstream, _)| upstream).collect(),
        };
        // Uses up what the limit lets pass.
        assert_eq!(world.connect("web").get("/limited").head.status(), Some(200));
        world
    }

    pub(super) fn address(&self, listener: &str) -> SocketAddr {
        self.proxy.listeners[listener]
    }

    pub(super) fn connect(&self, listener: &str) -> Raw {
        Raw::connect(self.address(listener))
    }
}

const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";

fn route(routes: &mut String, (name, rule, settings): (&str, &str, &str)) {
    let _ = writeln!(
        routes,
        "  {name}: {{ listeners: [web, hasty, few], rules: [{{ matches: [{{ path: {{ prefix: /{name} }} }}], {rule} }}], \
         {settings} }}"
    );
}

fn answering(answer: &'static str) -> Recorder {
    Recorder::start(move |conn| {
        conn.request();
        conn.write(answer);
        conn.drain();
    })
}

fn endless(conn: &mut Conn) {
    conn.request();
    conn.write("HTTP/1.1 200 OK\r\n\r\n");
    while conn.write([7; 64 * 1024]) {}
}

fn reset(conn: &mut Conn) {
    conn.request();
    conn.reset();
}

fn speaking(answer: fn(u32) -> Vec<u8>) -> Recorder {
    Recorder::start(move |conn| http2::upstream(conn, answer))
}
