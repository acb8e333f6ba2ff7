//! `redirect`: sends the client elsewhere (Gateway API, `HTTPRequestRedirectFilter`).

use http::header::{HOST, LOCATION};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use tidegate_config::{self as config, RedirectPath, Scheme};

use crate::answer::{Answer, Reason};
use crate::cx::FilterCx;
use crate::path::replace_prefix;

/// Where to; what is not said is the request's own.
#[derive(Debug)]
pub struct Redirect {
    status: StatusCode,
    scheme: Option<Scheme>,
    host: Option<Box<str>>,
    port: Option<u16>,
    path: Option<RedirectPath>,
}

impl Redirect {
    /// Compiles the redirect.
    pub fn compile(spec: &config::Redirect) -> Self {
        Self {
            status: StatusCode::from_u16(spec.status.code()).unwrap_or(StatusCode::FOUND),
            scheme: spec.scheme,
            host: spec.host.as_ref().map(|host| host.as_str().into()),
            port: spec.port,
            path: spec.path.clone(),
        }
    }

    /// The answer that says where to.
    pub fn answer(&self, head: &Parts, cx: &FilterCx) -> Box<Answer> {
        let mut answer = Answer::new(Reason::Redirect, self.status);
        // Made of what is in a configuration or in a head, all of which a field value takes.
        if let Ok(location) = HeaderValue::try_from(self.location(head, cx)) {
            answer.headers.insert(LOCATION, location);
        }
        answer
    }

    fn location(&self, head: &Parts, cx: &FilterCx) -> String {
        let mut location = String::with_capacity(64 + head.uri.path().len());
        if let Some(host) = self.host.as_deref().or_else(|| host_name(head)) {
            let scheme = self.scheme.unwrap_or(cx.scheme);
            location.push_str(scheme.as_str());
            location.push_str("://");
            location.push_str(host);
            let port = self.port(cx);
            if port != scheme.default_port() {
                location.push(':');
                location.push_str(itoa::Buffer::new().format(port));
            }
        }
        self.push_path(head.uri.path(), cx, &mut location);
        if let Some(query) = head.uri.query() {
            location.push('?');
            location.push_str(query);
        }
        location
    }

    /// Another scheme means the port that belongs to it, unless a port is said; else it is that of the listener.
    fn port(&self, cx: &FilterCx) -> u16 {
        self.port
            .or_else(|| self.scheme.map(Scheme::default_port))
            .unwrap_or(cx.port)
    }

    fn push_path(&self, path: &str, cx: &FilterCx, location: &mut String) {
        match &self.path {
            Some(RedirectPath::Full(path)) => location.push_str(path.as_str()),
            Some(RedirectPath::Prefix(prefix)) => {
                location.push_str(&replace_prefix(path, cx.matched, prefix.as_str()));
            }
            None => {
                // Two slashes at the front of a reference without a host would be one; `*` is no path.
                location.push('/');
                location.push_str(path.trim_start_matches(['/', '*']));
            }
        }
    }
}

