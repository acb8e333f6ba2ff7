//! A folder of configuration that is gone with its test.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the times of files are wall time"
)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};
use std::{env, fs, thread};

use crate::store::Store;

pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn with(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let parent = env::temp_dir().join(format!("tidegate-store-{}-{number}", std::process::id()));
        let folder = Self(parent.join("config"));
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    pub(super) fn store(&self) -> Store {
        Store::new(&self.0)
    }

    /// The path of a file in it; of the folder itself for an empty name.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        match name.strip_prefix("../") {
            _ if name.is_empty() => self.0.clone(),
            Some(beside) => self.parent().join(beside),
            None => self.0.join(name),
        }
    }

    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Waits until the stamps of its files are old enough to be believed.
    pub(super) fn settle(&self) {
        let changed = fs::metadata(&self.0).unwrap().modified().unwrap();
        while SystemTime::now().duration_since(changed).unwrap_or_default() < Duration::from_millis(150) {
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn parent(&self) -> &Path {
        self.0.parent().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.parent());
    }
}
