//! net/http, grpc-go, and Prometheus' parser and lints.

use tidegate_integration::harness::{Wire, until};

use crate::peers::{Server, before_both, cached, origin, proxy, root, run};

#[test]
fn net_http() {
    before_both(|address| drop(run(cached("bin/peers"), &["http", address])));
}

#[test]
fn net_http_by_http2() {
    before_both(|address| drop(run(cached("bin/peers"), &["h2c", address])));
}

/// The cases of gRPC's own interoperability suite.
#[test]
fn grpc_go_to_itself() {
    let server = Server::start(cached("bin/peers"), &["grpc-server"]);
    let proxy = proxy(server.address, "http2");
    run(cached("bin/peers"), &["grpc", &proxy.address().to_string()]);
}

/// Whatever the metrics are about, Prometheus reads them, and has nothing to say against their names.
#[test]
fn prometheus_reads_the_metrics() {
    let origin = origin(Wire::H1);
    let proxy = proxy(origin.address, origin.protocol());
    for path in ["/", "/a%2Fb"] {
        proxy.connect().get(path);
    }
    until("a refusal to be counted", || {
        (proxy.refusals("DPE", "encoded-slash") == 1.0).then_some(())
    });
    run(cached("bin/peers"), &["metrics", &proxy.admin().to_string()]);
}

#[test]
fn the_peers_are_well_formed() {
    cached("bin/peers");
    let said = run(
        "gofmt",
        &["-l", &root().join("integration/peers/go").display().to_string()],
    );
    assert_eq!(said, "");
}
