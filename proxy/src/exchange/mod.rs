//! The request's world: what moves through the stack while one request is served, and what comes back.
//!
//! An [`Exchange`] is one box that goes down the stack with the request. What must outlive a try that was dropped (a
//! timeout drops the try together with its exchange) is the [`Record`], shared by the exchange and the driver that writes
//! the answer; it reports when the last of them lets go, so that cancelled requests count, too.
//!
//! Canonical form of a message in here, whichever protocol it came by: the URI is in origin form (authority form for
//! CONNECT, `*` for OPTIONS), `Host` holds the authority, hop-by-hop fields are gone, `content-length` stands as received.

mod answer;
mod body;
mod connection;
mod error;
mod fields;
mod io;
mod kind;
mod object;
mod record;

use std::rc::Rc;
use std::sync::Arc;

pub use answer::{Answer, Tunnel, TunnelIo};
pub use body::{Body, Frame};
pub use connection::{Connection, Protocol};
pub use error::Error;
pub(crate) use fields::remove_all;
pub use io::Io;
#[cfg(test)]
pub(crate) use kind::KINDS;
pub use kind::{Flag, Kind, Side};
pub use object::{Met, Object};
pub use record::{Logged, Quoted, Record};

use crate::live::{Rule, Tables};
use crate::worker::Worker;

#[derive(Debug)]
pub struct Exchange {
    pub head: http::request::Parts,
    pub body: Body,
    pub connection: Arc<Connection>,
    pub record: Rc<Record>,
    /// The configuration this request began with; it keeps it whatever is swapped in meanwhile.
    pub tables: Arc<Tables>,
    /// The rule that matched, once routed.
    pub rule: Option<Arc<Rule>>,
    /// The protocol the client asks to switch to.
    pub upgrade: Option<http::HeaderValue>,
    /// Where 1xx answers go; `None` for a client that cannot take them (HTTP/1.0).
    pub interim: Option<Rc<dyn Interim>>,
    pub worker: Rc<Worker>,
}

/// Passes 1xx answers on to the client before the final one.
pub trait Interim: std::fmt::Debug {
    fn send(&self, head: http::response::Parts);
}
