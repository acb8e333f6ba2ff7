use std::cell::{Cell, RefCell};
use std::future::pending;

use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{Request, Response};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::*;
use crate::exchange::{Interim, Kind};
use crate::http2::{Handle, connect as connect_upstream};
use crate::upstream::{Again, Interims};

type Upstream = h2::server::Connection<DuplexStream, Bytes>;

/// A connection of ours to an upstream that is the crate's server, configured by `build`.
async fn connected(build: impl FnOnce(&mut h2::server::Builder)) -> (Handle, Upstream) {
    let (ours, theirs) = tokio::io::duplex(PIPE);
    let mut builder = h2::server::Builder::new();
    build(&mut builder);
    let worker = worker();
    let client = connect_upstream(ours, &worker, Settings::upstream(), Rc::new(Notify::new()), ());
    let server = async {
        let mut server = builder.handshake(theirs).await.unwrap();
        // The settings go out when the connection is polled.
        let nothing = timeout(Duration::from_millis(1), server.accept()).await;
        assert!(nothing.is_err());
        server
    };
    let (client, server) = tokio::join!(client, server);
    (client.unwrap(), server)
}

/// Answers each request by `answer`, for as long as the connection lives.
fn run<R>(mut upstream: Upstream, answer: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> R + 'static)
where
    R: Future<Output = ()> + 'static,
{
    spawn_local(async move {
        while let Some(Ok((request, respond))) = upstream.accept().await {
            spawn_local(answer(request, respond));
        }
    });
}

fn head(method: &str, path: &str) -> http::request::Parts {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "a.test")
        .body(())
        .unwrap()
        .into_parts()
        .0
}

