//! What filters do to requests and answers, over real sockets and in both protocols.

mod answers;
mod edits;
mod inheritance;
mod limits;
mod rewrites;

use tidegate_integration::harness::{Answer, Call, Origin, Proxy, Served, Wire};

pub(super) const WIRES: [Wire; 2] = [Wire::H1, Wire::H2];

/// An origin whose answer's body says what it was asked, a line for the target and one for each field.
pub(super) fn telling(wire: Wire) -> Origin {
    Origin::start(wire, tell)
}

pub(super) fn tell(served: &mut Served<'_>) {
    let told = told(served);
    served.answer(200, told.as_bytes());
}

pub(super) fn told(served: &mut Served<'_>) -> String {
    served.body();
    let mut told = format!("{} {}\n", served.method, served.path);
    for (name, value) in &served.fields {
        told.push_str(&format!("{}: {value}\n", name.to_ascii_lowercase()));
    }
    told
}

/// A listener with these settings, one route with these, with these rules, and the cluster `up`.
pub(super) fn config(origin: &Origin, listener: &str, route: &str, rules: &str) -> String {
    format!(
        "listeners:\n  web: {{ address: 127.0.0.1:0, {listener} }}\n\
         routes:\n  all: {{ listeners: [web], {route} rules: [{rules}] }}\n\
         clusters:\n  up: {{ protocol: {}, endpoints: [{{ address: {} }}] }}\n",
        origin.protocol(),
        origin.address
    )
}

/// A proxy with one rule, for everything, that sends to the origin through these filters.
pub(super) fn filtering(origin: &Origin, filters: &str) -> Proxy {
    let rule = format!("{{ backends: [{{ cluster: up }}], filters: [{filters}] }}");
    Proxy::start(&config(origin, "", "", &rule))
}

pub(super) fn ask(proxy: &Proxy, wire: Wire, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    Call::start(proxy.address(), wire, method, path, fields, false)
        .receiver
        .whole()
}

pub(super) fn get(proxy: &Proxy, wire: Wire, path: &str) -> Answer {
    ask(proxy, wire, "GET", path, &[])
}

/// What the origin was told.
pub(super) fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    String::from_utf8(answer.body.clone()).unwrap()
}

/// The values of a field among what the origin was told.
pub(super) fn values<'t>(told: &'t str, name: &str) -> Vec<&'t str> {
    let lines = told.lines().skip(1);
    let fields = lines.filter_map(|line| line.split_once(": "));
    fields
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value)
        .collect()
}
