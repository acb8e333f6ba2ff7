//! Where the commands of one page run: a folder with the examples and the page's own files, on addresses of its own,
//! and the servers that the page started, until the page ends.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tidegate_integration::harness::{Folder, Raw, binary, until};

use super::addresses::{ADMIN, Addresses};
use super::page::{Page, root};

/// The folder beside the examples that holds the programs which pages call, and nobody sees.
const TOOLS: &str = ".tools";

pub(crate) struct Stage {
    folder: Folder,
    addresses: Addresses,
    servers: Vec<Server>,
}

/// A program that goes on while the page does.
struct Server {
    command: String,
    child: Child,
    log: PathBuf,
    /// The words of its command, or script, if it is a gateway: its configuration is among them.
    gateway: Option<Vec<String>>,
}

impl Stage {
    pub(crate) fn of(page: &Page) -> Self {
        let folder = Folder::with::<&str>(&[]);
        let read = |file: PathBuf| fs::read_to_string(&file).map(|text| (file, text));
        let examples = files(&root().join("examples")).into_iter().map(read);
        let examples: Vec<(PathBuf, String)> = examples.filter_map(Result::ok).collect();
        let texts = examples.iter().map(|(_, text)| text.as_str());
        let all = texts.chain([page.text.as_str()]);
        let stage = Self {
            folder,
            addresses: Addresses::of(all),
            servers: Vec::new(),
        };
        for (file, text) in &examples {
            let name = file.strip_prefix(root()).unwrap().to_str().unwrap();
            stage.write(name, text);
            fs::set_permissions(stage.folder.path(name), fs::metadata(file).unwrap().permissions()).unwrap();
        }
        stage.write_tools();
        stage
    }

    /// `tidegate` is the binary under test, with admin on an address of this page; `cargo` works in the repository.
    fn write_tools(&self) {
        let (tidegate, admin) = (binary().display(), self.addresses.real(ADMIN));
        let home = std::env::var("HOME").unwrap();
        self.tool(
            "tidegate",
            &format!(
                "case \"$*\" in run*--admin*) ;; run*) shift; set -- run --admin {admin} \"$@\" ;; esac\n\
                 exec {tidegate} \"$@\""
            ),
        );
        self.tool(
            "cargo",
            &format!("export HOME={home}\ncd {} && exec {} \"$@\"", root().display(), cargo()),
        );
        // Its bar of progress belongs to a terminal.
        self.write(&format!("{TOOLS}/.curlrc"), "no-progress-meter\n");
    }

