use std::cell::{Cell, OnceCell, RefCell};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::UNIX_EPOCH;

use http::{HeaderValue, Method, StatusCode, Uri, Version};
use proptest::prelude::*;
use serde_json::Value;
use tidegate_config::LogField;

use super::output::Output;
use super::stamp::Stamps;
use super::*;
use crate::exchange::{Kind, Met, Protocol, Quoted};
use crate::worker::WorkerId;

const WORKER: WorkerId = WorkerId(0);
const SOON: Duration = Duration::from_secs(10);

fn request(target: &str) -> Quoted {
    Quoted {
        method: Method::GET,
        version: Version::HTTP_11,
        target: target.parse().unwrap(),
        host: Some(HeaderValue::from_static("shop.example")),
        user_agent: None,
        referer: None,
        request_id: OnceCell::from(HeaderValue::from_static("4f2a")),
        client: OnceCell::new(),
    }
}

fn line(request: &Quoted) -> Line<'_> {
    Line {
        peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 4321)),
        request: Some(request),
        protocol: Protocol::Http1,
        status: Some(StatusCode::OK),
        failure: None,
        met: Met {
            listener: "default/web",
            route: Some("default/all"),
            filter: None,
            cluster: Some("default/up"),
        },
        rule: Some("0"),
        answered_by: None,
        endpoint: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9000))),
        request_bytes: 0,
        response_bytes: 1024,
        took: Duration::from_micros(12_345),
        complete: Some(Duration::ZERO),
        waited: Duration::from_micros(1_000),
        answered: Some(Duration::from_micros(3_500)),
        tries: 1,
    }
}

fn unread() -> Line<'static> {
    Line {
        request: None,
        status: Some(StatusCode::BAD_REQUEST),
        failure: Some(Kind::NotHttp),
        met: Met {
            listener: "default/web",
            route: None,
            filter: None,
            cluster: None,
        },
        rule: None,
        endpoint: None,
        complete: None,
        waited: Duration::ZERO,
        answered: None,
        tries: 0,
        ..line(Box::leak(Box::new(request("/"))))
    }
}

fn written(format: &LogFormat, line: &Line<'_>) -> String {
    let mut out = Vec::new();
    let mut stamps = Stamps::default();
    let stamps = stamps.at(UNIX_EPOCH + Duration::from_millis(1_700_000_000_042));
    Format::compile(format).write(line, stamps, &mut out);
    String::from_utf8(out).unwrap()
}

fn format(text: &str) -> LogFormat {
    text.parse().unwrap()
}

#[test]
fn text_says_what_became_of_the_request() {
    let request = request("/a?b");
    let failed = Line {
        failure: Some(Kind::ConnectTimeout),
        status: Some(StatusCode::SERVICE_UNAVAILABLE),
        endpoint: None,
        answered: None,
        waited: Duration::from_micros(12_000),
        ..line(&request)
    };
    assert_eq!(
        written(&format("text"), &failed),
        "time=2023-11-14T22:13:20.042Z peer=127.0.0.1:4321 method=GET host=shop.example target=/a?b protocol=HTTP/1.1 \
         status=503 flag=UF reason=connect-timeout object=\"cluster default/up\" listener=default/web route=default/all \
         rule=0 filter=- cluster=default/up endpoint=- bytes_in=0 bytes_out=1024 ms=12.345 request_ms=0.000 \
         connect_ms=12.000 upstream_ms=- response_ms=- tries=1 request_id=4f2a\n"
    );
}

