//! Values as people would write them.

use std::time::Duration;

use super::Difference;
use crate::diagnostic::clip;
use crate::filter::{
    DirectResponse, Filter, FilterSpec, HeaderEdits, PathRewrite, RateKey, RateLimit, Redirect, RedirectPath, Rewrite,
};
use crate::id::ObjectId;
use crate::listener::{ServerHeader, Underscores, ViaHeader};
use crate::matching::{Match, ValueMatch};
use crate::values::{ByteSize, HeaderName, HeaderText, TimeSpan};

/// A limit; `0s` for none, as it is written.
pub(super) fn span(limit: Option<Duration>) -> String {
    TimeSpan::from(limit.unwrap_or_default()).to_string()
}

pub(super) fn size(bytes: usize) -> String {
    ByteSize::new(bytes as u64).to_string()
}

/// A number of which 0 means no limit.
pub(super) fn count(limit: Option<u32>) -> String {
    limit.unwrap_or_default().to_string()
}

pub(super) fn server(server: &ServerHeader) -> String {
    match server {
        ServerHeader::Overwrite(name) => format!("overwrite with {name}"),
        ServerHeader::Pass => "pass".to_owned(),
        ServerHeader::Remove => "remove".to_owned(),
    }
}

pub(super) fn via(via: &ViaHeader) -> String {
    match via {
        ViaHeader::Append(name) => format!("append {name}"),
        ViaHeader::Pass => "pass".to_owned(),
        ViaHeader::Remove => "remove".to_owned(),
    }
}

pub(super) const fn underscores(underscores: Underscores) -> &'static str {
    match underscores {
        Underscores::Refuse => "refuse",
        Underscores::Pass => "pass",
    }
}

/// A reference as it would be written in `holder`.
pub(super) fn reference(holder: &ObjectId, target: &ObjectId) -> String {
    if holder.namespace() == target.namespace() {
        target.name().to_string()
    } else {
        target.path()
    }
}

pub(super) fn matches(matches: &[Match]) -> String {
    matches.iter().map(one_match).collect::<Vec<_>>().join(" or ")
}

fn one_match(one: &Match) -> String {
    let mut text = match &one.method {
        Some(method) => format!("{method} "),
        None => String::new(),
    };
    text += &one.path.to_string();
    let headers = one
        .headers
        .iter()
        .map(|one| format!(", header {} {}", one.name, value(&one.value)));
    let query = one
        .query
        .iter()
        .map(|one| format!(", query {} {}", one.name, value(&one.value)));
    text.extend(headers.chain(query));
    text
}

fn value(value: &ValueMatch) -> String {
    match value {
        ValueMatch::Exact(text) => format!("= {text}"),
        ValueMatch::Regex(pattern) => format!("matching {pattern}"),
        ValueMatch::Present(true) => "present".to_owned(),
        ValueMatch::Present(false) => "absent".to_owned(),
    }
}

/// How the filters of one place, which `setting` names, differ.
pub(super) fn filters(old: &[Filter], new: &[Filter], setting: &str, rule: Option<&str>) -> Option<Difference> {
    if old == new {
        return None;
    }
    let (before, mut after) = (filter_list(old), filter_list(new));
    if before == after {
        // Two long bodies may begin alike, and secrets are not shown.
        after += " (with another body or secret)";
    }
    Some(Difference::Setting {
        rule: rule.map(str::to_owned),
        setting: setting.to_owned(),
        item: None,
        old: Some(before),
        new: Some(after),
    })
}

fn filter_list(filters: &[Filter]) -> String {
    if filters.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<_> = filters
        .iter()
        .map(|filter| format!("{} {}", filter.kind(), spec(&filter.spec)))
        .collect();
    shown.join("; ")
}

fn spec(spec: &FilterSpec) -> String {
    match spec {
        FilterSpec::RateLimit(limit) => rate_limit(limit),
        FilterSpec::RequestHeaders(edits) | FilterSpec::ResponseHeaders(edits) => self::edits(edits),
        FilterSpec::Rewrite(rewrite) => self::rewrite(rewrite),
        FilterSpec::Redirect(redirect) => self::redirect(redirect),
        FilterSpec::DirectResponse(response) => direct_response(response),
    }
}

fn rate_limit(limit: &RateLimit) -> String {
    let RateLimit {
        requests,
        per,
        burst,
        key,
    } = limit;
    let key = match key {
        RateKey::Rule => "rule".to_owned(),
        RateKey::ClientIp => "clientIp".to_owned(),
        RateKey::Header(name) => format!("header {name}"),
    };
    format!("{requests} per {}, burst {burst}, by {key}", TimeSpan::from(*per))
}

fn redirect(redirect: &Redirect) -> String {
    let Redirect {
        scheme,
        host,
        port,
        path,
        status,
    } = redirect;
    let path = path.as_ref().map(|path| match path {
        RedirectPath::Full(path) => format!("path {path}"),
        RedirectPath::Prefix(prefix) => format!("prefix {prefix}"),
    });
    let parts = [
        Some(status.code().to_string()),
        scheme.map(|scheme| format!("scheme {}", scheme.as_str())),
        host.as_ref().map(|host| format!("host {host}")),
        port.map(|port| format!("port {port}")),
        path,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn rewrite(rewrite: &Rewrite) -> String {
    let Rewrite { host, path } = rewrite;
    let path = path.as_ref().map(|path| match path {
        PathRewrite::Full(path) => format!("path {path}"),
        PathRewrite::Prefix(prefix) => format!("prefix {prefix}"),
        PathRewrite::Regex { pattern, substitution } => format!("{pattern} to {substitution}"),
    });
    let host = host.as_ref().map(|host| format!("host {host}"));
    host.into_iter().chain(path).collect::<Vec<_>>().join(", ")
}

fn direct_response(response: &DirectResponse) -> String {
    let DirectResponse { status, headers, body } = response;
    let mut text = status.to_string();
    text.extend(headers.iter().map(|(name, value)| format!(", {name}: {value}")));
    if !body.is_empty() {
        let shown = clip(&String::from_utf8_lossy(body));
        text += &format!(", {} bytes \"{shown}\"", body.len());
    }
    text
}

fn edits(edits: &HeaderEdits) -> String {
    let HeaderEdits {
        set,
        set_secret,
        add,
        remove,
    } = edits;
    let pair = |verb: &str, (name, value): &(HeaderName, HeaderText)| format!("{verb} {name}: {value}");
    let set = set.iter().map(|one| pair("set", one));
    let secret = set_secret
        .iter()
        .map(|(name, secret)| format!("set {name}: the secret of {}", secret.source()));
    let add = add.iter().map(|one| pair("add", one));
    let remove = remove.iter().map(|name| format!("remove {name}"));
    set.chain(secret)
        .chain(add)
        .chain(remove)
        .collect::<Vec<_>>()
        .join(", ")
}
