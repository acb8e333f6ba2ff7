//! `requestHeaders` and `responseHeaders`, and the headers of a direct response.

use super::{Site, says_nothing};
use crate::diagnostic::{Code, ValueError};
use crate::filter::HeaderEdits;
use crate::origin::Mark;
use crate::raw;
use crate::values::{HeaderName, HeaderText};

pub(super) fn edits(site: &mut Site<'_>, raw: &raw::HeaderEdits, mark: Mark) -> Option<HeaderEdits> {
    if raw.set.is_none() && raw.add.is_none() && raw.remove.is_none() {
        says_nothing(site, mark, "there is nothing to `set`, `add` or `remove`");
        return None;
    }
    let edits = HeaderEdits {
        set: values(site, raw.set.as_ref()),
        add: values(site, raw.add.as_ref()),
        remove: removed(site, raw),
    };
    let written = [&raw.set, &raw.add].into_iter().flatten().flat_map(|map| &map.0);
    for (name, _) in written {
        if edits
            .remove
            .iter()
            .any(|removed| removed.as_str() == name.value.to_ascii_lowercase())
        {
            let error = ValueError::new(Code::Pointless, format!("`{}` is removed again below", name.value));
            site.report(
                name.mark,
                error.help("`remove` comes last; to replace a value, `set` alone will do"),
            );
        }
    }
    Some(edits)
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
    let entries = raw.map(|raw| raw.0.as_slice()).unwrap_or_default();
    let mut headers = Vec::with_capacity(entries.len());
    let mut places = Vec::with_capacity(entries.len());
    for (written, value) in entries {
        let (name, value) = (name(site, written), site.parse(value));
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