#[test]
fn json_has_numbers_strings_and_null() {
    let request = request("/a?b");
    assert_eq!(
        written(&format("json"), &line(&request)),
        "{\"time\":\"2023-11-14T22:13:20.042Z\",\"peer\":\"127.0.0.1:4321\",\"method\":\"GET\",\
         \"host\":\"shop.example\",\"target\":\"/a?b\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"flag\":null,\
         \"reason\":null,\"object\":null,\"listener\":\"default/web\",\"route\":\"default/all\",\"rule\":\"0\",\
         \"filter\":null,\"cluster\":\"default/up\",\"endpoint\":\"127.0.0.1:9000\",\"bytes_in\":0,\"bytes_out\":1024,\
         \"ms\":12.345,\"request_ms\":0.000,\"connect_ms\":1.000,\"upstream_ms\":2.500,\"response_ms\":8.845,\
         \"tries\":1,\"request_id\":\"4f2a\"}\n"
    );
}

#[test]
fn combined_is_what_nginx_writes() {
    let quoted = Quoted {
        user_agent: Some(HeaderValue::from_bytes(b"Mozilla/5.0 (\"x\\y\" \xc3\xa9)").unwrap()),
        version: Version::HTTP_2,
        ..request("/a?b=%22")
    };
    let _ = quoted.client.set("::ffff:192.0.2.7".parse().unwrap());
    assert_eq!(
        written(&LogFormat::Combined, &line(&quoted)),
        "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET /a?b=%22 HTTP/2.0\" 200 1024 \"-\" \
         \"Mozilla/5.0 (\\x22x\\x5Cy\\x22 \\xC3\\xA9)\"\n"
    );
    let gone = Line {
        status: None,
        failure: Some(Kind::DownstreamReset),
        ..line(&quoted)
    };
    assert!(written(&LogFormat::Combined, &gone).contains(" HTTP/2.0\" 499 "));
    assert_eq!(
        written(&LogFormat::Combined, &unread()),
        "127.0.0.1 - - [14/Nov/2023:22:13:20 +0000] \"-\" 400 1024 \"-\" \"-\"\n"
    );
}

#[test]
fn a_pattern_is_written_as_it_stands() {
    let request = request("http://shop.example/a%20b?c");
    let long = "x".repeat(70);
    assert_eq!(
        written(&format(&format!("{long}%{{status}}{long}")), &line(&request)),
        format!("{long}200{long}\n")
    );
    let pattern = format("100%% [%{target}]\t%{path} %{referer} %{client} %{object}.");
    assert_eq!(
        written(&pattern, &line(&request)),
        "100% [http://shop.example/a%20b?c]\t/a%20b - 127.0.0.1 -.\n"
    );
    assert_eq!(
        written(&pattern, &unread()),
        "100% [-]\t- - 127.0.0.1 listener default/web.\n"
    );
}

#[test]
fn fields_come_in_the_order_that_is_asked_for() {
    let request = request("/a");
    let fields = vec![LogField::Status, LogField::Method, LogField::UserAgent];
    assert_eq!(
        written(&LogFormat::Text(fields.clone()), &line(&request)),
        "status=200 method=GET user_agent=-\n"
    );
    assert_eq!(
        written(&LogFormat::Json(fields), &line(&request)),
        "{\"status\":200,\"method\":\"GET\",\"user_agent\":null}\n"
    );
}

#[test]
fn a_line_tells_the_versions_of_http_apart() {
    for (version, name) in [
        (Version::HTTP_10, "HTTP/1.0"),
        (Version::HTTP_11, "HTTP/1.1"),
        (Version::HTTP_2, "HTTP/2"),
    ] {
        let request = Quoted {
            version,
            ..request("/")
        };
        assert_eq!(written(&format("%{protocol}"), &line(&request)), format!("{name}\n"));
    }
}

fn header() -> impl Strategy<Value = Option<HeaderValue>> {
    // What codecs would refuse must not matter here.
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    prop::option::of(bytes.prop_filter_map("a value", |bytes| HeaderValue::from_bytes(&bytes).ok()))
}

