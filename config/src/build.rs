//! From objects as written to objects as meant: one object at a time, all of its mistakes at once.
//!
//! References become ids here; whether there is such an object is the snapshot's question.

mod access_log;
mod cluster;
mod filter;
mod listener;
mod matching;
mod route;
mod secret;

use std::collections::HashMap;
use std::hash::Hash;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::cluster::cluster;
pub(crate) use self::listener::listener;
pub(crate) use self::route::route;
use crate::diagnostic::{Code, Diagnostic, Label, ValueError, clip};
use crate::digest::Digest;
use crate::id::ObjectId;
use crate::origin::{Mark, Origin};
use crate::raw::{Number, Text};
use crate::store::read_bounded;
use crate::values::{ByteSize, TimeSpan, checked};
use crate::yaml::At;

/// One object on its way, and what is wrong with it so far.
///
/// A value that does not fit is reported and its default kept, so that one pass finds everything; an object of which
/// anything was reported is never used.
pub(crate) struct Site<'a> {
    pub(crate) file: &'a Arc<str>,
    pub(crate) id: &'a ObjectId,
    /// The key that names the object.
    pub(crate) mark: Mark,
    pub(crate) problems: Vec<Diagnostic>,
    /// The files beside the configuration that the object names.
    pub(crate) named: Vec<PathBuf>,
    /// The hashes of everything that the object means and the configuration does not say: of those files, of secrets,
    /// of where relative paths lead.
    pub(crate) contents: Vec<Digest>,
}

impl Site<'_> {
    /// The object when nothing is wrong with it.
    pub(crate) fn finish<T>(&self, object: Option<T>) -> Option<T> {
        object.filter(|_| self.problems.is_empty())
    }

    fn origin(&self, mark: Mark) -> Origin {
        Origin::new(Arc::clone(self.file), mark)
    }

    fn report(&mut self, mark: Mark, error: ValueError) {
        let diagnostic = error.at(self.origin(mark)).object(self.id.clone());
        self.problems.push(diagnostic);
    }

    /// The value of `result`, which was made of what stands at `mark`.
    fn take<T>(&mut self, mark: Mark, result: Result<T, ValueError>) -> Option<T> {
        result.map_err(|error| self.report(mark, error)).ok()
    }

    fn parse<T: FromStr<Err = ValueError>>(&mut self, text: &Text) -> Option<T> {
        self.take(text.mark, text.value.parse())
    }

    /// Sets `slot` to what is written, if anything is.
    fn set<W, T>(&mut self, slot: &mut T, written: Option<&At<W>>, read: impl FnOnce(&W) -> Result<T, ValueError>) {
        if let Some(at) = written
            && let Some(value) = self.take(at.mark, read(&at.value))
        {
            *slot = value;
        }
    }

    /// A time limit, which `0s` switches off.
    fn limit(&mut self, slot: &mut Option<Duration>, written: Option<&Text>) {
        self.set(slot, written, |text| Ok(text.parse::<TimeSpan>()?.limit()));
    }

    /// A number from `min` to `max`.
    fn number<T: From<u32>>(&mut self, slot: &mut T, written: Option<&Number>, min: u64, max: u64) {
        self.set(slot, written, |&number| {
            Ok(checked(number, min, max, "this number")?.into())
        });
    }

    /// A count from `min` to `max`, for indexing and comparing with lengths.
    fn count(&mut self, slot: &mut usize, written: Option<&Number>, min: u64, max: u64) {
        self.set(slot, written, |&number| {
            Ok(checked(number, min, max, "this number")? as usize)
        });
    }

    /// A size from `min` to `max` bytes.
    fn size(&mut self, slot: &mut usize, written: Option<&Text>, min: u64, max: u64) {
        self.set(slot, written, |text| Ok(size_within(text, min, max)? as usize));
    }

    /// What a file holds that the configuration names, relative to the file that names it; at most `limit` bytes.
    fn read_file(&mut self, path: &Text, limit: usize) -> Option<Vec<u8>> {
        let beside = Path::new(&**self.file).parent().unwrap_or(Path::new(""));
        let full = beside.join(&path.value);
        // A pipe would make the loader wait for whoever writes into it.
        let is_odd = full.metadata().is_ok_and(|metadata| !metadata.is_file());
        let bytes = if is_odd {
            Err(io::Error::other("it is no file"))
        } else {
            read_bounded(&full, limit)
        };
        self.named.push(full.clone());
        let content = bytes
            .as_ref()
            .map_or_else(|_| Digest::default(), |bytes| Digest::of(&[bytes]));
        self.contents.push(content);
        let problem = match bytes {
            Ok(bytes) if bytes.len() <= limit => return Some(bytes),
            Ok(_) => format!("is larger than {}", ByteSize::new(limit as u64)),
            Err(error) => format!("cannot be read: {error}"),
        };
        let error = ValueError::new(Code::BadFile, format!("`{}` {problem}", full.display()));
        self.report(path.mark, error.help("paths are relative to the file that says them"));
        None
    }

    fn not_empty<T>(&mut self, list: &At<Vec<T>>, what: &str, help: &str) {
        if list.value.is_empty() {
            let error = ValueError::new(Code::EmptyList, format!("there must be at least one {what}"));
            self.report(list.mark, error.help(help));
        }
    }

    /// Reports each value that stands twice, with its first place.
    fn distinct<T: Eq + Hash + ToString>(&mut self, values: impl Iterator<Item = (T, Mark)>, what: &str) {
        let mut seen = HashMap::new();
        for (value, mark) in values {
            let shown = clip(&value.to_string());
            if let Some(first) = seen.insert(value, mark) {
                let first = Label::new(self.origin(first)).note("first here");
                let message = format!("the {what} `{shown}` stands twice");
                let diagnostic = Diagnostic::new(Code::Repeated, message, self.origin(mark));
                self.problems.push(
                    diagnostic
                        .object(self.id.clone())
                        .related(first)
                        .help("keep one of the two"),
                );
            }
        }
    }
}

fn size_within(text: &str, min: u64, max: u64) -> Result<u32, ValueError> {
    let size: ByteSize = text.parse()?;
    checked(size.bytes(), min, max, "this size in bytes")
}
