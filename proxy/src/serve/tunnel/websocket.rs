//! As much of RFC 6455 as it takes to say goodbye: where frames end, and the Close frames that a server and a client send.

use crate::worker::Env;

/// RFC 6455 section 7.4.1: the endpoint goes away.
const GOING_AWAY: [u8; 2] = 1001_u16.to_be_bytes();

/// FIN and the opcode of Close.
const CLOSE: u8 = 0x88;
const MASKED: u8 = 0x80;
const MASK_BYTES: u64 = 4;

/// Follows one direction of a connection and knows where its frames end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frames {
    /// The length octets of the head, as far as they came: the second octet, and up to eight more.
    head: [u8; 9],
    /// How many octets of the head have come, the first, which is not kept, among them.
    seen: usize,
    /// Octets of masking key and payload that are still to come.
    left: u64,
}

impl Frames {
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let used = self.pass_one(bytes);
            bytes = bytes.get(used..).unwrap_or_default();
        }
    }

    /// How many of `bytes`, which come next, belong to the frame that has begun; `None` when it goes on behind them.
    pub(super) fn next_boundary(mut self, bytes: &[u8]) -> Option<usize> {
        if self.is_between() {
            return Some(0);
        }
        let used = self.pass_one(bytes);
        self.is_between().then_some(used)
    }

    fn is_between(&self) -> bool {
        self.seen == 0 && self.left == 0
    }

    /// Passes bytes up to the end of a frame, or all; how many.
    fn pass_one(&mut self, bytes: &[u8]) -> usize {
        let mut used = 0;
        while self.left == 0 {
            let Some(byte) = bytes.get(used) else { return used };
            used += 1;
            if let Some(place) = self.seen.checked_sub(1).and_then(|place| self.head.get_mut(place)) {
                *place = *byte;
            }
            self.seen += 1;
            if let Some(rest) = self.rest() {
                self.seen = 0;
                self.left = rest;
                break;
            }
        }
        let payload = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len() - used);
        self.left -= payload as u64;
        used + payload
    }

    /// RFC 6455 section 5.2: what follows the head, once that is whole.
    fn rest(&self) -> Option<u64> {
        let [second, long @ ..] = self.head;
        let payload = match (second & !MASKED, self.seen) {
            (126, 4) => u64::from(u16::from_be_bytes([long[0], long[1]])),
            (127, 10) => u64::from_be_bytes(long),
            (0..126, 2) => u64::from(second & !MASKED),
            _ => return None,
        };
        let mask = if second & MASKED == 0 { 0 } else { MASK_BYTES };
        Some(payload.saturating_add(mask))
    }
}

pub(super) fn going_away_to_client() -> Vec<u8> {
    [&[CLOSE, GOING_AWAY.len() as u8][..], &GOING_AWAY].concat()
}

/// RFC 6455 section 5.3: what goes to a server is masked, with a key that nobody can foresee.
pub(super) fn going_away_to_server(env: &Env) -> Vec<u8> {
    let key = (env.random() as u32).to_be_bytes();
    let masked = [GOING_AWAY[0] ^ key[0], GOING_AWAY[1] ^ key[1]];
    [&[CLOSE, MASKED | GOING_AWAY.len() as u8][..], &key, &masked].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(masked: bool, payload: usize) -> Vec<u8> {
        let mask = if masked { MASKED } else { 0 };
        let mut frame = vec![0x82];
        match payload {
            0..126 => frame.push(mask | payload as u8),
            126..0x1_0000 => {
                frame.push(mask | 126);
                frame.extend((payload as u16).to_be_bytes());
            }
            _ => {
                frame.push(mask | 127);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        // A payload that looks like heads all over.
        frame.resize(frame.len() + usize::from(masked) * 4 + payload, 0x81);
        frame
    }

    #[test]
    fn frames_end_where_they_say_however_they_are_cut() {
        for payload in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            for masked in [false, true] {
                let frame = frame(masked, payload);
                let two = [&frame[..], &frame[..]].concat();
                for cut in [0, 1, 2, 3, 5, 9, 11, frame.len() - 1, frame.len()] {
                    let cut = cut.min(frame.len());
                    let mut frames = Frames::default();
                    frames.pass(&two[..cut]);
                    let ahead = (frame.len() - cut) % frame.len();
                    assert_eq!(frames.next_boundary(&two[cut..]), Some(ahead), "{payload} at {cut}");
                    if ahead > 0 {
                        assert_eq!(frames.next_boundary(&two[cut..frame.len() - 1]), None);
                    }
                    frames.pass(&two[cut..]);
                    assert_eq!(frames.next_boundary(&[]), Some(0));
                }
                let mut frames = Frames::default();
                frame.iter().for_each(|byte| frames.pass(&[*byte]));
                assert!(frames.is_between());
            }
        }
    }

    #[test]
    fn a_length_beyond_all_measure_is_only_never_reached() {
        let mut frames = Frames::default();
        frames.pass(&[0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
        assert_eq!(frames.next_boundary(&[0; 100]), None);
    }

    #[test]
    fn a_masked_close_says_the_same_under_its_key() {
        let close = going_away_to_server(&Env::seeded(3));
        let (head, body) = close.split_at(2);
        assert_eq!(head, [0x88, 0x82]);
        let (key, masked) = body.split_at(4);
        let code = [masked[0] ^ key[0], masked[1] ^ key[1]];
        assert_eq!(u16::from_be_bytes(code), 1001);
        assert_eq!(going_away_to_client(), [0x88, 2, 0x03, 0xe9]);
    }
}
