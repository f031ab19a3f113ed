//! The file as it is read.
//!
//! It is a header of [`HEADER_LEN`] bytes, the cells of the segments, their directory, and the SHA-256 of
//! header and directory; numbers are little-endian. A segment has the keys between two SHA-1 digests, and is made by
//! itself, so that a list of any length takes little memory.
//!
//! A look-up reads three cells by their positions. A file that is mapped into memory would save a microsecond, beside
//! a password hash of milliseconds, and end the process (SIGBUS) when another program truncates the file.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA256_OUTPUT_LEN};

use super::shape::{self, MOST_BLOCK_LEN, MOST_BLOCKS, Shape};

/// The first bytes of every such file, with its version.
pub(super) const MAGIC: &[u8; 8] = b"dwleak\0\x01";

/// Magic, bits of a cell, and four numbers of 64 bits: keys, segments, the directory's position, the file's length.
pub(super) const HEADER_LEN: usize = 48;

/// First key, position and seed of a segment, and the length and number of its blocks.
pub(super) const ENTRY_LEN: usize = 32;

/// More segments than a list of all people's passwords has: 16 million times a million.
const MOST_SEGMENTS: u64 = 1 << 24;

/// The passwords of one file.
pub(crate) struct Breached {
    file: File,
    /// The length of the file when it was opened.
    length: u64,
    /// When the file had last been written, when its header and directory were last compared with `code`.
    modified: Mutex<(i64, i64)>,
    /// The checksum of header and directory.
    code: digest::Digest,
    /// The bytes of a cell.
    cell_len: usize,
    /// In the order of their keys.
    segments: Vec<Segment>,
}

/// Cells of keys from one on.
pub(super) struct Segment {
    pub first: u64,
    pub at: u64,
    pub shape: Shape,
}

impl Breached {
    /// Opens a file that `doorward breached build` made. It reads the directory alone.
    pub(crate) fn open(path: &Path) -> io::Result<Breached> {
        // To open a named pipe would wait for a writer.
        if !fs::metadata(path)?.is_file() {
            return Err(damaged("not a file"));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let mut header = [0; HEADER_LEN];
        if metadata.len() < HEADER_LEN as u64 {
            return Err(damaged("not made by `doorward breached build`"));
        }
        file.read_exact_at(&mut header, 0)?;
        let mut header_left = header.as_slice();
        if take::<8>(&mut header_left)? != *MAGIC {
            return Err(damaged("not made by `doorward breached build`, or by another version"));
        }
        let [bits, _, segments, directory_at, length] = numbers(&mut header_left)?;
        if length != metadata.len() {
            return Err(damaged("shorter or longer than it was made"));
        }
        let cell_len = match bits {
            8 => 1,
            16 => 2,
            _ => return Err(damaged("cells of another width")),
        };
        let directory = directory(&file, &header, segments, directory_at, length)?;
        let mut left = directory.as_slice();
        let mut end = HEADER_LEN as u64;
        let mut read = Vec::new();
        for _ in 0..segments {
            let segment = Segment::read(&mut left)?;
            let is_next = read.last().is_none_or(|last: &Segment| last.first < segment.first);
            if segment.at != end || !is_next {
                return Err(damaged("a directory without order"));
            }
            end += segment.shape.cells() * cell_len as u64;
            read.push(segment);
        }
        if end != directory_at {
            return Err(damaged("cells are missing"));
        }
        let modified = Mutex::new((metadata.mtime(), metadata.mtime_nsec()));
        let code = checksum(&header, &directory);
        Ok(Breached { file, length, modified, code, cell_len, segments: read })
    }

    /// Checks that the file is still the one that was opened. If another program wrote into it, instead of replacing
    /// it, what it says is random. A new time of writing alone may be a copy of the same file over itself.
    pub(crate) fn check(&self) -> io::Result<()> {
        let metadata = self.file.metadata()?;
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        let mut known = self.modified.lock().unwrap_or_else(PoisonError::into_inner);
        if metadata.len() != self.length || (modified != *known && !self.has_same_code()?) {
            return Err(damaged("changed while it was open"));
        }
        *known = modified;
        Ok(())
    }

    /// Reads header and directory again.
    fn has_same_code(&self) -> io::Result<bool> {
        let mut header = [0; HEADER_LEN];
        self.file.read_exact_at(&mut header, 0)?;
        let mut directory = vec![0; self.segments.len() * ENTRY_LEN + SHA256_OUTPUT_LEN];
        let at = self.length - directory.len() as u64;
        self.file.read_exact_at(&mut directory, at)?;
        let code = directory.split_off(directory.len() - SHA256_OUTPUT_LEN);
        let same = self.code.as_ref();
        Ok(*code == *same && *checksum(&header, &directory).as_ref() == *same)
    }

    /// Returns whether a password is one of those that leaked.
    pub(crate) fn has(&self, password: &[u8]) -> io::Result<bool> {
        self.check()?;
        let digest = digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, password);
        let key = digest.as_ref().first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        let after = self.segments.partition_point(|segment| segment.first <= key);
        let Some(segment) = after.checked_sub(1).and_then(|index| self.segments.get(index)) else {
            return Ok(false);
        };
        let hash = segment.shape.hash(key);
        let mut sum = shape::fingerprint(hash);
        for place in segment.shape.places(hash) {
            let mut cell = [0; 2];
            let (bytes, _) = cell.split_at_mut(self.cell_len);
            self.file.read_exact_at(bytes, segment.at + place * self.cell_len as u64)?;
            sum ^= u16::from_le_bytes(cell);
        }
        Ok(if self.cell_len == 1 { sum & 0xff == 0 } else { sum == 0 })
    }
}

