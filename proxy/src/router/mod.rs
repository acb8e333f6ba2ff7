//! Which rule serves a request: a pure function of compiled tables and request head.
//!
//! The semantics are the Gateway API's (`HTTPRoute`, v1). Of all matches that hold for a request the winner is the one
//! that comes first by, in this order:
//!
//! 1. the route's explicit `priority`, higher first (ours; the API has none);
//! 2. the host: exact, then the longest `*.suffix`, then any;
//! 3. the path: exact, then the prefix of the most elements, then regular expressions;
//! 4. a method is matched;
//! 5. more headers are matched;
//! 6. more query parameters are matched;
//! 7. between routes: namespace and name; within a route: the position of the rule, then of the match.
//!
//! Each criterion ranks matches that hold, it does not close anything off: when no rule of the more specific host holds
//! for a request, those of the less specific one still count. The API says so («precedence must be given to rules from
//! the HTTPRoute with ...», `HTTPRouteSpec.hostnames`) and its conformance tests ask for nothing else: in
//! `HTTPRouteMatchingAcrossRoutes` two routes share a host and are ranked match by match, and the 404s of
//! `HTTPRouteListenerHostnameMatching` and `HTTPRouteHostnameIntersection` are for hosts that no route at all names.
//! (Isolation between the hosts of *listeners*, which the API also has, does not arise: a listener has no host here.)
//!
//! [`HostTable`] is how it is done: a hash of hosts, for each host a hash of exact paths and a trie of prefixes, then
//! the few [`predicates`] that remain. A lookup costs what the request is long, not what the configuration is; only what
//! nothing but trying can tell (regular expressions of one host, matches of one and the same path) is tried in turn, and
//! every `priority` in use is a round of its own. [`reference`](mod@reference) is what it means: the specification,
//! written down without cleverness; the tables are tested against it, and `tidegate explain` has its reasons from it.

mod entry;
mod host;
pub mod predicates;
mod query;
pub mod reference;
mod table;
#[cfg(test)]
mod tests;
mod trie;

pub use self::entry::{Entry, Place, entries};
pub(crate) use self::query::decoded;
pub use self::table::{Change, HostTable, host_name};
