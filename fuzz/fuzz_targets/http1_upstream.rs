//! Any bytes as what an HTTP/1.1 upstream answers, through the whole stack: what the client gets is well-formed, everything
//! ends, and whatever the first answer left behind, the answer to the next request is its own.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use tidegate::{http1, serve};
use tidegate_fuzz::{Answer, Place, collect, feed, outcome, pair, read_answers, run, settle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

const HONEST: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhonest";

const REQUESTS: [(Method, &[u8]); 5] = [
    (Method::GET, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    (Method::HEAD, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
    (
        Method::POST,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ),
    (
        Method::GET,
        b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    ),
    (
        Method::GET,
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ),
];

fuzz_target!(|data: &[u8]| {
    let [choice, step, bytes @ ..] = data else { return };
    let (method, request) = &REQUESTS[usize::from(choice % 8) % REQUESTS.len()];
    let (closes, bytes, step) = (choice & 8 != 0, bytes.to_vec(), usize::from(*step));
    run(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let place = Place::new(listener.local_addr().expect("an address"));
        let upstream = spawn_local(upstream(listener, bytes, step, closes));
        let first = ask(&place, request, method).await;
        assert!(first.len() <= 1, "{first:?}");
        // Time for whatever else the upstream has to say.
        for _ in 0..20 {
            settle().await;
        }
        let second = ask(&place, REQUESTS[0].1, &Method::GET).await;
        assert!(
            matches!(second.as_slice(), [Answer { body, complete: true, .. }] if body == b"honest"),
            "{second:?} after {first:?}"
        );
        upstream.abort();
    });
});

/// Sends one request on a connection of its own and reads to the end.
async fn ask(place: &Place, request: &[u8], method: &Method) -> Vec<Answer> {
    let (io, client) = pair();
    let driver = spawn_local(http1::serve(place.session(io), serve::stack()));
    let (reader, mut writer) = client.into_split();
    let received = collect(reader);
    let _ = writer.write_all(request).await;
    let _ = writer.shutdown().await;
    outcome(driver).await;
    let received = outcome(received).await;
    read_answers(&received, std::slice::from_ref(method))
}

/// Answers the first request it gets with `bytes`, and all others honestly.
async fn upstream(listener: TcpListener, bytes: Vec<u8>, step: usize, closes: bool) {
    let mut first = Some(bytes);
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("a setting of every TCP socket");
        let bytes = first.take();
        spawn_local(answer(stream, bytes, step, closes));
    }
}

async fn answer(mut stream: TcpStream, first: Option<Vec<u8>>, step: usize, closes: bool) {
    if let Some(bytes) = first {
        if !request(&mut stream).await || !feed(&mut stream, &bytes, step).await {
            return;
        }
        if closes {
            let _ = stream.shutdown().await;
            return;
        }
    }
    while request(&mut stream).await {
        let _ = stream.write_all(HONEST).await;
    }
}

/// Whether another request came. All of them are small, and come at once.
async fn request(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    matches!(stream.read(&mut buffer).await, Ok(1..))
}
