//! Links within the repository lead to files that are there, and to headings that the page has.
//!
//! Links to elsewhere are not followed: a test that needs the network fails for others' reasons.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::page::{Page, root};

/// The text of a page without its fenced blocks and code spans, line by line.
fn prose(text: &str) -> Vec<String> {
    let mut is_code = false;
    let lines = text.lines().map(|line| {
        is_code ^= line.starts_with("```");
        if is_code || line.starts_with("```") {
            return String::new();
        }
        // Odd pieces are between backquotes; in a link's text they may stay away as well.
        line.split('`').step_by(2).collect()
    });
    lines.collect()
}

/// Where the links of a line lead: `[text](there)`, and `<img src="there">`.
fn destinations(line: &str) -> impl Iterator<Item = &str> {
    let links = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next());
    let images = line.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next());
    links.chain(images)
}

/// The names by which GitHub knows the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        let title = line.trim_start_matches('#');
        if is_code || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let name = anchor(title.trim());
        let again = (1..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone())
            .chain(again)
            .find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

fn anchor(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
    kept.map(|char| if char == ' ' { '-' } else { char })
        .collect::<String>()
        .to_lowercase()
}

/// The path that `link` means on `page`, from the root; `None` when it leaves the repository.
fn resolve(page: &Path, link: &str) -> Option<PathBuf> {
    let mut path = page.parent()?.to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir if path.pop() => {}
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(path)
}

/// What is wrong with a link; links to elsewhere are right.
fn fault(page: &Page, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, heading) = link
        .split_once('#')
        .map_or((link, None), |(file, heading)| (file, Some(heading)));
    let path = if file.is_empty() {
        Some(page.path.clone())
    } else {
        resolve(&page.path, file)
    };
    let Some(path) = path.filter(|path| root().join(path).exists()) else {
        return Some(format!("{link}: no such file"));
    };
    let heading = heading?;
    if path.extension().is_none_or(|extension| extension != "md") {
        return Some(format!("{link}: only pages have headings"));
    }
    (!anchors(&Page::read(path).text).contains(heading)).then(|| format!("{link}: no such heading"))
}

#[test]
fn every_link_leads_somewhere() {
    let (mut count, mut faults) = (0, Vec::new());
    for page in Page::all() {
        for (number, line) in prose(&page.text).iter().enumerate() {
            for link in destinations(line) {
                count += 1;
                faults.extend(fault(&page, link).map(|fault| format!("{}: {fault}", page.place(number + 1))));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 20, "{count} links");
}

#[test]
fn faults_are_found() {
    let text = "# A `b` and c/d\n```\n# no\n```\n## Same\n## Same\n".to_owned();
    let path = PathBuf::from("docs/errors.md");
    let page = Page { path, text };
    assert_eq!(
        anchors(&page.text),
        ["a-b-and-cd", "same", "same-1"].map(str::to_owned).into()
    );
    for good in [
        "https://nowhere.example/",
        "../README.md",
        "errors.md#the-file",
        "../examples",
    ] {
        assert_eq!(fault(&page, good), None);
    }
    for bad in [
        "../README",
        "errors.md#nothing",
        "../../README.md",
        "../Cargo.toml#a",
        "#nothing",
    ] {
        assert!(fault(&page, bad).is_some(), "{bad}");
    }
    let lines = prose("a [b `c`](d) `[e](f)`\n```\n[g](h)\n```\n![i](j k) <img src=\"l\">\n");
    let found: Vec<&str> = lines.iter().flat_map(|line| destinations(line)).collect();
    assert_eq!(found, ["d", "j", "l"]);
}
