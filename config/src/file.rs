//! One file: its sections, and the objects in them.

use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::build::{self, Site};
use crate::diagnostic::{Code, Diagnostic, Severity, ValueError, clip};
use crate::digest::Digest;
use crate::id::{Kind, Namespace, ObjectId};
use crate::origin::{Mark, Origin};
use crate::raw;
use crate::snapshot::{Draft, Object};
use crate::suggest::nearest;
use crate::yaml::{Entry, Flaw, Map, Value, canonical, decode, parse};

const NAMESPACE: &str = "namespace";
const KINDS: [Kind; 3] = [Kind::Listener, Kind::Route, Kind::Cluster];

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Its objects, good and bad.
    pub(crate) drafts: Vec<Draft>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Something is wrong that cannot be laid at the door of a single object, so that there may be more objects in the
    /// file than were found.
    pub(crate) is_partial: bool,
    /// The files that its objects name.
    pub(crate) named: Vec<PathBuf>,
}

impl Reading {
    /// A file of which nothing can be used.
    pub(crate) fn broken(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: vec![diagnostic],
            is_partial: true,
            ..Self::default()
        }
    }
}

/// Reads the objects of a file, and what is wrong with it.
pub(crate) fn read(name: &Arc<str>, text: &str) -> Reading {
    let mut file = File {
        name,
        namespace: Namespace::default(),
        reading: Reading::default(),
    };
    if let Err(flaw) = file.read(text) {
        file.report(flaw);
    }
    file.reading
}

struct File<'a> {
    name: &'a Arc<str>,
    namespace: Namespace,
    reading: Reading,
}

impl File<'_> {
    /// Fails where nothing of the file can be used.
    fn read(&mut self, text: &str) -> Result<(), Flaw> {
        let Some(root) = parse(text)? else {
            self.report(Flaw::new(Code::Empty, Mark::start(), "the file says nothing"));
            return Ok(());
        };
        let Value::Map(sections) = &root.value else {
            return Err(Flaw::new(Code::WrongRoot, root.mark, "a file is a map of sections")
                .help("begin with `listeners:`, `routes:` or `clusters:`"));
        };
        if let Some((first, second)) = sections.duplicate() {
            return Err(Flaw::duplicate_key(first, second));
        }
        if let Some(entry) = sections.entries.iter().find(|entry| entry.key == NAMESPACE) {
            self.namespace = namespace(entry)?;
        }
        for entry in sections.entries.iter().filter(|entry| entry.key != NAMESPACE) {
            match KINDS.into_iter().find(|kind| kind.section() == entry.key) {
                Some(kind) => self.section(kind, entry),
                None => self.report(unknown_section(entry)),
            }
        }
        Ok(())
    }

    fn section(&mut self, kind: Kind, section: &Entry<'_>) {
        match &section.value.value {
            Value::Map(objects) => self.objects(kind, objects),
            // A section of which everything is commented out.
            _ if section.value.is_null() => {}
            _ => self.report(
                Flaw::new(
                    Code::WrongType,
                    section.mark,
                    format!("`{}` is a map by name", kind.section()),
                )
                .help(format!("write each {kind} below its name: `web: {{ ... }}`")),
            ),
        }
    }

    fn objects(&mut self, kind: Kind, objects: &Map<'_>) {
        for entry in &objects.entries {
            match entry.key.parse() {
                Ok(name) => self.object(ObjectId::new(kind, self.namespace.clone(), name), entry),
                Err(error) => {
                    self.reading.is_partial = true;
                    let diagnostic = error.at(self.origin(entry.mark));
                    self.reading.diagnostics.push(diagnostic);
                }
            }
        }
    }

    fn object(&mut self, id: ObjectId, entry: &Entry<'_>) {
        let mut site = Site {
            file: self.name,
            id: &id,
            mark: entry.mark,
            problems: Vec::new(),
            named: Vec::new(),
            contents: Vec::new(),
        };
        let object = match id.kind() {
            Kind::Cluster => build(&mut site, entry, build::cluster).map(|cluster| Object::Cluster(cluster.into())),
            Kind::Listener => {
                build(&mut site, entry, build::listener).map(|listener| Object::Listener(listener.into()))
            }
            Kind::Route => build(&mut site, entry, build::route).map(|route| Object::Route(route.into())),
        };
        let Site {
            problems,
            named,
            contents,
            ..
        } = site;
        let written: Arc<str> = canonical(&entry.value).into();
        let contents = contents.iter().map(Digest::as_bytes);
        let who = [
            id.kind().as_str(),
            id.namespace().as_str(),
            id.name().as_str(),
            &written,
        ];
        let parts: Vec<&[u8]> = who.iter().map(|part| part.as_bytes()).chain(contents).collect();
        let hash = Digest::of(&parts);
        self.reading.diagnostics.extend(problems);
        self.reading.named.extend(named);
        self.reading.drafts.push(Draft {
            origin: self.origin(entry.mark),
            id,
            written,
            hash,
            object,
        });
    }

    /// Reports what concerns the file as a whole.
    fn report(&mut self, flaw: Flaw) {
        let diagnostic = flaw.in_file(self.name);
        self.reading.is_partial |= diagnostic.severity() == Severity::Error;
        self.reading.diagnostics.push(diagnostic);
    }

    fn origin(&self, mark: Mark) -> Origin {
        Origin::new(Arc::clone(self.name), mark)
    }
}

/// The object, when it is good by itself.
fn build<R: DeserializeOwned, T>(
    site: &mut Site<'_>,
    entry: &Entry<'_>,
    build: impl FnOnce(&mut Site<'_>, &R) -> Option<T>,
) -> Option<T> {
    match decode(&entry.value, entry.mark) {
        Ok(raw) => {
            let object = build(site, &raw);
            site.finish(object)
        }
        Err(flaw) => {
            let diagnostic = flaw.in_file(site.file).object(site.id.clone());
            site.problems.push(diagnostic);
            None
        }
    }
}

fn namespace(entry: &Entry<'_>) -> Result<Namespace, Flaw> {
    let text: raw::Text = decode(&entry.value, entry.mark)?;
    text.value.parse().map_err(|error: ValueError| {
        let flaw = Flaw::new(error.code, text.mark, error.message);
        Flaw {
            help: error.help,
            ..flaw
        }
    })
}

fn unknown_section(entry: &Entry<'_>) -> Flaw {
    let sections = KINDS.map(Kind::section);
    let valid = std::iter::once(NAMESPACE).chain(sections);
    let help = match nearest(&entry.key, valid) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("possible here: `{NAMESPACE}`, `{}`", sections.join("`, `")),
    };
    Flaw::new(
        Code::UnknownKey,
        entry.mark,
        format!("there is no section `{}`", clip(&entry.key)),
    )
    .help(help)
}
