//! `rateLimit`.

use std::num::NonZeroU32;
use std::time::Duration;

use super::Site;
use crate::diagnostic::{Code, ValueError};
use crate::filter::{RateKey, RateLimit};
use crate::origin::Mark;
use crate::raw;
use crate::values::TimeSpan;

const MAX_REQUESTS: u64 = 1_000_000_000;
const MAX_PER: Duration = Duration::from_secs(24 * 3600);
/// The longest time in which a burst may come back: what limiters count in nanoseconds must not overflow.
const MAX_REFILL: u128 = 366 * MAX_PER.as_nanos();

pub(super) fn rate_limit(site: &mut Site<'_>, raw: &raw::RateLimit, mark: Mark) -> Option<RateLimit> {
    let requests = positive(site, &raw.requests);
    let burst = match &raw.burst {
        Some(burst) => positive(site, burst),
        None => requests,
    };
    let per = site.take(raw.per.mark, per(&raw.per.value));
    let key = key(site, raw, mark);
    let limit = RateLimit {
        requests: requests?,
        per: per?,
        burst: burst?,
        key: key?,
    };
    site.take(raw.requests.mark, countable(&limit))?;
    Some(limit)
}

fn positive(site: &mut Site<'_>, raw: &raw::Number) -> Option<NonZeroU32> {
    let mut number = 0_u32;
    site.number(&mut number, Some(raw), 1, MAX_REQUESTS);
    NonZeroU32::new(number)
}

fn per(text: &str) -> Result<Duration, ValueError> {
    let per = text.parse::<TimeSpan>()?.duration();
    if per.is_zero() || per > MAX_PER {
        let error = ValueError::new(Code::OutOfRange, format!("`{text}` is no time to count requests in"));
        return Err(error.help("write a time from `1ms` to `24h`, such as `1s` or `1m`"));
    }
    Ok(per)
}

/// The times between two requests, and until a burst is back, must be whole nanoseconds that fit a counter.
fn countable(limit: &RateLimit) -> Result<(), ValueError> {
    let (requests, burst) = (u128::from(limit.requests.get()), u128::from(limit.burst.get()));
    let nanos = limit.per.as_nanos();
    if requests > nanos {
        let error = ValueError::new(Code::OutOfRange, "this is more than a request a nanosecond".to_owned());
        return Err(error.help("write fewer `requests`, or a longer time in `per`"));
    }
    if nanos / requests * burst > MAX_REFILL {
        let error = ValueError::new(
            Code::OutOfRange,
            "a burst would need more than a year to be free again".to_owned(),
        );
        return Err(error.help("write a smaller `burst`"));
    }
    Ok(())
}

fn key(site: &mut Site<'_>, raw: &raw::RateLimit, mark: Mark) -> Option<RateKey> {
    match (raw.key, &raw.header) {
        (raw::RateKey::Header, Some(name)) => site.parse(name).map(RateKey::Header),
        (raw::RateKey::Header, None) => {
            let error = ValueError::new(Code::MissingKey, "`key: header` does not say which header".to_owned());
            site.report(mark, error.help("add `header: x-api-key`"));
            None
        }
        (raw::RateKey::Rule | raw::RateKey::ClientIp, Some(name)) => {
            let error = ValueError::new(
                Code::Pointless,
                "`header` says nothing without `key: header`".to_owned(),
            );
            site.report(name.mark, error.help("add `key: header`, or leave `header` out"));
            None
        }
        (raw::RateKey::Rule, None) => Some(RateKey::Rule),
        (raw::RateKey::ClientIp, None) => Some(RateKey::ClientIp),
    }
}
