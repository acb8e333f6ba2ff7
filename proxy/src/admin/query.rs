//! What a client asks for behind the `?`: parameters as forms write them, and which part of a list it wants.

use std::fmt::Write as _;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use thiserror::Error;

use crate::router::decoded;

/// Decoded, in the order written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Query(Vec<(String, String)>);

/// Why a query cannot be followed.
#[derive(Debug, Eq, Error, PartialEq)]
pub(super) enum BadQuery {
    #[error("the query is not UTF-8 once its %XX are decoded")]
    Encoding,
    #[error("there is no parameter `{name}` here: this path takes {known}")]
    Unknown { name: String, known: String },
    #[error("`{0}` stands twice: say it once")]
    Twice(&'static str),
    #[error("limit `{0}` is no number: write how many entries you want at most, as in limit=100")]
    Limit(String),
    #[error("there is no `{0}`: write {1}")]
    Missing(&'static str, &'static str),
}

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, BadQuery> {
        let text_of = |written: &str| {
            let bytes = decoded(&written.replace('+', " ")).collect();
            String::from_utf8(bytes).map_err(|_| BadQuery::Encoding)
        };
        let parameters = text.split('&').filter(|parameter| !parameter.is_empty());
        let parameters = parameters.map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            Ok((text_of(name)?, text_of(value)?))
        });
        parameters.collect::<Result<_, _>>().map(Self)
    }

    /// That there is no parameter but these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), BadQuery> {
        match self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(BadQuery::Unknown {
                name: name.clone(),
                known: known.join(", "),
            }),
        }
    }

    /// The value of a parameter that may stand once.
    pub(super) fn value(&self, name: &'static str) -> Result<Option<&str>, BadQuery> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(BadQuery::Twice(name)),
            (value, None) => Ok(value.map(|(_, value)| value.as_str())),
        }
    }
}

/// The part of a list that a client wants: at most so many entries, of those that have a text in them.
#[derive(Debug, PartialEq)]
pub(super) struct Selection {
    /// In lower case.
    search: String,
    limit: usize,
}

/// What a [`Selection`] leaves of a list.
#[derive(Debug)]
pub(super) struct Selected<T> {
    /// What the entries are.
    name: &'static str,
    /// How many there are, and how many of them have the text.
    total: usize,
    matching: usize,
    shown: Vec<T>,
}

impl Selection {
    pub(super) const PARAMETERS: [&str; 2] = ["search", "limit"];

    pub(super) fn asked_by(query: &Query) -> Result<Self, BadQuery> {
        let limit = match query.value("limit")? {
            None => usize::MAX,
            Some(limit) => limit.parse().map_err(|_| BadQuery::Limit(limit.to_owned()))?,
        };
        Ok(Self {
            search: query.value("search")?.unwrap_or_default().to_lowercase(),
            limit,
        })
    }

    /// Of these entries, in their order; `words` writes the texts to search of one.
    pub(super) fn of<T>(
        &self,
        name: &'static str,
        entries: impl IntoIterator<Item = T>,
        words: impl Fn(&T, &mut Words),
    ) -> Selected<T> {
        let mut selected = Selected {
            name,
            total: 0,
            matching: 0,
            shown: Vec::new(),
        };
        let mut text = Words::default();
        for entry in entries {
            selected.total += 1;
            if !self.search.is_empty() {
                text.0.clear();
                words(&entry, &mut text);
                if !text.0.to_lowercase().contains(&self.search) {
                    continue;
                }
            }
            selected.matching += 1;
            if selected.shown.len() < self.limit {
                selected.shown.push(entry);
            }
        }
        selected
    }
}

impl<T> Selected<T> {
    pub(super) fn shown(&self) -> &[T] {
        &self.shown
    }

    /// The same, as they are to be shown.
    pub(super) fn map<S>(self, show: impl FnMut(T) -> S) -> Selected<S> {
        Selected {
            name: self.name,
            total: self.total,
            matching: self.matching,
            shown: self.shown.into_iter().map(show).collect(),
        }
    }
}

impl<T: Serialize> Serialize for Selected<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("matching", &self.matching)?;
        map.serialize_entry(self.name, &self.shown)?;
        map.end()
    }
}

/// The texts of an entry that a search looks at, a line each.
#[derive(Debug, Default)]
pub(super) struct Words(String);

impl Words {
    pub(super) fn say(&mut self, word: impl std::fmt::Display) {
        // A String takes everything.
        let _ = writeln!(self.0, "{word}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_as_forms_write_them() {
        let query = Query::parse("request=curl+-H+%27a:+b%27&&limit=2&flag").unwrap();
        assert_eq!(query.value("request").unwrap(), Some("curl -H 'a: b'"));
        assert_eq!(query.value("flag").unwrap(), Some(""));
        assert_eq!(query.value("search").unwrap(), None);
        assert_eq!(Query::parse("a=%ff"), Err(BadQuery::Encoding));
        assert_eq!(query.only(&["request", "limit", "flag"]), Ok(()));
        let error = query.only(&["request", "limit"]).unwrap_err().to_string();
        assert!(error.contains("`flag`") && error.contains("request, limit"), "{error}");
        assert_eq!(Query::parse("a=1&a=2").unwrap().value("a"), Err(BadQuery::Twice("a")));
    }

    #[test]
    fn a_selection_counts_what_it_does_not_show() {
        let selection = Selection::asked_by(&Query::parse("search=SHOP&limit=1").unwrap()).unwrap();
        let selected = selection.of("entries", ["shop/a", "blog", "my-shop"], |entry, words| {
            words.say(entry);
        });
        assert_eq!((selected.total, selected.matching), (3, 2));
        assert_eq!(selected.shown, ["shop/a"]);
        let all = Selection::asked_by(&Query::default()).unwrap();
        assert_eq!(all.of("entries", 0..5, |_, _| {}).shown.len(), 5);
        let error = Selection::asked_by(&Query::parse("limit=many").unwrap());
        assert_eq!(error, Err(BadQuery::Limit("many".to_owned())));
    }
}
