//! `tidegate schema` and `tidegate diff`, as they are typed.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tidegate_integration::harness::binary;

const OLD: &str = "listeners:
  web: { address: 127.0.0.1:0 }
routes:
  shop:
    listeners: [web]
    hosts: [a.example]
    rules: [{ name: all, backends: [{ cluster: v1, weight: 90 }, { cluster: v2, weight: 10 }] }]
clusters:
  v1: { endpoints: [{ address: 127.0.0.1:8 }] }
  v2: { endpoints: [{ address: 127.0.0.1:9 }] }
";

/// Two files that go when the test ends.
struct Pair([PathBuf; 2]);

impl Pair {
    fn new(name: &str, old: &str, new: &str) -> Self {
        let path = |part| std::env::temp_dir().join(format!("tidegate-diff-{}-{name}-{part}.yaml", std::process::id()));
        let paths = [path("old"), path("new")];
        fs::write(&paths[0], old).unwrap();
        fs::write(&paths[1], new).unwrap();
        Self(paths)
    }

    fn diff(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(binary())
            .arg("diff")
            .args(args)
            .args(&self.0)
            .output()
            .unwrap();
        let Output { status, stdout, .. } = output;
        (status.code(), String::from_utf8(stdout).unwrap())
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

#[test]
fn the_schema_is_json() {
    let output = Command::new(binary()).arg("schema").output().unwrap();
    assert!(output.status.success());
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    let idle = &schema["definitions"]["ListenerTimeouts"]["properties"]["idle"];
    assert_eq!(idle["default"], "60s");
}

#[test]
fn a_diff_says_what_changes_as_meaning() {
    let new = OLD
        .replace("weight: 90", "weight: 1")
        .replace("weight: 10", "weight: 1")
        .replace("[a.example]", "[a.example, b.example]")
        .replace("127.0.0.1:0 }", "127.0.0.1:0, timeouts: { idle: 5s } }");
    let pair = Pair::new(
        "human",
        OLD,
        &format!("# a comment\n{new}  v3: {{ endpoints: [{{ address: 127.0.0.1:7 }}] }}\n"),
    );
    let expected = "\
+ cluster default/v3
~ listener default/web
    ~ timeouts.idle: 1m -> 5s
~ route default/shop
    + hosts b.example
    ~ rule all: cluster default/v1 gets 90% -> 50%
    ~ rule all: cluster default/v2 gets 10% -> 50%
";
    assert_eq!(pair.diff(&[]), (Some(0), expected.to_owned()));
    let (code, out) = pair.diff(&["--format", "json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, found["changes"].as_array().unwrap().len()), (Some(0), 3));
    assert_eq!(
        found["changes"][0],
        json!({ "object": "cluster default/v3", "change": "added" })
    );
    assert_eq!(
        found["changes"][2]["differences"][1],
        json!({ "kind": "share", "rule": "all", "cluster": "cluster default/v1", "oldPercent": 90.0, "newPercent": 50.0 })
    );
}

#[test]
fn what_only_moved_is_nothing() {
    let pair = Pair::new("moved", OLD, &format!("\n\n# moved\n{OLD}"));
    assert_eq!(pair.diff(&[]), (Some(0), "nothing changes\n".to_owned()));
    assert_eq!(
        pair.diff(&["--format", "json"]),
        (Some(0), "{\"changes\":[]}\n".to_owned())
    );
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let pair = Pair::new("gone", OLD, OLD);
    fs::remove_file(&pair.0[1]).unwrap();
    let (code, out) = pair.diff(&[]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
}
