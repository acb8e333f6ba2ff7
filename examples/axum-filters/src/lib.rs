//! Two of Tidegate's filters on an axum server: a rate limit for each client, and headers of the answers.
//!
//! A filter is what the configuration of a route would say, built by hand and compiled once. As a Tower layer it goes on
//! anything that takes one. What axum knows of the connection becomes the [`Client`] that filters look for.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use tidegate_config::{FilterSpec, HeaderEdits, RateKey, RateLimit, Scheme, ValueError};
use tidegate_filters::{Client, Clock, Filter, FilterLayer, Limiters};
use tower::ServiceBuilder;

/// How many requests of one client pass in a minute.
pub const PER_MINUTE: NonZeroU32 = NonZeroU32::new(3).unwrap();

/// A server that says hello, with its filters.
///
/// # Errors
///
/// When a header that is written here is none.
pub fn app() -> Result<Router, ValueError> {
    let limit = FilterSpec::RateLimit(RateLimit {
        requests: PER_MINUTE,
        per: Duration::from_secs(60),
        burst: PER_MINUTE,
        key: RateKey::ClientIp,
    });
    let edits = FilterSpec::ResponseHeaders(HeaderEdits {
        set: vec![("x-content-type-options".parse()?, "nosniff".parse()?)],
        ..HeaderEdits::default()
    });
    let limiters = Limiters::new(Clock::system());
    let layer = |spec| FilterLayer::new(Filter::compile(spec, &limiters, "hello"));
    let filters = ServiceBuilder::new()
        .layer(from_fn(who_asks))
        // Outside the limit, so that a refusal has the header, too.
        .layer(layer(&edits))
        .layer(layer(&limit));
    Ok(Router::new().route("/hello", get(async || "hello\n")).layer(filters))
}

/// Tells the filters whose request it is.
async fn who_asks(mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        request.extensions_mut().insert(Client {
            address: peer.ip(),
            scheme: Scheme::Http,
            port: 3000,
        });
    }
    next.run(request).await
}
