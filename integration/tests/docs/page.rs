//! The repository's Markdown: which pages there are, and the fenced blocks of one.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A page: its path from the root, and its text.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn read(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let text = fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, text }
    }

    /// Every page of the repository, in order.
    pub(crate) fn all() -> Vec<Self> {
        let mut paths = Vec::new();
        collect(Path::new(""), &mut paths);
        paths.sort();
        assert!(paths.len() > 5, "{paths:?}");
        paths.into_iter().map(Self::read).collect()
    }

    pub(crate) fn blocks(&self) -> Vec<Block<'_>> {
        blocks(&self.text)
    }

    /// Where a line of it stands, for messages.
    pub(crate) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        // What others wrote, or a build.
        let is_ours = !name.to_string_lossy().starts_with('.') && name != "target" && name != "corpus";
        let path = folder.join(&name);
        if entry.file_type().unwrap().is_dir() && is_ours {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
}

/// A fenced block: the info string behind its fence, its text, and the line of the text's beginning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Block<'p> {
    pub(crate) info: &'p str,
    pub(crate) text: &'p str,
    pub(crate) line: usize,
}

impl<'p> Block<'p> {
    /// The words of the info string behind this language; `None` for another language.
    pub(crate) fn words(&self, language: &str) -> Option<Vec<&'p str>> {
        let mut words = self.info.split(' ');
        (words.next() == Some(language)).then(|| words.collect())
    }
}

/// The fenced blocks of a text, each begun and ended by a line of three backquotes without indentation.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize, usize)> = None;
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let begin = at;
        at += line.len();
        let Some(info) = line.strip_prefix("```") else { continue };
        open = match open {
            None => Some((info.trim(), at, number + 2)),
            Some((info, from, line)) => {
                let text = &text[from..begin];
                blocks.push(Block { info, text, line });
                None
            }
        };
    }
    assert_eq!(open, None, "a block that does not end");
    blocks
}

#[test]
fn blocks_are_found_with_their_lines() {
    let text = "a\n```yaml rule\nb: c\n```\n\n```\n```\n";
    let (first, second) = ("yaml rule", "");
    let found = [(first, "b: c\n", 3), (second, "", 7)].map(|(info, text, line)| Block { info, text, line });
    assert_eq!(blocks(text), found);
    assert_eq!(found[0].words("yaml"), Some(vec!["rule"]));
    assert_eq!(found[0].words("console"), None);
}
