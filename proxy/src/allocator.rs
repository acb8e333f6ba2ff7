//! mimalloc, by its plain functions wherever they align enough.
//!
//! The `mimalloc` crate asks for every block by `mi_malloc_aligned`, which over-allocates each that is larger than 1 KiB
//! and no power of two, and costs 60 instructions more for the rest.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};

use libmimalloc_sys::{
    mi_free, mi_malloc, mi_malloc_aligned, mi_realloc, mi_realloc_aligned, mi_zalloc, mi_zalloc_aligned,
};

pub(crate) struct Allocator;

/// `alignof(max_align_t)`: what C's `malloc` aligns to.
const NATURAL: usize = 16;

/// Whether a block of this layout that came by plain `malloc` is aligned: C (7.22.3) has it fit any object that is as
/// large, and one with this alignment is at least as large as its alignment.
fn is_natural(size: usize, align: usize) -> bool {
    align <= NATURAL && align <= size
}

// SAFETY: every block comes from mimalloc and goes back to it, whichever of its functions gave it (`mi_free` and both
// `mi_realloc` take any). It is aligned: by `is_natural`, or because its alignment was asked for. mimalloc neither unwinds
// nor gives out a block twice, and says null when there is no memory.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: any size and any power of two as alignment are valid arguments.
        unsafe {
            if is_natural(size, align) {
                mi_malloc(size).cast()
            } else {
                mi_malloc_aligned(size, align).cast()
            }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: as above.
        unsafe {
            if is_natural(size, align) {
                mi_zalloc(size).cast()
            } else {
                mi_zalloc_aligned(size, align).cast()
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller vouches that `block` came from here and is not used any more.
        unsafe { mi_free(block.cast()) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller vouches for `block`; the new block is aligned as above.
        unsafe {
            if is_natural(size, layout.align()) {
                mi_realloc(block.cast(), size).cast()
            } else {
                mi_realloc_aligned(block.cast(), size, layout.align()).cast()
            }
        }
    }
}
