//! `requestHeaders` and `responseHeaders`: set, then add, then remove (Gateway API, `HTTPHeaderFilter`).

use http::{HeaderMap, HeaderName, HeaderValue};
use tidegate_config as config;

/// Edits with every name and value ready-made.
#[derive(Debug)]
pub struct HeaderEdits {
    set: Box<[(HeaderName, HeaderValue)]>,
    add: Box<[(HeaderName, HeaderValue)]>,
    remove: Box<[HeaderName]>,
}

impl HeaderEdits {
    /// Compiles the edits. Names that frame a message, or belong to its connection, are left out: configuration refuses
    /// them where people write, and whoever builds a spec by hand shall not get them past it.
    pub fn compile(spec: &config::HeaderEdits) -> Self {
        Self {
            set: fields(&spec.set).chain(secrets(&spec.set_secret)).collect(),
            add: fields(&spec.add).collect(),
            remove: spec.remove.iter().filter_map(name).collect(),
        }
    }

    /// Makes the edits.
    #[inline]
    pub fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.set {
            headers.insert(name, value.clone());
        }
        for (name, value) in &self.add {
            headers.append(name, value.clone());
        }
        for name in &self.remove {
            headers.remove(name);
        }
    }
}

/// What a list of fields becomes; `config` admits only what is a name and a value here, too.
pub(crate) fn fields(
    list: &[(config::HeaderName, config::HeaderText)],
) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    list.iter()
        .filter_map(|(key, value)| Some((name(key)?, HeaderValue::from_bytes(value.as_str().as_bytes()).ok()?)))
}

/// Values that HTTP/2 must not keep in its tables (RFC 7541 section 7.1.3), and `Debug` not show.
fn secrets(list: &[(config::HeaderName, config::Secret)]) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    list.iter().filter_map(|(key, secret)| {
        let mut value = HeaderValue::from_bytes(secret.expose().as_bytes()).ok()?;
        value.set_sensitive(true);
        Some((name(key)?, value))
    })
}

fn name(name: &config::HeaderName) -> Option<HeaderName> {
    let is_proxys = name.is_proxys();
    HeaderName::from_bytes(name.as_str().as_bytes())
        .ok()
        .filter(|_| !is_proxys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{chain, cx, head};

    #[test]
    fn set_replaces_all_add_comes_behind_and_remove_takes_all() {
        let chain = chain(
            "[{ requestHeaders: { set: { x-set: new, X-Fresh: a }, add: { x-add: more, x-other: b }, \
             remove: [x-gone, x-absent] } }]",
        );
        let mut head = head("/");
        for (name, value) in [
            ("x-set", "1"),
            ("x-set", "2"),
            ("x-add", "first"),
            ("x-gone", "1"),
            ("x-gone", "2"),
            ("x-kept", "1"),
        ] {
            head.headers.append(name, HeaderValue::from_static(value));
        }
        assert!(chain.on_request(&mut head, &cx()).is_continue());
        let all = |name: &str| -> Vec<_> {
            let values = head.headers.get_all(name).iter();
            values.map(|value| value.to_str().unwrap()).collect()
        };
        assert_eq!(all("x-set"), ["new"]);
        assert_eq!(all("x-fresh"), ["a"]);
        assert_eq!(all("x-add"), ["first", "more"]);
        assert_eq!(all("x-other"), ["b"]);
        assert!(all("x-gone").is_empty());
        assert_eq!(all("x-kept"), ["1"]);
    }

    #[test]
    fn a_name_may_be_set_added_to_and_removed() {
        let edits = |remove: &[&str]| {
            HeaderEdits::compile(&config::HeaderEdits {
                set: vec![("x-a".parse().unwrap(), "1".parse().unwrap())],
                add: vec![("x-a".parse().unwrap(), "2".parse().unwrap())],
                remove: remove.iter().map(|name| name.parse().unwrap()).collect(),
                ..config::HeaderEdits::default()
            })
        };
        let mut headers = HeaderMap::new();
        edits(&[]).apply(&mut headers);
        assert_eq!(headers.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
        edits(&["x-a"]).apply(&mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn secrets_replace_what_was_there_and_are_not_shown() {
        // Cargo sets this variable for tests.
        let chain = chain("[{ requestHeaders: { setSecret: { x-key: { env: CARGO_PKG_NAME } } } }]");
        let mut head = head("/");
        head.headers.insert("x-key", HeaderValue::from_static("a stranger's"));
        assert!(chain.on_request(&mut head, &cx()).is_continue());
        assert_eq!(head.headers["x-key"], "tidegate-filters");
        assert!(head.headers["x-key"].is_sensitive());
        assert!(!format!("{chain:?}").contains("tidegate-filters"), "{chain:?}");
    }

    #[test]
    fn values_beyond_ascii_pass_as_their_bytes() {
        let edits = HeaderEdits::compile(&config::HeaderEdits {
            set: vec![("x-a".parse().unwrap(), "höher".parse().unwrap())],
            ..config::HeaderEdits::default()
        });
        let mut headers = HeaderMap::new();
        edits.apply(&mut headers);
        assert_eq!(headers["x-a"].as_bytes(), "höher".as_bytes());
    }

    #[test]
    fn framing_is_out_of_reach() {
        for name in [
            "connection",
            "content-length",
            "host",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ] {
            let field = || (name.parse().unwrap(), "chunked".parse().unwrap());
            let edits = HeaderEdits::compile(&config::HeaderEdits {
                set: vec![field()],
                add: vec![field()],
                remove: vec![name.parse().unwrap()],
                ..config::HeaderEdits::default()
            });
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("kept"));
            edits.apply(&mut headers);
            assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), ["kept"], "{name}");
        }
    }
}
