//! An HTTP/2 client connection (prior knowledge): many streams at once, each answer checked for status and length.

use std::net::TcpStream;
use std::sync::Arc;

use super::Client;
use crate::Outcome;
use crate::http1::SMALL;
use crate::http2::{
    ACK, Blocks, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, OUR_WINDOW, PADDED, PING,
    PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE, initial_window, is_ok, put_frame, put_hello, take_frame,
};
use crate::socket::{Got, Outbox, feed, read};

#[derive(Debug)]
struct Flight {
    stream: u32,
    due: u64,
    body: usize,
}

#[derive(Debug)]
pub(super) struct Http2 {
    blocks: Arc<Blocks>,
    streams: usize,
    flights: Vec<Flight>,
    next_stream: u32,
    stash: Vec<u8>,
    out: Outbox,
    /// Received since the connection's window was last topped up.
    received: u32,
}

impl Http2 {
    pub(super) fn new(blocks: &Arc<Blocks>, streams: usize) -> Self {
        let mut out = Outbox::default();
        out.bytes.extend_from_slice(PREFACE);
        put_hello(&mut out.bytes);
        Self {
            blocks: Arc::clone(blocks),
            streams,
            flights: Vec::with_capacity(streams),
            next_stream: 1,
            stash: Vec::new(),
            out,
            received: 0,
        }
    }

    fn frame(&mut self, frame: &Frame<'_>, answered: &mut Vec<u64>) -> Outcome<()> {
        match frame.kind {
            HEADERS if frame.flags & PADDED == 0 && is_ok(frame) => {}
            DATA if frame.flags & PADDED == 0 => {
                self.received += frame.payload.len() as u32;
                let flight = self.flights.iter_mut().find(|flight| flight.stream == frame.stream);
                flight.ok_or("DATA of no stream")?.body += frame.payload.len();
            }
            SETTINGS if frame.flags & ACK == 0 => {
                initial_window(frame.payload)?;
                put_frame(&mut self.out.bytes, SETTINGS, ACK, 0, &[]);
                return Ok(());
            }
            PING if frame.flags & ACK == 0 => {
                put_frame(&mut self.out.bytes, PING, ACK, 0, frame.payload);
                return Ok(());
            }
            HEADERS | RST_STREAM | GOAWAY | CONTINUATION | DATA => {
                return Err(format!("an answer that is none: {frame:?}").into());
            }
            _ => return Ok(()),
        }
        if frame.flags & END_STREAM != 0 {
            let position = self.flights.iter().position(|flight| flight.stream == frame.stream);
            let flight = self.flights.swap_remove(position.ok_or("the end of no stream")?);
            if flight.body != SMALL {
                return Err(format!("an answer of {} bytes", flight.body).into());
            }
            answered.push(flight.due);
        }
        Ok(())
    }
}

impl Client for Http2 {
    fn free(&self) -> usize {
        self.streams - self.flights.len()
    }

    fn start(&mut self, due: u64) -> Outcome<()> {
        let stream = self.next_stream;
        self.next_stream = stream
            .checked_add(2)
            .filter(|next| next >> 31 == 0)
            .ok_or("out of stream ids")?;
        let block = if stream == 1 {
            &self.blocks.first
        } else {
            &self.blocks.later
        };
        put_frame(&mut self.out.bytes, HEADERS, END_HEADERS | END_STREAM, stream, block);
        self.flights.push(Flight { stream, due, body: 0 });
        Ok(())
    }

    fn flush(&mut self, socket: &TcpStream) -> Outcome<()> {
        self.out.flush(socket)
    }

    fn ready(&mut self, socket: &TcpStream, scratch: &mut [u8], answered: &mut Vec<u64>) -> Outcome<()> {
        loop {
            match read(socket, scratch)? {
                Got::Bytes { count, last } => {
                    let mut stash = std::mem::take(&mut self.stash);
                    feed(&mut stash, scratch.get(..count).unwrap_or_default(), |bytes| {
                        while let Some(frame) = take_frame(bytes) {
                            self.frame(&frame, answered)?;
                        }
                        Ok(())
                    })?;
                    self.stash = stash;
                    if last {
                        break;
                    }
                }
                Got::Nothing => break,
                Got::Closed => return Err("the proxy closed a connection".into()),
            }
        }
        if self.received > OUR_WINDOW / 2 {
            put_frame(&mut self.out.bytes, WINDOW_UPDATE, 0, 0, &self.received.to_be_bytes());
            self.received = 0;
        }
        // In a closed loop the next requests go with what stands here already.
        if answered.is_empty() {
            self.out.flush(socket)
        } else {
            Ok(())
        }
    }
}
