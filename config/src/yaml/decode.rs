//! Serde structs out of a tree, with the place of whatever does not fit.
//!
//! Stricter than YAML: a key without a value is no absent key, text that YAML takes for `true` or `null` must be in
//! quotes to be text, and only digits are a number.

use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use serde::de::value::U32Deserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::{Entry, Flaw, Map, Node, Value};
use crate::diagnostic::{Code, clip};
use crate::origin::Mark;
use crate::suggest::nearest;

/// The newtype by whose name a value asks the decoder for its place.
const AT: &str = "$tidegate_config::At";

/// How many valid names a message lists when none is near.
const MAX_LISTED: usize = 12;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) mark: Mark,
    pub(crate) value: T,
}

/// Decodes `node`, the value of a key at `key`.
pub(crate) fn decode<T: de::DeserializeOwned>(node: &Node<'_>, key: Mark) -> Result<T, Flaw> {
    T::deserialize(Decoder { node, key }).map_err(|error| error.at(node.mark))
}

/// A flaw whose place the decoder adds on the way up, boxed because it is rare.
#[derive(Debug)]
struct Error(Box<Flaw>);

impl Error {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Flaw::new(code, Mark::default(), message)))
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self(Box::new(self.0.help(help)))
    }

    /// Helps where nothing more specific was said.
    fn or_help(mut self, help: impl Into<String>) -> Self {
        self.0.help.get_or_insert_with(|| help.into());
        self
    }

    /// The flaw, at `mark` unless something below knew better.
    fn at(self, mark: Mark) -> Flaw {
        let known = self.0.mark.line != 0;
        Flaw {
            mark: if known { self.0.mark } else { mark },
            ..*self.0
        }
    }

    fn placed(self, mark: Mark) -> Self {
        Self(Box::new(self.at(mark)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Code::WrongType, message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Code::WrongType, format!("expected {expected}, found {found}"))
    }

    fn unknown_field(key: &str, valid: &'static [&'static str]) -> Self {
        Self::new(Code::UnknownKey, format!("there is no key `{}` here", clip(key))).help(one_of(key, valid))
    }

    fn unknown_variant(choice: &str, valid: &'static [&'static str]) -> Self {
        Self::new(
            Code::UnknownChoice,
            format!("`{}` is none of the choices", clip(choice)),
        )
        .help(one_of(choice, valid))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Code::MissingKey, format!("the key `{key}` is missing")).help(format!("add `{key}: ...` here"))
    }
}

/// What to write in place of `wrong`.
pub(super) fn one_of(wrong: &str, valid: &[&str]) -> String {
    if let Some(near) = nearest(wrong, valid.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    let listed: Vec<_> = valid.iter().take(MAX_LISTED).map(|name| format!("`{name}`")).collect();
    let more = if valid.len() > MAX_LISTED { ", ..." } else { "" };
    format!("possible here: {}{more}", listed.join(", "))
}

/// A node on its way to a type, with the place of its key (of itself within a list).
#[derive(Clone, Copy)]
struct Decoder<'a> {
    node: &'a Node<'a>,
    key: Mark,
}

impl<'a> Decoder<'a> {
    /// Where to point when the whole value is meant: what says nothing is seen only by its key.
    fn mark(&self) -> Mark {
        if self.node.mark.width == 0 || self.node.is_null() {
            self.key
        } else {
            self.node.mark
        }
    }

    fn expected(&self, what: &str) -> Error {
        let (found, help) = match &self.node.value {
            Value::Map(_) => ("a map".to_owned(), None),
            Value::List(_) => ("a list".to_owned(), None),
            Value::UnknownAlias(name) => return unknown_alias(name).placed(self.node.mark),
            Value::Tagged(tag) => return unsupported_tag(tag).placed(self.node.mark),
            Value::Scalar { .. } if self.node.is_null() => {
                ("nothing".to_owned(), Some("leave the key out, or give it a value"))
            }
            Value::Scalar { text, is_plain: true } => (format!("`{}`", clip(text)), None),
            Value::Scalar { text, is_plain: false } => (format!("the text \"{}\"", clip(text)), None),
        };
        let error = Error::new(Code::WrongType, format!("expected {what}, found {found}")).placed(self.mark());
        match help {
            Some(help) => error.help(help),
            None => error,
        }
    }

    fn text(&self, what: &str) -> Result<&'a str, Error> {
        match &self.node.value {
            Value::Scalar { text, is_plain: true } if is_bool(text) => Err(self
                .expected(what)
                .help(format!("put it in quotes to mean the text \"{text}\""))),
            Value::Scalar { text, .. } if !self.node.is_null() => Ok(text),
            _ => Err(self.expected(what)),
        }
    }

    fn map(&self) -> Result<&'a Map<'a>, Error> {
        let Value::Map(map) = &self.node.value else {
            return Err(self.expected("a map"));
        };
        match map.duplicate() {
            Some((first, second)) => Err(Error(Box::new(Flaw::duplicate_key(first, second)))),
            None => Ok(map),
        }
    }
}

