//! The strictest reading of HTTP/1.1: CRLF only, one framing, one meaning.
//!
//! It judges what Tidegate sent to either side, so whatever it does not understand is an error of the sender. Text is
//! read as Latin-1, so that each byte is one character.

/// Names in the order and case in which they came, with their values.
pub type Fields = Vec<(String, String)>;

/// A start line and its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The request or status line, without its end.
    pub start: String,
    /// The fields below it.
    pub fields: Fields,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// So many octets.
    Length(usize),
    /// By chunks.
    Chunked,
    /// All that comes before the connection ends.
    UntilClose,
}

/// A message, as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its head.
    pub head: Head,
    /// Its body, without framing.
    pub body: Vec<u8>,
    /// The fields after a chunked body.
    pub trailers: Fields,
    /// Whether it ended as its framing says; a body that only the end of the connection ends is complete by a FIN.
    pub complete: bool,
    /// Octets from its start line to its end.
    pub length: usize,
}

impl Head {
    /// The values of a name, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        values(&self.fields, name)
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        let rest = self.start.strip_prefix("HTTP/1.")?;
        rest.split(' ').nth(1)?.parse().ok()
    }

    /// The method of a request.
    pub fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// The target of a request.
    pub fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// RFC 9112 section 6.3 for a request, with no leniency.
    pub fn request_framing(&self) -> Result<Framing, String> {
        Ok(self.declared_framing()?.unwrap_or(Framing::Empty))
    }

    /// RFC 9112 section 6.3 for the response to a request of this method.
    pub fn response_framing(&self, method: &str) -> Result<Framing, String> {
        let status = self
            .status()
            .ok_or_else(|| format!("bad status line {:?}", self.start))?;
        let declared = self.declared_framing()?;
        if method == "HEAD" || status < 200 || status == 204 || status == 304 {
            return Ok(Framing::Empty);
        }
        Ok(declared.unwrap_or(Framing::UntilClose))
    }

    fn declared_framing(&self) -> Result<Option<Framing>, String> {
        match (
            self.all("content-length").as_slice(),
            self.all("transfer-encoding").as_slice(),
        ) {
            ([], []) => Ok(None),
            ([length], []) if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => length
                .parse()
                .map(|length| Some(Framing::Length(length)))
                .map_err(|error| error.to_string()),
            ([], ["chunked"]) => Ok(Some(Framing::Chunked)),
            (lengths, codings) => Err(format!("framing of {lengths:?} and {codings:?} in {:?}", self.start)),
        }
    }
}

impl Message {
    /// The values of a name in the head, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.head.all(name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        latin1(&self.body)
    }
}

/// The values of a name, in order.
pub fn values<'f>(fields: &'f Fields, name: &str) -> Vec<&'f str> {
    fields
        .iter()
        .filter(|(have, _)| have.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

/// Reads a head; `None` when there is not yet a whole one.
pub fn head(bytes: &[u8]) -> Result<Option<(Head, usize)>, String> {
    let Some(end) = find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let mut lines = split_lines(&bytes[..end])?.into_iter();
    let start = lines.next().unwrap_or_default();
    if start.is_empty() {
        return Err("an empty start line".to_owned());
    }
    let fields = lines.map(|line| field(&line)).collect::<Result<_, _>>()?;
    Ok(Some((Head { start, fields }, end + 4)))
}

/// Every request in a stream of bytes; the last one may be incomplete, and half a head at the end is an incomplete
/// message without a start line.
pub fn requests(bytes: &[u8]) -> Result<Vec<Message>, String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let message = one(&bytes[at..], false, Head::request_framing)?;
        at += message.length;
        let complete = message.complete;
        found.push(message);
        if !complete {
            break;
        }
    }
    for message in found.iter().filter(|message| !message.head.start.is_empty()) {
        check_request_line(&message.head)?;
    }
    Ok(found)
}

/// Every response in a stream of bytes, interim ones included, given the methods of the requests in order; where the
/// methods run out, GET is assumed. `ended`: a FIN came after the bytes.
pub fn responses(bytes: &[u8], ended: bool, methods: &[&str]) -> Result<Vec<Message>, String> {
    let mut found = Vec::new();
    let mut methods = methods.iter().copied();
    let mut method = methods.next().unwrap_or("GET");
    let mut at = 0;
    while at < bytes.len() {
        let message = one(&bytes[at..], ended, |head| head.response_framing(method))?;
        at += message.length;
        if message.head.status().is_some_and(|status| status >= 200) {
            method = methods.next().unwrap_or("GET");
        }
        let complete = message.complete;
        found.push(message);
        if !complete {
            break;
        }
    }
    Ok(found)
}

