//! `rateLimit`.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::values::HeaderName;

/// At most so many requests in a time, counted for each key (generic cell rate algorithm, ITU-T I.371).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RateLimit {
    /// How many requests pass in [`Self::per`], evenly spread.
    pub requests: NonZeroU32,
    /// The time; never zero.
    pub per: Duration,
    /// How many may come at once after a pause (as many as [`Self::requests`]).
    pub burst: NonZeroU32,
    /// What is counted together.
    pub key: RateKey,
}

/// What requests a limit counts together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RateKey {
    /// All of the rule.
    Rule,
    /// Those of one client address (an IPv6 client is its /64).
    ClientIp,
    /// Those with one value of this header; those without it together.
    Header(HeaderName),
}
