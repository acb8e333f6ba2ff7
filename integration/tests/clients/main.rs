//! Real clients through Tidegate, and real gRPC servers behind it: curl, nghttp and h2load; Python's http.client, httpx
//! and grpcio; Go's net/http and grpc-go; h2spec against its HTTP/2; Prometheus' own reading of its metrics; and
//! Chromium, which opens the admin page.
//!
//! `integration/install.sh` brings what is missing; it runs once before the first of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "wall time and real sockets are the subject"
)]

mod admin_page;
mod browser;
mod conformance;
mod go;
mod peers;
mod python;
mod shell;
