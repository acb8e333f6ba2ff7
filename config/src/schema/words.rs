//! What the texts of the language look like. These types hold nothing: they stand in for text in the schema.
//!
//! `$comment` names what a text is, or a number counts; `docs/reference.md` says it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:tt;)+) => {
        $(
            $(#[doc = $doc])+
            pub(crate) struct $name;

            impl JsonSchema for $name {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    stringify!($name).into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!($schema)
                }
            }
        )+
    };
}

words! {
    /// `250ms`, `5s`, `1m30s`, `1h`.
    Duration = {
        "$comment": "duration",
        "type": "string",
        "pattern": "^(?=.)([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?([0-9]{1,5}ms)?$",
        "examples": ["250ms", "5s", "1m30s", "1h", "0s"],
    };
    /// `64KiB`, `1MiB`, or a number of bytes.
    Size = { "$comment": "size", "type": ["string", "integer"], "pattern": "^[0-9]+(KiB|MiB|GiB)?$", "minimum": 0, "examples": ["64KiB", "1MiB"] };
    /// An IP address and a port.
    Address = { "$comment": "address", "type": "string", "pattern": "^([0-9.]+|\\[[0-9a-fA-F:.%]+\\]):[0-9]{1,5}$", "examples": ["127.0.0.1:8080", "[::1]:8080"] };
    /// The name of an object or a rule.
    Name = { "$comment": "name", "type": ["string", "number"], "pattern": "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$" };
    /// `name` or `namespace/name`.
    Reference = {
        "$comment": "reference",
        "type": ["string", "number"],
        "pattern": "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
    };
    /// `example.com`.
    Host = { "$comment": "host", "type": "string", "pattern": "^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$", "maxLength": 253 };
    /// `example.com` or `*.example.com`.
    HostPattern = { "$comment": "host", "type": "string", "pattern": "^(\\*\\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$", "maxLength": 255 };
    /// `example.com` or `example.com:8080`.
    Authority = { "$comment": "host", "type": "string", "pattern": "^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?(:[0-9]{1,5})?$" };
    /// A whole path.
    ExactPath = { "$comment": "path", "type": "string", "pattern": "^/[^?#\\s]*$", "examples": ["/cart"] };
    /// The beginning of a path.
    PathPrefix = { "$comment": "path", "type": "string", "pattern": "^/[^?#\\s]*$", "examples": ["/cart"] };
    /// A regular expression; which ones are good only the loader knows.
    Regex = { "$comment": "regular expression", "type": "string", "minLength": 1, "maxLength": 1024 };
    /// A method.
    Method = { "$comment": "method", "type": "string", "pattern": "^[^\\s]+$", "examples": ["GET", "POST"] };
    /// A header name.
    HeaderName = { "$comment": "header name", "type": "string", "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$" };
    /// A value of a header or query parameter.
    HeaderValue = { "$comment": "text", "type": ["string", "number"] };
    /// `stdout`, `none`, or a path, which has a dot or a slash in it.
    LogTarget = { "$comment": "file", "type": "string", "pattern": "^(stdout|none|.*[./].*)$", "examples": ["stdout", "access.log", "none"] };
    /// A share of all.
    Ratio = { "$comment": "share", "type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,4})?%$", "examples": ["20%", "0.5%"] };
    /// A status, or those from one to another.
    Statuses = { "$comment": "status", "type": ["string", "integer"], "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$", "minimum": 100, "maximum": 599, "examples": [503, "500-599"] };
    /// Some text.
    Word = { "$comment": "text", "type": ["string", "number"], "minLength": 1 };
}
