//! Tries of a request, in whichever protocol: what one may cost, and whether another may follow.

use crate::exchange::{Error, Kind};
use crate::http1::Reason;

/// A try that failed.
#[derive(Debug)]
pub struct Failed {
    pub error: Error,
    pub again: Again,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            error,
            again: Again::No,
        }
    }
}

/// Whether the request of a failed try, whose body is untouched, may go again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Again {
    /// The connection ended before the upstream took it. Each such end is progress for others: it may happen often.
    Elsewhere,
    /// The upstream certainly did not act on it.
    Safe,
    /// The keep-alive race, most likely: a reused connection on which not a byte of an answer came.
    IfRepeatable,
    No,
}

/// How often a request may be tried, where the connection did not end before the upstream took it, and where it did.
pub(crate) const TRIES: u32 = 3;
pub(crate) const TRIES_ELSEWHERE: u32 = 32;

impl Again {
    /// Whether a request that was tried so often may go again. An upstream that refuses everything must end.
    pub fn is_allowed(self, tries: u32, repeatable: bool) -> bool {
        match self {
            Self::Elsewhere => tries <= TRIES_ELSEWHERE,
            Self::Safe => tries <= TRIES,
            Self::IfRepeatable => tries <= TRIES && repeatable,
            Self::No => false,
        }
    }
}

/// Counts the interim answers of a try: they are passed on whether or not the client takes any, so there is an end to them.
#[derive(Debug, Default)]
pub(crate) struct Interims(u8);

impl Interims {
    pub(crate) const MOST: u8 = 32;

    /// Notes one more.
    pub(crate) fn note(&mut self) -> Result<(), Error> {
        self.0 += 1;
        if self.0 > Self::MOST {
            return Err(Kind::UpstreamProtocol(Reason::TooManyInterim).into());
        }
        Ok(())
    }
}
