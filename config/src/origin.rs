//! Where something was written: a file and a place in it.
//!
//! Positions stay with what they describe up to `explain` and the admin pages, yet they are no part of its meaning:
//! an object that only moved within its file is the same object and keeps its pools and counters.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A stretch of one line: where it begins and how many characters it spans. Lines and columns count from 1.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) width: u32,
}

impl Mark {
    /// The mark of this line and column, both from 1.
    pub(crate) fn new(line: usize, column: usize, width: usize) -> Self {
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            line: narrow(line),
            column: narrow(column),
            width: narrow(width),
        }
    }

    /// The first character of a file.
    pub(crate) const fn start() -> Self {
        Self {
            line: 1,
            column: 1,
            width: 1,
        }
    }
}

/// The file, line and column (both from 1, columns in characters) where an object, rule or backend was written.
///
/// All origins compare as equal, so that whatever holds one is compared by what it means.
#[derive(Clone)]
pub struct Origin {
    file: Arc<str>,
    mark: Mark,
}

impl Origin {
    pub(crate) const fn new(file: Arc<str>, mark: Mark) -> Self {
        Self { file, mark }
    }

    /// The file's path as it was given or found; for text without a file, the name it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1.
    pub const fn line(&self) -> u32 {
        self.mark.line
    }

    /// The column in characters, from 1.
    pub const fn column(&self) -> u32 {
        self.mark.column
    }

    pub(crate) const fn mark(&self) -> Mark {
        self.mark
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.mark.line, self.mark.column)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
