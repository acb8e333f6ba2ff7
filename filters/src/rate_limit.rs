//! `rateLimit`: so many requests pass in a time, the others are answered with 429.
//!
//! The arithmetic is governor's generic cell rate algorithm: an allowance that refills evenly, not a window that opens
//! all at once. What was counted lives in a [`Limiter`], which all workers share and which outlives the configuration that
//! it was made for ([`Limiters`]). One count for a whole rule is a single atomic; counts by key are a bounded table.

mod clock;
mod keys;
mod limiters;

use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use tidegate_config::{self as config, RateKey};

pub use self::clock::Clock;
use self::keys::Keys;
pub use self::keys::MAX_KEYS;
pub use self::limiters::Limiters;
use crate::answer::{Answer, Reason};
use crate::cx::FilterCx;

/// draft-ietf-httpapi-ratelimit-headers: how much is left, and until when.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The same draft: what the limit is.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The filter: a share in a limiter.
#[derive(Debug)]
pub struct RateLimit(Arc<Limiter>);

/// What a limit has counted.
#[derive(Debug)]
pub struct Limiter {
    counts: Counts,
    clock: Clock,
    /// The name of the policy in quotes: what is counted together.
    name: Box<str>,
    policy: HeaderValue,
}

#[derive(Debug)]
enum Counts {
    Rule(RateLimiter<NotKeyed, InMemoryState, Clock, Middleware>),
    ClientIp(Keyed),
    Header(HeaderName, Keyed),
}

type Instant = <Clock as governor::clock::Clock>::Instant;
type Middleware = NoOpMiddleware<Instant>;
type Keyed = RateLimiter<u64, Keys, Clock, Middleware>;

impl RateLimit {
    /// A filter that counts in this limiter.
    pub const fn new(limiter: Arc<Limiter>) -> Self {
        Self(limiter)
    }

    /// Counts the request, or refuses it.
    #[inline]
    pub fn on_request(&self, head: &Parts, cx: &FilterCx) -> ControlFlow<Box<Answer>> {
        match self.0.admit(head, cx) {
            Ok(()) => ControlFlow::Continue(()),
            Err(wait) => ControlFlow::Break(self.0.refusal(wait)),
        }
    }
}

impl Limiter {
    fn new(spec: &config::RateLimit, clock: Clock) -> Self {
        let quota = quota(spec);
        let keyed = || RateLimiter::new(quota, Keys::new(quota.replenish_interval()), clock);
        let (counts, name) = match &spec.key {
            RateKey::Rule => (Counts::Rule(RateLimiter::direct_with_clock(quota, clock)), "rule"),
            RateKey::ClientIp => (Counts::ClientIp(keyed()), "client-ip"),
            RateKey::Header(header) => match HeaderName::from_bytes(header.as_str().as_bytes()) {
                Ok(name) => (Counts::Header(name, keyed()), header.as_str()),
                // `config` admits only what is a name here, too; whatever else there is has no header of that name.
                Err(_) => (Counts::Rule(RateLimiter::direct_with_clock(quota, clock)), "rule"),
            },
        };
        Self {
            counts,
            clock,
            name: name.into(),
            policy: policy(name, spec),
        }
    }

    /// Counts the request; when it is one too many, says how long to wait.
    #[inline]
    fn admit(&self, head: &Parts, cx: &FilterCx) -> Result<(), Duration> {
        let counted = match &self.counts {
            Counts::Rule(limiter) => limiter.check(),
            Counts::ClientIp(limiter) => limiter.check_key(&keys::of_address(network(cx.client))),
            Counts::Header(name, limiter) => {
                let value = head.headers.get(name).map(HeaderValue::as_bytes);
                limiter.check_key(&keys::of_value(value))
            }
        };
        counted.map_err(|until: NotUntil<Instant>| until.wait_time_from(self.clock.now()))
    }

    #[cold]
    fn refusal(&self, wait: Duration) -> Box<Answer> {
        // Whole seconds, and never too early.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let seconds = seconds.max(1);
        let mut answer = Answer::new(Reason::RateLimited, StatusCode::TOO_MANY_REQUESTS);
        let headers = &mut answer.headers;
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        headers.insert(RATE_LIMIT_POLICY, self.policy.clone());
        if let Ok(left) = HeaderValue::try_from(format!("\"{}\";r=0;t={seconds}", self.name)) {
            headers.insert(RATE_LIMIT, left);
        }
        answer
    }
}

/// `"client-ip";q=100;w=60`. A window that is no whole number of seconds cannot be said, and may be left out.
fn policy(name: &str, spec: &config::RateLimit) -> HeaderValue {
    let quota = spec.requests;
    let text = match (spec.per.as_secs(), spec.per.subsec_nanos()) {
        (seconds @ 1.., 0) => format!("\"{name}\";q={quota};w={seconds}"),
        _ => format!("\"{name}\";q={quota}"),
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"rule\""))
}

fn quota(spec: &config::RateLimit) -> Quota {
    // Governor counts nanoseconds in 64 bits and does not check: 73 years of saved-up allowance have to be enough.
    const LONGEST: u64 = u64::MAX / 8;
    let each = (spec.per / spec.requests.get()).clamp(Duration::from_nanos(1), Duration::from_nanos(LONGEST));
    let most = LONGEST / u64::try_from(each.as_nanos()).unwrap_or(LONGEST).max(1);
    let most = u32::try_from(most).unwrap_or(u32::MAX).max(1);
    let burst = spec.burst.min(std::num::NonZeroU32::new(most).unwrap_or(spec.burst));
    let one = Quota::with_period(each).unwrap_or(Quota::per_second(std::num::NonZeroU32::MIN));
    one.allow_burst(burst)
}

/// What is counted as one client: an address, or an IPv6 network of the size that one is given.
fn network(client: IpAddr) -> IpAddr {
    const PREFIX: u32 = 64;
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> PREFIX << PREFIX).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests;
