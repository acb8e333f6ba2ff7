//! Messages, interim answers, truncation and cancellation in every pairing.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use tidegate_integration::harness::message::values;
use tidegate_integration::harness::{Call, DEADLINE, Data, Origin, Served, Wire};

use crate::setup::{in_every_pairing, proxy};

in_every_pairing!(
    passes_requests_and_answers,
    passes_bodies_of_any_size,
    streams_both_ways_at_once,
    passes_trailers_both_ways,
    sends_a_head_before_its_body,
    head_keeps_the_length,
    passes_continue_when_the_origin_says_so,
    passes_the_refusal_of_an_expectation,
    passes_early_hints,
    an_early_answer_reaches_a_client_that_uploads,
    a_cut_answer_is_cut_for_the_client,
    a_cut_request_is_cut_for_the_origin,
    cancelling_before_the_answer_reaches_the_origin,
    cancelling_during_the_answer_reaches_the_origin,
    cancelling_an_upload_reaches_the_origin,
    a_broken_stream_hurts_no_later_request,
);

/// What a peer must know within this time of a leaving one.
const SOON: Duration = Duration::from_millis(100);

fn echo(served: &mut Served<'_>) {
    let Some((body, _)) = served.body() else { return };
    let path = served.path.clone();
    served.head(200, &[("content-length", &body.len().to_string()), ("x-path", &path)]);
    served.send(&body);
    served.finish(&[]);
}

fn passes_requests_and_answers(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        assert_eq!(served.all("x-twice"), ["1", "2"]);
        assert_eq!(served.all("x-forwarded-for"), ["127.0.0.1"]);
        assert_eq!(served.method, "DELETE");
        let path = served.path.clone();
        served.head(
            201,
            &[
                ("x-path", &path),
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
                ("content-length", "2"),
            ],
        );
        served.send(b"ok");
        served.finish(&[]);
    });
    let proxy = proxy(&origin);
    let fields = [("x-twice", "1"), ("x-twice", "2")];
    let answer = Call::start(proxy.address(), down, "DELETE", "/a/b?c=d", &fields, false)
        .receiver
        .whole();
    assert_eq!((answer.status, answer.body.as_slice()), (201, &b"ok"[..]));
    assert_eq!(answer.all("x-path"), ["/a/b?c=d"]);
    assert_eq!(answer.all("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(answer.all("date").len(), 1);
}

fn passes_bodies_of_any_size(down: Wire, up: Wire) {
    let origin = Origin::start(up, echo);
    let proxy = proxy(&origin);
    for size in [
        0,
        1,
        2,
        255,
        256,
        16_383,
        16_384,
        16_385,
        65_535,
        65_536,
        1 << 20,
        (3 << 20) + 1,
    ] {
        let body: Vec<u8> = (0..size).map(|at: usize| (at % 251) as u8).collect();
        let length = size.to_string();
        for fields in [&[("content-length", length.as_str())][..], &[]] {
            let Call {
                mut sender,
                mut receiver,
            } = Call::start(proxy.address(), down, "POST", "/", fields, true);
            let sent = body.clone();
            let sending = std::thread::spawn(move || sender.send(&sent) && sender.finish(&[]));
            let answer = receiver.whole();
            let is_sent = sending.join().expect("sent");
            // Where a length says what is all, the end may come after the whole answer, to a stream that is closed.
            assert!(is_sent || size == 0 || !fields.is_empty(), "{size} bytes sent");
            assert_eq!(answer.status, 200, "{size} bytes");
            assert!(answer.body == body, "{size} bytes came back as {}", answer.body.len());
        }
    }
}

fn streams_both_ways_at_once(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        served.head(200, &[]);
        loop {
            match served.data(DEADLINE) {
                Data::Bytes(bytes) => assert!(served.send(&bytes)),
                Data::End(_) => return served.finish(&[]),
                other => panic!("{other:?}"),
            }
        }
    });
    let proxy = proxy(&origin);
    let mut call = Call::post(proxy.address(), down, "/");
    assert!(call.sender.send(b"first"));
    assert_eq!(call.receiver.head().0, 200);
    assert_eq!(call.receiver.data(DEADLINE), Data::Bytes(b"first".to_vec()));
    for round in 0..20 {
        let piece = format!("piece {round}").into_bytes();
        assert!(call.sender.send(&piece));
        assert_eq!(call.receiver.data(DEADLINE), Data::Bytes(piece));
    }
    call.sender.finish(&[]);
    assert_eq!(call.receiver.data(DEADLINE), Data::End(Vec::new()));
}

