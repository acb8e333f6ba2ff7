//! From YAML's events to a tree of nodes with positions.
//!
//! An alias shares the node of its anchor, so that a YAML bomb costs nothing to read; each node knows how long it would
//! be if all its aliases were written out, and a file is refused when its aliases stand for too much in proportion to
//! its length. So whatever is made of a tree later is bounded, too.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_yaml::granit_parser::{self as granit, ErrorKind, Event, Parser, ScalarStyle, ScanError};

use super::Flaw;
use crate::diagnostic::Code;
use crate::origin::Mark;

/// Maps and lists within each other; the language itself needs 8.
const MAX_DEPTH: usize = 32;
/// A file of 100 000 routes has about 20 MiB.
pub(crate) const MAX_BYTES: usize = 64 << 20;
/// How many bytes aliases may stand for: so many in any case, and so many a byte of the file.
const FREE_ALIAS_BYTES: u64 = 1 << 20;
const ALIAS_BYTES_A_BYTE: u64 = 16;
/// Up to this many keys a map is searched for duplicates key by key.
const SMALL_MAP: usize = 16;

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) mark: Mark,
    pub(crate) value: Value<'a>,
    /// About how many bytes this is with all aliases written out.
    size: u64,
}

#[derive(Debug)]
pub(crate) enum Value<'a> {
    /// Text as it is meant (escapes resolved); `is_plain` when it stood without quotes.
    Scalar {
        text: Cow<'a, str>,
        is_plain: bool,
    },
    List(Vec<Rc<Node<'a>>>),
    Map(Map<'a>),
    /// An alias without an anchor, by name.
    UnknownAlias(String),
    /// Anything with a tag, such as `!!set`.
    Tagged(String),
}

#[derive(Debug, Default)]
pub(crate) struct Map<'a> {
    pub(crate) entries: Vec<Entry<'a>>,
    /// The indices of two entries with the same key, the first such pair.
    duplicate: Option<(usize, usize)>,
}

#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) mark: Mark,
    is_plain: bool,
    pub(crate) value: Rc<Node<'a>>,
}

impl Value<'_> {
    fn text_len(&self) -> u64 {
        match self {
            Self::Scalar { text, .. } => text.len() as u64,
            _ => 0,
        }
    }
}

impl<'a> Map<'a> {
    /// Two entries with the same key.
    pub(crate) fn duplicate(&self) -> Option<(&Entry<'a>, &Entry<'a>)> {
        let (first, second) = self.duplicate?;
        Some((self.entries.get(first)?, self.entries.get(second)?))
    }
}

impl Node<'_> {
    /// Whether it says nothing: an empty value, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, is_plain: true } if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// Reads one file. `None` when it holds nothing.
pub(crate) fn parse(text: &str) -> Result<Option<Rc<Node<'_>>>, Flaw> {
    if text.len() > MAX_BYTES {
        return Err(too_large(
            Mark::start(),
            format!("the file has more than {} MiB", MAX_BYTES >> 20),
        ));
    }
    let mut options = granit::Options::default();
    options.emit_unresolved_aliases = true;
    let mut builder = Builder::new(FREE_ALIAS_BYTES + ALIAS_BYTES_A_BYTE * text.len() as u64);
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax(&error, text))?;
        builder.take(event, mark_of(span))?;
    }
    Ok(builder.root.filter(|root| !(root.is_null() && root.mark.width == 0)))
}

/// A map or list whose end has not come.
struct Open<'a> {
    mark: Mark,
    anchor: usize,
    tag: Option<String>,
    content: Content<'a>,
}

enum Content<'a> {
    List(Vec<Rc<Node<'a>>>),
    Map {
        map: Map<'a>,
        key: Option<(Cow<'a, str>, Mark, bool)>,
    },
}

struct Builder<'a> {
    open: Vec<Open<'a>>,
    anchors: HashMap<usize, Rc<Node<'a>>>,
    root: Option<Rc<Node<'a>>>,
    /// How many more bytes aliases may stand for.
    alias_bytes: u64,
}

impl<'a> Builder<'a> {
    fn new(alias_bytes: u64) -> Self {
        Self {
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            alias_bytes,
        }
    }

