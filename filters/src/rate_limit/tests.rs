//! On virtual time.

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;

use http::HeaderMap;

use super::*;
use crate::testing::{chain_at, cx, head, specs};
use crate::{Chain, Filter};

thread_local! {
    static NOW: Cell<Instant> = Cell::new(Clock::system().now());
}

fn clock() -> Clock {
    Clock::new(|| NOW.get())
}

fn pass(time: Duration) {
    NOW.set(NOW.get() + time);
}

fn limit(filter: &str) -> Chain {
    chain_at(&format!("[{{ rateLimit: {filter} }}]"), clock())
}

/// Whether a request from there with this `x-key` passes, and what it is told otherwise.
fn ask(chain: &Chain, client: &str, key: Option<&str>) -> Result<(), HeaderMap> {
    let mut head = head("/");
    if let Some(key) = key {
        head.headers.insert("x-key", HeaderValue::from_str(key).unwrap());
    }
    let cx = FilterCx {
        client: client.parse().unwrap(),
        ..cx()
    };
    match chain.on_request(&mut head, &cx) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(answer) => {
            assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(answer.by.reason, Reason::RateLimited);
            Err(answer.headers)
        }
    }
}

fn passes(chain: &Chain) -> bool {
    ask(chain, "192.0.2.1", None).is_ok()
}

#[test]
fn as_many_as_said_pass_at_once_then_one_as_each_is_earned() {
    let chain = limit("{ requests: 4, per: 1s }");
    assert_eq!((0..6).filter(|_| passes(&chain)).count(), 4);
    pass(Duration::from_millis(249));
    assert!(!passes(&chain));
    pass(Duration::from_millis(1));
    assert!(passes(&chain));
    assert!(!passes(&chain));
    pass(Duration::from_secs(60));
    assert_eq!((0..6).filter(|_| passes(&chain)).count(), 4, "a pause saves up no more");
}

#[test]
fn a_burst_is_what_it_says() {
    let chain = limit("{ requests: 10, per: 1s, burst: 2 }");
    assert_eq!((0..5).filter(|_| passes(&chain)).count(), 2);
    let steady = (0..100).filter(|_| {
        pass(Duration::from_millis(50));
        passes(&chain)
    });
    assert_eq!(steady.count(), 50, "half of twice as many");
}

#[test]
fn a_refusal_says_when_to_come_again_and_coming_then_helps() {
    let chain = limit("{ requests: 2, per: 5s, burst: 1 }");
    assert!(passes(&chain));
    pass(Duration::from_millis(100));
    let told = ask(&chain, "192.0.2.1", None).unwrap_err();
    assert_eq!(told["retry-after"], "3", "2.4 s, rounded up");
    assert_eq!(told["ratelimit-policy"], "\"rule\";q=2;w=5");
    assert_eq!(told["ratelimit"], "\"rule\";r=0;t=3");
    pass(Duration::from_secs(3));
    assert!(passes(&chain));
}

#[test]
fn a_window_that_is_no_whole_number_of_seconds_is_left_out() {
    let chain = limit("{ requests: 1, per: 500ms, key: clientIp }");
    assert!(passes(&chain));
    let told = ask(&chain, "192.0.2.1", None).unwrap_err();
    assert_eq!(told["retry-after"], "1");
    assert_eq!(told["ratelimit-policy"], "\"client-ip\";q=1");
}

#[test]
fn clients_are_counted_apart_an_ipv6_client_by_its_network() {
    let chain = limit("{ requests: 1, per: 1m, key: clientIp }");
    for (client, first) in [
        ("192.0.2.1", true),
        ("192.0.2.2", true),
        ("192.0.2.1", false),
        ("::ffff:192.0.2.2", false),
        ("2001:db8:0:1::1", true),
        ("2001:db8:0:1:ffff::2", false),
        ("2001:db8:0:2::1", true),
    ] {
        assert_eq!(ask(&chain, client, None).is_ok(), first, "{client}");
    }
}

#[test]
fn values_of_a_header_are_counted_apart_and_who_has_none_together() {
    let chain = limit("{ requests: 1, per: 1m, key: header, header: X-Key }");
    for (client, key, first) in [
        ("192.0.2.1", Some("a"), true),
        ("192.0.2.2", Some("a"), false),
        ("192.0.2.2", Some("b"), true),
        ("192.0.2.1", None, true),
        ("192.0.2.2", None, false),
        ("192.0.2.1", Some(""), true),
    ] {
        assert_eq!(ask(&chain, client, key).is_ok(), first, "{client} {key:?}");
    }
    let told = ask(&chain, "192.0.2.1", Some("a")).unwrap_err();
    assert_eq!(told["ratelimit-policy"], "\"x-key\";q=1;w=60");
}

