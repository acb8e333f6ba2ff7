//! Slow readers, slow writers and stalled windows: nothing grows in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use tidegate_integration::harness::{Call, DEADLINE, Data, Origin, Proxy, Wire, until};

use crate::setup::{in_every_pairing, proxy};

in_every_pairing!(
    a_slow_reader_holds_the_origin,
    a_slow_origin_holds_the_client,
    a_stalled_exchange_holds_no_other,
    a_large_answer_passes_to_a_late_reader,
    a_large_upload_passes_to_a_late_reader,
    memory_is_flat_behind_a_slow_reader,
    memory_is_flat_behind_a_slow_origin,
);

const PIECE: usize = 64 * 1024;
const MIB: usize = 1 << 20;
/// What the process may grow by, whatever passes.
const GROWTH: usize = 16 * MIB;
/// What both kernels' socket buffers and both windows may hold between two peers that wait.
const HELD: usize = 48 * MIB;

/// Waits until a count has not moved for a while, and returns it.
fn settled(count: &AtomicUsize) -> usize {
    let mut last = (count.load(Ordering::Relaxed), Instant::now());
    until("the flow to stop", || {
        let now = count.load(Ordering::Relaxed);
        if now != last.0 {
            last = (now, Instant::now());
        }
        (now > 0 && last.1.elapsed() > Duration::from_millis(400)).then_some(now)
    })
}

fn assert_flat(proxy: &Proxy, before: usize) {
    let now = proxy.resident();
    assert!(now < before + GROWTH, "resident memory went from {before} to {now}");
}

fn a_slow_reader_holds_the_origin(down: Wire, up: Wire) {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let total = 2 * HELD;
    let origin = Origin::start(up, move |served| {
        served.head(200, &[]);
        while count.load(Ordering::Relaxed) < total && served.send(&[7; PIECE]) {
            count.fetch_add(PIECE, Ordering::Relaxed);
        }
        served.finish(&[]);
    });
    let proxy = proxy(&origin);
    let before = proxy.resident();
    let mut call = Call::get(proxy.address(), down, "/");
    assert_eq!(call.receiver.head().0, 200);
    let held = settled(&sent);
    assert!(held < HELD, "the origin got rid of {held} bytes that nobody read");
    assert_flat(&proxy, before);
    assert_eq!(call.receiver.count(), (total, Data::End(Vec::new())));
    assert_flat(&proxy, before);
}

fn a_slow_origin_holds_the_client(down: Wire, up: Wire) {
    let reads = Arc::new(AtomicBool::new(false));
    let may_read = Arc::clone(&reads);
    let origin = Origin::start(up, move |served| {
        until("leave to read", || may_read.load(Ordering::Relaxed).then_some(()));
        let mut count = 0;
        loop {
            match served.data(DEADLINE) {
                Data::Bytes(bytes) => count += bytes.len(),
                Data::End(_) => return served.answer(200, count.to_string().as_bytes()),
                other => panic!("{other:?} after {count} bytes"),
            }
        }
    });
    let proxy = proxy(&origin);
    let before = proxy.resident();
    let total = 2 * HELD;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let Call {
        mut sender,
        mut receiver,
    } = Call::post(proxy.address(), down, "/");
    let sending = thread::spawn(move || {
        while count.load(Ordering::Relaxed) < total && sender.send(&[7; PIECE]) {
            count.fetch_add(PIECE, Ordering::Relaxed);
        }
        sender.finish(&[])
    });
    let held = settled(&sent);
    assert!(held < HELD, "the client got rid of {held} bytes that nobody read");
    assert_flat(&proxy, before);
    reads.store(true, Ordering::Relaxed);
    let answer = receiver.whole();
    assert_eq!(answer.body, total.to_string().into_bytes());
    assert!(sending.join().expect("sent"));
    assert_flat(&proxy, before);
}

/// The stalled exchange uses up its windows, and more where the upstream's connection is shared.
fn a_stalled_exchange_holds_no_other(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        if served.path == "/stalled" {
            served.head(200, &[]);
            for _ in 0..(2 * HELD / PIECE) {
                if !served.send(&[7; PIECE]) {
                    return;
                }
            }
            return served.finish(&[]);
        }
        served.answer(200, &[1; PIECE]);
    });
    let proxy = proxy(&origin);
    let stalled: Vec<Call> = (0..3)
        .map(|_| {
            let mut call = Call::get(proxy.address(), down, "/stalled");
            assert_eq!(call.receiver.head().0, 200);
            call
        })
        .collect();
    for _ in 0..50 {
        let begun = Instant::now();
        let answer = Call::get(proxy.address(), down, "/").receiver.whole();
        assert_eq!((answer.status, answer.body.len()), (200, PIECE));
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "took {:?} beside stalled ones",
            begun.elapsed()
        );
    }
    drop(stalled);
}

