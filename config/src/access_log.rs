//! Access logs as they are meant: where the lines of a listener's requests go, how each is written, and for which
//! requests there is one.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, ValueError, clip};
use crate::suggest::nearest;
use crate::values::{Ratio, StatusRange};

/// What a listener says of its access log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessLog {
    /// Where lines go.
    pub to: LogTarget,
    /// How a line is written.
    pub format: LogFormat,
    /// Which requests get a line; `None`: all of them.
    pub only: Option<LogFilter>,
}

/// Where lines go.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LogTarget {
    /// Nowhere: the listener has no access log, whatever the process has.
    None,
    /// Standard output.
    Stdout,
    /// The end of this file.
    File(PathBuf),
}

impl LogTarget {
    const WORDS: [&str; 2] = ["stdout", "none"];
}

impl FromStr for LogTarget {
    type Err = ValueError;

    /// A word that looks like no path is one of ours, or a mistake that would else become a file.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "none" => Ok(Self::None),
            "stdout" => Ok(Self::Stdout),
            _ if text.ends_with('/') || text.ends_with("..") => {
                let error = ValueError::new(Code::BadFile, format!("`{}` is a directory", clip(text)));
                Err(error.help("name a file in it: `logs/access.log`"))
            }
            _ if text.contains(['/', '.']) => Ok(Self::File(text.into())),
            _ => {
                let error = ValueError::is_not(Code::UnknownChoice, text, "a place to log to");
                let choices = "`stdout`, `none`, or a file's path with a `.` or `/` in it: `./access.log`";
                Err(error.help(match nearest(text, Self::WORDS) {
                    Some(near) => format!("did you mean `{near}`? It may be {choices}"),
                    None => format!("write {choices}"),
                }))
            }
        }
    }
}

impl fmt::Display for LogTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Stdout => f.write_str("stdout"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// How a line is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// `name=value`, these fields.
    Text(Vec<LogField>),
    /// An object of these fields.
    Json(Vec<LogField>),
    /// What NGINX and Apache call `combined`.
    Combined,
    /// As it is written.
    Pattern(LogPattern),
}

impl LogFormat {
    /// The words that name a format.
    pub const WORDS: [&str; 3] = ["text", "json", "combined"];
}

impl Default for LogFormat {
    fn default() -> Self {
        Self::Text(LogField::DEFAULT.to_vec())
    }
}

/// As a command line has it: a word, or a pattern.
impl FromStr for LogFormat {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "text" => Ok(Self::default()),
            "json" => Ok(Self::Json(LogField::DEFAULT.to_vec())),
            "combined" => Ok(Self::Combined),
            _ if text.contains('%') => text.parse().map(Self::Pattern),
            _ => {
                let error = ValueError::is_not(Code::UnknownChoice, text, "a format");
                let choices = "`text`, `json`, `combined`, or a pattern such as `%{time} %{status}`";
                Err(error.help(match nearest(text, Self::WORDS) {
                    Some(near) => format!("did you mean `{near}`? It may be {choices}"),
                    None => format!("write {choices}"),
                }))
            }
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, fields) = match self {
            Self::Text(fields) => ("text", fields),
            Self::Json(fields) => ("json", fields),
            Self::Combined => return f.write_str("combined"),
            Self::Pattern(pattern) => return pattern.fmt(f),
        };
        f.write_str(word)?;
        if **fields != LogField::DEFAULT {
            let names: Vec<_> = fields.iter().map(|field| field.as_str()).collect();
            write!(f, " of {}", names.join(", "))?;
        }
        Ok(())
    }
}

/// A line as it is written, with fields in it: `%{status} %{target}`. `%%` is a percent sign.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogPattern {
    pieces: Vec<(String, LogField)>,
    end: String,
}

impl LogPattern {
    /// Each field with the text before it.
    pub fn pieces(&self) -> &[(String, LogField)] {
        &self.pieces
    }

    /// The text behind the last field.
    pub fn end(&self) -> &str {
        &self.end
    }
}

impl FromStr for LogPattern {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let bad = |message: String| ValueError::new(Code::BadLogPattern, message);
        if text.contains(|char: char| char.is_control() && char != '\t') {
            let error = bad("a pattern makes one line, and this has a control character in it".to_owned());
            return Err(error.help("take the line break out; a tab may stay"));
        }
        let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some((before, after)) = rest.split_once('%') {
            literal.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                literal.push('%');
                rest = after;
            } else if let Some((name, after)) = after.strip_prefix('{').and_then(|after| after.split_once('}')) {
                pieces.push((std::mem::take(&mut literal), LogField::named(name)?));
                rest = after;
            } else {
                let error = bad(format!("`%{}` is no field", clip(after)));
                return Err(error.help("write fields as `%{status}`, and a percent sign as `%%`"));
            }
        }
        literal.push_str(rest);
        if pieces.is_empty() {
            let error = bad("a pattern without fields would write the same line for each request".to_owned());
            return Err(error.help("write fields as `%{status}`"));
        }
        Ok(Self { pieces, end: literal })
    }
}

