//! What a row says, and how it is judged.

use std::time::{Duration, Instant};
use std::{net::SocketAddr, thread};

use tidegate_integration::harness::message::{Message, latin1, responses, values};
use tidegate_integration::harness::{Proxy, Raw, Recorder};

/// Longest wait for an end or an answer that a row expects; rows that pass do not wait.
const PATIENCE: Duration = Duration::from_secs(3);

/// Refusals of a message that was understood: the connection may live on.
const CLEAR: [u16; 5] = [403, 404, 417, 421, 426];

/// One row: bytes that a client sends, and what must come of them.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    name: String,
    section: &'static str,
    sends: Vec<u8>,
    fin: bool,
    /// The requests that the upstream must see, and nothing else.
    passes: Vec<Expected>,
    then: Then,
    /// Also right: refused with one of these, nothing complete upstream. For what the RFC leaves to the recipient.
    or_refused: &'static [u16],
    /// Also right: closed without the answer, or with a 400 where none is due. For what a client left incomplete.
    quiet: bool,
}

/// What happens after the requests that pass.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// The connection lives: a further request on it is answered.
    Open,
    /// The connection is closed without a further answer.
    Closed,
    /// One of these statuses, then closed; nothing of it upstream.
    Refused(&'static [u16]),
    /// One of these statuses, nothing upstream; the connection may live on, for the framing was clear.
    Answered(&'static [u16]),
    /// As refused, but the head was good: it may be upstream, where it must never become a complete message.
    Broken(&'static [u16]),
}

/// A request as the upstream must see it.
#[derive(Clone, Debug, Default)]
struct Expected {
    line: String,
    fields: Vec<(String, Vec<String>)>,
    lacks: Vec<String>,
    body: Option<Vec<u8>>,
    trailers: Vec<(String, Vec<String>)>,
    lacks_trailers: Vec<String>,
}

/// Refused with 400, closed, nothing upstream.
pub(crate) fn refused(name: impl Into<String>, section: &'static str, sends: impl Into<Vec<u8>>) -> Row {
    Row {
        name: name.into(),
        section,
        sends: sends.into(),
        fin: false,
        passes: Vec::new(),
        then: Then::Refused(&[400]),
        or_refused: &[],
        quiet: false,
    }
}

/// The body is bad where the head was good.
pub(crate) fn broken(name: impl Into<String>, section: &'static str, sends: impl Into<Vec<u8>>) -> Row {
    Row {
        then: Then::Broken(&[400]),
        ..refused(name, section, sends)
    }
}

/// Passes as one request with this line, and the connection lives on.
pub(crate) fn passes(name: impl Into<String>, section: &'static str, sends: impl Into<Vec<u8>>, line: &str) -> Row {
    let first = Expected {
        line: line.to_owned(),
        ..Expected::default()
    };
    Row {
        passes: vec![first],
        then: Then::Open,
        ..refused(name, section, sends)
    }
}

/// A GET with one more line of head.
pub(crate) fn get_with(line: impl AsRef<[u8]>) -> Vec<u8> {
    head_with("GET / HTTP/1.1", line)
}

/// This request line, a Host, and one more line.
pub(crate) fn head_with(start: &str, line: impl AsRef<[u8]>) -> Vec<u8> {
    [start.as_bytes(), b"\r\nHost: a\r\n", line.as_ref(), b"\r\n\r\n"].concat()
}

/// A POST with this body after a chunked head.
pub(crate) fn post_chunked(body: impl AsRef<[u8]>) -> Vec<u8> {
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        body.as_ref(),
    ]
    .concat()
}

/// A POST with these framing lines and this body.
pub(crate) fn post(lines: &str, body: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n{body}").into_bytes()
}

impl Row {
    fn last(&mut self) -> &mut Expected {
        self.passes.last_mut().expect("a request that passes")
    }

    /// Refused with one of these statuses.
    pub(crate) fn status(mut self, statuses: &'static [u16]) -> Self {
        self.then = match self.then {
            Then::Broken(_) => Then::Broken(statuses),
            _ => Then::Refused(statuses),
        };
        self
    }

    /// Answered with one of these statuses, nothing upstream, closed or not.
    pub(crate) fn answered(mut self, statuses: &'static [u16]) -> Self {
        self.then = Then::Answered(statuses);
        self
    }

    /// The recipient may also refuse it.
    pub(crate) fn or_refused(self) -> Self {
        self.or_status(&[400])
    }

    /// The recipient may also refuse it with one of these.
    pub(crate) fn or_status(mut self, statuses: &'static [u16]) -> Self {
        self.or_refused = statuses;
        self
    }

    /// An answer is not due to half a request; a close alone is right, and so is a 400.
    pub(crate) fn or_just_closed(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Upstream this name has exactly these values, in order.
    pub(crate) fn field(mut self, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.last().fields.push((name.to_owned(), values));
        self
    }

    /// Upstream this name is absent.
    pub(crate) fn lacks(mut self, name: &str) -> Self {
        self.last().lacks.push(name.to_owned());
        self
    }

    /// Upstream the body is this, whatever its framing.
    pub(crate) fn body(mut self, body: &str) -> Self {
        self.last().body = Some(body.as_bytes().to_vec());
        self
    }

    /// Upstream the trailer of this name has exactly these values.
    pub(crate) fn trailer(mut self, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.last().trailers.push((name.to_owned(), values));
        self
    }

    /// Upstream there is no trailer of this name, nor a field.
    pub(crate) fn lacks_trailer(mut self, name: &str) -> Self {
        self.last().lacks_trailers.push(name.to_owned());
        self
    }

    /// The client half-closes after the bytes.
    pub(crate) fn fin(mut self) -> Self {
        self.fin = true;
        self
    }

    /// The connection is closed after the answer.
    pub(crate) fn closes(mut self) -> Self {
        self.then = Then::Closed;
        self
    }

    /// A further request with this line passes, too.
    pub(crate) fn then_passes(mut self, line: &str) -> Self {
        self.passes.push(Expected {
            line: line.to_owned(),
            ..Expected::default()
        });
        self
    }

    /// What follows is refused with 400.
    pub(crate) fn then_refused(mut self) -> Self {
        self.then = Then::Refused(&[400]);
        self
    }
}

/// The configuration of one listener in front of one HTTP/1.1 upstream.
pub(crate) fn config(upstream: SocketAddr) -> String {
    format!(
        "listeners:\n  web: {{ address: 127.0.0.1:0 }}\n\
         routes:\n  all:\n    listeners: [web]\n    rules:\n      - backends: [{{ cluster: up }}]\n\
         clusters:\n  up: {{ protocol: http1, endpoints: [{{ address: {upstream} }}] }}\n"
    )
}

/// Sends every row through one proxy, one after the other, and fails with the list of all rows that went wrong.
pub(crate) fn judge(rows: &[Row]) {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&config(upstream.address));
    let mut wrong = Vec::new();
    for row in rows {
        if let Err(problem) = judge_row(row, &proxy, &upstream) {
            wrong.push(format!(
                "{} ({}): {problem}\n    sent {}",
                row.name,
                row.section,
                shorten(&row.sends)
            ));
        }
    }
    println!("{} rows, {} wrong", rows.len(), wrong.len());
    assert!(
        wrong.is_empty(),
        "{} of {} rows:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

fn judge_row(row: &Row, proxy: &Proxy, upstream: &Recorder) -> Result<(), String> {
    let mut client = proxy.connect();
    client.send(&row.sends);
    if row.fin {
        client.fin();
    }
    let seen = observe(row, &mut client);
    let (upstream_saw, open) = upstream_view(proxy, upstream)?;
    let seen = seen?;
    if !row.or_refused.is_empty() && row.or_refused.contains(seen.statuses.last().unwrap_or(&0)) {
        let complete = upstream_saw.iter().filter(|message| message.complete).count();
        let clear = seen.statuses.last().is_some_and(|status| CLEAR.contains(status));
        if complete > 0 || open {
            return Err(format!("refused, yet sent on: {upstream_saw:?}"));
        }
        return if clear { Ok(()) } else { seen.must_be_closed() };
    }
    check_upstream(row, &upstream_saw, open)?;
    seen.check(row)
}

/// What the client saw.
#[derive(Debug)]
struct Seen {
    statuses: Vec<u16>,
    closed: bool,
}

impl Seen {
    fn must_be_closed(&self) -> Result<(), String> {
        if self.closed {
            Ok(())
        } else {
            Err(format!("{:?}, but the connection was left open", self.statuses))
        }
    }

    fn check(&self, row: &Row) -> Result<(), String> {
        let passed = row.passes.len();
        let (ok, rest) = self.statuses.split_at(passed.min(self.statuses.len()));
        if ok.len() < passed || ok.iter().any(|status| *status != 200) {
            return Err(format!("the client saw {:?} where {passed} should pass", self.statuses));
        }
        match row.then {
            Then::Closed | Then::Refused(_) if row.quiet && matches!(rest, [] | [400]) => self.must_be_closed(),
            Then::Open if !rest.is_empty() || self.closed => Err(format!(
                "after {passed} answers the client saw {rest:?}, closed: {}",
                self.closed
            )),
            Then::Open => Ok(()),
            Then::Answered(statuses) => match rest {
                [status] if statuses.contains(status) => Ok(()),
                _ => Err(format!("the client saw {rest:?} instead of one of {statuses:?}")),
            },
            Then::Closed if !rest.is_empty() => Err(format!("further answers {rest:?}")),
            Then::Closed => self.must_be_closed(),
            // The answer to a broken body may already be under way, or be no more possible; the close may not be missed.
            Then::Broken(_) if rest.is_empty() => self.must_be_closed(),
            Then::Refused(statuses) | Then::Broken(statuses) => match rest {
                [status] if statuses.contains(status) => self.must_be_closed(),
                _ => Err(format!(
                    "the client saw {rest:?} instead of one of {statuses:?}, closed: {}",
                    self.closed
                )),
            },
        }
    }
}

/// Reads what the row lets expect: all its answers, then the end, or the answer to a further request.
fn observe(row: &Row, client: &mut Raw) -> Result<Seen, String> {
    let methods: Vec<&str> = row
        .passes
        .iter()
        .map(|expected| expected.line.split(' ').next().unwrap_or(""))
        .collect();
    let wants_open = matches!(row.then, Then::Open);
    let refused = |statuses: &[u16]| statuses.iter().any(|status| *status >= 400);
    client.read_until(PATIENCE, |bytes| {
        finals(bytes, false, &methods)
            .is_ok_and(|statuses| refused(&statuses) || (wants_open && statuses.len() == methods.len()))
    });
    let statuses = finals(&client.received, client.end.is_some(), &methods)?;
    if wants_open && !refused(&statuses) {
        if client.end.is_none() {
            probe(client)?;
        }
        return Ok(Seen {
            statuses,
            closed: client.end.is_some(),
        });
    }
    if matches!(row.then, Then::Answered(_)) || statuses.last().is_some_and(|status| CLEAR.contains(status)) {
        return Ok(Seen {
            statuses,
            closed: client.end.is_some(),
        });
    }
    client.ends(PATIENCE);
    let statuses = finals(&client.received, client.end.is_some(), &methods)?;
    Ok(Seen {
        statuses,
        closed: client.end.is_some(),
    })
}

/// A further request on the same connection must be answered.
fn probe(client: &mut Raw) -> Result<(), String> {
    let before = client.received.len();
    let answered = |bytes: &[u8]| finals(&bytes[before..], false, &["GET"]).is_ok_and(|found| found == [200]);
    client.send("GET /probe HTTP/1.1\r\nHost: a\r\n\r\n");
    if client.read_until(PATIENCE, answered) {
        return Ok(());
    }
    Err(format!(
        "a further request got {:?}, end {:?}",
        latin1(&client.received[before..]),
        client.end
    ))
}

fn finals(bytes: &[u8], ended: bool, methods: &[&str]) -> Result<Vec<u16>, String> {
    let found = responses(bytes, ended, methods)?;
    let complete = found.iter().filter(|message| message.complete);
    Ok(complete
        .filter_map(|message| message.head.status())
        .filter(|status| *status >= 200)
        .collect())
}

/// What the upstream got of this row, and whether a connection with an incomplete message is still open. A clean
/// request goes after the row, so that whatever the proxy still had to send is there when its answer is.
fn upstream_view(proxy: &Proxy, upstream: &Recorder) -> Result<(Vec<Message>, bool), String> {
    let mut sentinel = proxy.connect();
    let answer = sentinel.get("/sentinel");
    if answer.head.status() != Some(200) {
        return Err(format!("a clean request afterwards got {:?}", answer.head.start));
    }
    let settled = || {
        let connections = upstream.connections();
        let busy = connections.iter().any(|connection| {
            connection.end.is_none()
                && connection
                    .requests()
                    .is_ok_and(|found| found.iter().any(|one| !one.complete))
        });
        (!busy).then_some(())
    };
    let deadline = Instant::now() + PATIENCE;
    while settled().is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    let open = settled().is_none();
    let mut all = Vec::new();
    for connection in upstream.take() {
        let found = connection.requests().map_err(|error| {
            format!(
                "the upstream got what is no request: {error}; {}",
                shorten(&connection.bytes)
            )
        })?;
        all.extend(found);
    }
    all.retain(|message| !matches!(message.head.target(), "/sentinel" | "/probe"));
    Ok((all, open))
}

fn check_upstream(row: &Row, saw: &[Message], open: bool) -> Result<(), String> {
    if open {
        return Err("an upstream connection with half a message was left open".to_owned());
    }
    let (complete, incomplete): (Vec<&Message>, Vec<&Message>) = saw.iter().partition(|message| message.complete);
    if complete.len() != row.passes.len() {
        return Err(format!(
            "the upstream got {} complete requests instead of {}: {saw:?}",
            complete.len(),
            row.passes.len()
        ));
    }
    if !incomplete.is_empty() && !matches!(row.then, Then::Broken(_)) {
        return Err(format!("the upstream got half a request: {incomplete:?}"));
    }
    complete
        .iter()
        .zip(&row.passes)
        .try_for_each(|(message, expected)| check_request(message, expected))
}

fn check_request(message: &Message, expected: &Expected) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{what} in {:?} {:?}", message.head, message.trailers));
    if message.head.start != expected.line {
        return wrong(format!("the line is not {:?}", expected.line));
    }
    if message.all("host").len() != 1 {
        return wrong("not exactly one Host".to_owned());
    }
    for (name, want) in &expected.fields {
        if message.all(name) != *want {
            return wrong(format!("{name} is not {want:?}"));
        }
    }
    for (name, want) in &expected.trailers {
        if values(&message.trailers, name) != *want {
            return wrong(format!("trailer {name} is not {want:?}"));
        }
    }
    let hop_by_hop = ["keep-alive", "proxy-connection", "te"].map(str::to_owned);
    if let Some(name) = expected
        .lacks
        .iter()
        .chain(&hop_by_hop)
        .find(|name| !message.all(name).is_empty())
    {
        // `TE: trailers` is the one that a proxy may say of itself.
        if name != "te" || message.all("te") != ["trailers"] {
            return wrong(format!("{name} is there"));
        }
    }
    if let Some(name) = expected
        .lacks_trailers
        .iter()
        .find(|name| !values(&message.trailers, name).is_empty())
    {
        return wrong(format!("trailer {name} is there"));
    }
    match &expected.body {
        Some(body) if message.body != *body => {
            wrong(format!("the body is {:?}, not {:?}", message.text(), latin1(body)))
        }
        _ => Ok(()),
    }
}

pub(crate) fn shorten(bytes: &[u8]) -> String {
    let text = latin1(bytes);
    match text.char_indices().nth(300) {
        Some((cut, _)) => format!("{:?}... ({} bytes)", &text[..cut], bytes.len()),
        None => format!("{text:?}"),
    }
}

/// Runs `check` on every item and fails with the list of what went wrong.
pub(crate) fn all<T>(items: &[T], check: impl Fn(&T) -> Result<(), String>) {
    let wrong: Vec<String> = items.iter().filter_map(|item| check(item).err()).collect();
    println!("{} rows, {} wrong", items.len(), wrong.len());
    assert!(
        wrong.is_empty(),
        "{} of {} rows:\n{}",
        wrong.len(),
        items.len(),
        wrong.join("\n")
    );
}

/// The issue asks for at least 200 rows.
#[test]
fn there_are_at_least_200_rows() {
    let requests = [
        crate::request_line::rows(),
        crate::host::rows(),
        crate::framing::rows(),
        crate::chunked::rows(),
        crate::fields::rows(),
        crate::connection::rows(),
        crate::limits::rows(),
        crate::paths::rows(),
        crate::pipelining::rows(),
    ];
    let count = requests.iter().map(Vec::len).sum::<usize>() + crate::answers::rows().len();
    println!("{count} rows");
    assert!(count >= 200, "{count} rows");
}
