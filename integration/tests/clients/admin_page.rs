//! The admin page, as Chromium shows it.

use std::fmt::Write as _;
use std::net::SocketAddr;

use tidegate_integration::harness::{Folder, Origin, Proxy, Raw, Wire, until};

use crate::browser::Browser;

/// What would run if the page took text for markup, and what else it might be told.
const MARKUP: &str = "<img src=x onerror=hacked=1>";

fn gateway(upstream: SocketAddr) -> String {
    format!(
        r#"
namespace: shop
listeners:
  web: {{ address: 127.0.0.1:0 }}
routes:
  cart:
    listeners: [web]
    hosts: [shop.example]
    rules:
      - name: beta
        matches: [{{ path: {{ prefix: /cart }}, headers: [{{ name: x-group, exact: beta }}] }}]
        backends: [{{ cluster: up, weight: 3 }}, {{ cluster: nowhere, weight: 1 }}]
        filters: [{{ rateLimit: {{ requests: 1000, per: 1s, key: clientIp }} }}]
      - backends: [{{ cluster: up }}]
  odd:
    listeners: [web]
    hosts: [odd.example]
    rules:
      - matches: [{{ headers: [{{ name: authorization, exact: hidden }}, {{ name: x-a, exact: "{MARKUP}" }}] }}]
        backends: [{{ cluster: dead }}]
clusters:
  up: {{ endpoints: [{{ address: {upstream} }}] }}
  dead: {{ endpoints: [{{ address: 127.0.0.1:1 }}] }}
  bad: {{ endpoints: [{{ address: "{MARKUP}" }}] }}
"#
    )
}

/// Answers 503 to what asks for it, else 200.
fn upstream() -> Origin {
    Origin::start(Wire::H1, |served| {
        let status = if served.path.contains("503") { 503 } else { 200 };
        served.answer(status, b"ok");
    })
}

struct Opened {
    _origin: Origin,
    proxy: Proxy,
    browser: Browser,
}

fn open() -> Opened {
    let origin = upstream();
    let proxy = Proxy::with_workers(&gateway(origin.address), 2);
    let browser = Browser::open(proxy.admin());
    Opened {
        _origin: origin,
        proxy,
        browser,
    }
}

impl Opened {
    fn get(&self, host: &str, path: &str, fields: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        Raw::connect(self.proxy.address()).ask("GET", request);
    }

    /// Nothing is wrong with the page, and it has asked nobody but the process.
    fn ends_well(mut self) {
        assert_eq!(self.browser.complaints(), Vec::<String>::new());
        let own = format!("http://{}/", self.proxy.admin());
        let asked = self.browser.asked();
        assert!(asked.len() > 7, "{asked:?}");
        let foreign: Vec<_> = asked.iter().filter(|url| !url.starts_with(&own)).collect();
        assert!(foreign.iter().all(|url| url.starts_with("data:")), "{foreign:?}");
    }
}

#[test]
fn every_section_says_what_the_process_does() {
    let mut page = open();
    let address = page.proxy.listener("web");
    for _ in 0..3 {
        page.get("shop.example", "/", "");
        page.get("nobody.example", "/", "");
    }
    page.get("shop.example", "/503", "");
    let odd = format!("authorization: hidden\r\nx-a: {MARKUP}\r\n");
    page.get("odd.example", "/", &odd);

    let overview = page.browser.comes_to_read("#overview", "8 in all");
    for part in [
        "generation 1",
        "1 set aside",
        "of a core; 2 workers",
        "MiB",
        "new traffic is welcome",
    ] {
        assert!(overview.contains(part), "no {part} in {overview}");
    }
    assert_eq!(page.browser.text("#state"), "ready");
    let refusals = page.browser.comes_to_read("#refusals", "no-route");
    assert!(refusals.contains("connect-failure"), "{refusals}");

    let listeners = page.browser.text("#listeners");
    assert!(
        listeners.contains("shop/web") && listeners.contains("edge"),
        "{listeners}"
    );
    // As configured: the port is the system's choice.
    assert!(!listeners.contains(&address.to_string()), "{listeners}");

    // Of eight requests the page may have seen any before its first look; rates are of what came later.
    until("rates to be told", || {
        page.get("shop.example", "/503", "");
        let routes = page.browser.text("#routes");
        (routes.contains("100 %") || routes.contains("≤")).then_some(())
    });
    let routes = page.browser.text("#routes");
    for part in [
        "shop/cart shop.example",
        "beta path /cart and below, header x-group is `beta`",
        "shop/up 75 %",
        "shop/nowhere 25 %: no such cluster",
        "rateLimit",
        "shop/odd",
        "header authorization is `***`",
    ] {
        assert!(routes.contains(part), "no {part} in {routes}");
    }
    let clusters = page.browser.text("#clusters");
    for part in ["shop/up http1, peakEwma", "127.0.0.1:1", "shop/dead"] {
        assert!(clusters.contains(part), "no {part} in {clusters}");
    }
    let row = |name: &str| {
        format!("[...document.querySelectorAll('#clusters tr')].find(row => row.innerText.includes('{name}'))")
    };
    let cells = format!("[...{}.cells].map(cell => cell.innerText)", row("shop/dead"));
    let dead = page.browser.eval(&cells);
    assert_eq!(dead[10], "1", "one connect failure: {dead}");
    page.ends_well();
}

