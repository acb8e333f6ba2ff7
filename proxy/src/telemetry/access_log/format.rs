//! How a line is written: a list of literals and fields, made when the configuration is compiled.

use std::time::Duration;

use http::Uri;
use tidegate_config::{LogField, LogFormat};

use super::line::Line;
use super::stamp::Stamps;
use super::words::{Style, Words};
use crate::exchange::{Kind, Side};

/// What lines quote of a request's head, and has to be kept until it ends.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Quotes {
    pub host: bool,
    pub client: bool,
    pub request_id: bool,
    pub user_agent: bool,
    pub referer: bool,
}

/// A format, as compiled.
#[derive(Debug)]
pub(super) struct Format {
    style: Style,
    /// Each value with the text before it.
    pieces: Box<[(Literal, Value)]>,
    /// The text behind the last one, with the line break.
    end: Literal,
    quotes: Quotes,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Value {
    Field(LogField),
    /// The time as `combined` has it.
    CombinedTime,
    /// The status as `combined` has it: always a number.
    CombinedStatus,
}

impl Format {
    pub(super) fn compile(format: &LogFormat) -> Self {
        match format {
            LogFormat::Text(fields) => {
                let pieces = fields.iter().enumerate().map(|(place, field)| {
                    let space = if place == 0 { "" } else { " " };
                    (format!("{space}{field}="), Value::Field(*field))
                });
                Self::of(Style::Text, pieces, "")
            }
            LogFormat::Json(fields) => {
                let pieces = fields.iter().enumerate().map(|(place, field)| {
                    let separator = if place == 0 { '{' } else { ',' };
                    (format!("{separator}\"{field}\":"), Value::Field(*field))
                });
                Self::of(Style::Json, pieces, "}")
            }
            LogFormat::Combined => {
                let pieces = [
                    ("", Value::Field(LogField::Client)),
                    (" - - [", Value::CombinedTime),
                    ("] \"", Value::Field(LogField::Request)),
                    ("\" ", Value::CombinedStatus),
                    (" ", Value::Field(LogField::BytesOut)),
                    (" \"", Value::Field(LogField::Referer)),
                    ("\" \"", Value::Field(LogField::UserAgent)),
                ];
                Self::of(
                    Style::Pattern,
                    pieces.map(|(before, value)| (before.to_owned(), value)),
                    "\"",
                )
            }
            LogFormat::Pattern(pattern) => {
                let pieces = pattern.pieces().iter().cloned();
                let pieces = pieces.map(|(before, field)| (before, Value::Field(field)));
                Self::of(Style::Pattern, pieces, pattern.end())
            }
        }
    }

    fn of(style: Style, pieces: impl IntoIterator<Item = (String, Value)>, end: &str) -> Self {
        let pieces = pieces.into_iter().map(|(before, value)| (Literal::new(&before), value));
        let pieces: Box<[(Literal, Value)]> = pieces.collect();
        let has = |field| pieces.iter().any(|(_, value)| *value == Value::Field(field));
        Self {
            style,
            quotes: Quotes {
                host: has(LogField::Host),
                client: has(LogField::Client),
                request_id: has(LogField::RequestId),
                user_agent: has(LogField::UserAgent),
                referer: has(LogField::Referer),
            },
            pieces,
            end: Literal::new(&format!("{end}\n")),
        }
    }

    pub(super) const fn quotes(&self) -> Quotes {
        self.quotes
    }

    /// Appends a line with its line break.
    pub(super) fn write(&self, line: &Line<'_>, stamps: &Stamps, out: &mut Vec<u8>) {
        for (before, value) in &self.pieces {
            before.write(out);
            let mut words = Words { out, style: self.style };
            match value {
                Value::Field(field) => write(&mut words, *field, line, stamps),
                Value::CombinedTime => words.out.extend_from_slice(stamps.combined()),
                Value::CombinedStatus => combined_status(&mut words, line),
            }
        }
        self.end.write(out);
    }
}

/// Text of the format. Most of it is short: copied at a fixed length, which is a move or two in place of a call, and cut.
#[derive(Debug)]
struct Literal {
    begin: [u8; Self::SHORT],
    length: usize,
    rest: Box<[u8]>,
}

impl Literal {
    const SHORT: usize = 32;

