//! The files of a configuration: which there are, what they say, and which of them have changed.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the times of files are wall time"
)]

mod stamp;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use self::stamp::{Seen, Stamp};
use crate::diagnostic::{Code, Diagnostic, Label, Severity};
use crate::digest::{Digest, DigestSum};
use crate::file::{self, Reading};
use crate::origin::{Mark, Origin};
use crate::snapshot::Draft;
use crate::yaml::MAX_BYTES;

/// The longest line that is shown below a mistake, in bytes. A column is found by counting from the beginning of its line, for
/// each mistake anew: what programs write as one line of megabytes may have thousands.
const MAX_SHOWN_LINE: usize = 64 << 10;

/// Why there is nothing to load at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct LoadError {
    path: PathBuf,
    source: io::Error,
}

impl LoadError {
    /// The file or directory that cannot be read.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Every file of a configuration, by name.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: BTreeMap<Arc<str>, File>,
    /// The directories that were looked through.
    directories: BTreeSet<PathBuf>,
    /// Set when the directory has no file at all.
    nothing: Option<Diagnostic>,
}

/// What a look at the files found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looked {
    /// Whether they may say anything else than before.
    pub(super) has_changed: bool,
    /// How many had to be read.
    pub(super) read: usize,
}

#[derive(Debug)]
struct File {
    name: Arc<str>,
    /// `None` when it has to be read again next time, whatever the system says of it.
    stamp: Option<Stamp>,
    content: Digest,
    reading: Reading,
    /// The files that its objects name.
    named: Vec<(PathBuf, Seen)>,
    /// What stands in it, until the next look.
    text: Option<String>,
    /// Lines that diagnostics have pointed at.
    excerpts: HashMap<u32, Arc<str>>,
}

impl Files {
    pub(super) fn of_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = texts.into_iter().map(|(name, text)| {
            let name: Arc<str> = name.into();
            let file = File::of_bytes(&name, Ok(text.as_bytes().to_vec()), None);
            (name, file)
        });
        Self {
            files: files.collect(),
            ..Self::default()
        }
    }

    /// Looks which files there are, and reads those that may have changed.
    pub(super) fn scan(&mut self, path: &Path) -> Result<Looked, LoadError> {
        let failed = |source| LoadError {
            path: path.to_owned(),
            source,
        };
        let metadata = fs::metadata(path).map_err(failed)?;
        let mut listing = Listing::default();
        if metadata.is_dir() {
            listing.walk(path, &mut HashSet::new()).map_err(failed)?;
        } else {
            fs::File::open(path).map_err(failed)?;
            listing.files.push((path.to_owned(), Ok(metadata)));
        }
        let mut looked = Looked::default();
        let mut before = std::mem::take(&mut self.files);
        for (path, metadata) in listing.files {
            let name = name_of(&path);
            let known = before.remove(&name);
            self.files
                .insert(Arc::clone(&name), refresh(&name, &path, metadata, known, &mut looked));
        }
        for (name, file) in before {
            if listing
                .unreadable
                .iter()
                .any(|directory| Path::new(&*name).starts_with(directory))
            {
                self.files.insert(name, file);
            } else {
                looked.has_changed = true;
            }
        }
        let nothing = self.files.is_empty().then(|| {
            let message = "the directory has no `*.yaml` or `*.yml` file".to_owned();
            Diagnostic::new(Code::Empty, message, start_of(&name_of(path)))
        });
        looked.has_changed |= nothing != self.nothing;
        self.nothing = nothing;
        self.directories = listing.directories;
        Ok(looked)
    }

    /// The objects, good and bad, each with the name of its file.
    pub(super) fn drafts(&self) -> impl Iterator<Item = (&Arc<str>, &Draft)> {
        self.files
            .iter()
            .flat_map(|(name, file)| file.reading.drafts.iter().map(move |draft| (name, draft)))
    }

    /// What is wrong within files.
    pub(super) fn diagnostics(&self) -> Vec<Diagnostic> {
        let found = self.files.values().flat_map(|file| &file.reading.diagnostics);
        found.chain(&self.nothing).cloned().collect()
    }

    pub(super) fn any_is_partial(&self) -> bool {
        self.files.values().any(|file| file.reading.is_partial)
    }

    /// Why not all that stands in this file can be known. `None` when it is gone, too.
    pub(super) fn why_partial(&self, name: &Arc<str>) -> Option<&Diagnostic> {
        let reading = &self.files.get(name)?.reading;
        let mut errors = reading
            .diagnostics
            .iter()
            .filter(|found| found.severity() == Severity::Error && found.object_id().is_none());
        errors.next().filter(|_| reading.is_partial)
    }

    /// The hash of everything that they say, whatever they are called.
    pub(super) fn desired(&self) -> Digest {
        let mut hash = DigestSum::default();
        hash.extend(self.drafts().map(|(_, draft)| draft.hash));
        let partial = self.files.values().filter(|file| file.reading.is_partial);
        hash.extend(partial.map(|file| file.content));
        hash.finish()
    }

    /// The directories in which a change may concern the configuration at `path`.
    pub(super) fn directories(&self, path: &Path) -> BTreeSet<PathBuf> {
        let mut directories = self.directories.clone();
        directories.extend(stamp::directories_of(path));
        for (name, file) in &self.files {
            directories.extend(stamp::directories_of(Path::new(&**name)));
            for (path, _) in &file.named {
                directories.extend(stamp::directories_of(path));
            }
        }
        directories
    }

    /// Gives each label the line that it points at, and puts the findings in the order of files and lines.
    pub(super) fn explain(&mut self, found: &mut [Diagnostic]) {
        let mut unshown: HashMap<Arc<str>, Vec<&mut Label>> = HashMap::new();
        for label in labels(found).filter(|label| label.excerpt.is_none()) {
            if let Some((name, _)) = self.files.get_key_value(label.origin.file()) {
                unshown.entry(Arc::clone(name)).or_default().push(label);
            }
        }
        for (name, labels) in unshown {
            if let Some(file) = self.files.get_mut(&name) {
                file.show(labels);
            }
        }
        found.sort_by_cached_key(|diagnostic| {
            let file = diagnostic.file().to_owned();
            (file, diagnostic.line(), diagnostic.column())
        });
    }
}

