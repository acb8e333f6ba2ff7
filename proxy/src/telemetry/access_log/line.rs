//! What is known of a finished request, as lines say it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::{StatusCode, Version};
use tidegate_filters::By;

use crate::exchange::{Kind, Met, Protocol, Quoted, Record};
use crate::upstream::Origin;

/// Of what the client sent only what [`Quoted`] holds is in it, so that no secret of another header can be.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    pub(super) peer: SocketAddr,
    /// `None`: no head could be read.
    pub(super) request: Option<&'a Quoted>,
    pub(super) protocol: Protocol,
    pub(super) status: Option<StatusCode>,
    pub(super) failure: Option<Kind>,
    pub(super) met: Met<'a>,
    pub(super) rule: Option<&'a str>,
    pub(super) answered_by: Option<By>,
    pub(super) endpoint: Option<SocketAddr>,
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
    pub(super) took: Duration,
    /// From the request's head to its last byte.
    pub(super) complete: Option<Duration>,
    /// Of it, waiting for a connection.
    pub(super) waited: Duration,
    /// From the request's head to the head of the upstream's answer.
    pub(super) answered: Option<Duration>,
    pub(super) tries: u32,
}

impl<'a> Line<'a> {
    pub(super) fn of(record: &'a Record, origin: Option<&'a Origin>, took: Duration) -> Self {
        let since = |at: tokio::time::Instant| at.saturating_duration_since(record.started);
        Self {
            peer: record.connection.peer,
            request: record.logged.as_ref().and_then(|logged| logged.request.as_ref()),
            protocol: record.connection.protocol,
            status: record.status.get(),
            failure: record.failure.get(),
            met: record.met(origin),
            rule: record.rule.get().map(|rule| &*rule.name),
            answered_by: record.answered_by.get(),
            endpoint: origin.map(Origin::address),
            request_bytes: record.request_bytes.get(),
            response_bytes: record.response_bytes.get(),
            took,
            complete: record.request_complete.get().map(since),
            waited: record.waited.get(),
            answered: record.answered.get().map(since),
            tries: record.tries.get(),
        }
    }

    /// Who asked: the peer, unless trusted hops say better.
    pub(super) fn client(&self) -> IpAddr {
        let said = self.request.and_then(|request| request.client.get().copied());
        said.unwrap_or_else(|| self.peer.ip()).to_canonical()
    }

    /// The request's version, or what the connection speaks when no head could be read.
    pub(super) fn protocol_name(&self) -> &'static str {
        match (self.request.map(|request| request.version), self.protocol) {
            (Some(Version::HTTP_10), _) => "HTTP/1.0",
            (Some(Version::HTTP_11), _) => "HTTP/1.1",
            (Some(Version::HTTP_2), _) | (_, Protocol::Http2) => "HTTP/2",
            (_, Protocol::Http1) => "HTTP/1",
        }
    }

    /// Spent on the request's way to the head of the answer, without waiting for a connection.
    pub(super) fn upstream(&self) -> Option<Duration> {
        Some(self.answered?.saturating_sub(self.waited))
    }

    pub(super) fn response(&self) -> Option<Duration> {
        Some(self.took.saturating_sub(self.answered?))
    }
}
