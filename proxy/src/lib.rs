//! The data plane of Tidegate: takes HTTP/1.1 and HTTP/2, decides by configuration where a request goes, and reports
//! what it did. `ARCHITECTURE.md` at the root of the repository draws the path of a request through these modules.
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "a test is the outside world"
    )
)]

pub mod admin;
pub mod cli;
#[cfg(test)]
mod docs;
pub mod exchange;
pub mod explain;
pub mod http1;
pub mod http2;
pub mod listener;
pub mod live;
pub mod router;
pub mod secret;
pub mod serve;
pub mod telemetry;
pub mod upstream;
pub mod worker;
