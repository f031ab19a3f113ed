//! A relay between an engine and its server that drops traffic on request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything passes.
    Open,
    /// The next COMMIT does not reach the server, and the connection is cut.
    CutBeforeCommit,
    /// The next COMMIT reaches the server, but its answer does not come back, and the connection is cut.
    CutAfterCommit,
    /// Nothing passes, and no connection is closed.
    Silent,
    /// The server receives ROLLBACK for each COMMIT.
    RollBack,
}

pub struct Relay {
    pub port: u16,
    mode: Arc<Mutex<Mode>>,
    round_trips: Arc<AtomicUsize>,
    hides_process: Arc<AtomicBool>,
}

impl Relay {
    pub fn start(server: u16) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay {
            port: listener.local_addr().unwrap().port(),
            mode: Arc::new(Mutex::new(Mode::Open)),
            round_trips: Arc::default(),
            hides_process: Arc::default(),
        };
        let mode = Arc::clone(&relay.mode);
        let round_trips = Arc::clone(&relay.round_trips);
        let hides_process = Arc::clone(&relay.hides_process);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let link = Arc::new(Link {
                    mode: Arc::clone(&mode),
                    round_trips: Arc::clone(&round_trips),
                    is_cut: AtomicBool::new(false),
                    hides_process: hides_process.load(Ordering::SeqCst),
                    process: AtomicI32::new(0),
                });
                let from = client.try_clone().unwrap();
                let to = server.try_clone().unwrap();
                let same = Arc::clone(&link);
                thread::spawn(move || same.forward(from, to, true));
                thread::spawn(move || link.forward(server, client, false));
            }
        });
        relay
    }

    /// Returns how many times the engines waited for an answer: each time they send a Sync.
    pub fn round_trips(&self) -> usize {
        self.round_trips.load(Ordering::SeqCst)
    }

    /// From now on, a query for the server's process returns the process that the login reported.
    pub fn hide_the_process(&self) {
        self.hides_process.store(true, Ordering::SeqCst);
    }

    pub fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }
}

struct Link {
    mode: Arc<Mutex<Mode>>,
    round_trips: Arc<AtomicUsize>,
    is_cut: AtomicBool,
    hides_process: bool,
    /// The process that the login reported.
    process: AtomicI32,
}

impl Link {
    fn forward(&self, mut from: TcpStream, mut to: TcpStream, asks: bool) {
        let mut buffer = [0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if self.hides_process {
                self.hide_process(&mut buffer[..length], asks);
            }
            let chunk = &buffer[..length];
            let mut mode = self.mode.lock().unwrap();
            if *mode == Mode::Silent {
                continue;
            }
            if asks && chunk.windows(7).any(|word| word == b"COMMIT\0") {
                match *mode {
                    Mode::CutBeforeCommit => {
                        *mode = Mode::Open;
                        break;
                    }
                    Mode::CutAfterCommit => {
                        *mode = Mode::Open;
                        self.is_cut.store(true, Ordering::SeqCst);
                    }
                    Mode::Open | Mode::Silent | Mode::RollBack => {}
                }
            }
            let rolls_back = asks && *mode == Mode::RollBack;
            drop(mode);
            let replaced = if rolls_back { roll_back(chunk) } else { None };
            let chunk = replaced.as_deref().unwrap_or(chunk);
            if asks && chunk.ends_with(b"S\0\0\0\x04") {
                self.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            // The answer shows that the server has committed, and is dropped.
            if (!asks && self.is_cut.load(Ordering::SeqCst)) || to.write_all(chunk).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }

    /// BackendKeyData: `K`, the length, the process, a key. The query is one of many expressions, as long as
    /// the number that replaces it.
    fn hide_process(&self, chunk: &mut [u8], asks: bool) {
        const QUESTION: &[u8] = b"pg_backend_pid()";
        let find = |word: &[u8]| chunk.windows(word.len()).position(|window| window == word);
        if asks && let Some(place) = find(QUESTION) {
            let number = format!("{:16}", self.process.load(Ordering::SeqCst));
            chunk[place..place + QUESTION.len()].copy_from_slice(number.as_bytes());
        } else if !asks && let Some(place) = find(b"K\0\0\0\x0c") {
            let process = chunk[place + 5..place + 9].try_into().unwrap();
            self.process.store(i32::from_be_bytes(process), Ordering::SeqCst);
        }
    }
}

/// Parse: `P`, the length, no name, the statement, no types of parameters.
fn roll_back(chunk: &[u8]) -> Option<Vec<u8>> {
    const COMMIT: &[u8] = b"P\0\0\0\x0e\0COMMIT\0\0\0";
    const ROLLBACK: &[u8] = b"P\0\0\0\x10\0ROLLBACK\0\0\0";
    let place = chunk.windows(COMMIT.len()).position(|window| window == COMMIT)?;
    Some([&chunk[..place], ROLLBACK, &chunk[place + COMMIT.len()..]].concat())
}
