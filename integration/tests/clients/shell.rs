//! curl, nghttp, h2load.

use std::fs;

use crate::peers::{before_both, run};

const VERSIONS: [(&str, &str); 2] = [("--http1.1", "1.1"), ("--http2-prior-knowledge", "2")];

#[test]
fn curl_gets_and_posts() {
    before_both(|address| {
        let url = format!("http://{address}/a?b=c");
        for (flag, version) in VERSIONS {
            let said = run(
                "curl",
                &["-sS", flag, "-w", " %{http_version} %{http_code}", "-d", "hello", &url],
            );
            assert_eq!(said, format!("hello {version} 200"));
            let said = run("curl", &["-sS", flag, "-D", "-", "-o", "/dev/null", &url]);
            assert!(said.to_ascii_lowercase().contains("x-path: /a?b=c"), "{said}");
            let said = run("curl", &["-sS", flag, "-I", &url]);
            assert!(said.starts_with(&format!("HTTP/{version} 200")), "{said}");
        }
    });
}

#[test]
fn curl_posts_large_bodies() {
    let file = std::env::temp_dir().join(format!("tidegate-curl-{}", std::process::id()));
    fs::write(&file, vec![b'x'; 8 << 20]).unwrap();
    let data = format!("@{}", file.display());
    before_both(|address| {
        let url = format!("http://{address}/expect");
        for (flag, _) in VERSIONS {
            // Of its own accord curl asks for a 100 before so large a body.
            for framing in ["Content-Type: x/y", "Transfer-Encoding: chunked"] {
                let arguments = ["-sS", flag, "-H", framing, "-w", "%{size_download} %{http_code}"];
                let said = run(
                    "curl",
                    &[&arguments[..], &["-o", "/dev/null", "--data-binary", &data, &url]].concat(),
                );
                assert_eq!(said, "8388608 200", "{flag} {framing}");
            }
        }
    });
    fs::remove_file(file).unwrap();
}

/// By HTTP/1.1 alone: curl 7.88 of Debian 12 fails with its second prior-knowledge request on a connection to any server.
#[test]
fn curl_reuses_its_connection() {
    before_both(|address| {
        let url = format!("http://{address}/[1-20]");
        let said = run(
            "curl",
            &["-sS", "--http1.1", "-w", "%{num_connects}", "-o", "/dev/null", &url],
        );
        assert_eq!(said, format!("1{}", "0".repeat(19)));
    });
}

#[test]
fn nghttp_gets_many_streams() {
    before_both(|address| {
        let said = run("nghttp", &["-nv", "-m", "50", &format!("http://{address}/a")]);
        assert_eq!(said.matches(":status: 200").count(), 50, "{said}");
        assert!(!said.contains("RST_STREAM"), "{said}");
    });
}

#[test]
fn h2load_loses_no_request() {
    before_both(|address| {
        let url = format!("http://{address}/");
        for version in [&["-m", "32"][..], &["--h1"]] {
            let said = run("h2load", &[&["-n", "5000", "-c", "8"], version, &[&url]].concat());
            assert!(
                said.contains("5000 succeeded, 0 failed, 0 errored, 0 timeout"),
                "{said}"
            );
        }
    });
}