fn passes_trailers_both_ways(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        let (body, trailers) = served.body().expect("a body");
        assert_eq!(body, b"hello");
        assert_eq!(values(&trailers, "x-up"), ["1"]);
        served.head(200, &[]);
        served.send(b"ok");
        served.finish(&[("x-down", "2")]);
    });
    let proxy = proxy(&origin);
    for _ in 0..2 {
        let fields = [("te", "trailers"), ("trailer", "x-up")];
        let fields = if down == Wire::H2 { &fields[..] } else { &fields[1..] };
        let mut call = Call::start(proxy.address(), down, "POST", "/", fields, true);
        assert!(call.sender.send(b"hello"));
        call.sender.finish(&[("x-up", "1")]);
        let answer = call.receiver.whole();
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
        assert_eq!(values(&answer.trailers, "x-down"), ["2"]);
    }
}

fn sends_a_head_before_its_body(down: Wire, up: Wire) {
    let (go, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let origin = Origin::start(up, move |served| {
        served.head(200, &[]);
        wait.lock()
            .expect("a lock")
            .recv_timeout(DEADLINE)
            .expect("the client saw the head");
        served.send(b"late");
        served.finish(&[]);
    });
    let proxy = proxy(&origin);
    let mut call = Call::get(proxy.address(), down, "/");
    assert_eq!(
        call.receiver
            .try_head(Duration::from_secs(2))
            .expect("a head before any body")
            .0,
        200
    );
    assert_eq!(call.receiver.data(Duration::from_millis(50)), Data::Silent);
    go.send(()).expect("the origin waits");
    assert_eq!(call.receiver.data(DEADLINE), Data::Bytes(b"late".to_vec()));
    assert_eq!(call.receiver.data(DEADLINE), Data::End(Vec::new()));
}

fn head_keeps_the_length(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| served.answer(200, b"hello"));
    let proxy = proxy(&origin);
    for _ in 0..3 {
        let answer = Call::start(proxy.address(), down, "HEAD", "/", &[], false)
            .receiver
            .whole();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.all("content-length"), ["5"]);
        assert!(answer.body.is_empty());
    }
}

fn passes_continue_when_the_origin_says_so(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        assert_eq!(served.all("expect"), ["100-continue"]);
        assert_eq!(
            served.data(Duration::from_millis(50)),
            Data::Silent,
            "the body came before the 100"
        );
        served.interim(100, &[]);
        echo(served);
    });
    let proxy = proxy(&origin);
    let fields = [("expect", "100-continue"), ("content-length", "5")];
    let mut call = Call::start(proxy.address(), down, "POST", "/", &fields, true);
    assert_eq!(
        call.receiver.try_head(Duration::from_millis(500)),
        None,
        "a final answer before the body"
    );
    assert_eq!(call.receiver.interim, [100]);
    assert!(call.sender.send(b"hello"));
    call.sender.finish(&[]);
    let answer = call.receiver.whole();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hello"[..]));
    assert_eq!(call.receiver.interim, [100]);
}

fn passes_the_refusal_of_an_expectation(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| served.answer(403, b"no"));
    let proxy = proxy(&origin);
    let fields = [("expect", "100-continue"), ("content-length", "5")];
    let mut call = Call::start(proxy.address(), down, "POST", "/", &fields, true);
    let answer = call.receiver.whole();
    assert_eq!((answer.status, answer.body.as_slice()), (403, &b"no"[..]));
    assert!(call.receiver.interim.is_empty(), "{:?}", call.receiver.interim);
}

fn passes_early_hints(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        served.interim(103, &[("link", "</a>")]);
        served.interim(103, &[("link", "</b>")]);
        served.answer(200, b"ok");
    });
    let proxy = proxy(&origin);
    let mut call = Call::get(proxy.address(), down, "/");
    let answer = call.receiver.whole();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
    assert_eq!(call.receiver.interim, [103, 103]);
}

/// The upload goes on while the answer comes; the body of the answer must not be lost to a reset.
fn an_early_answer_reaches_a_client_that_uploads(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        served.answer(413, b"too large");
        while matches!(served.data(DEADLINE), Data::Bytes(_)) {}
    });
    let proxy = proxy(&origin);
    for _ in 0..5 {
        let Call {
            mut sender,
            mut receiver,
        } = Call::post(proxy.address(), down, "/");
        let sending = std::thread::spawn(move || {
            let piece = [0; 4096];
            for _ in 0..64 {
                if !sender.send(&piece) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            sender.finish(&[]);
        });
        let answer = receiver.whole();
        assert_eq!((answer.status, answer.body.as_slice()), (413, &b"too large"[..]));
        sending.join().expect("sent");
    }
}

