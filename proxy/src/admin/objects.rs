//! `/objects`: each object, whether it serves, and why not. Those come first that need to be looked at.

use serde::Serialize;
use tidegate_config::{Diagnostic, ObjectId, ObjectStatus, Origin};

use super::query::{Selected, Selection};
use crate::live::{ConfigStatus, ObjectState, Process};

#[derive(Serialize)]
pub(super) struct Page {
    generation: u64,
    /// The generation that every worker serves by.
    applied: u64,
    desired: String,
    effective: String,
    #[serde(flatten)]
    objects: Selected<Object>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Object {
    kind: &'static str,
    namespace: String,
    name: String,
    status: &'static str,
    /// Whether a version of it serves: of one that is quarantined the last good one may.
    serves: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serving_hash: Option<String>,
    #[serde(flatten)]
    place: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

#[derive(Serialize)]
struct Place {
    file: String,
    line: u32,
}

#[derive(Serialize)]
struct Reason {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(flatten)]
    place: Place,
    column: u32,
}

impl Page {
    pub(super) fn of(process: &Process, selection: &Selection) -> Self {
        let config = process.config.load();
        let report = &config.reload.report;
        Self {
            generation: config.generation,
            applied: process.applied(),
            desired: report.desired.to_string(),
            effective: report.effective.to_string(),
            objects: objects(&config, process, selection),
        }
    }

    /// As a table, with what is wrong below the object.
    pub(super) fn text(&self) -> String {
        table(self.objects.shown())
    }
}

fn table(objects: &[Object]) -> String {
    let rows: Vec<[String; 4]> = objects.iter().map(Object::row).collect();
    let heads = ["OBJECT", "STATUS", "HASH", "PLACE"].map(ToOwned::to_owned);
    let mut widths = [0; 4];
    for row in rows.iter().chain([&heads]) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = line(&heads, widths);
    for (object, row) in objects.iter().zip(&rows) {
        text += &line(row, widths);
        if let Some(reason) = &object.reason {
            let Reason {
                code, message, place, ..
            } = reason;
            text += &format!(
                "  {code}: {message} ({}:{}:{})\n",
                place.file, place.line, reason.column
            );
        }
    }
    text
}

fn line(row: &[String; 4], widths: [usize; 4]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
    format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
}

fn objects(config: &ConfigStatus, process: &Process, selection: &Selection) -> Selected<Object> {
    let known = config.reload.objects.iter();
    let known = known.map(|(id, status)| (id, config.state_of(id, status, process), Some(status)));
    let draining = config.draining().map(|id| (id, ObjectState::Draining, None));
    let mut all: Vec<_> = known.chain(draining).collect();
    all.sort_by_key(|(_, state, _)| match state {
        ObjectState::Quarantined => 0,
        ObjectState::Draining => 1,
        ObjectState::Warming => 2,
        ObjectState::Active => 3,
    });
    let selected = selection.of("objects", all, |(id, state, status), words| {
        words.say(id);
        words.say(state.as_str());
        let Some(status) = status else { return };
        words.say(status.origin().file());
        if let Some(reason) = status.quarantine() {
            words.say(reason.code().as_str());
            words.say(reason.message());
        }
    });
    selected.map(|(id, state, status)| Object::of(id, state, status))
}

impl Object {
    fn of(id: &ObjectId, state: ObjectState, status: Option<&ObjectStatus>) -> Self {
        Self {
            kind: id.kind().as_str(),
            namespace: id.namespace().to_string(),
            name: id.name().to_string(),
            status: state.as_str(),
            serves: status.is_some_and(ObjectStatus::is_served),
            hash: status.map(|status| status.hash().to_string()),
            serving_hash: status.and_then(ObjectStatus::served_hash).map(|hash| hash.to_string()),
            place: status.map(|status| Place::of(status.origin())),
            reason: status.and_then(ObjectStatus::quarantine).map(Reason::of),
        }
    }

    fn row(&self) -> [String; 4] {
        let status = match self.status {
            "quarantined" if self.serves => "quarantined (last good serves)",
            "quarantined" => "quarantined (absent)",
            other => other,
        };
        [
            format!("{} {}/{}", self.kind, self.namespace, self.name),
            status.to_owned(),
            self.hash
                .as_ref()
                .map_or_else(String::new, |hash| hash.chars().take(8).collect()),
            self.place
                .as_ref()
                .map_or_else(String::new, |place| format!("{}:{}", place.file, place.line)),
        ]
    }
}

impl Place {
    fn of(origin: &Origin) -> Self {
        Self {
            file: origin.file().to_owned(),
            line: origin.line(),
        }
    }
}

impl Reason {
    fn of(diagnostic: &Diagnostic) -> Self {
        let origin = diagnostic.label().origin();
        Self {
            code: diagnostic.code().as_str(),
            message: diagnostic.message().to_owned(),
            help: diagnostic.help_text().map(ToOwned::to_owned),
            place: Place::of(origin),
            column: origin.column(),
        }
    }
}
