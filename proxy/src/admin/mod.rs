//! The admin interface: what operators and their systems ask the process over HTTP, on a listener of its own.
//!
//! It runs on the control runtime and only reads, so that a slow or greedy client costs traffic nothing: connections,
//! heads and times are bounded. It answers until the process exits, also while draining.
#![allow(
    clippy::disallowed_methods,
    reason = "runs on the control runtime, which has no worker"
)]

mod answer;
mod clusters;
mod config;
mod explain;
mod figures;
mod guard;
mod listeners;
mod objects;
mod page;
mod process;
mod query;
mod routes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, ALLOW};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use self::answer::Answer;
use self::query::{BadQuery, Query, Selection};
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

const METRICS: HeaderValue = HeaderValue::from_static(prometheus::CONTENT_TYPE);

/// What the answers are made of.
#[derive(Debug)]
struct Admin {
    process: Arc<Process>,
    /// The host names it goes by.
    names: Vec<String>,
}

struct Page {
    path: &'static str,
    about: &'static str,
    answer: fn(&Admin, &Asked) -> Result<Answer, Answer>,
}

/// A request for a page.
#[derive(Debug)]
struct Asked {
    query: Query,
    format: Format,
}

/// How a client would have its answer, where there is a choice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Format {
    Html,
    Json,
    Text,
}

const PAGES: [Page; 13] = [
    Page {
        path: "/",
        about: "a page for browsers, for others this list",
        answer: |_, asked| Ok(root(asked.format)),
    },
    Page {
        path: "/live",
        about: "200 while the process runs",
        answer: |_, _| Ok(Answer::text("live\n")),
    },
    Page {
        path: "/ready",
        about: "200 while new traffic is welcome, else 503: starting or draining, and why; ?format=json",
        answer: |admin, asked| Ok(ready(admin, asked.format)),
    },
    Page {
        path: "/metrics",
        about: "metrics in the Prometheus text format",
        answer: |admin, _| Ok(metrics(admin)),
    },
    Page {
        path: "/process",
        about: "the process as a whole, as JSON",
        answer: |admin, _| Ok(Answer::json(&process::Page::of(&admin.process))),
    },
    Page {
        path: "/listeners",
        about: "each listener and what it has counted, as JSON; ?search=TEXT&limit=N",
        answer: |admin, asked| {
            list(asked, |selection| {
                listeners::list(&admin.process.tables.load(), selection)
            })
        },
    },
    Page {
        path: "/routes",
        about: "each route with its rules, shares and what it has counted, as JSON; ?search=TEXT&limit=N",
        answer: |admin, asked| list(asked, |selection| routes::list(&admin.process.tables.load(), selection)),
    },
    Page {
        path: "/clusters",
        about: "each cluster with its endpoints and connections, as JSON; ?search=TEXT&limit=N",
        answer: |admin, asked| {
            list(asked, |selection| {
                clusters::list(&admin.process.tables.load(), selection)
            })
        },
    },
    Page {
        path: "/objects",
        about: "each configuration object: whether it serves, and why not; ?format=json&search=TEXT&limit=N",
        answer: objects,
    },
    Page {
        path: "/config",
        about: "the configuration that serves, as JSON, secrets masked",
        answer: |admin, _| {
            config::page(&admin.process)
                .map(|page| Answer::json(&page))
                .map_err(|error| Answer::failed(&error))
        },
    },
    Page {
        path: "/explain",
        about: "what becomes of a request, and why, as JSON; ?request=CURL&listener=NAME",
        answer: |admin, asked| explain::answer(&admin.process.tables.load(), &asked.query),
    },
    Page {
        path: "/page.css",
        about: "the looks of the page",
        answer: |_, _| Ok(page::css()),
    },
    Page {
        path: "/page.js",
        about: "its program",
        answer: |_, _| Ok(page::javascript()),
    },
];

/// Answers on `listener` for as long as the runtime lives, to whoever calls it by an address, `localhost` or one of
/// `names`. An error means that it could not even begin.
pub async fn serve(
    listener: std::net::TcpListener,
    process: Arc<Process>,
    names: Vec<String>,
) -> io::Result<Infallible> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let admin = Arc::new(Admin { process, names });
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
    if let Some(why) = guard::refusal(request.headers(), &admin.names) {
        return Answer::text(why).with_status(StatusCode::FORBIDDEN).into_response();
    }
    let method = request.method();
    let Some(page) = PAGES.iter().find(|page| page.path == request.uri().path()) else {
        let body = format!("there is nothing here; what there is:\n{}", index());
        return Answer::text(body).with_status(StatusCode::NOT_FOUND).into_response();
    };
    if method != Method::GET && method != Method::HEAD {
        let answer = Answer::text("this path takes GET and HEAD\n");
        let mut response = answer.with_status(StatusCode::METHOD_NOT_ALLOWED).into_response();
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let answer = Asked::by(request).and_then(|asked| (page.answer)(admin, &asked));
    answer.unwrap_or_else(|refused| refused).into_response()
}

impl Asked {
    fn by(request: &Request<Incoming>) -> Result<Self, Answer> {
        let query = Query::parse(request.uri().query().unwrap_or_default())?;
        let format = Format::asked_by(&query, request.headers())?;
        Ok(Self { query, format })
    }
}

impl Format {
    /// JSON when the query or `Accept` names it alone, HTML for browsers; whoever takes anything gets text.
    fn asked_by(query: &Query, headers: &HeaderMap) -> Result<Self, BadQuery> {
        let accept = headers.get(ACCEPT);
        Ok(
            if query.value("format")? == Some("json") || accept.is_some_and(|accept| accept == "application/json") {
                Self::Json
            } else if page::is_wanted(headers) {
                Self::Html
            } else {
                Self::Text
            },
        )
    }
}

fn root(format: Format) -> Answer {
    match format {
        Format::Html => page::html(),
        Format::Json | Format::Text => Answer::text(index()),
    }
}

fn index() -> String {
    PAGES.iter().fold(String::new(), |mut text, page| {
        // A String takes everything.
        let _ = writeln!(text, "{:<10} {}", page.path, page.about);
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
    let answer = match format {
        Format::Json => Answer::json(&BTreeMap::from([("state", state), ("why", why)])),
        Format::Html | Format::Text => Answer::text(format!("{state}: {why}\n")),
    };
    answer.with_status(status)
}

fn metrics(admin: &Admin) -> Answer {
    Answer::new(METRICS, prometheus::render(&admin.process))
}

/// The part of a list that is asked for.
fn list<T: Serialize>(asked: &Asked, list: impl Fn(&Selection) -> T) -> Result<Answer, Answer> {
    asked.query.only(&Selection::PARAMETERS)?;
    Ok(Answer::json(&list(&Selection::asked_by(&asked.query)?)))
}

fn objects(admin: &Admin, asked: &Asked) -> Result<Answer, Answer> {
    let [search, limit] = Selection::PARAMETERS;
    asked.query.only(&["format", search, limit])?;
    let page = objects::Page::of(&admin.process, &Selection::asked_by(&asked.query)?);
    Ok(match asked.format {
        Format::Json => Answer::json(&page),
        Format::Html | Format::Text => Answer::text(page.text()),
    })
}