    fn new(text: &str) -> Self {
        let length = text.len().min(Self::SHORT);
        let (short, rest) = text.as_bytes().split_at_checked(length).unwrap_or_default();
        let mut begin = [0; Self::SHORT];
        for (to, from) in begin.iter_mut().zip(short) {
            *to = *from;
        }
        Self {
            begin,
            length,
            rest: rest.into(),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let end = out.len() + self.length;
        out.extend_from_slice(&self.begin);
        out.truncate(end);
        if !self.rest.is_empty() {
            out.extend_from_slice(&self.rest);
        }
    }
}

fn write(words: &mut Words<'_>, field: LogField, line: &Line<'_>, stamps: &Stamps) {
    let request = line.request;
    match field {
        LogField::Time => words.stamp(stamps.precise()),
        LogField::Peer => words.address(line.peer),
        LogField::Client => words.ip(line.client()),
        LogField::Method => or_unknown(words, request, |words, request| {
            words.text(&[request.method.as_str().as_bytes()]);
        }),
        LogField::Target => or_unknown(words, request, |words, request| words.text(&target(&request.target))),
        LogField::Path => or_unknown(words, request, |words, request| {
            words.text(&[request.target.path().as_bytes()]);
        }),
        LogField::Request => self::request(words, line),
        LogField::Host => header(words, request.and_then(|request| request.host.as_ref())),
        LogField::Protocol => words.plain(&[line.protocol_name()]),
        LogField::Status => or_unknown(words, line.status, |words, status| words.number(status.as_u16())),
        LogField::Flag => or_unknown(words, line.failure, |words, kind| words.plain(&[kind.flag().0])),
        LogField::Reason => {
            let failed = line.failure.map(Kind::reason);
            let reason = failed.or(line.answered_by.map(|by| by.reason.as_str()));
            or_unknown(words, reason, |words, reason| words.plain(&[reason]));
        }
        LogField::Object => {
            let object = line.failure.map(|kind| kind.object(line.met)).or(line.met.filter);
            or_unknown(words, object, |words, object| match object.id() {
                "" => words.plain(&[object.kind()]),
                id => words.phrase(&[object.kind(), " ", id]),
            });
        }
        LogField::Listener => words.plain(&[line.met.listener]),
        LogField::Route => or_unknown(words, line.met.route, |words, id| words.plain(&[id])),
        LogField::Rule => or_unknown(words, line.rule, |words, name| words.plain(&[name])),
        LogField::Filter => or_unknown(words, line.answered_by, |words, by| {
            let place = itoa::Buffer::new().format(by.position + 1).to_owned();
            words.plain(&[by.filter().as_str(), "#", &place]);
        }),
        LogField::Cluster => or_unknown(words, line.met.cluster, |words, id| words.plain(&[id])),
        LogField::Endpoint => match line.endpoint {
            Some(address) => words.address(address),
            None => words.unknown(),
        },
        LogField::BytesIn => words.number(line.request_bytes),
        LogField::BytesOut => words.number(line.response_bytes),
        LogField::Ms => words.millis(line.took),
        LogField::RequestMs => millis(words, line.complete),
        LogField::ConnectMs => millis(words, (line.tries > 0).then_some(line.waited)),
        LogField::UpstreamMs => millis(words, line.upstream()),
        LogField::ResponseMs => millis(words, line.response()),
        LogField::Tries => words.number(line.tries),
        LogField::RequestId => header(words, request.and_then(|request| request.request_id.get())),
        LogField::UserAgent => header(words, request.and_then(|request| request.user_agent.as_ref())),
        LogField::Referer => header(words, request.and_then(|request| request.referer.as_ref())),
    }
}

fn or_unknown<T>(words: &mut Words<'_>, value: Option<T>, write: impl FnOnce(&mut Words<'_>, T)) {
    match value {
        Some(value) => write(words, value),
        None => words.unknown(),
    }
}

fn millis(words: &mut Words<'_>, value: Option<Duration>) {
    match value {
        Some(value) => words.millis(value),
        None => words.unknown(),
    }
}

fn header(words: &mut Words<'_>, value: Option<&http::HeaderValue>) {
    or_unknown(words, value, |words, value| words.text(&[value.as_bytes()]));
}

/// A target in parts, as it was asked for.
fn target(uri: &Uri) -> [&[u8]; 4] {
    let scheme = uri.scheme_str().unwrap_or_default();
    let separator = if scheme.is_empty() { "" } else { "://" };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    [scheme, separator, authority, path].map(str::as_bytes)
}

/// The first line of the request, with the version as NGINX and Apache write it.
fn request(words: &mut Words<'_>, line: &Line<'_>) {
    let Some(request) = line.request else {
        return words.unknown();
    };
    let version = match line.protocol_name() {
        "HTTP/2" => "HTTP/2.0",
        name => name,
    };
    let [scheme, separator, authority, path] = target(&request.target);
    let method = request.method.as_str().as_bytes();
    words.text(&[
        method,
        b" ",
        scheme,
        separator,
        authority,
        path,
        b" ",
        version.as_bytes(),
    ]);
}

/// What was sent, or what would have been; NGINX's 499 for a client that left.
fn combined_status(words: &mut Words<'_>, line: &Line<'_>) {
    match (
        line.status.or(line.failure.and_then(Kind::status)),
        line.failure.map(Kind::side),
    ) {
        (Some(status), _) => words.number(status.as_u16()),
        (None, Some(Side::Downstream)) => words.out.extend_from_slice(b"499"),
        (None, _) => words.out.extend_from_slice(b"000"),
    }
}
