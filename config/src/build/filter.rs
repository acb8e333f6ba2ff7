//! Filters: a map with one key each, which says the kind.

mod headers;
mod path;
mod rate_limit;
mod redirect;
mod respond;

use super::{Site, secret};
use crate::diagnostic::{Code, ValueError};
use crate::filter::{Filter, FilterKind, FilterSpec, Rewrite};
use crate::origin::Mark;
use crate::raw;
use crate::yaml::At;

pub(super) fn filters(site: &mut Site<'_>, raw: Option<&raw::Filters>) -> Vec<Filter> {
    let list = raw.map(|raw| raw.value.as_slice()).unwrap_or_default();
    list.iter().filter_map(|raw| filter(site, raw)).collect()
}

/// Whether a filter that answers was written, but none of its kind is good.
pub(super) fn lost_answer(raw: Option<&raw::Filters>, good: &[Filter]) -> bool {
    let list = raw.map(|raw| raw.value.as_slice()).unwrap_or_default();
    let has = |kind| good.iter().any(|filter| filter.kind() == kind);
    list.iter().any(|raw| {
        raw.value.redirect.is_some() && !has(FilterKind::Redirect)
            || raw.value.direct_response.is_some() && !has(FilterKind::DirectResponse)
    })
}

fn filter(site: &mut Site<'_>, raw: &At<raw::Filter>) -> Option<Filter> {
    let (mark, written) = (raw.mark, &raw.value);
    let mut specs = Vec::new();
    if let Some(raw) = &written.rate_limit {
        specs.push(rate_limit::rate_limit(site, raw, mark).map(FilterSpec::RateLimit));
    }
    if let Some(raw) = &written.redirect {
        specs.push(redirect::redirect(site, raw, mark).map(FilterSpec::Redirect));
    }
    if let Some(raw) = &written.direct_response {
        specs.push(respond::direct_response(site, raw).map(FilterSpec::DirectResponse));
    }
    if let Some(raw) = &written.request_headers {
        specs.push(headers::edits(site, raw, mark).map(FilterSpec::RequestHeaders));
    }
    if let Some(raw) = &written.response_headers {
        specs.push(headers::edits(site, raw, mark).map(FilterSpec::ResponseHeaders));
    }
    if let Some(raw) = &written.rewrite {
        specs.push(rewrite(site, raw, mark).map(FilterSpec::Rewrite));
    }
    if specs.len() != 1 {
        let error = ValueError::new(Code::NotOneFilter, "a filter is a map with one key".to_owned());
        let kinds = FilterKind::ALL.map(FilterKind::as_str).join("`, `");
        site.report(
            mark,
            error.help(format!("write one of `{kinds}` for each `-` of the list")),
        );
        return None;
    }
    Some(Filter {
        origin: site.origin(mark),
        spec: specs.pop()??,
    })
}

fn rewrite(site: &mut Site<'_>, raw: &raw::Rewrite, mark: Mark) -> Option<Rewrite> {
    if raw.host.is_none() && raw.path.is_none() {
        says_nothing(site, mark, "a rewrite without `host` and `path` changes nothing");
        return None;
    }
    let host = optional(raw.host.as_ref(), |host| site.parse(host));
    let path = optional(raw.path.as_ref(), |path| path::rewritten(site, path));
    Some(Rewrite {
        host: host?,
        path: path?,
    })
}

/// What `read` makes of what is written; `Some(None)` when nothing is, `None` when it is wrong.
fn optional<W, T>(written: Option<&W>, read: impl FnOnce(&W) -> Option<T>) -> Option<Option<T>> {
    match written {
        Some(written) => read(written).map(Some),
        None => Some(None),
    }
}

fn says_nothing(site: &mut Site<'_>, mark: Mark, message: &str) {
    let error = ValueError::new(Code::Pointless, message.to_owned());
    site.report(mark, error.help("say what it is to do, or leave it out"));
}
