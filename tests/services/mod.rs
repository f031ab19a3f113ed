//! HTTP services on loopback with behaviour that the tests set.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// An HTTP service on loopback. The test handles its connections. It ends with its value.
pub struct Service {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    ends: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

/// A received request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub head: String,
    pub body: String,
}

/// Reads requests, and keeps them for the test.
pub struct Reader {
    requests: Arc<Mutex<Vec<Request>>>,
    ends: Arc<AtomicBool>,
}

impl Service {
    pub fn start(serve: impl Fn(&Reader, &mut TcpStream) + Send + Sync + 'static) -> Service {
        Service::on(TcpListener::bind("127.0.0.1:0").unwrap(), serve)
    }

    pub fn answering(body: String) -> Service {
        Service::start(move |request, stream| {
            request.read(stream);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes());
        })
    }

    pub fn on(
        listener: TcpListener,
        serve: impl Fn(&Reader, &mut TcpStream) + Send + Sync + 'static,
    ) -> Service {
        let address = listener.local_addr().unwrap();
        let requests = Arc::default();
        let ends = Arc::new(AtomicBool::new(false));
        let reader = Reader { requests: Arc::clone(&requests), ends: Arc::clone(&ends) };
        let listening = thread::spawn(move || {
            thread::scope(|scope| {
                for stream in listener.incoming() {
                    if reader.ends.load(Ordering::SeqCst) {
                        return;
                    }
                    let mut stream = stream.unwrap();
                    let serve = &serve;
                    let reader = &reader;
                    scope.spawn(move || serve(reader, &mut stream));
                }
            });
        });
        Service { address, requests, ends, listening: Some(listening) }
    }

    pub fn url(&self) -> String {
        format!("http://{}/introspect?v=1", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let ended = self.listening.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the service failed");
    }
}

impl Reader {
    /// Reads a whole request; an empty one if the client hung up before.
    pub fn read(&self, stream: &mut impl Read) -> Request {
        let mut bytes = Vec::new();
        let mut buffer = [0; 65_536];
        loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(bytes[..end + 2].to_vec()).unwrap();
                let mut request = Request { head, body: String::new() };
                let length: usize = request.header("content-length").parse().unwrap_or_default();
                let mut body = bytes[end + 4..].to_vec();
                let read = body.len();
                body.resize(length, 0);
                stream.read_exact(&mut body[read..]).unwrap();
                request.body = String::from_utf8(body).unwrap();
                self.requests.lock().unwrap().push(request.clone());
                return request;
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return Request::default(),
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// Sends `more` now and then, until the client hangs up or the service ends.
    pub fn until_closed(&self, stream: &mut TcpStream, more: &[u8]) {
        stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        while !self.ends.load(Ordering::SeqCst) {
            match stream.read(&mut [0]) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                _ => return,
            }
            if stream.write_all(more).is_err() {
                return;
            }
        }
    }

    /// Neither reads nor writes, until the service ends.
    pub fn wait_for_end(&self, _: &mut TcpStream) {
        while !self.ends.load(Ordering::SeqCst) {
            thread::park_timeout(Duration::from_millis(10));
        }
    }
}

impl Request {
    /// Returns the value of a header, which is empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// Returns a field of the form.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name)?;
        let mut bytes = Vec::new();
        let mut rest = value.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                byte => byte,
            });
        }
        String::from_utf8(bytes).ok()
    }
}
