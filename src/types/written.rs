//! JSON in the making.

use std::io;
use std::string::FromUtf8Error;

use zeroize::Zeroizing;

/// A JSON text that grows. Outgrown memory is wiped, because it may contain secrets.
#[derive(Default)]
pub(crate) struct Written(Zeroizing<Vec<u8>>);

impl Written {
    /// Returns the text.
    pub(crate) fn into_text(mut self) -> Result<String, FromUtf8Error> {
        String::from_utf8(std::mem::take(&mut *self.0))
    }

    /// Appends JSON text.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let len = self.0.len() + bytes.len();
        if len > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(len.max(2 * self.0.capacity()).max(256)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
