//! Hostile and odd answers of an upstream: RFC 9112 sections 4 to 7, RFC 9110 section 15, promises 1 to 4.
//!
//! The client must get either one well-formed message with one meaning, or a 502, or a visible truncation; and a
//! connection whose end of message is in doubt must never carry another request.

mod bodiless;
mod field_lines;
mod framings;
mod interims;
mod status_lines;

use std::sync::Arc;
use std::time::Duration;

use tidegate_integration::harness::message::{Message, latin1, values};
use tidegate_integration::harness::{Conn, Proxy, Recorder};

use crate::table::{all, config, shorten};

const PATIENCE: Duration = Duration::from_secs(3);

/// What the upstream does once the bytes are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum After {
    Keep,
    Close,
    Reset,
}

/// What the client must get.
#[derive(Clone, Debug)]
enum Verdict {
    /// One of these from Tidegate itself.
    Generated(&'static [u16]),
    /// This, whole.
    Whole { status: u16, body: Vec<u8> },
    /// The status, then an end before the message is complete.
    Truncated(u16),
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    name: String,
    section: &'static str,
    method: &'static str,
    answer: Vec<u8>,
    after: After,
    verdict: Verdict,
    /// Also right: Tidegate's own 502.
    or_bad: bool,
    interim: Option<Vec<u16>>,
    fields: Vec<(String, Vec<String>)>,
    lacks: Vec<String>,
    trailers: Vec<(String, Vec<String>)>,
    /// Whether the upstream connection may carry another request; `None` where either is right.
    reused: Option<bool>,
}

fn bad(name: impl Into<String>, section: &'static str, answer: impl Into<Vec<u8>>) -> Row {
    Row {
        name: name.into(),
        section,
        method: "GET",
        answer: answer.into(),
        after: After::Keep,
        verdict: Verdict::Generated(&[502]),
        or_bad: false,
        interim: None,
        fields: Vec::new(),
        lacks: Vec::new(),
        trailers: Vec::new(),
        reused: Some(false),
    }
}

fn good(name: impl Into<String>, section: &'static str, answer: impl Into<Vec<u8>>, status: u16, body: &str) -> Row {
    let verdict = Verdict::Whole {
        status,
        body: body.as_bytes().to_vec(),
    };
    Row {
        verdict,
        reused: Some(true),
        ..bad(name, section, answer)
    }
}

fn cut(name: impl Into<String>, section: &'static str, answer: impl Into<Vec<u8>>, after: After) -> Row {
    Row {
        verdict: Verdict::Truncated(200),
        after,
        ..bad(name, section, answer)
    }
}

impl Row {
    fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    fn after(self, after: After) -> Self {
        Self {
            after,
            reused: Some(false),
            ..self
        }
    }

    fn or_bad(self) -> Self {
        Self {
            or_bad: true,
            reused: None,
            ..self
        }
    }

    fn discarded(self) -> Self {
        Self {
            reused: Some(false),
            ..self
        }
    }

    fn any_reuse(self) -> Self {
        Self { reused: None, ..self }
    }

    fn interim(self, statuses: &[u16]) -> Self {
        Self {
            interim: Some(statuses.to_vec()),
            ..self
        }
    }

    fn status(self, statuses: &'static [u16]) -> Self {
        Self {
            verdict: Verdict::Generated(statuses),
            ..self
        }
    }

    fn field(mut self, name: &str, values: &[&str]) -> Self {
        self.fields.push((
            name.to_owned(),
            values.iter().map(|value| (*value).to_owned()).collect(),
        ));
        self
    }

    fn lacks(mut self, name: &str) -> Self {
        self.lacks.push(name.to_owned());
        self
    }

