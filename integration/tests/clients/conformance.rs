//! h2spec: every case.

use tidegate_integration::harness::{Origin, Wire};

use crate::peers::{cached, proxy, run_any};

#[test]
fn every_case_of_h2spec_passes() {
    for wire in [Wire::H1, Wire::H2] {
        // Some cases need a body to the answer.
        let origin = Origin::start(wire, |served| served.answer(200, b"hello"));
        let proxy = proxy(origin.address, origin.protocol());
        let port = proxy.address().port().to_string();
        let output = run_any(
            cached("bin/h2spec"),
            &["--host", "127.0.0.1", "--port", &port, "--timeout", "3"],
        );
        let said = String::from_utf8_lossy(&output.stdout);
        let failures = said.split("Failures:").nth(1).unwrap_or_default();
        let last = said.lines().rfind(|line| line.contains("tests,")).expect("a summary");
        println!("before {wire:?}: {last}");
        assert!(
            last.starts_with("145 tests") && last.contains(" 0 failed"),
            "{failures}\n{last}"
        );
    }
}
