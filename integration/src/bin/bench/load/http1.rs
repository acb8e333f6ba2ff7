//! An HTTP/1.1 client connection: one request at a time, its answer checked for status and length.

use std::net::TcpStream;
use std::sync::Arc;

use super::Client;
use crate::Outcome;
use crate::http1::response;
use crate::message::Message;
use crate::socket::{Got, discard, read};

#[derive(Debug)]
pub(super) struct Http1 {
    /// What is asked for in turn, and whose turn it is.
    requests: Arc<Vec<Message>>,
    turn: usize,
    /// When the request in flight was due, and how much of it is sent.
    flight: Option<(u64, usize)>,
    stash: Vec<u8>,
    /// What is still to come of the answer's body, once its head is read.
    body: Option<u64>,
}

impl Http1 {
    /// Begins with the request of this number.
    pub(super) fn new(requests: &Arc<Vec<Message>>, first: usize) -> Self {
        Self {
            requests: Arc::clone(requests),
            turn: first,
            flight: None,
            stash: Vec::new(),
            body: None,
        }
    }

    fn head(&mut self, fresh: &[u8]) -> Outcome<()> {
        let joined;
        let bytes = if self.stash.is_empty() {
            fresh
        } else {
            self.stash.extend_from_slice(fresh);
            joined = std::mem::take(&mut self.stash);
            &joined
        };
        match response(bytes)? {
            Some(head) => {
                let here = (bytes.len() - head.length) as u64;
                self.body = Some(head.body.checked_sub(here).ok_or("bytes behind an answer's end")?);
            }
            None => self.stash = bytes.to_vec(),
        }
        Ok(())
    }
}

impl Client for Http1 {
    fn free(&self) -> usize {
        usize::from(self.flight.is_none())
    }

    fn start(&mut self, due: u64) -> Outcome<()> {
        // A stride that is prime to any number of routes: neighbours in the list are not asked for together.
        self.turn = (self.turn + 7_919) % self.requests.len();
        self.flight = Some((due, 0));
        Ok(())
    }

    fn flush(&mut self, socket: &TcpStream) -> Outcome<()> {
        if let Some((_, sent)) = &mut self.flight {
            let request = self.requests.get(self.turn).ok_or("no request")?;
            request.send(socket, sent)?;
        }
        Ok(())
    }

    fn ready(&mut self, socket: &TcpStream, scratch: &mut [u8], answered: &mut Vec<u64>) -> Outcome<()> {
        self.flush(socket)?;
        loop {
            let got = match self.body {
                Some(left) => discard(socket, scratch, left)?,
                None => read(socket, scratch)?,
            };
            let last = match got {
                Got::Nothing => return Ok(()),
                Got::Closed => return Err("the proxy closed a connection".into()),
                Got::Bytes { count, last } => {
                    match &mut self.body {
                        Some(left) => *left -= count as u64,
                        None if self.flight.is_none() => return Err("an answer without a request".into()),
                        None => self.head(scratch.get(..count).unwrap_or_default())?,
                    }
                    last
                }
            };
            if self.body == Some(0) {
                self.body = None;
                answered.extend(self.flight.take().map(|(due, _)| due));
                return Ok(());
            }
            // A short read means that nothing is left: the next bytes raise a new edge.
            if last {
                return Ok(());
            }
        }
    }
}