/// Whom the request is for, without port.
fn host_name(head: &Parts) -> Option<&str> {
    let authority = match head.headers.get(HOST) {
        Some(host) => host.to_str().ok()?,
        None => head.uri.authority()?.as_str(),
    };
    let end = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => colon,
        _ => authority.len(),
    };
    authority.get(..end).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{chain, cx, head};

    fn location(filter: &str, path: &str, cx: FilterCx) -> (u16, String) {
        let chain = chain(&format!("[{{ redirect: {filter} }}]"));
        let answer = chain.on_request(&mut head(path), &cx).break_value().unwrap();
        let location = answer.headers["location"].to_str().unwrap().to_owned();
        (answer.status.as_u16(), location)
    }

    fn listening(scheme: Scheme, port: u16) -> FilterCx {
        FilterCx { scheme, port, ..cx() }
    }

    #[test]
    fn what_is_not_said_stays() {
        for (filter, expected) in [
            ("{ host: other.test }", "http://other.test:8080/a/b?c=d"),
            ("{ port: 9000 }", "http://example.com:9000/a/b?c=d"),
            ("{ scheme: https }", "https://example.com/a/b?c=d"),
            ("{ path: { full: /x } }", "http://example.com:8080/x?c=d"),
            ("{ path: { prefix: /x } }", "http://example.com:8080/x/a/b?c=d"),
            (
                "{ scheme: https, host: o.test, port: 444, path: { full: / } }",
                "https://o.test:444/?c=d",
            ),
        ] {
            assert_eq!(location(filter, "/a/b?c=d", cx()).1, expected, "{filter}");
        }
    }

    /// Gateway API: a scheme that is said brings its port; else it is the listener's; the scheme's own is not written.
    #[test]
    fn ports_follow_the_scheme_that_is_said() {
        for (filter, scheme, port, expected) in [
            ("{ host: o.test }", Scheme::Http, 80, "http://o.test/"),
            ("{ host: o.test }", Scheme::Http, 8080, "http://o.test:8080/"),
            ("{ host: o.test }", Scheme::Http, 443, "http://o.test:443/"),
            ("{ host: o.test }", Scheme::Https, 443, "https://o.test/"),
            ("{ host: o.test }", Scheme::Https, 8443, "https://o.test:8443/"),
            ("{ scheme: http }", Scheme::Https, 8443, "http://example.com/"),
            ("{ scheme: https }", Scheme::Https, 8443, "https://example.com/"),
            (
                "{ scheme: https, port: 8443 }",
                Scheme::Http,
                80,
                "https://example.com:8443/",
            ),
            ("{ scheme: https, port: 443 }", Scheme::Http, 80, "https://example.com/"),
            (
                "{ scheme: https, port: 80 }",
                Scheme::Http,
                80,
                "https://example.com:80/",
            ),
            ("{ port: 80 }", Scheme::Http, 8080, "http://example.com/"),
            ("{ port: 443 }", Scheme::Https, 8443, "https://example.com/"),
        ] {
            assert_eq!(
                location(filter, "/", listening(scheme, port)).1,
                expected,
                "{filter} on {port}"
            );
        }
    }

    #[test]
    fn the_prefix_that_matched_is_replaced() {
        for (path, matched, expected) in [
            ("/old", 4, "http://example.com:8080/new"),
            ("/old/", 4, "http://example.com:8080/new/"),
            ("/old/x?y", 4, "http://example.com:8080/new/x?y"),
            ("/x", 0, "http://example.com:8080/new/x"),
        ] {
            let cx = FilterCx { matched, ..cx() };
            assert_eq!(location("{ path: { prefix: /new } }", path, cx).1, expected, "{path}");
        }
    }

    #[test]
    fn the_status_is_302_or_what_is_said() {
        assert_eq!(location("{ scheme: https }", "/", cx()).0, 302);
        for status in [301, 302, 303, 307, 308] {
            let filter = format!("{{ scheme: https, status: {status} }}");
            assert_eq!(location(&filter, "/", cx()).0, status);
        }
    }

    #[test]
    fn the_host_is_the_requests_without_its_port() {
        let chain = chain("[{ redirect: { scheme: https } }]");
        for (host, expected) in [
            ("a.test", "https://a.test/"),
            ("a.test:81", "https://a.test/"),
            ("[2001:db8::1]", "https://[2001:db8::1]/"),
            ("[2001:db8::1]:81", "https://[2001:db8::1]/"),
        ] {
            let mut head = head("/");
            head.headers.insert(HOST, HeaderValue::from_static(host));
            let answer = chain.on_request(&mut head, &cx()).break_value().unwrap();
            assert_eq!(answer.headers["location"], expected);
        }
    }

    /// Tidegate's requests have a host; those of another server might not, and must not be sent to one in their path.
    #[test]
    fn without_a_host_the_location_is_a_path() {
        let chain = chain("[{ redirect: { scheme: https } }]");
        for (path, expected) in [("/a?b", "/a?b"), ("//evil.test/", "/evil.test/"), ("*", "/")] {
            let mut head = head("/");
            head.headers.remove(HOST);
            head.uri = path.parse().unwrap();
            let answer = chain.on_request(&mut head, &cx()).break_value().unwrap();
            assert_eq!(answer.headers["location"], expected, "{path}");
        }
    }
}
