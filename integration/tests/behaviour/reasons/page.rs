//! docs/reasons.md, read back.

use std::collections::BTreeMap;
use std::fs;

/// What the page says of a reason.
pub(super) struct Entry {
    /// `None` where the page has none; `Some(None)` where nobody is answered.
    pub(super) status: Option<Option<u16>>,
    pub(super) due_to: String,
    /// Whether only a fault in Tidegate could cause it.
    pub(super) is_own_fault: bool,
}

/// The entries by flag (`-` for none) and reason.
pub(super) fn read() -> BTreeMap<(String, String), Entry> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reasons.md")).unwrap();
    let mut entries = BTreeMap::new();
    let mut head: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        if !cells[0].starts_with('`') {
            if cells[0] != "---" {
                head = cells;
            }
            continue;
        }
        let cell = |name: &str| {
            let column = head.iter().position(|column| *column == name)?;
            Some(cells[column].trim_matches('`'))
        };
        let Some(reason) = cell("reason") else { continue };
        let entry = Entry {
            status: cell("status").map(|status| status.parse().ok()),
            due_to: cell("due to").unwrap().to_owned(),
            is_own_fault: cell("what to do").is_some_and(|advice| advice.starts_with("A fault in Tidegate")),
        };
        let key = (cell("flag").unwrap_or("-").to_owned(), reason.to_owned());
        assert!(entries.insert(key, entry).is_none(), "{line} stands twice");
    }
    assert!(entries.len() > 80, "{} entries", entries.len());
    entries
}
