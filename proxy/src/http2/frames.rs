//! Counts incoming frames by type from their 9-byte heads, because the `h2` crate reports none of them.
//!
//! Sees every byte exactly once, in order, in pieces of any size; looks at nothing but heads.

use tokio::time::Instant;

use super::settings::{FLOOD_WINDOW, Settings};
use crate::exchange::Kind;

const HEAD: usize = 9;
const CLIENT_PREFACE: usize = 24;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const PADDED: u8 = 8;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

#[derive(Debug)]
pub(super) struct Frames {
    head: [u8; HEAD],
    /// How much of `head` is there.
    filled: usize,
    /// What is left of the current frame's payload.
    payload: usize,
    header_block_open: bool,
    settings_seen: bool,
    going_away: bool,
    empty_data: u32,
    resets: Rate,
    pings: Rate,
    settings: Rate,
    limits: Limits,
    flood: Option<Flood>,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    resets: u32,
    pings: u32,
    settings: u32,
    empty_data: u32,
}

/// Which limit a peer went over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flood {
    EmptyData,
    Reset,
    Ping,
    Settings,
}

impl Flood {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::EmptyData => Kind::Http2EmptyDataFlood,
            Self::Reset => Kind::Http2ResetFlood,
            Self::Ping => Kind::Http2PingFlood,
            Self::Settings => Kind::Http2SettingsFlood,
        }
    }
}

#[derive(Debug, Default)]
struct Rate {
    since: Option<Instant>,
    count: u32,
}

impl Rate {
    /// Counts one; how many there are in the current window.
    fn hit(&mut self, now: Instant) -> u32 {
        match self.since {
            Some(since) if now.saturating_duration_since(since) < FLOOD_WINDOW => {
                self.count = self.count.saturating_add(1);
            }
            _ => {
                self.since = Some(now);
                self.count = 1;
            }
        }
        self.count
    }
}

impl Frames {
    /// What a client sends: its preface comes first.
    pub(super) fn from_client(settings: &Settings) -> Self {
        Self {
            payload: CLIENT_PREFACE,
            ..Self::from_server(settings)
        }
    }

    pub(super) fn from_server(settings: &Settings) -> Self {
        Self {
            head: [0; HEAD],
            filled: 0,
            payload: 0,
            header_block_open: false,
            settings_seen: false,
            going_away: false,
            empty_data: 0,
            resets: Rate::default(),
            pings: Rate::default(),
            settings: Rate::default(),
            limits: Limits {
                resets: settings.received_resets,
                pings: settings.pings,
                settings: settings.settings,
                empty_data: settings.empty_data,
            },
            flood: None,
        }
    }

    pub(super) fn flood(&self) -> Option<Flood> {
        self.flood
    }

    /// A head that began and has not ended: its time runs.
    pub(super) fn is_inside_head(&self) -> bool {
        self.header_block_open
    }

    pub(super) fn has_seen_settings(&self) -> bool {
        self.settings_seen
    }

    pub(super) fn has_seen_goaway(&self) -> bool {
        self.going_away
    }

    /// How much of what comes next belongs together, and whether it may be left out: a DATA frame that carries nothing
    /// means nothing, yet the crate takes only a hundred of them in a connection's life.
    pub(super) fn next_piece(&self, bytes: &[u8]) -> (usize, bool) {
        if self.payload > 0 {
            return (self.payload.min(bytes.len()), false);
        }
        match bytes {
            _ if self.filled > 0 => ((HEAD - self.filled).min(bytes.len()), false),
            [0, 0, 0, DATA, flags, stream @ ..] if stream.len() >= 4 => {
                let is_void = flags & (END_STREAM | PADDED) == 0 && stream.iter().take(4).any(|octet| *octet != 0);
                (HEAD, is_void)
            }
            [a, b, c, _, _, _, _, _, _, ..] => ((HEAD + length(*a, *b, *c)).min(bytes.len()), false),
            _ => (bytes.len(), false),
        }
    }

    pub(super) fn see(&mut self, mut bytes: &[u8], now: impl Fn() -> Instant) {
        while !bytes.is_empty() {
            let skip = self.payload.min(bytes.len());
            self.payload -= skip;
            bytes = bytes.get(skip..).unwrap_or_default();
            let take = (HEAD - self.filled).min(bytes.len());
            let (piece, rest) = bytes.split_at(take);
            if let Some(gap) = self.head.get_mut(self.filled..self.filled + take) {
                gap.copy_from_slice(piece);
            }
            self.filled += take;
            bytes = rest;
            if self.filled == HEAD {
                self.filled = 0;
                self.count(&now);
            }
        }
    }

