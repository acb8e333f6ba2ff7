//! http.client, httpx and grpcio.

use crate::peers::{Server, before_both, cached, proxy, root, run};

fn script() -> String {
    root().join("integration/peers/python/clients.py").display().to_string()
}

#[test]
fn http_client() {
    before_both(|address| drop(run(cached("venv/bin/python"), &[&script(), "http", address])));
}

#[test]
fn httpx() {
    before_both(|address| drop(run(cached("venv/bin/python"), &[&script(), "httpx", address])));
}

#[test]
fn grpcio_makes_every_kind_of_call() {
    let server = Server::start(cached("venv/bin/python"), &[&script(), "grpc-server"]);
    let proxy = proxy(server.address, "http2");
    run(
        cached("venv/bin/python"),
        &[&script(), "grpc", &proxy.address().to_string()],
    );
}
