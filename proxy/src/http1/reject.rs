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

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $status:ident;)+) => {
        /// The rule that a message broke. The texts are stable: metrics and logs carry them.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Reason {
            $($(#[$doc])* $name,)+
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
        }
    };
}

reasons! {
    /// RFC 9112 2.2: CR without LF.
    BareCr, "bare-cr", BAD_REQUEST;
    /// RFC 9112 2.2: LF without CR.
    BareLf, "bare-lf", BAD_REQUEST;
    /// RFC 9112 7.1.1, bounded by us.
    ChunkExtensionsTooLarge, "chunk-extensions-too-large", BAD_REQUEST;
    /// RFC 9112 6.3: the classic of request smuggling.
    ContentLengthAndTransferEncoding, "content-length-and-transfer-encoding", BAD_REQUEST;
    /// RFC 9112 6.3: more than one Content-Length, and they differ.
    ContentLengthConflict, "content-length-conflict", BAD_REQUEST;
    /// RFC 9110 5.5: NUL and other controls.
    ControlCharacter, "control-character", BAD_REQUEST;
    /// RFC 9110 9.3.6: CONNECT has no content.
    ContentOnConnect, "content-on-connect", BAD_REQUEST;
    /// `..;`, which some servers read as `..`.
    DotSegmentParameter, "dot-segment-parameter", BAD_REQUEST;
    /// `%5C` in a path.
    EncodedBackslash, "encoded-backslash", BAD_REQUEST;
    /// `%00` in a path.
    EncodedNul, "encoded-nul", BAD_REQUEST;
    /// `%2F` in a path.
    EncodedSlash, "encoded-slash", BAD_REQUEST;
    /// RFC 9110 10.1.1: any expectation but 100-continue.
    ExpectationUnknown, "expectation-unknown", EXPECTATION_FAILED;
    /// `#` in a target.
    Fragment, "fragment-in-target", BAD_REQUEST;
    HeadTooLarge, "head-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE;
    /// RFC 9112 3.2.2: Host and the target's authority are not the same.
    HostDisagrees, "host-disagrees", BAD_REQUEST;
    /// RFC 9112 3.2.
    HostInvalid, "host-invalid", BAD_REQUEST;
    /// RFC 9112 3.2.
    HostMissing, "host-missing", BAD_REQUEST;
    /// RFC 9112 3.2.
    HostRepeated, "host-repeated", BAD_REQUEST;
    /// RFC 9112 6.3: not 1*DIGIT, or more than 64 bits.
    InvalidContentLength, "invalid-content-length", BAD_REQUEST;
    /// RFC 9110 5.1: not a token.
    InvalidFieldName, "invalid-field-name", BAD_REQUEST;
    /// `%` without two hex digits after it.
    InvalidPercentEncoding, "invalid-percent-encoding", BAD_REQUEST;
    /// RFC 9112 3.2: none of the four forms, or a byte that no URI has.
    InvalidTarget, "invalid-target", BAD_REQUEST;
    /// RFC 9112 2.2: more than one empty line before a message.
    LeadingEmptyLine, "leading-empty-line", BAD_REQUEST;
    LineTooLong, "line-too-long", REQUEST_HEADER_FIELDS_TOO_LARGE;
    /// RFC 9112 7.1.
    MalformedChunk, "malformed-chunk", BAD_REQUEST;
    /// RFC 9112 5: a line without a name and a colon.
    MalformedField, "malformed-field", BAD_REQUEST;
    /// RFC 9112 3. HTTP/0.9 ends here, too.
    MalformedRequestLine, "malformed-request-line", BAD_REQUEST;
    /// RFC 9112 4.
    MalformedStatusLine, "malformed-status-line", BAD_GATEWAY;
    /// RFC 9112 3: longer than any method there is.
    MethodTooLong, "method-too-long", NOT_IMPLEMENTED;
    /// RFC 9112 5.2: a line that continues the one before it.
    ObsFold, "obs-fold", BAD_REQUEST;
    /// A preface of HTTP/2 gone wrong, or a first line shaped like a request that names no version of HTTP at all: who
    /// sends it reads no HTTP/1.1, so it is not answered (RFC 9113 3.4).
    NotHttp, "not-http", BAD_REQUEST;
    /// A backslash in a path.
    Backslash, "backslash-in-path", BAD_REQUEST;
    /// RFC 9112 5.1.
    SpaceBeforeColon, "space-before-colon", BAD_REQUEST;
    TargetTooLong, "target-too-long", URI_TOO_LONG;
    TooManyFields, "too-many-fields", REQUEST_HEADER_FIELDS_TOO_LARGE;
    TooManyTrailers, "too-many-trailers", REQUEST_HEADER_FIELDS_TOO_LARGE;
    TrailersTooLarge, "trailers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE;
    /// RFC 9112 6.1: HTTP/1.0 has no transfer codings.
    TransferEncodingInHttp10, "transfer-encoding-in-http-1.0", BAD_REQUEST;
    /// RFC 9112 8: the connection ended within a body.
    TruncatedBody, "truncated-body", BAD_REQUEST;
    /// A name with `_`, where that is refused.
    Underscore, "underscore-in-field-name", BAD_REQUEST;
    /// RFC 9112 6.1: anything but `chunked`, once and alone.
    UnsupportedTransferEncoding, "unsupported-transfer-encoding", BAD_REQUEST;
    /// RFC 9112 2.3.
    UnsupportedVersion, "unsupported-version", HTTP_VERSION_NOT_SUPPORTED;
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