    fn take(&mut self, event: Event<'a>, mark: Mark) -> Result<(), Flaw> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => Err(Flaw::new(
                Code::SeveralDocuments,
                mark,
                "a second document begins here",
            )
            .help("a file is one document: put the second one into its own file, or the sections of both together")),
            Event::Scalar(text, style, anchor, tag) => {
                let value = match tag_name(tag.as_deref()) {
                    Some(tag) => Value::Tagged(tag),
                    None => Value::Scalar {
                        text,
                        is_plain: style == ScalarStyle::Plain,
                    },
                };
                let size = 1 + value.text_len();
                self.finish(Node { mark, value, size }, anchor)
            }
            Event::Alias(anchor) => self.alias(anchor, mark),
            Event::UnresolvedAlias(name) => self.finish(
                Node {
                    mark,
                    value: Value::UnknownAlias(name.into_owned()),
                    size: 1,
                },
                0,
            ),
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(mark, anchor, tag_name(tag.as_deref()), Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                let content = Content::Map {
                    map: Map::default(),
                    key: None,
                };
                self.begin(mark, anchor, tag_name(tag.as_deref()), content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => Ok(()),
        }
    }

    fn alias(&mut self, anchor: usize, mark: Mark) -> Result<(), Flaw> {
        let Some(node) = self.anchors.get(&anchor).map(Rc::clone) else {
            return Err(Flaw::new(
                Code::UnknownAlias,
                mark,
                "the alias stands within what it means",
            ));
        };
        match self.alias_bytes.checked_sub(node.size) {
            Some(left) => self.alias_bytes = left,
            None => {
                return Err(too_large(
                    mark,
                    "the aliases up to here stand for more than a file of this length may hold",
                )
                .help("write out what is needed, or use fewer aliases of aliases"));
            }
        }
        self.add(node, mark)
    }

    fn begin(&mut self, mark: Mark, anchor: usize, tag: Option<String>, content: Content<'a>) -> Result<(), Flaw> {
        if self.open.len() == MAX_DEPTH {
            return Err(too_deep(mark));
        }
        self.open.push(Open {
            mark,
            anchor,
            tag,
            content,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Flaw> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let (mut value, size) = match open.content {
            Content::List(items) => {
                let size = items.iter().fold(1, |sum: u64, item| sum.saturating_add(item.size));
                (Value::List(items), size)
            }
            Content::Map { mut map, .. } => {
                merge(&mut map)?;
                map.duplicate = find_duplicate(&map.entries);
                let size = map
                    .entries
                    .iter()
                    .fold(1, |sum: u64, entry| sum.saturating_add(entry.size()));
                (Value::Map(map), size)
            }
        };
        if let Some(tag) = open.tag {
            value = Value::Tagged(tag);
        }
        self.finish(
            Node {
                mark: open.mark,
                value,
                size,
            },
            open.anchor,
        )
    }

    fn finish(&mut self, node: Node<'a>, anchor: usize) -> Result<(), Flaw> {
        let mark = node.mark;
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.add(node, mark)
    }

    /// Puts a node that is complete to where it belongs; `mark` is where it is used.
    fn add(&mut self, node: Rc<Node<'a>>, mark: Mark) -> Result<(), Flaw> {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { map, key }) => match key.take() {
                Some((key, mark, is_plain)) => map.entries.push(Entry {
                    key,
                    mark,
                    is_plain,
                    value: node,
                }),
                None => match &node.value {
                    Value::Scalar { text, is_plain } => *key = Some((text.clone(), mark, *is_plain)),
                    _ => {
                        return Err(Flaw::new(Code::YamlSyntax, mark, "a key must be text")
                            .help("put it in quotes if it begins with `*`, `!`, `[` or `{`"));
                    }
                },
            },
        }
        Ok(())
    }
}

/// Resolves `<<`: keys of the map or maps it holds that are not written here are taken over, the first map's first.
fn merge(map: &mut Map<'_>) -> Result<(), Flaw> {
    if !map.entries.iter().any(Entry::is_merge) {
        return Ok(());
    }
    let (merges, mut entries): (Vec<_>, Vec<_>) =
        std::mem::take(&mut map.entries).into_iter().partition(Entry::is_merge);
    let mut seen: HashSet<_> = entries.iter().map(|entry| entry.key.clone()).collect();
    for merge in &merges {
        let sources = match &merge.value.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&merge.value),
        };
        for source in sources {
            let Value::Map(source) = &source.value else {
                return Err(
                    Flaw::new(Code::WrongType, merge.mark, "`<<` takes a map or a list of maps")
                        .help("write `<<: *anchor` where the anchor is on a map"),
                );
            };
            for entry in source.entries.iter().filter(|entry| seen.insert(entry.key.clone())) {
                let (key, value) = (entry.key.clone(), Rc::clone(&entry.value));
                entries.push(Entry {
                    key,
                    mark: entry.mark,
                    is_plain: entry.is_plain,
                    value,
                });
            }
        }
    }
    map.entries = entries;
    Ok(())
}

impl Entry<'_> {
    fn size(&self) -> u64 {
        self.value.size.saturating_add(self.key.len() as u64)
    }

    fn is_merge(&self) -> bool {
        self.is_plain && self.key == "<<"
    }
}

fn find_duplicate(entries: &[Entry<'_>]) -> Option<(usize, usize)> {
    if entries.len() <= SMALL_MAP {
        return entries.iter().enumerate().find_map(|(second, entry)| {
            let first = entries
                .iter()
                .take(second)
                .position(|earlier| earlier.key == entry.key)?;
            Some((first, second))
        });
    }
    let mut seen = HashMap::with_capacity(entries.len());
    entries
        .iter()
        .enumerate()
        .find_map(|(second, entry)| Some((seen.insert(&entry.key, second)?, second)))
}

/// The tag as people write it; `!!str` and the like, which say what a field says anyway, pass for none.
fn tag_name(tag: Option<&granit::Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.core_suffix().is_none())?;
    Some(format!("{}{}", tag.original_handle(), tag.suffix()))
}

fn too_large(mark: Mark, message: impl Into<String>) -> Flaw {
    Flaw::new(Code::TooLarge, mark, message)
}

fn too_deep(mark: Mark) -> Flaw {
    too_large(mark, format!("maps and lists are nested more than {MAX_DEPTH} deep"))
}

fn mark_of(span: granit::Span) -> Mark {
    let width = if span.start.line() == span.end.line() {
        span.end.col().saturating_sub(span.start.col())
    } else {
        1
    };
    Mark::new(span.start.line(), span.start.col() + 1, width)
}

fn syntax(error: &ScanError, text: &str) -> Flaw {
    let marker = error.marker();
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_deep(Mark::new(marker.line(), marker.col() + 1, 1));
    }
    let flaw = Flaw::new(
        Code::YamlSyntax,
        Mark::new(marker.line(), marker.col() + 1, 1),
        error.info(),
    );
    let line = text.lines().nth(marker.line().saturating_sub(1)).unwrap_or_default();
    if line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t') {
        return flaw.help("YAML is indented with spaces, never with tabs");
    }
    flaw.help("this is not YAML: look at the quotes, brackets and the indentation of this line and those above")
}
