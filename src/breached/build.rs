//! Making the file: a list is read once, a segment at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::SHA256_OUTPUT_LEN;

use super::file::{ENTRY_LEN, HEADER_LEN, MAGIC, Segment, checksum};
use super::shape::{Shape, fingerprint};

/// The keys of a segment. Longer segments take hardly less room, and more memory: this many take 50 MB.
const SEGMENT: usize = 1 << 20;

/// The longest line: a digest, a colon, and a count.
const LINE_LEN: u64 = 40 + 1 + 20 + 2;

/// How the file is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Building {
    /// The bits of a cell: 8 or 16. Of 256 or 65,536 passwords that did not leak, one is taken for one that did.
    pub bits: u8,
    /// Leave out passwords that leaked fewer times.
    pub min_count: u64,
    /// Take a list that ends before the digests that begin with `FF`. A public list that does so was cut off.
    pub own_list: bool,
}

/// What was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Built {
    /// The passwords of the file.
    pub passwords: u64,
    /// The last digest of the list.
    pub last: String,
    /// The length of the file.
    pub bytes: u64,
}

/// Why nothing was made.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unbuilt {
    /// The list cannot be read.
    Read(io::Error),
    /// The file cannot be written.
    Write(io::Error),
    /// The file that the new one is until it is whole is there already: another build runs, or one was killed.
    Unfinished(PathBuf),
    /// [`Building::bits`] is neither 8 nor 16.
    Bits,
    /// No password is left to make a file of.
    Empty,
    /// The list ends with this digest, long before the last ones, and is not said to be [`Building::own_list`].
    CutOff(String),
    /// A line of the list is not of its format.
    Line {
        /// Its number, from 1.
        number: u64,
        /// Why.
        why: &'static str,
    },
    /// The caller gave up.
    GivenUp,
}

impl Building {
    /// Makes the usual file.
    #[must_use]
    pub fn new() -> Building {
        Building { bits: 16, min_count: 1, own_list: false }
    }

    /// Makes the file of a list: lines of a SHA-1 digest in hexadecimal digits, a colon and a count, in the order of
    /// the digests. The file appears whole, in the place of an earlier one, which stays as it is for who has it open.
    /// `goes_on` is told the bytes read, and gives up by returning `false`.
    ///
    /// # Errors
    ///
    /// Nothing is left, and an earlier file stays, if the list cannot be read, is empty or cut off, or the file cannot
    /// be written.
    pub fn build(
        &self,
        list: &mut dyn BufRead,
        path: &Path,
        goes_on: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Built, Unbuilt> {
        self.build_by(SEGMENT, list, path, goes_on)
    }

    /// Does what [`Building::build`] does, in segments of so many keys.
    fn build_by(
        &self,
        segment: usize,
        list: &mut dyn BufRead,
        path: &Path,
        goes_on: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Built, Unbuilt> {
        if !matches!(self.bits, 8 | 16) {
            return Err(Unbuilt::Bits);
        }
        let name = path.file_name().ok_or_else(|| Unbuilt::Write(io::ErrorKind::InvalidInput.into()))?;
        let mut part_name = name.to_owned();
        part_name.push(".part");
        let part = path.with_file_name(part_name);
        let opened = OpenOptions::new().write(true).create_new(true).open(&part);
        let file = opened.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Unbuilt::Unfinished(part.clone()),
            _ => Unbuilt::Write(error),
        })?;
        let part = Part(part);
        let mut writer = Writer::new(file, self.bits).map_err(Unbuilt::Write)?;
        let mut lines = Lines { list, line: Vec::new(), number: 0, bytes: 0 };
        let mut keys = Vec::new();
        let (mut last, mut last_kept) = (None, None);
        while let Some((key, count)) = lines.next()? {
            if lines.number.is_multiple_of(65_536) && !goes_on(lines.bytes) {
                return Err(Unbuilt::GivenUp);
            }
            if last.is_some_and(|last| key < last) {
                return Err(lines.wrong("not in the order of the digests"));
            }
            last = Some(key);
            // Two digests that begin alike are one key.
            if last_kept != last && count >= self.min_count {
                last_kept = last;
                keys.push(key);
            }
            if keys.len() == segment {
                writer.segment(&keys).map_err(Unbuilt::Write)?;
                keys.clear();
            }
        }
        writer.segment(&keys).map_err(Unbuilt::Write)?;
        if last_kept.is_none() {
            return Err(Unbuilt::Empty);
        }
        let last = lines.digest();
        if !self.own_list && !last.starts_with("FF") {
            return Err(Unbuilt::CutOff(last));
        }
        let built = writer.finish(last).map_err(Unbuilt::Write)?;
        fs::rename(&part.0, path).map_err(Unbuilt::Write)?;
        Ok(built)
    }
}

