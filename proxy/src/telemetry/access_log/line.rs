//! One line of the access log and how its values are written.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{StatusCode, Version};
use tidegate_filters::By;

use crate::exchange::{Kind, Logged, Met, Protocol, Record};
use crate::upstream::Origin;

/// Longer values are cut and end in `...`: a line stays small against the buffer, whatever the limits for heads are.
const MAX_VALUE: usize = 4096;

/// The fields in the order in which they are written. Of what the client sent only method, target and request id are in
/// it, so that no secret of a header can be.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    pub(super) wall: SystemTime,
    pub(super) peer: SocketAddr,
    /// `None`: no head could be read.
    pub(super) request: Option<&'a Logged>,
    pub(super) protocol: Protocol,
    pub(super) status: Option<StatusCode>,
    pub(super) failure: Option<Kind>,
    pub(super) met: Met<'a>,
    pub(super) rule: Option<&'a str>,
    pub(super) answered_by: Option<By>,
    pub(super) endpoint: Option<SocketAddr>,
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
    pub(super) took: Duration,
    /// From the request's head to the head of the upstream's answer.
    pub(super) answered: Option<Duration>,
    pub(super) tries: u32,
}

impl<'a> Line<'a> {
    pub(super) fn of(record: &'a Record, origin: Option<&'a Origin>, took: Duration, wall: SystemTime) -> Self {
        Self {
            wall,
            peer: record.connection.peer,
            request: record.logged.as_deref(),
            protocol: record.connection.protocol,
            status: record.status.get(),
            failure: record.failure.get(),
            met: record.met(origin),
            rule: record.rule.get().map(|rule| &*rule.name),
            answered_by: record.answered_by.get(),
            endpoint: origin.map(Origin::address),
            request_bytes: record.request_bytes.get(),
            response_bytes: record.response_bytes.get(),
            took,
            answered: record
                .answered
                .get()
                .map(|at| at.saturating_duration_since(record.started)),
            tries: record.tries.get(),
        }
    }

    /// Appends the line with its line break to `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut fields = Fields(out);
        fields.time(self.wall);
        fields.address("peer", Some(self.peer));
        fields.text("method", self.request.map(|request| request.method.as_str()));
        let target = self.request.map(|request| request.target.to_string());
        fields.text("target", target.as_deref());
        fields.text("protocol", Some(self.protocol_name()));
        fields.number("status", self.status.map(|status| status.as_u16()));
        fields.text("flag", self.failure.map(|kind| kind.flag().0));
        let reason = self.failure.map(Kind::reason);
        fields.text("reason", reason.or(self.answered_by.map(|by| by.reason.as_str())));
        let object = self.failure.map(|kind| kind.object(self.met));
        let object = object.or(self.met.filter);
        fields.text("object", object.map(|object| object.to_string()).as_deref());
        fields.text("listener", Some(self.met.listener));
        fields.text("route", self.met.route);
        fields.text("rule", self.rule);
        // Its kind, and its place among the rule's from 0.
        let filter = self
            .answered_by
            .map(|by| format!("{}/{}", by.filter().as_str(), by.position));
        fields.text("filter", filter.as_deref());
        fields.text("cluster", self.met.cluster);
        fields.address("endpoint", self.endpoint);
        fields.number("bytes_in", Some(self.request_bytes));
        fields.number("bytes_out", Some(self.response_bytes));
        fields.millis("ms", Some(self.took));
        fields.millis("upstream_ms", self.answered);
        fields.number("tries", Some(self.tries));
        let request_id = self.request.and_then(|request| request.request_id.get());
        let request_id = request_id.map(|id| String::from_utf8_lossy(id.as_bytes()));
        fields.text("request_id", request_id.as_deref());
        out.push(b'\n');
    }

    /// The request's version, or what the connection speaks when no head could be read.
    fn protocol_name(&self) -> &'static str {
        match (self.request.map(|request| request.version), self.protocol) {
            (Some(Version::HTTP_10), _) => "HTTP/1.0",
            (Some(Version::HTTP_11), _) => "HTTP/1.1",
            (Some(Version::HTTP_2), _) | (_, Protocol::Http2) => "HTTP/2",
            (_, Protocol::Http1) => "HTTP/1",
        }
    }
}

/// Writes `key=value` pairs; what is unknown is `-`. Most of it goes around `fmt`, through which a line takes nearly
/// twice as long (0.7 us so).
struct Fields<'a>(&'a mut Vec<u8>);

