//! Processes that the benchmark starts, none of which may outlive it: each is killed when its owner is dropped, and a warden (this program
//! again, waiting for the end of its standard input) kills what is left when the benchmark itself is killed, and removes their files.

use std::fs::{self, File};
use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::{CommandExt, parent_id};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Outcome;
use crate::cpu::family;

/// The first argument that makes this program a warden.
pub(crate) const WARDEN: &str = "warden";

static WARDEN_INPUT: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// Where the files of a benchmark with this process id are.
fn folder_of(benchmark: u32) -> PathBuf {
    std::env::temp_dir().join(format!("tidegate-bench-{benchmark}"))
}

/// The folder for all files of this run; it goes when the benchmark ends, however it does.
pub(crate) fn start_warden() -> Outcome<PathBuf> {
    let folder = folder_of(std::process::id());
    fs::create_dir_all(&folder)?;
    // A group of its own: what interrupts the benchmark at a terminal must not end its warden.
    let mut warden = Command::new(std::env::current_exe()?);
    let mut warden = warden.arg(WARDEN).stdin(Stdio::piped()).process_group(0).spawn()?;
    if let Ok(mut input) = WARDEN_INPUT.lock() {
        *input = warden.stdin.take();
    }
    Ok(folder)
}

/// Reads `+pid` and `-pid` until the benchmark's end, then kills what is left and removes the folder.
pub(crate) fn be_warden() {
    let folder = folder_of(parent_id());
    let mut alive = Vec::new();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match (line.strip_prefix('+'), line.strip_prefix('-')) {
            (Some(pid), _) => alive.extend(pid.parse::<u32>()),
            (_, Some(pid)) => alive.retain(|known| known.to_string() != pid),
            _ => {}
        }
    }
    alive.into_iter().for_each(kill_family);
    let _ = fs::remove_dir_all(folder);
}

fn tell_warden(sign: char, pid: u32) {
    if let Ok(mut input) = WARDEN_INPUT.lock()
        && let Some(input) = input.as_mut()
    {
        let _ = writeln!(input, "{sign}{pid}");
    }
}

/// Kills a child that is not waited for yet, so that its number is still its own, and all it has started.
fn kill_family(pid: u32) {
    for member in family(pid) {
        signal(member, Signal::KILL);
    }
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// A running process, its output in a file.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    started: Instant,
}

impl Process {
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Outcome<Self> {
        let output = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let started = Instant::now();
        let child = command
            .spawn()
            .map_err(|error| format!("{:?}: {error}", command.get_program()))?;
        tell_warden('+', child.id());
        Ok(Self { child, log, started })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks `answers` again and again until it says yes; the time since the start of the process.
    pub(crate) fn until(&mut self, patience: Duration, mut answers: impl FnMut(&Self) -> bool) -> Outcome<Duration> {
        loop {
            if answers(self) {
                return Ok(self.started.elapsed());
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || self.started.elapsed() > patience {
                let what = ended.map_or("is not ready".into(), |status| format!("ended with {status}"));
                return Err(format!("process {what}:\n{}", tail(&self.log())).into());
            }
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Waits for the end of a process that ends by itself, or was told to.
    pub(crate) fn wait(&mut self, patience: Duration) -> Outcome<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if begun.elapsed() > patience {
                return Err("a process did not end".into());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill_family(self.child.id());
        }
        let _ = self.child.wait();
        tell_warden('-', self.child.id());
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .get(lines.len().saturating_sub(20)..)
        .unwrap_or_default()
        .join("\n")
}

/// A loopback port that is free now.
pub(crate) fn free_port() -> Outcome<SocketAddr> {
    Ok(std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Whether something accepts there, and is served: `speak` talks over the connection.
pub(crate) fn answers(address: SocketAddr, speak: impl FnOnce(TcpStream) -> Outcome<bool>) -> bool {
    let Ok(socket) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else {
        return false;
    };
    let _ = socket.set_read_timeout(Some(Duration::from_secs(2)));
    let _ = socket.set_nodelay(true);
    speak(socket).unwrap_or(false)
}
