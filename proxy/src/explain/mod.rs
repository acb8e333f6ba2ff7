//! What would become of a request: the same tables, the same reading of the head and the same annotations as in traffic,
//! asked without any.
//!
//! The rule that wins is the compiled tables' answer; why the others lost comes from the plain reference matcher, and
//! should the two ever disagree, that is an error and not an explanation. Places are those of the newest text, also for
//! objects that a reload found unchanged. A description of a request goes in, an [`Explanation`] that can be serialised
//! comes out; how it looks to people is the caller's business.

mod curl;
mod explanation;
mod request;
#[cfg(test)]
mod tests;
mod words;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::BytesMut;
use http::{HeaderMap, Method};
use thiserror::Error;
use tidegate_config as config;

pub use self::curl::{BadCommand, Curl};
pub(crate) use self::explanation::backends;
pub use self::explanation::{
    Asked, Backend, Explanation, FilterUse, Level, ListenerUse, Loser, MatchUse, Outcome, Place, Timeouts, Winner,
};
pub use self::request::{BadRequest, Request};
pub(crate) use self::words::matched;
use crate::exchange::{Connection, Kind, Protocol};
use crate::http1::{Scan, parse_request};
use crate::live::{Listener, Tables};
use crate::router::reference;
use crate::serve::annotate_request;
use crate::worker::Env;

/// Who asks, as far as X-Forwarded-For is concerned: nobody is there.
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Why there is nothing to explain.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Unexplained {
    #[error("there is no listener at all: a configuration needs one to take requests")]
    NoListeners,
    #[error("no listener is on port {port}; there {are}: put its port into the URL, or choose one with --listener NAME",
        are = words::list_of_listeners(listeners))]
    NoListenerOnPort { port: u16, listeners: Vec<String> },
    #[error("more than one listener is on port {port}: choose with --listener NAME; there {are}",
        are = words::list_of_listeners(listeners))]
    ManyListenersOnPort { port: u16, listeners: Vec<String> },
    #[error("there is no listener {name}; there {are}", are = words::list_of_listeners(listeners))]
    UnknownListener { name: String, listeners: Vec<String> },
    #[error(
        "the compiled tables lead to {compiled} and the specification to {plain}: this is a mistake in Tidegate, please report it"
    )]
    Disagreement { compiled: String, plain: String },
}

/// Explains what becomes of `request`, on the listener of this name or else on the one that its port leads to.
pub fn explain(tables: &Tables, listener: Option<&str>, request: &Request) -> Result<Explanation, Unexplained> {
    let (written, compiled) = choose(tables, listener, request)?;
    let asked = Asked::of(request);
    let head = match head(compiled, request) {
        Ok(head) => head,
        Err(kind) => return Ok(Explanation::refused(asked, written, kind)),
    };
    let routes = tables.written.routes().map(|route| &**route);
    let attached = routes.filter(|route| {
        let mut listeners = route.listeners().iter();
        listeners.any(|reference| reference.id() == Some(written.id()))
    });
    let verdict = reference::judge(attached, &head);
    let found = tables.routing(compiled).and_then(|routing| routing.find(&head));
    let found = found.map(|entry| (entry.place(), entry.target()));
    let plain = verdict.winner.as_ref();
    let agree = found.map(|(place, _)| (&place.route, place.rule, place.position))
        == plain.map(|winner| (winner.route.id(), winner.rule, winner.position));
    if !agree {
        return Err(Unexplained::Disagreement {
            compiled: words::name_of(found.map(|(place, _)| (&place.route, place.rule))),
            plain: words::name_of(plain.map(|winner| (winner.route.id(), winner.rule))),
        });
    }
    let asked = Asked::read(&head);
    let outcome = match (plain, found) {
        (Some(winner), Some((_, rule))) => Outcome::Routed(Box::new(Winner::new(winner, rule, written))),
        _ => Outcome::of(Kind::NoRoute),
    };
    Ok(Explanation::new(asked, written, outcome, &verdict.losers))
}

type Pair<'t> = (&'t config::Listener, &'t Arc<Listener>);

/// The listener of this name, else the only one on the request's port, else, when the URL says no port, the only one.
fn choose<'t>(tables: &'t Tables, name: Option<&str>, request: &Request) -> Result<Pair<'t>, Unexplained> {
    let compiled = tables.listeners.iter().map(|(listener, _)| listener);
    let all: Vec<Pair<'t>> = tables.written.listeners().map(|it| &**it).zip(compiled).collect();
    let listeners = || all.iter().map(|(written, _)| words::listener(written)).collect();
    if let Some(name) = name {
        let is_it = |id: &config::ObjectId| name == id.name().as_str() || name == id.path();
        let found = all.iter().find(|(written, _)| is_it(written.id()));
        return found.copied().ok_or_else(|| Unexplained::UnknownListener {
            name: name.to_owned(),
            listeners: listeners(),
        });
    }
    let port = request.port();
    let on_port = all
        .iter()
        .filter(|(written, _)| written.address().socket_addr().port() == port);
    let on_port: Vec<_> = on_port.copied().collect();
    let at_address = on_port
        .iter()
        .filter(|(written, _)| Some(written.address().socket_addr().ip()) == request.ip());
    let at_address: Vec<_> = at_address.copied().collect();
    match (on_port.as_slice(), at_address.as_slice(), all.as_slice()) {
        ([only], ..) | (_, [only], _) => Ok(*only),
        ([], _, [only]) if !request.says_port() => Ok(*only),
        (.., []) => Err(Unexplained::NoListeners),
        ([], ..) => Err(Unexplained::NoListenerOnPort {
            port,
            listeners: listeners(),
        }),
        _ => Err(Unexplained::ManyListenersOnPort {
            port,
            listeners: listeners(),
        }),
    }
}

/// The head as the rules see it, or why none comes so far.
fn head(listener: &Arc<Listener>, request: &Request) -> Result<http::request::Parts, Kind> {
    let mut bytes = BytesMut::from(&*request.head());
    let read = parse_request(
        &mut bytes,
        &mut Scan::default(),
        &mut HeaderMap::new(),
        &listener.limits,
    );
    // A whole head is always either taken or refused.
    let mut head = read?.ok_or(Kind::UpgradeRefused)?.parts;
    if head.method == Method::CONNECT {
        return Err(Kind::UpgradeRefused);
    }
    let connection = Connection::new(CLIENT, listener.address, Protocol::Http1, Arc::clone(listener));
    annotate_request(&mut head.headers, head.version, &connection, &Env::seeded(0));
    Ok(head)
}
