use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use super::*;

const LONG: Duration = Duration::from_secs(10);

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("tidegate-watch-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How long after it was done the watcher told of it.
fn took(watcher: &Watcher, change: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    change();
    while watcher.wait(LONG) != Wake::Changed {
        assert!(begun.elapsed() < LONG, "never told");
    }
    begun.elapsed()
}

fn watching(folder: &Path) -> Watcher {
    let mut watcher = Watcher::new();
    watcher.watch(BTreeSet::from([folder.to_owned()]));
    assert!(watcher.sees_all, "the system tells nothing here");
    assert_eq!(watcher.wait(LONG), Wake::Changed, "for what went before");
    watcher
}

#[test]
fn a_burst_is_over_when_it_is_quiet_or_has_gone_on_for_long() {
    let start = Instant::now();
    let mut burst = Burst::begun(start);
    assert_eq!(burst.over(), start + QUIET);
    burst.goes_on(start + QUIET / 2);
    assert_eq!(burst.over(), start + QUIET / 2 + QUIET);
    burst.goes_on(start + PATIENCE - QUIET / 2);
    assert_eq!(burst.over(), start + PATIENCE);
}

#[test]
fn writing_renaming_linking_and_removing_are_changes() {
    let folder = Folder::new();
    let watcher = watching(&folder.0);
    let limit = Duration::from_secs(2);
    assert!(took(&watcher, || fs::write(folder.path("a"), "1").unwrap()) < limit);
    assert!(took(&watcher, || fs::write(folder.path("a"), "2").unwrap()) < limit);
    assert!(took(&watcher, || fs::rename(folder.path("a"), folder.path("b")).unwrap()) < limit);
    assert!(took(&watcher, || symlink("b", folder.path("..data")).unwrap()) < limit);
    assert!(took(&watcher, || fs::remove_file(folder.path("b")).unwrap()) < limit);
}

#[test]
fn reading_is_none_and_asking_wakes_at_once() {
    let folder = Folder::new();
    fs::write(folder.path("a"), "1").unwrap();
    let watcher = watching(&folder.0);
    for _ in 0..10 {
        fs::read(folder.path("a")).unwrap();
        fs::read_dir(&folder.0).unwrap().count();
    }
    assert_eq!(watcher.wait(QUIET * 3), Wake::Time);
    watcher.waker().ask();
    assert_eq!(watcher.wait(LONG), Wake::Asked);
}

#[test]
fn a_directory_that_is_made_anew_is_watched_again() {
    let folder = Folder::new();
    let inner = folder.path("inner");
    fs::create_dir(&inner).unwrap();
    let mut watcher = Watcher::new();
    let both = BTreeSet::from([folder.0.clone(), inner.clone()]);
    watcher.watch(both.clone());
    assert_eq!(watcher.wait(LONG), Wake::Changed, "for what went before");
    took(&watcher, || {
        fs::remove_dir(&inner).unwrap();
        fs::create_dir(&inner).unwrap();
    });
    watcher.watch(both.clone());
    took(&watcher, || fs::write(inner.join("a"), "1").unwrap());
    watcher.watch(both);
    watcher.watch(BTreeSet::from([inner]));
    assert_eq!(watcher.wait(QUIET * 3), Wake::Time, "none of them is new");
}

#[test]
fn what_cannot_be_watched_is_looked_at_often() {
    let folder = Folder::new();
    let mut watcher = Watcher::new();
    watcher.watch(BTreeSet::from([folder.path("nowhere")]));
    let begun = Instant::now();
    assert_eq!(watcher.wait(LONG), Wake::Time);
    assert!(begun.elapsed() < POLL_ANYWAY / 2);
}
