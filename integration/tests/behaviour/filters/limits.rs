//! `rateLimit`.

use tidegate_integration::harness::{Call, Folder, Proxy, Wire, until};

use super::{WIRES, ask, config, filtering, get, telling, text};

#[test]
fn one_too_many_is_told_when_to_come_again() {
    let origin = telling(Wire::H1);
    for wire in WIRES {
        let rule = "{ backends: [{ cluster: up }], filters: [{ requestHeaders: { set: { x-a: b } } }, \
                    { rateLimit: { requests: 2, per: 1h } }, { responseHeaders: { set: { x-edited: a } } }] }";
        let proxy = Proxy::with_access_log(&config(&origin, "", "", rule));
        for _ in 0..2 {
            let passed = get(&proxy, wire, "/");
            text(&passed);
            assert!(passed.all("ratelimit").is_empty() && passed.all("retry-after").is_empty());
        }
        let refused = get(&proxy, wire, "/");
        assert_eq!(refused.status, 429);
        // Half of an hour, less what has passed meanwhile.
        let wait: u32 = refused.all("retry-after")[0].parse().unwrap();
        assert!((1_700..=1_800).contains(&wait), "{wait}");
        assert_eq!(refused.all("ratelimit-policy"), ["\"rule\";q=2;w=3600"]);
        assert_eq!(refused.all("ratelimit"), [format!("\"rule\";r=0;t={wait}")]);
        assert_eq!(refused.all("x-tidegate-reason"), ["rate-limited"]);
        assert_eq!(refused.all("x-tidegate-object"), ["route default/all"]);
        assert_eq!(refused.all("x-edited"), ["a"]);
        let said = String::from_utf8(refused.body).unwrap();
        assert!(said.contains("rate-limited (RL), route default/all"), "{said}");
        proxy.logged(&[
            "status=429",
            "flag=RL",
            "reason=rate-limited",
            "object=\"route default/all\"",
            "filter=rateLimit#1",
            "tries=0",
        ]);
        until("the refusal to be counted", || {
            let answers = "tidegate_filter_answers_total{listener=\"\",route=\"default/all\",reason=\"rate-limited\"}";
            (proxy.refusals("RL", "rate-limited") == 1.0 && proxy.metric(answers) == Some(1.0)).then_some(())
        });
    }
}

/// All workers count together, and however requests come in, as many pass as are said.
#[test]
fn workers_share_what_they_count() {
    let origin = telling(Wire::H1);
    let rule = "{ backends: [{ cluster: up }], filters: [{ rateLimit: { requests: 20, per: 1h, key: clientIp } }] }";
    let proxy = Proxy::with_workers(&config(&origin, "", "", rule), 2);
    let threads: Vec<usize> = std::thread::scope(|scope| {
        let proxy = &proxy;
        let ask = move |wire| (0..15).filter(|_| get(proxy, wire, "/").status == 200).count();
        let threads = [Wire::H1, Wire::H2, Wire::H1, Wire::H2].map(|wire| scope.spawn(move || ask(wire)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(threads.iter().sum::<usize>(), 20, "{threads:?}");
}

#[test]
fn values_of_a_header_are_counted_apart() {
    let origin = telling(Wire::H1);
    let proxy = filtering(
        &origin,
        "{ rateLimit: { requests: 1, per: 1h, key: header, header: X-Api-Key } }",
    );
    let status = |wire, key: &str| ask(&proxy, wire, "GET", "/", &[("x-api-key", key)]).status;
    assert_eq!([status(Wire::H1, "a"), status(Wire::H2, "a")], [200, 429]);
    assert_eq!([status(Wire::H2, "b"), status(Wire::H1, "b")], [200, 429]);
    assert_eq!(
        [get(&proxy, Wire::H1, "/").status, get(&proxy, Wire::H2, "/").status],
        [200, 429]
    );
}

/// The client is who the trusted hop says, and nobody else can say it.
#[test]
fn the_client_is_the_one_before_the_trusted_hops() {
    let origin = telling(Wire::H1);
    let rule = "{ backends: [{ cluster: up }], filters: [{ rateLimit: { requests: 1, per: 1h, key: clientIp } }] }";
    let asked = |proxy: &Proxy, from: &str| ask(proxy, Wire::H1, "GET", "/", &[("x-forwarded-for", from)]).status;

    let trusting = Proxy::start(&config(&origin, "http: { trustedHops: 1 }", "", rule));
    for (from, status) in [
        ("192.0.2.1", 200),
        ("192.0.2.1", 429),
        ("192.0.2.2", 200),
        // Whatever a client writes before the hop's own word.
        ("203.0.113.9, 192.0.2.2", 429),
        ("2001:db8:1:2::3", 200),
        ("[2001:db8:1:2::4]:5", 429),
    ] {
        assert_eq!(asked(&trusting, from), status, "{from}");
    }

    let distrusting = Proxy::start(&config(&origin, "", "", rule));
    assert_eq!(asked(&distrusting, "192.0.2.1"), 200);
    assert_eq!(asked(&distrusting, "192.0.2.2"), 429);
}

/// A refusal reaches a client that still uploads.
#[test]
fn an_upload_is_refused_before_it_ends() {
    let origin = telling(Wire::H1);
    let proxy = filtering(&origin, "{ rateLimit: { requests: 1, per: 1h } }");
    get(&proxy, Wire::H1, "/");
    for wire in WIRES {
        let mut call = Call::post(proxy.address(), wire, "/");
        call.sender.send(b"begun");
        assert_eq!(call.receiver.head().0, 429);
    }
}

/// What was counted goes on through a change beside the limit, and through one that other filters of its rule make; other
/// numbers begin anew.
#[test]
fn counts_survive_a_change_of_the_configuration() {
    let origin = telling(Wire::H1);
    let config = |requests: u32, mark: &str| {
        let rule = format!(
            "{{ backends: [{{ cluster: up }}], filters: [\
             {{ rateLimit: {{ requests: {requests}, per: 1h }} }}, \
             {{ responseHeaders: {{ set: {{ x-mark: {mark} }} }} }}] }}"
        );
        config(&origin, "", "", &rule)
    };
    let folder = Folder::with(&[("gateway.yaml", config(3, "first"))]);
    let proxy = Proxy::on(&folder.path("gateway.yaml"), &["--workers", "2"]);
    let ask = || Call::get(proxy.listener("web"), Wire::H1, "/").receiver.whole();
    assert_eq!([ask().status, ask().status], [200, 200]);

    folder.write("gateway.yaml", config(3, "second"));
    // A refusal uses nothing up, and has the mark, too.
    let mut passed = 0;
    until("the change to serve", || {
        let answer = ask();
        passed += u32::from(answer.status == 200);
        (answer.all("x-mark") == ["second"]).then_some(())
    });
    passed += u32::from(ask().status == 200);
    passed += u32::from(ask().status == 200);
    assert_eq!(passed, 1, "of three, two had passed before");

    folder.write("gateway.yaml", config(4, "third"));
    until("other numbers to serve", || (ask().status == 200).then_some(()));
    let passed = (0..9).filter(|_| ask().status == 200).count();
    assert_eq!(passed, 3);
}
