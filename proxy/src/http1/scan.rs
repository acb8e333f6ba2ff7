//! Where a head's lines end, found in time linear in its bytes however they arrive.

use super::feeds::feeds;
use super::head::{check_bytes, check_field_line};
use super::limits::{Limits, MAX_FIELDS};
use super::reject::Reason;

/// How far the search for a head's end has come. One for each direction of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scan {
    searched: usize,
    line_start: usize,
    lines: usize,
    pub(super) skipped_empty_line: bool,
}

/// The line feeds of a section, the empty line's left out.
#[derive(Debug)]
pub(super) struct Lines {
    /// Room for a first line and as many fields as any setting allows.
    feeds: [u16; MAX_FIELDS + 1],
    count: usize,
    /// The section's length, its empty line included.
    pub(super) end: usize,
}

/// What a section is held to while its end is looked for.
pub(super) struct Bounds {
    pub(super) bytes: usize,
    pub(super) line_bytes: usize,
    /// Lines beside the first.
    pub(super) fields: usize,
    pub(super) too_many: Reason,
    pub(super) too_large: Reason,
    pub(super) first_line: Option<&'static FirstLine>,
}

/// How the first line of a head is judged before the rest is there.
pub(super) struct FirstLine {
    pub(super) starts_with: fn(u8) -> bool,
    pub(super) check: fn(&[u8]) -> Result<(), Reason>,
    pub(super) malformed: Reason,
    pub(super) too_long: Reason,
}

impl FirstLine {
    /// The first byte alone can be enough: a TLS client need not wait for its time-out.
    pub(super) fn check_start(&self, head: &[u8]) -> Result<(), Reason> {
        match head.first() {
            Some(first) if !(self.starts_with)(*first) => check_bytes(&[*first]).and(Err(self.malformed)),
            _ => Ok(()),
        }
    }
}

impl Bounds {
    pub(super) const fn head(limits: &Limits, first_line: &'static FirstLine) -> Self {
        Self {
            bytes: limits.head_bytes,
            line_bytes: limits.line_bytes,
            fields: limits.fields,
            too_many: Reason::TooManyFields,
            too_large: Reason::HeadTooLarge,
            first_line: Some(first_line),
        }
    }
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self {
            feeds: [0; MAX_FIELDS + 1],
            count: 0,
            end: 0,
        }
    }

    /// The lines of `section` with where each begins, their line ends cut off.
    pub(super) fn of<'s>(&'s self, section: &'s [u8]) -> impl Iterator<Item = (usize, &'s [u8])> {
        let mut start = 0;
        self.feeds.iter().take(self.count).map(move |feed| {
            let feed = usize::from(*feed);
            let line = section.get(start..feed.saturating_sub(1)).unwrap_or_default();
            (std::mem::replace(&mut start, feed + 1), line)
        })
    }

    #[inline]
    fn push(&mut self, feed: usize, bounds: &Bounds) -> Result<(), Reason> {
        if self.count >= bounds.lines() {
            return Err(bounds.too_many);
        }
        let slot = self.feeds.get_mut(self.count).ok_or(bounds.too_many)?;
        *slot = u16::try_from(feed).map_err(|_| bounds.too_large)?;
        self.count += 1;
        Ok(())
    }
}

impl Scan {
    /// Puts the lines of the section at the front of `buf` into `lines` once it is all there. Each ends with CRLF; nothing else is
    /// known of them.
    ///
    /// What is certain to be refused is refused before the rest comes: a sender of `GET /` and a bare LF would
    /// otherwise be left waiting for its time-out.
    #[inline]
    pub(super) fn find_lines(&mut self, buf: &[u8], lines: &mut Lines, bounds: &Bounds) -> Result<bool, Reason> {
        let window = buf.get(..bounds.bytes).unwrap_or(buf);
        if self.searched > 0 && !self.resume(window, bounds)? {
            return Ok(false);
        }
        lines.count = 0;
        let mut start = 0;
        for feed in feeds(window) {
            if feed == start || window.get(feed - 1) != Some(&b'\r') {
                return Err(Reason::BareLf);
            }
            if feed == start + 1 {
                lines.end = feed + 1;
                *self = Self::default();
                return Ok(true);
            }
            if feed - start > bounds.line_bytes + 1 {
                return Err(if start == 0 {
                    bounds.first_line_too_long()
                } else {
                    Reason::LineTooLong
                });
            }
            lines.push(feed, bounds)?;
            start = feed + 1;
        }
        self.resume(window, bounds)
    }

    /// Goes on where the last call ended; true if the section's end is there.
    #[cold]
    fn resume(&mut self, window: &[u8], bounds: &Bounds) -> Result<bool, Reason> {
        if let Some(first_line) = self.first_line(bounds) {
            first_line.check_start(window)?;
        }
        let fresh = window.get(self.searched..).unwrap_or_default();
        for at in feeds(fresh) {
            let end = self.searched + at;
            let line = window.get(self.line_start..end).unwrap_or_default();
            let Some(line) = line.strip_suffix(b"\r") else {
                return Err(Reason::BareLf);
            };
            if line.is_empty() {
                return Ok(true);
            }
            self.check_line(line, bounds)?;
            self.line_start = end + 1;
            self.lines += 1;
        }
        self.searched = window.len();
        let open_line = window.get(self.line_start..).unwrap_or_default();
        if open_line.len() > bounds.line_bytes + 1 {
            return Err(self.line_too_long(bounds));
        }
        if window.len() >= bounds.bytes {
            return Err(self
                .first_line(bounds)
                .map_or(bounds.too_large, |first_line| first_line.too_long));
        }
        Ok(false)
    }

    fn check_line(&self, line: &[u8], bounds: &Bounds) -> Result<(), Reason> {
        if line.len() > bounds.line_bytes {
            return Err(self.line_too_long(bounds));
        }
        if self.lines >= bounds.lines() {
            return Err(bounds.too_many);
        }
        match self.first_line(bounds) {
            Some(first_line) => (first_line.check)(line),
            None => check_field_line(line),
        }
    }

    /// The rules of the first line while that is the one looked at.
    fn first_line(&self, bounds: &Bounds) -> Option<&'static FirstLine> {
        bounds.first_line.filter(|_| self.line_start == 0)
    }

    fn line_too_long(&self, bounds: &Bounds) -> Reason {
        if self.line_start == 0 {
            bounds.first_line_too_long()
        } else {
            Reason::LineTooLong
        }
    }
}

impl Bounds {
    fn lines(&self) -> usize {
        self.fields + usize::from(self.first_line.is_some())
    }

    fn first_line_too_long(&self) -> Reason {
        self.first_line
            .map_or(Reason::LineTooLong, |first_line| first_line.too_long)
    }
}
