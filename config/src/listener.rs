//! Listeners as they are meant: an address that accepts connections, and what holds for them.
//!
//! Defaults are those of the profile, already resolved, and stand behind each field: a `None` among the times is one that
//! was switched off. Counts and bytes are plain numbers.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::access_log::AccessLog;
use crate::id::ObjectId;
use crate::origin::Origin;
use crate::route::Policies;
use crate::values::{FrameSize, ListenerAddress, Product, Pseudonym, WindowSize};

const KIB: usize = 1024;

/// Which of the two sets of defaults holds. They differ in numbers alone; every number can be set by itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Profile {
    /// For strangers: the edge of a network.
    #[default]
    Edge,
    /// For peers that are known: the inside of a mesh.
    Mesh,
}

impl Profile {
    /// The word in YAML: `edge`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Mesh => "mesh",
        }
    }

    const fn pick<T: Copy>(self, edge: T, mesh: T) -> T {
        match self {
            Self::Edge => edge,
            Self::Mesh => mesh,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An address that accepts connections.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listener {
    pub(crate) id: ObjectId,
    pub(crate) origin: Origin,
    pub(crate) address: ListenerAddress,
    pub(crate) profile: Profile,
    pub(crate) timeouts: ListenerTimeouts,
    pub(crate) limits: ListenerLimits,
    pub(crate) http: HttpSettings,
    pub(crate) http2: Http2Settings,
    pub(crate) drain: Duration,
    pub(crate) access_log: Option<AccessLog>,
    pub(crate) policies: Policies,
}

impl Listener {
    /// Its identity.
    pub const fn id(&self) -> &ObjectId {
        &self.id
    }

    /// Where it is written.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where it listens.
    pub const fn address(&self) -> ListenerAddress {
        self.address
    }

    /// Which defaults it has.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// How long its clients may take.
    pub const fn timeouts(&self) -> &ListenerTimeouts {
        &self.timeouts
    }

    /// How much its clients may send.
    pub const fn limits(&self) -> &ListenerLimits {
        &self.limits
    }

    /// What it does to requests and answers.
    pub const fn http(&self) -> &HttpSettings {
        &self.http
    }

    /// What it offers to HTTP/2 clients.
    pub const fn http2(&self) -> &Http2Settings {
        &self.http2
    }

    /// How long requests may go on after the listener was told to stop; zero ends them at once.
    pub const fn drain(&self) -> Duration {
        self.drain
    }

    /// What it says of its access log; `None`: nothing, so that the process's own holds.
    pub const fn access_log(&self) -> Option<&AccessLog> {
        self.access_log.as_ref()
    }

    /// What it says for all routes on it.
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    pub(crate) const fn default_drain(profile: Profile) -> Duration {
        Duration::from_secs(profile.pick(60, 30))
    }
}

/// How long the clients of a listener may take. `None` where the limit was switched off with `0s`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListenerTimeouts {
    /// From the first byte of a request head to its last (10 s).
    pub request_head: Option<Duration>,
    /// How long a connection without a request stays open (60 s; mesh: 5 min).
    pub idle: Option<Duration>,
    /// How long no byte of a request body may come that was waited for (30 s).
    pub body_stall: Option<Duration>,
    /// How long the client may take no byte that waits for it (30 s).
    pub write_stall: Option<Duration>,
    /// How long a request may go without a byte in either direction (5 min).
    pub stream_idle: Option<Duration>,
    /// How long a tunnel, as after an upgrade to WebSocket, may go without a byte in either direction (1 h).
    pub tunnel_idle: Option<Duration>,
}

impl ListenerTimeouts {
    /// The defaults of a profile.
    pub const fn defaults(profile: Profile) -> Self {
        Self {
            request_head: Some(Duration::from_secs(10)),
            idle: Some(Duration::from_secs(profile.pick(60, 300))),
            body_stall: Some(Duration::from_secs(30)),
            write_stall: Some(Duration::from_secs(30)),
            stream_idle: Some(Duration::from_secs(300)),
            tunnel_idle: Some(Duration::from_secs(3600)),
        }
    }
}

/// How much the clients of a listener may send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListenerLimits {
    /// Bytes of a request head in all (60 KiB); 431 above.
    pub head_bytes: usize,
    /// Bytes of one line of a head (16 KiB); 431 above.
    pub line_bytes: usize,
    /// Header fields of a request (100); 431 above.
    pub header_fields: usize,
    /// Trailer fields of a request (32).
    pub trailer_fields: usize,
    /// Bytes of a request target (16 KiB); 414 above.
    pub target_bytes: usize,
    /// Bytes of chunk extensions of a body in all (16 KiB).
    pub chunk_extension_bytes: usize,
    /// Bytes of trailers of a body in all (16 KiB).
    pub trailer_bytes: usize,
    /// Connections open at once (10 000).
    pub connections: usize,
    /// Requests after which a connection is closed (10 000; mesh: none).
    pub requests_per_connection: Option<u32>,
}

