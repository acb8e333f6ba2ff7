//! Any bytes as what a client sends on an HTTP/1.1 connection, through the driver: it ends, each request gets at most one
//! answer, in order and well-formed, and however the bytes are cut, the same requests are seen and answered alike.
#![no_main]

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, Uri};
use libfuzzer_sys::fuzz_target;
use tidegate::exchange::{self, Body, Error, Exchange};
use tidegate::http1;
use tidegate_fuzz::{Answer, Place, collect, feed, outcome, pair, read_answers, run};
use tokio::io::AsyncWriteExt;
use tower::Service;

/// What the stack does with a request.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Reads it to its end, then answers with its body.
    Echo,
    /// Answers with its body as that comes.
    Stream,
    /// Answers without reading.
    Ignore,
    /// Refuses without reading.
    Refuse,
}

#[derive(Debug, PartialEq)]
struct Seen {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    /// As far as the stack read it.
    body: Vec<u8>,
}

#[derive(Clone)]
struct Stack {
    manner: Manner,
    seen: Rc<RefCell<Vec<Seen>>>,
}

fuzz_target!(|data: &[u8]| {
    let [choice, step, bytes @ ..] = data else { return };
    let manner = match choice % 4 {
        0 => Manner::Echo,
        1 => Manner::Stream,
        2 => Manner::Ignore,
        _ => Manner::Refuse,
    };
    // Some clients say that they have finished; others just stop.
    let finishes = choice & 4 != 0;
    run(async {
        let (seen, answers) = converse(bytes, bytes.len(), manner, finishes).await;
        let (seen_in_pieces, answers_in_pieces) = converse(bytes, usize::from(*step), manner, finishes).await;
        if matches!(manner, Manner::Refuse) {
            // Whether the connection is kept depends on how much of the body had come.
            return;
        }
        assert_eq!(seen, seen_in_pieces);
        assert_eq!(answers, answers_in_pieces);
    });
});

/// The requests that the stack saw, and the complete answers to them.
async fn converse(bytes: &[u8], step: usize, manner: Manner, finishes: bool) -> (Vec<Seen>, Vec<Answer>) {
    let place = Place::without_upstream();
    let (io, client) = pair();
    let stack = Stack {
        manner,
        seen: Rc::default(),
    };
    let seen = Rc::clone(&stack.seen);
    let driver = tokio::task::spawn_local(http1::serve(place.session(io), stack));
    let (reader, mut writer) = client.into_split();
    let received = collect(reader);
    if feed(&mut writer, bytes, step).await && finishes {
        let _ = writer.shutdown().await;
    }
    outcome(driver).await;
    drop(writer);
    let received = outcome(received).await;
    let seen = seen.take();
    let methods: Vec<_> = seen.iter().map(|seen| seen.method.clone()).collect();
    let mut answers = read_answers(&received, &methods);
    assert!(answers.len() <= seen.len() + 1, "{answers:?} to {seen:?}");
    if let Some((_, earlier)) = answers.split_last() {
        assert!(earlier.iter().all(|answer| answer.complete), "{answers:?}");
        assert!(earlier.len() <= seen.len(), "{answers:?} to {seen:?}");
    }
    // How much of the last one came depends on when its request broke off.
    answers.retain(|answer| answer.complete);
    (seen, answers)
}

impl Service<Box<Exchange>> for Stack {
    type Response = exchange::Answer;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<exchange::Answer, Error>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, exchange: Box<Exchange>) -> Self::Future {
        let stack = self.clone();
        Box::pin(async move { stack.answer(exchange).await })
    }
}

impl Stack {
    async fn answer(self, exchange: Box<Exchange>) -> Result<exchange::Answer, Error> {
        let Exchange { head, mut body, .. } = *exchange;
        let hosts = head.headers.get_all("host").iter().count();
        assert_eq!(hosts, 1, "{head:?}");
        self.seen.borrow_mut().push(Seen {
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            body: Vec::new(),
        });
        let (status, body) = match self.manner {
            Manner::Echo => (200, Body::Full(self.read(&mut body).await?)),
            Manner::Stream => (200, body),
            Manner::Ignore => (200, Body::Full(Bytes::from_static(b"ignored"))),
            Manner::Refuse => (413, Body::Full(Bytes::from_static(b"refused"))),
        };
        Ok(Response::builder().status(status).body(body).expect("an answer").into())
    }

    async fn read(&self, body: &mut Body) -> Result<Bytes, Error> {
        let mut all = Vec::new();
        while let Some(frame) = poll_fn(|cx| body.poll_frame(cx)).await {
            if let Ok(data) = frame?.into_data() {
                all.extend_from_slice(&data);
            }
        }
        if let Some(last) = self.seen.borrow_mut().last_mut() {
            last.body.clone_from(&all);
        }
        Ok(all.into())
    }
}