/// A body that is what a client of ours uploads; the sender is that client's.
async fn upload() -> (Body, h2::SendStream<Bytes>, Sender) {
    let taken = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&taken);
    let served = serve(listener(), move |exchange| {
        *keep.borrow_mut() = Some(exchange.body);
        pending()
    });
    let (mut sender, _) = connect(served.io).await;
    let (response, stream) = sender.send_request(post("http://a.test/"), false).unwrap();
    spawn_local(async move {
        let _ = response.await;
    });
    loop {
        if let Some(body) = taken.take() {
            return (body, stream, sender);
        }
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_out_whole_and_its_answer_comes_back() {
    locally(async {
        let (handle, upstream) = connected(|_| {}).await;
        run(upstream, |request, mut respond| async move {
            assert_eq!(request.uri(), "http://a.test/x?y");
            assert!(!request.headers().contains_key("host"), ":authority says it");
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            stream.send_data("hello".into(), false).unwrap();
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().unwrap());
            stream.send_trailers(trailers).unwrap();
        });
        let (head, mut body) = handle.send(&mut head("GET", "/x?y"), Body::Empty, None).await.unwrap();
        assert_eq!(head.status, 200);
        assert_eq!(handle.active_streams(), 1);
        let (data, trailers) = collect(&mut body).await.unwrap();
        assert_eq!(data, b"hello");
        assert_eq!(trailers.unwrap()["grpc-status"], "0");
        assert_eq!(
            handle.active_streams(),
            0,
            "done in both directions, before the body is dropped"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_moves_while_the_answer_is_awaited_and_after() {
    locally(async {
        let (handle, upstream) = connected(|_| {}).await;
        run(upstream, |request, mut respond| async move {
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            let mut body = request.into_body();
            let all = read_all(&mut body).await.unwrap();
            stream.send_data(all.len().to_string().into(), true).unwrap();
        });
        let (body, mut client, _sender) = upload().await;
        client.send_data(vec![1; 500_000].into(), true).unwrap();
        let (_, mut answer) = handle.send(&mut head("POST", "/"), body, None).await.unwrap();
        assert_eq!(collect(&mut answer).await.unwrap().0, b"500000");
    })
    .await;
}

#[derive(Debug, Default)]
struct Noted(RefCell<Vec<u16>>);

impl Interim for Noted {
    fn send(&self, head: http::response::Parts) {
        self.0.borrow_mut().push(head.status.as_u16());
    }
}

#[tokio::test(start_paused = true)]
async fn interim_answers_are_passed_on() {
    locally(async {
        let (handle, upstream) = connected(|_| {}).await;
        run(upstream, |_, mut respond| async move {
            for status in [100, 103, 103] {
                respond
                    .send_informational(Response::builder().status(status).body(()).unwrap())
                    .unwrap();
            }
            respond.send_response(Response::new(()), true).unwrap();
        });
        let noted = Rc::new(Noted::default());
        let interim = Rc::clone(&noted) as Rc<dyn Interim>;
        let (head, body) = handle
            .send(&mut head("GET", "/"), Body::Empty, Some(interim))
            .await
            .unwrap();
        assert_eq!(head.status, 200);
        assert!(body.is_empty());
        assert_eq!(*noted.0.borrow(), [100, 103, 103]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_stream_was_not_processed_and_gives_its_body_back() {
    locally(async {
        let (handle, upstream) = connected(|_| {}).await;
        run(upstream, |_, mut respond| async move {
            respond.send_reset(Reason::REFUSED_STREAM);
        });
        let (body, _client, _sender) = upload().await;
        let failure = handle.send(&mut head("POST", "/"), body, None).await.unwrap_err();
        assert_eq!(failure.again, Again::Safe);
        assert_eq!(failure.error.kind(), Kind::UpstreamRefused);
        assert!(failure.body.is_some());
        assert!(handle.is_usable(), "only the stream was refused");
    })
    .await;
}

/// What was uploaded already cannot go again, unless it was all and small.
#[tokio::test(start_paused = true)]
async fn a_refused_stream_gives_back_what_it_was_sent_or_nothing() {
    locally(async {
        for (pieces, given_back) in [(&["whole"][..], Some("whole")), (&["in ", "pieces"], None)] {
            let (handle, upstream) = connected(|_| {}).await;
            run(upstream, |request, mut respond| async move {
                read_all(&mut request.into_body()).await.unwrap();
                respond.send_reset(Reason::REFUSED_STREAM);
            });
            let (body, mut client, _sender) = upload().await;
            for (index, piece) in pieces.iter().enumerate() {
                let is_last = index + 1 == pieces.len();
                client.send_data((*piece).into(), is_last).unwrap();
            }
            let failure = handle.send(&mut head("POST", "/"), body, None).await.unwrap_err();
            assert_eq!(failure.error.kind(), Kind::UpstreamRefused);
            let body = match failure.body {
                Some(mut body) => Some(collect(&mut body).await.unwrap().0),
                None => None,
            };
            assert_eq!(body.as_deref(), given_back.map(str::as_bytes), "{pieces:?}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn interim_answers_come_to_an_end() {
    locally(async {
        let (handle, upstream) = connected(|_| {}).await;
        run(upstream, |_, mut respond| async move {
            for _ in 0..=Interims::MOST {
                let early = Response::builder().status(103).body(()).unwrap();
                respond.send_informational(early).unwrap();
            }
            respond.send_response(Response::new(()), true).unwrap();
        });
        let failure = handle.send(&mut head("GET", "/"), Body::Empty, None).await.unwrap_err();
        assert_eq!(failure.error.kind().reason(), "too-many-interim-answers");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_answer_is_a_failure_that_may_have_been_processed() {
    locally(async {
        let (handle, upstream) = connected(|_| {}).await;
        run(upstream, |_, mut respond| async move {
            respond.send_reset(Reason::INTERNAL_ERROR);
        });
        let failure = handle.send(&mut head("GET", "/"), Body::Empty, None).await.unwrap_err();
        assert_eq!(failure.again, Again::No);
        assert_eq!(failure.error.kind(), Kind::UpstreamReset);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_the_keep_alive_race_only_if_it_answered_before() {
    locally(async {
        for (answers, again) in [(1, Again::IfRepeatable), (0, Again::No)] {
            let (handle, mut upstream) = connected(|_| {}).await;
            spawn_local(async move {
                for _ in 0..answers {
                    let (_, mut respond) = upstream.accept().await.unwrap().unwrap();
                    respond.send_response(Response::new(()), true).unwrap();
                }
                // Takes the request, and the connection with it.
                upstream.accept().await.unwrap().unwrap();
            });
            for _ in 0..answers {
                handle.send(&mut head("GET", "/"), Body::Empty, None).await.unwrap();
            }
            let mut request = head("GET", "/");
            let failure = handle.send(&mut request, Body::Empty, None).await.unwrap_err();
            assert_eq!(failure.again, again);
            assert_eq!(request.headers, head("GET", "/").headers, "it can be sent again");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_graceful_goaway_fails_no_open_stream_and_closes_the_handle() {
    locally(async {
        let (handle, mut upstream) = connected(|_| {}).await;
        let mut request = head("GET", "/");
        let call = handle.send(&mut request, Body::Empty, None);
        let server = async {
            let (_, mut respond) = upstream.accept().await.unwrap().unwrap();
            upstream.graceful_shutdown();
            spawn_local(async move {
                sleep(Duration::from_secs(1)).await;
                respond.send_response(Response::new(()), true).unwrap();
            });
            while upstream.accept().await.is_some() {}
        };
        let (answer, ()) = tokio::join!(call, server);
        assert_eq!(answer.unwrap().0.status, 200);
        assert!(handle.is_closing() && !handle.is_usable());
        let failure = handle.send(&mut head("GET", "/"), Body::Empty, None).await.unwrap_err();
        assert_eq!(failure.again, Again::Elsewhere, "it was never sent");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_upstreams_stream_limit_is_known_from_the_first_request() {
    locally(async {
        let (handle, _upstream) = connected(|builder| {
            builder.max_concurrent_streams(2);
        })
        .await;
        assert_eq!(handle.max_streams(), 2);
        let mut requests = [head("GET", "/"), head("GET", "/")];
        let mut calls = Vec::new();
        for request in &mut requests {
            assert!(handle.is_usable());
            let mut call = Box::pin(handle.send(request, Body::Empty, None));
            assert!(timeout(Duration::from_millis(1), &mut call).await.is_err());
            calls.push(call);
        }
        assert!(!handle.is_usable());
        calls.pop();
        assert!(handle.is_usable());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_cancelled_upstream_at_once() {
    locally(async {
        let (handle, upstream) = connected(|_| {}).await;
        let reset = Rc::new(Cell::new(None));
        let note = Rc::clone(&reset);
        run(upstream, move |_, mut respond| {
            let note = Rc::clone(&note);
            async move { note.set(poll_fn(|cx| respond.poll_reset(cx)).await.ok()) }
        });
        let mut request = head("GET", "/");
        let call = handle.send(&mut request, Body::Empty, None);
        assert!(timeout(Duration::from_millis(10), call).await.is_err());
        sleep(Duration::from_millis(1)).await;
        assert_eq!(reset.get(), Some(Reason::CANCEL));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_aborts_its_upload_aborts_it_upstream() {
    locally(async {
        let (handle, upstream) = connected(|_| {}).await;
        let reset = Rc::new(Cell::new(None));
        let note = Rc::clone(&reset);
        run(upstream, move |request, _respond| {
            let note = Rc::clone(&note);
            async move {
                note.set(
                    read_all(&mut request.into_body())
                        .await
                        .err()
                        .and_then(|error| error.reason()),
                );
            }
        });
        let (body, mut client, _sender) = upload().await;
        client.send_data("half".into(), false).unwrap();
        let mut request = head("POST", "/");
        let call = handle.send(&mut request, body, None);
        let abort = async {
            sleep(Duration::from_millis(5)).await;
            client.send_reset(Reason::CANCEL);
        };
        let (answer, ()) = tokio::join!(call, abort);
        assert_eq!(answer.unwrap_err().error.kind(), Kind::DownstreamReset);
        sleep(Duration::from_millis(5)).await;
        assert_eq!(reset.get(), Some(Reason::CANCEL));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn streams_that_nobody_reads_do_not_stall_another() {
    locally(async {
        let (handle, upstream) = connected(|_| {}).await;
        run(upstream, |request, mut respond| async move {
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            let body = if request.uri().path() == "/big" {
                vec![0; 1 << 20]
            } else {
                vec![1; 100]
            };
            stream.send_data(body.into(), true).unwrap();
        });
        let mut unread = Vec::new();
        for _ in 0..50 {
            unread.push(handle.send(&mut head("GET", "/big"), Body::Empty, None).await.unwrap());
        }
        sleep(Duration::from_secs(1)).await;
        let (_, mut small) = handle
            .send(&mut head("GET", "/small"), Body::Empty, None)
            .await
            .unwrap();
        let read = timeout(Duration::from_secs(1), collect(&mut small)).await;
        assert_eq!(read.unwrap().unwrap().0.len(), 100);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_connection_closes_with_its_last_handle() {
    locally(async {
        let (handle, mut upstream) = connected(|_| {}).await;
        let other = handle.clone();
        drop(handle);
        assert!(timeout(Duration::from_secs(1), upstream.accept()).await.is_err());
        drop(other);
        assert!(
            timeout(Duration::from_secs(1), upstream.accept())
                .await
                .unwrap()
                .is_none()
        );
    })
    .await;
}
