//! net/http and grpc-go.

use crate::peers::{Server, before_both, cached, proxy, root, run};

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

#[test]
fn the_peers_are_well_formed() {
    cached("bin/peers");
    let said = run(
        "gofmt",
        &["-l", &root().join("integration/peers/go").display().to_string()],
    );
    assert_eq!(said, "");
}
