//! The JSON Schema against the loader: what the examples hold, what mistakes it sees, and that it knows the defaults.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests may fail as a test may"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tidegate_config::{Snapshot, check, parse_str, schema};

const GOOD: &str = "clusters: { a: { endpoints: [{ address: 127.0.0.1:9 }] } }
listeners: { web: { address: 127.0.0.1:1 } }
routes: { all: { listeners: [web], rules: [{ backends: [{ cluster: a }] }] } }";

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

/// Each YAML file below examples/ that Tidegate reads.
fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let files = folders
        .filter(|path| path.is_dir())
        .flat_map(|path| fs::read_dir(path).unwrap());
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    files.map(|entry| entry.unwrap().path()).filter(is_yaml).collect()
}

#[test]
fn every_example_fits_and_is_free_of_errors_and_lints() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let examples = examples();
    assert!(examples.len() >= 2);
    for path in examples {
        let errors: Vec<_> = validator
            .iter_errors(&yaml(&fs::read_to_string(&path).unwrap()))
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{}", path.display());
        // Files of a folder without `gateway.yaml` are one configuration.
        let whole = path.with_file_name("gateway.yaml");
        let whole = if whole.exists() { &*path } else { path.parent().unwrap() };
        assert_eq!(check(whole).unwrap().diagnostics, [], "{}", path.display());
    }
}

#[test]
fn it_is_a_draft_7_schema() {
    let schema = schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert!(jsonschema::draft7::meta::is_valid(&schema));
    assert_eq!(
        schema.to_string().matches("\"null\"").count(),
        3,
        "only sections may be null"
    );
}

#[test]
fn mistakes_are_seen_while_typing() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    assert!(validator.is_valid(&yaml(GOOD)));
    for (good, bad) in [
        ("clusters:", "cluster:"),
        ("address: 127.0.0.1:1", "adress: 127.0.0.1:1"),
        ("address: 127.0.0.1:1", "address: localhost"),
        ("address: 127.0.0.1:1", "address: 127.0.0.1:1, profile: egde"),
        ("address: 127.0.0.1:1", "address: 127.0.0.1:1, drain: 5"),
        ("address: 127.0.0.1:1", "address: 127.0.0.1:1, drain: 5 s"),
        ("address: 127.0.0.1:1", "address: 127.0.0.1:1, drain: ''"),
        ("address: 127.0.0.1:1", "address: 127.0.0.1:1, drain:"),
        (
            "address: 127.0.0.1:1",
            "address: 127.0.0.1:1, limits: { headBytes: 1KB }",
        ),
        (
            "address: 127.0.0.1:1",
            "address: 127.0.0.1:1, limits: { connections: 0 }",
        ),
        (
            "address: 127.0.0.1:1",
            "address: 127.0.0.1:1, http: { requestId: 'true' }",
        ),
        ("address: 127.0.0.1:1", "address: 127.0.0.1:1, disabled: [rewrite]"),
        (
            "address: 127.0.0.1:1",
            "address: 127.0.0.1:1, accessLog: { to: stderr }",
        ),
        (
            "address: 127.0.0.1:1",
            "address: 127.0.0.1:1, accessLog: { to: a.log, only: {} }",
        ),
        (
            "address: 127.0.0.1:1",
            "address: 127.0.0.1:1, accessLog: { to: a.log, fields: [x] }",
        ),
        ("web: {", "Web: {"),
        ("listeners: [web], ", ""),
        ("listeners: [web], ", "listeners: web, "),
        ("listeners: [web], ", "listeners: [], "),
        ("listeners: [web], ", "listeners: [web], hosts: ['*'], "),
        ("listeners: [web], ", "listeners: [web], priority: -1, "),
        ("cluster: a", "cluster: a/b/c"),
        ("cluster: a", "cluster: a, weight: '1'"),
        ("backends:", "matches: [{ path: /a }], backends:"),
        ("backends:", "matches: [{ path: {} }], backends:"),
        ("backends:", "matches: [{ path: { prefix: a } }], backends:"),
        ("backends:", "matches: [{ path: { prefix: /a, exact: /a } }], backends:"),
        ("backends:", "matches: [{ headers: [{ name: x }] }], backends:"),
        ("backends:", "matches: [{ headers: { x: a } }], backends:"),
        ("backends:", "filters: [{}], backends:"),
        ("backends:", "filters: [{ cors: {} }], backends:"),
        ("backends:", "filters: [{ rateLimit: { requests: 1 } }], backends:"),
        (
            "backends:",
            "filters: [{ rateLimit: { requests: 0, per: 1s } }], backends:",
        ),
        ("backends:", "filters: [{ redirect: { status: 304 } }], backends:"),
        ("backends:", "filters: [{ requestHeaders: { set: [a] } }], backends:"),
        (
            "backends:",
            "filters: [{ requestHeaders: { set: { 'a b': c } } }], backends:",
        ),
        ("backends:", "disabled: [rateLimits], backends:"),
        ("protocol: http1", "protocol: h2"),
    ] {
        let text = GOOD
            .replace("{ endpoints", "{ protocol: http1, endpoints")
            .replacen(good, bad, 1);
        assert!(!validator.is_valid(&yaml(&text)), "{text}");
        assert!(parse_str("bad.yaml", &text).has_errors(), "{text}");
    }
}

