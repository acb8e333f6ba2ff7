//! Opens the sockets of a listener: one for each worker on the same port, so that the kernel spreads connections.
#![allow(clippy::disallowed_methods, reason = "where sockets that workers share are opened")]

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel keeps for us while no worker accepts.
const BACKLOG: i32 = 4096;

/// An address that can not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}{}", hint(source))]
pub struct BindError {
    pub address: SocketAddr,
    pub source: io::Error,
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another process listens there: stop it, or choose another address (ss -ltnp shows who it is)"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 need CAP_NET_BIND_SERVICE",
        io::ErrorKind::AddrNotAvailable => "; no interface of this machine has that address",
        _ => "",
    }
}

/// Opens `workers` sockets on `address`. Port 0 lets the system choose one for all of them.
///
/// # Errors
/// The address is taken, not ours, or not allowed.
pub fn bind(address: SocketAddr, workers: usize) -> Result<Vec<TcpListener>, BindError> {
    let fail = |source| BindError { address, source };
    // SO_REUSEPORT would let us share the port with a stranger of the same user, and take half of its connections. The probe
    // does not listen: whoever connected to it would be reset.
    let probe = bound(address, false).map_err(fail)?;
    let address = probe
        .local_addr()
        .and_then(|address| to_address(&address))
        .map_err(fail)?;
    drop(probe);
    bind_beside(address, workers)
}

/// The same on an address of which we hold a part already, so that a probe would only meet ourselves.
///
/// # Errors
/// The address is not ours, or not allowed.
pub(super) fn bind_beside(address: SocketAddr, workers: usize) -> Result<Vec<TcpListener>, BindError> {
    let open = || {
        let socket = bound(address, true)?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    let sockets: io::Result<_> = (0..workers).map(|_| open()).collect();
    sockets.map_err(|source| BindError { address, source })
}

fn bound(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for old connections in TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn to_address(address: &socket2::SockAddr) -> io::Result<SocketAddr> {
    address
        .as_socket()
        .ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_someone_holds_is_an_error_that_says_what_to_do() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = bind(held.local_addr().unwrap(), 2).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains("another process listens there"), "{error}");
    }

    #[test]
    fn all_workers_share_the_port_that_the_system_chose() {
        let sockets = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let ports: Vec<_> = sockets
            .iter()
            .map(|socket| socket.local_addr().unwrap().port())
            .collect();
        assert!(ports[0] != 0 && ports.iter().all(|port| *port == ports[0]), "{ports:?}");
    }
}
