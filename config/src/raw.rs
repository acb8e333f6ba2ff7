//! Objects as written: the keys of the YAML, each with one type, values still text.
//!
//! Nothing here is checked beyond shape; [`crate::build`] makes typed objects of it, and [`crate::schema()`] derives the
//! JSON Schema, descriptions included. Every key is one that the data plane honours.

mod access_log;
mod cluster;
mod filter;
mod listener;
mod route;
mod secret;

pub(crate) use self::access_log::{AccessLog, LogOnly, LogWord};
pub(crate) use self::cluster::{Cluster, ClusterLimits, ClusterTimeouts, Endpoint};
pub(crate) use self::filter::{
    DirectResponse, Filter, HeaderEdits, HeaderMap, RateKey, RateLimit, Redirect, RedirectPath, Rewrite, RewritePath,
};
pub(crate) use self::listener::{
    Http, Http2, Listener, ListenerLimits, ListenerTimeouts, Server, ServerAction, Via, ViaAction,
};
pub(crate) use self::route::{Backend, Match, Path, Route, RouteTimeouts, Rule, ValueMatch};
pub(crate) use self::secret::Secret;
use crate::filter::FilterKind;
use crate::yaml::At;

/// Durations, sizes, addresses, names: text until it is built.
pub(crate) type Text = At<String>;
pub(crate) type Number = At<u64>;
pub(crate) type Filters = At<Vec<At<Filter>>>;
pub(crate) type Disabled = At<Vec<At<FilterKind>>>;
