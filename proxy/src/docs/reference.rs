//! `docs/reference.md`: every key of the language, from its JSON Schema, which editors show as well.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};
use tidegate_config::schema;

use super::{Page, code, prose};

const INTRODUCTION: &str = "\
Every key that a configuration can have: the same that `tidegate schema` prints for editors. A time limit of `0s` is none. \
Where `profile: mesh` has another default, the meaning says it. \
[every-setting](../examples/every-setting/gateway.yaml) has them all in one file, and [limits](limits.md) what happens at \
each limit.";

/// The schema, and what of it is told where.
struct Reference {
    definitions: Map<String, Value>,
    /// The headings of the definitions that have one.
    headings: BTreeMap<String, String>,
    /// Definitions yet to be told, with their headings.
    rest: VecDeque<(String, String)>,
}

#[test]
fn reference() {
    let root = schema();
    let mut reference = Reference {
        definitions: root["definitions"].as_object().unwrap().clone(),
        headings: BTreeMap::new(),
        rest: VecDeque::new(),
    };
    let mut page = Page::new("Reference", INTRODUCTION);
    let sections = root["properties"].as_object().unwrap();
    let rows: Vec<_> = sections
        .iter()
        .map(|(key, property)| reference.row(&root, "", key, property))
        .collect();
    page.section("A file", root["description"].as_str().unwrap());
    page.table(HEAD, rows);
    while let Some((name, heading)) = reference.rest.pop_front() {
        let definition = reference.definitions[&name].clone();
        page.section(
            &code(&heading),
            &prose(definition["description"].as_str().unwrap_or_default()),
        );
        let properties = definition["properties"].as_object().unwrap();
        page.table(
            HEAD,
            properties
                .iter()
                .map(|(key, property)| reference.row(&definition, &heading, key, property)),
        );
    }
    page.is_in("reference.md");
}

const HEAD: [&str; 6] = ["key", "type", "unit", "default", "example", "meaning"];

impl Reference {
    fn row(&mut self, parent: &Value, heading: &str, key: &str, property: &Value) -> [String; 6] {
        let path = if heading.is_empty() {
            key.to_owned()
        } else {
            format!("{heading}.{key}")
        };
        let is_required = parent["required"]
            .as_array()
            .is_some_and(|keys| keys.iter().any(|one| one == key));
        let default = match &property["default"] {
            _ if is_required => "required".to_owned(),
            Value::Null => String::new(),
            default => code(flow(default)),
        };
        let meaning = [
            property["description"].as_str().unwrap_or_default().to_owned(),
            self.words(property),
        ];
        let example = property["examples"].get(0).map(|example| code(flow(example)));
        let unit = ["$comment"]
            .iter()
            .find_map(|key| property[*key].as_str().or(property["items"][*key].as_str()));
        [
            code(key),
            self.type_of(property, &path),
            unit.unwrap_or_default().to_owned(),
            default,
            example.unwrap_or_default(),
            prose(&meaning.join(" ")),
        ]
    }

    fn type_of(&mut self, property: &Value, path: &str) -> String {
        if let Some(name) = referred(property) {
            return self.definition(name, path);
        }
        if let Some(choices) = property["enum"].as_array() {
            return one_of(choices.iter());
        }
        let kinds = match &property["type"] {
            Value::String(kind) => kind.as_str(),
            // Text that YAML may take for a number, or an empty section.
            kinds => kinds[0].as_str().unwrap_or_default(),
        };
        match kinds {
            "array" => format!("list of {}", self.type_of(&property["items"], path)),
            "object" => format!(
                "map by name of {}",
                self.type_of(&property["additionalProperties"], &format!("{path}.NAME"))
            ),
            "integer" => match (property["minimum"].as_u64(), property["maximum"].as_u64()) {
                (Some(least), Some(most)) => format!("number, {least} to {most}"),
                (Some(least), None) if least > 0 => format!("number, from {least}"),
                _ => "number".to_owned(),
            },
            "boolean" => "`true` or `false`".to_owned(),
            _ => "text".to_owned(),
        }
    }

    /// What the type of a definition's name is called; notes that it is to be told.
    fn definition(&mut self, name: &str, path: &str) -> String {
        let definition = &self.definitions[name];
        if let Some(choices) = definition["oneOf"].as_array() {
            return one_of(choices.iter().map(|choice| &choice["const"]));
        }
        if definition["properties"].is_null() {
            let values = definition["additionalProperties"].clone();
            return format!(
                "map by header name of {}",
                self.type_of(&values, &format!("{path}.NAME"))
            );
        }
        let heading = self.headings.entry(name.to_owned()).or_insert_with(|| {
            self.rest.push_back((name.to_owned(), path.to_owned()));
            path.to_owned()
        });
        format!("[{}](#{})", code(&*heading), anchor(heading))
    }

    /// What each word of a choice means.
    fn words(&self, property: &Value) -> String {
        let name = referred(property).or_else(|| referred(&property["items"]));
        let choices = name.and_then(|name| self.definitions[name]["oneOf"].as_array());
        let words = choices.into_iter().flatten().map(|choice| {
            format!(
                "{}: {}",
                code(flow(&choice["const"])),
                choice["description"].as_str().unwrap_or_default()
            )
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The definition that a property refers to.
pub(super) fn referred(property: &Value) -> Option<&str> {
    let reference = property.get("$ref").or_else(|| property["allOf"][0].get("$ref"))?;
    reference.as_str()?.strip_prefix("#/definitions/")
}

fn one_of<'v>(choices: impl Iterator<Item = &'v Value>) -> String {
    choices
        .map(|choice| code(flow(choice)))
        .collect::<Vec<_>>()
        .join(" or ")
}

/// As forges make it of a heading.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || *letter == '-')
        .collect()
}

/// A value as one writes it in YAML, on one line.
fn flow(value: &Value) -> String {
    let is_plain = |text: &str| {
        let letters = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/.:_-".contains(&byte));
        let is_word = |text: &str| serde_json::from_str::<Value>(text).is_err();
        letters && text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '/') && is_word(text)
    };
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