fn unknown_alias(name: &str) -> Error {
    Error::new(
        Code::UnknownAlias,
        format!("`*{name}` is an alias, but there is no anchor `&{name}` before it"),
    )
    .help(format!("put it in quotes to mean the text: \"*{name}\""))
}

fn unsupported_tag(tag: &str) -> Error {
    Error::new(
        Code::UnsupportedTag,
        format!("the tag `{}` is not understood", clip(tag)),
    )
    .help("leave it out, or put the value in quotes to mean the text")
}

/// YAML 1.2's core schema; `yes` and `on` are text.
fn is_bool(text: &str) -> bool {
    matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Map(_) => self.deserialize_map(visitor),
            Value::List(_) => self.deserialize_seq(visitor),
            _ => self.deserialize_str(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Scalar { text, is_plain: true } if text == "true" => visitor.visit_bool(true),
            Value::Scalar { text, is_plain: true } if text == "false" => visitor.visit_bool(false),
            _ => Err(self.expected("`true` or `false`")),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let what = "a whole number";
        match &self.node.value {
            Value::Scalar { text, is_plain: true } if is_digits(text) => {
                // What has too many digits is out of every range; the range is said where the number is used.
                visitor.visit_u64(text.parse().unwrap_or(u64::MAX))
            }
            Value::Scalar { text, is_plain: false } if text.parse::<u64>().is_ok() => {
                Err(self.expected(what).help("write it without quotes"))
            }
            _ => Err(self.expected(what)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text("text")?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::List(items) = &self.node.value else {
            return Err(self
                .expected("a list")
                .help("write it in brackets, `[...]`, or one `- ` a line"));
        };
        visitor.visit_seq(Items(items.iter()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let entries = self.map()?.entries.iter();
        visitor
            .visit_map(Entries { entries, current: None })
            .map_err(|error| error.placed(self.mark()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let map = self.map().map_err(|error| match keys.first() {
            Some(key) => error.or_help(format!("write a map: `{{ {key}: ... }}`")),
            None => error,
        })?;
        let entries = map.entries.iter();
        // A missing key is seen by the key of the map that lacks it.
        visitor
            .visit_map(Entries { entries, current: None })
            .map_err(|error| error.placed(self.key))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        choices: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let listed: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
        let choice = self.text(&format!("one of {}", listed.join(", ")))?;
        visitor
            .visit_enum(choice.into_deserializer())
            .map_err(|error: Error| error.placed(self.mark()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == AT {
            return visitor.visit_seq(AtParts {
                mark: self.mark(),
                value: self,
                next: 0,
            });
        }
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct identifier ignored_any
    }
}

/// The items of a list.
struct Items<'a>(std::slice::Iter<'a, Rc<Node<'a>>>);

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(node) = self.0.next() else { return Ok(None) };
        seed.deserialize(Decoder { node, key: node.mark })
            .map(Some)
            .map_err(|error| error.placed(node.mark))
    }
}

/// The keys and values of a map.
struct Entries<'a> {
    entries: std::slice::Iter<'a, Entry<'a>>,
    current: Option<&'a Entry<'a>>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.entries.next();
        let Some(entry) = self.current else { return Ok(None) };
        seed.deserialize(Key(entry))
            .map(Some)
            .map_err(|error| error.placed(entry.mark))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some(entry) = self.current else {
            return Err(de::Error::custom("a value before its key"));
        };
        let decoder = Decoder {
            node: &entry.value,
            key: entry.mark,
        };
        seed.deserialize(decoder).map_err(|error| error.placed(decoder.mark()))
    }
}

/// A key of a map: text, and its place where that is wanted.
#[derive(Clone, Copy)]
struct Key<'a>(&'a Entry<'a>);

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(&self.0.key)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == AT {
            let parts = AtParts {
                mark: self.0.mark,
                value: self,
                next: 0,
            };
            return visitor.visit_seq(parts);
        }
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Line, column, width and value: what an [`At`] is made of.
struct AtParts<D> {
    mark: Mark,
    value: D,
    next: u8,
}

impl<'de, D: Deserializer<'de, Error = Error> + Copy> de::SeqAccess<'de> for AtParts<D> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let mark = self.mark;
        let number = |number: u32| -> U32Deserializer<Error> { number.into_deserializer() };
        self.next += 1;
        match self.next {
            1 => seed.deserialize(number(mark.line)),
            2 => seed.deserialize(number(mark.column)),
            3 => seed.deserialize(number(mark.width)),
            _ => seed.deserialize(self.value),
        }
        .map(Some)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(AT, AtVisitor(PhantomData))
    }
}

struct AtVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AtVisitor<T> {
    type Value = At<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut parts: A) -> Result<At<T>, A::Error> {
        let missing = || de::Error::custom("a place has line, column and width");
        let line = parts.next_element()?.ok_or_else(missing)?;
        let column = parts.next_element()?.ok_or_else(missing)?;
        let width = parts.next_element()?.ok_or_else(missing)?;
        let value = parts.next_element()?.ok_or_else(missing)?;
        Ok(At {
            mark: Mark { line, column, width },
            value,
        })
    }
}
