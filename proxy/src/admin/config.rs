//! `/config`: what serves, in the language that it was written in, as JSON (which is YAML, too).
//!
//! Defaults that nobody wrote are not written here either. What only the two ends of a connection should know is masked.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::live::Process;
use crate::secret::{MASK, is_secret};

#[derive(Serialize)]
pub(super) struct Page {
    generation: u64,
    desired: String,
    effective: String,
    /// By namespace, section and name.
    namespaces: BTreeMap<String, BTreeMap<&'static str, BTreeMap<String, Value>>>,
}

pub(super) fn page(process: &Process) -> serde_json::Result<Page> {
    let config = process.config.load();
    let report = &config.reload.report;
    let mut page = Page {
        generation: config.generation,
        desired: report.desired.to_string(),
        effective: report.effective.to_string(),
        namespaces: BTreeMap::new(),
    };
    for (id, status) in config.reload.objects.iter() {
        let Some(text) = status.served_text() else { continue };
        let mut object = serde_json::from_str(text)?;
        mask(&mut object);
        let sections = page.namespaces.entry(id.namespace().to_string()).or_default();
        let section = sections.entry(id.kind().section()).or_default();
        section.insert(id.name().to_string(), object);
    }
    Ok(page)
}

/// Hides the values of secret header fields, in maps of fields and in matches of one.
fn mask(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(map) => {
            let is_of_secret = map.get("name").and_then(Value::as_str).is_some_and(is_secret);
            for (key, value) in map.iter_mut() {
                let is_match = is_of_secret && matches!(key.as_str(), "exact" | "regex");
                if (is_match || is_secret(key)) && !value.is_object() {
                    *value = MASK.into();
                } else {
                    mask(value);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_masked_wherever_they_stand() {
        let mut value = serde_json::json!({
            "rules": [{
                "matches": [{ "headers": [{ "name": "Authorization", "exact": "Bearer x" }, { "name": "a", "exact": "b" }] }],
                "filters": [{ "requestHeaders": { "set": { "X-Api-Key": "secret", "x-env": "test" } } }],
            }],
        });
        mask(&mut value);
        assert_eq!(
            value,
            serde_json::json!({
                "rules": [{
                    "matches": [{ "headers": [{ "name": "Authorization", "exact": "***" }, { "name": "a", "exact": "b" }] }],
                    "filters": [{ "requestHeaders": { "set": { "X-Api-Key": "***", "x-env": "test" } } }],
                }],
            })
        );
    }
}
