//! Filters as written: a map with one key, which says the kind.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};

use super::{Number, Secret, Text};
use crate::filter::Scheme;
use crate::schema::{Authority, Duration, ExactPath, HeaderName, Host, PathPrefix, Regex};
use crate::yaml::At;

/// One of these. They run in the order rateLimit, redirect, directResponse, requestHeaders, responseHeaders, rewrite;
/// among equals in the order written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct Filter {
    /// Limits how many requests pass in a time; the others are answered with 429.
    #[schemars(extend("examples" = [{ "requests": 100, "per": "1s" }]))]
    pub(crate) rate_limit: Option<RateLimit>,
    /// Answers with another place to ask; what is not said stays as it was asked.
    #[schemars(extend("examples" = [{ "scheme": "https" }]))]
    pub(crate) redirect: Option<Redirect>,
    /// Answers with this.
    #[schemars(extend("examples" = [{ "status": 200, "body": "ok" }]))]
    pub(crate) direct_response: Option<DirectResponse>,
    /// Changes the request's headers: `set` and `setSecret`, then `add`, then `remove`.
    #[schemars(extend("examples" = [{ "set": { "x-env": "beta" } }]))]
    pub(crate) request_headers: Option<HeaderEdits>,
    /// Changes the answer's headers: `set` and `setSecret`, then `add`, then `remove`.
    #[schemars(extend("examples" = [{ "remove": ["x-powered-by"] }]))]
    pub(crate) response_headers: Option<HeaderEdits>,
    /// Changes the request's host and path.
    #[schemars(extend("examples" = [{ "path": { "prefix": "/v1" } }]))]
    pub(crate) rewrite: Option<Rewrite>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RateLimit {
    /// How many requests pass in `per`, evenly spread.
    #[schemars(range(min = 1, max = 1000000000), extend("examples" = [100], "$comment" = "requests"))]
    pub(crate) requests: Number,
    /// The time, up to a day.
    #[schemars(with = "Duration", extend("examples" = ["1s", "1m"]))]
    pub(crate) per: Text,
    /// How many may come at once after a pause; as many as `requests` when left out.
    #[schemars(range(min = 1, max = 1000000000), extend("examples" = [20], "$comment" = "requests"))]
    pub(crate) burst: Option<Number>,
    /// What requests are counted together.
    #[serde(default)]
    #[schemars(extend("examples" = ["clientIp"], "default" = "rule"))]
    pub(crate) key: RateKey,
    /// Only with `key: header`: which.
    #[schemars(with = "Option<HeaderName>", extend("examples" = ["x-api-key"]))]
    pub(crate) header: Option<Text>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RateKey {
    /// All of the rule.
    #[default]
    Rule,
    /// Those of one client address; an IPv6 client is its /64.
    ClientIp,
    /// Those with one value of `header`; those without it together.
    Header,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Redirect {
    /// The scheme.
    #[schemars(extend("examples" = ["https"]))]
    pub(crate) scheme: Option<Scheme>,
    /// The host, without port.
    #[schemars(with = "Option<Host>", extend("examples" = ["shop.example.com"]))]
    pub(crate) host: Option<Text>,
    /// The port; without it the scheme's own when `scheme` is said, else the listener's.
    #[schemars(range(min = 1, max = 65535), extend("examples" = [8443], "$comment" = "port"))]
    pub(crate) port: Option<Number>,
    /// The path; the query stays.
    #[schemars(extend("examples" = [{ "prefix": "/new" }]))]
    pub(crate) path: Option<At<RedirectPath>>,
    /// The status of the answer: 301, 302, 303, 307 or 308.
    #[schemars(extend("examples" = [301], "$comment" = "HTTP status", "enum" = [301, 302, 303, 307, 308], "default" = 302))]
    pub(crate) status: Option<Number>,
}

/// One of these.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct RedirectPath {
    /// This path.
    #[schemars(with = "Option<ExactPath>", extend("examples" = ["/welcome"]))]
    pub(crate) full: Option<Text>,
    /// This instead of the prefix that matched; the rest stays.
    #[schemars(with = "Option<PathPrefix>", extend("examples" = ["/new"]))]
    pub(crate) prefix: Option<Text>,
}

/// `full`, `prefix`, or `regex` with `substitution`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 2))]
pub(crate) struct RewritePath {
    /// This path.
    #[schemars(with = "Option<ExactPath>", extend("examples" = ["/index.html"]))]
    pub(crate) full: Option<Text>,
    /// This instead of the prefix that matched; the rest stays.
    #[schemars(with = "Option<PathPrefix>", extend("examples" = ["/v1"]))]
    pub(crate) prefix: Option<Text>,
    /// Every match of this expression is replaced by `substitution`.
    #[schemars(with = "Option<Regex>", extend("examples" = ["^/users/([0-9]+)"]))]
    pub(crate) regex: Option<Text>,
    /// `$1` and `${name}` mean the groups of `regex`, `$$` a dollar.
    #[schemars(with = "Option<String>", extend("examples" = ["/u/$1"]))]
    pub(crate) substitution: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rewrite {
    /// The host, and port if any.
    #[schemars(with = "Option<Authority>", extend("examples" = ["shop.internal:8080"]))]
    pub(crate) host: Option<Text>,
    /// The path; the query stays.
    #[schemars(extend("examples" = [{ "prefix": "/v1" }]))]
    pub(crate) path: Option<At<RewritePath>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DirectResponse {
    /// From 200 to 599.
    #[schemars(range(min = 200, max = 599), extend("examples" = [503], "$comment" = "HTTP status"))]
    pub(crate) status: Number,
    /// Its headers; `content-type` is `text/plain; charset=utf-8` when there is a body and nothing else is said.
    #[schemars(extend("examples" = [{ "retry-after": "3600" }]))]
    pub(crate) headers: Option<HeaderMap>,
    /// Its body, at most 1 MiB.
    #[schemars(with = "Option<String>", extend("examples" = ["back in an hour"]))]
    pub(crate) body: Option<Text>,
    /// A file that holds the body, relative to the file that says so; at most 1 MiB.
    #[schemars(with = "Option<String>", extend("examples" = ["robots.txt"]))]
    pub(crate) file: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HeaderEdits {
    /// Replaces every value of the name, or adds it.
    #[schemars(extend("examples" = [{ "x-env": "beta" }]))]
    pub(crate) set: Option<HeaderMap>,
    /// The same with values that are not written here and shown nowhere.
    #[schemars(extend("examples" = [{ "authorization": { "env": "SHOP_TOKEN" } }]))]
    pub(crate) set_secret: Option<HeaderMap<At<Secret>>>,
    /// Adds a value behind those that are there.
    #[schemars(extend("examples" = [{ "x-seen-by": "edge" }]))]
    pub(crate) add: Option<HeaderMap>,
    /// Takes every value of the name away.
    #[schemars(with = "Option<Vec<HeaderName>>", extend("examples" = [["x-debug"]]))]
    pub(crate) remove: Option<At<Vec<Text>>>,
}

/// Values by header name, in the order written, names with their places.
#[derive(Debug)]
pub(crate) struct HeaderMap<V = Text>(pub(crate) Vec<(Text, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for HeaderMap<V> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderMapVisitor(PhantomData))
    }
}

struct HeaderMapVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for HeaderMapVisitor<V> {
    type Value = HeaderMap<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of header names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderMap<V>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(HeaderMap(entries))
    }
}
