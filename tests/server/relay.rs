//! A relay between an engine and its server that loses what it is told to lose.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
    /// Nothing passes any more, and nobody is told.
    Silent,
}

pub struct Relay {
    pub port: u16,
    mode: Arc<Mutex<Mode>>,
    round_trips: Arc<AtomicUsize>,
}

impl Relay {
    pub fn start(server: u16) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay {
            port: listener.local_addr().unwrap().port(),
            mode: Arc::new(Mutex::new(Mode::Open)),
            round_trips: Arc::default(),
        };
        let (mode, round_trips) = (Arc::clone(&relay.mode), Arc::clone(&relay.round_trips));
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let link = Arc::new(Link {
                    mode: Arc::clone(&mode),
                    round_trips: Arc::clone(&round_trips),
                    is_cut: AtomicBool::new(false),
                });
                let (from, to, same) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&link));
                thread::spawn(move || same.forward(from, to, true));
                thread::spawn(move || link.forward(server, client, false));
            }
        });
        relay
    }

    /// How often the engines have asked and waited for an answer: each time they send a Sync.
    pub fn round_trips(&self) -> usize {
        self.round_trips.load(Ordering::SeqCst)
    }

    pub fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }
}

struct Link {
    mode: Arc<Mutex<Mode>>,
    round_trips: Arc<AtomicUsize>,
    is_cut: AtomicBool,
}

impl Link {
    fn forward(&self, mut from: TcpStream, mut to: TcpStream, asks: bool) {
        let mut buffer = [0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
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
                    Mode::Open | Mode::Silent => {}
                }
            }
            drop(mode);
            if asks && chunk.ends_with(b"S\0\0\0\x04") {
                self.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            // The answer tells that the server has done it, and is lost.
            if (!asks && self.is_cut.load(Ordering::SeqCst)) || to.write_all(chunk).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