#[test]
fn what_is_set_aside_comes_first_with_its_reason_and_leaves_when_it_is_mended() {
    let origin = upstream();
    let good = gateway(origin.address).replace(MARKUP, "127.0.0.1:2");
    let folder = Folder::with(&[("gateway.yaml", gateway(origin.address))]);
    let proxy = Proxy::on(&folder.path(""), &["--workers", "1"]);
    proxy.listener("web");
    let mut browser = Browser::open(proxy.admin());
    let first = "#objects tbody tr";
    let shown = browser.comes_to_read(first, "quarantined");
    for part in [
        "cluster shop/bad",
        "TG0204",
        MARKUP,
        "gateway.yaml:24:",
        "nothing of it serves",
    ] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    folder.replace("gateway.yaml", good);
    browser.comes_to_read("#overview", "none set aside");
    browser.comes_to_read("#overview", "generation 2");
    assert!(!browser.text("#objects").contains("quarantined"));

    // Nothing moves while it is paused, and all that was missed is there afterwards.
    browser.click("#pause");
    folder.replace("gateway.yaml", gateway(origin.address));
    until("the process to know", || {
        proxy.ask("/objects").contains("quarantined").then_some(())
    });
    let asked = browser.asked().len();
    browser.eval("new Promise(done => setTimeout(done, 3000))");
    assert_eq!(browser.asked().len(), asked, "it asks though it is paused");
    assert!(browser.text("#overview").contains("none set aside"));
    browser.click("#pause");
    browser.comes_to_read(first, "quarantined");
    assert!(browser.text(first).contains("its last good version serves"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn it_explains_requests_and_says_what_is_wrong_with_those_that_are_none() {
    let mut page = open();
    let browser = &mut page.browser;
    browser.fill("[name=url]", "http://shop.example/cart/7?a=it's");
    browser.fill("[name=headers]", "x-group: beta\nx-other: it's");
    browser.click("#ask [type=submit]");
    let answer = browser.comes_to_read("#answer", "Rule beta of route shop/cart serves it");
    for part in [
        "GET /cart/7?a=it's",
        "path /cart and below, header x-group is `beta`",
        "rateLimit",
        "shop/up 75 %",
        "no such cluster",
        "request 60s",
        "outranked-by-path",
        "it is for host odd.example",
    ] {
        assert!(answer.contains(part), "no {part} in {answer}");
    }
    browser.fill("[name=url]", "curl -X POST http://nobody.example/");
    browser.click("#ask [type=submit]");
    let answer = browser.comes_to_read("#answer", "Tidegate answers 404 itself: no-route");
    assert!(answer.contains("POST /"), "{answer}");
    browser.fill("[name=url]", "ftp://shop.example/");
    browser.click("#ask [type=submit]");
    browser.comes_to_read("#answer", "write `http://host/path`");
    // A browser tells the console of each answer that is an error; that one was asked for.
    assert!(
        page.browser.complaints().iter().all(|it| it.contains("400")),
        "{:?}",
        page.browser.complaints()
    );
}

#[test]
fn what_looks_like_markup_is_text() {
    let mut page = open();
    let browser = &mut page.browser;
    browser.comes_to_read("#routes", MARKUP);
    browser.comes_to_read("#objects", MARKUP);
    browser.fill("[name=url]", "http://odd.example/");
    browser.fill("[name=headers]", &format!("x-b: {MARKUP}"));
    browser.click("#ask [type=submit]");
    browser.comes_to_read("#answer", "odd");
    browser.fill("[name=url]", MARKUP);
    browser.click("#ask [type=submit]");
    browser.comes_to_read("#answer", MARKUP);
    assert_eq!(browser.eval("document.querySelectorAll('img, main script').length"), 0);
    assert_eq!(browser.eval("typeof hacked"), "undefined");
    // Were there a way in, the policy of the page would still be in it.
    let inline = "(() => { const it = document.createElement('button'); \
                  try { it.setAttribute('onclick', 'hacked = 1'); it.click(); } catch {} return typeof hacked; })()";
    assert_eq!(browser.eval(inline), "undefined");
    let html =
        "(() => { try { document.body.innerHTML = '<b>'; return 'set'; } catch (error) { return error.name; } })()";
    assert_eq!(browser.eval(html), "TypeError");
}

/// Each text against what is behind it, by WCAG's formula; what is less than 4.5 : 1.
const TOO_FAINT: &str = r"(() => {
  const channels = colour => colour.match(/[\d.]+/g).map(Number);
  const linear = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const says = node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
  const faint = [];
  for (const node of document.querySelectorAll('body *')) {
    if (!says(node) || !node.checkVisibility()) continue;
    const [text, behind] = [channels(getComputedStyle(node).color), ground(node)].map(luminance);
    const ratio = (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${node.innerText}`);
  }
  return faint;
})()";

/// What has a role to play and nothing to be called by.
const NAMELESS: &str = r"[...document.querySelectorAll('input, select, textarea, button, table, section')].filter(it =>
  !it.labels?.length && !it.ariaLabel && !it.getAttribute('aria-labelledby') && !it.innerText.trim()).map(it => it.outerHTML)";

#[test]
fn it_is_readable_light_and_dark_wide_and_narrow() {
    let mut page = open();
    page.get("shop.example", "/503", "");
    page.get(
        "odd.example",
        "/",
        &format!("authorization: hidden\r\nx-a: {MARKUP}\r\n"),
    );
    page.browser.comes_to_read("#refusals", "connect-failure");
    page.browser.fill("[name=url]", "http://shop.example/cart");
    page.browser.click("#ask [type=submit]");
    page.browser.comes_to_read("#answer", "serves it");
    assert_eq!(page.browser.eval(NAMELESS), serde_json::json!([]));
    let mut grounds = Vec::new();
    for (width, dark) in [(1280, false), (1280, true), (400, false), (400, true)] {
        let browser = &mut page.browser;
        browser.shape(width, dark);
        let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.eval(overflow), 0, "wider than {width}");
        assert_eq!(browser.eval(TOO_FAINT), serde_json::json!([]), "{width} dark: {dark}");
        grounds.push(browser.eval("getComputedStyle(document.body).backgroundColor"));
        browser.picture(&format!("{width}-{}", if dark { "dark" } else { "light" }));
    }
    assert_ne!(grounds[0], grounds[1], "dark is like light");
    page.ends_well();
}

#[test]
fn ten_thousand_routes_are_searched_and_not_drawn() {
    let origin = upstream();
    let mut yaml = gateway(origin.address);
    let (before, clusters) = yaml.split_once("clusters:\n").unwrap();
    let mut routes = before.to_owned();
    for number in 0..10_000 {
        writeln!(
            routes,
            "  r{number}: {{ listeners: [web], hosts: [h{number}.example], rules: [{{ backends: [{{ cluster: up }}] }}] }}"
        )
        .unwrap();
    }
    yaml = format!("{routes}clusters:\n{clusters}");
    let proxy = Proxy::start(&yaml);
    let mut browser = Browser::open(proxy.admin());
    browser.comes_to_read("#routes .count", "10,002, the first 100 are shown");
    let rows = "document.querySelectorAll('#routes tbody tr').length";
    assert_eq!(browser.eval(rows), 100);
    browser.fill("#routes input", "H9876.example");
    browser.comes_to_read("#routes .count", "1 of 10,002");
    assert_eq!(browser.eval(rows), 1);
    assert!(browser.text("#routes").contains("shop/r9876"));
    // A second look, so that whatever a refresh does has been done.
    let asked = browser.asked().len();
    until("another look", || (browser.asked().len() >= asked + 5).then_some(()));
    let received =
        "performance.getEntriesByType('resource').slice(-5).reduce((sum, it) => sum + it.encodedBodySize, 0)";
    let bytes = browser.eval(received).as_u64().unwrap();
    assert!(bytes < 100_000, "{bytes} bytes a look");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
