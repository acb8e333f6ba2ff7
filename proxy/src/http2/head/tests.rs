use http::{HeaderName, Request};

use super::*;

fn head(method: &str, uri: &str, fields: &[(&str, &str)]) -> request::Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn made_canonical(mut head: request::Parts) -> Result<request::Parts, &'static str> {
    canonical(&mut head, &Limits::default(), &Hosts::default())
        .map(|()| head)
        .map_err(Kind::reason)
}

#[test]
fn the_authority_becomes_host_and_the_target_origin_form() {
    let head = made_canonical(head("GET", "http://example.com:80/a/./b//c?d=%41", &[])).unwrap();
    assert_eq!(head.uri, "/a/b/c?d=%41");
    assert_eq!(head.headers[HOST], "example.com:80");
}

#[test]
fn host_alone_will_do_and_must_agree() {
    let only_host = made_canonical(head("GET", "/x", &[("host", "a.test")])).unwrap();
    assert_eq!(only_host.headers[HOST], "a.test");
    for (uri, hosts, expected) in [
        ("http://a.test/", &["A.test"][..], Ok(())),
        ("http://a.test/", &["a.test:80"], Ok(())),
        ("http://a.test/", &["b.test"], Err("host-disagrees")),
        ("http://a.test/", &["a.test", "a.test"], Err("host-repeated")),
        ("http://u@a.test/", &[], Err("host-invalid")),
        ("/", &[], Err("host-missing")),
        ("/", &["a b"], Err("host-invalid")),
        ("/", &[""], Err("host-invalid")),
    ] {
        let hosts: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        let outcome = made_canonical(head("GET", uri, &hosts)).map(drop);
        assert_eq!(outcome, expected, "{uri} {hosts:?}");
    }
}

#[test]
fn a_cached_authority_is_not_mistaken_for_another() {
    let hosts = Hosts::default();
    for authority in ["a.test", "b.test", "b.test", "a.test"] {
        let mut head = head("GET", &format!("http://{authority}/"), &[]);
        canonical(&mut head, &Limits::default(), &hosts).unwrap();
        assert_eq!(head.headers[HOST], authority);
    }
}

#[test]
fn what_is_refused_says_why() {
    let long = format!("http://a.test/{}", "x".repeat(16 * 1024));
    for (method, uri, field, reason) in [
        ("CONNECT", "a.test:443", ("x", "y"), "upgrade-refused"),
        ("GET", "ftp://a.test/", ("x", "y"), "invalid-target"),
        ("GET", "http://a.test/%2f", ("x", "y"), "encoded-slash"),
        ("GET", "http://a.test/x", ("x_y", "z"), "underscore-in-field-name"),
        (
            "GET",
            "http://a.test/x",
            ("content-length", "+1"),
            "invalid-content-length",
        ),
        (
            "GET",
            "http://a.test/x",
            ("content-length", ""),
            "invalid-content-length",
        ),
        ("GET", long.as_str(), ("x", "y"), "target-too-long"),
        ("GET", "http://a.test/x", ("expect", "200-ok"), "expectation-unknown"),
    ] {
        assert_eq!(
            made_canonical(head(method, uri, &[field])).map(drop),
            Err(reason),
            "{method} {uri} {field:?}"
        );
    }
    for value in [" a", "a ", "\ta"] {
        let mut head = head("GET", "http://a.test/", &[]);
        head.headers
            .insert("x", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        assert_eq!(made_canonical(head).map(drop), Err("control-character"), "{value:?}");
    }
}

#[test]
fn options_asterisk_passes_and_get_asterisk_does_not() {
    let mut options = head("OPTIONS", "/", &[("host", "a.test")]);
    options.uri = Uri::from_static("*");
    assert_eq!(made_canonical(options).unwrap().uri, "*");
    let mut get = head("GET", "/", &[("host", "a.test")]);
    get.uri = Uri::from_static("*");
    assert_eq!(made_canonical(get).map(drop), Err("invalid-target"));
}

#[test]
fn cookie_crumbs_become_one_cookie_and_count_before() {
    let crumbs = [("cookie", "a=1"), ("cookie", "b=2"), ("x", "y"), ("cookie", "c=3")];
    let head_of_crumbs = made_canonical(head("GET", "http://a.test/", &crumbs)).unwrap();
    let cookies: Vec<_> = head_of_crumbs.headers.get_all(COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1; b=2; c=3"]);

    let many = vec![("cookie", "a=1"); 101];
    assert_eq!(
        made_canonical(head("GET", "http://a.test/", &many)).map(drop),
        Err("too-many-fields")
    );
}

#[test]
fn a_repeated_length_that_agrees_is_folded() {
    let fields = [("content-length", "5"), ("content-length", "5")];
    let head = made_canonical(head("POST", "http://a.test/", &fields)).unwrap();
    assert_eq!(head.headers.get_all(CONTENT_LENGTH).iter().count(), 1);
    assert_eq!(content_length(&head.headers), Some(5));
}

#[test]
fn connection_fields_and_framing_trailers_go() {
    let mut fields = HeaderMap::new();
    for name in [
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
        "x-kept",
    ] {
        fields.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
    }
    fields.insert(TE, HeaderValue::from_static("gzip"));
    prepare(&mut fields);
    assert_eq!(fields.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-kept"]);
    fields.insert(TE, HeaderValue::from_static("trailers"));
    prepare(&mut fields);
    assert!(fields.contains_key(TE));

    for name in [
        "content-length",
        "x-forwarded-for",
        "authorization",
        "set-cookie",
        "grpc-status",
    ] {
        fields.insert(HeaderName::from_static(name), HeaderValue::from_static("3"));
    }
    strip_trailers(&mut fields);
    assert_eq!(
        fields.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
        ["x-kept", "grpc-status"]
    );
}

#[test]
fn a_bad_te_is_not_hidden_by_a_good_one() {
    let mut fields = HeaderMap::new();
    fields.append(TE, HeaderValue::from_static("gzip"));
    fields.append(TE, HeaderValue::from_static("trailers"));
    prepare(&mut fields);
    assert!(fields.is_empty());
}

#[test]
fn trailers_keep_the_rule_for_underscores() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x_user", HeaderValue::from_static("admin"));
    let check = |peer| check_trailers(&trailers, &Limits::default(), peer).map_err(|reject| reject.reason);
    assert_eq!(check(Peer::Downstream), Err(Reason::Underscore));
    assert_eq!(check(Peer::Upstream), Ok(()));
}

#[test]
fn fields_for_this_hop_go_no_further() {
    let fields = [
        ("proxy-authorization", "Basic x"),
        ("http2-settings", "x"),
        ("x-kept", "y"),
    ];
    let head = made_canonical(head("GET", "http://a.test/", &fields)).unwrap();
    let names: Vec<_> = head.headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"host") && names.contains(&"x-kept"));
}

/// So that a log says what was refused.
#[test]
fn a_refused_target_stays_as_it_came() {
    let mut head = head("GET", "http://a.test/%2fsecret", &[]);
    assert!(canonical(&mut head, &Limits::default(), &Hosts::default()).is_err());
    assert_eq!(head.uri, "http://a.test/%2fsecret");
}
