//! What Tidegate counts and says about its work: cells that workers write, the Prometheus text that admin serves, the
//! access logs, the log of the process itself.

mod access_log;
pub(crate) mod families;
pub mod logging;
pub mod prometheus;
mod refusals;
mod stats;
mod system;

pub use access_log::{AccessLog, AccessLogs, Quotes};
pub use refusals::{Counts, Refusals};
pub use stats::{ClusterStats, EndpointStats, Histogram, LATENCY_BOUNDS_MICROS, ListenerStats, RouteStats};
pub(crate) use system::System;