fn quoted() -> impl Strategy<Value = Quoted> {
    let target = "/[a-z%\"{}|^`\u{e9}-]{0,20}(\\?[a-z=&\"'\u{1f600}]{0,20})?";
    let target = target.prop_filter_map("a target", |text| text.parse::<Uri>().ok());
    let method = "[A-Z!#$%&'*+.^_`|~-]{1,12}".prop_map(|name| Method::from_bytes(name.as_bytes()).unwrap());
    (method, target, header(), header(), header(), header()).prop_map(
        |(method, target, host, user_agent, referer, id)| Quoted {
            method,
            target,
            host,
            user_agent,
            referer,
            request_id: id.map_or_else(OnceCell::new, OnceCell::from),
            ..request("/")
        },
    )
}

proptest! {
    #[test]
    fn any_record_makes_exactly_one_line(quoted in quoted(), status in 100..600_u16, bytes: u64, micros: u64) {
        let line = Line {
            status: StatusCode::from_u16(status).ok(),
            request_bytes: bytes,
            took: Duration::from_micros(micros),
            ..line(&quoted)
        };
        let all = LogField::ALL.to_vec();
        let pattern: String = all.iter().map(|field| format!("\"%{{{field}}}\" ")).collect();
        for format in [LogFormat::Text(all.clone()), LogFormat::Json(all.clone()), LogFormat::Combined, format(&pattern)] {
            let text = written(&format, &line);
            prop_assert!(text.ends_with('\n'));
            prop_assert!(text.trim_end_matches('\n').chars().all(|char| matches!(char, ' '..='~')), "{text}");
            prop_assert_eq!(text.matches('\n').count(), 1);
        }
        // Nothing in a value looks like the end of it.
        let quotes = written(&format(&pattern), &line).matches('"').count();
        prop_assert_eq!(quotes, 2 * all.len());
        let found: Value = serde_json::from_str(&written(&LogFormat::Json(all.clone()), &line)).unwrap();
        prop_assert_eq!(found.as_object().unwrap().len(), all.len());
        let text = |value: Option<&HeaderValue>| match value {
            Some(value) => String::from_utf8_lossy(value.as_bytes()).into_owned().into(),
            None => Value::Null,
        };
        for (field, value) in [
            ("host", text(quoted.host.as_ref())),
            ("user_agent", text(quoted.user_agent.as_ref())),
            ("referer", text(quoted.referer.as_ref())),
            ("request_id", text(quoted.request_id.get())),
            ("method", quoted.method.as_str().into()),
            ("target", quoted.target.to_string().into()),
            ("status", status.into()),
            ("bytes_in", bytes.into()),
        ] {
            prop_assert_eq!(&found[field], &value, "{}", field);
        }
        prop_assert!((found["ms"].as_f64().unwrap() - micros as f64 / 1000.0).abs() <= micros as f64 * 1e-12);
    }
}

// Where lines go.

thread_local! {
    static PIPE: RefCell<Option<SyncSender<Vec<u8>>>> = const { RefCell::new(None) };
    static ROOM: Cell<usize> = const { Cell::new(0) };
}

/// Hands each write over and waits until it is taken.
#[derive(Debug)]
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

fn pipe() -> (Output<Pipe>, Receiver<Vec<u8>>) {
    let (sender, receiver) = sync_channel(0);
    PIPE.set(Some(sender));
    let open = |_: &LogTarget| Ok(Pipe(PIPE.take().ok_or(io::ErrorKind::NotFound)?));
    (Output::with(LogTarget::Stdout, open), receiver)
}

fn append(sink: &Sink, worker: usize) {
    sink.append(WorkerId(worker), |out, _| {
        out.extend_from_slice(b"one more line of the log\n");
    });
}

