//! Times as lines have them, of which only the milliseconds change from one line to the next.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second that was written, ready-made.
#[derive(Debug)]
pub(super) struct Stamps {
    second: u64,
    /// `2026-11-26T00:04:03.000Z`
    precise: [u8; 24],
    /// `26/Nov/2026:00:04:03 +0000`
    combined: [u8; 26],
}

impl Default for Stamps {
    fn default() -> Self {
        let mut stamps = Self {
            second: 0,
            precise: *b"1970-01-01T00:00:00.000Z",
            combined: *b"01/Jan/1970:00:00:00 +0000",
        };
        stamps.renew();
        stamps
    }
}

impl Stamps {
    /// Sets them to this time.
    pub(super) fn at(&mut self, wall: SystemTime) -> &Self {
        let since: Duration = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        if since.as_secs() != self.second {
            self.second = since.as_secs();
            self.renew();
        }
        put(&mut self.precise, 20, 3, u64::from(since.subsec_millis()));
        self
    }

    /// RFC 3339, in UTC, with milliseconds.
    pub(super) const fn precise(&self) -> &[u8; 24] {
        &self.precise
    }

    /// As `combined` has it.
    pub(super) const fn combined(&self) -> &[u8; 26] {
        &self.combined
    }

    fn renew(&mut self) {
        const MONTHS: [&[u8; 3]; 12] = [
            b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
        ];
        let (year, month, day) = date(self.second / 86_400);
        let second = self.second % 86_400;
        let time = [second / 3600, second / 60 % 60, second % 60];
        put(&mut self.precise, 0, 4, year);
        put(&mut self.precise, 5, 2, month);
        put(&mut self.precise, 8, 2, day);
        put(&mut self.combined, 0, 2, day);
        put(&mut self.combined, 7, 4, year);
        for (place, value) in time.into_iter().enumerate() {
            put(&mut self.precise, 11 + 3 * place, 2, value);
            put(&mut self.combined, 12 + 3 * place, 2, value);
        }
        let name = usize::try_from(month)
            .ok()
            .and_then(|month| MONTHS.get(month.saturating_sub(1)));
        if let (Some(slot), Some(name)) = (self.combined.get_mut(3..6), name) {
            slot.copy_from_slice(*name);
        }
    }
}

/// Writes the last `digits` decimal digits of `value` at this place.
fn put(text: &mut [u8], at: usize, digits: usize, value: u64) {
    let mut rest = value;
    for byte in text.iter_mut().skip(at).take(digits).rev() {
        *byte = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Year, month and day of the proleptic Gregorian calendar, `days` after 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn date(days: u64) -> (u64, u64, u64) {
    // Eras of 400 years, counted from a 1st of March so that leap days come last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_out_right_at_the_edges_of_months_and_leap_years() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (19_782, (2024, 2, 29)),
            (19_783, (2024, 3, 1)),
            (20_818, (2026, 12, 31)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date(days), expected, "{days} days");
        }
    }

    #[test]
    fn stamps_follow_the_time_forwards_and_back() {
        let mut stamps = Stamps::default();
        for (millis, precise, combined) in [
            (7, "1970-01-01T00:00:00.007Z", "01/Jan/1970:00:00:00 +0000"),
            (
                1_700_000_000_042,
                "2023-11-14T22:13:20.042Z",
                "14/Nov/2023:22:13:20 +0000",
            ),
            (
                1_700_000_000_999,
                "2023-11-14T22:13:20.999Z",
                "14/Nov/2023:22:13:20 +0000",
            ),
            (
                1_700_000_001_000,
                "2023-11-14T22:13:21.000Z",
                "14/Nov/2023:22:13:21 +0000",
            ),
            (
                1_699_999_999_999,
                "2023-11-14T22:13:19.999Z",
                "14/Nov/2023:22:13:19 +0000",
            ),
            (
                4_107_542_399_000,
                "2100-02-28T23:59:59.000Z",
                "28/Feb/2100:23:59:59 +0000",
            ),
        ] {
            let stamps = stamps.at(UNIX_EPOCH + Duration::from_millis(millis));
            assert_eq!(stamps.precise(), precise.as_bytes());
            assert_eq!(stamps.combined(), combined.as_bytes());
        }
    }
}
