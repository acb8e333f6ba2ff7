use std::cell::OnceCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::UNIX_EPOCH;

use http::{HeaderValue, Method, StatusCode, Uri, Version};

use super::*;
use crate::exchange::{Kind, Logged, Met, Protocol};

const WORKER: WorkerId = WorkerId(0);
const SOON: Duration = Duration::from_secs(10);

fn request(target: &'static str, id: Option<HeaderValue>) -> Logged {
    Logged {
        method: Method::GET,
        version: Version::HTTP_11,
        target: Uri::from_static(target),
        request_id: id.map_or_else(OnceCell::new, OnceCell::from),
    }
}

fn line(request: &Logged) -> Line<'_> {
    Line {
        wall: UNIX_EPOCH + Duration::from_millis(1_700_000_000_042),
        peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 4321)),
        request: Some(request),
        protocol: Protocol::Http1,
        status: Some(StatusCode::OK),
        failure: None,
        met: Met {
            listener: "default/web",
            route: Some("default/all"),
            filter: None,
            cluster: None,
        },
        rule: Some("0"),
        answered_by: None,
        endpoint: None,
        request_bytes: 0,
        response_bytes: 1024,
        took: Duration::from_micros(12_345),
        answered: None,
        tries: 1,
    }
}

/// Hands each write over and waits until it is taken.
struct Pipe(SyncSender<Vec<u8>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn pipe() -> (Pipe, Receiver<Vec<u8>>) {
    let (sender, receiver) = sync_channel(0);
    (Pipe(sender), receiver)
}

#[test]
fn a_line_says_what_became_of_the_request() {
    let request = request("/a?b", Some(HeaderValue::from_static("4f2a")));
    let mut out = Vec::new();
    Line {
        failure: Some(Kind::ConnectTimeout),
        status: Some(StatusCode::SERVICE_UNAVAILABLE),
        met: Met {
            cluster: Some("default/up"),
            ..line(&request).met
        },
        ..line(&request)
    }
    .write(&mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "time=2023-11-14T22:13:20.042Z peer=127.0.0.1:4321 method=GET target=/a?b protocol=HTTP/1.1 status=503 flag=UF \
         reason=connect-timeout object=\"cluster default/up\" listener=default/web route=default/all rule=0 filter=- \
         cluster=default/up endpoint=- bytes_in=0 bytes_out=1024 \
         ms=12.345 upstream_ms=- tries=1 request_id=4f2a\n"
    );
}

#[test]
fn a_line_tells_the_versions_of_http_apart() {
    for (version, name) in [
        (Version::HTTP_10, " protocol=HTTP/1.0 "),
        (Version::HTTP_11, " protocol=HTTP/1.1 "),
        (Version::HTTP_2, " protocol=HTTP/2 "),
    ] {
        let request = Logged {
            version,
            ..request("/", None)
        };
        let mut out = Vec::new();
        line(&request).write(&mut out);
        assert!(String::from_utf8(out).unwrap().contains(name));
    }
}

#[test]
fn a_request_id_cannot_forge_a_line() {
    // What the codec would refuse must not matter here.
    let id = HeaderValue::from_bytes(b"x\" status=200\xff\ttime=0").unwrap();
    let request = request("/", Some(id));
    let mut out = Vec::new();
    Line { ..line(&request) }.write(&mut out);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(
        text.ends_with(" request_id=\"x\\\" status=200\\ufffd\\u0009time=0\"\n"),
        "{text}"
    );
}

#[test]
fn what_was_logged_before_the_close_is_in_the_file() {
    let path = std::env::temp_dir().join(format!(
        "tidegate-access-log-{}-{:?}",
        std::process::id(),
        thread::current().id()
    ));
    let request = request("/", None);
    for _ in 0..2 {
        let log = AccessLog::file(&path, 2).unwrap();
        for worker in [0, 1, 0] {
            log.append(WorkerId(worker), &line(&request));
        }
        log.close(SOON);
    }
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(text.lines().count(), 6, "the second run appends");
    assert!(
        text.lines()
            .all(|line| line.starts_with("time=2023") && line.ends_with("request_id=-"))
    );
}

#[test]
fn a_writer_that_is_stuck_costs_lines_and_stops_nobody() {
    let (sink, written) = pipe();
    let log = AccessLog::to(sink, 1).unwrap();
    let request = request("/", None);
    let mut logged = 0_u64;
    // Nobody reads: what the buffers hold is kept, the rest is lost.
    while log.lost() < 100 {
        log.append(WORKER, &line(&request));
        logged += 1;
    }
    let lost = log.lost();
    drop(log);
    let kept: u64 = written.iter().flatten().filter(|byte| *byte == b'\n').count() as u64;
    assert_eq!(kept + lost, logged);
}

#[test]
fn lines_that_the_sink_refuses_are_counted_as_lost() {
    let (sink, written) = pipe();
    drop(written);
    let log = AccessLog::to(sink, 1).unwrap();
    let request = request("/", None);
    for _ in 0..3 {
        log.append(WORKER, &line(&request));
    }
    log.close(SOON);
    assert_eq!(log.lost(), 3);
}