#[test]
fn what_was_logged_before_the_end_is_in_the_file() {
    let name = format!(
        "tidegate-access-log-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    );
    let path = std::env::temp_dir().join(name);
    for _ in 0..2 {
        let lost = Arc::default();
        let sink = Sink::open(&LogTarget::File(path.clone()), 2, &lost).unwrap();
        [0, 1, 0].into_iter().for_each(|worker| append(&sink, worker));
        sink.end();
        sink.wait(SOON);
    }
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(text, "one more line of the log\n".repeat(6), "the second run appends");
}

#[test]
fn a_writer_that_is_stuck_costs_lines_and_stops_nobody() {
    let (output, written) = pipe();
    let lost = Arc::<AtomicU64>::default();
    let sink = Sink::on(output, 1, &lost).unwrap();
    let mut logged = 0_u64;
    // Nobody reads: what the buffers hold is kept, the rest is lost.
    while lost.load(Ordering::Relaxed) < 100 {
        append(&sink, WORKER.0);
        logged += 1;
    }
    let lost = lost.load(Ordering::Relaxed);
    drop(sink);
    let kept = written.iter().flatten().filter(|byte| *byte == b'\n').count() as u64;
    assert_eq!(kept + lost, logged);
}

#[test]
fn lines_that_nobody_takes_are_counted_as_lost() {
    let (output, written) = pipe();
    drop(written);
    let lost = Arc::<AtomicU64>::default();
    let sink = Sink::on(output, 1, &lost).unwrap();
    (0..3).for_each(|_| append(&sink, WORKER.0));
    sink.end();
    sink.wait(SOON);
    assert_eq!(lost.load(Ordering::Relaxed), 3);
}

/// A disk with so much room as `ROOM` says.
#[derive(Debug, Default)]
struct Disk(Vec<u8>);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(ROOM.get());
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        ROOM.set(ROOM.get() - taken);
        self.0.extend(bytes.iter().take(taken));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn after_a_full_disk_lines_begin_anew() {
    let mut output = Output::with(LogTarget::Stdout, |_| Ok(Disk::default()));
    ROOM.set(8);
    assert_eq!(output.write(b"one\ntwo\nthree\n", || false), 1, "three did not fit");
    ROOM.set(2);
    assert_eq!(output.write(b"four\nfive\n", || false), 2, "cut within a line");
    assert_eq!(
        output.write(b"six\n", || false),
        1,
        "no room for the end of the torn line"
    );
    ROOM.set(100);
    assert_eq!(output.write(b"seven\n", || false), 0);
    let disk = output.into_inner().unwrap();
    assert_eq!(String::from_utf8(disk.0).unwrap(), "one\ntwo\nfo\nseven\n");
}

#[test]
fn a_reader_that_is_slow_is_waited_for() {
    #[derive(Debug, Default)]
    struct Slow(Vec<u8>, bool);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.0.extend(bytes.iter().take(3));
            Ok(bytes.len().min(3))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut output = Output::with(LogTarget::Stdout, |_| Ok(Slow::default()));
    assert_eq!(output.write(b"one\ntwo\n", || true), 0);
    assert_eq!(output.write(b"three\n", || false), 1, "not at the end of the process");
    assert_eq!(output.into_inner().unwrap().0, b"one\ntwo\n");
}

#[test]
fn listeners_that_name_a_file_share_it_until_none_does() {
    let logs = AccessLogs::new(1, None).unwrap();
    let said = |path: &str| config::AccessLog {
        to: LogTarget::File(path.into()),
        format: LogFormat::Combined,
        only: None,
    };
    let one = logs.compile(Some(&said("/dev/null"))).unwrap();
    let other = logs.compile(Some(&said("/dev/./null"))).unwrap();
    assert!(Arc::ptr_eq(&one.sink, &other.sink));
    assert_eq!(logs.targets(), [LogTarget::File("/dev/null".into())]);
    drop((one, other));
    assert_eq!(logs.targets(), []);
    assert!(logs.compile(None).is_none());
    let none = config::AccessLog {
        to: LogTarget::None,
        ..said("")
    };
    assert!(logs.compile(Some(&none)).is_none());
    let whole = AccessLogs::new(
        1,
        Some((LogTarget::File("/nowhere/at/all".into()), LogFormat::Combined)),
    );
    assert_eq!(whole.unwrap_err().kind(), io::ErrorKind::NotFound);
}