impl ListenerLimits {
    /// The defaults of a profile.
    pub const fn defaults(profile: Profile) -> Self {
        Self {
            head_bytes: 60 * KIB,
            line_bytes: 16 * KIB,
            header_fields: 100,
            trailer_fields: 32,
            target_bytes: 16 * KIB,
            chunk_extension_bytes: 16 * KIB,
            trailer_bytes: 16 * KIB,
            connections: 10_000,
            requests_per_connection: profile.pick(Some(10_000), None),
        }
    }
}

/// What a listener offers to HTTP/2 clients, and how much it bears of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Http2Settings {
    /// Streams of a connection open at once (100; mesh: 200).
    pub max_concurrent_streams: u32,
    /// Flow-control window of a stream (64 KiB; mesh: 1 MiB).
    pub stream_window: WindowSize,
    /// Flow-control window of a connection (1 MiB; mesh: 4 MiB).
    pub connection_window: WindowSize,
    /// Bytes of a stream held for a client that does not take them yet (64 KiB; mesh: 256 KiB).
    pub send_buffer: usize,
    /// Largest payload of a frame (16 KiB).
    pub max_frame_size: FrameSize,
    /// Bytes of the header compression table (4 KiB).
    pub header_table_size: u32,
    /// Streams reset by the client before they were accepted, at once (20).
    pub pending_accept_resets: usize,
    /// Streams reset by us for the client's errors, a connection (256).
    pub own_resets: usize,
    /// Streams reset by the client in 10 s (200).
    pub received_resets: u32,
    /// PING frames in 10 s (100).
    pub pings: u32,
    /// SETTINGS frames in 10 s (100).
    pub settings: u32,
    /// Empty DATA frames in a row (100).
    pub empty_data: u32,
}

impl Http2Settings {
    /// The defaults of a profile.
    pub const fn defaults(profile: Profile) -> Self {
        Self {
            max_concurrent_streams: profile.pick(100, 200),
            stream_window: WindowSize::kib(profile.pick(64, 1024)),
            connection_window: WindowSize::kib(profile.pick(1024, 4096)),
            send_buffer: profile.pick(64 * KIB, 256 * KIB),
            max_frame_size: FrameSize::smallest(),
            header_table_size: 4096,
            pending_accept_resets: 20,
            own_resets: 256,
            received_resets: 200,
            pings: 100,
            settings: 100,
            empty_data: 100,
        }
    }
}

/// What a listener does to the heads of requests and answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpSettings {
    /// What becomes of an answer's `Server` (passed).
    pub server: ServerHeader,
    /// What becomes of `Via` (`tidegate` is appended to that of requests).
    pub via: ViaHeader,
    /// Whether a request without a trusted `X-Request-Id` gets one (yes).
    pub request_id: bool,
    /// How many proxies in front are trusted to say who the client is (0: nobody).
    pub trusted_hops: u32,
    /// Whether header names keep their case from HTTP/1.1 to HTTP/1.1 (no).
    pub preserve_header_case: bool,
    /// What becomes of requests with `_` in a header name (refused; mesh: passed).
    pub underscores: Underscores,
}

impl HttpSettings {
    /// The defaults of a profile.
    pub fn defaults(profile: Profile) -> Self {
        Self {
            server: ServerHeader::Pass,
            via: ViaHeader::Append(Pseudonym::default()),
            request_id: true,
            trusted_hops: 0,
            preserve_header_case: false,
            underscores: profile.pick(Underscores::Refuse, Underscores::Pass),
        }
    }
}

/// What becomes of the `Server` header of answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServerHeader {
    /// This text, whatever the upstream said.
    Overwrite(Product),
    /// What the upstream said, or nothing.
    Pass,
    /// Nothing.
    Remove,
}

/// What becomes of the `Via` header. RFC 9110 section 7.6.3 demands it of requests and leaves it free for answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ViaHeader {
    /// Requests say what came, and the received protocol version and this name; answers say what came.
    Append(Pseudonym),
    /// What came, unchanged.
    Pass,
    /// Nothing, in requests and answers.
    Remove,
}

/// What becomes of requests with `_` in a header name, which many servers take for a `-`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Underscores {
    /// They are refused with 400.
    Refuse,
    /// They pass.
    Pass,
}
