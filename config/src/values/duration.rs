//! Lengths of time as people write them: `250ms`, `5s`, `1m30s`, `1h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::diagnostic::{Code, ValueError};

/// The units, largest first, with their length in milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// As many digits as a number of a duration may have, which is what the Gateway API allows (GEP-2257).
const MAX_DIGITS: usize = 5;
const MAX_MILLIS: u64 = 99_999 * 3_600_000;

/// A length of time in whole milliseconds, at most 99999 hours.
///
/// Written as in the Gateway API: numbers with units `h`, `m`, `s`, `ms`, largest first, each at most once.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TimeSpan(u64);

impl TimeSpan {
    /// The length as the standard library's type.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// The length read as a time limit, where `0s` means no limit.
    pub const fn limit(self) -> Option<Duration> {
        if self.0 == 0 { None } else { Some(self.duration()) }
    }
}

impl From<Duration> for TimeSpan {
    /// In whole milliseconds, and as long as it can be.
    fn from(duration: Duration) -> Self {
        Self(
            u64::try_from(duration.as_millis())
                .unwrap_or(MAX_MILLIS)
                .min(MAX_MILLIS),
        )
    }
}

impl FromStr for TimeSpan {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match millis(text) {
            Some(millis) if millis <= MAX_MILLIS => Ok(Self(millis)),
            _ => Err(ValueError::is_not(Code::BadDuration, text, "a duration")
                .help("write whole numbers with units, largest first: `250ms`, `5s`, `1m30s`, `1h`; `0s` for none")),
        }
    }
}

/// Reads all of `text`, taking each unit at most once and in order; `None` when something is left over.
fn millis(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    for (unit, length) in UNITS {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
        let (found, after) = after.split_at_checked(letters)?;
        if digits == 0 || digits > MAX_DIGITS || found != unit {
            continue;
        }
        total += number.parse::<u64>().ok()? * length;
        rest = after;
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, length) in UNITS {
            if rest >= length {
                write!(f, "{}{unit}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}
