//! `requestHeaders` and `responseHeaders`, and the headers of a direct response.

use std::collections::HashSet;

use super::{Site, says_nothing, secret};
use crate::diagnostic::{Code, ValueError};
use crate::filter::HeaderEdits;
use crate::origin::Mark;
use crate::raw;
use crate::values::{HeaderName, HeaderText};

pub(super) fn edits(site: &mut Site<'_>, raw: &raw::HeaderEdits, mark: Mark) -> Option<HeaderEdits> {
    if raw.set.is_none() && raw.set_secret.is_none() && raw.add.is_none() && raw.remove.is_none() {
        says_nothing(site, mark, "there is nothing to `set`, `setSecret`, `add` or `remove`");
        return None;
    }
    let edits = HeaderEdits {
        set: values(site, raw.set.as_ref()),
        set_secret: by_name(site, raw.set_secret.as_ref(), secret::header_secret),
        add: values(site, raw.add.as_ref()),
        remove: removed(site, raw),
    };
    let secret: Vec<_> = names(raw.set_secret.as_ref()).collect();
    let set: HashSet<&str> = edits.set.iter().map(|(name, _)| name.as_str()).collect();
    for name in &secret {
        if set.contains(&*name.value.to_ascii_lowercase()) {
            let error = ValueError::new(Code::Repeated, format!("`{}` is set twice", name.value));
            site.report(name.mark, error.help("leave it out of `set` or out of `setSecret`"));
        }
    }
    let removed: HashSet<&str> = edits.remove.iter().map(HeaderName::as_str).collect();
    for name in names(raw.set.as_ref()).chain(secret).chain(names(raw.add.as_ref())) {
        if removed.contains(&*name.value.to_ascii_lowercase()) {
            let error = ValueError::new(Code::Pointless, format!("`{}` is removed again below", name.value));
            site.report(
                name.mark,
                error.help("`remove` comes last; to replace a value, `set` alone will do"),
            );
        }
    }
    Some(edits)
}

fn names<V>(map: Option<&raw::HeaderMap<V>>) -> impl Iterator<Item = &raw::Text> {
    map.into_iter().flat_map(|map| &map.0).map(|(name, _)| name)
}

fn removed(site: &mut Site<'_>, raw: &raw::HeaderEdits) -> Vec<HeaderName> {
    let names = raw
        .remove
        .as_ref()
        .map(|list| list.value.as_slice())
        .unwrap_or_default();
    let names: Vec<_> = names
        .iter()
        .filter_map(|written| Some((name(site, written)?, written.mark)))
        .collect();
    site.distinct(names.iter().cloned(), "header");
    names.into_iter().map(|(name, _)| name).collect()
}

pub(super) fn values(site: &mut Site<'_>, raw: Option<&raw::HeaderMap>) -> Vec<(HeaderName, HeaderText)> {
    by_name(site, raw, Site::parse)
}

/// What `read` makes of each value of a map; each name once.
fn by_name<'s, W, T>(
    site: &mut Site<'s>,
    raw: Option<&raw::HeaderMap<W>>,
    mut read: impl FnMut(&mut Site<'s>, &W) -> Option<T>,
) -> Vec<(HeaderName, T)> {
    let entries = raw.map(|raw| raw.0.as_slice()).unwrap_or_default();
    let mut headers = Vec::with_capacity(entries.len());
    let mut places = Vec::with_capacity(entries.len());
    for (written, value) in entries {
        let (name, value) = (name(site, written), read(site, value));
        if let (Some(name), Some(value)) = (name, value) {
            places.push((name.clone(), written.mark));
            headers.push((name, value));
        }
    }
    site.distinct(places.into_iter(), "header");
    headers
}

fn name(site: &mut Site<'_>, written: &raw::Text) -> Option<HeaderName> {
    let name: HeaderName = site.parse(written)?;
    if name.is_proxys() {
        let error = ValueError::new(Code::BadHeaderName, format!("`{name}` is not for filters to change"));
        let help = match name.as_str() {
            "host" => "change the host with `rewrite: { host: ... }`",
            _ => "it belongs to one connection, and Tidegate writes its own",
        };
        site.report(written.mark, error.help(help));
        return None;
    }
    Some(name)
}
