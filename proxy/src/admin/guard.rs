//! Which requests are answered at all: not those that a page from elsewhere makes a browser send.
//!
//! Nobody has to log in here, so that a browser which reaches this address must not lend it to the pages it shows. A page
//! of a stranger can send requests (`Sec-Fetch-Site` says so), and it can read the answers if its own name leads to this
//! address (DNS rebinding; then `Host` says that name). Programs send neither.

use http::header::HOST;
use http::{HeaderMap, HeaderName};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Why a request is refused, if it is; `names` are the host names that admin goes by, beside addresses and `localhost`.
pub(super) fn refusal(headers: &HeaderMap, names: &[String]) -> Option<String> {
    for host in headers.get_all(HOST) {
        let host = String::from_utf8_lossy(host.as_bytes());
        if !is_ours(&host, names) {
            return Some(format!(
                "admin does not answer to the host `{host}`, since a page of a stranger could go by that name: ask by IP \
                 address or localhost, or start tidegate with --admin-host {}\n",
                without_port(&host)
            ));
        }
    }
    let says = |name: &HeaderName, values: &[&str]| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| values.contains(&value))
    };
    // Who follows a link from elsewhere sees the answer himself; the page with the link does not.
    let is_foreign = says(&FETCH_SITE, &["cross-site", "same-site"]) && !says(&FETCH_MODE, &["navigate"]);
    is_foreign.then(|| "admin does not answer to other sites' pages: open it in a tab of its own\n".to_owned())
}

/// A page cannot have an address or `localhost` for its name unless it comes from there.
fn is_ours(host: &str, names: &[String]) -> bool {
    let name = without_port(host);
    let is_v6 = |name: &str| {
        let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
    };
    name.parse::<std::net::Ipv4Addr>().is_ok()
        || is_v6(name)
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn only_addresses_localhost_and_the_names_it_goes_by_are_hosts() {
        let names = ["admin.internal".to_owned()];
        for host in [
            "127.0.0.1:15000",
            "10.1.2.3",
            "[::1]:15000",
            "[::1]",
            "localhost",
            "LocalHost:15000",
            "admin.internal:15000",
        ] {
            assert_eq!(refusal(&headers(&[("host", host)]), &names), None, "{host}");
        }
        for host in [
            "evil.example:15000",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil.example",
            "[evil.example]",
            "::1",
            "admin.internal.evil.example",
            "",
        ] {
            let refused = refusal(&headers(&[("host", host)]), &names);
            assert!(refused.is_some_and(|why| why.contains("--admin-host")), "{host}");
        }
        assert!(refusal(&headers(&[("host", "127.0.0.1"), ("host", "evil")]), &names).is_some());
        assert_eq!(
            refusal(&HeaderMap::new(), &names),
            None,
            "HTTP/1.0 has no host, and no browser speaks it"
        );
    }

    #[test]
    fn other_sites_may_link_here_and_no_more() {
        let from = |site, mode| refusal(&headers(&[("sec-fetch-site", site), ("sec-fetch-mode", mode)]), &[]);
        assert_eq!(from("same-origin", "cors"), None);
        assert_eq!(from("none", "navigate"), None);
        assert_eq!(from("cross-site", "navigate"), None);
        assert!(from("cross-site", "no-cors").is_some());
        assert!(from("same-site", "cors").is_some());
    }
}