fn a_cut_answer_is_cut_for_the_client(down: Wire, up: Wire) {
    let (go, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let origin = Origin::start(up, move |served| {
        let fields: &[(&str, &str)] = if served.path == "/sized" {
            &[("content-length", "100")]
        } else {
            &[]
        };
        served.head(200, fields);
        served.send(b"half");
        wait.lock()
            .expect("a lock")
            .recv_timeout(DEADLINE)
            .expect("the client saw the half");
        served.abort();
    });
    let proxy = proxy(&origin);
    for path in ["/sized", "/chunked"] {
        let mut call = Call::get(proxy.address(), down, path);
        assert_eq!(call.receiver.head().0, 200);
        assert_eq!(call.receiver.data(DEADLINE), Data::Bytes(b"half".to_vec()));
        go.send(()).expect("the origin waits");
        assert_eq!(call.receiver.data(DEADLINE), Data::Cut, "{path}");
    }
}

fn a_cut_request_is_cut_for_the_origin(down: Wire, up: Wire) {
    let (tell, told) = mpsc::channel();
    let origin = Origin::start(up, move |served| {
        assert_eq!(served.data(DEADLINE), Data::Bytes(b"half".to_vec()));
        tell.send(None).expect("told");
        tell.send(Some(served.data(DEADLINE))).expect("told");
    });
    let proxy = proxy(&origin);
    for fields in [&[("content-length", "100")][..], &[]] {
        let mut call = Call::start(proxy.address(), down, "POST", "/", fields, true);
        assert!(call.sender.send(b"half"));
        assert_eq!(told.recv_timeout(DEADLINE), Ok(None));
        call.abort();
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Some(Data::Cut)));
    }
}

/// The least of several times: a loaded machine may delay one of them, a proxy that waits delays them all.
fn soonest(rounds: usize, mut once: impl FnMut() -> Duration) {
    let least = (0..rounds).map(|_| once()).min().expect("a round");
    assert!(least <= SOON, "the origin knew after {least:?}");
}

fn cancelling_before_the_answer_reaches_the_origin(down: Wire, up: Wire) {
    let (tell, told) = mpsc::channel();
    let origin = Origin::start(up, move |served| {
        tell.send(None).expect("told");
        tell.send(served.gone()).expect("told");
    });
    let proxy = proxy(&origin);
    soonest(3, || {
        let call = Call::get(proxy.address(), down, "/");
        assert_eq!(told.recv_timeout(DEADLINE), Ok(None));
        let left = call.abort();
        let known: Option<Instant> = told.recv_timeout(DEADLINE * 2).expect("told");
        known.expect("the origin never knew").saturating_duration_since(left)
    });
}

fn cancelling_during_the_answer_reaches_the_origin(down: Wire, up: Wire) {
    let (tell, told) = mpsc::channel();
    let origin = Origin::start(up, move |served| {
        served.head(200, &[]);
        served.send(b"half");
        tell.send(served.gone()).expect("told");
    });
    let proxy = proxy(&origin);
    soonest(3, || {
        let mut call = Call::get(proxy.address(), down, "/");
        call.receiver.head();
        assert_eq!(call.receiver.data(DEADLINE), Data::Bytes(b"half".to_vec()));
        let left = call.abort();
        let known: Option<Instant> = told.recv_timeout(DEADLINE * 2).expect("told");
        known.expect("the origin never knew").saturating_duration_since(left)
    });
}

fn cancelling_an_upload_reaches_the_origin(down: Wire, up: Wire) {
    let (tell, told) = mpsc::channel();
    let origin = Origin::start(up, move |served| {
        assert_eq!(served.data(DEADLINE), Data::Bytes(b"half".to_vec()));
        tell.send(None).expect("told");
        tell.send(served.gone()).expect("told");
    });
    let proxy = proxy(&origin);
    soonest(3, || {
        let mut call = Call::post(proxy.address(), down, "/");
        assert!(call.sender.send(b"half"));
        assert_eq!(told.recv_timeout(DEADLINE), Ok(None));
        let left = call.abort();
        let known: Option<Instant> = told.recv_timeout(DEADLINE * 2).expect("told");
        known.expect("the origin never knew").saturating_duration_since(left)
    });
}

fn a_broken_stream_hurts_no_later_request(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| match served.path.as_str() {
        "/abort" => served.abort(),
        "/half" => {
            served.head(200, &[]);
            served.send(b"half");
            served.abort();
        }
        _ => served.answer(200, b"ok"),
    });
    let proxy = proxy(&origin);
    for round in 0..30 {
        let path = ["/abort", "/half", "/good"][round % 3];
        let mut call = Call::get(proxy.address(), down, path);
        match path {
            "/good" => assert_eq!(call.receiver.whole().status, 200),
            "/abort" => {
                let (status, _) = call.receiver.head();
                assert!(matches!(status, 502 | 503), "{status}");
            }
            _ => {
                if call.receiver.try_head(DEADLINE).is_some() {
                    while matches!(call.receiver.data(DEADLINE), Data::Bytes(_)) {}
                }
            }
        }
    }
}
