//! The admin interface: what operators and their systems ask the process over HTTP, on a listener of its own.
//!
//! It runs on the control runtime and only reads, so that a slow or greedy client costs traffic nothing: connections,
//! heads and times are bounded. It answers until the process exits, also while draining.
#![allow(
    clippy::disallowed_methods,
    reason = "runs on the control runtime, which has no worker"
)]

mod config;
mod objects;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::live::{Process, Readiness};
use crate::telemetry::prometheus;

/// Open connections; further clients wait in the kernel's queue until one ends.
const MAX_CONNECTIONS: usize = 64;
const MAX_HEAD: usize = 16 * 1024;
const MAX_FIELDS: usize = 64;

/// For a request head; the pause between two requests counts, too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// After this a connection takes no further request, and is cut once [`LAST_ANSWER`] is over as well.
const MAX_AGE: Duration = Duration::from_secs(60);
const LAST_ANSWER: Duration = Duration::from_secs(30);

/// Before the next accept after one that failed for want of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const METRICS: HeaderValue = HeaderValue::from_static(prometheus::CONTENT_TYPE);

/// What the answers are made of.
#[derive(Debug)]
struct Admin {
    process: Arc<Process>,
}

struct Page {
    path: &'static str,
    about: &'static str,
    answer: fn(&Admin, Format) -> Answer,
}

/// How a client would have its answer, where there is a choice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Format {
    Text,
    Json,
}

struct Answer {
    status: StatusCode,
    media_type: HeaderValue,
    body: String,
}

const PAGES: [Page; 6] = [
    Page {
        path: "/",
        about: "this list",
        answer: |_, _| Answer::text(StatusCode::OK, index()),
    },
    Page {
        path: "/live",
        about: "200 while the process runs",
        answer: |_, _| Answer::text(StatusCode::OK, "live\n"),
    },
    Page {
        path: "/ready",
        about: "200 while new traffic is welcome, else 503: starting or draining, and why; ?format=json",
        answer: ready,
    },
    Page {
        path: "/metrics",
        about: "metrics in the Prometheus text format",
        answer: metrics,
    },
    Page {
        path: "/objects",
        about: "each configuration object: whether it serves, and why not; ?format=json",
        answer: objects,
    },
    Page {
        path: "/config",
        about: "the configuration that serves, as JSON, secrets masked",
        answer: |admin, _| Answer::json(config::json(&admin.process)),
    },
];

/// Answers on `listener` for as long as the runtime lives. An error means that it could not even begin.
pub async fn serve(listener: std::net::TcpListener, process: Arc<Process>) -> io::Result<Infallible> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let admin = Arc::new(Admin { process });
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        // Nobody closes the semaphore; were it closed, there would be nothing to wait for.
        let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = accept(&listener).await;
        let admin = Arc::clone(&admin);
        tokio::spawn(async move {
            serve_connection(stream, peer, &admin).await;
            drop(slot);
        });
    }
}

/// The next connection, however long it takes: no failed accept ends the interface.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "the admin interface cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, admin: &Admin) {
    let service = service_fn(async |request: Request<Incoming>| Ok::<_, Infallible>(respond(&request, admin)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_FIELDS)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut ended = timeout(MAX_AGE, connection.as_mut()).await;
    if ended.is_err() {
        connection.as_mut().graceful_shutdown();
        ended = timeout(LAST_ANSWER, connection).await;
    }
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%peer, %error, "an admin connection failed"),
        Err(_) => tracing::debug!(%peer, "an admin connection was cut: it did not take its answer in time"),
    }
}

fn respond(request: &Request<Incoming>, admin: &Admin) -> Response<Full<bytes::Bytes>> {
    let method = request.method();
    let Some(page) = PAGES.iter().find(|page| page.path == request.uri().path()) else {
        let body = format!("there is nothing here; what there is:\n{}", index());
        return Answer::text(StatusCode::NOT_FOUND, body).into_response();
    };
    if method != Method::GET && method != Method::HEAD {
        let mut response =
            Answer::text(StatusCode::METHOD_NOT_ALLOWED, "this path takes GET and HEAD\n").into_response();
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    (page.answer)(admin, Format::asked_by(request)).into_response()
}

impl Format {
    /// JSON when the query or `Accept` names it alone; whoever takes anything gets text.
    fn asked_by(request: &Request<Incoming>) -> Self {
        let by_query = request.uri().query() == Some("format=json");
        let accept = request.headers().get(ACCEPT);
        if by_query || accept.is_some_and(|accept| accept == "application/json") {
            Self::Json
        } else {
            Self::Text
        }
    }
}

fn index() -> String {
    PAGES.iter().fold(String::new(), |mut text, page| {
        // A String takes everything.
        let _ = writeln!(text, "{:<9} {}", page.path, page.about);
        text
    })
}

fn ready(admin: &Admin, format: Format) -> Answer {
    let readiness = admin.process.readiness();
    let status = match readiness {
        Readiness::Ready => StatusCode::OK,
        Readiness::Starting | Readiness::Draining => StatusCode::SERVICE_UNAVAILABLE,
    };
    let (state, why) = (readiness.as_str(), readiness.why());
    match format {
        Format::Text => Answer::text(status, format!("{state}: {why}\n")),
        Format::Json => Answer {
            status,
            media_type: JSON,
            body: format!("{{\"state\":\"{state}\",\"why\":\"{why}\"}}\n"),
        },
    }
}

fn metrics(admin: &Admin, _: Format) -> Answer {
    let body = prometheus::render(&admin.process);
    Answer {
        status: StatusCode::OK,
        media_type: METRICS,
        body,
    }
}

fn objects(admin: &Admin, format: Format) -> Answer {
    match format {
        Format::Text => Answer::text(StatusCode::OK, objects::text(&admin.process)),
        Format::Json => Answer::json(objects::json(&admin.process)),
    }
}

impl Answer {
    fn json(body: serde_json::Result<String>) -> Self {
        match body {
            Ok(body) => Self {
                status: StatusCode::OK,
                media_type: JSON,
                body,
            },
            Err(error) => Self::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("this cannot be shown: {error}\n"),
            ),
        }
    }

    fn text(status: StatusCode, body: impl Into<String>) -> Self {
        Self {
            status,
            media_type: TEXT,
            body: body.into(),
        }
    }

    fn into_response(self) -> Response<Full<bytes::Bytes>> {
        let mut response = Response::new(Full::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.media_type);
        // Each answer is true only for the moment.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
