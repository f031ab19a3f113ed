//! Memory for password hashes: allocated fallibly, on huge pages where possible, and reused.

use argon2::Block;

/// The blocks of one hash.
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// Allocates `kib` blocks of 1 KiB, or returns none if the system has no memory.
    pub(super) fn new(kib: usize) -> Option<Memory> {
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(kib).ok()?;
        advise_huge_pages(&blocks);
        blocks.resize(kib, Block::new());
        Some(Memory(blocks))
    }

    /// Returns the number of blocks.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns all blocks.
    pub(super) fn blocks(&mut self) -> &mut [Block] {
        &mut self.0
    }
}

/// Asks for huge pages, which save address translations during random accesses to 19 MiB: measured in
/// `benches/`.
#[expect(unsafe_code, reason = "madvise is a call of C")]
fn advise_huge_pages(blocks: &Vec<Block>) {
    const PAGE: usize = 4096;
    let start = (blocks.as_ptr() as usize).next_multiple_of(PAGE);
    let end = (blocks.as_ptr() as usize + blocks.capacity() * Block::SIZE) / PAGE * PAGE;
    if end > start {
        // SAFETY: start..end are whole pages inside the allocation that `blocks` owns, and the advice changes
        // only which pages back them. If it is refused, nothing is lost.
        #[cfg(target_os = "linux")]
        unsafe {
            libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE);
        }
    }
}
