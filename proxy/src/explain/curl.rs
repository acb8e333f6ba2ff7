//! The request that a curl command would send.

mod split;

use clap::{Args, Parser};
use thiserror::Error;

use self::split::{OpenQuote, split};
use super::{BadRequest, Request};

/// Reads requests from standard input.
const STDIN: &str = "-";

/// curl's own defaults, for a command that is one.
const USER_AGENT: &str = "curl/8";

/// Why a text describes no request.
#[derive(Debug, Error)]
pub enum BadCommand {
    #[error(transparent)]
    Quote(#[from] OpenQuote),
    #[error(transparent)]
    Options(#[from] clap::Error),
    #[error("there is no request: write its URL, as `http://host/path`")]
    Nothing,
    #[error(
        "`{0}` and `{1}` are two URLs: one request at a time, or one a line on standard input with `-`; \
         quote a header that has spaces"
    )]
    TwoUrls(String, String),
    #[error("there are options of the request beside a quoted command: put them into it")]
    Beside,
    #[error(transparent)]
    Request(#[from] BadRequest),
}

/// Those of curl's options that say what the request is; those that only say how curl goes about it are taken, too, since
/// they stand in commands that people have, and change nothing here either.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct Curl {
    /// A URL with options, a whole curl command, or - for standard input
    #[arg(value_name = "REQUEST")]
    words: Vec<String>,
    /// The method [default: GET, or what other options make it]
    #[arg(short = 'X', long, value_name = "METHOD")]
    request: Option<String>,
    /// A header, as `name: value`; `name:` takes one of curl's own away
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// A body, for its method and headers; its content is not looked at
    #[arg(
        short = 'd',
        long = "data",
        visible_aliases = ["data-raw", "data-binary", "data-ascii", "data-urlencode"],
        value_name = "DATA",
        allow_hyphen_values = true
    )]
    data: Vec<String>,
    /// The same, of type application/json
    #[arg(long, value_name = "DATA", allow_hyphen_values = true)]
    json: Vec<String>,
    /// Puts --data into the query
    #[arg(short = 'G', long)]
    get: bool,
    /// HEAD
    #[arg(short = 'I', long)]
    head: bool,
    /// User-Agent
    #[arg(short = 'A', long, value_name = "NAME")]
    user_agent: Option<String>,
    /// Cookie
    #[arg(short = 'b', long = "cookie", value_name = "DATA")]
    cookies: Vec<String>,
    /// Referer
    #[arg(short = 'e', long, value_name = "URL")]
    referer: Option<String>,
    /// Accept-Encoding, as curl says it
    #[arg(long)]
    compressed: bool,
    /// The URL, where it is not a word of its own
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    manner: Manner,
}

/// How curl goes about it: none of this is in a request.
#[derive(Args, Clone, Debug, Default, PartialEq)]
struct Manner {
    #[arg(short = 's', long, hide = true)]
    silent: bool,
    #[arg(short = 'S', long, hide = true)]
    show_error: bool,
    #[arg(short = 'v', long, hide = true)]
    verbose: bool,
    #[arg(short = 'i', long, alias = "include", hide = true)]
    show_headers: bool,
    #[arg(short = 'L', long, hide = true)]
    location: bool,
    #[arg(short = 'k', long, hide = true)]
    insecure: bool,
    #[arg(short = 'f', long, hide = true)]
    fail: bool,
    #[arg(short = 'N', long, hide = true)]
    no_buffer: bool,
    #[arg(long, hide = true)]
    path_as_is: bool,
    #[arg(long = "http1.1", hide = true)]
    http1: bool,
    #[arg(long, alias = "http2-prior-knowledge", hide = true)]
    http2: bool,
    #[arg(short = 'o', long, hide = true)]
    output: Option<String>,
    #[arg(short = 'w', long, hide = true)]
    write_out: Option<String>,
    #[arg(short = 'm', long, hide = true)]
    max_time: Option<String>,
    #[arg(long, hide = true)]
    connect_timeout: Option<String>,
    #[arg(long, hide = true)]
    resolve: Vec<String>,
    #[arg(long, hide = true)]
    connect_to: Vec<String>,
}

/// A command line that is nothing but a request.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Line {
    #[command(flatten)]
    curl: Curl,
}

impl Curl {
    pub fn is_stdin(&self) -> bool {
        self.words == [STDIN]
    }

    /// Reads a request from one text.
    pub fn parse(text: &str) -> Result<Request, BadCommand> {
        Self::of_words(split(text)?)?.request()
    }

    fn of_words(words: Vec<String>) -> Result<Self, BadCommand> {
        Ok(Line::try_parse_from(words)?.curl)
    }

    /// The request that is described.
    pub fn request(&self) -> Result<Request, BadCommand> {
        match self.words.as_slice() {
            // A whole command in one word.
            [command] if command.starts_with("curl ") => {
                let beside = Self {
                    words: Vec::new(),
                    ..self.clone()
                };
                if beside != Self::default() {
                    return Err(BadCommand::Beside);
                }
                Self::of_words(split(command)?)?.request()
            }
            [curl, urls @ ..] if curl == "curl" => self.described(urls, true),
            urls => self.described(urls, false),
        }
    }