    fn tool(&self, name: &str, script: &str) {
        let file = format!("{TOOLS}/{name}");
        self.write(&file, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(self.folder.path(&file), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn write(&self, name: &str, text: &str) {
        self.folder.replace(name, self.addresses.translate(text));
    }

    /// Writes a file of the page, and waits until a gateway that follows it serves by it.
    pub(crate) fn put(&mut self, name: &str, text: &str) {
        self.write(name, text);
        self.await_change(&[PathBuf::from(name)]);
    }

    /// Starts what goes on, and waits until it serves.
    pub(crate) fn start(&mut self, command: &str) {
        if let Some(arguments) = command.strip_prefix("cargo run ") {
            // It takes longer than a server may take to serve.
            let arguments = arguments.split(" -- ").next().unwrap_or_default();
            let status = self.shell(&format!("cargo build {arguments}")).status().unwrap();
            assert!(status.success(), "{command}");
        }
        let log = self.folder.path(&format!("{TOOLS}/{}.log", self.servers.len()));
        let file = File::create(&log).unwrap();
        let child = self
            .shell(&format!("exec {command}"))
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let program = command.split(' ').next().unwrap_or_default();
        let script = Path::new(program)
            .ends_with("run")
            .then(|| fs::read_to_string(root().join(program)).unwrap());
        let is_gateway = script.is_some() || command.starts_with("tidegate run");
        let text = script.unwrap_or_default() + " " + command;
        let serves = self.addresses.named_in(&text);
        self.servers.push(Server {
            command: command.to_owned(),
            child,
            log,
            gateway: is_gateway.then(|| text.split_whitespace().map(ToOwned::to_owned).collect()),
        });
        for address in serves {
            self.await_server(|| TcpStream::connect(address).is_ok());
        }
        if is_gateway {
            let admin = self.admin();
            self.await_server(|| TcpStream::connect(admin).is_ok());
            self.await_server(|| Raw::admin(admin, "/ready").head.status() == Some(200));
        }
    }

    fn await_server(&mut self, mut serves: impl FnMut() -> bool) {
        let server = self.servers.last_mut().unwrap();
        until(&format!("{:?} to serve", server.command), || {
            let ended = server.child.try_wait().unwrap();
            assert_eq!(ended, None, "{:?}: {}", server.command, server.said());
            serves().then_some(())
        });
    }

    /// Runs a command to its end, and waits until a gateway whose files it changed serves by them. What it printed, as a
    /// page would say it.
    pub(crate) fn run(&mut self, command: &str) -> String {
        let before = self.configuration();
        let Output { stdout, stderr, .. } = self.shell(command).output().unwrap();
        let mut changed = self.configuration();
        changed.retain(|file| !before.contains(file));
        let changed: Vec<PathBuf> = changed.into_iter().map(|(file, _)| file).collect();
        self.await_change(&changed);
        let printed = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
        self.addresses.translate_back(&printed)
    }

    /// What the servers said so far.
    pub(crate) fn logs(&self) -> String {
        self.servers.iter().map(Server::said).collect()
    }

    fn shell(&self, command: &str) -> Command {
        let cache = root().join(".cache");
        let path = [self.folder.path(TOOLS), cache.join("venv/bin"), cache.join("bin")];
        let path = path
            .iter()
            .map(|path| format!("{}:", path.display()))
            .collect::<String>();
        let mut shell = Command::new("timeout");
        shell
            .args(["300", "bash", "-c", &self.addresses.translate(command)])
            .current_dir(self.folder.path(""))
            .env("PATH", path + &std::env::var("PATH").unwrap())
            .env("CURL_HOME", self.folder.path(TOOLS))
            .env("HOME", self.folder.path(""))
            .env("TIDEGATE_BIN", self.folder.path(&format!("{TOOLS}/tidegate")))
            .stdin(Stdio::null());
        shell
    }

    /// All YAML that there is, by its path in the folder.
    fn configuration(&self) -> Vec<(PathBuf, String)> {
        let folder = self.folder.path("");
        let mut files = files(&folder);
        files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
        let read = |file: &PathBuf| {
            let text = fs::read_to_string(file).unwrap();
            (file.strip_prefix(&folder).unwrap().to_owned(), text)
        };
        files.iter().map(read).collect()
    }

    fn admin(&self) -> SocketAddr {
        self.addresses.real(ADMIN)
    }

    /// Waits until a gateway that follows one of these files serves by them.
    fn await_change(&self, changed: &[PathBuf]) {
        let words = || {
            self.servers
                .iter()
                .filter_map(|server| server.gateway.as_ref())
                .flatten()
        };
        let is_followed = |file: &&PathBuf| words().any(|word| file.starts_with(word));
        let Some(file) = changed.iter().find(is_followed) else {
            return;
        };
        // The first look may have begun before the change.
        for _ in 0..2 {
            let (before, _) = self.looks();
            self.write(file.with_file_name(".look").to_str().unwrap(), "");
            until("the gateway to take the change", || {
                let (looks, is_applied) = self.looks();
                (looks > before && is_applied).then_some(())
            });
        }
    }

    /// How often the gateway looked at its configuration, and whether all of it serves by what it found.
    fn looks(&self) -> (u64, bool) {
        let metrics = Raw::admin(self.admin(), "/metrics").text();
        let values = |name: &str| -> Vec<u64> {
            let lines = metrics.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect()
        };
        let looks = values("tidegate_config_reloads_total").iter().sum();
        let is_applied = values("tidegate_config_generation") == values("tidegate_config_applied_generation");
        (looks, is_applied)
    }
}

impl Server {
    fn said(&self) -> String {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        format!("--- {}\n{said}", self.command)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // `timeout` and the scripts of the examples hand the signal on.
        for server in self.servers.iter_mut().rev() {
            let _ = Command::new("kill").arg(server.child.id().to_string()).status();
            let _ = server.child.wait();
        }
    }
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Every file below a folder, but for names with a dot in front.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
