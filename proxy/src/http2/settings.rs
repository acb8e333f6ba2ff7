//! The limits of an HTTP/2 connection: each a row of docs/limits.md.

/// Floods are counted over this long.
pub(crate) const FLOOD_WINDOW: std::time::Duration = std::time::Duration::from_secs(10);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    pub max_concurrent_streams: u32,
    /// What a peer may send on one stream, and on all streams together, before it must wait.
    pub stream_window: u32,
    pub connection_window: u32,
    /// Bytes of one stream that may wait for the socket.
    pub send_buffer: usize,
    pub max_frame_size: u32,
    pub header_table: u32,
    /// All fields of a head, each with 32 octets of overhead (RFC 9113, section 6.5.2).
    pub head_bytes: u32,
    /// Streams that were reset before we took them up.
    pub pending_accept_resets: usize,
    /// Streams that we reset because of what the peer did, in a connection's life.
    pub own_resets: usize,
    /// RST_STREAM frames received in 10 s.
    pub received_resets: u32,
    /// PING frames received in 10 s.
    pub pings: u32,
    /// SETTINGS frames received in 10 s.
    pub settings: u32,
    /// DATA frames in a row that carry nothing.
    pub empty_data: u32,
}

impl Settings {
    /// Towards clients inside a mesh.
    pub const fn mesh() -> Self {
        Self {
            max_concurrent_streams: 200,
            stream_window: 1 << 20,
            connection_window: 4 << 20,
            send_buffer: 256 << 10,
            ..Self::edge()
        }
    }

    /// Towards strangers.
    pub const fn edge() -> Self {
        Self {
            max_concurrent_streams: 100,
            stream_window: 64 << 10,
            connection_window: 1 << 20,
            send_buffer: 64 << 10,
            max_frame_size: 16 << 10,
            header_table: 4 << 10,
            head_bytes: 60 << 10,
            pending_accept_resets: 20,
            own_resets: 256,
            received_resets: 200,
            pings: 100,
            settings: 100,
            empty_data: 100,
        }
    }

    /// Towards upstreams. The connection's window is that of all its streams together: streams that nobody reads can
    /// then never use it up, so none of them stalls another. An upstream may reset and refuse as often as it likes.
    pub const fn upstream() -> Self {
        let edge = Self::edge();
        Self {
            stream_window: 256 << 10,
            connection_window: (256 << 10) * edge.max_concurrent_streams,
            send_buffer: 256 << 10,
            received_resets: u32::MAX,
            ..edge
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::edge()
    }
}
