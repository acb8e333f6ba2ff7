//! Why a message was refused, and the one map from that to a status.

use std::fmt;

use http::StatusCode;

/// Who sent what was refused: a client is answered with the reason's own status, an upstream's fault is a 502.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Peer {
    Downstream,
    Upstream,
}

/// A refused message. Nothing after it on the connection can be trusted: answer, then close.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reject {
    pub reason: Reason,
    pub peer: Peer,
}

#[cfg(test)]
macro_rules! peers {
    (request) => {
        &[Peer::Downstream]
    };
    (response) => {
        &[Peer::Upstream]
    };
    (both) => {
        &[Peer::Downstream, Peer::Upstream]
    };
}

/// `of`: whose message can break the rule.
macro_rules! reasons {
    ($($(#[doc = $meaning:literal])+ $name:ident, $text:literal, $status:ident, $of:ident;)+) => {
        /// The rule that a message broke. The texts are stable: metrics and logs carry them.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Reason {
            $($(#[doc = $meaning])+ $name,)+
        }

        impl Reason {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// What a client is told.
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)+
                }
            }

            #[cfg(test)]
            pub(crate) const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($meaning),+),)+
                }
            }

            /// Whose message can break it.
            #[cfg(test)]
            pub(crate) const fn peers(self) -> &'static [Peer] {
                match self {
                    $(Self::$name => peers!($of),)+
                }
            }
        }
    };
}

