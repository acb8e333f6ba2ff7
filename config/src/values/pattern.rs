//! Regular expressions, in the syntax of the `regex` crate: they take time linear in the text.
//!
//! A compiled one takes much more memory than its text, and the same one stands in many rules, not least through YAML's
//! aliases. So those of one text share one program, as long as any of them lives.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Weak};

use regex::{Regex, RegexBuilder};

use crate::diagnostic::{Code, ValueError};

/// The longest pattern in bytes, and the largest program that one may compile to.
const MAX_LENGTH: usize = 1024;
const MAX_PROGRAM: usize = 256 << 10;
/// With fewer programs than this the cache is never searched for dead ones.
const MIN_SWEEP: usize = 64;

/// A regular expression that is looked for anywhere in a text. Compared as it is written.
#[derive(Clone)]
pub struct Pattern(Arc<Program>);

/// A regular expression that has to match a whole text, as if it stood between `^(?:` and `)$`. Compared as it is written.
#[derive(Clone)]
pub struct WholePattern(Arc<Program>);

struct Program {
    text: Box<str>,
    regex: Regex,
}

thread_local! {
    /// The programs of this thread's patterns by text, of whole texts and of parts. Caches: what is not in them is
    /// compiled.
    static WHOLE: RefCell<Programs> = RefCell::default();
    static PARTS: RefCell<Programs> = RefCell::default();
}

#[derive(Default)]
struct Programs {
    by_text: HashMap<Box<str>, Weak<Program>>,
    /// At this length the dead ones are dropped.
    sweep_at: usize,
}

impl Programs {
    fn find(&self, text: &str) -> Option<Arc<Program>> {
        self.by_text.get(text)?.upgrade()
    }

    fn keep(&mut self, text: &str, regex: Regex) -> Arc<Program> {
        if self.by_text.len() >= self.sweep_at {
            self.by_text.retain(|_, program| program.strong_count() > 0);
            self.sweep_at = 2 * self.by_text.len() + MIN_SWEEP;
        }
        let text: Box<str> = text.into();
        let program = Arc::new(Program {
            text: text.clone(),
            regex,
        });
        self.by_text.insert(text, Arc::downgrade(&program));
        program
    }
}

impl Pattern {
    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The compiled pattern.
    pub fn regex(&self) -> &Regex {
        &self.0.regex
    }
}

impl WholePattern {
    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether all of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        self.0.regex.is_match(text)
    }
}

impl FromStr for Pattern {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Some(known) = PARTS.with_borrow(|programs| programs.find(text)) {
            return Ok(Self(known));
        }
        let regex = compile(text, text)?;
        Ok(Self(PARTS.with_borrow_mut(|programs| programs.keep(text, regex))))
    }
}

impl FromStr for WholePattern {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Some(known) = WHOLE.with_borrow(|programs| programs.find(text)) {
            return Ok(Self(known));
        }
        // On its own first: `a)(b` must not become valid between the brackets.
        compile(text, text)?;
        let regex = compile(text, &format!("^(?:{text})$"))?;
        Ok(Self(WHOLE.with_borrow_mut(|programs| programs.keep(text, regex))))
    }
}

fn compile(written: &str, pattern: &str) -> Result<Regex, ValueError> {
    let bad = || ValueError::is_not(Code::BadPattern, written, "a regular expression");
    if written.is_empty() || written.len() > MAX_LENGTH {
        return Err(bad().help(format!("a pattern has 1 to {MAX_LENGTH} bytes")));
    }
    RegexBuilder::new(pattern)
        .size_limit(MAX_PROGRAM)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => bad().help("it becomes too large: write fewer or smaller repetitions"),
            error => bad().help(last_line(&error.to_string())),
        })
}

/// The crate explains in several lines; the last one names the mistake.
fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

macro_rules! as_written {
    ($name:ident) => {
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_str()).finish()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

as_written!(Pattern);
as_written!(WholePattern);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{MIN_SWEEP, Pattern, WHOLE, WholePattern};

    #[test]
    fn those_of_one_text_share_a_program_and_dead_ones_go() {
        let parse = |text: &str| text.parse::<WholePattern>().unwrap();
        let (one, other) = (parse("a+"), parse("a+"));
        assert!(Arc::ptr_eq(&one.0, &other.0));
        let part: Pattern = "a+".parse().unwrap();
        assert!(part.regex().is_match("bab") && !one.matches("bab"));
        for number in 0..10 * MIN_SWEEP {
            let _ = parse(&format!("b{number}"));
        }
        let length = WHOLE.with_borrow(|programs| programs.by_text.len());
        assert!(length <= 2 * MIN_SWEEP + 2, "{length}");
        assert!(Arc::ptr_eq(&one.0, &parse("a+").0));
    }
}
