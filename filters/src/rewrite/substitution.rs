//! Every match of a pattern replaced by a text with groups in it, as the `regex` crate has it, but read once.

use regex::{Captures, Regex};
use tidegate_config::SubstitutionPiece;

use crate::path::MAX_LENGTH;

#[derive(Debug)]
pub(super) struct Substitution {
    pattern: Regex,
    pieces: Box<[Piece]>,
}

#[derive(Debug, Eq, PartialEq)]
enum Piece {
    Text(Box<str>),
    Group(usize),
}

impl Substitution {
    pub(super) fn compile(pattern: &Regex, text: &str) -> Self {
        Self {
            pattern: pattern.clone(),
            pieces: pieces(pattern, text).into(),
        }
    }

    /// What `text` becomes; `None` when nothing in it matches. It may come out longer than any path, though not by much:
    /// whoever reads it refuses it then.
    pub(super) fn apply(&self, text: &str) -> Option<String> {
        let mut matches = self.pattern.captures_iter(text).peekable();
        matches.peek()?;
        let mut made = String::with_capacity(text.len());
        let mut end = 0;
        for captures in matches {
            let whole = captures.get_match();
            made.push_str(text.get(end..whole.start()).unwrap_or_default());
            end = whole.end();
            self.expand(&captures, &mut made);
            if made.len() > MAX_LENGTH {
                return Some(made);
            }
        }
        made.push_str(text.get(end..).unwrap_or_default());
        Some(made)
    }

    fn expand(&self, captures: &Captures<'_>, made: &mut String) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => made.push_str(text),
                Piece::Group(group) => made.push_str(captures.get(*group).map_or("", |group| group.as_str())),
            }
        }
    }
}

/// Text that stands together is one piece.
fn pieces(pattern: &Regex, text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    for piece in SubstitutionPiece::all_of(text) {
        match piece {
            SubstitutionPiece::Text(text) => plain.push_str(text),
            SubstitutionPiece::LoneDollar => plain.push('$'),
            SubstitutionPiece::Group(name) => {
                pieces.extend(text_of(&mut plain));
                // A group that does not exist is empty.
                pieces.extend(group(pattern, name).map(Piece::Group));
            }
        }
    }
    pieces.extend(text_of(&mut plain));
    pieces
}

fn text_of(plain: &mut String) -> Option<Piece> {
    (!plain.is_empty()).then(|| Piece::Text(std::mem::take(plain).into()))
}

fn group(pattern: &Regex, name: &str) -> Option<usize> {
    let number = name.parse().ok().filter(|number| *number < pattern.captures_len());
    number.or_else(|| pattern.capture_names().position(|known| known == Some(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The crate reads the text each time, and is the judge of what it means.
    #[test]
    fn means_what_the_crate_means() {
        for pattern in ["(a+)(?P<rest>b)?", "x", "(?P<a1>[a-z])", ""] {
            let regex = Regex::new(pattern).unwrap();
            for by in [
                "", "-", "$1", "${1}", "$1x", "${1}x", "$rest", "${rest}!", "$0$0", "$9", "$nothing", "$$1", "$", "a$",
                "$-", "${", "${1", "$a1", "[$2|$1]", "$$$$", "${}", "a${}b", "$$$1", "$$", "$${1}",
            ] {
                let substitution = Substitution::compile(&regex, by);
                for text in ["/aab/a", "xx", "", "/é/ab", "none"] {
                    let expected = regex.replace_all(text, by);
                    let made = substitution.apply(text);
                    assert_eq!(made.as_deref().unwrap_or(text), expected, "{pattern} {by} {text}");
                    assert_eq!(made.is_some(), regex.is_match(text));
                }
            }
        }
    }
}
