//! Each value with what it takes and what it refuses.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    ByteSize, EndpointAddress, HostPattern, ListenerAddress, PathPrefix, Product, Pseudonym, Ratio, StatusRange,
    TimeSpan, Weight,
};

#[test]
fn durations() {
    for (text, millis) in [
        ("250ms", 250),
        ("5s", 5_000),
        ("1m", 60_000),
        ("1h", 3_600_000),
        ("1m30s", 90_000),
        ("0s", 0),
        ("60s", 60_000),
    ] {
        assert_eq!(
            text.parse::<TimeSpan>().unwrap().duration(),
            Duration::from_millis(millis),
            "{text}"
        );
    }
    for text in [
        "", "5", "s", "5 s", "5S", "1.5s", "-1s", "+1s", "1s1m", "1s1s", "5sec", "1d", "100000h", "5s ", "٣s",
    ] {
        assert!(text.parse::<TimeSpan>().is_err(), "{text}");
    }
    assert_eq!("99999h99999m".parse::<TimeSpan>().ok(), None);
    assert_eq!("0s".parse::<TimeSpan>().unwrap().limit(), None);
    assert_eq!("90s".parse::<TimeSpan>().unwrap().to_string(), "1m30s");
}

#[test]
fn sizes() {
    for (text, bytes) in [
        ("0", 0),
        ("1024", 1024),
        ("64KiB", 65_536),
        ("1MiB", 1 << 20),
        ("2GiB", 2 << 30),
    ] {
        assert_eq!(text.parse::<ByteSize>().unwrap().bytes(), bytes, "{text}");
    }
    for text in [
        "",
        "KiB",
        "64KB",
        "64K",
        "64kib",
        "1.5MiB",
        "-1",
        "64 KiB",
        "18446744073709551616",
        "18446744073709551615KiB",
    ] {
        assert!(text.parse::<ByteSize>().is_err(), "{text}");
    }
}

#[test]
fn addresses() {
    assert!("127.0.0.1:0".parse::<ListenerAddress>().is_ok());
    assert!("[::]:80".parse::<ListenerAddress>().is_ok());
    assert!("[::1]:80".parse::<EndpointAddress>().is_ok());
    for text in [
        "127.0.0.1:0",
        "0.0.0.0:80",
        "[::]:80",
        "127.0.0.1",
        ":80",
        "localhost:80",
        "127.1:80",
    ] {
        assert!(text.parse::<EndpointAddress>().is_err(), "{text}");
    }
}

#[test]
fn hosts() {
    let exact: HostPattern = "Example.COM".parse().unwrap();
    assert_eq!(exact.to_string(), "example.com");
    assert!(exact.matches("example.com") && !exact.matches("a.example.com"));
    let suffix: HostPattern = "*.example.com".parse().unwrap();
    assert!(suffix.matches("a.example.com") && suffix.matches("b.a.example.com"));
    assert!(!suffix.matches("example.com") && !suffix.matches(".example.com") && !suffix.matches("aexample.com"));
    for text in [
        "", "*", "*.", "a..b", ".a", "a.", "a:80", "http://a", "a/b", "a.*.b", "*a.b", "-a.b", "a b", "ä.b",
    ] {
        assert!(text.parse::<HostPattern>().is_err(), "{text}");
    }
}

#[test]
fn path_prefixes() {
    let api: PathPrefix = "/api/".parse().unwrap();
    assert_eq!(api.as_str(), "/api");
    assert!(api.matches("/api") && api.matches("/api/") && api.matches("/api/x"));
    assert!(!api.matches("/apis") && !api.matches("/") && !api.matches("/API"));
    assert!(PathPrefix::root().matches("/") && PathPrefix::root().matches("/x") && !PathPrefix::root().matches("*"));
    for text in ["/", "/a%20b", "/a;b=c", "/~x", "/%C3%A4", "/a:b@c"] {
        assert_eq!(text.parse::<PathPrefix>().unwrap().as_str(), text);
    }
    let bad = [
        "", "api", "//", "/a//b", "/./a", "/a/..", "/a?b", "/a#b", "/a b", "/ä", "/%61", "/%2F", "/%5C", "/%00",
    ];
    for text in bad
        .into_iter()
        .chain(["/%", "/%4", "/%c3", "/a\\b", "*", "/a\"b", "/a//"])
    {
        assert!(text.parse::<PathPrefix>().is_err(), "{text}");
    }
}