fn one(bytes: &[u8], ended: bool, framing: impl Fn(&Head) -> Result<Framing, String>) -> Result<Message, String> {
    let Some((head, used)) = head(bytes)? else {
        return Ok(Message {
            length: bytes.len(),
            ..Message::default()
        });
    };
    let rest = &bytes[used..];
    let mut message = Message {
        head,
        ..Message::default()
    };
    let body_length = match framing(&message.head)? {
        Framing::Empty => {
            message.complete = true;
            0
        }
        Framing::Length(length) => {
            message.body = rest[..length.min(rest.len())].to_vec();
            message.complete = rest.len() >= length;
            message.body.len()
        }
        Framing::UntilClose => {
            message.body = rest.to_vec();
            message.complete = ended;
            rest.len()
        }
        Framing::Chunked => chunks(rest, &mut message)?,
    };
    message.length = used + body_length;
    Ok(message)
}

fn chunks(bytes: &[u8], message: &mut Message) -> Result<usize, String> {
    let mut at = 0;
    loop {
        let Some(end) = find(&bytes[at..], b"\r\n") else {
            return Ok(bytes.len());
        };
        let line = latin1(&bytes[at..at + end]);
        if line.is_empty() || !line.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("chunk size {line:?}"));
        }
        let size = usize::from_str_radix(&line, 16).map_err(|error| error.to_string())?;
        at += end + 2;
        if size == 0 {
            return trailers(bytes, at, message);
        }
        let have = bytes.len() - at;
        message.body.extend_from_slice(&bytes[at..at + size.min(have)]);
        if have < size + 2 {
            return Ok(bytes.len());
        }
        if &bytes[at + size..at + size + 2] != b"\r\n" {
            return Err(format!("no CRLF after a chunk of {size}"));
        }
        at += size + 2;
    }
}

fn trailers(bytes: &[u8], at: usize, message: &mut Message) -> Result<usize, String> {
    if bytes[at..].starts_with(b"\r\n") {
        message.complete = true;
        return Ok(at + 2);
    }
    let Some(end) = find(&bytes[at..], b"\r\n\r\n") else {
        return Ok(bytes.len());
    };
    message.trailers = split_lines(&bytes[at..at + end])?
        .iter()
        .map(|line| field(line))
        .collect::<Result<_, _>>()?;
    message.complete = true;
    Ok(at + end + 4)
}

/// Field lines without the end of the last one.
pub fn field_lines(bytes: &[u8]) -> Result<Fields, String> {
    split_lines(bytes)?.iter().map(|line| field(line)).collect()
}

fn split_lines(bytes: &[u8]) -> Result<Vec<String>, String> {
    let text = latin1(bytes);
    text.split("\r\n")
        .map(|line| {
            match line
                .chars()
                .find(|char| char.is_control() && *char != '\t' && *char < '\u{80}')
            {
                Some(control) => Err(format!("{control:?} in {line:?}")),
                None => Ok(line.to_owned()),
            }
        })
        .collect()
}

fn field(line: &str) -> Result<(String, String), String> {
    let (name, value) = line.split_once(':').ok_or_else(|| format!("no colon in {line:?}"))?;
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(format!("bad field name in {line:?}"));
    }
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

fn check_request_line(head: &Head) -> Result<(), String> {
    let parts: Vec<&str> = head.start.split(' ').collect();
    match parts.as_slice() {
        [method, target, "HTTP/1.1" | "HTTP/1.0"]
            if !method.is_empty() && method.bytes().all(is_token) && !target.is_empty() =>
        {
            Ok(())
        }
        _ => Err(format!("bad request line {:?}", head.start)),
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Bytes as text, one character a byte.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Where `needle` begins in `bytes`.
pub fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_requests_one_after_the_other() {
        let bytes = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiPUT /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nyo\r\n0\r\nx: 1\r\n\r\nGET";
        let found = requests(bytes).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].text().as_str(), found[1].text().as_str()), ("hi", "yo"));
        assert_eq!(found[1].trailers, vec![("x".to_owned(), "1".to_owned())]);
        assert!(!found[2].complete && found[2].head.start.is_empty());
    }

    #[test]
    fn refuses_two_framings_and_bare_line_ends() {
        assert!(requests(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        assert!(requests(b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n").is_err());
        assert!(requests(b"GET  / HTTP/1.1\r\n\r\n").is_err());
    }

    #[test]
    fn a_truncated_body_is_not_complete() {
        let cut = responses(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true, &["GET"]).unwrap();
        assert!(!cut[0].complete);
        let cut = responses(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
            true,
            &["GET"],
        )
        .unwrap();
        assert!(!cut[0].complete);
    }

    #[test]
    fn interim_answers_do_not_use_up_a_method() {
        let bytes = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        let found = responses(bytes, false, &["HEAD"]).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[1].complete);
    }
}
