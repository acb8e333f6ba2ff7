//! YAML as a tree that knows where everything stands, and serde structs out of parts of that tree.
//!
//! The detour over a tree is what lets one bad object be set aside alone: each object is decoded by itself, after the
//! file as a whole was read. Scalars stay text until a field says what it wants, so `1.10` is never a number by
//! accident. What YAML could do to memory is bounded while the tree grows.

mod canonical;
mod decode;
mod tree;

pub(crate) use self::canonical::canonical;
pub(crate) use self::decode::{At, decode};
pub(crate) use self::tree::{Entry, MAX_BYTES, Map, Node, Value, parse};

use crate::diagnostic::{Code, Diagnostic, Label, clip};
use crate::origin::{Mark, Origin};
use std::sync::Arc;

/// A mistake in one file, before it is known which object it belongs to.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) mark: Mark,
    pub(crate) related: Option<(Mark, &'static str)>,
}

impl Flaw {
    pub(crate) fn new(code: Code, mark: Mark, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: None,
            mark,
            related: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Of a key that stands twice in one map.
    pub(crate) fn duplicate_key(first: &Entry<'_>, second: &Entry<'_>) -> Self {
        let mut flaw = Self::new(
            Code::DuplicateKey,
            second.mark,
            format!("`{}` stands twice", clip(&second.key)),
        )
        .help("keep one of the two");
        flaw.related = Some((first.mark, "first here"));
        flaw
    }

    pub(crate) fn in_file(self, file: &Arc<str>) -> Diagnostic {
        let origin = |mark| Origin::new(Arc::clone(file), mark);
        let mut diagnostic = Diagnostic::new(self.code, self.message, origin(self.mark));
        diagnostic.help = self.help;
        match self.related {
            Some((mark, note)) => diagnostic.related(Label::new(origin(mark)).note(note)),
            None => diagnostic,
        }
    }
}
