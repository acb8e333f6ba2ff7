//! Access logs.

use std::path::Path;

use super::Site;
use crate::access_log::{AccessLog, LogField, LogFilter, LogFormat, LogTarget};
use crate::diagnostic::{Code, ValueError};
use crate::digest::Digest;
use crate::origin::Mark;
use crate::raw::{self, LogWord};
use crate::values::TimeSpan;
use crate::yaml::At;

pub(super) fn access_log(site: &mut Site<'_>, raw: &raw::AccessLog) -> Option<AccessLog> {
    let to = site.parse(&raw.to).map(|to| beside(site, to));
    if to == Some(LogTarget::None) {
        nothing_beside_none(site, raw);
    }
    let format = format(site, raw);
    let only = raw.only.as_ref().map(|only| filter(site, only));
    Some(AccessLog {
        to: to?,
        format: format?,
        only: match only {
            Some(only) => Some(only?),
            None => None,
        },
    })
}

/// Paths are relative to the file that says them. Which file that is belongs to what the object means, then: moved to
/// another folder, it writes elsewhere.
fn beside(site: &mut Site<'_>, to: LogTarget) -> LogTarget {
    match to {
        LogTarget::File(path) if path.is_relative() => {
            let folder = Path::new(&**site.file).parent().unwrap_or(Path::new(""));
            let path = folder.join(path);
            site.contents.push(Digest::of(&[path.as_os_str().as_encoded_bytes()]));
            LogTarget::File(path)
        }
        other => other,
    }
}

fn nothing_beside_none(site: &mut Site<'_>, raw: &raw::AccessLog) {
    let marks = [
        raw.format.as_ref().map(|at| at.mark),
        raw.fields.as_ref().map(|at| at.mark),
        raw.pattern.as_ref().map(|at| at.mark),
        raw.only.as_ref().map(|at| at.mark),
    ];
    for mark in marks.into_iter().flatten() {
        pointless(site, mark, "this says nothing beside `to: none`", "leave it out");
    }
}

fn pointless(site: &mut Site<'_>, mark: Mark, message: &str, help: &str) {
    site.report(mark, ValueError::new(Code::Pointless, message.to_owned()).help(help));
}

fn format(site: &mut Site<'_>, raw: &raw::AccessLog) -> Option<LogFormat> {
    let fields = fields(site, raw);
    if let Some(pattern) = &raw.pattern {
        if let Some(format) = &raw.format {
            let error = ValueError::new(Code::NotOneOf, "a line has a `format` or a `pattern`".to_owned());
            site.report(format.mark, error.help("leave one of the two out"));
        }
        return site.parse(pattern).map(LogFormat::Pattern);
    }
    Some(match raw.format.as_ref().map_or(LogWord::Text, |format| format.value) {
        LogWord::Text => LogFormat::Text(fields),
        LogWord::Json => LogFormat::Json(fields),
        LogWord::Combined => LogFormat::Combined,
    })
}

fn fields(site: &mut Site<'_>, raw: &raw::AccessLog) -> Vec<LogField> {
    let Some(written) = &raw.fields else {
        return LogField::DEFAULT.to_vec();
    };
    let is_combined = raw
        .format
        .as_ref()
        .is_some_and(|format| format.value == LogWord::Combined);
    if is_combined || raw.pattern.is_some() {
        let message = "`fields` belongs to the formats `text` and `json`";
        pointless(site, written.mark, message, "leave it out: this line is what it is");
    }
    site.not_empty(written, "field", "leave `fields` out for the usual ones");
    site.distinct(written.value.iter().map(|field| (field.value, field.mark)), "field");
    written.value.iter().map(|field| field.value).collect()
}

fn filter(site: &mut Site<'_>, raw: &At<raw::LogOnly>) -> Option<LogFilter> {
    let raw::LogOnly {
        statuses,
        slower_than,
        sample,
    } = &raw.value;
    if statuses.is_none() && slower_than.is_none() && sample.is_none() {
        let help = "write which requests are logged, `statuses: [500-599]`, or leave `only` out for all of them";
        pointless(site, raw.mark, "this says nothing", help);
    }
    let ranges = statuses.as_ref().map(|statuses| {
        site.not_empty(statuses, "status", "leave `statuses` out for all that failed");
        let ranges = statuses.value.iter().filter_map(|range| site.parse(range));
        ranges.collect()
    });
    let mut filter = LogFilter {
        statuses: ranges,
        slower_than: None,
        sample: Default::default(),
    };
    site.set(&mut filter.slower_than, slower_than.as_ref(), |text| {
        Ok(Some(text.parse::<TimeSpan>()?.duration()))
    });
    site.set(&mut filter.sample, sample.as_ref(), |text| text.parse());
    Some(filter)
}
