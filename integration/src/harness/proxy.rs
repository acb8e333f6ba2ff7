//! The real binary as a child process: started on ports that the system chose, stopped by its own pid.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::{env, fs, thread};

use super::message::Message;
use super::raw::Raw;
use super::wait::until;

/// A running Tidegate.
#[derive(Debug)]
pub struct Proxy {
    child: Child,
    exited: Option<ExitStatus>,
    /// Each listener's address, by its name without the namespace.
    pub listeners: BTreeMap<String, SocketAddr>,
    logs: Arc<Mutex<Vec<String>>>,
    /// Its standard output, if nobody is to read it.
    unread: Option<ChildStdout>,
    /// Its configuration, if it goes with the process.
    file: Option<PathBuf>,
}

/// What a test may send to the process.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    /// Asks to drain and stop.
    Term,
    /// The same, from a terminal.
    Int,
    /// Asks to load the configuration again.
    Hup,
    /// Says that the files of logs were renamed.
    Usr1,
}

impl Proxy {
    /// Starts one worker on this configuration.
    pub fn start(yaml: &str) -> Self {
        Self::with_workers(yaml, 1)
    }

    /// Starts so many workers on this configuration.
    pub fn with_workers(yaml: &str, workers: usize) -> Self {
        Self::with_arguments(yaml, &["--workers", &workers.to_string()])
    }

    /// Starts one worker that writes the access log among what it prints.
    pub fn with_access_log(yaml: &str) -> Self {
        Self::with_arguments(yaml, &["--workers", "1", "--access-log", "-"])
    }

    /// Starts on this configuration with these arguments behind it.
    pub fn with_arguments(yaml: &str, arguments: &[&str]) -> Self {
        Self::with(yaml, |file| Self::on(file, arguments))
    }

    /// Starts one worker that tells the service manager behind this socket what it is at.
    pub fn notifying(yaml: &str, socket: &Path) -> Self {
        Self::with(yaml, |file| {
            Self::spawn(command(file, &["--workers", "1"]).env("NOTIFY_SOCKET", socket))
        })
    }

    /// Starts on this file or directory with these arguments behind it, and waits for nothing.
    pub fn on(config: &Path, arguments: &[&str]) -> Self {
        Self::spawn(&mut command(config, arguments))
    }

    fn with(yaml: &str, start: impl FnOnce(&Path) -> Self) -> Self {
        let file = write_config(yaml);
        let mut proxy = start(&file);
        proxy.file = Some(file);
        proxy.learn_addresses(count_listeners(yaml));
        proxy
    }

    /// The same, and nobody ever reads what it writes to standard output.
    pub fn unread(config: &Path, arguments: &[&str]) -> Self {
        Self::spawn_unread(&mut command(config, arguments))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut proxy = Self::spawn_unread(command);
        collect(proxy.unread.take().expect("stdout"), &proxy.logs);
        proxy
    }

    fn spawn_unread(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tidegate starts");
        let logs = Arc::default();
        collect(child.stderr.take().expect("stderr"), &logs);
        Self {
            unread: child.stdout.take(),
            child,
            exited: None,
            listeners: BTreeMap::new(),
            logs,
            file: None,
        }
    }

    /// Where the listener of this name was opened last.
    pub fn listener(&self, name: &str) -> SocketAddr {
        until(&format!("the address of the listener {name}"), || {
            addresses(&self.logs()).0.get(name).copied()
        })
    }

    /// The admin server's answer to a GET.
    pub fn admin_get(&self, path: &str) -> Message {
        Raw::admin(self.admin(), path)
    }

    /// What it says when all is well.
    pub fn ask(&self, path: &str) -> String {
        let answer = self.admin_get(path);
        assert_eq!(answer.head.status(), Some(200), "{path}");
        answer.text()
    }

    /// The address of the only listener.
    pub fn address(&self) -> SocketAddr {
        *self.listeners.values().next().expect("a listener")
    }

