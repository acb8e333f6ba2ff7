//! The test harness: a real proxy process, an upstream that records every byte, a client that sends any byte, and a
//! strict reading of HTTP/1.1 that judges what both saw.
//!
//! It never sleeps and hopes: everything that takes time is waited for with a deadline. A broken expectation panics,
//! which is how a test fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test, and its message the report"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "wall time and real sockets are the subject"
)]

mod call;
mod folder;
pub mod message;
mod origin;
mod proxy;
mod raw;
mod recorder;
mod stream;
mod wait;

pub use call::{Answer, Call, Receiver, Sender};
pub use folder::Folder;
pub use origin::{Origin, Served};
pub use proxy::{Proxy, Signal, binary};
pub use raw::{End, Raw};
pub use recorder::{Conn, Recorded, Recorder};
pub use stream::{Data, Wire};
pub use wait::{DEADLINE, until};
