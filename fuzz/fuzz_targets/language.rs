//! Any text as a configuration, in one file and in two: no panic, places that exist, the same verdict each time, and
//! no more than a bounded amount of memory for it.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use libfuzzer_sys::fuzz_target;
use tidegate_config::{Loaded, check_files, diff, parse_str};

/// What a text may take at most: so much in any case (a file's aliases may stand for a MiB), and so much a byte.
const FREE_BYTES: usize = 64 << 20;
const BYTES_A_BYTE: usize = 64 << 10;

/// Counts what is allocated, and the most that ever was.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of its own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: as our caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as our caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let loaded = parse_str("a.yaml", text);
    let most = MOST.load(Ordering::Relaxed) - before;
    assert!(most <= FREE_BYTES + BYTES_A_BYTE * text.len(), "{most} bytes for {} bytes", text.len());
    assert_places(&loaded, &[text]);
    assert_eq!(loaded, parse_str("a.yaml", text));
    assert!(diff(&loaded.snapshot, &loaded.snapshot).is_empty());

    // In two files, cut where a line ends.
    let middle = text.len() / 2;
    let cut = text.bytes().skip(middle).position(|byte| byte == b'\n').map_or(text.len(), |line| middle + line + 1);
    let (first, second) = text.split_at(cut);
    let split = check_files([("a.yaml", first), ("b.yaml", second)]);
    assert_places(&split, &[first, second]);
    let _ = diff(&loaded.snapshot, &split.snapshot);
});

/// Whatever is said is said of a line that exists, and can be shown.
fn assert_places(loaded: &Loaded, texts: &[&str]) {
    for diagnostic in &loaded.diagnostics {
        let text = if diagnostic.file() == "a.yaml" { texts[0] } else { texts[1] };
        let lines = text.split(['\n', '\r']).count();
        assert!(diagnostic.column() > 0);
        assert!((1..=lines).contains(&(diagnostic.line() as usize)), "{diagnostic}");
        assert!(!diagnostic.to_string().is_empty());
    }
}
