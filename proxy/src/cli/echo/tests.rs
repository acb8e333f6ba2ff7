use std::net::Ipv4Addr;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

/// An echo in the background; ends when this is dropped or told so.
struct Echo {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn start() -> Echo {
    let listeners = listen(&[(Ipv4Addr::LOCALHOST, 0).into()]).await.unwrap();
    let address = listeners[0].local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move {
        let open = serve(&listeners, async { drop(stopped.await) }).await;
        drop(listeners);
        open.shutdown().await;
    });
    Echo { address, stop, ended }
}

/// Sends `request` over HTTP/1.1 and reads until the end of the connection: head and body.
async fn exchange(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no head: {answer}"));
    (head.to_owned(), body.to_owned())
}

async fn get(address: SocketAddr, target: &str) -> (String, String) {
    exchange(
        address,
        &format!("GET {target} HTTP/1.1\r\nhost: echo\r\nconnection: close\r\n\r\n"),
    )
    .await
}

#[tokio::test]
async fn reports_what_it_was_sent() {
    let echo = start().await;
    let (head, body) = exchange(
        echo.address,
        "POST /a?b=c HTTP/1.1\r\nHost: example.com\r\nX-One: 1\r\nX-One: 2\r\nTransfer-Encoding: chunked\r\nTrailer: \
         x-sum\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n",
    )
    .await;
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.contains("content-type: application/json"),
        "{head}"
    );
    let report: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(report["method"], "POST");
    assert_eq!(report["target"], "/a?b=c");
    assert_eq!(report["version"], "HTTP/1.1");
    let headers: Vec<_> = report["headers"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(headers[..3], ["host: example.com", "x-one: 1", "x-one: 2"]);
    assert_eq!(report["body"], "hello");
    assert_eq!(report["bodyLength"], 5);
    assert_eq!(report["bodyTruncated"], false);
    assert_eq!(report["trailers"][0], "x-sum: 7");
    assert_eq!(report["local"], echo.address.to_string());
}

#[tokio::test]
async fn shows_the_beginning_of_a_long_body_and_counts_the_rest() {
    let echo = start().await;
    let body = "x".repeat(100_000);
    let request = format!("PUT / HTTP/1.1\r\nhost: echo\r\nconnection: close\r\ncontent-length: 100000\r\n\r\n{body}");
    let report: Value = serde_json::from_str(&exchange(echo.address, &request).await.1).unwrap();
    assert_eq!(report["bodyLength"], 100_000);
    assert_eq!(report["body"].as_str().map(str::len), Some(64 * 1024));
    assert_eq!(report["bodyTruncated"], true);
}

#[tokio::test]
async fn answers_with_the_status_delay_and_size_asked_for() {
    let echo = start().await;
    assert!(get(echo.address, "/?status=503").await.0.starts_with("HTTP/1.1 503 "));

    let began = Instant::now();
    get(echo.address, "/?delay=50ms").await;
    assert!(began.elapsed() >= Duration::from_millis(50));

    let (head, body) = get(echo.address, "/?size=1MiB").await;
    assert!(head.contains("content-length: 1048576"), "{head}");
    assert_eq!(body.len(), 1 << 20);

    let (head, body) = get(echo.address, "/?size=10&chunked").await;
    assert!(
        head.contains("transfer-encoding: chunked") && !head.contains("content-length"),
        "{head}"
    );
    assert_eq!(body, "A\r\nabcdefghij\r\n0\r\n\r\n");

    let (head, body) = get(echo.address, "/?size=a+lot").await;
    assert!(
        head.starts_with("HTTP/1.1 400 ") && body.contains("`1MiB`"),
        "{head}\n{body}"
    );
}

#[tokio::test]
async fn answers_that_must_have_no_body_have_none() {
    let echo = start().await;
    let (head, body) = get(echo.address, "/?status=204&size=10").await;
    assert!(!head.contains("content-length") && body.is_empty(), "{head}\n{body}");
    let head_request = "HEAD /?size=10 HTTP/1.1\r\nhost: echo\r\nconnection: close\r\n\r\n";
    let (head, body) = exchange(echo.address, head_request).await;
    assert!(head.contains("content-length: 10") && body.is_empty(), "{head}\n{body}");
}

#[tokio::test]
async fn streams_a_body_back_while_it_is_sent() {
    let echo = start().await;
    let mut stream = TcpStream::connect(echo.address).await.unwrap();
    let head = "POST /?body=echo HTTP/1.1\r\nhost: echo\r\ncontent-type: text/x\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    for piece in ["one", "two"] {
        stream.write_all(format!("3\r\n{piece}\r\n").as_bytes()).await.unwrap();
        while !answer.ends_with(&format!("3\r\n{piece}\r\n")) {
            let mut byte = [0];
            stream.read_exact(&mut byte).await.unwrap();
            answer.push(byte[0].into());
        }
    }
    assert!(answer.contains("content-type: text/x\r\n"), "{answer}");
}

#[tokio::test]
async fn speaks_http2_on_the_same_port() {
    let echo = start().await;
    let stream = TcpStream::connect(echo.address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post("http://example.com/a?status=404")
        .header("x-one", "1")
        .body(())
        .unwrap();
    let (response, mut upload) = client.send_request(request, false).unwrap();
    upload.send_data(Bytes::from_static(b"hello"), true).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let length: usize = response.headers()[header::CONTENT_LENGTH]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let mut body = response.into_body();
    let mut text = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        text.extend_from_slice(&data);
    }
    assert_eq!(text.len(), length);
    let report: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(report["version"], "HTTP/2.0");
    assert_eq!(report["authority"], "example.com");
    assert_eq!(report["target"], "/a?status=404");
    assert_eq!(report["body"], "hello");

    // HEAD over HTTP/2: the length and no byte.
    let request = Request::head("http://example.com/?size=10").body(()).unwrap();
    let (response, _) = client.send_request(request, true).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_LENGTH], "10");
    assert!(response.into_body().is_end_stream());
}

#[tokio::test]
async fn open_requests_are_answered_before_the_end() {
    let echo = start().await;
    let mut idle = TcpStream::connect(echo.address).await.unwrap();
    let mut stream = TcpStream::connect(echo.address).await.unwrap();
    stream
        .write_all(b"POST /?body=echo HTTP/1.1\r\nhost: echo\r\ncontent-length: 2\r\n\r\na")
        .await
        .unwrap();
    let mut answer = [0; 1024];
    let length = stream.read(&mut answer).await.unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200 "));

    echo.stop.send(()).unwrap();
    assert_eq!(
        idle.read(&mut [0]).await.unwrap(),
        0,
        "an idle connection is closed at once"
    );
    stream.write_all(b"b").await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"b"));
    echo.ended.await.unwrap();
    assert!(TcpStream::connect(echo.address).await.is_err());
}

#[tokio::test]
async fn an_address_in_use_is_named_with_what_to_do() {
    let echo = start().await;
    let error = listen(&[echo.address]).await.unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot listen on {}: ", echo.address)),
        "{error}"
    );
    assert!(error.contains("choose another address with --listen"), "{error}");
}
