//! Whole configurations.

use std::path::Path;

use super::load;

#[test]
fn the_edge_gateway_example_loads_clean() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/edge-gateway/gateway.yaml");
    let loaded = load(&path).unwrap();
    assert_eq!(loaded.diagnostics, []);
    let snapshot = loaded.snapshot;
    assert_eq!(
        snapshot.listeners().next().unwrap().address().to_string(),
        "127.0.0.1:8080"
    );
    let route = snapshot.routes().next().unwrap();
    let target = route.rules()[0].backends()[0].cluster().id().unwrap();
    assert_eq!(
        snapshot.cluster(target).unwrap().endpoints()[0].address().to_string(),
        "127.0.0.1:9000"
    );
}
