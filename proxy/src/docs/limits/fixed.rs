//! The limits that are no setting: constants of the code.

use super::*;

/// What is no setting.
pub(super) fn limits() -> Vec<Limit> {
    let answers = http1::Limits::default();
    let upstream = http2::Settings::upstream();
    let (bytes, count) = (|bytes: usize| Bytes(bytes as u64), |count: usize| Count(count as u64));
    let broken = |reason| Fails(Kind::UpstreamProtocol(reason));
    vec![
        limit(
            "",
            bytes(answers.head_bytes),
            "the head of an upstream's answer",
            broken(Reason::HeadTooLarge),
        ),
        limit(
            "",
            bytes(answers.line_bytes),
            "a line of it",
            broken(Reason::LineTooLong),
        ),
        limit("", count(answers.fields), "its fields", broken(Reason::TooManyFields)),
        limit(
            "",
            count(answers.trailer_fields),
            "its trailer fields",
            broken(Reason::TooManyTrailers),
        ),
        limit(
            "",
            bytes(answers.trailer_bytes),
            "its trailers",
            broken(Reason::TrailersTooLarge),
        ),
        limit(
            "",
            bytes(answers.chunk_extension_bytes),
            "chunk extensions of its body",
            broken(Reason::ChunkExtensionsTooLarge),
        ),
        limit(
            "",
            count(http1::METHOD_BYTES),
            "octets of a method",
            Fails(Kind::BadRequest(Reason::MethodTooLong)),
        ),
        limit(
            "",
            bytes(http1::PIPELINED),
            "of the next requests, read while one is answered",
            Does("the client waits"),
        ),
        limit(
            "",
            bytes(http1::LEFTOVER_BYTES),
            "read of a request body that nobody wants, to keep the connection",
            Does("closed"),
        ),
        limit(
            "",
            http1::LINGER_TIME,
            "the same, and reading on after the last answer of a connection",
            Does("closed"),
        ),
        limit(
            "",
            worker::LAST_CALL,
            "for a first byte, on a silent connection, when a drain begins",
            Does("closed"),
        ),
        limit(
            "",
            http2::TIME_TO_GO,
            "for a client to agree to an end for idleness",
            Does("closed"),
        ),
        limit(
            "",
            serve::FAREWELL,
            "before the end of a drain, or a fifth of it, when tunnels are told to go",
            Does("WebSocket 1001 to both sides"),
        ),
        limit(
            "",
            http2::FLOOD_WINDOW,
            "in which frames and resets are counted",
            Does("counting begins anew"),
        ),
        limit(
            "",
            Count(upstream.max_concurrent_streams.into()),
            "streams on a connection to an HTTP/2 upstream, or what it allows if that is less",
            Does("another connection, or waiting for one"),
        ),
        limit(
            "",
            Bytes(upstream.stream_window.into()),
            "of a stream of an HTTP/2 upstream, not yet passed on",
            Does("the upstream waits"),
        ),
        limit(
            "",
            http2::WRITE_STALL,
            "an HTTP/2 upstream that takes nothing",
            Fails(Kind::UpstreamReset),
        ),
        limit(
            "",
            Count(upstream::Interims::MOST.into()),
            "interim answers (1xx) before the final one",
            broken(Reason::TooManyInterim),
        ),
        limit(
            "",
            Count(upstream::TRIES.into()),
            "tries of a request that the upstream surely did not act on",
            Does("the last one's failure"),
        ),
        limit(
            "",
            Count(upstream::TRIES_ELSEWHERE.into()),
            "the same, when each connection was ended before it was taken",
            Fails(Kind::UpstreamGoAway),
        ),
        limit(
            "",
            count(tidegate_filters::MAX_KEYS),
            "keys that a `rateLimit` counts apart",
            Does("those furthest from their limit are forgotten"),
        ),
        limit(
            "",
            Count(listener::BACKLOG.unsigned_abs().into()),
            "connections that wait to be accepted, and no more than `net.core.somaxconn`",
            Does("the kernel ignores new ones"),
        ),
    ]
}
