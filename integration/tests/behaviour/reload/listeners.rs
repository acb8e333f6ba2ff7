//! Listeners that come, go, move and change while clients are there.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tidegate_integration::harness::{Call, DEADLINE, Data, Origin, Raw, Signal, Wire, until};

use super::load::Load;
use super::{ALL, Live, WEB, cluster};

/// An address that was free a moment ago.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn listeners(all: &[(&str, SocketAddr)]) -> String {
    let lines = all
        .iter()
        .map(|(name, address)| format!("  {name}: {{ address: {address} }}\n"));
    lines.fold("listeners:\n".to_owned(), |text, line| text + &line)
}

fn refuses(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_err()
}

#[test]
fn one_comes_and_goes_and_no_request_on_either_fails() {
    let live = Live::start();
    let web = live.proxy.listener("web");
    let others = Load::start(4, move || Some(web));
    live.folder.write("all.yaml", ALL.replace("[web]", "[web, more]"));
    // In one step: a look that the file before has brought on could find this one empty, and close every listener.
    live.folder
        .replace("web.yaml", format!("{WEB}  more: {{ address: 127.0.0.1:0 }}\n"));
    let more = live.proxy.listener("more");
    let is_there = Arc::new(AtomicBool::new(true));
    let goes = Arc::clone(&is_there);
    let on_it = Load::start(4, move || goes.load(Ordering::Relaxed).then_some(more));
    is_there.store(false, Ordering::Relaxed);
    live.folder.replace("web.yaml", WEB);
    on_it.join();
    until("the listener to be gone", || refuses(more).then_some(()));
    others.goes_on();
    others.end();
    until("it to be forgotten", || {
        (!live.objects().contains("listener default/more")).then_some(())
    });
}

#[test]
fn one_that_moves_is_open_at_its_new_address_before_the_old_one_closes() {
    let live = Live::start();
    let before = live.proxy.listener("web");
    let target = Arc::new(Mutex::new(before));
    let goes = Arc::clone(&target);
    let load = Load::start(6, move || Some(*goes.lock().unwrap()));
    let mut last = before;
    for _ in 0..3 {
        let next = free();
        live.folder.replace("web.yaml", listeners(&[("web", next)]));
        // Whoever was told to close finds the new address open.
        until("the new address to be open", || (!refuses(next)).then_some(()));
        *target.lock().unwrap() = next;
        until("the old address to be closed", || refuses(last).then_some(()));
        load.goes_on();
        last = next;
    }
    load.end();
}

#[test]
fn two_may_change_places() {
    let live = Live::start();
    let (one, other) = (free(), free());
    let only_web = ALL.replace("listeners: [web]", "listeners: [one]");
    live.folder.write("all.yaml", only_web);
    live.folder
        .write("web.yaml", listeners(&[("one", one), ("other", other)]));
    until("the route at one", || {
        (!refuses(one) && Raw::connect(one).get("/").head.status() == Some(200)).then_some(())
    });
    assert_eq!(Raw::connect(other).get("/").head.status(), Some(404));
    live.folder
        .write("web.yaml", listeners(&[("one", other), ("other", one)]));
    until("the route at the other", || {
        (Raw::connect(other).get("/").head.status() == Some(200)).then_some(())
    });
    until("none at the first", || {
        (Raw::connect(one).get("/").head.status() == Some(404)).then_some(())
    });
    live.comes_to_be("listener default/one", "active");
}

/// Its address is another listener's then; its connections finish as if it had closed.
#[test]
fn the_connections_of_one_that_is_renamed_finish() {
    let live = Live::start();
    let address = free();
    live.folder.write("all.yaml", ALL.replace("[web]", "[old, new]"));
    live.folder.replace("web.yaml", listeners(&[("old", address)]));
    until("the old name", || (!refuses(address)).then_some(()));
    let mut idle: Vec<_> = (0..4).map(|_| Raw::connect(address)).collect();
    for client in &mut idle {
        assert_eq!(client.get("/").head.status(), Some(200));
    }
    live.folder.replace("web.yaml", listeners(&[("new", address)]));
    live.comes_to_be("listener default/new", "active");
    for client in &mut idle {
        assert!(client.ends(DEADLINE), "it is kept");
        assert!(client.received.is_empty(), "{:?}", client.received);
    }
    let mut client = Raw::connect(address);
    for _ in 0..3 {
        assert_eq!(client.get("/").head.status(), Some(200));
    }
    until("it to be gone", || {
        (!live.objects().contains("listener default/old")).then_some(())
    });
    assert_eq!(client.get("/").head.status(), Some(200));
}

