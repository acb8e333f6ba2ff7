//! HTTP/2, both sides, by the `h2` crate over an IO of our own.
//!
//! The crate keeps the protocol's state; here is what it leaves to its user: writes that are collected and made once a
//! poll ([`io`]), floods ([`frames`]), the canonical form of a request ([`head`]), bodies in both directions with flow
//! control end to end ([`pump`], [`body`]), timers, drain, and the map of reset codes ([`reason`]). Not for tunnels:
//! CONNECT is refused.

mod body;
mod client;
mod frames;
mod head;
mod io;
mod kept;
mod pump;
mod reason;
mod server;
mod settings;
mod stream;

pub use body::RequestBody;
#[cfg(test)]
pub(crate) use client::WRITE_STALL;
pub use client::{Failure, Handle, ResponseBody, connect};
#[cfg(test)]
pub(crate) use server::TIME_TO_GO;
pub use server::serve;
#[cfg(test)]
pub(crate) use settings::FLOOD_WINDOW;
pub use settings::Settings;

#[cfg(test)]
mod tests;
