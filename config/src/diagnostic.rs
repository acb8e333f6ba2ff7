//! What the loader has to say about a configuration: one [`Diagnostic`] for each mistake, with its place, what was
//! expected and a stable [`Code`].
//!
//! Not for errors of the machine (a directory that cannot be read): those are [`crate::LoadError`].

mod code;
mod render;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use self::code::Code;
use crate::id::ObjectId;
use crate::origin::Origin;

/// How many characters of a text a message shows.
const MAX_SHOWN: usize = 64;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Everything loads; something is probably not what was meant.
    Warning,
    /// An object was set aside, or a reference of a loaded object is invalid.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One finding. Its `Display` is what people read: code, message, place, the line with a caret below, help.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    pub(crate) severity: Severity,
    pub(crate) code: Code,
    pub(crate) object: Option<ObjectId>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) at: Label,
    pub(crate) related: Vec<Label>,
}

/// A place that a diagnostic points at, with the line that stands there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Label {
    pub(crate) origin: Origin,
    pub(crate) note: Option<String>,
    pub(crate) excerpt: Option<Arc<str>>,
}

impl Label {
    pub(crate) const fn new(origin: Origin) -> Self {
        Self {
            origin,
            note: None,
            excerpt: None,
        }
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// File, line and column.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What this place has to do with the mistake, unless it is the mistake itself.
    pub fn note_text(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The line as it was written, without its line break; `None` for one of more than 64 KiB.
    pub fn excerpt(&self) -> Option<&str> {
        self.excerpt.as_deref()
    }
}

impl Diagnostic {
    pub(crate) const fn new(code: Code, message: String, origin: Origin) -> Self {
        Self {
            severity: code.severity(),
            code,
            object: None,
            message,
            help: None,
            at: Label::new(origin),
            related: Vec::new(),
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn object(mut self, id: ObjectId) -> Self {
        self.object = Some(id);
        self
    }

    pub(crate) fn related(mut self, label: Label) -> Self {
        self.related.push(label);
        self
    }

    /// Whether something was set aside.
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// The stable code: `TG0202`.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The object that is to blame, where it is known.
    pub const fn object_id(&self) -> Option<&ObjectId> {
        self.object.as_ref()
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What was expected, or what was probably meant.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Where it is wrong.
    pub const fn label(&self) -> &Label {
        &self.at
    }

    /// Other places that belong to the mistake, such as the first of two objects with one name.
    pub fn related_labels(&self) -> &[Label] {
        &self.related
    }

    /// The file of the mistake.
    pub fn file(&self) -> &str {
        self.at.origin.file()
    }

    /// The line of the mistake, from 1.
    pub const fn line(&self) -> u32 {
        self.at.origin.line()
    }

    /// The column of the mistake in characters, from 1.
    pub const fn column(&self) -> u32 {
        self.at.origin.column()
    }
}

/// Why a text is not the value it should be. Whoever knows the place makes a [`Diagnostic`] of it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ValueError {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl ValueError {
    /// Says that `text` is not `what` it should be.
    pub(crate) fn is_not(code: Code, text: &str, what: &str) -> Self {
        Self::new(code, format!("`{}` is not {what}", clip(text)))
    }

    pub(crate) const fn new(code: Code, message: String) -> Self {
        Self {
            code,
            message,
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The stable code that a diagnostic of it carries.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What was expected.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    pub(crate) fn at(self, origin: Origin) -> Diagnostic {
        Diagnostic {
            help: self.help,
            ..Diagnostic::new(self.code, self.message, origin)
        }
    }
}

/// As much of a text as a message bears.
pub(crate) fn clip(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", line.split_at(end).0),
        None if line.len() < text.len() => format!("{line}..."),
        None => line.to_owned(),
    }
}
