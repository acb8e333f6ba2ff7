//! Hostile and odd HTTP/1.1 messages in both directions, each with the section of the RFC that it tests.
//!
//! The judge is a raw upstream that records every byte: either it saw nothing, or exactly the requests that the row
//! says, each well-formed by the strictest reading. What the client saw (status, whether the connection was closed)
//! comes second. Sections are of RFC 9110 and 9112; `promise N` is a promise of Tidegate's own that is stricter.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "wall time and real sockets are the subject"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod answers;
mod chunked;
mod connection;
mod fields;
mod framing;
mod host;
mod limits;
mod paths;
mod pipelining;
mod request_line;
mod table;
