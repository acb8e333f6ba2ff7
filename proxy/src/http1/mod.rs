//! The HTTP/1.1 codec, without I/O: bytes in, heads and bodies out, and the way back.
//!
//! It knows only the strict subset of RFC 9110 and RFC 9112 that has one meaning to every reader (docs/wire.md, promises 1
//! and 2): what another parser could cut or read differently is refused with a [`Reason`], never repaired. Sockets,
//! timers and buffers belong to the drivers.
//!
//! The way of a head: [`Scan`] finds where its lines end, `head` cuts them into their parts, `fields` keeps, notes or
//! strips each field by the role that `names` gives it, `target` and `path` make the URI, and `request` or `response`
//! judges the whole. `httparse` is not in it: its lenience (bare LF, leading empty lines) had to be looked for again
//! after it, and with that the same tokens took 1.7 times the instructions.
//!
//! Inside Tidegate a message has one form, whichever protocol brought it: `uri` is the path and query alone (the
//! authority for CONNECT, `*` for OPTIONS), `host` always holds the authority, hop-by-hop fields are gone and their
//! meaning stands in the head's own members, `content-length` is there only when it is valid, and once.
//!
//! The invariant: any way of cutting the same bytes into pieces gives the same messages.

mod authority;
mod body;
mod client;
mod encode;
mod feeds;
mod fields;
mod head;
mod limits;
mod names;
pub mod path;
mod reject;
mod request;
mod response;
mod scan;
mod server;
mod session;
mod target;
mod transport;

pub use authority::{Authority, InvalidAuthority};
pub use body::{BodyLength, Decoded, Decoder, EncodeError, Encoder};
pub use client::{ClientConnection, ResponseBody};
pub use encode::{RequestOptions, ResponseOptions, encode_request_head, encode_response_head};
pub use fields::OriginalNames;
pub use limits::{Limits, MAX_FIELDS, Underscores};
pub(crate) use names::{is_hop, is_trailer};
pub use reject::{Peer, Reason, Reject};
#[cfg(test)]
pub(crate) use request::METHOD_BYTES;
pub use request::{RequestHead, parse_request};
pub use response::{ResponseHead, parse_response};
pub use scan::Scan;
pub(crate) use server::{LEFTOVER_BYTES, LINGER_TIME};
pub use server::{refuse, serve};
pub use session::RequestBody;
pub use session::Session;
#[cfg(test)]
pub(crate) use transport::PIPELINED;
pub(crate) use transport::Transport;