    fn count(&mut self, now: &impl Fn() -> Instant) {
        let [a, b, c, kind, flags, ..] = self.head;
        self.payload = length(a, b, c);
        let mut empty_data = 0;
        match kind {
            DATA if self.payload == 0 && flags & END_STREAM == 0 => {
                empty_data = self.empty_data.saturating_add(1);
                if empty_data > self.limits.empty_data {
                    self.flood = Some(Flood::EmptyData);
                }
            }
            HEADERS | CONTINUATION => self.header_block_open = flags & END_HEADERS == 0,
            RST_STREAM => self.limit(Flood::Reset, now()),
            PING if flags & ACK == 0 => self.limit(Flood::Ping, now()),
            SETTINGS if flags & ACK == 0 => {
                self.settings_seen = true;
                self.limit(Flood::Settings, now());
            }
            GOAWAY => self.going_away = true,
            _ => {}
        }
        self.empty_data = empty_data;
    }

    fn limit(&mut self, flood: Flood, now: Instant) {
        let (rate, limit) = match flood {
            Flood::Reset => (&mut self.resets, self.limits.resets),
            Flood::Ping => (&mut self.pings, self.limits.pings),
            Flood::Settings => (&mut self.settings, self.limits.settings),
            Flood::EmptyData => return,
        };
        if rate.hit(now) > limit {
            self.flood = Some(flood);
        }
    }
}

fn length(a: u8, b: u8, c: u8) -> usize {
    usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
        let mut bytes = (payload as u32).to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags, 0, 0, 0, 1]);
        bytes.resize(HEAD + payload, 0);
        bytes
    }

    fn flood_after(frames: usize, one: &[u8]) -> Option<Flood> {
        let mut counter = Frames::from_server(&Settings::edge());
        let now = Instant::now();
        for _ in 0..frames {
            counter.see(one, || now);
        }
        counter.flood()
    }

    #[test]
    fn each_limit_is_what_is_still_allowed() {
        for (kind, payload, limit, flood) in [
            (PING, 8, 100, Flood::Ping),
            (SETTINGS, 0, 100, Flood::Settings),
            (RST_STREAM, 4, 200, Flood::Reset),
            (DATA, 0, 100, Flood::EmptyData),
        ] {
            let one = frame(kind, 0, payload);
            assert_eq!(flood_after(limit, &one), None, "frame type {kind}");
            assert_eq!(flood_after(limit + 1, &one), Some(flood), "frame type {kind}");
        }
        assert_eq!(flood_after(1_000, &frame(PING, ACK, 8)), None);
        assert_eq!(flood_after(1_000, &frame(DATA, END_STREAM, 0)), None);
        assert_eq!(flood_after(1_000, &frame(DATA, 0, 1)), None);
    }

    #[test]
    fn only_void_data_of_a_stream_may_be_left_out() {
        let at_head = Frames::from_server(&Settings::edge());
        let void = frame(DATA, 0, 0);
        let mut on_no_stream = void.clone();
        on_no_stream[8] = 0;
        for (bytes, expected) in [
            (&void[..], (HEAD, true)),
            (&[void.clone(), void.clone()].concat(), (HEAD, true)),
            (&void[..8], (8, false)),
            (&on_no_stream, (HEAD, false)),
            (&frame(DATA, END_STREAM, 0), (HEAD, false)),
            (&frame(DATA, PADDED, 0), (HEAD, false)),
            (&frame(DATA, 0, 5), (HEAD + 5, false)),
            (&frame(SETTINGS, 0, 0), (HEAD, false)),
        ] {
            assert_eq!(at_head.next_piece(bytes), expected, "{bytes:?}");
        }
        let mut within = Frames::from_server(&Settings::edge());
        let now = Instant::now();
        within.see(&frame(DATA, 0, 20)[..HEAD + 3], || now);
        assert_eq!(
            within.next_piece(&[0; 100]),
            (17, false),
            "a payload may look like a head"
        );
        within.see(&[0; 20], || now);
        assert_eq!(within.next_piece(&[0; 100]), (6, false), "and a head may be cut");
    }

    #[test]
    fn a_window_later_the_count_begins_anew() {
        let mut counter = Frames::from_server(&Settings::edge());
        let start = Instant::now();
        let ping = frame(PING, 0, 8);
        for round in 0..5 {
            for _ in 0..100 {
                counter.see(&ping, || start + FLOOD_WINDOW * round + Duration::from_millis(1));
            }
        }
        assert_eq!(counter.flood(), None);
    }

    #[test]
    fn any_split_of_the_bytes_counts_the_same() {
        let mut bytes = vec![b'x'; CLIENT_PREFACE];
        for _ in 0..101 {
            bytes.extend(frame(DATA, 0, 300));
            bytes.extend(frame(PING, 0, 8));
        }
        bytes.extend(frame(GOAWAY, 0, 8));
        bytes.extend(frame(HEADERS, 0, 5));
        let now = Instant::now();
        for size in [1, 2, 8, 9, 10, 17, 1_000, bytes.len()] {
            let mut counter = Frames::from_client(&Settings::edge());
            for piece in bytes.chunks(size) {
                counter.see(piece, || now);
            }
            assert_eq!(counter.flood(), Some(Flood::Ping), "pieces of {size}");
            assert!(counter.has_seen_goaway() && counter.is_inside_head() && !counter.has_seen_settings());
        }
    }
}
