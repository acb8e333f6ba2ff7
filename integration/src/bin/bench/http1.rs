//! Just enough HTTP/1.1 to read the heads that arrive at the benchmark's own two ends. Not a checker of what a proxy may send: the conformance
//! tests are that. A head it does not expect is an error, never a guess.

use crate::Outcome;

/// As many fields as any proxy adds here, several times over.
const FIELDS: usize = 48;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RequestHead {
    pub(crate) length: usize,
    pub(crate) body: u64,
    pub(crate) large_answer: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ResponseHead {
    pub(crate) length: usize,
    pub(crate) body: u64,
}

/// The head at the front of `bytes`, or `None` while it is incomplete.
pub(crate) fn request(bytes: &[u8]) -> Outcome<Option<RequestHead>> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let httparse::Status::Complete(length) = head.parse(bytes)? else {
        return Ok(None);
    };
    let body = if head.method == Some("GET") {
        0
    } else {
        content_length(head.headers)?
    };
    Ok(Some(RequestHead {
        length,
        body,
        large_answer: head.path == Some(LARGE_PATH),
    }))
}

/// The head of a 200 at the front of `bytes`, or `None` while it is incomplete; any other status is an error.
pub(crate) fn response(bytes: &[u8]) -> Outcome<Option<ResponseHead>> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = head.parse(bytes)? else {
        return Ok(None);
    };
    if head.code != Some(200) {
        return Err(format!(
            "answered {}",
            String::from_utf8_lossy(bytes.get(..length.min(200)).unwrap_or(bytes))
        )
        .into());
    }
    Ok(Some(ResponseHead {
        length,
        body: content_length(head.headers)?,
    }))
}

/// What the backend answers with [`LARGE`] bytes.
pub(crate) const LARGE_PATH: &str = "/large";

/// The size of a small answer.
pub(crate) const SMALL: usize = 1 << 10;

/// The size of a large answer and of an upload.
pub(crate) const LARGE: usize = 1 << 20;

fn content_length(fields: &[httparse::Header<'_>]) -> Outcome<u64> {
    let field = fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let value = field
        .ok_or("a message without Content-Length: the benchmark counts bytes by it")?
        .value;
    Ok(std::str::from_utf8(value)?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::{RequestHead, ResponseHead, request, response};

    #[test]
    fn heads_are_read_when_whole() {
        let get = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(request(&get[..20]).unwrap(), None);
        assert_eq!(
            request(get).unwrap(),
            Some(RequestHead {
                length: get.len(),
                body: 0,
                large_answer: true
            })
        );
        let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n1234567";
        assert_eq!(
            response(ok).unwrap(),
            Some(ResponseHead {
                length: ok.len() - 7,
                body: 7
            })
        );
    }

    #[test]
    fn anything_but_a_counted_200_is_an_error() {
        assert!(response(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n").is_err());
        assert!(response(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
