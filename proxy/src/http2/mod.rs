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
mod pump;
mod reason;
mod server;
mod settings;
mod stream;

pub use body::RequestBody;
pub use client::{Failure, Handle, ResponseBody, connect};
pub use server::serve;
pub use settings::Settings;

#[cfg(test)]
mod tests;