/// The definition that a property's schema refers to, if it does.
fn referred(schema: &Value) -> Option<&str> {
    let direct = schema.get("$ref");
    let reference = direct.or_else(|| schema["allOf"][0].get("$ref"))?;
    reference.as_str()?.strip_prefix("#/definitions/")
}

/// Notes each (definition, key) that `value` shows.
fn note(root: &Value, name: &str, schema: &Value, value: &Value, seen: &mut BTreeSet<(String, String)>) {
    let (name, schema) = match referred(schema) {
        Some(name) => (name, &root["definitions"][name]),
        None => (name, schema),
    };
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match schema["properties"].get(key) {
                    Some(property) => {
                        seen.insert((name.to_owned(), key.clone()));
                        note(root, name, property, value, seen);
                    }
                    None => note(root, name, &schema["additionalProperties"], value, seen),
                }
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| note(root, name, &schema["items"], item, seen)),
        _ => {}
    }
}

#[test]
fn the_example_with_every_setting_shows_every_key_and_each_is_described() {
    let root = schema();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/every-setting/gateway.yaml");
    let mut seen = BTreeSet::new();
    note(&root, "", &root, &yaml(&fs::read_to_string(path).unwrap()), &mut seen);
    let mut missing = Vec::new();
    let definitions = root["definitions"].as_object().unwrap();
    for (name, definition) in definitions
        .iter()
        .map(|(name, one)| (name.as_str(), one))
        .chain([("", &root)])
    {
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            if !seen.contains(&(name.to_owned(), key.clone())) {
                missing.push(format!("{name}.{key}"));
            }
            let described = property.get("description").is_some();
            assert!(described, "{name}.{key} is not described");
        }
    }
    // It goes only with `overwrite`, which is no default.
    assert_eq!(missing, ["Server.name"]);
}

#[test]
fn every_key_has_examples_and_each_fits() {
    let root = schema();
    let definitions = root["definitions"].as_object().unwrap();
    let definitions = definitions.iter().map(|(name, definition)| (name.as_str(), definition));
    for (name, definition) in definitions.chain([("", &root)]) {
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            let examples = property["examples"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert!(!examples.is_empty(), "{name}.{key} has no example");
            let mut alone = property.clone();
            alone["definitions"] = root["definitions"].clone();
            let validator = jsonschema::draft7::new(&alone).unwrap();
            for example in examples {
                assert!(
                    validator.is_valid(example),
                    "{name}.{key}: {example} is no good example"
                );
                assert_ne!(
                    Some(example),
                    property.get("default"),
                    "{name}.{key}: the default is no example"
                );
            }
        }
    }
}

/// An object that says all defaults the schema knows below a definition.
fn defaults(root: &Value, definition: &str) -> Map<String, Value> {
    let properties = root["definitions"][definition]["properties"].as_object().unwrap();
    let default = |(key, property): (&String, &Value)| {
        if let Some(default) = property.get("default") {
            return Some((key.clone(), default.clone()));
        }
        let below = referred(property).filter(|name| root["definitions"][name].get("properties").is_some())?;
        Some((key.clone(), defaults(root, below).into())).filter(|(_, below)| below != &json!({}))
    };
    properties.iter().filter_map(default).collect()
}

fn clean(text: &str) -> Snapshot {
    let loaded = parse_str("defaults.yaml", text);
    assert_eq!(loaded.diagnostics, [], "{text}");
    loaded.snapshot
}

#[test]
fn its_defaults_are_those_that_hold() {
    let root = schema();
    let (mut listener, mut cluster) = (defaults(&root, "Listener"), defaults(&root, "Cluster"));
    assert_eq!((listener.len(), cluster.len()), (6, 5));
    listener.insert("address".into(), json!("127.0.0.1:1"));
    cluster.insert("endpoints".into(), json!([{ "address": "127.0.0.1:9", "weight": 1 }]));
    let route = json!({ "listeners": ["web"], "priority": 0, "timeouts": defaults(&root, "RouteTimeouts"),
        "rules": [{ "matches": [defaults(&root, "Match")], "backends": [{ "cluster": "a", "weight": 1 }] }] });
    let said = json!({ "listeners": { "web": listener }, "clusters": { "a": cluster }, "routes": { "all": route } });
    let (said, unsaid) = (clean(&said.to_string()), clean(GOOD));
    let meant = |snapshot: &Snapshot| {
        let (listener, route) = (snapshot.listeners().next().unwrap(), snapshot.routes().next().unwrap());
        let rule = &route.rules()[0];
        (
            (
                listener.profile(),
                listener.timeouts().clone(),
                listener.limits().clone(),
            ),
            (listener.http().clone(), listener.http2().clone(), listener.drain()),
            (route.priority(), rule.matches().to_vec(), rule.backends().to_vec()),
            (
                route.timeouts_of(rule, listener),
                snapshot.clusters().next().unwrap().clone(),
            ),
        )
    };
    assert_eq!(meant(&said), meant(&unsaid));
}
