//! What the tests of filters have in common: filters as people write them, and requests.

use http::Request;
use http::request::Parts;
use tidegate_config::{FilterSpec, Scheme, parse_str};

use crate::{Chain, Clock, Filter, FilterCx, Limiters};

/// The specs of these filters, written as on a rule without backends or with one.
pub(crate) fn specs(filters: &str) -> Vec<FilterSpec> {
    let answers = filters.contains("redirect") || filters.contains("directResponse");
    let backends = if answers { "" } else { "backends: [{ cluster: up }], " };
    let yaml = format!(
        "listeners: {{ web: {{ address: 127.0.0.1:0 }} }}\n\
         routes: {{ all: {{ listeners: [web], rules: [{{ {backends}filters: {filters} }}] }} }}\n\
         clusters: {{ up: {{ endpoints: [{{ address: 127.0.0.1:9 }}] }} }}\n"
    );
    let loaded = parse_str("test.yaml", &yaml);
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    let route = loaded.snapshot.routes().next().unwrap();
    let filters = route.rules()[0].policies().filters();
    filters.iter().map(|filter| filter.spec().clone()).collect()
}

/// These filters, compiled.
pub(crate) fn chain(filters: &str) -> Chain {
    chain_at(filters, Clock::system())
}

/// The same by this clock.
pub(crate) fn chain_at(filters: &str, clock: Clock) -> Chain {
    let limiters = Limiters::new(clock);
    let compile = |(position, spec): (usize, &FilterSpec)| Filter::compile(spec, &limiters, &position.to_string());
    Chain::new(specs(filters).iter().enumerate().map(compile).collect())
}

/// A request for this path of `example.com:8080`.
pub(crate) fn head(path: &str) -> Parts {
    let request = Request::get(path).header("host", "example.com:8080").body(()).unwrap();
    request.into_parts().0
}

/// A client on 192.0.2.1 that came by http on port 8080, and matched `/`.
pub(crate) fn cx() -> FilterCx {
    FilterCx {
        client: "192.0.2.1".parse().unwrap(),
        scheme: Scheme::Http,
        port: 8080,
        matched: 0,
    }
}
