//! The filters of a rule or backend, compiled, in the order in which they run.

use std::ops::ControlFlow;

use http::HeaderMap;
use http::request::Parts;
use tidegate_config::{FilterKind, FilterSpec};

use crate::{Answer, DirectResponse, FilterCx, HeaderEdits, Limiters, RateLimit, Redirect, Rewrite};

/// Filters in the fixed order of [`FilterKind`], among equals in the order given.
#[derive(Debug, Default)]
pub struct Chain(Box<[Filter]>);

/// The filters of a backend: edits of the headers of what goes there and comes back. They cannot answer.
#[derive(Debug, Default)]
pub struct BackendEdits {
    request: Box<[HeaderEdits]>,
    response: Box<[HeaderEdits]>,
}

/// A filter as compiled.
#[derive(Debug)]
pub enum Filter {
    /// `rateLimit`
    RateLimit(RateLimit),
    /// `redirect`
    Redirect(Redirect),
    /// `directResponse`
    DirectResponse(DirectResponse),
    /// `requestHeaders`
    RequestHeaders(HeaderEdits),
    /// `responseHeaders`
    ResponseHeaders(HeaderEdits),
    /// `rewrite`
    Rewrite(Rewrite),
}

impl Chain {
    /// Puts the filters in their order.
    pub fn new(mut filters: Vec<Filter>) -> Self {
        // Stable: equals keep the order written.
        filters.sort_by_key(Filter::kind);
        Self(filters.into())
    }

    /// Whether it does nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Changes the request, until a filter answers it.
    #[inline]
    pub fn on_request(&self, head: &mut Parts, cx: &FilterCx) -> ControlFlow<Box<Answer>> {
        for (position, filter) in self.0.iter().enumerate() {
            if let ControlFlow::Break(mut answer) = filter.on_request(head, cx) {
                answer.by.position = position;
                return ControlFlow::Break(answer);
            }
        }
        ControlFlow::Continue(())
    }

    /// Changes the headers of an answer, whoever gave it.
    #[inline]
    pub fn on_response(&self, headers: &mut HeaderMap) {
        for filter in &self.0 {
            filter.on_response(headers);
        }
    }
}

impl BackendEdits {
    /// Compiles those of `specs` that may stand on a backend, which are all that `config` admits there.
    pub fn compile<'a>(specs: impl IntoIterator<Item = &'a FilterSpec>) -> Self {
        let (mut request, mut response) = (Vec::new(), Vec::new());
        for spec in specs {
            match spec {
                FilterSpec::RequestHeaders(edits) => request.push(HeaderEdits::compile(edits)),
                FilterSpec::ResponseHeaders(edits) => response.push(HeaderEdits::compile(edits)),
                FilterSpec::RateLimit(_)
                | FilterSpec::Rewrite(_)
                | FilterSpec::Redirect(_)
                | FilterSpec::DirectResponse(_) => {}
            }
        }
        Self {
            request: request.into(),
            response: response.into(),
        }
    }

    /// Changes the headers of a request that goes there.
    pub fn on_request(&self, headers: &mut HeaderMap) {
        self.request.iter().for_each(|edits| edits.apply(headers));
    }

    /// Changes the headers of an answer that comes back.
    pub fn on_response(&self, headers: &mut HeaderMap) {
        self.response.iter().for_each(|edits| edits.apply(headers));
    }
}

impl Filter {
    /// Compiles `spec`. A rate limit counts under `id` in `limiters`: together with whoever else said so with the same
    /// numbers.
    pub fn compile(spec: &FilterSpec, limiters: &Limiters, id: &str) -> Self {
        match spec {
            FilterSpec::RateLimit(limit) => Self::RateLimit(RateLimit::new(limiters.obtain(id, limit))),
            FilterSpec::Redirect(redirect) => Self::Redirect(Redirect::compile(redirect)),
            FilterSpec::DirectResponse(response) => Self::DirectResponse(DirectResponse::compile(response)),
            FilterSpec::RequestHeaders(edits) => Self::RequestHeaders(HeaderEdits::compile(edits)),
            FilterSpec::ResponseHeaders(edits) => Self::ResponseHeaders(HeaderEdits::compile(edits)),
            FilterSpec::Rewrite(rewrite) => Self::Rewrite(Rewrite::compile(rewrite)),
        }
    }

