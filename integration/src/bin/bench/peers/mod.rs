//! The proxies, each configured to do the same work: one listener, one route to one backend with kept connections, the client's address added to
//! the request, no access log unless the row says so. Each has so many workers as asked for.

mod envoy;
mod haproxy;
mod nginx;
mod tidegate;

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::install::Installed;
use crate::rows::{Row, Work};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Tidegate,
    /// Another Tidegate, to see what a change or a way to build is worth.
    Baseline,
    HaproxyWheel,
    HaproxyDebian,
    Nginx,
    Envoy,
}

/// Where a proxy listens, where it sends, and where its files may be.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    pub(crate) listen: SocketAddr,
    pub(crate) front: Protocol,
    pub(crate) upstream: SocketAddr,
    pub(crate) back: Protocol,
    pub(crate) work: Work,
    pub(crate) workers: usize,
    pub(crate) folder: &'a Path,
}

impl Site<'_> {
    /// Writes a configuration file; its path.
    fn file(&self, name: &str, text: &str) -> Outcome<PathBuf> {
        let path = self.folder.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Peer {
    /// What a whole run compares.
    pub(crate) const ALL: [Self; 5] = [
        Self::Tidegate,
        Self::HaproxyWheel,
        Self::HaproxyDebian,
        Self::Nginx,
        Self::Envoy,
    ];

    /// As the command line and the report call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tidegate => "tidegate",
            Self::Baseline => "baseline",
            Self::HaproxyWheel => "haproxy-2.8",
            Self::HaproxyDebian => "haproxy-2.6",
            Self::Nginx => "nginx",
            Self::Envoy => "envoy",
        }
    }

    pub(crate) fn named(name: &str) -> Outcome<Self> {
        let known = Self::ALL.into_iter().find(|peer| peer.name() == name);
        let names = || Self::ALL.map(Self::name).join(", ");
        known.ok_or_else(|| format!("no proxy is called {name}: {}", names()).into())
    }

    pub(crate) fn is_haproxy(self) -> bool {
        matches!(self, Self::HaproxyWheel | Self::HaproxyDebian)
    }

    /// What the program itself says.
    pub(crate) fn version(self, installed: &Installed) -> Outcome<String> {
        let flag = if self.is_haproxy() || self == Self::Nginx {
            "-v"
        } else {
            "--version"
        };
        let program = installed.program(self)?;
        let output = Command::new(program)
            .arg(flag)
            .output()
            .map_err(|error| format!("{program:?}: {error}"))?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let line = said
            .lines()
            .find(|line| line.contains("version") || line.starts_with("tidegate"));
        let line = line.ok_or_else(|| format!("{program:?} does not tell its version"))?;
        // Envoy begins with where it lies, which says nothing of it.
        let path = program.to_string_lossy();
        Ok(line.trim().trim_start_matches(&*path).trim().to_owned())
    }

    /// Whether the row is for it: NGINX of Debian speaks HTTP/1.1 only to its upstreams, the filters are set up for those
    /// that log and limit like Tidegate; what an access log costs, and many routes, is a question to Tidegate alone.
    pub(crate) fn can(self, row: &Row) -> bool {
        match row.work {
            Work::Nothing => self != Self::Nginx || row.back == Protocol::Http1,
            Work::Filters => self != Self::Envoy,
            Work::AccessLog | Work::Hosts(_) | Work::Prefixes(_) => matches!(self, Self::Tidegate | Self::Baseline),
        }
    }

    pub(crate) fn command(self, installed: &Installed, site: &Site<'_>) -> Outcome<Command> {
        let program = installed.program(self)?;
        match self {
            Self::Tidegate | Self::Baseline => tidegate::command(program, site),
            Self::HaproxyWheel | Self::HaproxyDebian => haproxy::command(program, site),
            Self::Nginx => nginx::command(program, site),
            Self::Envoy => envoy::command(program, site),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}