/// Larger than every socket buffer and window between the two, so that the sender has to wait, and be woken, again and again.
const LARGE: usize = HELD;

/// The length is known, so the proxy moves large pieces; the reader begins when everything in between is full.
fn a_large_answer_passes_to_a_late_reader(down: Wire, up: Wire) {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let origin = Origin::start(up, move |served| {
        served.head(200, &[("content-length", &LARGE.to_string())]);
        while count.load(Ordering::Relaxed) < LARGE && served.send(&[7; PIECE]) {
            count.fetch_add(PIECE, Ordering::Relaxed);
        }
        served.finish(&[]);
    });
    let proxy = proxy(&origin);
    let mut call = Call::get(proxy.address(), down, "/");
    settled(&sent);
    assert_eq!(call.receiver.head().0, 200);
    assert_eq!(call.receiver.count(), (LARGE, Data::End(Vec::new())));
}

fn a_large_upload_passes_to_a_late_reader(down: Wire, up: Wire) {
    let sent = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&sent);
    let origin = Origin::start(up, move |served| {
        settled(&seen);
        let mut count = 0;
        while let Data::Bytes(bytes) = served.data(DEADLINE) {
            count += bytes.len();
        }
        served.answer(200, count.to_string().as_bytes());
    });
    let proxy = proxy(&origin);
    let length = LARGE.to_string();
    let fields = [("content-length", length.as_str())];
    let Call {
        mut sender,
        mut receiver,
    } = Call::start(proxy.address(), down, "POST", "/", &fields, true);
    let sending = thread::spawn(move || {
        while sent.load(Ordering::Relaxed) < LARGE && sender.send(&[7; PIECE]) {
            sent.fetch_add(PIECE, Ordering::Relaxed);
        }
        sender.finish(&[])
    });
    assert_eq!(receiver.whole().body, LARGE.to_string().into_bytes());
    assert!(sending.join().expect("sent"));
}

/// `TIDEGATE_TEST_MIB` bytes pass at `TIDEGATE_TEST_MIB_PER_SECOND`; the figures of the issue are 1024 and 1.
fn scale() -> (usize, usize) {
    let number = |name: &str, or: usize| env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(or);
    (
        number("TIDEGATE_TEST_MIB", 64) * MIB,
        number("TIDEGATE_TEST_MIB_PER_SECOND", 32) * MIB,
    )
}

/// Sleeps so that `done` bytes have taken as long as they should.
fn pace(begun: Instant, done: usize, rate: usize) {
    let due = Duration::from_secs_f64(done as f64 / rate as f64);
    thread::sleep(due.saturating_sub(begun.elapsed()));
}

fn memory_is_flat_behind_a_slow_reader(down: Wire, up: Wire) {
    let (total, rate) = scale();
    let origin = Origin::start(up, move |served| {
        served.head(200, &[]);
        let mut left = total;
        while left > 0 && served.send(&[7; PIECE]) {
            left -= PIECE;
        }
        served.finish(&[]);
    });
    let proxy = proxy(&origin);
    let before = proxy.resident();
    let mut call = Call::get(proxy.address(), down, "/");
    assert_eq!(call.receiver.head().0, 200);
    let (begun, mut done) = (Instant::now(), 0);
    loop {
        match call.receiver.data(DEADLINE) {
            Data::Bytes(bytes) => done += bytes.len(),
            Data::End(_) => break,
            other => panic!("{other:?} after {done} bytes"),
        }
        pace(begun, done, rate);
        assert_flat(&proxy, before);
    }
    assert_eq!(done, total);
}

fn memory_is_flat_behind_a_slow_origin(down: Wire, up: Wire) {
    let (total, rate) = scale();
    let origin = Origin::start(up, move |served| {
        let (begun, mut done) = (Instant::now(), 0);
        loop {
            match served.data(DEADLINE) {
                Data::Bytes(bytes) => done += bytes.len(),
                Data::End(_) => return served.answer(200, done.to_string().as_bytes()),
                other => panic!("{other:?} after {done} bytes"),
            }
            pace(begun, done, rate);
        }
    });
    let proxy = proxy(&origin);
    let before = proxy.resident();
    let Call {
        mut sender,
        mut receiver,
    } = Call::post(proxy.address(), down, "/");
    let mut left = total;
    while left > 0 && sender.send(&[7; PIECE]) {
        left -= PIECE;
        assert_flat(&proxy, before);
    }
    sender.finish(&[]);
    assert_eq!(receiver.whole().body, total.to_string().into_bytes());
    assert_flat(&proxy, before);
}
