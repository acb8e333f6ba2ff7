//! The fixed stack that every request passes, a layer a file, outermost first:
//!
//! | layer | does |
//! | --- | --- |
//! | [`observe`] | turns a failure into an answer and notes what was sent |
//! | [`annotate`] | X-Forwarded-*, request id, `Via` of the request |
//! | [`route`] | finds the rule |
//! | [`filters`] | the rule's filters, which may answer; on the way back `Server`, `Via` and edits of the answer |
//! | [`timeout`] | the limit of the whole request |
//! | [`balance`] | backend by weight, its edits, endpoint by load |
//! | [`connect`] | a connection, the request on it, again if that was safe |
//!
//! Layers hold no state and are composed once into one type; policy comes with the rule, a worker's state with the
//! exchange. `poll_ready` is always ready: admission is decided per request, where the rule is known.

mod annotate;
mod balance;
mod connect;
mod early;
mod filters;
mod generated;
mod observe;
mod route;
mod timeout;
mod tunnel;

pub use annotate::annotate_request;
pub use generated::generated;
#[cfg(test)]
pub(crate) use tunnel::FAREWELL;
pub use tunnel::{Client, tunnel};

use self::annotate::Annotate;
use self::balance::Balance;
use self::connect::Connect;
use self::filters::Filters;
use self::observe::Observe;
use self::route::Match;
use self::timeout::Timeout;

pub type Stack<S = Connect> = Observe<Annotate<Match<Filters<Timeout<Balance<S>>>>>>;

/// The stack, ready to be copied for each request.
pub fn stack() -> Stack {
    stack_on(Connect)
}

/// The same on something else than the upstreams.
pub fn stack_on<S>(innermost: S) -> Stack<S> {
    Observe::new(Annotate::new(Match::new(Filters::new(Timeout::new(Balance::new(
        innermost,
    ))))))
}
