//! Shares as people write them: `20%`, `0.5%`.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::{Code, ValueError};

/// How many of a million: a share of all, from none to all of them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ratio(u32);

impl Ratio {
    /// All of them, in parts.
    pub const WHOLE: u32 = 1_000_000;

    /// How many of [`Self::WHOLE`].
    pub const fn parts(self) -> u32 {
        self.0
    }
}

impl FromStr for Ratio {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let parts = parts(text).filter(|parts| *parts <= Self::WHOLE);
        parts.map(Self).ok_or_else(|| {
            ValueError::is_not(Code::BadRatio, text, "a share")
                .help("write a number from 0 to 100 with a percent sign and at most four decimals: `20%`, `0.5%`")
        })
    }
}

/// A percent is ten thousand parts, so that four decimals are a whole number of them.
fn parts(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?;
    let (whole, decimals) = number
        .split_once('.')
        .map_or((number, None), |(whole, decimals)| (whole, Some(decimals)));
    let is_number =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole, 3) || decimals.is_some_and(|decimals| !is_number(decimals, 4)) {
        return None;
    }
    let decimals = format!("{:0<4}", decimals.unwrap_or_default());
    Some(whole.parse::<u32>().ok()? * 10_000 + decimals.parse::<u32>().ok()?)
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / 10_000, self.0 % 10_000);
        if decimals == 0 {
            return write!(f, "{whole}%");
        }
        let decimals = format!("{decimals:04}");
        write!(f, "{whole}.{}%", decimals.trim_end_matches('0'))
    }
}