impl Default for Building {
    fn default() -> Building {
        Building::new()
    }
}

/// The file before it is whole, which goes if it never is.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The lines of a list.
struct Lines<'a> {
    list: &'a mut dyn BufRead,
    /// The line that was read last.
    line: Vec<u8>,
    number: u64,
    bytes: u64,
}

impl Lines<'_> {
    /// Returns the next digest's first 64 bits, and how often its password leaked.
    fn next(&mut self) -> Result<Option<(u64, u64)>, Unbuilt> {
        let mut line = Vec::with_capacity(LINE_LEN as usize);
        let read = self.list.take(LINE_LEN).read_until(b'\n', &mut line).map_err(Unbuilt::Read)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes += read as u64;
        self.line = line;
        let parsed = str::from_utf8(&self.line).ok().and_then(|line| parsed(line.trim_end()));
        parsed.map(Some).ok_or_else(|| self.wrong("expected a SHA-1 digest, a colon and a count"))
    }

    /// Returns the digest of the line that was read last.
    fn digest(&self) -> String {
        self.line.iter().take(40).map(|digit| char::from(digit.to_ascii_uppercase())).collect()
    }

    fn wrong(&self, why: &'static str) -> Unbuilt {
        Unbuilt::Line { number: self.number, why }
    }
}

fn parsed(line: &str) -> Option<(u64, u64)> {
    let (digest, count) = line.split_once(':').unwrap_or((line, "1"));
    let is_digest = digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let key = digest.get(..16).filter(|_| is_digest)?;
    let is_number = count.bytes().all(|byte| byte.is_ascii_digit());
    Some((u64::from_str_radix(key, 16).ok()?, count.parse().ok().filter(|_| is_number)?))
}

/// Writes the file from its beginning to its end.
struct Writer {
    file: BufWriter<File>,
    bits: u8,
    keys: u64,
    at: u64,
    directory: Vec<u8>,
}

impl Writer {
    fn new(file: File, bits: u8) -> io::Result<Writer> {
        let mut file = BufWriter::new(file);
        file.write_all(&[0; HEADER_LEN])?;
        Ok(Writer { file, bits, keys: 0, at: HEADER_LEN as u64, directory: Vec::new() })
    }

    fn segment(&mut self, keys: &[u64]) -> io::Result<()> {
        let Some(first) = keys.first() else { return Ok(()) };
        let (shape, cells) = cells(keys)?;
        Segment { first: *first, at: self.at, shape }.write(&mut self.directory);
        for cell in &cells {
            let bytes = cell.to_le_bytes();
            self.file.write_all(if self.bits == 8 { &bytes[..1] } else { &bytes })?;
        }
        self.keys += keys.len() as u64;
        self.at += cells.len() as u64 * u64::from(self.bits / 8);
        Ok(())
    }

    fn finish(mut self, last: String) -> io::Result<Built> {
        let segments = (self.directory.len() / ENTRY_LEN) as u64;
        let length = self.at + self.directory.len() as u64 + SHA256_OUTPUT_LEN as u64;
        let mut header = MAGIC.to_vec();
        for number in [u64::from(self.bits), self.keys, segments, self.at, length] {
            header.extend(number.to_le_bytes());
        }
        self.file.write_all(&self.directory)?;
        self.file.write_all(checksum(&header, &self.directory).as_ref())?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(Built { passwords: self.keys, last, bytes: length })
    }
}

