//! A chain as a Tower layer, for servers that are not Tidegate.
//!
//! It is thin: the chain itself works on heads alone, and what it cannot know there comes by a [`Client`] that the server
//! puts into the request's extensions. Nothing is boxed; an answer of the chain's becomes a body of the inner service's
//! type.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, uri};
use pin_project_lite::pin_project;
use tidegate_config::Scheme;
use tower::{Layer, Service};

use crate::{Answer, Chain, Filter, FilterCx};

/// Runs a chain around any service.
#[derive(Clone, Debug)]
pub struct FilterLayer(Arc<Chain>);

/// What [`FilterLayer`] makes of a service.
#[derive(Clone, Debug)]
pub struct FilterService<S> {
    inner: S,
    chain: Arc<Chain>,
}

/// Who asks and where, as a request's extension. Without it all clients are counted as one (0.0.0.0), the scheme is that
/// of the URI or http, and the port the scheme's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Client {
    /// Whose request it is.
    pub address: IpAddr,
    /// The scheme that it came by.
    pub scheme: Scheme,
    /// The port that it came to.
    pub port: u16,
}

impl FilterLayer {
    /// A layer of one filter.
    pub fn new(filter: Filter) -> Self {
        Chain::new(vec![filter]).into()
    }
}

impl From<Chain> for FilterLayer {
    fn from(chain: Chain) -> Self {
        Self(Arc::new(chain))
    }
}

impl<S> Layer<S> for FilterLayer {
    type Service = FilterService<S>;

    fn layer(&self, inner: S) -> FilterService<S> {
        FilterService {
            inner,
            chain: Arc::clone(&self.0),
        }
    }
}

impl<S, B, R> Service<Request<B>> for FilterService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let cx = circumstances(&head);
        let state = match self.chain.on_request(&mut head, &cx) {
            ControlFlow::Continue(()) => State::Passed {
                inner: self.inner.call(Request::from_parts(head, body)),
                chain: Arc::clone(&self.chain),
            },
            ControlFlow::Break(answer) => State::Answered {
                response: Some(self.response(*answer)),
            },
        };
        ResponseFuture { state }
    }
}

impl<S> FilterService<S> {
    fn response<R: From<Bytes>>(&self, answer: Answer) -> Response<R> {
        let mut response = Response::new(answer.body.into());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        self.chain.on_response(response.headers_mut());
        response
    }
}

/// Servers that nest services strip what matched; of the path that is left, nothing is covered.
fn circumstances(head: &Parts) -> FilterCx {
    let client = head.extensions.get().copied().unwrap_or_else(|| {
        let scheme = match head.uri.scheme() == Some(&uri::Scheme::HTTPS) {
            true => Scheme::Https,
            false => Scheme::Http,
        };
        Client {
            address: Ipv4Addr::UNSPECIFIED.into(),
            scheme,
            port: scheme.default_port(),
        }
    });
    FilterCx {
        client: client.address,
        scheme: client.scheme,
        port: client.port,
        matched: 0,
    }
}