reasons! {
    /// CR without LF (RFC 9112 2.2).
    BareCr, "bare-cr", BAD_REQUEST, both;
    /// LF without CR (RFC 9112 2.2).
    BareLf, "bare-lf", BAD_REQUEST, both;
    /// More bytes of chunk extensions in one body than `limits.chunkExtensionBytes` (RFC 9112 7.1.1).
    ChunkExtensionsTooLarge, "chunk-extensions-too-large", BAD_REQUEST, both;
    /// Content-Length beside Transfer-Encoding: the classic of request smuggling (RFC 9112 6.3).
    ContentLengthAndTransferEncoding, "content-length-and-transfer-encoding", BAD_REQUEST, both;
    /// More than one Content-Length, and they differ (RFC 9112 6.3).
    ContentLengthConflict, "content-length-conflict", BAD_REQUEST, both;
    /// NUL or another control character in a field (RFC 9110 5.5).
    ControlCharacter, "control-character", BAD_REQUEST, both;
    /// Content on CONNECT (RFC 9110 9.3.6).
    ContentOnConnect, "content-on-connect", BAD_REQUEST, request;
    /// `..;` in a path, which some servers read as `..`.
    DotSegmentParameter, "dot-segment-parameter", BAD_REQUEST, request;
    /// `%5C` in a path.
    EncodedBackslash, "encoded-backslash", BAD_REQUEST, request;
    /// `%00` in a path.
    EncodedNul, "encoded-nul", BAD_REQUEST, request;
    /// `%2F` in a path.
    EncodedSlash, "encoded-slash", BAD_REQUEST, request;
    /// Any expectation but `100-continue` (RFC 9110 10.1.1).
    ExpectationUnknown, "expectation-unknown", EXPECTATION_FAILED, request;
    /// `#` in a target.
    Fragment, "fragment-in-target", BAD_REQUEST, request;
    /// A head larger than `limits.headBytes`.
    HeadTooLarge, "head-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, both;
    /// Host and the target's authority are not the same (RFC 9112 3.2.2).
    HostDisagrees, "host-disagrees", BAD_REQUEST, request;
    /// A Host that is none (RFC 9112 3.2).
    HostInvalid, "host-invalid", BAD_REQUEST, request;
    /// No Host (RFC 9112 3.2).
    HostMissing, "host-missing", BAD_REQUEST, request;
    /// More than one Host (RFC 9112 3.2).
    HostRepeated, "host-repeated", BAD_REQUEST, request;
    /// A Content-Length that is not digits alone, or has more than 64 bits (RFC 9112 6.3).
    InvalidContentLength, "invalid-content-length", BAD_REQUEST, both;
    /// A field name that is no token (RFC 9110 5.1).
    InvalidFieldName, "invalid-field-name", BAD_REQUEST, both;
    /// `%` without two hex digits after it.
    InvalidPercentEncoding, "invalid-percent-encoding", BAD_REQUEST, request;
    /// A target in none of the four forms, or with a byte that no URI has (RFC 9112 3.2).
    InvalidTarget, "invalid-target", BAD_REQUEST, request;
    /// An empty line before a response, or more than one before a request (RFC 9112 2.2).
    LeadingEmptyLine, "leading-empty-line", BAD_REQUEST, both;
    /// A line of the head longer than `limits.lineBytes`.
    LineTooLong, "line-too-long", REQUEST_HEADER_FIELDS_TOO_LARGE, both;
    /// A chunk whose size line or end is not as it must be (RFC 9112 7.1).
    MalformedChunk, "malformed-chunk", BAD_REQUEST, both;
    /// A line without a name and a colon (RFC 9112 5).
    MalformedField, "malformed-field", BAD_REQUEST, both;
    /// A request line that is none; HTTP/0.9 ends here, too (RFC 9112 3).
    MalformedRequestLine, "malformed-request-line", BAD_REQUEST, request;
    /// A status line that is none (RFC 9112 4).
    MalformedStatusLine, "malformed-status-line", BAD_GATEWAY, response;
    /// A method longer than any there is (RFC 9112 3).
    MethodTooLong, "method-too-long", NOT_IMPLEMENTED, request;
    /// A line that continues the one before it (RFC 9112 5.2).
    ObsFold, "obs-fold", BAD_REQUEST, both;
    /// A preface of HTTP/2 gone wrong, or a first line shaped like a request that names no version of HTTP at all: who
    /// sends it reads no HTTP/1.1, so it is not answered (RFC 9113 3.4).
    NotHttp, "not-http", BAD_REQUEST, request;
    /// A backslash in a path.
    Backslash, "backslash-in-path", BAD_REQUEST, request;
    /// A space between a field's name and its colon (RFC 9112 5.1).
    SpaceBeforeColon, "space-before-colon", BAD_REQUEST, both;
    /// A target longer than `limits.targetBytes`.
    TargetTooLong, "target-too-long", URI_TOO_LONG, request;
    /// More header fields than `limits.headerFields`.
    TooManyFields, "too-many-fields", REQUEST_HEADER_FIELDS_TOO_LARGE, both;
    /// More trailer fields than `limits.trailerFields`.
    TooManyTrailers, "too-many-trailers", REQUEST_HEADER_FIELDS_TOO_LARGE, both;
    /// More bytes of trailers than `limits.trailerBytes`.
    TrailersTooLarge, "trailers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, both;
    /// Transfer-Encoding in HTTP/1.0, which has none (RFC 9112 6.1).
    TransferEncodingInHttp10, "transfer-encoding-in-http-1.0", BAD_REQUEST, both;
    /// The connection ended within a body (RFC 9112 8): that is an end of the peer's, and named as one.
    TruncatedBody, "truncated-body", BAD_REQUEST, both;
    /// More than 32 interim answers (1xx) before the final one: they are passed on as they come, so there is an end to them.
    TooManyInterim, "too-many-interim-answers", BAD_GATEWAY, response;
    /// A header name with `_`, where `http.underscores` is `refuse`.
    Underscore, "underscore-in-field-name", BAD_REQUEST, request;
    /// A Transfer-Encoding that is anything but `chunked`, once and alone (RFC 9112 6.1).
    UnsupportedTransferEncoding, "unsupported-transfer-encoding", BAD_REQUEST, both;
    /// A version of HTTP that is neither 1.0 nor 1.1 (RFC 9112 2.3).
    UnsupportedVersion, "unsupported-version", HTTP_VERSION_NOT_SUPPORTED, both;
}

impl Reject {
    pub const fn status(&self) -> StatusCode {
        match self.peer {
            Peer::Downstream => self.reason.status(),
            Peer::Upstream => StatusCode::BAD_GATEWAY,
        }
    }
}

impl Reason {
    pub(super) const fn from(self, peer: Peer) -> Reject {
        Reject { reason: self, peer }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.peer {
            Peer::Downstream => "request",
            Peer::Upstream => "response",
        };
        write!(f, "{side} refused: {}", self.reason)
    }
}

impl std::error::Error for Reject {}
