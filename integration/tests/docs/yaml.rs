//! The YAML of pages loads.
//!
//! A ```` ```yaml ```` block is a whole configuration, about which `tidegate check` has nothing to say. Behind `yaml` may
//! stand: a file name, which makes it that file for the commands of the page; the kind of object that it is a piece of,
//! one of `KINDS`; `TG0101`, a code that it must be told.

use super::check::{check, complete};
use super::page::{Block, Page};
use super::transcript::file_of;

/// What is wrong with what a block says.
fn fault(block: Block<'_>) -> Option<String> {
    let words = block.words("yaml")?;
    let (mut whole, mut is_piece, mut expected) = (block.text.to_owned(), false, Vec::new());
    for word in words {
        if word.starts_with("TG") {
            expected.push(format!("[{word}]"));
        } else if file_of(block) != Some(word) {
            let Some(completed) = complete(word, block.text) else {
                return Some(format!("`{word}` is no kind of object"));
            };
            (whole, is_piece) = (completed, true);
        }
    }
    let said = check(&whole);
    if let Some(missing) = expected.iter().find(|code| !said.contains(&**code)) {
        return Some(format!("not told {missing}: {said}"));
    }
    // Of a piece, what no rule can reach and the like is not meant.
    let is_wrong = if is_piece {
        said.contains("error[")
    } else {
        !said.is_empty()
    };
    (expected.is_empty() && is_wrong).then_some(said)
}

#[test]
fn every_block_of_yaml_loads() {
    let mut count = 0;
    let mut faults = Vec::new();
    // Its blocks have a test of their own, in `config`.
    for page in Page::all().iter().filter(|page| !page.path.ends_with("docs/errors.md")) {
        for block in page.blocks() {
            count += usize::from(block.words("yaml").is_some());
            let fault = fault(block);
            faults.extend(fault.map(|fault| format!("{}: {fault}", page.place(block.line))));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    assert!(count > 5, "{count} blocks");
}

#[test]
fn faults_are_found() {
    let fault = |info, text| fault(Block { info, text, line: 1 });
    assert_eq!(fault("console", "a"), None);
    assert_eq!(fault("yaml rule", "timeouts: { request: 1s }\n"), None);
    assert_eq!(fault("yaml gateway.yaml TG0101", "listener: {}\n"), None);
    for (info, text) in [
        ("yaml", "listener: {}\n"),
        ("yaml gateway.yaml", "listener: {}\n"),
        ("yaml rule", "timeout: { request: 1s }\n"),
        ("yaml ruel", "timeouts: { request: 1s }\n"),
        ("yaml TG0102", "listener: {}\n"),
    ] {
        assert!(fault(info, text).is_some(), "{info}");
    }
}
