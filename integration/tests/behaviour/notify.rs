//! What the service manager is told over `NOTIFY_SOCKET`: ready, reloading, ready again, stopping. The test is the manager.

use std::fs;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use tidegate_integration::harness::{DEADLINE, Proxy, Signal, until};

const CONFIG: &str = "\
listeners:
  web: { address: 127.0.0.1:0, drain: 7s }
routes:
  all: { listeners: [web], rules: [{ filters: [{ directResponse: { status: 204 } }] }] }
";

struct Manager(UnixDatagram);

impl Manager {
    fn on(address: &SocketAddr) -> Self {
        let socket = UnixDatagram::bind_addr(address).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(socket)
    }

    /// The lines of the next message.
    fn told(&self) -> Vec<String> {
        let mut message = [0; 1024];
        let length = self.0.recv(&mut message).expect("a message of tidegate");
        let text = std::str::from_utf8(&message[..length]).unwrap();
        text.lines().map(ToOwned::to_owned).collect()
    }
}

fn value<'a>(message: &'a [String], name: &str) -> &'a str {
    let mut lines = message.iter();
    lines
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        .unwrap_or_else(|| panic!("no {name} in {message:?}"))
}

#[test]
fn start_reload_and_stop_are_told() {
    let path = std::env::temp_dir().join(format!("tidegate-notify-{}", std::process::id()));
    let manager = Manager::on(&SocketAddr::from_pathname(&path).unwrap());
    let mut proxy = Proxy::notifying(CONFIG, &path);
    assert_eq!(
        manager.told(),
        ["READY=1", "STATUS=Configuration generation 1, objects quarantined: 0"]
    );

    proxy.signal(Signal::Hup);
    let reloading = manager.told();
    assert_eq!(value(&reloading, "RELOADING"), "1");
    assert!(value(&reloading, "MONOTONIC_USEC").parse::<u64>().unwrap() > 0);
    assert_eq!(value(&manager.told(), "READY"), "1");

    fs::write(proxy.config(), CONFIG.replace("status", "statu")).unwrap();
    assert_eq!(
        value(&manager.told(), "STATUS"),
        "Configuration generation 1, objects quarantined: 1"
    );

    proxy.signal(Signal::Term);
    let stopping = manager.told();
    assert_eq!(value(&stopping, "STOPPING"), "1");
    let limit: u64 = value(&stopping, "EXTEND_TIMEOUT_USEC").parse().unwrap();
    assert!(limit > 7_000_000, "more than the drain may take: {limit}");
    assert!(proxy.exit().success());
    fs::remove_file(path).unwrap();
}

#[test]
fn an_abstract_name_is_a_socket_too() {
    let name = format!("tidegate-notify-{}", std::process::id());
    let manager = Manager::on(&SocketAddr::from_abstract_name(&name).unwrap());
    let _proxy = Proxy::notifying(CONFIG, format!("@{name}").as_ref());
    assert_eq!(value(&manager.told(), "READY"), "1");
}

#[test]
fn a_manager_that_is_not_there_keeps_nobody_from_serving() {
    let proxy = Proxy::notifying(CONFIG, "/nowhere/at/all".as_ref());
    assert_eq!(proxy.connect().get("/").head.status(), Some(204));
    // Said once it serves.
    until("a warning", || {
        let told = "the service manager cannot be told anything";
        proxy.logs().contains(told).then_some(())
    });
}
