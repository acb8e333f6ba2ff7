//! The tables of `docs/coming-from-*.md`: there, here, in which object, what differs.
//!
//! Each code span of the column `Tidegate` is a piece of the object that the column `in` names, or an option of
//! `tidegate run`; a cell without one says why there is none.

use std::process::Command;

use tidegate_integration::harness::binary;

use super::check::{check, complete};
use super::page::Page;

/// How a cell begins that names no setting.
const NONE: [&str; 3] = ["not yet", "always", "never"];

/// The cells of a line of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let line = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(line.split('|').map(str::trim).collect())
}

/// The code spans of a cell.
fn spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// What is wrong with a row.
fn fault(here: &str, object: &str, options: &str) -> Option<String> {
    if spans(here).next().is_none() {
        let is_said = NONE.iter().any(|word| here.starts_with(word));
        return (!is_said).then(|| format!("`{here}` begins with none of {NONE:?}"));
    }
    spans(here).find_map(|span| {
        if object == "command line" {
            let option = span.split(' ').next().unwrap_or_default();
            let is_known = option.starts_with("--") && options.contains(&format!(" {option} "));
            return (!is_known).then(|| format!("`tidegate run` has no {option}"));
        }
        let Some(whole) = complete(object, span) else {
            return Some(format!("`{object}` is no kind of object"));
        };
        let said = check(&whole);
        said.contains("error[").then(|| format!("{span}: {said}"))
    })
}

#[test]
fn every_row_names_what_there_is() {
    let output = Command::new(binary()).args(["run", "--help"]).output().unwrap();
    let options = String::from_utf8(output.stdout).unwrap();
    let (mut rows, mut faults) = (0, Vec::new());
    for page in Page::all() {
        if !page.path.to_string_lossy().starts_with("docs/coming-from-") {
            continue;
        }
        for (number, line) in page.text.lines().enumerate() {
            let Some(cells) = cells(line) else { continue };
            let [_, here, object, _] = cells[..] else {
                panic!("{}: {} columns", page.place(number + 1), cells.len());
            };
            if here == "Tidegate" || here.starts_with("---") {
                continue;
            }
            rows += 1;
            let fault = fault(here, object, &options);
            faults.extend(fault.map(|fault| format!("{}: {fault}", page.place(number + 1))));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    assert!(rows > 50, "{rows} rows");
}

#[test]
fn faults_are_found() {
    let options = "      --workers <N>  Threads";
    assert_eq!(fault("`drain: 5s`, `profile: mesh`", "listener", options), None);
    assert_eq!(fault("`--workers 4`", "command line", options), None);
    assert_eq!(fault("not yet", "", options), None);
    for (here, object) in [
        ("`drain: 5s`, `profil: mesh`", "listener"),
        ("`drain: 5s`", "cluster"),
        ("`drain: 5s`", ""),
        ("`--worker 4`", "command line"),
        ("maybe", ""),
    ] {
        assert!(fault(here, object, options).is_some(), "{here}");
    }
}
