//! Whether a command printed what a page shows.
//!
//! The same, line by line, but for
//! - what differs each time, whatever the page shows of it: dates, times of day, ids, hashes, ports of clients, numbers
//!   with three or more decimals, the seconds of a rate limit's advice, and the version of curl;
//! - `...` on a line of its own, which stands for any lines;
//! - `~90`, which is any number from half of it to twice as much;
//! - white space at the end of lines and of the whole.

use std::sync::LazyLock;

use regex::Regex;

/// What differs each time, and what stands for it.
static VARYING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (
            r"\b[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT\b",
            "<date>",
        ),
        (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "<time>"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>"),
        (r"\b([0-9a-f]{32}|[0-9a-f]{8})\b", "<hash>"),
        (r"\b127\.0\.0\.1:(3[2-9][0-9]{3}|[4-6][0-9]{4})\b", "<client>"),
        (r"\b[0-9]+\.[0-9]{3,}\b", "<number>"),
        (r"(retry-after: |;t=)[0-9]+", "$1<seconds>"),
        (r"\bcurl/[0-9.]+", "curl/<version>"),
    ]
    .map(|(pattern, name)| (Regex::new(pattern).unwrap(), name))
    .into()
});

/// Whether `printed` is what `shown` stands for.
pub(crate) fn fits(shown: &str, printed: &str) -> bool {
    let (shown, printed) = (plain(shown), plain(printed));
    lines_fit(&shown, &printed)
}

fn plain(text: &str) -> Vec<String> {
    let text = VARYING
        .iter()
        .fold(text.trim_end().to_owned(), |text, (pattern, name)| {
            pattern.replace_all(&text, *name).into_owned()
        });
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn lines_fit(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((any, rest)) if any == "..." => (0..=printed.len()).any(|skipped| lines_fit(rest, &printed[skipped..])),
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, others)| line_fits(first, line) && lines_fit(rest, others)),
    }
}

fn line_fits(shown: &str, printed: &str) -> bool {
    if !shown.contains('~') {
        return shown == printed;
    }
    let (shown, printed) = (shown.split_whitespace(), printed.split_whitespace());
    shown.clone().count() == printed.clone().count() && shown.zip(printed).all(|(shown, word)| word_fits(shown, word))
}

fn word_fits(shown: &str, word: &str) -> bool {
    let about = shown.strip_prefix('~').and_then(|about| about.parse::<u64>().ok());
    match (about, word.parse::<u64>()) {
        (Some(about), Ok(number)) => (about / 2..=about * 2).contains(&number),
        _ => shown == word,
    }
}

#[test]
fn only_what_may_differ_differs() {
    for (shown, printed) in [
        (
            "date: Thu, 26 Nov 2026 00:04:03 GMT",
            "date: Fri, 01 Jan 2027 11:04:03 GMT\r\n\n",
        ),
        (
            "id 923ce39a-cfc3-4361-8301-54584601f198",
            "id 00000000-cfc3-4361-8301-54584601f19f",
        ),
        ("peer 127.0.0.1:49090", "peer 127.0.0.1:32768"),
        ("after 0.255235 s", "after 1.255 s"),
        ("ratelimit: \"a\";r=0;t=12", "ratelimit: \"a\";r=0;t=11"),
        ("a\n...\nb\n", "a\n1\n2\nb"),
        ("...", ""),
        (" ~100 a", "    103 a"),
    ] {
        assert!(fits(shown, printed), "{shown:?} {printed:?}");
    }
    for (shown, printed) in [
        ("peer 127.0.0.1:9000", "peer 127.0.0.1:9001"),
        ("a\n...\nb\n", "a\nc"),
        ("~100 a", "203 a"),
        ("~100 a", "103 b"),
        ("a", "a\nb"),
        ("a", ""),
    ] {
        assert!(!fits(shown, printed), "{shown:?} {printed:?}");
    }
}