    fn trailer(mut self, name: &str, values: &[&str]) -> Self {
        self.trailers.push((
            name.to_owned(),
            values.iter().map(|value| (*value).to_owned()).collect(),
        ));
        self
    }
}

/// 200 with these lines, then the body.
fn ok(lines: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n{body}").into_bytes()
}

fn sized(line: &str) -> Vec<u8> {
    format!("{line}\r\nContent-Length: 2\r\n\r\nhi").into_bytes()
}

fn field(line: &str) -> Vec<u8> {
    ok(&format!("Content-Length: 2\r\n{line}"), "hi")
}

fn chunked(body: &str) -> Vec<u8> {
    ok("Transfer-Encoding: chunked", body)
}

pub(crate) fn rows() -> Vec<Row> {
    [
        status_lines::rows(),
        framings::rows(),
        bodiless::rows(),
        interims::rows(),
        field_lines::rows(),
    ]
    .concat()
}

fn judge(rows: Vec<Row>) {
    let shared: Arc<[Row]> = rows.into();
    let script = Arc::clone(&shared);
    let upstream = Recorder::start(move |conn| serve(conn, &script));
    let proxy = Proxy::start(&config(upstream.address));
    let numbers: Vec<usize> = (0..shared.len()).collect();
    all(&numbers, |number| {
        let row = &shared[*number];
        judge_row(*number, row, &proxy, &upstream).map_err(|problem| {
            format!(
                "{} ({}): {problem}\n    answered {}",
                row.name,
                row.section,
                shorten(&row.answer)
            )
        })
    });
}

/// `/row/N` gets the answer of row N; anything else tells which connection it came on.
fn serve(conn: &mut Conn, rows: &[Row]) {
    while let Some(request) = conn.request() {
        let row = request
            .head
            .target()
            .strip_prefix("/row/")
            .and_then(|number| number.parse::<usize>().ok());
        let Some(row) = row.map(|number| &rows[number]) else {
            let index = conn.index;
            conn.write(format!(
                "HTTP/1.1 200 OK\r\nX-Conn: {index}\r\nContent-Length: 0\r\n\r\n"
            ));
            continue;
        };
        conn.write(&row.answer);
        match row.after {
            After::Keep => {}
            After::Close => return conn.close(),
            After::Reset => return reset_when_read(conn),
        }
    }
}

/// A reset throws away what the other side has not yet read, so it gets the time to read it first.
fn reset_when_read(conn: &mut Conn) {
    std::thread::sleep(Duration::from_millis(50));
    conn.reset();
}

fn judge_row(number: usize, row: &Row, proxy: &Proxy, upstream: &Recorder) -> Result<(), String> {
    let mut client = proxy.connect();
    client.send(format!("{} /row/{number} HTTP/1.1\r\nHost: a\r\n\r\n", row.method));
    client.read_until(PATIENCE, |bytes| {
        let found = tidegate_integration::harness::message::responses(bytes, false, &[row.method]);
        found.is_ok_and(|found| found.iter().any(|message| message.complete && is_final(message)))
    });
    let found = client
        .responses(&[row.method])
        .map_err(|error| format!("the client got {error}: {}", shorten(&client.received)))?;
    let (interim, finals): (Vec<&Message>, Vec<&Message>) = found.iter().partition(|message| !is_final(message));
    let answer = match finals.as_slice() {
        // Cut before the head went on: the end alone is visible enough.
        [] if matches!(row.verdict, Verdict::Truncated(_)) && client.end.is_some() => {
            return check_reuse(number, row, proxy, upstream);
        }
        [] => return Err(format!("no final answer, end {:?}", client.end)),
        [one] => *one,
        more => return Err(format!("{} final answers", more.len())),
    };
    check_answer(row, answer, client.end.is_some())?;
    let generated = matches!(row.verdict, Verdict::Generated(_)) || answer.head.status() == Some(502);
    if let (Some(want), false) = (&row.interim, generated) {
        let have: Vec<u16> = interim.iter().filter_map(|message| message.head.status()).collect();
        if have != *want {
            return Err(format!("interim answers {have:?} instead of {want:?}"));
        }
    }
    check_reuse(number, row, proxy, upstream)
}

fn is_final(message: &Message) -> bool {
    message.head.status().is_none_or(|status| status >= 200)
}

fn check_answer(row: &Row, answer: &Message, ended: bool) -> Result<(), String> {
    let status = answer.head.status().unwrap_or(0);
    let wrong = |what: String| Err(format!("{what}: {:?} with {:?}", answer.head, answer.text()));
    let reason = answer.head.start.splitn(3, ' ').nth(2).unwrap_or_default();
    if reason.is_empty() {
        return wrong("no reason phrase".to_owned());
    }
    if row.or_bad && status == 502 && answer.complete {
        return Ok(());
    }
    match &row.verdict {
        Verdict::Generated(statuses) if statuses.contains(&status) && answer.complete => return Ok(()),
        Verdict::Generated(statuses) => return wrong(format!("instead of one of {statuses:?}")),
        // A body that proves bad before its first byte went on may still become a 502; a whole message may not.
        Verdict::Truncated(_) if status == 502 && answer.complete => return Ok(()),
        Verdict::Truncated(want) if status != *want || answer.complete || !ended => {
            return wrong(format!(
                "not a visible truncation of {want} (ended: {ended}, complete: {})",
                answer.complete
            ));
        }
        Verdict::Truncated(_) => {}
        Verdict::Whole { status: want, body } => {
            if status != *want || answer.body != *body || !answer.complete {
                return wrong(format!(
                    "not a whole {want} with {:?} (complete: {})",
                    latin1(body),
                    answer.complete
                ));
            }
        }
    }
    for (name, want) in &row.fields {
        if answer.all(name) != *want {
            return wrong(format!("{name} is not {want:?}"));
        }
    }
    for (name, want) in &row.trailers {
        if values(&answer.trailers, name) != *want {
            return wrong(format!(
                "trailer {name} is {:?}, not {want:?}",
                values(&answer.trailers, name)
            ));
        }
    }
    match row.lacks.iter().find(|name| !answer.all(name).is_empty()) {
        Some(name) => wrong(format!("{name} is there")),
        None => Ok(()),
    }
}

/// The next request tells on which connection it came; it must (not) be the one of the row.
fn check_reuse(number: usize, row: &Row, proxy: &Proxy, upstream: &Recorder) -> Result<(), String> {
    let next = proxy.connect().get("/next");
    let (Some(200), Some(index)) = (next.head.status(), next.head.get("x-conn")) else {
        return Err(format!("the next request got {:?} with {:?}", next.head, next.text()));
    };
    let index: usize = index.parse().map_err(|_| format!("x-conn {index:?}"))?;
    let path = format!(" /row/{number} ");
    let on = upstream
        .connections()
        .iter()
        .rposition(|one| latin1(&one.bytes).contains(&path));
    match row.reused {
        Some(false) if on == Some(index) => Err("the upstream connection was used again".to_owned()),
        Some(true) if on != Some(index) => {
            Err(format!("the upstream connection {on:?} was not used again but {index}"))
        }
        _ => Ok(()),
    }
}

#[test]
fn answers_status_lines() {
    judge(status_lines::rows());
}

#[test]
fn answers_framings() {
    judge(framings::rows());
}

#[test]
fn answers_without_a_body() {
    judge(bodiless::rows());
}

#[test]
fn answers_interim() {
    judge(interims::rows());
}

#[test]
fn answers_field_lines() {
    judge(field_lines::rows());
}
