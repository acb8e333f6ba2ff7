//! docs/errors.md: every code has a section, its wrong example is told this code, its right one nothing.
//!
//! An example in `sh` is run in an empty directory, which is then the configuration; `also TG0204` after `yaml` names
//! the codes of mistakes that cannot but come along.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper of tests may fail as a test may"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use tidegate_config::{Code, Loaded, check, check_files, load, parse_files};

struct Section<'a> {
    code: &'a str,
    /// Info string and text of each example.
    examples: Vec<(&'a str, &'a str)>,
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let parts = text.split("\n## ").skip(1);
    let section = |part| {
        let (code, rest): (&str, &str) = str::split_once(part, ':').unwrap();
        let blocks = rest.split("\n```").skip(1).step_by(2);
        let examples = blocks.map(|block| block.split_once('\n').unwrap()).collect();
        Section { code, examples }
    };
    parts.map(section).collect()
}

/// Lints are asked for where a lint is explained, so that other examples can be short.
fn run(code: &str, example: (&str, &str)) -> Loaded {
    let (info, text) = example;
    let is_lint = code.starts_with("TG04");
    if info != "sh" {
        let files = [("example.yaml", text)];
        return if is_lint {
            check_files(files)
        } else {
            parse_files(files)
        };
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("errors-{code}-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let status = Command::new("sh")
        .args(["-ec", text])
        .current_dir(&directory)
        .status()
        .unwrap();
    assert!(status.success(), "{text}");
    let loaded = if is_lint { check(&directory) } else { load(&directory) };
    fs::remove_dir_all(&directory).unwrap();
    loaded.unwrap()
}

fn codes(loaded: &Loaded) -> BTreeSet<&str> {
    loaded
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code().as_str())
        .collect()
}

#[test]
fn every_code_is_explained_once_and_in_order() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md")).unwrap();
    let explained: Vec<_> = sections(&text).iter().map(|section| section.code.to_owned()).collect();
    let all: Vec<_> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(explained, all);
}

#[test]
fn wrong_examples_are_told_their_code_and_right_ones_nothing() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md")).unwrap();
    for Section { code, examples } in sections(&text) {
        // What a machine refuses no text can show.
        if code.starts_with("TG05") {
            assert!(examples.is_empty());
            continue;
        }
        let [wrong, right] = examples[..] else {
            panic!("{code}: {} examples", examples.len())
        };
        let mut expected: BTreeSet<&str> = wrong.0.split(' ').filter(|word| word.starts_with("TG")).collect();
        expected.insert(code);
        let loaded = run(code, wrong);
        assert_eq!(codes(&loaded), expected, "{code}\n{:?}", loaded.diagnostics);
        let loaded = run(code, right);
        assert_eq!(loaded.diagnostics, [], "{code}");
    }
}
