//! What becomes of a path.

use regex::Regex;

use super::Site;
use crate::diagnostic::{Code, ValueError};
use crate::filter::{PathRewrite, RedirectPath};
use crate::raw;
use crate::values::{PathText, Pattern, SubstitutionPiece};
use crate::yaml::At;

pub(super) fn redirected(site: &mut Site<'_>, raw: &At<raw::RedirectPath>) -> Option<RedirectPath> {
    match &raw.value {
        raw::RedirectPath {
            full: Some(path),
            prefix: None,
        } => site.parse(path).map(RedirectPath::Full),
        raw::RedirectPath {
            full: None,
            prefix: Some(prefix),
        } => site.parse(prefix).map(RedirectPath::Prefix),
        _ => not_one(site, raw, "write either `full: /new/path` or `prefix: /new`"),
    }
}

pub(super) fn rewritten(site: &mut Site<'_>, raw: &At<raw::RewritePath>) -> Option<PathRewrite> {
    match &raw.value {
        raw::RewritePath {
            full: Some(path),
            prefix: None,
            regex: None,
            substitution: None,
        } => site.parse(path).map(PathRewrite::Full),
        raw::RewritePath {
            full: None,
            prefix: Some(prefix),
            regex: None,
            substitution: None,
        } => site.parse(prefix).map(PathRewrite::Prefix),
        raw::RewritePath {
            full: None,
            prefix: None,
            regex: Some(pattern),
            substitution: Some(substitution),
        } => {
            let pattern: Pattern = site.parse(pattern)?;
            let checked = substituted(&substitution.value, pattern.regex());
            Some(PathRewrite::Regex {
                pattern,
                substitution: site.take(substitution.mark, checked)?,
            })
        }
        _ => not_one(
            site,
            raw,
            "write `full: /new/path`, `prefix: /new`, or `regex: ...` with `substitution: ...`",
        ),
    }
}

fn not_one<T, P>(site: &mut Site<'_>, raw: &At<P>, help: &str) -> Option<T> {
    let error = ValueError::new(Code::NotOneOf, "a path is changed in one way".to_owned());
    site.report(raw.mark, error.help(help));
    None
}

/// A substitution names only groups that there are, and puts only what may stand in a path between them.
fn substituted(text: &str, regex: &Regex) -> Result<Box<str>, ValueError> {
    let bad = |message: String, help: &str| Err(ValueError::new(Code::BadSubstitution, message).help(help));
    let mut literal = String::from("/");
    for piece in SubstitutionPiece::all_of(text) {
        match piece {
            SubstitutionPiece::Text(text) => literal += text,
            SubstitutionPiece::Group(group) if has_group(regex, group) => {}
            SubstitutionPiece::Group(group) => return bad(format!("the pattern has no group `{group}`"), GROUPS),
            SubstitutionPiece::LoneDollar => return bad(format!("a `$` of `{text}` names no group"), GROUPS),
        }
    }
    if let Some(help) = PathText::unfit(&literal) {
        return bad(format!("`{text}` does not make a path"), help);
    }
    Ok(text.into())
}

const GROUPS: &str =
    "`$1` and `${name}` mean the groups of the pattern, `$$` a dollar; before a letter, digit or `_` write `${1}`";

fn has_group(regex: &Regex, name: &str) -> bool {
    match name.parse::<usize>() {
        Ok(number) => number < regex.captures_len(),
        Err(_) => regex.capture_names().flatten().any(|known| known == name),
    }
}