#[test]
fn weights() {
    assert_eq!(Weight::default().get(), 1);
    assert_eq!(Weight::new(0).unwrap().get(), 0);
    assert!(Weight::new(1_000_000).is_ok() && Weight::new(1_000_001).is_err() && Weight::new(u64::MAX).is_err());
}

#[test]
fn header_texts() {
    for text in ["tidegate", "tidegate/1.0 (edge)"] {
        assert_eq!(text.parse::<Product>().unwrap().as_str(), text);
    }
    for text in ["", " a", "a ", "a  b", "a\r\nb: c", "ä", &"x".repeat(129)] {
        assert!(text.parse::<Product>().is_err(), "{text:?}");
    }
    assert!("edge-1.example".parse::<Pseudonym>().is_ok());
    for text in ["", "a b", "a,b", "a(b)", "a\r\n", "a:1"] {
        assert!(text.parse::<Pseudonym>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn durations_round_trip(h in 0..99_999_u32, m in 0..60_u32, s in 0..60_u32, ms in 0..1_000_u32) {
        let span: TimeSpan = format!("{h}h{m}m{s}s{ms}ms").parse().unwrap();
        prop_assert_eq!(span.to_string().parse::<TimeSpan>().unwrap(), span);
    }

    #[test]
    fn sizes_round_trip(number: u64, shift in 0_u32..64) {
        let size: ByteSize = (number >> shift).to_string().parse().unwrap();
        prop_assert_eq!(size.to_string().parse::<ByteSize>().unwrap(), size);
        let size: ByteSize = ((number >> shift) << shift.min(40)).to_string().parse().unwrap();
        prop_assert_eq!(size.to_string().parse::<ByteSize>().unwrap(), size);
    }

    #[test]
    fn what_parses_shows_as_something_that_parses_to_the_same(text in "[*a-zA-Z0-9./%:~_ -]{0,12}") {
        if let Ok(host) = text.parse::<HostPattern>() {
            prop_assert_eq!(host.to_string().parse::<HostPattern>().unwrap(), host);
        }
        if let Ok(path) = format!("/{text}").parse::<PathPrefix>() {
            prop_assert_eq!(path.to_string().parse::<PathPrefix>().unwrap(), path);
        }
        if let Ok(span) = text.parse::<TimeSpan>() {
            prop_assert_eq!(span.to_string().parse::<TimeSpan>().unwrap(), span);
        }
    }
}

#[test]
fn ratios() {
    for (text, parts, shown) in [
        ("0%", 0, "0%"),
        ("100%", 1_000_000, "100%"),
        ("20%", 200_000, "20%"),
        ("0.5%", 5_000, "0.5%"),
        ("0.0001%", 1, "0.0001%"),
        ("12.50%", 125_000, "12.5%"),
    ] {
        let ratio: Ratio = text.parse().unwrap();
        assert_eq!((ratio.parts(), ratio.to_string().as_str()), (parts, shown));
    }
    for text in [
        "",
        "%",
        "20",
        "-1%",
        "+1%",
        "100.0001%",
        "1000%",
        "0.00001%",
        ".5%",
        "5.%",
        "1 %",
        "1e2%",
    ] {
        assert!(text.parse::<Ratio>().is_err(), "{text}");
    }
}

#[test]
fn statuses() {
    let range: StatusRange = "500-599".parse().unwrap();
    assert_eq!(
        [499, 500, 599, 600].map(|status| range.contains(status)),
        [false, true, true, false]
    );
    assert_eq!(range.to_string(), "500-599");
    let one: StatusRange = "503".parse().unwrap();
    assert!(one.contains(503) && !one.contains(504));
    assert_eq!(one.to_string(), "503");
    for text in [
        "",
        "5",
        "5xx",
        "99",
        "600",
        "0500",
        "599-500",
        "500-",
        "-500",
        "500 - 599",
        "+50",
    ] {
        assert!(text.parse::<StatusRange>().is_err(), "{text}");
    }
}
