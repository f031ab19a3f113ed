//! Checks SQLite's write-ahead log before SQLite reads it.
//!
//! SQLite applies a log to any database beside it: the log of another file, or of an older copy of the same
//! file, makes a mixture of both. So a database carries a mark in its header (`user_version`, section 1.3 of
//! SQLite's file format), which changes with every generation of the log: the writer whose commit begins the
//! log anew writes the next mark into it, together with the database's present mark. A backup gets its own
//! mark.

use crate::types::random::random;
use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::paths::longer;
use crate::error::{Code, Error, Result};

/// The position of the mark in the header of a database.
const MARK_AT: u64 = 60;

/// A mark: the previous one in the upper half, its own in the lower one.
#[derive(Clone, Copy)]
pub(super) struct Mark(u32);

impl Mark {
    /// Makes a mark that follows no other mark.
    pub fn new() -> Result<Mark> {
        Ok(Mark(u32::from_be_bytes(random()?)))
    }

    pub fn from_header(number: i32) -> Mark {
        Mark(number.cast_unsigned())
    }

    pub fn in_header(self) -> i32 {
        self.0.cast_signed()
    }

    /// Makes the next mark.
    pub fn next(self) -> Result<Mark> {
        let Mark(random) = Mark::new()?;
        Ok(Mark(self.0 << 16 | random >> 16))
    }

    /// Whether a log with the mark `other` can belong to a database with this mark: it continues the
    /// database, or was written back into it.
    fn goes_with(self, other: Mark) -> bool {
        let own = self.0 & 0xffff;
        own == other.0 >> 16 || own == other.0 & 0xffff
    }

    /// Writes the mark into a database that no process has open.
    pub fn write(self, database: &File) -> io::Result<()> {
        database.write_all_at(&self.0.to_be_bytes(), MARK_AT)
    }
}

/// Refuses a log that does not belong to the database beside it. A log without a mark passes: it belongs to
/// another program, or to a process that was killed between its first commit and its mark. Returns the
/// database, if it was opened: closing it would end the POSIX locks that another copy of SQLite in this
/// process has on it.
pub(super) fn check(database: &Path) -> Result<Option<File>> {
    let log = longer(database, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() == 0) || !log.exists() {
        return Ok(None);
    }
    let file = File::open(database).ok();
    let is_foreign = || is_foreign(file.as_ref(), &log).unwrap_or(false);
    if !is_foreign() {
        return Ok(file);
    }
    // A log in use may have changed between the two reads.
    thread::sleep(Duration::from_millis(20));
    if !is_foreign() {
        return Ok(file);
    }
    let database = database.display();
    let why = format!(
        "{} belongs to another database than {database}, or to another state of it: a copy was put in its place. \
         `doorward restore` puts a backup in place; or move this file away, whose changes are then lost",
        log.display()
    );
    Err(Error::at(Code::InvalidConfig, "/store", why))
}

fn is_foreign(database: Option<&File>, log: &Path) -> io::Result<bool> {
    let Some(mut log) = Log::open(log)? else { return Ok(false) };
    let mark = match database.map(mark) {
        Some(Ok(mark)) => mark,
        Some(Err(error)) if error.kind() != ErrorKind::UnexpectedEof => return Err(error),
        // SQLite deletes the log of an empty file.
        None | Some(Err(_)) => return log.next_page().map(|page| page.is_some()),
    };
    let mut is_foreign = false;
    while let Some(page) = log.next_page()? {
        if page == 1 {
            if mark.goes_with(log.mark()) {
                return Ok(false);
            }
            is_foreign = true;
        }
    }
    Ok(is_foreign)
}

fn mark(database: &File) -> io::Result<Mark> {
    let mut bytes = [0; 4];
    database.read_exact_at(&mut bytes, MARK_AT)?;
    Ok(Mark(u32::from_be_bytes(bytes)))
}

/// Returns the salts of a log, which distinguish its generations.
pub(super) fn generation(log: &File) -> Option<[u8; 8]> {
    let mut salts = [0; 8];
    log.read_exact_at(&mut salts, 16).ok().map(|()| salts)
}

/// Reads a log as SQLite does to recover it (section 4 of its file format).
struct Log {
    reader: BufReader<File>,
    salts: [u8; 8],
    sums: (u32, u32),
    is_big_endian: bool,
    page: Vec<u8>,
}

impl Log {
    /// Returns `None` if there is no log or SQLite would not read it.
    fn open(path: &Path) -> io::Result<Option<Log>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut header = [0; 32];
        if !is_whole(reader.read_exact(&mut header))? {
            return Ok(None);
        }
        let magic = number(&header, 0);
        let page_size = number(&header, 8);
        let is_ours = magic & !1 == 0x377f_0682 && page_size.is_power_of_two() && page_size <= 65_536;
        if !is_ours || page_size < 512 {
            return Ok(None);
        }
        let mut log = Log {
            reader,
            salts: [0; 8],
            sums: (0, 0),
            is_big_endian: magic & 1 == 1,
            page: vec![0; page_size as usize],
        };
        log.salts.copy_from_slice(&header[16..24]);
        log.sums = log.summed((0, 0), &header[..24]);
        Ok((log.sums == (number(&header, 24), number(&header, 28))).then_some(log))
    }

    /// Reads the next page into `page` and returns its number; `None` after the last one that SQLite would
    /// read.
    fn next_page(&mut self) -> io::Result<Option<u32>> {
        let mut header = [0; 24];
        if !is_whole(self.reader.read_exact(&mut header))?
            || !is_whole(self.reader.read_exact(&mut self.page))?
        {
            return Ok(None);
        }
        self.sums = self.summed(self.summed(self.sums, &header[..8]), &self.page);
        let is_valid = header[8..16] == self.salts && self.sums == (number(&header, 16), number(&header, 20));
        Ok(is_valid.then(|| number(&header, 0)))
    }

    /// The mark in `page`, which is the first of the database.
    fn mark(&self) -> Mark {
        Mark(number(&self.page, MARK_AT as usize))
    }

    fn summed(&self, sums: (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let word = |bytes: [u8; 4]| {
            if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        let (words, _) = bytes.as_chunks::<4>();
        let (pairs, _) = words.as_chunks::<2>();
        pairs.iter().fold(sums, |(first, second), pair| {
            let first = first.wrapping_add(word(pair[0])).wrapping_add(second);
            (first, second.wrapping_add(word(pair[1])).wrapping_add(first))
        })
    }
}

fn is_whole(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

/// Reads a big-endian number.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}