impl Fields<'_> {
    fn put(&mut self, arguments: std::fmt::Arguments<'_>) {
        // A Vec takes everything.
        let _ = self.0.write_fmt(arguments);
    }

    fn push(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn key(&mut self, key: &str) {
        self.0.push(b' ');
        self.push(key);
        self.0.push(b'=');
    }

    fn time(&mut self, wall: SystemTime) {
        let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (year, month, day) = date(since.as_secs() / 86_400);
        let second = since.as_secs() % 86_400;
        self.push("time=");
        for (value, digits, end) in [
            (year, 4, b'-'),
            (month, 2, b'-'),
            (day, 2, b'T'),
            (second / 3600, 2, b':'),
            (second / 60 % 60, 2, b':'),
            (second % 60, 2, b'.'),
            (since.subsec_millis().into(), 3, b'Z'),
        ] {
            self.padded(value, digits);
            self.0.push(end);
        }
    }

    /// The last `digits` decimal digits.
    fn padded(&mut self, value: u64, digits: u32) {
        for place in (0..digits).rev() {
            let digit = value / 10_u64.pow(place) % 10;
            self.0.push(b'0' + digit as u8);
        }
    }

    fn number(&mut self, key: &str, value: Option<impl Into<u64>>) {
        self.key(key);
        match value {
            Some(value) => self.push(itoa::Buffer::new().format(value.into())),
            None => self.0.push(b'-'),
        }
    }

    fn address(&mut self, key: &str, value: Option<SocketAddr>) {
        self.key(key);
        match value {
            Some(address) => self.put(format_args!("{address}")),
            None => self.0.push(b'-'),
        }
    }

    fn millis(&mut self, key: &str, value: Option<Duration>) {
        let micros = value.map(|value| u64::try_from(value.as_micros()).unwrap_or(u64::MAX));
        self.number(key, micros.map(|micros| micros / 1000));
        if let Some(micros) = micros {
            self.0.push(b'.');
            self.padded(micros % 1000, 3);
        }
    }

    /// A value as it stands if it is plain, else in quotes, with everything escaped that could end or forge a field.
    fn text(&mut self, key: &str, value: Option<&str>) {
        self.key(key);
        let Some(value) = value else { return self.0.push(b'-') };
        let kept = value.get(..value.floor_char_boundary(MAX_VALUE)).unwrap_or_default();
        let cut = if kept.len() < value.len() { "..." } else { "" };
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'=');
        if !kept.is_empty() && kept != "-" && kept.bytes().all(is_plain) {
            self.push(kept);
            return self.push(cut);
        }
        self.0.push(b'"');
        for piece in kept.split_inclusive(needs_escape) {
            match piece.chars().next_back().filter(|last| needs_escape(*last)) {
                Some(last) => {
                    self.push(piece.trim_end_matches(last));
                    self.escape(last);
                }
                None => self.push(piece),
            }
        }
        self.push(cut);
        self.0.push(b'"');
    }

    /// As JSON strings have it; what is not ASCII, too, so that nothing can steer a terminal.
    fn escape(&mut self, character: char) {
        if matches!(character, '"' | '\\') {
            return self.put(format_args!("\\{character}"));
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            self.put(format_args!("\\u{unit:04x}"));
        }
    }
}

fn needs_escape(character: char) -> bool {
    !matches!(character, ' '..='~') || matches!(character, '"' | '\\')
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

    fn written(value: Option<&str>) -> String {
        let mut out = Vec::new();
        Fields(&mut out).text("k", value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_cannot_end_their_field_or_line() {
        for (value, expected) in [
            (None, " k=-"),
            (Some(""), " k=\"\""),
            (Some("-"), " k=\"-\""),
            (Some("/a?b"), " k=/a?b"),
            (Some("/a?b=c"), " k=\"/a?b=c\""),
            (Some("a b"), " k=\"a b\""),
            (Some("a\"b\\"), " k=\"a\\\"b\\\\\""),
            (Some("a\nstatus=200"), " k=\"a\\u000astatus=200\""),
            (Some("\x1b[31m\u{7f}"), " k=\"\\u001b[31m\\u007f\""),
            (Some("\u{202e}é\u{1f600}"), " k=\"\\u202e\\u00e9\\ud83d\\ude00\""),
        ] {
            assert_eq!(written(value), expected);
        }
        let long = "é".repeat(MAX_VALUE);
        assert!(written(Some(&long)).ends_with("\\u00e9...\""));
        assert!(written(Some(&"a".repeat(MAX_VALUE + 1))).ends_with("aa..."));
    }
}