pin_project! {
    /// The answer of [`FilterService`].
    #[derive(Debug)]
    pub struct ResponseFuture<F, R> {
        #[pin]
        state: State<F, R>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = Projection]
    enum State<F, R> {
        Answered { response: Option<Response<R>> },
        Passed { #[pin] inner: F, chain: Arc<Chain> },
    }
}

impl<F, R, E> Future for ResponseFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projection::Answered { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                // Polled again after it was ready, which no caller does.
                None => Poll::Pending,
            },
            Projection::Passed { inner, chain } => {
                let mut response = ready!(inner.poll(cx))?;
                chain.on_response(response.headers_mut());
                Poll::Ready(Ok(response))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::pin;
    use std::task::Waker;

    use tower::ServiceBuilder;

    use super::*;
    use crate::testing::{chain, specs};
    use crate::{Clock, Limiters};

    /// An inner service that tells what it got.
    #[derive(Clone)]
    struct Tell;

    impl Service<Request<()>> for Tell {
        type Response = Response<Bytes>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Bytes>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<()>) -> Self::Future {
            let told = format!("{} {:?}", request.uri(), request.headers().get("x-added"));
            let mut response = Response::new(Bytes::from(told));
            response
                .headers_mut()
                .insert("x-inner", http::HeaderValue::from_static("1"));
            std::future::ready(Ok(response))
        }
    }

    fn call<S, F>(service: &mut S, request: Request<()>) -> Response<Bytes>
    where
        S: Service<Request<()>, Response = Response<Bytes>, Error = Infallible, Future = F> + Clone + Send,
        F: Future<Output = Result<Response<Bytes>, Infallible>> + Send,
    {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut cx).is_ready());
        match pin!(service.call(request)).poll(&mut cx) {
            Poll::Ready(Ok(response)) => response,
            Poll::Pending => panic!("nothing waits here"),
        }
    }

    fn get(uri: &str) -> Request<()> {
        Request::get(uri).header("host", "a.test").body(()).unwrap()
    }

    /// Each kind alone, as a layer.
    #[test]
    fn every_filter_is_a_layer() {
        for (filter, status, header, body) in [
            (
                "{ requestHeaders: { set: { x-added: a } } }",
                200,
                ("x-inner", "1"),
                "/p?q Some(\"a\")",
            ),
            (
                "{ responseHeaders: { set: { x-out: b } } }",
                200,
                ("x-out", "b"),
                "/p?q None",
            ),
            (
                "{ rewrite: { path: { full: /new } } }",
                200,
                ("x-inner", "1"),
                "/new?q None",
            ),
            (
                "{ redirect: { scheme: https } }",
                302,
                ("location", "https://a.test/p?q"),
                "",
            ),
            (
                "{ directResponse: { status: 418, body: tea } }",
                418,
                ("content-length", "3"),
                "tea",
            ),
            (
                "{ rateLimit: { requests: 1, per: 1h } }",
                200,
                ("x-inner", "1"),
                "/p?q None",
            ),
        ] {
            let limiters = Limiters::new(Clock::system());
            let spec = specs(&format!("[{filter}]")).remove(0);
            let layer = FilterLayer::new(Filter::compile(&spec, &limiters, "test"));
            let response = call(&mut layer.layer(Tell), get("/p?q"));
            assert_eq!(response.status().as_u16(), status, "{filter}");
            assert_eq!(response.headers()[header.0], header.1, "{filter}");
            assert_eq!(response.body(), body, "{filter}");
        }
    }

    #[test]
    fn layers_stack_and_clones_share_their_counts() {
        let layer = || FilterLayer::from(chain("[{ rateLimit: { requests: 2, per: 1h, key: clientIp } }]"));
        let edits = FilterLayer::from(chain("[{ responseHeaders: { remove: [x-inner] } }]"));
        let mut service = ServiceBuilder::new().layer(edits).layer(layer()).service(Tell);
        let mut other = service.clone();
        let asked = |address: &str| {
            let mut request = get("/");
            request.extensions_mut().insert(Client {
                address: address.parse().unwrap(),
                scheme: Scheme::Https,
                port: 443,
            });
            request
        };
        for status in [200, 200, 429] {
            let response = call(&mut service, asked("192.0.2.1"));
            assert_eq!(response.status().as_u16(), status);
            assert!(!response.headers().contains_key("x-inner"));
        }
        assert_eq!(call(&mut other, asked("192.0.2.1")).status().as_u16(), 429);
        assert_eq!(call(&mut other, asked("192.0.2.2")).status().as_u16(), 200);
    }

    #[test]
    fn who_asks_is_taken_from_the_extension_or_the_uri() {
        let mut service = FilterLayer::from(chain("[{ redirect: { host: b.test } }]")).layer(Tell);
        let mut request = get("/");
        request.extensions_mut().insert(Client {
            address: Ipv4Addr::LOCALHOST.into(),
            scheme: Scheme::Https,
            port: 8443,
        });
        assert_eq!(
            call(&mut service, request).headers()["location"],
            "https://b.test:8443/"
        );
        assert_eq!(call(&mut service, get("/")).headers()["location"], "http://b.test/");
        let secure = get("https://a.test/");
        assert_eq!(call(&mut service, secure).headers()["location"], "https://b.test/");
    }
}