/// Reads the directory and checks its digest.
fn directory(file: &File, header: &[u8], segments: u64, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let rest = segments.min(MOST_SEGMENTS) * ENTRY_LEN as u64 + SHA256_OUTPUT_LEN as u64;
    if segments > MOST_SEGMENTS || at.checked_add(rest) != Some(length) {
        return Err(damaged("a directory of another length"));
    }
    let mut directory = vec![0; rest as usize];
    file.read_exact_at(&mut directory, at)?;
    let code = directory.split_off(directory.len() - SHA256_OUTPUT_LEN);
    match *code == *checksum(header, &directory).as_ref() {
        true => Ok(directory),
        false => Err(damaged("a directory with errors")),
    }
}

pub(super) fn checksum(header: &[u8], directory: &[u8]) -> digest::Digest {
    let mut context = digest::Context::new(&SHA256);
    context.update(header);
    context.update(directory);
    context.finish()
}

impl Segment {
    fn read(left: &mut &[u8]) -> io::Result<Segment> {
        let [first, at, seed, blocks] = numbers(left)?;
        let (block_len, blocks) = (blocks & 0xffff_ffff, blocks >> 32);
        let is_possible =
            block_len.is_power_of_two() && block_len <= MOST_BLOCK_LEN && (1..=MOST_BLOCKS).contains(&blocks);
        match is_possible {
            true => Ok(Segment { first, at, shape: Shape { seed, block_len, blocks } }),
            false => Err(damaged("a segment of another form")),
        }
    }

    pub(super) fn write(&self, directory: &mut Vec<u8>) {
        let Shape { seed, block_len, blocks } = self.shape;
        for number in [self.first, self.at, seed, block_len | blocks << 32] {
            directory.extend(number.to_le_bytes());
        }
    }
}

fn damaged(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn take<const N: usize>(left: &mut &[u8]) -> io::Result<[u8; N]> {
    let (first, rest) = left.split_first_chunk().ok_or_else(|| damaged("too short"))?;
    *left = rest;
    Ok(*first)
}

fn numbers<const N: usize>(left: &mut &[u8]) -> io::Result<[u64; N]> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = u64::from_le_bytes(take(left)?);
    }
    Ok(numbers)
}
