//! The JSON Schema (draft 7, which editors' YAML support takes) of a configuration file, for completion while typing.
//!
//! Derived from the raw documents: their keys, types and doc comments. It is a little more generous than the loader,
//! which has the last word: it knows patterns, ranges and how many keys a map takes, not what one key means for another.

mod words;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

pub(crate) use self::words::{
    Address, Authority, Duration, ExactPath, HeaderName, HeaderValue, Host, HostPattern, LogTarget, Method, Name,
    PathPrefix, Ratio, Reference, Regex, Size, Statuses, Word,
};
use crate::raw;
use crate::yaml::At;

/// The schema of one file.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with_transform(AsWritten);
    settings.into_generator().into_root_schema_for::<File>().to_value()
}

/// A whole file: its sections.
struct File;

impl JsonSchema for File {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tidegate configuration".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A configuration file of Tidegate, or one of several in a directory.",
            "type": "object",
            "properties": {
                "namespace": {
                    "description": "The namespace of all objects in this file.",
                    "type": "string",
                    "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
                    "default": "default",
                    "examples": ["shop"],
                },
                "listeners": section::<raw::Listener>(
                    generator,
                    "Addresses that accept connections, by name.",
                    &json!({ "web": { "address": "0.0.0.0:8080" } }),
                ),
                "routes": section::<raw::Route>(
                    generator,
                    "Which requests go where, by name.",
                    &json!({ "all": { "listeners": ["web"], "rules": [{ "backends": [{ "cluster": "shop" }] }] } }),
                ),
                "clusters": section::<raw::Cluster>(
                    generator,
                    "Servers that requests go to, by name.",
                    &json!({ "shop": { "endpoints": [{ "address": "127.0.0.1:9000" }] } }),
                ),
            },
            "additionalProperties": false,
        })
    }
}

fn section<T: JsonSchema>(generator: &mut SchemaGenerator, description: &str, example: &Value) -> Value {
    json!({
        "description": description,
        "examples": [example],
        // A section of which everything is commented out.
        "type": ["object", "null"],
        "propertyNames": Name::json_schema(generator),
        "additionalProperties": generator.subschema_for::<T>(),
    })
}

/// A place adds nothing to what stands there.
impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl JsonSchema for raw::HeaderMap {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HeaderMap".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        by_header_name::<HeaderValue>("Values by header name.", generator)
    }
}

impl JsonSchema for raw::HeaderMap<At<raw::Secret>> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretMap".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        by_header_name::<raw::Secret>("Where values are, by header name.", generator)
    }
}

fn by_header_name<V: JsonSchema>(description: &str, generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": description,
        "type": "object",
        "propertyNames": HeaderName::json_schema(generator),
        "additionalProperties": generator.subschema_for::<V>(),
    })
}

/// A key that may be left out has no `null`, and numbers have ranges instead of formats.
#[derive(Clone)]
struct AsWritten;

impl Transform for AsWritten {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        schema.remove("format");
        let is_section = schema.get("propertyNames").is_some();
        if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut)
            && !is_section
        {
            types.retain(|name| name != "null");
            if let [one] = types.as_slice() {
                let one = one.clone();
                schema.insert("type".to_owned(), one);
            }
        }
        let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) else {
            return;
        };
        choices.retain(|choice| choice.get("type") != Some(&json!("null")));
        if let [_] = choices.as_slice() {
            // Draft 7 ignores what stands beside `$ref`.
            let one = schema.remove("anyOf").unwrap_or_default();
            schema.insert("allOf".to_owned(), one);
        }
    }
}
