//! What `tidegate run` says to people once it serves: what listens where, what was set aside, where to look. A dozen lines,
//! however large the configuration is.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::path::Path;

use tidegate_config::{LogTarget, ObjectId, Reload};

use super::output::Counted;

/// How many of a kind are named; the others are counted.
const NAMED: usize = 4;

/// What there is to say.
pub(super) struct Welcome<'a> {
    pub(super) config: &'a Path,
    pub(super) workers: usize,
    pub(super) reload: &'a Reload,
    pub(super) listening: &'a [(ObjectId, SocketAddr)],
    pub(super) logs: &'a [LogTarget],
    pub(super) admin: SocketAddr,
}

impl Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, config, workers) = (env!("CARGO_PKG_VERSION"), self.config.display(), self.workers);
        writeln!(
            f,
            "tidegate {version} serves {config} on {}:",
            Counted(workers, "worker")
        )?;
        let width = self
            .listening
            .iter()
            .take(NAMED)
            .map(|(id, _)| id.to_string().len())
            .max();
        some(f, self.listening, ("listener", "listeners"), |f, (id, address)| {
            write!(
                f,
                "{:width$}  {address}",
                id.to_string(),
                width = width.unwrap_or_default()
            )
        })?;
        let snapshot = &self.reload.snapshot;
        let (routes, clusters) = (snapshot.routes().len(), snapshot.clusters().len());
        writeln!(f, "  {}, {}", Counted(routes, "route"), Counted(clusters, "cluster"))?;
        let aside = &self.reload.report.quarantined;
        some(f, aside, ("object set aside", "objects set aside"), |f, id| {
            self.set_aside(f, id)
        })?;
        if !self.logs.is_empty() {
            let named: Vec<_> = self.logs.iter().take(NAMED).map(ToString::to_string).collect();
            let more = if self.logs.len() > NAMED { ", ..." } else { "" };
            writeln!(f, "  access log  {}{more}", named.join(", "))?;
        }
        let admin = self.admin;
        writeln!(
            f,
            "  admin  http://{admin}/  (how each object stands: /objects, metrics: /metrics)"
        )
    }
}

impl Welcome<'_> {
    fn set_aside(&self, f: &mut fmt::Formatter<'_>, id: &ObjectId) -> fmt::Result {
        write!(f, "set aside: {id}")?;
        let Some(status) = self.reload.objects.get(id) else {
            return Ok(());
        };
        if let Some(why) = status.quarantine() {
            let (file, line, code, message) = (why.file(), why.line(), why.code(), why.message());
            write!(f, ", {file}:{line}: {message} ({code})")?;
        }
        Ok(())
    }
}

/// A line for each of the first few, and one that counts the others.
fn some<T>(
    f: &mut fmt::Formatter<'_>,
    all: &[T],
    (one, many): (&str, &str),
    line: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for named in all.iter().take(NAMED) {
        f.write_str("  ")?;
        line(f, named)?;
        f.write_str("\n")?;
    }
    match all.len().saturating_sub(NAMED) {
        0 => Ok(()),
        1 => writeln!(f, "  and 1 more {one}"),
        more => writeln!(f, "  and {more} more {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let name = format!(
            "tidegate-welcome-{}-{:?}.yaml",
            std::process::id(),
            std::thread::current().id()
        );
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        let reload = tidegate_config::Store::new(&path).reload().unwrap();
        std::fs::remove_file(&path).unwrap();
        let listeners = reload.snapshot.listeners();
        let listening: Vec<_> = listeners
            .map(|listener| (listener.id().clone(), listener.address().socket_addr()))
            .collect();
        let welcome = Welcome {
            config: Path::new("gateway.yaml"),
            workers: 2,
            reload: &reload,
            listening: &listening,
            logs: &[LogTarget::Stdout],
            admin: ([127, 0, 0, 1], 15000).into(),
        };
        welcome.to_string().replace(path.to_str().unwrap(), "gateway.yaml")
    }

    #[test]
    fn it_says_what_listens_where_what_is_set_aside_and_where_to_look() {
        let text = "listeners:\n  web: { address: 127.0.0.1:8080 }\n  internal: { address: '[::1]:8081' }\n\
                    clusters:\n  up: { endpoints: [{ address: nowhere }] }\n  ok: { endpoints: [{ address: 127.0.0.1:9 }] }\n";
        assert_eq!(
            said(text),
            format!(
                "tidegate {} serves gateway.yaml on 2 workers:\n  \
                   listener default/internal  [::1]:8081\n  \
                   listener default/web       127.0.0.1:8080\n  \
                   0 routes, 1 cluster\n  \
                   set aside: cluster default/up, gateway.yaml:5: `nowhere` is not an address (TG0204)\n  \
                   access log  stdout\n  \
                   admin  http://127.0.0.1:15000/  (how each object stands: /objects, metrics: /metrics)\n",
                env!("CARGO_PKG_VERSION")
            )
        );
    }

    #[test]
    fn thousands_of_objects_are_counted() {
        let listeners: String = (1..=2000)
            .map(|port| format!("  l{port}: {{ address: 127.0.0.1:{port} }}\n"))
            .collect();
        let clusters: String = (0..2000)
            .map(|number| format!("  c{number}: {{ endpoints: [] }}\n"))
            .collect();
        let text = said(&format!("listeners:\n{listeners}clusters:\n{clusters}"));
        assert!(text.lines().count() <= 14, "{text}");
        assert!(
            text.contains("and 1996 more listeners") && text.contains("and 1996 more objects set aside"),
            "{text}"
        );
    }
}
