//! `tidegate schema`, `diff`, `completions` and `man`, as they are typed.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tidegate_integration::harness::{Folder, binary};

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
        json!({
            "kind": "share", "rule": "all", "cluster": "cluster default/v1",
            "oldPercent": 90.0, "newPercent": 50.0, "oldValid": true, "newValid": true
        })
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

/// Runs it with these arguments; what it prints.
fn prints(args: &[&str]) -> String {
    let output = Command::new(binary()).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What bash offers for the last of these words, once it has loaded the script.
fn bash_completes(script: &str, words: &[&str]) -> Vec<String> {
    let ask = format!(
        "{script}
        COMP_WORDS=({}); COMP_CWORD={}
        # complete -F FUNCTION -o ... tidegate
        set -- $(complete -p tidegate)
        while [ \"$1\" != -F ]; do shift; done
        \"$2\" tidegate \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"
        printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1,
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &ask, "bash"])
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn bash_completes_commands_and_options() {
    let script = prints(&["completions", "bash"]);
    assert_eq!(bash_completes(&script, &["tidegate", "ch"]), ["check"]);
    assert_eq!(
        bash_completes(&script, &["tidegate", "run", "--drain"]),
        ["--drain-delay"]
    );
    assert_eq!(
        bash_completes(&script, &["tidegate", "check", "--format", "j"]),
        ["json"]
    );
}

#[test]
fn every_shell_gets_a_script_that_names_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = prints(&["completions", shell]);
        for command in [
            "run",
            "check",
            "schema",
            "diff",
            "echo",
            "explain",
            "completions",
            "man",
        ] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn the_manual_has_a_page_a_command_that_groff_has_nothing_against() {
    let folder = Folder::with::<&str>(&[]);
    prints(&["man", folder.path("").to_str().unwrap()]);
    let mut names = Vec::new();
    for page in fs::read_dir(folder.path("")).unwrap() {
        let page = page.unwrap();
        names.push(page.file_name().into_string().unwrap());
        let output = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww"])
            .arg(page.path())
            .output()
            .expect("groff; integration/install.sh installs it");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert!(output.stdout.len() > 500, "{page:?} says next to nothing");
    }
    names.sort();
    assert_eq!(names.first().map(String::as_str), Some("tidegate-check.1"));
    assert!(names.contains(&"tidegate.1".to_owned()), "{names:?}");
    assert_eq!(names.len(), 9, "{names:?}");
    assert_eq!(fs::read_to_string(folder.path("tidegate.1")).unwrap(), prints(&["man"]));
}
