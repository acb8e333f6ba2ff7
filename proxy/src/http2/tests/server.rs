use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};

use h2::Reason;
use http::{Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::exchange::Kind;

/// Sets a flag when it is dropped.
struct Dropped(Rc<Cell<bool>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_canonical_and_its_answer_complete() {
    locally(async {
        let seen = Rc::new(RefCell::new(None));
        let note = Rc::clone(&seen);
        let served = serve(listener(), move |exchange| {
            *note.borrow_mut() = Some((exchange.head.uri.clone(), exchange.head.headers.clone()));
            async { ok("hello") }
        });
        let (mut sender, _) = connect(served.io).await;
        let (response, _) = sender.send_request(get("http://a.test/x/../y"), true).unwrap();
        let mut response = response.await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers().contains_key("date"));
        assert_eq!(read_all(response.body_mut()).await.unwrap(), b"hello");
        let (uri, headers) = seen.take().unwrap();
        assert_eq!(uri, "/y");
        assert_eq!(headers["host"], "a.test");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_malformed_request_is_answered_and_never_reaches_the_stack() {
    locally(async {
        let served = serve(listener(), |_| async { panic!("reached the stack") });
        let (mut sender, _) = connect(served.io).await;
        let mut request = get("http://a.test/");
        request.headers_mut().insert("host", "b.test".parse().unwrap());
        let (response, _) = sender.send_request(request, true).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["x-tidegate-reason"], "host-disagrees");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn interim_answers_pass_before_the_final_one() {
    locally(async {
        let served = serve(listener(), |exchange| async move {
            for status in [103, 101, 100] {
                let head = Response::builder()
                    .status(status)
                    .header("link", "</a>")
                    .body(())
                    .unwrap();
                exchange.interim.as_ref().unwrap().send(head.into_parts().0);
            }
            ok("")
        });
        let (mut sender, _) = connect(served.io).await;
        let (mut response, _) = sender.send_request(get("http://a.test/"), true).unwrap();
        let mut interim = Vec::new();
        while let Some(head) = poll_fn(|cx| response.poll_informational(cx)).await {
            interim.push(head.unwrap().status().as_u16());
        }
        assert_eq!(interim, [103, 100], "there is no 101 in HTTP/2");
        assert_eq!(response.await.unwrap().status(), 200);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_drops_the_call_at_once() {
    locally(async {
        let gone = Rc::new(Cell::new(false));
        let guard = Rc::clone(&gone);
        let served = serve(listener(), move |exchange| {
            let dropped = Dropped(Rc::clone(&guard));
            async move {
                let _kept = (exchange, dropped);
                pending().await
            }
        });
        let (mut sender, _) = connect(served.io).await;
        let (response, mut stream) = sender.send_request(get("http://a.test/"), true).unwrap();
        sleep(Duration::from_millis(1)).await;
        assert!(!gone.get());
        let before = Instant::now();
        stream.send_reset(Reason::CANCEL);
        while !gone.get() {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(before.elapsed() <= Duration::from_millis(10));
        assert!(response.await.is_err());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_drops_the_call() {
    locally(async {
        let gone = Rc::new(Cell::new(false));
        let guard = Rc::clone(&gone);
        let served = serve(listener(), move |exchange| {
            let dropped = Dropped(Rc::clone(&guard));
            async move {
                let _kept = (exchange, dropped);
                pending().await
            }
        });
        let (mut sender, connection) = connect(served.io).await;
        let (_response, _) = sender.send_request(get("http://a.test/"), true).unwrap();
        sleep(Duration::from_millis(1)).await;
        connection.abort();
        sleep(Duration::from_millis(10)).await;
        assert!(gone.get());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_truncated_answer_ends_in_a_reset() {
    locally(async {
        let served = serve(listener(), |exchange| async move {
            // The request body, which breaks off, stands for an upstream's.
            Ok(Response::new(exchange.body).into())
        });
        let (mut sender, _) = connect(served.io).await;
        let (response, mut upload) = sender.send_request(post("http://a.test/"), false).unwrap();
        upload.send_data("half".into(), false).unwrap();
        let mut response = response.await.unwrap();
        assert_eq!(response.body_mut().data().await.unwrap().unwrap(), "half");
        upload.send_reset(Reason::CANCEL);
        let end = response.body_mut().data().await;
        assert!(end.unwrap().is_err(), "an abort, never an end");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn bodies_and_trailers_pass_both_ways() {
    locally(async {
        let served = serve(
            listener(),
            |exchange| async move { Ok(Response::new(exchange.body).into()) },
        );
        let (mut sender, _) = connect(served.io).await;
        let (response, mut upload) = sender.send_request(post("http://a.test/"), false).unwrap();
        let mut response = response.await.unwrap();
        let body = Bytes::from(vec![7; 1 << 20]);
        let send = async {
            upload.send_data(body.clone(), false).unwrap();
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().unwrap());
            trailers.insert("content-length", "9".parse().unwrap());
            upload.send_trailers(trailers).unwrap();
        };
        let ((), received) = tokio::join!(send, read_all(response.body_mut()));
        assert_eq!(received.unwrap(), body);
        let trailers = response.body_mut().trailers().await.unwrap().unwrap();
        assert_eq!(trailers.len(), 1, "a length behind a body means nothing");
        assert_eq!(trailers["grpc-status"], "0");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn data_frames_that_carry_nothing_do_not_add_up_to_a_flood() {
    locally(async {
        let served = serve(
            listener(),
            |exchange| async move { Ok(Response::new(exchange.body).into()) },
        );
        let (mut sender, _) = connect(served.io).await;
        let (response, mut upload) = sender.send_request(post("http://a.test/"), false).unwrap();
        let mut response = response.await.unwrap();
        for _ in 0..300 {
            upload.send_data(Bytes::new(), false).unwrap();
            upload.send_data("x".into(), false).unwrap();
            assert_eq!(response.body_mut().data().await.unwrap().unwrap(), "x");
        }
        upload.send_data(Bytes::new(), true).unwrap();
        assert!(read_all(response.body_mut()).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_early_answer_reaches_a_client_that_still_uploads() {
    locally(async {
        let served = serve(listener(), |_| async {
            let mut response = Response::new(Body::Full("too large".into()));
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            Ok(response.into())
        });
        let (mut sender, _) = connect(served.io).await;
        let (response, mut upload) = sender.send_request(post("http://a.test/"), false).unwrap();
        upload.reserve_capacity(1);
        let mut response = response.await.unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(read_all(response.body_mut()).await.unwrap(), b"too large");
        let reason = poll_fn(|cx| upload.poll_reset(cx)).await.unwrap();
        assert_eq!(reason, Reason::NO_ERROR, "RFC 9113, section 8.1");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_window_opens_only_when_the_body_is_taken() {
    locally(async {
        let taken = Rc::new(RefCell::new(None));
        let keep = Rc::clone(&taken);
        let served = serve(listener(), move |exchange| {
            *keep.borrow_mut() = Some(exchange.body);
            pending()
        });
        let (mut sender, _) = connect(served.io).await;
        let (_response, mut upload) = sender.send_request(post("http://a.test/"), false).unwrap();
        upload.send_data(vec![1; 200_000].into(), false).unwrap();
        sleep(Duration::from_millis(10)).await;
        upload.reserve_capacity(1);
        let mut body = taken.take().unwrap();
        let mut read = 0;
        // Nobody asks for more than what fits into one window.
        while read < 64 * 1024 {
            read += next(&mut body).await.unwrap().unwrap().into_data().unwrap().len();
        }
        assert_eq!(read, 64 * 1024);
        let stuck = timeout(Duration::from_millis(10), poll_fn(|cx| upload.poll_capacity(cx))).await;
        assert!(stuck.is_err(), "the window is used up");
        assert!(
            next(&mut body).await.unwrap().unwrap().is_data(),
            "asking for more opens it"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_stops_its_own_stream_alone() {
    locally(async {
        let served = serve(listener(), |exchange| async move {
            if exchange.head.uri == "/big" {
                ok(vec![0; 1 << 20])
            } else {
                ok("small")
            }
        });
        // The connection's window has room for more than one stream's.
        let mut builder = h2::client::Builder::new();
        let (mut sender, connection) = builder
            .initial_connection_window_size(1 << 20)
            .handshake::<_, Bytes>(served.io)
            .await
            .unwrap();
        spawn_local(connection);
        let (big, _) = sender.send_request(get("http://a.test/big"), true).unwrap();
        let mut big = big.await.unwrap();
        for _ in 0..3 {
            let (small, _) = sender.send_request(get("http://a.test/small"), true).unwrap();
            assert_eq!(read_all(small.await.unwrap().body_mut()).await.unwrap(), b"small");
        }
        // What it had in its window arrives; the rest was cut off after the write stall limit.
        sleep(Duration::from_secs(31)).await;
        let end = loop {
            match big.body_mut().data().await.unwrap() {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(end.reason(), Some(Reason::CANCEL));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_stalls_is_ended() {
    locally(async {
        let served = serve(listener(), |mut exchange| async move {
            let error = collect(&mut exchange.body).await.unwrap_err();
            Ok(crate::serve::generated(error.kind(), &exchange.record).unwrap().into())
        });
        let (mut sender, _) = connect(served.io).await;
        let (response, mut upload) = sender.send_request(post("http://a.test/"), false).unwrap();
        upload.send_data("half".into(), false).unwrap();
        let before = Instant::now();
        assert_eq!(response.await.unwrap().status(), StatusCode::REQUEST_TIMEOUT);
        assert!(before.elapsed() >= Duration::from_secs(30) && before.elapsed() < Duration::from_secs(31));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_told_to_go() {
    locally(async {
        let served = serve(listener(), |_| async { ok("") });
        let (sender, connection) = connect(served.io).await;
        let before = Instant::now();
        connection.await.unwrap().unwrap();
        assert!(before.elapsed() >= Duration::from_secs(60) && before.elapsed() < Duration::from_secs(62));
        drop(sender);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_whose_client_says_nothing_is_closed() {
    locally(async {
        let mut served = serve(listener(), |_| async { ok("") });
        served.io.write_all(&preface()).await.unwrap();
        // GET http://a/, which is answered; the last call is not.
        let head = [0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x41, 1, b'a'];
        served.io.write_all(&head).await.unwrap();
        let before = Instant::now();
        let mut answer = Vec::new();
        let closed = timeout(Duration::from_secs(3_600), served.io.read_to_end(&mut answer));
        closed.await.expect("an end").unwrap();
        assert_eq!(goaway_code(&answer), Some(Reason::NO_ERROR.into()));
        assert!(before.elapsed() >= Duration::from_secs(60) && before.elapsed() < Duration::from_secs(70));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_open_streams_finish_and_then_closes() {
    locally(async {
        let served = serve(listener(), |_| async {
            sleep(Duration::from_secs(5)).await;
            ok("late")
        });
        let (mut sender, connection) = connect(served.io).await;
        let (response, _) = sender.send_request(get("http://a.test/"), true).unwrap();
        sleep(Duration::from_millis(1)).await;
        served.drain.begin();
        assert_eq!(read_all(response.await.unwrap().body_mut()).await.unwrap(), b"late");
        connection.await.unwrap().unwrap();
        assert_eq!(served.drain.watchers(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_in_time() {
    locally(async {
        let served = serve(listener(), |_| pending());
        let (mut sender, connection) = connect(served.io).await;
        let (response, _) = sender.send_request(get("http://a.test/"), true).unwrap();
        sleep(Duration::from_millis(1)).await;
        let before = Instant::now();
        served.drain.begin();
        assert!(response.await.is_err());
        let _ = connection.await.unwrap();
        assert!(before.elapsed() >= Duration::from_secs(60) && before.elapsed() < Duration::from_secs(62));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn after_its_last_request_a_connection_goes_away() {
    locally(async {
        let listener = Listener {
            requests_per_connection: Some(2),
            ..listener()
        };
        let served = serve(listener, |_| async { ok("x") });
        let (mut sender, connection) = connect(served.io).await;
        for _ in 0..2 {
            let (response, _) = sender.send_request(get("http://a.test/"), true).unwrap();
            assert_eq!(read_all(response.await.unwrap().body_mut()).await.unwrap(), b"x");
        }
        connection.await.unwrap().unwrap();
    })
    .await;
}

/// The client preface with empty settings.
fn preface() -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    bytes
}

/// The code of the last GOAWAY in what a server sent until it closed.
fn goaway_code(mut bytes: &[u8]) -> Option<u32> {
    let mut code = None;
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = bytes {
        let len = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        if *kind == 7 {
            code = Some(u32::from_be_bytes(rest[4..8].try_into().unwrap()));
        }
        bytes = &rest[len..];
    }
    code
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_answered_with_calm_and_counted() {
    locally(async {
        let mut served = serve(listener(), |_| async { ok("") });
        served.io.write_all(&preface()).await.unwrap();
        for _ in 0..200 {
            let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
            served.io.write_all(&ping).await.unwrap();
        }
        let mut answer = Vec::new();
        served.io.read_to_end(&mut answer).await.unwrap();
        assert_eq!(goaway_code(&answer), Some(Reason::ENHANCE_YOUR_CALM.into()));
        let mut counts = Counts::default();
        served.worker.refusals.on(WorkerId(0)).collect(&mut counts);
        let counts: Vec<_> = counts.iter().collect();
        assert_eq!(
            counts,
            [("DPE", "h2-ping-flood", "listener default/test".to_owned(), 1)]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_has_its_time() {
    locally(async {
        let mut served = serve(listener(), |_| async { ok("") });
        served.io.write_all(&preface()).await.unwrap();
        // HEADERS without END_HEADERS: `:method: GET`, and nothing more.
        served.io.write_all(&[0, 0, 1, 1, 1, 0, 0, 0, 1, 0x82]).await.unwrap();
        let before = Instant::now();
        let mut answer = Vec::new();
        served.io.read_to_end(&mut answer).await.unwrap();
        assert_eq!(goaway_code(&answer), Some(Reason::ENHANCE_YOUR_CALM.into()));
        assert!(before.elapsed() >= Duration::from_secs(10) && before.elapsed() < Duration::from_secs(12));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_below_ends_its_stream_alone() {
    locally(async {
        let served = serve(listener(), |exchange| async move {
            match exchange.head.uri.path() {
                "/gone" => Err(Kind::DownstreamReset.into()),
                "/bad" => Err(Kind::UpstreamReset.into()),
                _ => ok("good"),
            }
        });
        let (mut sender, _) = connect(served.io).await;
        let mut ask = |uri| sender.send_request(get(uri), true).unwrap().0;
        let (gone, bad, good) = (
            ask("http://a.test/gone"),
            ask("http://a.test/bad"),
            ask("http://a.test/good"),
        );
        // There is no answer for a client that has gone.
        assert_eq!(gone.await.unwrap_err().reason(), Some(Reason::CANCEL));
        assert_eq!(bad.await.unwrap().status(), 502);
        assert_eq!(good.await.unwrap().status(), 200);
    })
    .await;
}
