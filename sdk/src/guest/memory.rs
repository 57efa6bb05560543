//! The memory of a guest: handed out once, never taken back. An instance lives for one call, and its end frees everything.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::ADJUDICA_TABLES;

/// Bytes of a page.
const PAGE_BYTES: usize = 65_536;
/// Fewest pages to ask for: growing costs more than the memory.
const PAGES_AT_ONCE: usize = 16;

#[global_allocator]
static MEMORY: CallMemory = CallMemory { next: AtomicUsize::new(0), end: AtomicUsize::new(0) };

/// Free memory from `next` to `end`. A guest has one thread: the atomics are plain cells that may be static.
struct CallMemory {
    next: AtomicUsize,
    end: AtomicUsize,
}

impl CallMemory {
    /// The first free address: behind the tables, or where the linker says that the guest's own data end.
    fn start() -> usize {
        #[expect(unsafe_code, reason = "the linker defines it; its address is taken, it is never read")]
        unsafe extern "C" {
            static __heap_base: u8;
        }
        let [address, length] = &ADJUDICA_TABLES;
        match length.load(Ordering::Relaxed) {
            0 => (&raw const __heap_base).addr(),
            length => (address.load(Ordering::Relaxed) as usize).saturating_add(length as usize),
        }
    }

    /// Makes the memory reach to `end`, or says that it cannot.
    #[cold]
    fn reach(&self, end: usize) -> bool {
        let pages = memory_size(0);
        if end > pages.saturating_mul(PAGE_BYTES) {
            let missing = end.saturating_sub(pages.saturating_mul(PAGE_BYTES)).div_ceil(PAGE_BYTES);
            if memory_grow(0, missing.max(PAGES_AT_ONCE)) == usize::MAX && memory_grow(0, missing) == usize::MAX {
                return false;
            }
        }
        self.end.store(memory_size(0).saturating_mul(PAGE_BYTES), Ordering::Relaxed);
        true
    }
}

// SAFETY: addresses only rise, so no two live allocations overlap; each lies below the end of the memory.
#[expect(unsafe_code, reason = "an allocator is unsafe by nature; this one keeps two numbers")]
unsafe impl GlobalAlloc for CallMemory {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let next = match self.next.load(Ordering::Relaxed) {
            0 => Self::start(),
            next => next,
        };
        let address = next.wrapping_add(layout.align() - 1) & !(layout.align() - 1);
        let Some(end) = address.checked_add(layout.size()) else { return std::ptr::null_mut() };
        if end > self.end.load(Ordering::Relaxed) && !self.reach(end) {
            return std::ptr::null_mut();
        }
        self.next.store(end, Ordering::Relaxed);
        std::ptr::with_exposed_provenance_mut(address)
    }

    #[inline]
    unsafe fn dealloc(&self, _address: *mut u8, _layout: Layout) {}

    /// Fresh memory is zero already, and none is handed out twice.
    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those of `alloc`.
        unsafe { self.alloc(layout) }
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size <= layout.size() {
            return address;
        }
        let is_last = address.addr().wrapping_add(layout.size()) == self.next.load(Ordering::Relaxed);
        if is_last {
            let Some(end) = address.addr().checked_add(size) else { return std::ptr::null_mut() };
            if end > self.end.load(Ordering::Relaxed) && !self.reach(end) {
                return std::ptr::null_mut();
            }
            self.next.store(end, Ordering::Relaxed);
            return address;
        }
        // SAFETY: the new place is as large as asked for and overlaps nothing; the old one holds `layout.size()` bytes.
        unsafe {
            let Ok(layout_now) = Layout::from_size_align(size, layout.align()) else { return std::ptr::null_mut() };
            let place = self.alloc(layout_now);
            if !place.is_null() {
                std::ptr::copy_nonoverlapping(address, place, layout.size());
            }
            place
        }
    }
}
