//! From a socket to a served connection, in named steps: accept, admit (limits), deal (which worker), detect (which
//! protocol), serve.

mod accept;
mod admit;
mod bind;
mod deal;
mod detect;
mod gate;
mod ports;

pub use accept::{Place, accept, serve};
pub use admit::Admission;
#[cfg(test)]
pub(crate) use bind::BACKLOG;
pub use bind::{BindError, bind};
pub use deal::Loads;
pub use gate::{Gate, GateId};
pub use ports::{Plan, Ports};