#[test]
fn other_settings_are_for_new_connections_and_close_none() {
    let live = Live::start();
    let address = live.proxy.listener("web");
    let mut old = Raw::connect(address);
    let server = |answer: &tidegate_integration::harness::message::Message| {
        answer.head.all("server").first().map(ToString::to_string)
    };
    assert_eq!(server(&old.get("/")), None);
    let named = "listeners:\n  web: { address: 127.0.0.1:0, http: { server: { action: overwrite, name: tide } } }\n";
    live.folder.write("web.yaml", named);
    until("the setting on a new connection", || {
        (server(&Raw::connect(address).get("/")).as_deref() == Some("tide")).then_some(())
    });
    assert_eq!(old.get("/").head.status(), Some(200));
    assert_eq!(live.proxy.listener("web"), address);
}

/// A request that is under way when its listener goes is finished, and one that follows is served as before.
#[test]
fn the_connections_of_one_that_goes_finish() {
    let go = Arc::new(AtomicBool::new(false));
    let may_end = Arc::clone(&go);
    let origin = Origin::start(Wire::H1, move |served| {
        served.head(200, &[]);
        served.send(b"first");
        until("leave to end", || may_end.load(Ordering::Relaxed).then_some(()));
        served.send(b"last");
        served.finish(&[]);
    });
    let live = Live::start();
    live.folder.write("up.yaml", cluster("up", origin.address));
    live.folder
        .write("web.yaml", format!("{WEB}  other: {{ address: 127.0.0.1:0 }}\n"));
    let address = live.proxy.listener("web");
    live.proxy.listener("other");
    let mut running = [Wire::H1, Wire::H2].map(|wire| {
        let mut call = until("the slow upstream", || {
            let mut call = Call::get(address, wire, "/");
            call.receiver.head();
            (call.receiver.data(DEADLINE) == Data::Bytes(b"first".to_vec())).then_some(call)
        });
        assert_eq!(call.receiver.data(Duration::from_millis(1)), Data::Silent);
        call
    });
    live.folder
        .write("web.yaml", "listeners:\n  other: { address: 127.0.0.1:0 }\n");
    until("the listener to close", || refuses(address).then_some(()));
    live.comes_to_be("listener default/web", "draining");
    go.store(true, Ordering::Relaxed);
    for call in &mut running {
        assert_eq!(call.receiver.data(DEADLINE), Data::Bytes(b"last".to_vec()));
        assert_eq!(call.receiver.data(DEADLINE), Data::End(Vec::new()));
    }
    until("it to be gone", || {
        (!live.objects().contains("listener default/web")).then_some(())
    });
}

#[test]
fn the_drain_time_of_one_that_goes_ends_what_goes_on() {
    let origin = Origin::start(Wire::H1, |served| {
        served.head(200, &[]);
        served.send(b"first");
        served.gone();
    });
    let mut live = Live::start();
    live.folder.write("up.yaml", cluster("up", origin.address));
    live.folder.write(
        "web.yaml",
        "listeners:\n  slow: { address: 127.0.0.1:0, drain: 1s }\n  web: { address: 127.0.0.1:0 }\n",
    );
    live.folder.write("all.yaml", ALL.replace("[web]", "[slow]"));
    let address = live.proxy.listener("slow");
    let mut call = until("the slow upstream", || {
        let mut call = Call::get(address, Wire::H1, "/");
        (call.receiver.head().0 == 200).then_some(call)
    });
    assert_eq!(call.receiver.data(DEADLINE), Data::Bytes(b"first".to_vec()));
    let begun = Instant::now();
    live.folder.write("web.yaml", WEB);
    assert_eq!(call.receiver.data(DEADLINE), Data::Cut);
    let took = begun.elapsed();
    assert!(
        took > Duration::from_millis(900) && took < Duration::from_secs(4),
        "{took:?}"
    );
    live.proxy.signal(Signal::Term);
    assert_eq!(live.proxy.exit().code(), Some(0));
}
