//! The HTTP/2 side of the backend (prior knowledge): 1 KiB for every stream that the peer has ended.

use std::collections::VecDeque;
use std::net::TcpStream;
use std::sync::Arc;

use super::Session;
use crate::Outcome;
use crate::http1::SMALL;
use crate::http2::{
    ACK, Blocks, DATA, DEFAULT_WINDOW, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, PING, PREFACE, SETTINGS,
    WINDOW_UPDATE, initial_window, put_frame, put_hello, take_frame,
};
use crate::socket::{Got, Outbox, feed, read};

#[derive(Debug, Clone)]
pub(super) struct Answer {
    blocks: Arc<Blocks>,
    body: Arc<[u8]>,
}

impl Answer {
    pub(super) fn new() -> Self {
        Self {
            blocks: Arc::new(Blocks::response()),
            body: vec![b'x'; SMALL].into(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Http2 {
    answer: Answer,
    greeted: bool,
    indexed: bool,
    stash: Vec<u8>,
    out: Outbox,
    /// What the peer's connection window still allows.
    window: i64,
    /// Streams that wait for it.
    waiting: VecDeque<u32>,
}

impl Http2 {
    pub(super) fn new(answer: &Answer) -> Self {
        let mut out = Outbox::default();
        put_hello(&mut out.bytes);
        Self {
            answer: answer.clone(),
            greeted: false,
            indexed: false,
            stash: Vec::new(),
            out,
            window: DEFAULT_WINDOW,
            waiting: VecDeque::new(),
        }
    }

    fn consume(&mut self, bytes: &mut &[u8]) -> Outcome<()> {
        if !self.greeted {
            let Some((preface, rest)) = bytes.split_at_checked(PREFACE.len()) else {
                return Ok(());
            };
            if preface != PREFACE {
                return Err("not the preface of HTTP/2".into());
            }
            self.greeted = true;
            *bytes = rest;
        }
        while let Some(frame) = take_frame(bytes) {
            self.frame(&frame)?;
        }
        self.answer_waiting();
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Outcome<()> {
        match frame.kind {
            HEADERS | DATA if frame.flags & END_STREAM != 0 => self.waiting.push_back(frame.stream),
            SETTINGS if frame.flags & ACK == 0 => {
                if initial_window(frame.payload)?.is_some_and(|window| window < SMALL as i64) {
                    return Err("a stream's window under 1 KiB".into());
                }
                put_frame(&mut self.out.bytes, SETTINGS, ACK, 0, &[]);
            }
            PING if frame.flags & ACK == 0 => put_frame(&mut self.out.bytes, PING, ACK, 0, frame.payload),
            WINDOW_UPDATE if frame.stream == 0 => {
                let more = frame.payload.first_chunk::<4>().ok_or("a short WINDOW_UPDATE")?;
                self.window += i64::from(u32::from_be_bytes(*more));
            }
            GOAWAY => {
                let (_, code) = frame.payload.split_first_chunk::<4>().ok_or("a short GOAWAY")?;
                if code.first_chunk() != Some(&[0; 4]) {
                    return Err(format!("GOAWAY {code:?}").into());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn answer_waiting(&mut self) {
        while self.window >= SMALL as i64
            && let Some(stream) = self.waiting.pop_front()
        {
            let blocks = &self.answer.blocks;
            let block = if self.indexed { &blocks.later } else { &blocks.first };
            put_frame(&mut self.out.bytes, HEADERS, END_HEADERS, stream, block);
            put_frame(&mut self.out.bytes, DATA, END_STREAM, stream, &self.answer.body);
            self.indexed = true;
            self.window -= SMALL as i64;
        }
    }
}

impl Session for Http2 {
    fn ready(&mut self, socket: &TcpStream, scratch: &mut [u8]) -> Outcome<bool> {
        let open = loop {
            match read(socket, scratch)? {
                Got::Bytes { count, last } => {
                    let mut stash = std::mem::take(&mut self.stash);
                    let fresh = scratch.get(..count).unwrap_or_default();
                    feed(&mut stash, fresh, |bytes| self.consume(bytes))?;
                    self.stash = stash;
                    if last {
                        break true;
                    }
                }
                Got::Nothing => break true,
                Got::Closed => break false,
            }
        };
        self.out.flush(socket)?;
        Ok(open)
    }
}
