//! What Tidegate does with good messages, slow peers and broken connections: in every pairing of HTTP/1.1 and HTTP/2
//! where both can do it, else on HTTP/1.1.
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

mod access_log;
mod admin;
mod annotate;
mod balance;
mod check;
mod commands;
mod drain;
mod filters;
mod floods;
mod flow;
mod generated;
mod half_close;
mod http1;
mod http2;
mod limits;
mod notify;
mod pairs;
mod race;
mod reasons;
mod reload;
mod routing;
mod secrets;
mod setup;
mod timeouts;
mod tunnels;