/// How many seeds are tried. One in a hundred segments needs a second.
const SEEDS: u64 = 100;

/// Fills the cells of a segment.
fn cells(keys: &[u64]) -> io::Result<(Shape, Vec<u16>)> {
    // The same list makes the same file.
    let shapes = (1..=SEEDS).map(|seed| Shape::of(keys.len(), seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    for shape in shapes {
        if let Some(cells) = filled(shape, keys) {
            return Ok((shape, cells));
        }
    }
    Err(io::Error::other("no seed was found"))
}

/// Finds an order in which each key has a cell that no later key uses, and fills the cells from the end (the paper's
/// algorithm 1). There is none for a few seeds.
fn filled(shape: Shape, keys: &[u64]) -> Option<Vec<u16>> {
    let places = |hash| shape.places(hash).map(|place| place as usize);
    let mut uses = vec![(0_u32, 0_u64); shape.cells() as usize];
    for key in keys {
        let hash = shape.hash(*key);
        for place in places(hash) {
            let (count, sum) = uses.get_mut(place)?;
            (*count, *sum) = (*count + 1, *sum ^ hash);
        }
    }
    let mut alone: Vec<usize> = (0..uses.len()).filter(|place| uses[*place].0 == 1).collect();
    let mut order = Vec::with_capacity(keys.len());
    while let Some(place) = alone.pop() {
        let (1, hash) = *uses.get(place)? else { continue };
        order.push((place, hash));
        for place in places(hash) {
            let (count, sum) = uses.get_mut(place)?;
            (*count, *sum) = (*count - 1, *sum ^ hash);
            if *count == 1 {
                alone.push(place);
            }
        }
    }
    if order.len() < keys.len() {
        return None;
    }
    let mut cells = vec![0; uses.len()];
    for (place, hash) in order.into_iter().rev() {
        let sum = places(hash).into_iter().fold(fingerprint(hash), |sum, place| sum ^ cells[place]);
        cells[place] = sum;
    }
    Some(cells)
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, SystemTime};

    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

    use super::super::Breached;
    use super::*;

    /// Returns a list of these passwords, each of which leaked as often as its number says.
    fn list(passwords: std::ops::Range<u32>) -> String {
        let line = |number| format!("{}:{number}", hex(&format!("password {number}")));
        let mut lines: Vec<String> = passwords.map(line).collect();
        lines.sort();
        lines.join("\r\n")
    }

    fn hex(password: &str) -> String {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        data_encoding::HEXUPPER.encode(digest.as_ref())
    }

    fn build(building: &Building, segment: usize, list: &str) -> (Built, Breached) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached");
        let built = building.build_by(segment, &mut list.as_bytes(), &path, &mut |_| true).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the whole file stays");
        assert_eq!(fs::metadata(&path).unwrap().len(), built.bytes);
        let breached = Breached::open(&path).unwrap();
        (built, breached)
    }

    #[test]
    fn every_password_of_the_list_is_found() {
        for (bits, most_wrong) in [(8, 120), (16, 3)] {
            for (passwords, segment) in [(1, 10), (2, 10), (3, 10), (10, 10), (2000, 150), (5000, 1 << 20)] {
                let building = Building { bits, min_count: 0, own_list: true };
                let (built, breached) = build(&building, segment, &list(0..passwords));
                assert_eq!(built.passwords, u64::from(passwords));
                let has = |number: u32| breached.has(format!("password {number}").as_bytes()).unwrap();
                assert!((0..passwords).all(has), "{passwords}");
                if passwords == 2000 {
                    // 78 of 20,000 are expected with 8 bits, and 0.3 with 16. The same list makes the same file.
                    let wrong = (passwords..passwords + 20_000).filter(|number| has(*number)).count();
                    assert!(wrong <= most_wrong, "{wrong} of 20,000 with {bits} bits");
                }
            }
        }
    }

    #[test]
    #[ignore = "measures what docs/breached-passwords.md says of a million passwords"]
    fn a_million() {
        for (bits, expected) in [(8, 3906), (16, 15)] {
            let building = Building { bits, min_count: 0, own_list: true };
            let (built, breached) = build(&building, 1 << 20, &list(0..1_000_000));
            let others = 1_000_000..2_000_000;
            let refused = others
                .filter(|number| breached.has(format!("password {number}").as_bytes()).unwrap())
                .count();
            println!("{bits} bits: {} bytes, {refused} others refused", built.bytes);
            assert!(refused < 2 * expected);
        }
    }

    #[test]
    fn what_leaked_rarely_is_left_out() {
        let (built, breached) =
            build(&Building { bits: 16, min_count: 90, own_list: true }, 1000, &list(0..100));
        assert_eq!(built.passwords, 10);
        assert!(breached.has(b"password 90").unwrap());
        assert!(!breached.has(b"password 89").unwrap());
    }

    #[test]
    fn what_is_no_list_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached");
        let (one, other) = ("0".repeat(40), "F".repeat(40));
        let twice = format!("{one}:1\n{one}:9\n{one}:9\n{other}\n");
        for (min_count, passwords) in [(1, 2), (2, 1)] {
            let (built, _) = build(&Building { min_count, ..Building::new() }, 10, &twice);
            assert_eq!((built.passwords, built.last), (passwords, other.clone()), "a digest counts once");
        }
        for (list, line) in [
            (format!("{other}:1\n{one}:1\n"), 2),
            (format!("{one}:1\n\n{other}:1\n"), 2),
            (format!("{one}:\n"), 1),
            (format!("{one}:-1\n"), 1),
            (format!("{one}:99999999999999999999999\n"), 1),
            (format!("{}:1\n", "0".repeat(39)), 1),
            (format!("{}g:1\n", "0".repeat(39)), 1),
            (format!("+{}:1\n", "0".repeat(39)), 1),
            ("password\n".repeat(3), 1),
            ("x".repeat(1 << 20), 1),
            ("\u{1f511}".repeat(40), 1),
        ] {
            let unbuilt = Building::new().build(&mut list.as_bytes(), &path, &mut |_| true).unwrap_err();
            assert!(matches!(unbuilt, Unbuilt::Line { number, .. } if number == line), "{unbuilt:?}");
        }
        let unbuilt = |building: Building, list: &str| {
            building.build(&mut list.as_bytes(), &path, &mut |_| true).unwrap_err()
        };
        assert!(matches!(unbuilt(Building { bits: 12, ..Building::new() }, &twice), Unbuilt::Bits));
        let rare = Building { min_count: 10, own_list: true, ..Building::new() };
        assert!(matches!(unbuilt(rare, &twice), Unbuilt::Empty));
        assert!(matches!(unbuilt(Building::new(), ""), Unbuilt::Empty));
        let half = format!("fe{}:1\n", "0".repeat(38));
        let cut_off = unbuilt(Building::new(), &half);
        assert!(matches!(&cut_off, Unbuilt::CutOff(last) if last.starts_with("FE0")), "{cut_off:?}");
        let part = folder.path().join("breached.part");
        fs::write(&part, "of another build").unwrap();
        let unfinished = unbuilt(Building::new(), &twice);
        assert!(matches!(&unfinished, Unbuilt::Unfinished(path) if *path == part), "{unfinished:?}");
        assert_eq!(fs::read(&part).unwrap(), b"of another build");
        assert!(!path.exists());
    }

    /// A file with errors is refused or answers anything, and never ends the process.
    #[test]
    fn a_file_with_errors_is_no_danger() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached");
        let list = list(0..30);
        let own = Building { own_list: true, ..Building::new() };
        own.build_by(10, &mut list.as_bytes(), &path, &mut |_| true).unwrap();
        let good = fs::read(&path).unwrap();
        let refused = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            Breached::open(&path).err().map(|error| error.kind())
        };
        let invalid = Some(io::ErrorKind::InvalidData);
        let directory_at = good.len() - 32 - 3 * 32;
        for at in (0..HEADER_LEN).chain(directory_at..good.len()) {
            for bit in [1, 0x80] {
                let mut bad = good.clone();
                bad[at] ^= bit;
                assert_eq!(refused(&bad), invalid, "byte {at}");
            }
        }
        for length in 0..good.len() {
            assert_eq!(refused(&good[..length]), invalid, "{length} bytes");
        }
        assert_eq!(refused(&[good.as_slice(), b"x"].concat()), invalid);
        assert_eq!(Breached::open(folder.path()).err().map(|error| error.kind()), invalid);
        // A named pipe without a writer is not waited for.
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(Breached::open(&pipe).err().map(|error| error.kind()), invalid);
        // The digest tells errors and no forgeries, so impossible numbers are refused for themselves.
        for (at, number) in [(16, u64::MAX), (24, u64::MAX), (24, 0), (32, 1 << 63), (40, u64::MAX)] {
            let mut bad = good.clone();
            bad[at..at + 8].copy_from_slice(&number.to_le_bytes());
            let (rest, code) = bad.split_at_mut(good.len() - 32);
            code.copy_from_slice(checksum(&rest[..HEADER_LEN], &rest[directory_at..]).as_ref());
            let is_count = at == 16;
            assert_eq!(refused(&bad), invalid.filter(|_| !is_count), "{at}: {number}");
        }
        for (at, number) in [
            (0, u64::MAX),
            (8, 0),
            (24, 0),
            (24, 3 | 1 << 32),
            (24, 1 << 19 | 1 << 32),
            (24, 4),
            (24, u64::MAX),
        ] {
            let mut bad = good.clone();
            bad[directory_at + at..directory_at + at + 8].copy_from_slice(&number.to_le_bytes());
            let (rest, code) = bad.split_at_mut(good.len() - 32);
            code.copy_from_slice(checksum(&rest[..HEADER_LEN], &rest[directory_at..]).as_ref());
            assert_eq!(refused(&bad), invalid, "{at}: {number}");
        }
        // Cells may say anything.
        let mut random = good.clone();
        random[HEADER_LEN..directory_at].fill(0x5a);
        assert_eq!(refused(&random), None);
        let breached = Breached::open(&path).unwrap();
        assert!((0..100).all(|number| breached.has(format!("password {number}").as_bytes()).is_ok()));
    }

    #[test]
    fn a_file_that_changes_while_it_is_open_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached");
        let (list, shorter) = (list(0..30), list(0..29));
        let own = Building { own_list: true, ..Building::new() };
        let build = || own.build(&mut list.as_bytes(), &path, &mut |_| true).unwrap();
        build();
        let open = || Breached::open(&path).unwrap();
        let breached = open();
        // Another file in its place is another file.
        build();
        assert!(breached.has(b"password 1").unwrap());
        // A new time and the same content are the same file.
        let breached = open();
        let good = fs::read(&path).unwrap();
        let touch = |seconds| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        touch(1);
        assert!(breached.has(b"password 1").unwrap());
        let bad = || breached.has(b"password 1").unwrap_err().kind() == io::ErrorKind::InvalidData;
        // The file of another list may be as long.
        let other = folder.path().join("other");
        own.build(&mut shorter.as_bytes(), &other, &mut |_| true).unwrap();
        let other = fs::read(other).unwrap();
        assert_eq!(other.len(), good.len());
        fs::write(&path, &other).unwrap();
        touch(2);
        assert!(bad());
        fs::write(&path, &good[..100]).unwrap();
        touch(1);
        assert!(bad());
        // It is copied to its end.
        fs::write(&path, &good).unwrap();
        touch(3);
        assert!(breached.has(b"password 1").unwrap());
    }
}
