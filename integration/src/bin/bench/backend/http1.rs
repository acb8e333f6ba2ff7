//! The HTTP/1.1 side of the backend: 1 KiB for a GET, 1 MiB for a GET of the large path, 1 KiB after a drained upload.

use std::net::TcpStream;
use std::sync::Arc;

use super::Session;
use crate::Outcome;
use crate::http1::request;
use crate::message::Message;
use crate::socket::{Got, discard, read};

#[derive(Debug, Clone)]
pub(super) struct Answers {
    small: Arc<Message>,
    large: Arc<Message>,
}

impl Answers {
    pub(super) fn new() -> Outcome<Self> {
        Ok(Self {
            small: Arc::new(Message::small_answer()?),
            large: Arc::new(Message::large_answer()?),
        })
    }
}

#[derive(Debug)]
enum State {
    Head,
    Upload { left: u64 },
    Answer { large: bool, sent: usize },
}

#[derive(Debug)]
pub(super) struct Http1 {
    answers: Answers,
    state: State,
    stash: Vec<u8>,
}

impl Http1 {
    pub(super) fn new(answers: &Answers) -> Self {
        Self {
            answers: answers.clone(),
            state: State::Head,
            stash: Vec::new(),
        }
    }

    /// Reads a request's head out of `fresh` behind what was stashed.
    fn head(&mut self, fresh: &[u8]) -> Outcome<()> {
        let joined;
        let bytes = if self.stash.is_empty() {
            fresh
        } else {
            self.stash.extend_from_slice(fresh);
            joined = std::mem::take(&mut self.stash);
            &joined
        };
        let Some(head) = request(bytes)? else {
            self.stash = bytes.to_vec();
            return Ok(());
        };
        let left = head
            .body
            .checked_sub((bytes.len() - head.length) as u64)
            .ok_or("bytes behind a request's end")?;
        self.state = if left > 0 {
            State::Upload { left }
        } else {
            State::Answer {
                large: head.large_answer,
                sent: 0,
            }
        };
        Ok(())
    }
}

impl Session for Http1 {
    fn ready(&mut self, socket: &TcpStream, scratch: &mut [u8]) -> Outcome<bool> {
        // A short read means that nothing is left: the next bytes raise a new edge.
        let mut drained = false;
        loop {
            match &mut self.state {
                State::Answer { large, sent } => {
                    let answer = if *large {
                        &self.answers.large
                    } else {
                        &self.answers.small
                    };
                    if !answer.send(socket, sent)? {
                        return Ok(true);
                    }
                    self.state = State::Head;
                }
                _ if drained => return Ok(true),
                State::Upload { left } => match discard(socket, scratch, *left)? {
                    Got::Bytes { count, .. } => {
                        *left -= count as u64;
                        if *left == 0 {
                            self.state = State::Answer { large: false, sent: 0 };
                        }
                    }
                    Got::Nothing => return Ok(true),
                    Got::Closed => return Err("closed in mid-upload".into()),
                },
                State::Head => match read(socket, scratch)? {
                    Got::Bytes { count, last } => {
                        drained = last;
                        self.head(scratch.get(..count).unwrap_or_default())?;
                    }
                    Got::Nothing => return Ok(true),
                    Got::Closed => return Ok(false),
                },
            }
        }
    }
}
