//! The example as a server on a socket.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "no worker is near")]

use std::net::SocketAddr;

use tidegate_axum_filters::{PER_MINUTE, app};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

/// Serves on a port that the system chooses.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app().unwrap().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// The whole answer to a request that comes from this address.
async fn get(server: SocketAddr, from: &str) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    let mut stream = socket.connect(server).await.unwrap();
    let request = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_client_is_limited_and_every_answer_has_the_header() {
    let server = serve().await;
    for _ in 0..PER_MINUTE.get() {
        let answer = get(server, "127.0.0.1").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("x-content-type-options: nosniff\r\n"), "{answer}");
        assert!(answer.ends_with("hello\n"), "{answer}");
    }
    let refused = get(server, "127.0.0.1").await;
    assert!(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{refused}");
    for field in [
        "retry-after: ",
        "ratelimit-policy: \"client-ip\";q=3;w=60\r\n",
        "ratelimit: \"client-ip\";r=0;t=",
        "x-content-type-options: nosniff\r\n",
    ] {
        assert!(refused.contains(field), "{field} in {refused}");
    }
    // Another client has an allowance of its own.
    assert!(get(server, "127.0.0.2").await.starts_with("HTTP/1.1 200 OK\r\n"));
}
