//! `tidegate echo`: a backend to proxy to, which answers with what it was sent.
//!
//! Each address takes HTTP/1.1 and HTTP/2 by prior knowledge. It is no part of the proxied path, so hyper serves it.
#![allow(clippy::disallowed_methods, reason = "no part of the proxied path: it has no worker")]

mod answer;
mod control;
#[cfg(test)]
mod tests;

use std::future::{Future, poll_fn};
use std::io;
use std::io::Write as _;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use clap::Args;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use self::answer::Ends;
use super::stop::Stop;

/// How long requests may go on after the signal to end.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// Before the next accept after one that failed for want of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answer every request with what was received: a backend to try a proxy with.
///
/// A request may ask for more by its query or by headers (`?status=503` or `x-echo-status: 503`):
///
///   status=503     answer with this status
///   delay=250ms    wait before answering
///   size=1MiB      answer with a body of this size instead
///   body=echo      answer with the request's body, streamed, instead
///   chunked        send the body without saying its length
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct EchoArgs {
    /// Where to listen, as IP:PORT; port 0 takes a free one
    #[arg(long, value_name = "ADDR", required = true, num_args = 1..)]
    listen: Vec<SocketAddr>,
}

#[derive(Debug, Error)]
pub(super) enum EchoError {
    #[error("cannot listen on {address}: {source}; {}", advice(source))]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot start: {0}")]
    Start(#[source] io::Error),
}

/// What to do about an address that cannot be had.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "end what listens there, or choose another address with --listen",
        io::ErrorKind::AddrNotAvailable => "choose an address of this machine, as 127.0.0.1 or 0.0.0.0, with --listen",
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges: choose a higher one with --listen",
        _ => "choose another address with --listen",
    }
}

/// Serves until SIGINT or SIGTERM; open requests may finish, unless a second signal comes.
pub(super) fn run(args: &EchoArgs) -> Result<(), EchoError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(EchoError::Start)?;
    runtime.block_on(async {
        let mut signals = Stop::new().map_err(EchoError::Start)?;
        let listeners = listen(&args.listen).await?;
        announce(&listeners).map_err(EchoError::Start)?;
        let open = serve(&listeners, signals.next()).await;
        drop(listeners);
        tokio::select! {
            _ = timeout(LAST_ANSWERS, open.shutdown()) => {}
            _ = signals.next() => {}
        }
        Ok(())
    })
}

async fn listen(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, EchoError> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for &address in addresses {
        listeners.push(
            TcpListener::bind(address)
                .await
                .map_err(|source| EchoError::Listen { address, source })?,
        );
    }
    Ok(listeners)
}

/// Says where, so that whoever started this knows that it may begin and which port 0 became.
fn announce(listeners: &[TcpListener]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for listener in listeners {
        writeln!(out, "echo listening on {}", listener.local_addr()?)?;
    }
    out.flush()
}

/// Accepts until `stop`; gives what is still open then.
async fn serve<T>(listeners: &[TcpListener], stop: impl Future<Output = T>) -> GracefulShutdown {
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(listeners) => accepted,
            _ = stop.as_mut() => return open,
        };
        match accepted {
            Ok((stream, peer)) => serve_connection(stream, peer, &open),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The next connection of any listener.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|cx| {
        let mut accepted = listeners.iter().map(|listener| listener.poll_accept(cx));
        accepted.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

fn serve_connection(stream: TcpStream, peer: SocketAddr, open: &GracefulShutdown) {
    // A connection that is gone already has neither; serving it finds out.
    let _ = stream.set_nodelay(true);
    let Ok(local) = stream.local_addr() else { return };
    let service = service_fn(move |request| answer::respond(request, Ends { peer, local }));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).half_close(true);
    let watcher = open.watcher();
    tokio::spawn(async move {
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%peer, %error, "a connection failed");
        }
    });
}
