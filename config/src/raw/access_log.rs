//! Access logs as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Text;
use crate::access_log::LogField;
use crate::schema::{Duration, LogTarget, Ratio, Statuses};
use crate::yaml::At;

/// A line for each finished request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccessLog {
    /// Where lines go: `stdout`, a file (relative to the file that says so), or `none`.
    #[schemars(with = "LogTarget", extend("examples" = ["stdout", "/var/log/tidegate/access.log"]))]
    pub(crate) to: Text,
    /// How a line is written; text when left out.
    #[schemars(extend("examples" = ["json"]))]
    pub(crate) format: Option<At<LogWord>>,
    /// With text and json: what a line says, in this order.
    #[schemars(with = "Option<Vec<LogField>>", length(min = 1), extend("examples" = [["time", "status", "ms"]]))]
    pub(crate) fields: Option<At<Vec<At<LogField>>>>,
    /// In place of a format: a line as it is written, with fields as `%{status}` in it; `%%` is a percent sign.
    #[schemars(with = "Option<String>", extend("examples" = ["%{time} %{status} %{ms}"], "$comment" = "text"))]
    pub(crate) pattern: Option<Text>,
    /// Which requests get a line: those for which any of this holds; all when left out.
    #[schemars(extend("examples" = [{ "slowerThan": "1s", "sample": "1%" }]))]
    pub(crate) only: Option<At<LogOnly>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum LogWord {
    /// `name=value`, for people and simple tools.
    Text,
    /// An object a line.
    Json,
    /// What NGINX and Apache write, for tools that read theirs.
    Combined,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct LogOnly {
    /// The status is one of these, `503` or `500-599`; when left out: the request failed, by a status from 500 or with
    /// a response flag.
    #[schemars(with = "Option<Vec<Statuses>>", length(min = 1), extend("examples" = [[429, "500-599"]]))]
    pub(crate) statuses: Option<At<Vec<Text>>>,
    /// It took longer than this.
    #[schemars(with = "Option<Duration>", extend("examples" = ["1s"]))]
    pub(crate) slower_than: Option<Text>,
    /// This share of all the others; 0% when left out.
    #[schemars(with = "Option<Ratio>", extend("examples" = ["1%"]))]
    pub(crate) sample: Option<Text>,
}