/// A refused request uses nothing up: who keeps on asking is let in no later.
#[test]
fn insisting_does_not_prolong_the_wait() {
    let chain = limit("{ requests: 1, per: 1s }");
    assert!(passes(&chain));
    for _ in 0..9 {
        pass(Duration::from_millis(100));
        assert!(!passes(&chain));
    }
    pass(Duration::from_millis(100));
    assert!(passes(&chain));
}

/// Beyond what configuration admits, too.
#[test]
fn extreme_numbers_neither_panic_nor_overflow() {
    const HOUR: Duration = Duration::from_secs(3600);
    const MOST: u32 = u32::MAX;
    for (requests, per, burst) in [
        (1, HOUR, MOST),
        (MOST, Duration::from_nanos(1), MOST),
        (MOST, HOUR, 1),
        (1, 24 * HOUR, MOST),
        (1, Duration::MAX, MOST),
    ] {
        for key in [RateKey::Rule, RateKey::ClientIp] {
            let spec = config::RateLimit {
                requests: NonZeroU32::new(requests).unwrap(),
                per,
                burst: NonZeroU32::new(burst).unwrap(),
                key,
            };
            let limiter = RateLimit::new(Arc::new(Limiter::new(&spec, clock())));
            let chain = Chain::new(vec![Filter::RateLimit(limiter)]);
            assert!(passes(&chain), "{spec:?}");
            for _ in 0..3 {
                pass(24 * HOUR);
                assert_eq!(passes(&chain), per < Duration::MAX, "{spec:?}");
            }
        }
    }
}

fn by_client(requests: u32) -> Limiter {
    let specs = specs(&format!(
        "[{{ rateLimit: {{ requests: {requests}, per: 1m, key: clientIp }} }}]"
    ));
    let [config::FilterSpec::RateLimit(spec)] = &specs[..] else {
        panic!("one limit");
    };
    Limiter::new(spec, clock())
}

fn admits(limiter: &Limiter, client: u32) -> bool {
    let cx = FilterCx {
        client: Ipv4Addr::from_bits(client).into(),
        ..cx()
    };
    limiter.admit(&head("/"), &cx).is_ok()
}

fn known(limiter: &Limiter) -> usize {
    let Counts::ClientIp(keyed) = &limiter.counts else {
        panic!("by client");
    };
    // Governor hides its store; its Debug form does not.
    let text = format!("{keyed:?}");
    let (_, rest) = text.split_once("keys: ").unwrap();
    rest.split(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// However many keys come, their number is bounded, every new client gets in, and who is over the limit stays out.
#[test]
fn a_flood_of_keys_is_bounded_and_frees_nobody() {
    let limiter = by_client(4);
    let over = 1;
    while admits(&limiter, over) {}
    for client in 0..3 * MAX_KEYS as u32 {
        assert!(admits(&limiter, 1000 + client), "{client}");
        if client % 1000 == 0 {
            assert!(!admits(&limiter, over), "after {client}");
        }
    }
    let known = known(&limiter);
    assert!(known <= MAX_KEYS && known > MAX_KEYS / 2, "{known}");
}

/// Keys that have their whole allowance again make room before any that has not.
#[test]
fn idle_keys_go_first() {
    let limiter = by_client(2);
    for client in 0..MAX_KEYS as u32 {
        admits(&limiter, client);
    }
    pass(Duration::from_secs(61));
    let busy: Vec<u32> = (1_000_000..1_000_000 + MAX_KEYS as u32 / 4).collect();
    for client in &busy {
        admits(&limiter, *client);
        admits(&limiter, *client);
    }
    for client in 2_000_000..2_000_000 + MAX_KEYS as u32 / 2 {
        admits(&limiter, client);
    }
    let forgotten = busy.iter().filter(|client| admits(&limiter, **client)).count();
    assert_eq!(forgotten, 0);
}

/// Workers that count at the same time let through as many as one would.
#[test]
fn counts_are_shared_by_threads() {
    for key in ["rule", "clientIp"] {
        // Of this clock every thread has its own, which stands still.
        let chain = limit(&format!("{{ requests: 500, per: 1h, key: {key} }}"));
        let start = NOW.get();
        let count = || {
            NOW.set(start);
            (0..1000).filter(|_| passes(&chain)).count()
        };
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 500, "{key}");
    }
}
