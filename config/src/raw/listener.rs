//! Listeners as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AccessLog, Filters, Number, Text};
use crate::listener::{Profile, Underscores};
use crate::schema::{Address, Duration, Size, Word};

/// An address that accepts connections.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Listener {
    /// Where it listens; port 0 lets the system choose.
    #[schemars(with = "Address", extend("examples" = ["0.0.0.0:8080", "[::]:8080"]))]
    pub(crate) address: Text,
    /// Which set of defaults holds.
    #[serde(default)]
    #[schemars(extend("examples" = ["mesh"], "default" = "edge"))]
    pub(crate) profile: Profile,
    /// How long its clients may take; `0s` is no limit.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "idle": "90s" }]))]
    pub(crate) timeouts: ListenerTimeouts,
    /// How much its clients may send.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "headerFields": 64 }]))]
    pub(crate) limits: ListenerLimits,
    /// What it does to requests and answers.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "trustedHops": 1 }]))]
    pub(crate) http: Http,
    /// What it offers to HTTP/2 clients.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "maxConcurrentStreams": 250 }]))]
    pub(crate) http2: Http2,
    /// How long requests may go on after the listener was told to stop; mesh: 30s.
    #[schemars(with = "Option<Duration>", extend("examples" = ["15s"], "default" = "60s"))]
    pub(crate) drain: Option<Text>,
    /// A line for each finished request; as `tidegate run --access-log` says when left out.
    #[schemars(extend("examples" = [{ "to": "stdout", "format": "json" }]))]
    pub(crate) access_log: Option<AccessLog>,
    /// For all routes on it; a route's or rule's own filters of a kind replace these.
    #[schemars(extend("examples" = [[{ "responseHeaders": { "remove": ["x-powered-by"] } }]]))]
    pub(crate) filters: Option<Filters>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListenerTimeouts {
    /// From the first byte of a request head to its last.
    #[schemars(with = "Option<Duration>", extend("examples" = ["5s"], "default" = "10s"))]
    pub(crate) request_head: Option<Text>,
    /// How long a connection without a request stays open; mesh: 5m.
    #[schemars(with = "Option<Duration>", extend("examples" = ["90s"], "default" = "60s"))]
    pub(crate) idle: Option<Text>,
    /// How long no byte of a request body may come that was waited for.
    #[schemars(with = "Option<Duration>", extend("examples" = ["1m"], "default" = "30s"))]
    pub(crate) body_stall: Option<Text>,
    /// How long the client may take no byte that waits for it.
    #[schemars(with = "Option<Duration>", extend("examples" = ["1m"], "default" = "30s"))]
    pub(crate) write_stall: Option<Text>,
    /// How long a request may go without a byte in either direction.
    #[schemars(with = "Option<Duration>", extend("examples" = ["15m"], "default" = "5m"))]
    pub(crate) stream_idle: Option<Text>,
    /// How long a tunnel, as after an upgrade to WebSocket, may go without a byte in either direction.
    #[schemars(with = "Option<Duration>", extend("examples" = ["4h"], "default" = "1h"))]
    pub(crate) tunnel_idle: Option<Text>,
    /// From the whole request to the head of the answer, tries and all; mesh: 0s.
    #[schemars(with = "Option<Duration>", extend("examples" = ["15s", "0s"], "default" = "60s"))]
    pub(crate) request: Option<Text>,
    /// The same for each single try.
    #[schemars(with = "Option<Duration>", extend("examples" = ["3s"], "default" = "0s"))]
    pub(crate) backend_request: Option<Text>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListenerLimits {
    /// A request head in all, at most 64KiB; 431 above.
    #[schemars(with = "Option<Size>", extend("examples" = ["32KiB"], "default" = "60KiB"))]
    pub(crate) head_bytes: Option<Text>,
    /// One line of a head, at most 64KiB; 431 above.
    #[schemars(with = "Option<Size>", extend("examples" = ["8KiB"], "default" = "16KiB"))]
    pub(crate) line_bytes: Option<Text>,
    /// Header fields of a request; 431 above.
    #[schemars(range(min = 1, max = 256), extend("examples" = [64], "$comment" = "fields", "default" = 100))]
    pub(crate) header_fields: Option<Number>,
    /// Trailer fields of a request.
    #[schemars(range(max = 256), extend("examples" = [16], "$comment" = "fields", "default" = 32))]
    pub(crate) trailer_fields: Option<Number>,
    /// A request target, at most 64KiB; 414 above.
    #[schemars(with = "Option<Size>", extend("examples" = ["4KiB"], "default" = "16KiB"))]
    pub(crate) target_bytes: Option<Text>,
    /// Chunk extensions of a body in all.
    #[schemars(with = "Option<Size>", extend("examples" = ["1KiB"], "default" = "16KiB"))]
    pub(crate) chunk_extension_bytes: Option<Text>,
    /// Trailers of a body in all, at most 64KiB.
    #[schemars(with = "Option<Size>", extend("examples" = ["8KiB"], "default" = "16KiB"))]
    pub(crate) trailer_bytes: Option<Text>,
    /// Connections open at once.
    #[schemars(range(min = 1, max = 1000000), extend("examples" = [2000], "$comment" = "connections", "default" = 10000))]
    pub(crate) connections: Option<Number>,
    /// Requests after which a connection is closed; 0 for no limit; mesh: 0.
    #[schemars(extend("examples" = [1000, 0], "$comment" = "requests", "default" = 10000))]
    pub(crate) requests_per_connection: Option<Number>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Http2 {
    /// Streams of a connection open at once; mesh: 200.
    #[schemars(range(min = 1, max = 10000), extend("examples" = [250], "$comment" = "streams", "default" = 100))]
    pub(crate) max_concurrent_streams: Option<Number>,
    /// Flow-control window of a stream; mesh: 1MiB.
    #[schemars(with = "Option<Size>", extend("examples" = ["256KiB"], "default" = "64KiB"))]
    pub(crate) stream_window: Option<Text>,
    /// Flow-control window of a connection; mesh: 4MiB.
    #[schemars(with = "Option<Size>", extend("examples" = ["2MiB"], "default" = "1MiB"))]
    pub(crate) connection_window: Option<Text>,
    /// Bytes of a stream held for a client that does not take them yet; mesh: 256KiB.
    #[schemars(with = "Option<Size>", extend("examples" = ["128KiB"], "default" = "64KiB"))]
    pub(crate) send_buffer: Option<Text>,
    /// Largest payload of a frame.
    #[schemars(with = "Option<Size>", extend("examples" = ["64KiB"], "default" = "16KiB"))]
    pub(crate) max_frame_size: Option<Text>,
    /// The header compression table.
    #[schemars(with = "Option<Size>", extend("examples" = ["8KiB"], "default" = "4KiB"))]
    pub(crate) header_table_size: Option<Text>,
    /// Streams reset by the client before they were accepted, at once.
    #[schemars(range(min = 1), extend("examples" = [50], "$comment" = "streams", "default" = 20))]
    pub(crate) pending_accept_resets: Option<Number>,
    /// Streams reset by us for the client's errors, a connection.
    #[schemars(range(min = 1), extend("examples" = [512], "$comment" = "streams", "default" = 256))]
    pub(crate) own_resets: Option<Number>,
    /// Streams reset by the client in 10 s.
    #[schemars(range(min = 1), extend("examples" = [500], "$comment" = "streams", "default" = 200))]
    pub(crate) received_resets: Option<Number>,
    /// PING frames in 10 s.
    #[schemars(range(min = 1), extend("examples" = [20], "$comment" = "frames", "default" = 100))]
    pub(crate) pings: Option<Number>,
    /// SETTINGS frames in 10 s.
    #[schemars(range(min = 1), extend("examples" = [20], "$comment" = "frames", "default" = 100))]
    pub(crate) settings: Option<Number>,
    /// Empty DATA frames in a row.
    #[schemars(range(min = 1), extend("examples" = [20], "$comment" = "frames", "default" = 100))]
    pub(crate) empty_data: Option<Number>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Http {
    /// What becomes of an answer's `Server`.
    #[schemars(extend("examples" = [{ "action": "overwrite", "name": "edge" }], "default" = { "action": "pass" }))]
    pub(crate) server: Option<Server>,
    /// What becomes of `Via`.
    #[schemars(extend("examples" = [{ "action": "remove" }], "default" = { "action": "append", "name": "tidegate" }))]
    pub(crate) via: Option<Via>,
    /// Whether a request without a trusted `X-Request-Id` gets one.
    #[schemars(extend("examples" = [false], "default" = true))]
    pub(crate) request_id: Option<bool>,
    /// How many proxies in front are trusted to say who the client is.
    #[schemars(range(max = 32), extend("examples" = [1], "$comment" = "proxies", "default" = 0))]
    pub(crate) trusted_hops: Option<Number>,
    /// Whether header names keep their case from HTTP/1.1 to HTTP/1.1.
    #[schemars(extend("examples" = [true], "default" = false))]
    pub(crate) preserve_header_case: Option<bool>,
    /// What becomes of requests with `_` in a header name; mesh: pass.
    #[schemars(extend("examples" = ["pass"], "default" = "refuse"))]
    pub(crate) underscores: Option<Underscores>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Server {
    /// What is done with it.
    #[schemars(extend("examples" = ["remove"]))]
    pub(crate) action: ServerAction,
    /// Only with `overwrite`: what it says.
    #[schemars(with = "Option<Word>", extend("examples" = ["edge"]))]
    pub(crate) name: Option<Text>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ServerAction {
    /// The name, whatever the upstream said.
    Overwrite,
    /// What the upstream said, or nothing.
    Pass,
    /// Nothing.
    Remove,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Via {
    /// What is done with it.
    #[schemars(extend("examples" = ["pass"]))]
    pub(crate) action: ViaAction,
    /// Only with `append`: what it says.
    #[schemars(with = "Option<Word>", extend("examples" = ["edge"]))]
    pub(crate) name: Option<Text>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ViaAction {
    /// The name, to requests.
    Append,
    /// What came, unchanged.
    Pass,
    /// Nothing, in requests and answers.
    Remove,
}
