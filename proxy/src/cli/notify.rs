//! Tells the service manager what the process is at, as `sd_notify(3)` has it: messages to the socket that
//! `NOTIFY_SOCKET` names, for units of `Type=notify` and `notify-reload`. Started without one it tells nobody anything.
//!
//! A manager that cannot be told is no reason to stop serving: that is logged, and all.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::live::Process;

#[derive(Clone, Debug)]
pub(super) struct Notifier(Option<Arc<UnixDatagram>>);

impl Notifier {
    /// To the manager that started this process, if one wants to know.
    pub(super) fn from_env() -> Self {
        let Some(name) = env::var_os("NOTIFY_SOCKET") else {
            return Self(None);
        };
        match connect(&name) {
            Ok(socket) => Self(Some(Arc::new(socket))),
            Err(error) => {
                tracing::warn!(socket = ?name, %error, "the service manager cannot be told anything");
                Self(None)
            }
        }
    }

    /// It serves, and by which configuration.
    pub(super) fn ready(&self, process: &Process) {
        self.tell(|| {
            let config = process.config.load();
            let (generation, quarantined) = (config.generation, config.reload.report.quarantined.len());
            format!("READY=1\nSTATUS=Configuration generation {generation}, objects quarantined: {quarantined}")
        });
    }

    /// It was asked to load its configuration again, and will say that it is ready once it has.
    pub(super) fn reloading(&self) {
        self.tell(|| format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic().as_micros()));
    }

    /// It drains, and will have ended after so long.
    pub(super) fn stopping(&self, limit: Duration) {
        self.tell(|| {
            let micros = limit.as_micros();
            format!("STOPPING=1\nSTATUS=Drains\nEXTEND_TIMEOUT_USEC={micros}")
        });
    }

    fn tell(&self, message: impl FnOnce() -> String) {
        if let Some(socket) = &self.0
            && let Err(error) = socket.send(message().as_bytes())
        {
            tracing::warn!(%error, "the service manager was not told");
        }
    }
}

/// A path, or with `@` in front a name in Linux's abstract space.
fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    // A manager that does not read must not stop a drain.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The clock by which the manager knows whether a message is newer than its request.
fn monotonic() -> Duration {
    clock_gettime(ClockId::Monotonic).try_into().unwrap_or_default()
}