    /// Which of the filters it is.
    pub const fn kind(&self) -> FilterKind {
        match self {
            Self::RateLimit(_) => FilterKind::RateLimit,
            Self::Redirect(_) => FilterKind::Redirect,
            Self::DirectResponse(_) => FilterKind::DirectResponse,
            Self::RequestHeaders(_) => FilterKind::RequestHeaders,
            Self::ResponseHeaders(_) => FilterKind::ResponseHeaders,
            Self::Rewrite(_) => FilterKind::Rewrite,
        }
    }

    /// Changes the request, or answers it.
    #[inline]
    pub fn on_request(&self, head: &mut Parts, cx: &FilterCx) -> ControlFlow<Box<Answer>> {
        match self {
            Self::RateLimit(limit) => return limit.on_request(head, cx),
            Self::Redirect(redirect) => return ControlFlow::Break(redirect.answer(head, cx)),
            Self::DirectResponse(response) => return ControlFlow::Break(response.answer()),
            Self::RequestHeaders(edits) => edits.apply(&mut head.headers),
            Self::Rewrite(rewrite) => return rewrite.on_request(head, cx),
            Self::ResponseHeaders(_) => {}
        }
        ControlFlow::Continue(())
    }

    /// Changes the headers of an answer.
    #[inline]
    pub fn on_response(&self, headers: &mut HeaderMap) {
        match self {
            Self::ResponseHeaders(edits) => edits.apply(headers),
            Self::RateLimit(_)
            | Self::Redirect(_)
            | Self::DirectResponse(_)
            | Self::RequestHeaders(_)
            | Self::Rewrite(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::testing::{chain, cx, head, specs};
    use crate::{By, Reason};

    #[test]
    fn kinds_run_in_their_order_and_equals_in_the_order_written() {
        let chain = chain(
            "[{ rewrite: { host: up.test } }, { requestHeaders: { add: { x-n: one } } }, \
             { responseHeaders: { set: { x-a: one } } }, { requestHeaders: { add: { x-n: two } } }, \
             { responseHeaders: { set: { x-a: two } } }, { rateLimit: { requests: 9, per: 1s } }]",
        );
        let kinds: Vec<_> = chain.0.iter().map(|filter| filter.kind().as_str()).collect();
        assert_eq!(
            kinds,
            [
                "rateLimit",
                "requestHeaders",
                "requestHeaders",
                "responseHeaders",
                "responseHeaders",
                "rewrite"
            ]
        );
        let mut head = head("/a");
        assert!(chain.on_request(&mut head, &cx()).is_continue());
        let added: Vec<_> = head.headers.get_all("x-n").iter().collect();
        assert_eq!(added, ["one", "two"]);
        assert_eq!(head.headers["host"], "up.test");
        let mut answer = HeaderMap::new();
        chain.on_response(&mut answer);
        assert_eq!(answer["x-a"], "two");
        assert!(
            !head.headers.contains_key("x-a"),
            "an answer's edits leave the request alone"
        );
    }

    #[test]
    fn an_answer_names_its_filter_and_ends_the_chain() {
        let chain = chain(
            "[{ requestHeaders: { set: { x-seen: a } } }, { rateLimit: { requests: 9, per: 1s } }, \
             { redirect: { host: other.test } }]",
        );
        let mut head = head("/a");
        let ControlFlow::Break(answer) = chain.on_request(&mut head, &cx()) else {
            panic!("a redirect answers");
        };
        let by = By {
            reason: Reason::Redirect,
            position: 1,
        };
        assert_eq!((answer.by, answer.status), (by, StatusCode::FOUND));
        assert_eq!(answer.by.filter(), FilterKind::Redirect);
        assert!(!head.headers.contains_key("x-seen"));
    }

    #[test]
    fn a_backend_edits_both_ways() {
        let specs = specs(
            "[{ responseHeaders: { add: { x-out: a } } }, { requestHeaders: { set: { x-in: a } } }, \
             { requestHeaders: { set: { x-in: b } } }]",
        );
        let edits = BackendEdits::compile(&specs);
        let (mut request, mut response) = (HeaderMap::new(), HeaderMap::new());
        edits.on_request(&mut request);
        edits.on_response(&mut response);
        assert_eq!((request.len(), response.len()), (1, 1));
        assert_eq!(
            (&request["x-in"], &response["x-out"]),
            (&"b".parse().unwrap(), &"a".parse().unwrap())
        );
    }

    #[test]
    fn the_empty_chain_lets_everything_pass() {
        let chain = Chain::default();
        assert!(chain.is_empty());
        assert!(chain.on_request(&mut head("/"), &cx()).is_continue());
    }
}
