//! What configuration composes on a route: filters, one a file, from the typed form of `tidegate-config`.
//!
//! A filter is data. It is compiled once, so that at request time nothing is parsed or looked up by name; it sees the
//! head of a message and a [`FilterCx`], never who serves it; it lets the request go on or answers it ([`Answer`]).
//! A [`Chain`] is the filters of a rule or backend in their fixed order. None of them waits, so none is `async`.
//!
//! [`FilterLayer`] makes a chain or any one filter a Tower layer, for servers that are not Tidegate:
//!
//! ```
//! use http::{Request, Response};
//! use tidegate_config::{FilterSpec, HeaderEdits};
//! use tidegate_filters::{Clock, Filter, FilterLayer, Limiters};
//! use tower::{Layer, Service};
//!
//! let edits = HeaderEdits { set: vec![("x-env".parse()?, "beta".parse()?)], ..HeaderEdits::default() };
//! let filter = Filter::compile(&FilterSpec::RequestHeaders(edits), &Limiters::new(Clock::system()), "docs");
//! let echo = tower::util::service_fn(|request: Request<()>| async move {
//!     Ok::<_, std::convert::Infallible>(Response::new(bytes::Bytes::copy_from_slice(request.headers()["x-env"].as_bytes())))
//! });
//! let mut service = FilterLayer::new(filter).layer(echo);
//! let answer = service.call(Request::new(()));
//! # let mut answer = std::pin::pin!(answer);
//! # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
//! # let std::task::Poll::Ready(Ok(answer)) = answer.as_mut().poll(&mut cx) else { panic!() };
//! assert_eq!(answer.body(), "beta");
//! # Ok::<(), tidegate_config::ValueError>(())
//! ```

#![warn(missing_docs, clippy::missing_errors_doc, clippy::missing_panics_doc)]

mod answer;
mod chain;
mod cx;
mod direct_response;
mod headers;
mod layer;
mod path;
mod rate_limit;
mod redirect;
mod rewrite;
#[cfg(test)]
mod testing;

pub use self::answer::{Answer, By, Reason};
pub use self::chain::{BackendEdits, Chain, Filter};
pub use self::cx::FilterCx;
pub use self::direct_response::DirectResponse;
pub use self::headers::HeaderEdits;
pub use self::layer::{Client, FilterLayer, FilterService, ResponseFuture};
pub use self::rate_limit::{Clock, Limiter, Limiters, MAX_KEYS, RateLimit};
pub use self::redirect::Redirect;
pub use self::rewrite::Rewrite;
