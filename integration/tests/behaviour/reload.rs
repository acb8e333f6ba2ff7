//! Configurations that change while they serve: what is wrong hurts nothing else, what is right serves soon, and no
//! request is lost to it.

mod listeners;
mod load;
mod many;
mod quarantine;
mod state;
mod watching;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tidegate_integration::harness::message::Message;
use tidegate_integration::harness::{Folder, Proxy, Raw, Recorder, until};

const WEB: &str = "listeners:\n  web: { address: 127.0.0.1:0 }\n";
const ALL: &str = "routes:\n  all: { listeners: [web], rules: [{ backends: [{ cluster: up }] }] }\n";

/// An upstream that answers with this text.
fn upstream(text: &str) -> Recorder {
    let length = text.len();
    Recorder::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}"))
}

fn cluster(name: &str, address: SocketAddr) -> String {
    format!("clusters:\n  {name}: {{ endpoints: [{{ address: {address} }}] }}\n")
}

/// Two upstreams, and a proxy in front of the first, by a folder with `web.yaml`, `all.yaml` and `up.yaml`.
struct Live {
    a: Recorder,
    b: Recorder,
    folder: Folder,
    proxy: Proxy,
}

impl Live {
    fn start() -> Self {
        let (a, b) = (upstream("a"), upstream("b"));
        let files = [
            ("web.yaml", WEB.to_owned()),
            ("all.yaml", ALL.to_owned()),
            ("up.yaml", cluster("up", a.address)),
        ];
        let folder = Folder::with(&files);
        let proxy = Proxy::on(&folder.path(""), &["--workers", "2"]);
        let live = Self { a, b, folder, proxy };
        assert_eq!(live.says(), "200 a");
        live
    }

    fn get(&self) -> Message {
        Raw::connect(self.proxy.listener("web")).get("/")
    }

    /// Status and body of an answer.
    fn says(&self) -> String {
        let answer = self.get();
        format!("{} {}", answer.head.status().unwrap(), answer.text())
    }

    /// Waits until it says this, and tells how long that took.
    fn comes_to_say(&self, what: &str) -> Duration {
        let begun = Instant::now();
        until(&format!("it to say {what:?}"), || {
            self.says().starts_with(what).then_some(())
        });
        begun.elapsed()
    }

    fn metric(&self, name: &str) -> f64 {
        self.proxy.metric(name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    fn objects(&self) -> String {
        self.proxy.ask("/objects")
    }

    /// Waits until the object is shown with this status, and gives its line and the one below.
    fn comes_to_be(&self, object: &str, status: &str) -> String {
        comes_to_be(&self.proxy, object, status)
    }
}

fn comes_to_be(proxy: &Proxy, object: &str, status: &str) -> String {
    until(&format!("{object} to be {status}"), || {
        let text = proxy.ask("/objects");
        let mut lines = text.lines().skip_while(|line| !line.starts_with(object));
        let line = lines.next().filter(|line| line.contains(status))?;
        Some(format!("{line}\n{}", lines.next().unwrap_or_default()))
    })
}
