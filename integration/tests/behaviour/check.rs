//! `tidegate check`: exit codes, both formats, and checking again when a file changes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_integration::harness::binary;

const GOOD: &str = "listeners:
  web: { address: 127.0.0.1:0 }
routes:
  all: { listeners: [web], rules: [{ backends: [{ cluster: a }] }] }
clusters:
  a: { endpoints: [{ address: 127.0.0.1:9 }] }
";

/// How long a line may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A file that goes when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tidegate-check-{}-{name}.yaml", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn check(args: &[&str], files: &[&File]) -> (Option<i32>, String) {
    let paths = files.iter().map(|file| &file.0);
    let Output { status, stdout, .. } = Command::new(binary())
        .arg("check")
        .args(args)
        .args(paths)
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stdout).unwrap())
}

#[test]
fn a_good_configuration_is_counted_and_exits_with_0() {
    let good = File::new("good", GOOD);
    let (code, out) = check(&[], &[&good]);
    let expected = format!(
        "{}: 1 listener, 1 route, 1 cluster good; 0 errors, 0 warnings\n",
        good.0.display()
    );
    assert_eq!((code, out), (Some(0), expected));
}

#[test]
fn an_error_is_shown_with_its_line_and_exits_with_1() {
    let bad = File::new("bad", &GOOD.replace("endpoints", "endpoint"));
    let (code, out) = check(&[], &[&bad]);
    let path = bad.0.display();
    let shown = format!(
        "error[TG0101]: there is no key `endpoint` here
 --> {path}:6:8
  |
6 |   a: {{ endpoint: [{{ address: 127.0.0.1:9 }}] }}
  |        ^^^^^^^^
  = object: cluster default/a
  = help: did you mean `endpoints`?
"
    );
    assert_eq!(code, Some(1));
    assert!(out.contains(&shown), "{out}");
    assert!(
        out.ends_with("1 listener, 1 route, 0 clusters good; 2 errors, 0 warnings\n"),
        "{out}"
    );
}

#[test]
fn a_lint_is_a_warning_and_exits_with_0() {
    let idle = File::new(
        "idle",
        &format!("{GOOD}  b: {{ endpoints: [{{ address: 127.0.0.1:9 }}] }}\n"),
    );
    let (code, out) = check(&[], &[&idle]);
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with("warning[TG0404]: no route sends requests to this cluster\n"),
        "{out}"
    );
}

#[test]
fn what_cannot_be_read_exits_with_2_and_the_rest_is_checked() {
    let good = File::new("beside", GOOD);
    let gone = File(std::env::temp_dir().join("tidegate-check-gone.yaml"));
    let (code, out) = check(&[], &[&gone, &good]);
    assert_eq!(code, Some(2));
    assert!(
        out.starts_with("error: cannot read ") && out.ends_with("0 errors, 0 warnings\n"),
        "{out}"
    );
}

#[test]
fn json_says_the_same_to_programs() {
    let bad = File::new("json", &GOOD.replace("127.0.0.1:9 ", "nowhere "));
    let (code, out) = check(&["--format", "json"], &[&bad]);
    let path = bad.0.display().to_string();
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, out.lines().count()), (Some(1), 1));
    assert_eq!(
        (&found["errors"], &found["warnings"], &found["unreadable"]),
        (&json!(2), &json!(0), &json!([]))
    );
    let second = &found["diagnostics"][1];
    assert_eq!(
        *second,
        json!({
            "code": "TG0204", "severity": "error", "file": path, "line": 6, "column": 31,
            "object": "cluster default/a", "message": "`nowhere` is not an address",
            "help": second["help"], "related": [],
        })
    );
    assert!(second["help"].as_str().unwrap().contains("127.0.0.1:8080"));
}

#[test]
fn it_checks_again_when_a_file_changes() {
    let file = File::new("watched", GOOD);
    let mut child = Command::new(binary())
        .args(["check", "--watch", "--format", "json"])
        .arg(&file.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let errors = || -> Value {
        let line = lines.recv_timeout(PATIENCE).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()["errors"].clone()
    };
    assert_eq!(errors(), 0);
    fs::write(&file.0, "listeners: [").unwrap();
    // A look may fall between the file's emptying and its writing.
    while errors() != 1 {}
    let next = File::new("next", GOOD);
    fs::rename(&next.0, &file.0).unwrap();
    while errors() != 0 {}
    child.kill().unwrap();
    child.wait().unwrap();
}
