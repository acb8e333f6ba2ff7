//! A command line cut into words as a shell does it, for commands that come as one text.

use std::iter::Peekable;
use std::str::Chars;

use thiserror::Error;

#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("a {0} quote is opened and not closed: close it, or write \\{1} for the character itself")]
pub struct OpenQuote(&'static str, char);

/// Words with `'...'`, `"..."`, `$'...'` and `\` undone; nothing is expanded.
pub(super) fn split(text: &str) -> Result<Vec<String>, OpenQuote> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            _ if c.is_whitespace() => words.extend(word.take()),
            '\'' => single(&mut chars, word.get_or_insert_default())?,
            '"' => double(&mut chars, word.get_or_insert_default())?,
            '$' if chars.next_if_eq(&'\'').is_some() => escaped(&mut chars, word.get_or_insert_default())?,
            '\\' => match chars.next() {
                // The command goes on in the next line.
                Some('\n') => {}
                Some('\r') if chars.next_if_eq(&'\n').is_some() => {}
                c => word.get_or_insert_default().extend(c),
            },
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn single(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), OpenQuote> {
    for c in chars {
        match c {
            '\'' => return Ok(()),
            _ => word.push(c),
        }
    }
    Err(OpenQuote("single", '\''))
}

fn double(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), OpenQuote> {
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(()),
            '\\' => match chars.next() {
                Some('\n') => {}
                Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                c => {
                    word.push('\\');
                    word.extend(c);
                }
            },
            _ => word.push(c),
        }
    }
    Err(OpenQuote("double", '"'))
}

/// `$'...'`, which browsers write for what has quotes in it.
fn escaped(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), OpenQuote> {
    while let Some(c) = chars.next() {
        match c {
            '\'' => return Ok(()),
            '\\' => match chars.next() {
                Some('n') => word.push('\n'),
                Some('r') => word.push('\r'),
                Some('t') => word.push('\t'),
                Some('x') => word.extend(by_number(chars, 2)),
                Some('u') => word.extend(by_number(chars, 4)),
                c => word.extend(c),
            },
            _ => word.push(c),
        }
    }
    Err(OpenQuote("single", '\''))
}

/// The character of at most so many hexadecimal digits.
fn by_number(chars: &mut Peekable<Chars<'_>>, digits: usize) -> Option<char> {
    let mut number = 0;
    for _ in 0..digits {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(16)) else {
            break;
        };
        chars.next();
        number = number * 16 + digit;
    }
    char::from_u32(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_a_shells() {
        for (text, words) in [
            ("", &[][..]),
            ("  a  b\tc ", &["a", "b", "c"]),
            ("a'b c'd \"e \\\" f\" ''", &["ab cd", "e \" f", ""]),
            ("a \\\n b\\ c \"x\\y\"", &["a", "b c", "x\\y"]),
            ("$'it\\'s \\u0041\\x42\\n' $x", &["it's AB\n", "$x"]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
        for open in ["'a", "\"a", "$'a", "\"a\\"] {
            assert!(split(open).is_err(), "{open}");
        }
    }
}
