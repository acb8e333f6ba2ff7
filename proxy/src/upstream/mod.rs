//! Upstreams as a worker sees them: which endpoint takes a request, over which connection.

mod balance;
mod connect;
mod pool;
mod slot;
mod tries;

pub(crate) use balance::draw;
pub use connect::{Lease, Wish, lease};
pub(crate) use pool::Permit;
pub use pool::{ClusterPool, Origin, Pools, Try};
pub use slot::Slot;
pub(crate) use tries::Interims;
pub use tries::{Again, Failed};
#[cfg(test)]
pub(crate) use tries::{TRIES, TRIES_ELSEWHERE};
