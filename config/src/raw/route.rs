//! Routes as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Disabled, Filters, Number, Text};
use crate::schema::{Duration, ExactPath, HeaderValue, HostPattern, Method, Name, PathPrefix, Reference, Regex, Word};
use crate::yaml::At;

/// Rules for requests of some hosts on some listeners.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Route {
    /// The listeners that it is attached to.
    #[schemars(with = "Vec<Reference>", length(min = 1), extend("examples" = [["web"]]))]
    pub(crate) listeners: At<Vec<Text>>,
    /// The hosts that it is for, exact or `*.example.com`; every host when left out.
    #[schemars(with = "Option<Vec<HostPattern>>", length(min = 1), extend("examples" = [["example.com", "*.example.com"]]))]
    pub(crate) hosts: Option<At<Vec<Text>>>,
    /// Rules of routes with a higher priority are tried first, whatever they match.
    #[schemars(range(max = 1000000), extend("examples" = [10], "$comment" = "rank", "default" = 0))]
    pub(crate) priority: Option<Number>,
    /// The time limits of its requests, in place of the listener's; `0s` is no limit.
    #[schemars(extend("examples" = [{ "request": "10s" }]))]
    pub(crate) timeouts: Option<RouteTimeouts>,
    /// For all of its rules; a rule's own filters of a kind replace these.
    #[schemars(extend("examples" = [[{ "requestHeaders": { "set": { "x-env": "beta" } } }]]))]
    pub(crate) filters: Option<Filters>,
    /// Kinds of filters that are not inherited from the listener.
    #[schemars(extend("examples" = [["rateLimit"]]))]
    pub(crate) disabled: Option<Disabled>,
    /// What to do with which requests.
    #[schemars(length(min = 1), extend("examples" = [[{ "backends": [{ "cluster": "shop" }] }]]))]
    pub(crate) rules: At<Vec<At<Rule>>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RouteTimeouts {
    /// From the whole request to the head of the answer, tries and all; on a mesh listener: 0s.
    #[schemars(with = "Option<Duration>", extend("examples" = ["10s"], "default" = "60s"))]
    pub(crate) request: Option<Text>,
    /// The same for each single try.
    #[schemars(with = "Option<Duration>", extend("examples" = ["3s"], "default" = "0s"))]
    pub(crate) backend_request: Option<Text>,
}

/// What to do with requests that match. It has backends, or a filter that answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rule {
    /// Shown in logs and metrics; no other rule's in its route.
    #[schemars(with = "Option<Name>", extend("examples" = ["cart"]))]
    pub(crate) name: Option<Text>,
    /// What requests it is for: any of these; every request when left out.
    #[schemars(length(min = 1), extend("examples" = [[{ "path": { "prefix": "/cart" } }]]))]
    pub(crate) matches: Option<At<Vec<At<Match>>>>,
    /// Where they go, by weight.
    #[schemars(length(min = 1), extend("examples" = [[{ "cluster": "shop", "weight": 9 }, { "cluster": "shop-next", "weight": 1 }]]))]
    pub(crate) backends: Option<At<Vec<Backend>>>,
    /// The time limits of its requests, in place of the route's and listener's; `0s` is no limit.
    #[schemars(extend("examples" = [{ "request": "2s" }]))]
    pub(crate) timeouts: Option<RouteTimeouts>,
    /// In place of the route's and listener's filters of the same kinds.
    #[schemars(extend("examples" = [[{ "rateLimit": { "requests": 100, "per": "1s" } }]]))]
    pub(crate) filters: Option<Filters>,
    /// Kinds of filters that are not inherited from the route and listener.
    #[schemars(extend("examples" = [["rateLimit"]]))]
    pub(crate) disabled: Option<Disabled>,
}

/// Everything that a match says must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Match {
    /// What the path is.
    #[schemars(extend("examples" = [{ "prefix": "/cart" }], "default" = { "prefix": "/" }))]
    pub(crate) path: Option<At<Path>>,
    /// The method; any when left out.
    #[schemars(with = "Option<Method>", extend("examples" = ["POST"]))]
    pub(crate) method: Option<Text>,
    /// What headers say; of a repeated one the first counts.
    #[schemars(extend("examples" = [[{ "name": "x-tenant", "exact": "red" }]]))]
    pub(crate) headers: Option<At<Vec<At<ValueMatch>>>>,
    /// What query parameters say, after decoding; of a repeated one the first counts.
    #[schemars(extend("examples" = [[{ "name": "page", "present": true }]]))]
    pub(crate) query: Option<At<Vec<At<ValueMatch>>>>,
}

/// One of these.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct Path {
    /// This path.
    #[schemars(with = "Option<ExactPath>", extend("examples" = ["/cart"]))]
    pub(crate) exact: Option<Text>,
    /// A path that begins with these elements: `/a` means `/a` and `/a/b`, not `/ab`.
    #[schemars(with = "Option<PathPrefix>", extend("examples" = ["/cart"]))]
    pub(crate) prefix: Option<Text>,
    /// A path that matches this expression as a whole.
    #[schemars(with = "Option<Regex>", extend("examples" = ["/users/[0-9]+/cart"]))]
    pub(crate) regex: Option<Text>,
}

/// A name and one of the others.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 2, "maxProperties" = 2))]
pub(crate) struct ValueMatch {
    /// Of the header or query parameter.
    #[schemars(with = "Word", extend("examples" = ["x-tenant"]))]
    pub(crate) name: Text,
    /// This value.
    #[schemars(with = "Option<HeaderValue>", extend("examples" = ["red"]))]
    pub(crate) exact: Option<Text>,
    /// A value that matches this expression as a whole.
    #[schemars(with = "Option<Regex>", extend("examples" = ["v[0-9]+"]))]
    pub(crate) regex: Option<Text>,
    /// Any value, so long as it is there; with `false`, not there.
    #[schemars(extend("examples" = [true]))]
    pub(crate) present: Option<bool>,
}

/// A cluster that requests go to, and its share of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Backend {
    /// The cluster.
    #[schemars(with = "Reference", extend("examples" = ["shop", "other/shop"]))]
    pub(crate) cluster: Text,
    /// Its share in proportion to the other backends'.
    #[schemars(range(max = 1000000), extend("examples" = [9], "$comment" = "share", "default" = 1))]
    pub(crate) weight: Option<Number>,
    /// Edits of headers for this backend alone, done after the rule's own: `requestHeaders` and `responseHeaders`.
    #[schemars(extend("examples" = [[{ "requestHeaders": { "set": { "x-backend": "next" } } }]]))]
    pub(crate) filters: Option<Filters>,
}
