//! Whether a file may have changed, without reading it, and where that would be noticed.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How coarse the clock of a file system may be: within this time a file can change twice with the same times.
const FINE: Duration = Duration::from_millis(100);
const COARSE: Duration = Duration::from_secs(2);

/// As many symbolic links as the kernel follows.
const MAX_LINKS: usize = 40;

/// What the system says of a file. As long as it says the same, and said it when the file had been left alone for a
/// while, the file holds the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// No program can set this one back.
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// The stamp, unless the file changed so short a time before `now` that it may do so again unnoticed.
    pub(super) fn if_settled(self, now: SystemTime) -> Option<Self> {
        let (seconds, nanos) = self.changed;
        let since = u64::try_from(seconds).unwrap_or_default();
        let changed = UNIX_EPOCH + Duration::new(since, u32::try_from(nanos).unwrap_or_default());
        let grain = if nanos == 0 { COARSE } else { FINE };
        now.duration_since(changed).is_ok_and(|age| age > grain).then_some(self)
    }
}

/// How a file stood when it was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Seen {
    Missing,
    Settled(Stamp),
    /// Nothing can be told by its stamp.
    Unsettled,
}

impl Seen {
    pub(super) fn now(path: &Path, now: SystemTime) -> Self {
        match fs::metadata(path) {
            Ok(metadata) => Stamp::of(&metadata)
                .if_settled(now)
                .map_or(Self::Unsettled, Self::Settled),
            Err(_) => Self::Missing,
        }
    }

    /// Whether the file certainly holds what it held.
    pub(super) fn still_holds(self, path: &Path, now: SystemTime) -> bool {
        self != Self::Unsettled && self == Self::now(path, now)
    }
}

/// The directories in which something changes when `path` comes to mean another file: its own, and that of each
/// symbolic link on the way. A ConfigMap of Kubernetes is changed by another target of the link `..data`.
pub(super) fn directories_of(path: &Path) -> BTreeSet<PathBuf> {
    let (mut found, mut links) = (BTreeSet::new(), MAX_LINKS);
    follow(path, &mut found, &mut links);
    found
}

/// Walks down `path`; gives where it leads with all links followed.
fn follow(path: &Path, found: &mut BTreeSet<PathBuf>, links: &mut usize) -> PathBuf {
    let mut here = PathBuf::new();
    for component in path.components().filter(|component| *component != Component::CurDir) {
        let next = here.join(component);
        match fs::read_link(&next) {
            Ok(target) if *links > 0 => {
                *links -= 1;
                found.insert(or_current(&here));
                here = follow(&here.join(target), found, links);
            }
            _ => here = next,
        }
    }
    if let Some(parent) = here.parent() {
        found.insert(or_current(parent));
    }
    here
}

fn or_current(directory: &Path) -> PathBuf {
    if directory.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        directory.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_just_changed_is_not_trusted_yet() {
        let stamp = |nanos| Stamp {
            device: 1,
            inode: 2,
            size: 3,
            modified: (0, 0),
            changed: (1_000, nanos),
        };
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        assert_eq!(stamp(500_000_000).if_settled(at(1_000_550)), None);
        assert_eq!(stamp(500_000_000).if_settled(at(1_000_650)), Some(stamp(500_000_000)));
        assert_eq!(stamp(0).if_settled(at(1_001_900)), None, "a clock of whole seconds");
        assert_eq!(stamp(0).if_settled(at(1_002_100)), Some(stamp(0)));
        assert_eq!(stamp(1).if_settled(at(0)), None, "a time to come");
    }
}
