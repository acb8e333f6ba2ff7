//! A diagnostic as people read it: message, place, the line with a caret below, help.

use std::fmt;

use super::{Diagnostic, Label};

/// How many characters of a long line are shown, and how many of them before the caret.
const LINE_WINDOW: usize = 120;
const LINE_BEFORE: usize = 60;

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}[{}]: {}", self.severity, self.code, clean(&self.message))?;
        let labels = || std::iter::once(&self.at).chain(&self.related);
        let gutter = labels()
            .map(|label| label.origin.line().to_string().len())
            .max()
            .unwrap_or(1);
        for label in labels() {
            render_label(f, label, gutter)?;
        }
        if let Some(object) = &self.object {
            writeln!(f, "{:gutter$} = object: {object}", "")?;
        }
        if let Some(help) = &self.help {
            writeln!(f, "{:gutter$} = help: {}", "", clean(help))?;
        }
        Ok(())
    }
}

fn render_label(f: &mut fmt::Formatter<'_>, label: &Label, gutter: usize) -> fmt::Result {
    writeln!(f, "{:gutter$}--> {}", "", label.origin)?;
    let note = label.note.as_deref().unwrap_or_default();
    let Some(excerpt) = &label.excerpt else {
        return if note.is_empty() {
            Ok(())
        } else {
            writeln!(f, "{:gutter$} = {note}", "")
        };
    };
    let column = (label.origin.column() as usize).saturating_sub(1);
    let from = column.saturating_sub(LINE_BEFORE);
    let line: String = excerpt.chars().skip(from).take(LINE_WINDOW).map(printable).collect();
    let room = line.chars().count().saturating_sub(column - from);
    let carets = "^".repeat((label.origin.mark().width as usize).clamp(1, room.max(1)));
    writeln!(f, "{:gutter$} |", "")?;
    writeln!(f, "{:>gutter$} | {}", label.origin.line(), line.trim_end())?;
    writeln!(
        f,
        "{}",
        format!("{:gutter$} | {:pad$}{carets} {note}", "", "", pad = column - from).trim_end()
    )
}

fn clean(text: &str) -> String {
    text.chars().map(printable).collect()
}

/// A tab would move the caret, a control character could do worse to a terminal.
fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{FFFD}',
        c => c,
    }
}
