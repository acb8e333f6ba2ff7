//! One direction of a tunnel. Owns a buffer only while bytes are in it.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};

use super::websocket::Frames;
use crate::exchange::Io;
use crate::worker::Buffers;

#[derive(Debug)]
pub(super) struct Half {
    buffer: BytesMut,
    frames: Frames,
    state: State,
    /// Bytes written since this was last asked.
    passed: usize,
    /// To be said at the next end of a frame, as the last word.
    last_word: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Passing,
    /// The source has finished: write what is left, then say so.
    Ending,
    /// The last word is in the buffer; what still comes is not passed on.
    Parting,
    Discarding,
    Done,
}

/// Which end failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Broken {
    Source,
    Sink,
}

impl Half {
    /// `prefix` was read from the source before.
    pub(super) fn new(prefix: BytesMut) -> Self {
        Self {
            buffer: prefix,
            frames: Frames::default(),
            state: State::Passing,
            passed: 0,
            last_word: None,
        }
    }

    pub(super) fn take_passed(&mut self) -> usize {
        std::mem::take(&mut self.passed)
    }

    /// Ends this direction with `last_word`, as soon as no frame is cut in two by it.
    pub(super) fn part_with(&mut self, last_word: Vec<u8>) {
        if self.state == State::Passing {
            self.last_word = Some(last_word);
        }
    }

    /// Ready when the source has finished and the sink knows.
    pub(super) fn poll(
        &mut self,
        source: &mut Io,
        sink: &mut Io,
        buffers: &Buffers,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Broken>> {
        loop {
            self.part();
            ready!(self.poll_write(sink, cx)).map_err(|_| Broken::Sink)?;
            if matches!(self.state, State::Ending | State::Parting) {
                // A sink that is gone needs to be told nothing.
                let _ = ready!(Pin::new(&mut *sink).poll_shutdown(cx));
                self.state = match self.state {
                    State::Ending => State::Done,
                    _ => State::Discarding,
                };
            }
            if self.state == State::Done {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_read(source, buffers, cx)).map_err(|_| Broken::Source)?;
        }
    }

    fn part(&mut self) {
        let Some(last_word) = &self.last_word else { return };
        if let Some(boundary) = self.frames.next_boundary(&self.buffer) {
            self.buffer.truncate(boundary);
            self.buffer.extend_from_slice(last_word);
            self.last_word = None;
            self.state = State::Parting;
        }
    }

    fn poll_write(&mut self, sink: &mut Io, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        while !self.buffer.is_empty() {
            let written = ready!(Pin::new(&mut *sink).poll_write(cx, &self.buffer))?;
            if written == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            self.frames.pass(self.buffer.get(..written).unwrap_or_default());
            self.buffer.advance(written);
            self.passed += written;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once.
    fn poll_read(&mut self, source: &mut Io, buffers: &Buffers, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.buffer.capacity() > 0 {
            buffers.give_back(std::mem::take(&mut self.buffer));
        }
        ready!(source.poll_read_ready(cx))?;
        self.buffer = buffers.take();
        let read = ready!(pin!(source.read_buf(&mut self.buffer)).poll(cx))?;
        match (read, self.state) {
            (0, State::Passing) => self.state = State::Ending,
            (0, _) => self.state = State::Done,
            (_, State::Passing) => {}
            (_, _) => self.buffer.clear(),
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Both ends of a connection.
    async fn pair() -> (Io, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
        (Io::Tcp(near.unwrap()), far.unwrap().0)
    }

    #[tokio::test]
    async fn the_last_word_waits_for_the_end_of_a_frame_and_nothing_follows_it() {
        let ((mut source, mut sender), (mut sink, mut receiver)) = (pair().await, pair().await);
        let buffers = Buffers::default();
        let mut half = Half::new(BytesMut::from(&b"\x82\x04ab"[..]));
        let passing = poll_fn(|cx| half.poll(&mut source, &mut sink, &buffers, cx));
        let mut begun = [0; 4];
        tokio::select! {
            ended = passing => panic!("{ended:?}"),
            read = receiver.read_exact(&mut begun) => assert_eq!(read.unwrap(), 4),
        }
        assert_eq!(half.take_passed(), 4);

        half.part_with(b"bye".to_vec());
        sender.write_all(b"cd\x82\x01e\x82\x01f").await.unwrap();
        sender.shutdown().await.unwrap();
        let ended = poll_fn(|cx| half.poll(&mut source, &mut sink, &buffers, cx)).await;
        assert_eq!(ended, Ok(()));
        let mut rest = Vec::new();
        receiver.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"cdbye");
    }

    #[tokio::test]
    async fn a_reset_source_is_told_from_a_sink_that_has_gone() {
        for (is_source, broken) in [(true, Broken::Source), (false, Broken::Sink)] {
            let ((mut source, sender), (mut sink, receiver)) = (pair().await, pair().await);
            let buffers = Buffers::default();
            let mut half = Half::new(BytesMut::new());
            let (gone, mut stays) = if is_source {
                (sender, receiver)
            } else {
                (receiver, sender)
            };
            gone.set_zero_linger().unwrap();
            drop(gone);
            if !is_source {
                stays.write_all(b"for nobody").await.unwrap();
            }
            let ended = poll_fn(|cx| half.poll(&mut source, &mut sink, &buffers, cx)).await;
            assert_eq!(ended, Err(broken));
        }
    }

    #[tokio::test]
    async fn a_silent_half_owns_no_buffer() {
        let ((mut source, mut sender), (mut sink, mut receiver)) = (pair().await, pair().await);
        let buffers = Buffers::default();
        let mut half = Half::new(BytesMut::new());
        sender.write_all(b"hi").await.unwrap();
        let mut read = [0; 2];
        tokio::select! {
            ended = poll_fn(|cx| half.poll(&mut source, &mut sink, &buffers, cx)) => panic!("{ended:?}"),
            done = receiver.read_exact(&mut read) => assert_eq!(done.unwrap(), 2),
        }
        let asked = poll_fn(|cx| Poll::Ready(half.poll(&mut source, &mut sink, &buffers, cx))).await;
        assert!(asked.is_pending());
        assert_eq!(half.buffer.capacity(), 0);
    }
}