/// The file as it is now; what is known of it, when it has not changed.
fn refresh(
    name: &Arc<str>,
    path: &Path,
    metadata: io::Result<Metadata>,
    known: Option<File>,
    looked: &mut Looked,
) -> File {
    let now = SystemTime::now();
    let stamp = metadata.as_ref().ok().map(Stamp::of);
    let named_changed = known.as_ref().is_some_and(|known| known.named_have_changed(now));
    let known = known.map(|known| File { text: None, ..known });
    let known = match known {
        Some(known) if known.stamp.is_some() && known.stamp == stamp && !named_changed => return known,
        known => known.filter(|_| !named_changed),
    };
    looked.read += usize::from(stamp.is_some());
    let bytes = metadata.and_then(|_| read_bounded(path, MAX_BYTES));
    let content = content_of(&bytes);
    let stamp = stamp.and_then(|stamp| stamp.if_settled(now));
    match known {
        Some(known) if known.content == content => File { stamp, ..known },
        _ => {
            looked.has_changed = true;
            File::of_bytes(name, bytes, stamp)
        }
    }
}

/// The hash of what stands in a file, or of why that is not known.
fn content_of(bytes: &io::Result<Vec<u8>>) -> Digest {
    match bytes {
        Ok(bytes) => Digest::of(&[bytes]),
        Err(error) => Digest::of(&[b"unreadable", error.to_string().as_bytes()]),
    }
}

impl File {
    fn of_bytes(name: &Arc<str>, bytes: io::Result<Vec<u8>>, stamp: Option<Stamp>) -> Self {
        let content = content_of(&bytes);
        let (reading, text) = match text_of(name, bytes) {
            Ok(text) => (file::read(name, &text), Some(text)),
            Err(diagnostic) => (Reading::broken(*diagnostic), None),
        };
        let now = SystemTime::now();
        let named = reading.named.iter().map(|path| (path.clone(), Seen::now(path, now)));
        let mut file = Self {
            name: Arc::clone(name),
            stamp,
            content,
            named: named.collect(),
            reading,
            text,
            excerpts: HashMap::new(),
        };
        file.explain();
        file
    }

    /// Gives the findings within the file their lines, while it is at hand.
    fn explain(&mut self) {
        let mut found = std::mem::take(&mut self.reading.diagnostics);
        self.show(labels(&mut found).collect());
        self.reading.diagnostics = found;
    }

