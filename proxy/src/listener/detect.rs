//! Tells HTTP/2 with prior knowledge from HTTP/1.1 on the same port, by the connection preface (RFC 9113 section 3.4).

use std::future::poll_fn;
use std::task::{Poll, ready};

use crate::exchange::Protocol;
use crate::http1::Transport;
use crate::live::Listener;
use crate::worker::{LAST_CALL, Watch, Worker};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Why it is not known what a client speaks.
pub(super) enum Unknown {
    /// It left, or said nothing for too long, or until the drain.
    Silent,
    /// What it said could become either, and it says no more.
    Late,
}

/// Reads until the protocol is clear.
pub(super) async fn detect(
    transport: &mut Transport,
    listener: &Listener,
    drain: &Watch,
    worker: &Worker,
) -> Result<Protocol, Unknown> {
    let mut deadline = worker.timer.deadline();
    if let Some(limit) = listener.timeouts.idle {
        deadline.arm(worker.env.now() + limit);
    }
    let mut was_called = false;
    poll_fn(|cx| {
        loop {
            if let Some(protocol) = tell(&transport.input) {
                return Poll::Ready(Ok(protocol));
            }
            let is_first = transport.input.is_empty();
            match transport.poll_fill(cx, &worker.buffers) {
                Poll::Ready(Ok(1..)) if is_first => {
                    if let Some(limit) = listener.timeouts.request_head {
                        deadline.arm(worker.env.now() + limit);
                    }
                }
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(_) => return Poll::Ready(Err(Unknown::Silent)),
                Poll::Pending => {
                    if !was_called && transport.input.is_empty() && drain.poll(cx).is_ready() {
                        was_called = true;
                        deadline.arm(worker.env.now() + LAST_CALL);
                    }
                    ready!(deadline.poll(cx));
                    let has_begun = !transport.input.is_empty();
                    return Poll::Ready(Err(if has_begun { Unknown::Late } else { Unknown::Silent }));
                }
            }
        }
    })
    .await
}

/// `None` while what is there could become either.
fn tell(input: &[u8]) -> Option<Protocol> {
    if input.starts_with(PREFACE) {
        Some(Protocol::Http2)
    } else if PREFACE.starts_with(input) {
        None
    } else {
        Some(Protocol::Http1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_preface_is_http2_and_anything_that_leaves_it_is_http1() {
        assert_eq!(tell(b""), None);
        assert_eq!(tell(b"P"), None);
        assert_eq!(tell(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r"), None);
        assert_eq!(tell(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Some(Protocol::Http2));
        assert_eq!(tell(b"PUT / HTTP/1.1\r\n"), Some(Protocol::Http1));
        assert_eq!(tell(b"PRI * HTTP/1.1\r\n"), Some(Protocol::Http1));
    }
}
