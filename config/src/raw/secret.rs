//! Secrets as written: where they are, never what they are.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Text;

/// One of these.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct Secret {
    /// A variable of the environment that Tidegate was started with.
    #[schemars(with = "Option<String>")]
    pub(crate) env: Option<Text>,
    /// A file, relative to the file that says so, without the line break at its end; read again when it changes.
    #[schemars(with = "Option<String>")]
    pub(crate) file: Option<Text>,
}