    /// Whether a file that its objects name may hold something else.
    fn named_have_changed(&self, now: SystemTime) -> bool {
        !self.named.iter().all(|(path, seen)| seen.still_holds(path, now))
    }

    /// Gives labels the lines that they point at, from a file that has not changed since. All at once, since a line is found
    /// by those before it.
    fn show(&mut self, labels: Vec<&mut Label>) {
        let numbers = labels.iter().map(|label| label.origin.line());
        let unknown: HashSet<u32> = numbers.filter(|number| !self.excerpts.contains_key(number)).collect();
        if let Some(last) = unknown.iter().max()
            && let Some(text) = self.text()
        {
            let found: Vec<_> = (1..=*last)
                .zip(lines(text))
                .filter(|(number, line)| line.len() <= MAX_SHOWN_LINE && unknown.contains(number))
                .map(|(number, line)| (number, line.into()))
                .collect();
            self.excerpts.extend(found);
        }
        for label in labels {
            label.excerpt = self.excerpts.get(&label.origin.line()).cloned();
        }
    }

    /// What stands in it, if that is still what was read.
    fn text(&mut self) -> Option<&str> {
        if self.text.is_none() {
            let bytes = read_bounded(Path::new(&*self.name), MAX_BYTES);
            self.text = (content_of(&bytes) == self.content)
                .then(|| String::from_utf8(bytes.ok()?).ok())
                .flatten();
        }
        self.text.as_deref()
    }
}

/// The places that these point at.
fn labels(found: &mut [Diagnostic]) -> impl Iterator<Item = &mut Label> {
    found
        .iter_mut()
        .flat_map(|diagnostic| std::iter::once(&mut diagnostic.at).chain(&mut diagnostic.related))
}

fn text_of(name: &Arc<str>, bytes: io::Result<Vec<u8>>) -> Result<String, Box<Diagnostic>> {
    let bytes = bytes.map_err(|error| {
        let message = format!("this cannot be read: {error}");
        Diagnostic::new(Code::UnreadableFile, message, start_of(name))
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let mark = mark_after(error.as_bytes().get(..valid).unwrap_or_default());
        let origin = Origin::new(Arc::clone(name), mark);
        Diagnostic::new(Code::NotUtf8, "the file is not UTF-8".to_owned(), origin)
            .help("save it with the encoding UTF-8")
    })?;
    Ok(text)
}

/// Which files and directories there are.
#[derive(Debug, Default)]
struct Listing {
    files: Vec<(PathBuf, io::Result<Metadata>)>,
    directories: BTreeSet<PathBuf>,
    /// Directories that could not be looked through.
    unreadable: Vec<PathBuf>,
}

impl Listing {
    /// Adds the configuration files below `directory`; one that several links lead to counts once.
    fn walk(&mut self, directory: &Path, visited: &mut HashSet<PathBuf>) -> io::Result<()> {
        if !visited.insert(directory.canonicalize()?) {
            return Ok(());
        }
        let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
        self.directories.insert(directory.to_owned());
        entries.sort_by_key(fs::DirEntry::file_name);
        for path in entries.iter().filter(|entry| !is_hidden(entry)).map(fs::DirEntry::path) {
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {
                    if let Err(error) = self.walk(&path, visited) {
                        self.unreadable.push(path.clone());
                        self.files.push((path, Err(error)));
                    }
                }
                Ok(metadata) if metadata.is_file() && is_yaml(&path) => self.files.push((path, Ok(metadata))),
                Err(error) if is_yaml(&path) => self.files.push((path, Err(error))),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The lines of a text as YAML counts them, which may also end in a lone CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// The place right after `text`.
fn mark_after(text: &[u8]) -> Mark {
    let text = String::from_utf8_lossy(text);
    let (mut line, mut column) = (0, 0);
    for last in lines(&text) {
        line += 1;
        column = last.chars().count() + 1;
    }
    Mark::new(line, column, 1)
}

fn start_of(name: &Arc<str>) -> Origin {
    Origin::new(Arc::clone(name), Mark::start())
}

fn name_of(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}

/// At most a byte more than a file may have, so that an endless one ends.
pub(crate) fn read_bounded(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_hidden(entry: &fs::DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml")
}
