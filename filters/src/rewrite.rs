//! `rewrite`: what the request says upstream instead of what the client asked (Gateway API, `HTTPURLRewriteFilter`).

mod substitution;

use std::ops::ControlFlow;

use http::header::HOST;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, StatusCode, Uri};
use tidegate_config::{self as config, PathRewrite};

use self::substitution::Substitution;
use crate::answer::{Answer, Reason};
use crate::cx::FilterCx;
use crate::path::{replace_prefix, tidy, with_path, with_path_and_query};

/// A host and a path, ready-made where they can be.
#[derive(Debug)]
pub struct Rewrite {
    host: Option<HeaderValue>,
    path: Option<Path>,
}

#[derive(Debug)]
enum Path {
    Full(PathAndQuery),
    Prefix(Box<str>),
    Pattern(Substitution),
}

impl Rewrite {
    /// Compiles the rewrite.
    pub fn compile(spec: &config::Rewrite) -> Self {
        Self {
            host: spec
                .host
                .as_ref()
                .and_then(|host| HeaderValue::try_from(host.to_string()).ok()),
            path: spec.path.as_ref().and_then(Path::compile),
        }
    }

    /// Changes the request, or refuses one that would get a path that is none.
    pub fn on_request(&self, head: &mut Parts, cx: &FilterCx) -> ControlFlow<Box<Answer>> {
        // `OPTIONS *` is for the server, not for a path of it.
        if let Some(path) = self.path.as_ref().filter(|_| head.uri.path().starts_with('/')) {
            match path.rewrite(&head.uri, cx) {
                Rewritten::As(uri) => head.uri = uri,
                Rewritten::Unchanged => {}
                Rewritten::Invalid => {
                    let answer = Answer::new(Reason::InvalidRewrite, StatusCode::BAD_REQUEST);
                    return ControlFlow::Break(answer);
                }
            }
        }
        if let Some(host) = &self.host {
            head.headers.insert(HOST, host.clone());
        }
        ControlFlow::Continue(())
    }
}

enum Rewritten {
    As(Uri),
    Unchanged,
    Invalid,
}

impl From<Option<Uri>> for Rewritten {
    fn from(uri: Option<Uri>) -> Self {
        uri.map_or(Self::Invalid, Self::As)
    }
}

impl Path {
    fn compile(spec: &PathRewrite) -> Option<Self> {
        Some(match spec {
            // `config` admits only what is a path here, too.
            PathRewrite::Full(path) => Self::Full(path.as_str().parse().ok()?),
            PathRewrite::Prefix(prefix) => Self::Prefix(prefix.as_str().into()),
            PathRewrite::Regex { pattern, substitution } => {
                Self::Pattern(Substitution::compile(pattern.regex(), substitution))
            }
        })
    }

