//! Query parameters, looked at where they stand: nothing is decoded that nobody asks for, and only a regular expression
//! on a value with escapes in it costs an allocation.
//!
//! `%XX` is decoded in names and values; an escape that is none stays as it is, and so does `+`, which means a space only
//! to readers of forms. A parameter without `=` is there, with an empty value.

use std::borrow::Cow;

use tidegate_config::ValueMatch;

use super::predicates::holds;

/// The value of a parameter as it stands in the query, `None` if it is not there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'q>(Option<&'q str>);

/// The first parameter of this (decoded) name.
pub(super) fn first_value<'q>(query: &'q str, name: &str) -> Value<'q> {
    let mut parameters = query
        .split('&')
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")));
    let found = parameters.find(|(written, _)| decoded(written).eq(name.bytes()));
    Value(found.map(|(_, value)| value))
}

impl Value<'_> {
    pub(super) fn is(self, wanted: &ValueMatch) -> bool {
        match (wanted, self.0) {
            (ValueMatch::Exact(text), Some(value)) => decoded(value).eq(text.bytes()),
            (ValueMatch::Regex(_), Some(value)) => holds(wanted, Some(&decode(value))),
            (_, value) => holds(wanted, value.map(str::as_bytes)),
        }
    }
}

fn decode(text: &str) -> Cow<'_, [u8]> {
    if text.contains('%') {
        Cow::Owned(decoded(text).collect())
    } else {
        Cow::Borrowed(text.as_bytes())
    }
}

/// The bytes of a text with each `%XX` decoded.
pub(crate) fn decoded(text: &str) -> impl Iterator<Item = u8> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (byte, tail) = rest.split_first()?;
        if let ([high, low, behind @ ..], b'%') = (tail, byte)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = behind;
            return Some(high << 4 | low);
        }
        rest = tail;
        Some(*byte)
    })
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_counts_decoded_on_both_sides() {
        for (query, name, value) in [
            ("a=1&a=2", "a", Some("1")),
            ("b=1&%61=2&a=3", "a", Some("2")),
            ("a=%C3%A9%2B+", "a", Some("\u{e9}++")),
            ("a=b=c", "a", Some("b=c")),
            ("&&a", "a", Some("")),
            ("a=%zz%4", "a", Some("%zz%4")),
            ("A=1", "a", None),
            ("", "a", None),
            ("na=1", "a", None),
        ] {
            let found = first_value(query, name).0.map(|value| decode(value).into_owned());
            assert_eq!(found.as_deref(), value.map(str::as_bytes), "{name} of {query}");
        }
    }
}
