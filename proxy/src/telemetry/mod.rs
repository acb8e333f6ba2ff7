//! What Tidegate counts and says about its work: cells that workers write, the Prometheus text that admin serves, the
//! access logs, the log of the process itself.

mod access_log;
mod families;
pub mod logging;
pub mod prometheus;
mod stats;
mod system;

pub use access_log::{AccessLog, AccessLogs, Quotes};
pub use stats::{ClusterStats, Histogram, LATENCY_BOUNDS_MICROS, ListenerStats, Refusals, RouteStats};
