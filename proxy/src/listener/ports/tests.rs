use super::*;

fn snapshot(listeners: &[(&str, SocketAddr)]) -> Snapshot {
    let lines = listeners
        .iter()
        .map(|(name, address)| format!("  {name}: {{ address: '{address}' }}\n"));
    let text = lines.fold("listeners:\n".to_owned(), |text, line| text + &line);
    tidegate_config::parse_str("test.yaml", &text).snapshot
}

/// A port that was free a moment ago; whoever takes it meanwhile makes the test fail.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn gates(ports: &Ports) -> Vec<u64> {
    ports.open.values().map(|open| open.gate.0).collect()
}

fn apply(ports: &mut Ports, snapshot: &Snapshot) -> Vec<(ObjectId, BindError)> {
    let refused = ports.open(snapshot);
    ports.plan(snapshot, &Tables::default());
    refused
}

#[test]
fn an_address_stays_open_whoever_listens_there() {
    let (one, other) = (free(), free());
    let mut ports = Ports::new(2);
    assert!(apply(&mut ports, &snapshot(&[("a", one), ("b", other)])).is_empty());
    let shares = ports.take_fresh();
    assert_eq!(shares.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    assert!(apply(&mut ports, &snapshot(&[("a", other), ("b", one)])).is_empty());
    assert!(ports.take_fresh().iter().all(Vec::is_empty));
    assert!(apply(&mut ports, &snapshot(&[("c", one)])).is_empty());
    assert_eq!(gates(&ports).len(), 1);
    // What is closed and wanted again is opened anew.
    drop(shares);
    assert!(apply(&mut ports, &snapshot(&[("c", one), ("d", other)])).is_empty());
    assert_eq!(gates(&ports).len(), 2);
    assert_eq!(ports.take_fresh()[0][0].0, GateId(2));
}

#[test]
fn an_address_beside_one_that_is_ours_is_no_strangers() {
    let here = free();
    let everywhere = SocketAddr::new("0.0.0.0".parse().unwrap(), here.port());
    let mut ports = Ports::new(1);
    assert!(apply(&mut ports, &snapshot(&[("a", here)])).is_empty());
    assert!(apply(&mut ports, &snapshot(&[("a", everywhere)])).is_empty());
    assert_eq!(gates(&ports), [1]);
}

#[test]
fn what_a_stranger_holds_is_refused_and_the_rest_opens() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap();
    let mut ports = Ports::new(1);
    let refused = ports.open(&snapshot(&[("a", taken), ("b", "127.0.0.1:0".parse().unwrap())]));
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].0.name().as_str(), "a");
    assert_eq!(gates(&ports).len(), 1);
}

#[test]
fn where_the_system_chooses_each_listener_has_its_own_port() {
    let any = "127.0.0.1:0".parse().unwrap();
    let mut ports = Ports::new(1);
    let both = snapshot(&[("a", any), ("b", any)]);
    assert!(apply(&mut ports, &both).is_empty());
    assert_eq!(gates(&ports), [0, 1]);
    assert!(apply(&mut ports, &both).is_empty());
    assert_eq!(gates(&ports), [0, 1]);
}
