//! Secrets: what an environment variable or a file holds.
//!
//! Invariant: no message says anything of what it holds, not even of a part.

use std::env::{self, VarError};

use super::Site;
use crate::diagnostic::{Code, ValueError, clip};
use crate::digest::Digest;
use crate::raw;
use crate::secret::{Secret, SecretSource};
use crate::yaml::At;

/// The largest secret in bytes: that of a header value.
const MAX_SECRET: usize = 8 * 1024;

/// A secret that can stand in a header.
pub(super) fn header_secret(site: &mut Site<'_>, raw: &At<raw::Secret>) -> Option<Secret> {
    let (source, text) = match &raw.value {
        raw::Secret {
            env: Some(name),
            file: None,
        } => {
            let source = SecretSource::Env(name.value.as_str().into());
            let value = variable(&name.value);
            let content = value
                .as_ref()
                .map_or_else(|_| Digest::default(), |value| Digest::of(&[value.as_bytes()]));
            site.contents.push(content);
            let value = value.map_err(|problem| bad(&source, problem));
            (source, site.take(name.mark, value)?)
        }
        raw::Secret {
            env: None,
            file: Some(path),
        } => {
            let bytes = site.read_file(path, MAX_SECRET)?;
            let source = SecretSource::File(path.value.as_str().into());
            let text = String::from_utf8(bytes).map_err(|_| bad(&source, "is not UTF-8"));
            let text = site.take(path.mark, text)?;
            (source, without_line_break(&text).to_owned())
        }
        _ => {
            let error = ValueError::new(Code::NotOneOf, "a secret is in one place".to_owned());
            site.report(raw.mark, error.help("write either `env: NAME` or `file: path`"));
            return None;
        }
    };
    let problem = if text.is_empty() {
        Some("is empty")
    } else if text.len() > MAX_SECRET {
        Some("is larger than 8 KiB")
    } else if text.chars().any(|c| c.is_control() && c != '\t') || text.trim_matches([' ', '\t']) != text {
        Some("cannot stand in a header: it has line breaks or other control characters, or spaces at its ends")
    } else {
        None
    };
    let secret = Secret::new(source, &text);
    match problem {
        Some(problem) => site.take(raw.mark, Err(bad(secret.source(), problem))),
        None => Some(secret),
    }
}

fn variable(name: &str) -> Result<String, &'static str> {
    // For which the standard library would panic or never find anything.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err("can have no value: a name has no `=`");
    }
    env::var(name).map_err(|error| match error {
        VarError::NotPresent => "is not set",
        VarError::NotUnicode(_) => "is not UTF-8",
    })
}

/// Editors end a file with a line break that nobody means.
fn without_line_break(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}

fn bad(source: &SecretSource, problem: &str) -> ValueError {
    let (what, help) = match source {
        SecretSource::Env(_) => ("variable", "set it for the process that loads the configuration"),
        SecretSource::File(_) => ("file", "write the value alone into it, in one line"),
    };
    let message = format!("the {what} `{}` {problem}", clip(source.name()));
    ValueError::new(Code::BadSecret, message).help(help)
}
