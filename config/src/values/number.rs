//! Numbers that have a range.

use std::fmt;

use crate::diagnostic::{Code, ValueError};

/// The share of a backend or endpoint, in proportion to its siblings' weights. From 0 (gets nothing) to 1000000.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Weight(u32);

impl Weight {
    const MAX: u64 = 1_000_000;

    /// The weight of this number.
    ///
    /// # Errors
    /// It is more than a million.
    pub fn new(number: u64) -> Result<Self, ValueError> {
        checked(number, 0, Self::MAX, "a weight").map(Self)
    }

    /// The weight as a number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self(1)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The largest payload of an HTTP/2 frame in bytes, from 16 KiB to 16 MiB - 1 (RFC 9113 section 6.5.2).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FrameSize(u32);

impl FrameSize {
    pub(crate) const MIN: u64 = 1 << 14;
    const MAX: u64 = (1 << 24) - 1;

    /// The frame size of this many bytes.
    ///
    /// # Errors
    /// It is less or more than RFC 9113 allows.
    pub fn new(bytes: u64) -> Result<Self, ValueError> {
        checked(bytes, Self::MIN, Self::MAX, "a frame size in bytes").map(Self)
    }

    /// The smallest frame size that HTTP/2 allows, its default.
    pub const fn smallest() -> Self {
        Self(1 << 14)
    }

    /// The size in bytes.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The size of an HTTP/2 flow-control window in bytes, from 1 KiB to 2 GiB - 1 (RFC 9113 section 6.9.1).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WindowSize(u32);

impl WindowSize {
    const MIN: u64 = 1 << 10;
    const MAX: u64 = (1 << 31) - 1;

    /// The window of this many bytes.
    ///
    /// # Errors
    /// It is less than 1 KiB, or more than RFC 9113 allows.
    pub fn new(bytes: u64) -> Result<Self, ValueError> {
        checked(bytes, Self::MIN, Self::MAX, "a window in bytes").map(Self)
    }

    /// A window of this many KiB, for the defaults.
    pub(crate) const fn kib(kib: u16) -> Self {
        Self((kib as u32) << 10)
    }

    /// The size in bytes.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// `number` when it is from `min` to `max`, said of `what` otherwise.
pub(crate) fn checked(number: u64, min: u64, max: u64, what: &str) -> Result<u32, ValueError> {
    match u32::try_from(number) {
        Ok(fits) if (min..=max).contains(&number) => Ok(fits),
        _ => Err(ValueError::new(Code::OutOfRange, format!("{number} is out of range"))
            .help(format!("{what} is from {min} to {max}"))),
    }
}
