//! Everything else: time limits, limits, routes, clusters, filters, peers that go.

use tidegate_integration::harness::{Call, DEADLINE, Data, Raw, Wire, until};

use super::world::World;
use super::{Row, Seen};

/// A GET on `web` that Tidegate answers itself: flag, reason, path, object.
const ASKED: [(&str, &str, &str, &str); 13] = [
    ("NR", "no-route", "/nowhere", "listener default/web"),
    ("NC", "invalid-backend", "/unknown", "route default/unknown"),
    ("NC", "no-backend", "/weightless", "route default/weightless"),
    ("UH", "no-endpoint", "/empty", "cluster default/empty"),
    ("UF", "connect-failure", "/down", "cluster default/down"),
    ("UT", "request-timeout", "/slow", "route default/slow"),
    ("UT", "backend-timeout", "/try", "route default/try"),
    ("UC", "upstream-reset", "/reset", "cluster default/reset"),
    ("UPE", "unasked-upgrade", "/switching", "cluster default/switching"),
    ("DPE", "invalid-rewrite", "/rewritten/a/..", "route default/rewritten"),
    ("-", "redirect", "/moved", "route default/moved"),
    ("-", "direct-response", "/direct", "route default/direct"),
    ("RL", "rate-limited", "/limited", "route default/limited"),
];

pub(super) fn rows() -> Vec<Row> {
    let asked = ASKED.into_iter().flat_map(|(flag, reason, path, object)| {
        [Wire::H1, Wire::H2].map(|wire| {
            Row::new(flag, reason, object, move |world| {
                Call::get(world.address("web"), wire, path).receiver.whole().into()
            })
        })
    });
    asked.chain(of_clients()).chain(of_limits()).collect()
}

fn of_clients() -> Vec<Row> {
    let hasty = |flag, reason, provoke: fn(Raw) -> Seen| {
        Row::new(flag, reason, "listener default/hasty", move |world| {
            provoke(world.connect("hasty"))
        })
    };
    vec![
        Row::new("DPE", "upgrade-refused", "listener default/web", |world| {
            world
                .connect("web")
                .ask("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n")
                .into()
        }),
        Row::new("DC", "client-gone", "listener default/hasty", |world| {
            let call = Call::get(world.address("hasty"), Wire::H1, "/silent");
            busy(world, "silent");
            call.abort();
            Seen::End
        }),
        hasty("DT", "request-head-timeout", |mut client| {
            client.ask("GET", "GET /ok HTTP/1.1\r\nHost: a\r\n").into()
        }),
        hasty("DT", "request-body-stall", |mut client| {
            client
                .ask("POST", "POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
                .into()
        }),
        hasty("DT", "write-stall", |mut client| {
            client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
            // Some of the answer is there, and nobody reads on until it is cut.
            assert!(client.read_until(DEADLINE, |bytes| !bytes.is_empty()));
            std::mem::forget(client);
            Seen::End
        }),
        Row::new("SI", "stream-idle", "listener default/hasty", |world| {
            let mut call = Call::get(world.address("hasty"), Wire::H1, "/half");
            assert_eq!(call.receiver.head().0, 200);
            assert_eq!(call.receiver.count(), (4, Data::Cut));
            Seen::End
        }),
        hasty("SI", "tunnel-idle", |mut client| {
            client.send("GET /socket HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
            assert!(client.ends(DEADLINE));
            assert!(client.received.starts_with(b"HTTP/1.1 101 "), "{:?}", client.received);
            Seen::End
        }),
    ]
}

fn of_limits() -> Vec<Row> {
    vec![
        Row::new("UO", "cluster-limit", "cluster default/full", |world| {
            let first = Call::get(world.address("web"), Wire::H1, "/full");
            busy(world, "full");
            let seen = Call::get(world.address("web"), Wire::H1, "/full")
                .receiver
                .whole()
                .into();
            drop(first);
            seen
        }),
        Row::new("OM", "listener-connection-limit", "listener default/few", |world| {
            one_too_many(world.address("few"))
        })
        .not_logged(),
        Row::new("OM", "process-connection-limit", "process", |world| {
            one_too_many(world.tight.address())
        })
        .not_logged(),
    ]
}

/// Waits until the cluster has one request.
fn busy(world: &World, cluster: &str) {
    let sample = format!("tidegate_upstream_requests_active{{cluster=\"default/{cluster}\"}}");
    until(&format!("a request to be at {cluster}"), || {
        (world.proxy.metric(&sample) == Some(1.0)).then_some(())
    });
}

/// A second connection beside one that is served.
fn one_too_many(address: std::net::SocketAddr) -> Seen {
    let mut first = Raw::connect(address);
    assert_eq!(first.get("/ok").head.status(), Some(200));
    let mut second = Raw::connect(address);
    assert!(second.ends(DEADLINE) && second.received.is_empty());
    Seen::End
}
