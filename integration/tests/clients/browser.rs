//! A headless Chromium, driven by its DevTools protocol: messages of JSON over a pipe, a zero byte behind each.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_integration::harness::until;

use crate::peers::{installed, root};

/// Longest time that the browser may take for one thing.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser with one tab.
pub(crate) struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    /// What happened meanwhile.
    events: Vec<Value>,
    number: u64,
    session: Option<String>,
    profile: PathBuf,
}

impl Browser {
    pub(crate) fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        installed();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("tidegate-browser-{}-{number}", std::process::id()));
        // It reads commands from descriptor 3 and writes to 4. No sandbox: whoever runs tests as root has none, and it
        // opens nothing but our own page.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh"])
            .args([
                "chromium-headless-shell",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--hide-scrollbars",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (commands, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (send, messages) = channel();
        thread::spawn(move || {
            for message in BufReader::new(output).split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).unwrap();
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self {
            child,
            commands,
            messages,
            events: Vec::new(),
            number: 0,
            session: None,
            profile,
        };
        let tab = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let tab = json!({ "targetId": tab["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", &tab);
        browser.session = session["sessionId"].as_str().map(ToOwned::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Opens the admin page of this address and waits for its first figures.
    pub(crate) fn open(admin: SocketAddr) -> Self {
        let mut browser = Self::start();
        browser.shape(1280, false);
        browser.call("Page.navigate", &json!({ "url": format!("http://{admin}/") }));
        browser.comes_to("the first figures", "document.querySelector('#overview dd') !== null");
        browser
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let mut command = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(command.to_string().as_bytes()).unwrap();
        self.commands.write_all(&[0]).unwrap();
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let mut message = message.unwrap_or_else(|error| panic!("no answer to {method}: {error}"));
            if message["id"] == self.number {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// The value of an expression of JavaScript; of a promise, what becomes of it.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut result = self.call("Runtime.evaluate", &parameters);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].take()
    }

    /// The text that is seen of what a selector finds.
    pub(crate) fn text(&mut self, selector: &str) -> String {
        let text = self.eval(&format!("document.querySelector({}).innerText", json!(selector)));
        text.as_str().unwrap_or_else(|| panic!("no {selector}")).to_owned()
    }

    /// Waits for an expression to be true.
    pub(crate) fn comes_to(&mut self, what: &str, expression: &str) {
        until(what, || (self.eval(expression) == true).then_some(()));
    }

    /// Waits for this to be read where the selector finds it, and gives all that is.
    pub(crate) fn comes_to_read(&mut self, selector: &str, text: &str) -> String {
        until(&format!("{selector} to read {text:?}"), || {
            Some(self.text(selector)).filter(|seen| seen.contains(text))
        })
    }

    /// Types into a field, as the page hears of it.
    pub(crate) fn fill(&mut self, selector: &str, text: &str) {
        self.eval(&format!(
            "{{ const field = document.querySelector({}); field.value = {}; \
             field.dispatchEvent(new Event('input', {{ bubbles: true }})); }}",
            json!(selector),
            json!(text)
        ));
    }

    pub(crate) fn click(&mut self, selector: &str) {
        self.eval(&format!("document.querySelector({}).click()", json!(selector)));
    }

    /// Gives the tab a width and a colour scheme.
    pub(crate) fn shape(&mut self, width: u32, dark: bool) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if dark { "dark" } else { "light" };
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", &feature);
    }

    /// Keeps a picture of the whole page in `.cache/admin-page`, for people to look at.
    pub(crate) fn picture(&mut self, name: &str) {
        let parameters = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.call("Page.captureScreenshot", &parameters);
        let folder = root().join(".cache/admin-page");
        fs::create_dir_all(&folder).unwrap();
        let mut decoder = Command::new("base64")
            .arg("--decode")
            .stdin(Stdio::piped())
            .stdout(fs::File::create(folder.join(format!("{name}.png"))).unwrap())
            .spawn()
            .unwrap();
        let data = picture["data"].as_str().expect("a picture").as_bytes();
        decoder.stdin.take().unwrap().write_all(data).unwrap();
        assert!(decoder.wait().unwrap().success());
    }

    /// What the page has complained of: errors, warnings, messages to the console.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        let complain = ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"];
        self.eval("0");
        let events = self.events.iter();
        let complaints = events.filter(|event| complain.iter().any(|method| event["method"] == *method));
        complaints.map(ToString::to_string).collect()
    }

    /// The URLs that it has asked for.
    pub(crate) fn asked(&mut self) -> Vec<String> {
        self.eval("0");
        let events = self.events.iter();
        let asked = events.filter(|event| event["method"] == "Network.requestWillBeSent");
        asked
            .filter_map(|event| Some(event["params"]["request"]["url"].as_str()?.to_owned()))
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