    /// A new connection to the only listener.
    pub fn connect(&self) -> Raw {
        Raw::connect(self.address())
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        let flag = match signal {
            Signal::Term => "-TERM",
            Signal::Int => "-INT",
            Signal::Hup => "-HUP",
            Signal::Usr1 => "-USR1",
        };
        let status = Command::new("kill")
            .args([flag, &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(status.success(), "kill {flag}: {status}");
    }

    /// Waits for the process to end by itself.
    pub fn exit(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let status = until("tidegate to end", || child.try_wait().expect("wait"));
        self.exited = Some(status);
        status
    }

    /// Whether the process still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("wait").is_none()
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("status of the process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace()
            .nth(1)
            .expect("a number")
            .parse::<usize>()
            .expect("a number")
            * 1024
    }

    /// The file that its configuration was written to, by whoever started it on a text.
    pub fn config(&self) -> &Path {
        self.file.as_deref().expect("started on a text")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it printed until now.
    pub fn logs(&self) -> String {
        self.logs.lock().expect("logs").join("\n")
    }

    /// Where the admin server listens.
    pub fn admin(&self) -> SocketAddr {
        until("the address of tidegate's admin server", || addresses(&self.logs()).1)
    }

    /// The first line of the access log that says all this, as soon as it is there.
    pub fn logged(&self, fields: &[&str]) -> String {
        until(&format!("an access log line with {fields:?}"), || {
            self.access_lines(fields).into_iter().next()
        })
    }

    /// The lines of the access log until now that say all this.
    pub fn access_lines(&self, fields: &[&str]) -> Vec<String> {
        let logs = self.logs();
        let lines = logs.lines().filter(|line| line.starts_with("time="));
        lines
            .filter(|line| fields.iter().all(|field| line.contains(&format!(" {field} "))))
            .map(ToOwned::to_owned)
            .collect()
    }

    /// What its metrics say of a sample, given as it stands in the text; `None` while there is none.
    pub fn metric(&self, sample: &str) -> Option<f64> {
        let metrics = self.ask("/metrics");
        let mut lines = metrics.lines();
        lines.find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
    }

    /// How many refusals of this reason it has counted, whatever they are due to.
    pub fn refusals(&self, flag: &str, reason: &str) -> f64 {
        let metrics = self.ask("/metrics");
        let sample = format!("tidegate_refusals_total{{flag=\"{flag}\",reason=\"{reason}\",object=\"");
        let counts = metrics
            .lines()
            .filter_map(|line| line.strip_prefix(&sample)?.rsplit_once(' '));
        counts.map(|(_, count)| count.parse::<f64>().expect("a count")).sum()
    }

    fn learn_addresses(&mut self, expected: usize) {
        let logs = Arc::clone(&self.logs);
        let child = &mut self.child;
        self.listeners = until("the addresses of tidegate's listeners", || {
            let text = logs.lock().expect("logs").join("\n");
            if let Some(status) = child.try_wait().expect("wait") {
                panic!("tidegate ended at once, {status}:\n{text}");
            }
            let (listeners, _) = addresses(&text);
            (listeners.len() >= expected).then_some(listeners)
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if self.exited.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if thread::panicking() {
            // The readers of its output end with the process; what they have by now is what there is.
            eprintln!("--- what tidegate said\n{}\n---", self.logs());
        }
        if let Some(file) = &self.file {
            let _ = fs::remove_file(file);
        }
    }
}

fn command(config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("run").arg(config).args(arguments);
    command.args(["--admin", "127.0.0.1:0"]);
    command
}

/// The start-up lines say `listening name=default/web address=127.0.0.1:41234` and `admin address=127.0.0.1:33333`.
fn addresses(text: &str) -> (BTreeMap<String, SocketAddr>, Option<SocketAddr>) {
    let mut listeners = BTreeMap::new();
    let mut admin = None;
    for line in text.lines() {
        let Some(address) = value(line, "address").and_then(|address| address.parse().ok()) else {
            continue;
        };
        match value(line, "name") {
            Some(name) if line.contains("listening") => {
                listeners.insert(name.rsplit('/').next().unwrap_or_default().to_owned(), address);
            }
            None if line.contains("admin") => admin = Some(address),
            _ => {}
        }
    }
    (listeners, admin)
}

fn value(line: &str, key: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!("{key}="))?;
    let word: String = rest
        .chars()
        .take_while(|char| !char.is_whitespace() && *char != ',')
        .collect();
    Some(word.trim_matches('"').to_owned())
}

fn count_listeners(yaml: &str) -> usize {
    yaml.matches("127.0.0.1:0").count().max(1)
}

fn collect(output: impl Read + Send + 'static, logs: &Arc<Mutex<Vec<String>>>) {
    let logs = Arc::clone(logs);
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            logs.lock().expect("logs").push(line);
        }
    });
}

fn write_config(yaml: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let file = env::temp_dir().join(format!("tidegate-test-{}-{number}.yaml", std::process::id()));
    fs::write(&file, yaml).expect("write the configuration");
    file
}

/// The binary under test: `$TIDEGATE_BIN`, or the workspace's own, brought up to date once with the profile of the
/// test that runs.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match env::var_os("TIDEGATE_BIN") {
        Some(path) => PathBuf::from(path),
        None => build(),
    })
}

fn build() -> PathBuf {
    let test = env::current_exe().expect("the path of the test");
    // target/<profile>/deps/<test>
    let folder = test.ancestors().nth(2).expect("a target folder").to_owned();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let target = folder.parent().expect("a target folder");
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "-p",
            "tidegate",
            "--profile",
            profile,
            "--target-dir",
        ])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(status.success(), "tidegate does not build");
    folder.join("tidegate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_addresses_from_lines() {
        let text = "2026-01-01T00:00:00Z  INFO tidegate: listening name=default/web address=127.0.0.1:41234\n\
                    2026-01-01T00:00:00Z  INFO tidegate: admin address=127.0.0.1:33333";
        let (listeners, admin) = addresses(text);
        assert_eq!(listeners["web"], "127.0.0.1:41234".parse().unwrap());
        assert_eq!(admin, Some("127.0.0.1:33333".parse().unwrap()));
    }

    #[test]
    fn reads_values_quoted_or_not() {
        assert_eq!(
            value("a name=\"default/web\" b", "name").as_deref(),
            Some("default/web")
        );
        assert_eq!(value("a name=web", "name").as_deref(), Some("web"));
        assert_eq!(value("a", "name"), None);
    }
}
