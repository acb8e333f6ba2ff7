//! Configuration as compiled: what workers serve by. Built from a snapshot by [`compile()`], immutable afterwards; objects
//! that a change does not touch keep their `Arc` and with it counters and pools.

mod compile;
mod graveyard;
mod process;
mod reload;
mod status;
mod tables;

pub use compile::{Compiled, RuleFilters, SideTable, compile};
pub use process::{Process, Readiness};
pub use reload::{Reloader, StartError};
pub use status::{ConfigStatus, ObjectState, Reloads};
pub use tables::{
    Backend, Cluster, Endpoint, HttpOptions, Listener, ListenerTimeouts, Route, Routing, Rule, ServerField, Tables, Via,
};