    fn described(&self, words: &[String], is_curl: bool) -> Result<Request, BadCommand> {
        let mut urls = words.iter().chain(&self.url);
        let url = match (urls.next(), urls.next()) {
            (Some(url), None) => url,
            (None, _) => return Err(BadCommand::Nothing),
            (Some(first), Some(second)) => return Err(BadCommand::TwoUrls(first.clone(), second.clone())),
        };
        let url = match self.data.join("&") {
            data if self.get && !data.is_empty() => with_query(url, &data),
            _ => url.clone(),
        };
        Ok(Request::new(self.method(), &url, self.all_headers(is_curl)?)?)
    }

    fn has_body(&self) -> bool {
        !self.json.is_empty() || (!self.data.is_empty() && !self.get)
    }

    fn method(&self) -> &str {
        match &self.request {
            Some(method) => method,
            None if self.head => "HEAD",
            None if self.has_body() => "POST",
            None => "GET",
        }
    }

    /// The headers that are asked for, and behind them what the other options make.
    fn all_headers(&self, is_curl: bool) -> Result<Vec<(String, String)>, BadCommand> {
        let mut headers = Vec::new();
        let mut without = Vec::new();
        for header in &self.headers {
            match header.strip_suffix(';').filter(|name| !name.contains(':')) {
                Some(name) => headers.push((name.to_owned(), String::new())),
                None => match Request::header(header)? {
                    (name, value) if value.is_empty() => without.push(name),
                    header => headers.push(header),
                },
            }
        }
        let is_said = |name: &str| {
            let mut said = headers.iter().map(|(name, _)| name).chain(&without);
            said.any(|said| said.eq_ignore_ascii_case(name))
        };
        let made: Vec<_> = self
            .made_headers(is_curl)
            .into_iter()
            .filter(|(name, _)| !is_said(name))
            .collect();
        headers.extend(made.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(headers)
    }

    fn made_headers(&self, is_curl: bool) -> Vec<(&'static str, String)> {
        let json = (!self.json.is_empty()).then_some("application/json");
        let form = self.has_body().then_some("application/x-www-form-urlencoded");
        // Of what stands in a file the length is not known.
        let mut data = self.data.iter().chain(&self.json);
        let is_sized = self.has_body() && !data.any(|data| data.starts_with('@'));
        let length = || self.json.concat().len().max(self.data.join("&").len());
        let cookies = (!self.cookies.is_empty()).then(|| self.cookies.join("; "));
        let agent = self
            .user_agent
            .clone()
            .or_else(|| is_curl.then(|| USER_AGENT.to_owned()));
        let made = [
            ("user-agent", agent),
            ("accept", json.or(is_curl.then_some("*/*")).map(ToOwned::to_owned)),
            ("content-type", json.or(form).map(ToOwned::to_owned)),
            ("content-length", is_sized.then(|| length().to_string())),
            ("cookie", cookies),
            ("referer", self.referer.clone()),
            ("accept-encoding", self.compressed.then(|| "deflate, gzip".to_owned())),
        ];
        made.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

fn with_query(url: &str, data: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{data}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> String {
        let request = Curl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        request.head().replace("\r\n", "|")
    }

    #[test]
    fn requests_are_what_curl_would_send() {
        for (text, expected) in [
            ("http://a/b?c=d#e", "GET /b?c=d HTTP/1.1|Host: a||"),
            ("-X PUT -H 'x-a: b c' a:81", "PUT / HTTP/1.1|Host: a:81|x-a: b c||"),
            (
                "curl -sSXDELETE a/x -H Accept:",
                "DELETE /x HTTP/1.1|Host: a|user-agent: curl/8||",
            ),
            (
                "curl \\\n  a -H 'User-Agent: me'",
                "GET / HTTP/1.1|Host: a|User-Agent: me|accept: */*||",
            ),
            ("a -I -H host:b", "HEAD / HTTP/1.1|host: b||"),
            (
                "a -d x=1 -d y=2",
                "POST / HTTP/1.1|Host: a|content-type: application/x-www-form-urlencoded|content-length: 7||",
            ),
            ("a?z=0 -G -d x=1", "GET /?z=0&x=1 HTTP/1.1|Host: a||"),
            (
                "a --json '{}'",
                "POST / HTTP/1.1|Host: a|accept: application/json|content-type: application/json|content-length: 2||",
            ),
            (
                "--url a -b c=d -A me -H 'x;'",
                "GET / HTTP/1.1|Host: a|x: |user-agent: me|cookie: c=d||",
            ),
            (
                "curl $'http://a/\\x41' --compressed -H accept: -A ''",
                "GET /A HTTP/1.1|Host: a|user-agent: |accept-encoding: deflate, gzip||",
            ),
        ] {
            assert_eq!(head(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_request_is_said() {
        for (text, says) in [
            ("", "no request"),
            ("curl", "no request"),
            ("http://a http://b", "two URLs"),
            ("ftp://a/", "no URL"),
            ("http:///a", "no host"),
            ("a:99999", "no port"),
            ("a -H nothing", "no header"),
            ("a --heder x:y", "--header"),
            ("a -H 'open", "quote"),
            ("'http://a/b c'", "%20"),
        ] {
            let error = Curl::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