    fn rewrite(&self, uri: &Uri, cx: &FilterCx) -> Rewritten {
        match self {
            Self::Full(path) if uri.query().is_none() => with_path_and_query(uri, path.clone()).into(),
            Self::Full(path) => with_path(uri, path.as_str().to_owned()).into(),
            Self::Prefix(prefix) => with_path(uri, replace_prefix(uri.path(), cx.matched, prefix)).into(),
            Self::Pattern(substitution) => match substitution.apply(uri.path()) {
                None => Rewritten::Unchanged,
                Some(path) => tidy(&path).and_then(|path| with_path(uri, path)).into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{chain, cx, head};

    fn rewritten(filter: &str, path: &str, matched: usize) -> Result<String, StatusCode> {
        let chain = chain(&format!("[{{ rewrite: {filter} }}]"));
        let mut head = head(path);
        match chain.on_request(&mut head, &FilterCx { matched, ..cx() }) {
            ControlFlow::Continue(()) => Ok(head.uri.to_string()),
            ControlFlow::Break(answer) => Err(answer.status),
        }
    }

    #[test]
    fn the_whole_path_or_its_prefix() {
        for (filter, path, matched, expected) in [
            ("{ path: { full: /x/ } }", "/a/b", 0, "/x/"),
            ("{ path: { full: /x } }", "/a/b?c=d&e", 0, "/x?c=d&e"),
            ("{ path: { prefix: /x } }", "/a/b?c", 2, "/x/b?c"),
            ("{ path: { prefix: /x/ } }", "/a/b", 2, "/x/b"),
            ("{ path: { prefix: / } }", "/a", 2, "/"),
            ("{ path: { prefix: / } }", "/a/?c", 2, "/?c"),
            ("{ path: { prefix: /x } }", "/a/b", 0, "/x/a/b"),
            ("{ path: { prefix: / } }", "/a/b", 0, "/a/b"),
        ] {
            let result = rewritten(filter, path, matched);
            assert_eq!(result.as_deref(), Ok(expected), "{filter} {path}");
        }
    }

    #[test]
    fn patterns_change_every_match_of_the_path_and_leave_the_query() {
        for (pattern, by, path, expected) in [
            ("^/v[0-9]+/(.*)$", "/$1", "/v2/a/b?v=/v3/x", "/a/b?v=/v3/x"),
            ("^/(?P<who>[^/]+)/(.*)$", "/$2/${who}", "/ann/posts/1", "/posts/1/ann"),
            ("-", "_", "/a-b-c", "/a_b_c"),
            ("^/none", "/x", "/a?b", "/a?b"),
            ("^/api(/.*)?$", "$1", "/api", "/"),
            ("^/api(/.*)?$", "$1", "/api/x", "/x"),
            ("^/api/(.*)$", "/x/$1", "/api/", "/x/"),
            ("^/(.*)$", "/x//$1", "/a", "/x/a"),
            ("^/(.*)$", "/$$1/$1$$", "/a", "/$1/a$"),
        ] {
            let filter = format!("{{ path: {{ regex: '{pattern}', substitution: '{by}' }} }}");
            let result = rewritten(&filter, path, 0);
            assert_eq!(result.as_deref(), Ok(expected), "{pattern} {path}");
        }
    }

    /// What takes something out must not make of the rest what was refused in a request.
    #[test]
    fn a_pattern_cannot_be_used_to_smuggle() {
        for (pattern, by, path) in [
            ("x", "", "/public/.x./admin"),
            ("x", "", "/a/.x"),
            ("25", "", "/%252F"),
            ("25", "", "/%2541"),
            ("0", "", "/%200"),
            // Configuration admits none of these, but a spec may be built by hand.
            ("^/(.*)$", "/$1?admin=1", "/a"),
            ("^/(.*)$", "/$1#x", "/a"),
            ("^/(.*)$", "/$1 x", "/a"),
        ] {
            let spec = config::Rewrite {
                host: None,
                path: Some(PathRewrite::Regex {
                    pattern: pattern.parse().unwrap(),
                    substitution: by.into(),
                }),
            };
            let answer = Rewrite::compile(&spec).on_request(&mut head(path), &cx()).break_value();
            let status = answer.map(|answer| answer.status);
            assert_eq!(status, Some(StatusCode::BAD_REQUEST), "{pattern} {path}");
        }
    }

    #[test]
    fn a_path_that_would_not_fit_is_refused() {
        let by = "y".repeat(1000);
        let filter = format!("{{ path: {{ regex: 'x', substitution: '{by}' }} }}");
        let path = format!("/{}", "x".repeat(1000));
        assert_eq!(rewritten(&filter, &path, 0), Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn the_host_is_set_and_the_path_stays() {
        let chain = chain("[{ rewrite: { host: 'up.test:81' } }]");
        let mut head = head("/a?b");
        assert!(chain.on_request(&mut head, &cx()).is_continue());
        assert_eq!(head.headers.get_all(HOST).iter().collect::<Vec<_>>(), ["up.test:81"]);
        assert_eq!(head.uri, "/a?b");
    }

    #[test]
    fn the_asterisk_has_no_path() {
        let chain = chain("[{ rewrite: { path: { full: /x } } }]");
        let mut head = head("/");
        head.uri = "*".parse().unwrap();
        assert!(chain.on_request(&mut head, &cx()).is_continue());
        assert_eq!(head.uri, "*");
    }
}
