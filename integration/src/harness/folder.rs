//! A folder of configuration that a test changes, gone when the test is.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

/// A folder below the system's temporary one.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A folder with these files.
    pub fn with<T: AsRef<[u8]>>(files: &[(&str, T)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("tidegate-folder-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        let folder = Self { path };
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    /// The path of what has this name in it; of the folder itself for no name.
    pub fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() {
            self.path.clone()
        } else {
            self.path.join(name)
        }
    }

    /// Writes a file in place, as a simple program does.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    /// Writes a file beside and renames it over, as editors and careful programs do.
    pub fn replace(&self, name: &str, text: impl AsRef<[u8]>) {
        let beside = format!("{name}.new~");
        self.write(&beside, text);
        fs::rename(self.path(&beside), self.path(name)).expect("renamed");
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("removed");
    }

    /// Makes a link to `target`, in one step also where there is one.
    pub fn link(&self, target: &str, name: &str) {
        let beside = self.path(&format!("{name}.new~"));
        symlink(target, &beside).expect("a link");
        fs::rename(beside, self.path(name)).expect("renamed");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
