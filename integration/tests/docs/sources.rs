//! Code that pages quote is that of the files.
//!
//! A ```` ```rust PATH ```` block holds lines of that file, one after the other; `// ...` stands for lines left out.

use std::fs;

use super::page::{Block, Page, root};

/// What is wrong with a quote.
fn fault(block: Block<'_>) -> Option<String> {
    let words = block.words("rust")?;
    let [path] = words[..] else {
        return Some("which file?".to_owned());
    };
    let Ok(text) = fs::read_to_string(root().join(path)) else {
        return Some(format!("{path}: no such file"));
    };
    let mut rest = text.as_str();
    for piece in block.text.split("// ...\n") {
        match rest.split_once(piece) {
            Some((_, behind)) => rest = behind,
            None => return Some(format!("not in {path}:\n{piece}")),
        }
    }
    None
}

#[test]
fn quotes_are_what_the_files_say() {
    let (mut count, mut faults) = (0, Vec::new());
    for page in Page::all() {
        for block in page.blocks() {
            count += usize::from(block.words("rust").is_some());
            faults.extend(fault(block).map(|fault| format!("{}: {fault}", page.place(block.line))));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    assert!(count > 5, "{count} quotes");
}

#[test]
fn faults_are_found() {
    let fault = |info, text| fault(Block { info, text, line: 1 });
    let path = "rust integration/tests/docs/sources.rs";
    assert_eq!(
        fault(path, "use std::fs;\n// ...\n/// What is wrong with a quote.\n"),
        None
    );
    assert!(fault(path, "/// What is wrong with a quote.\n// ...\nuse std::fs;\n").is_some());
    assert!(fault("rust", "use std::fs;\n").is_some());
    assert!(fault("rust nowhere.rs", "").is_some());
}
