//! Starting a peer's program, and the upstream that they talk to.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;

use tidegate_integration::harness::{Origin, Proxy, Served, Wire};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Brings what is missing, once.
pub(crate) fn installed() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = Command::new("bash")
            .arg(root().join("integration/install.sh"))
            .status()
            .unwrap();
        assert!(status.success(), "integration/install.sh: {status}");
    });
}

/// A program that this repository's install script put into `.cache`.
pub(crate) fn cached(path: &str) -> PathBuf {
    installed();
    root().join(".cache").join(path)
}

/// Runs a program to its end, at most two minutes, and returns what it said; panics when it fails.
pub(crate) fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let output = run_any(program.as_ref(), arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{:?} {arguments:?}: {}\n{said}\n{complained}",
        program.as_ref(),
        output.status
    );
    said
}

/// The same, whatever comes of it.
pub(crate) fn run_any(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Output {
    installed();
    Command::new("timeout")
        .arg("120")
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// A server whose first line says its address.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(program: PathBuf, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().parse().unwrap_or_else(|error| panic!("{line:?}: {error}"));
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers with the body that it was sent; a few paths do more.
pub(crate) fn origin(wire: Wire) -> Origin {
    Origin::start(wire, |served| match served.path.as_str() {
        "/never" => drop(served.gone()),
        "/hints" => {
            served.interim(103, &[("link", "</style.css>; rel=preload")]);
            echo(served, &[]);
        }
        "/expect" => {
            served.interim(100, &[]);
            echo(served, &[]);
        }
        "/trailers" => echo(served, &[("x-down", "1")]),
        _ => echo(served, &[]),
    })
}

fn echo(served: &mut Served<'_>, trailers: &[(&str, &str)]) {
    let Some((body, _)) = served.body() else { return };
    let (path, length) = (served.path.clone(), body.len().to_string());
    let fields = [("x-path", path.as_str()), ("content-length", length.as_str())];
    // Trailers need a body whose length is not given.
    served.head(200, if trailers.is_empty() { &fields } else { &fields[..1] });
    if served.method != "HEAD" && !body.is_empty() {
        served.send(&body);
    }
    served.finish(trailers);
}

/// A proxy in front of `upstream`.
pub(crate) fn proxy(upstream: SocketAddr, protocol: &str) -> Proxy {
    Proxy::with_workers(
        &format!(
            "listeners:\n  web: {{ address: 127.0.0.1:0 }}\n\
             routes:\n  all: {{ listeners: [web], rules: [{{ backends: [{{ cluster: up }}] }}] }}\n\
             clusters:\n  up: {{ protocol: {protocol}, endpoints: [{{ address: {upstream} }}] }}\n"
        ),
        2,
    )
}

/// Runs `check` with the address of a proxy in front of an HTTP/1.1 origin, then of an HTTP/2 one.
pub(crate) fn before_both(check: impl Fn(&str)) {
    for wire in [Wire::H1, Wire::H2] {
        let origin = origin(wire);
        let proxy = proxy(origin.address, origin.protocol());
        println!("before {wire:?}");
        check(&proxy.address().to_string());
    }
}
