//! Pages name fixed addresses; a test has its own, so that it meets nobody.
//!
//! Each `127.0.0.1:PORT` of a page, below the ports of clients, becomes a port that the system chose on a loopback
//! address that only this process uses; what commands print is translated back.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::LazyLock;

use regex::Regex;

/// Where `tidegate run` serves admin unless it is told.
pub(crate) const ADMIN: &str = "127.0.0.1:15000";

static WRITTEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b127\.0\.0\.1:([12]?[0-9]{4}|3[01][0-9]{3})\b").unwrap());

/// What pages say, and what is so: `127.0.0.1:9000` and `127.64.1.2:40001`.
#[derive(Debug)]
pub(crate) struct Addresses(Vec<(String, SocketAddr)>);

impl Addresses {
    /// For every address that these texts name, and that of admin.
    pub(crate) fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut written = BTreeSet::from([ADMIN]);
        for text in texts {
            written.extend(WRITTEN.find_iter(text).map(|found| found.as_str()));
        }
        // All at once, so that no two are the same.
        let sockets: Vec<TcpListener> = written
            .iter()
            .map(|_| TcpListener::bind((own_address(), 0)).expect("a free port"))
            .collect();
        let mut real: Vec<SocketAddr> = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
        // What a page sorts keeps its order.
        real.sort();
        let pairs = written.iter().map(|&written| written.to_owned()).zip(real);
        Self(pairs.collect())
    }

    /// The text with the addresses that are so.
    pub(crate) fn translate(&self, text: &str) -> String {
        let real = |found: &regex::Captures<'_>| self.real(&found[0]).to_string();
        WRITTEN.replace_all(text, real).into_owned()
    }

    /// The text as a page says it.
    pub(crate) fn translate_back(&self, text: &str) -> String {
        let text = self.0.iter().fold(text.to_owned(), |text, (written, real)| {
            text.replace(&real.to_string(), written)
        });
        text.replace(&own_address().to_string(), "127.0.0.1")
    }

    /// What this address of a page really is.
    pub(crate) fn real(&self, written: &str) -> SocketAddr {
        let mut pairs = self.0.iter();
        let found = pairs.find(|(one, _)| one == written);
        found.unwrap_or_else(|| panic!("{written} is in no text")).1
    }

    /// Those that are named in a text.
    pub(crate) fn named_in(&self, text: &str) -> Vec<SocketAddr> {
        WRITTEN.find_iter(text).map(|found| self.real(found.as_str())).collect()
    }
}

/// A loopback address by the number of this process.
fn own_address() -> Ipv4Addr {
    let [_, a, b, c] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 64 | a, b, c)
}

#[test]
fn there_and_back() {
    let text = "a 127.0.0.1:9000, 127.0.0.1:8080 and 127.0.0.1:49090\n";
    let addresses = Addresses::of([text].into_iter());
    let translated = addresses.translate(text);
    assert!(!translated.contains(":9000") && translated.contains("127.0.0.1:49090"));
    assert_eq!(addresses.translate_back(&translated), text);
    assert_eq!(addresses.named_in(text).len(), 2);
}