impl fmt::Display for LogPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (before, field) in &self.pieces {
            write!(f, "{}%{{{field}}}", before.replace('%', "%%"))?;
        }
        f.write_str(&self.end.replace('%', "%%"))
    }
}

/// Which requests get a line: those for which any of this holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogFilter {
    /// The status is one of these; `None`: the request failed, by a status from 500 or with a flag.
    pub statuses: Option<Vec<StatusRange>>,
    /// It took longer.
    pub slower_than: Option<Duration>,
    /// It was drawn from all the others.
    pub sample: Ratio,
}

macro_rules! fields {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// What a line can say of a request; by these names in configuration, text and JSON alike.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq)]
        pub enum LogField {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)+
        }

        impl LogField {
            /// Every field.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name: `request_id`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

fields! {
    /// When the request ended, in UTC.
    Time = "time",
    /// The other end of the connection: address and port.
    Peer = "peer",
    /// The address of the client, as the trusted hops say it.
    Client = "client",
    /// The method.
    Method = "method",
    /// Path and query, as they came in.
    Target = "target",
    /// The path alone.
    Path = "path",
    /// The first line as a whole: method, target and protocol.
    Request = "request",
    /// The host that was asked for.
    Host = "host",
    /// HTTP/1.0, HTTP/1.1 or HTTP/2.
    Protocol = "protocol",
    /// The status that was sent.
    Status = "status",
    /// Why it failed, in a few letters.
    Flag = "flag",
    /// Why it failed, or what answered.
    Reason = "reason",
    /// The object of the configuration that this is due to.
    Object = "object",
    /// The listener.
    Listener = "listener",
    /// The route.
    Route = "route",
    /// The rule of the route, by name or number.
    Rule = "rule",
    /// The filter that answered, and its place among the rule's.
    Filter = "filter",
    /// The cluster of the last try.
    Cluster = "cluster",
    /// The endpoint of the last try.
    Endpoint = "endpoint",
    /// Bytes of the request's body.
    BytesIn = "bytes_in",
    /// Bytes of the answer's body.
    BytesOut = "bytes_out",
    /// From the request's head to the end of everything, in milliseconds.
    Ms = "ms",
    /// From the request's head to the last byte of its body.
    RequestMs = "request_ms",
    /// Spent waiting for a connection to the endpoint.
    ConnectMs = "connect_ms",
    /// From the request's head to the head of the upstream's answer, without `connect_ms`.
    UpstreamMs = "upstream_ms",
    /// From the head of the upstream's answer to the end.
    ResponseMs = "response_ms",
    /// How often the request was sent, or was to be.
    Tries = "tries",
    /// X-Request-Id, as it went upstream.
    RequestId = "request_id",
    /// User-Agent.
    UserAgent = "user_agent",
    /// Referer.
    Referer = "referer",
}

impl LogField {
    /// What text and JSON say when nothing else is wished. Of what the client sent nothing is in it that may hold a
    /// secret, but the query.
    pub const DEFAULT: [Self; 25] = [
        Self::Time,
        Self::Peer,
        Self::Method,
        Self::Host,
        Self::Target,
        Self::Protocol,
        Self::Status,
        Self::Flag,
        Self::Reason,
        Self::Object,
        Self::Listener,
        Self::Route,
        Self::Rule,
        Self::Filter,
        Self::Cluster,
        Self::Endpoint,
        Self::BytesIn,
        Self::BytesOut,
        Self::Ms,
        Self::RequestMs,
        Self::ConnectMs,
        Self::UpstreamMs,
        Self::ResponseMs,
        Self::Tries,
        Self::RequestId,
    ];

    fn named(name: &str) -> Result<Self, ValueError> {
        let mut fields = Self::ALL.iter().copied();
        fields.find(|field| field.as_str() == name).ok_or_else(|| {
            let error = ValueError::new(Code::UnknownChoice, format!("there is no field `{}`", clip(name)));
            let names = || Self::ALL.iter().map(|field| field.as_str());
            error.help(match nearest(name, names()) {
                Some(near) => format!("did you mean `%{{{near}}}`?"),
                None => format!("possible here: `{}`", names().collect::<Vec<_>>().join("`, `")),
            })
        })
    }
}

impl fmt::Display for LogField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
