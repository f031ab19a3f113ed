//! The memory of a dry run of many calls: a separate database that SQLite keeps in memory and, beyond a
//! bound, in an unnamed file that is deleted with it. It holds only digests, made with a key that is never
//! written, so that remains of the file on the disk reveal no name and no address.

use aws_lc_rs::hmac;
use rusqlite::{Connection, OptionalExtension};

use super::sqlite::failures::failed;
use crate::error::Result;

/// Names and addresses that are taken.
pub(crate) struct Taken {
    store: Connection,
    key: hmac::Key,
}

impl Taken {
    pub(crate) fn new() -> Result<Taken> {
        let connection = Connection::open("").map_err(failed)?;
        let sql = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192; \
                   CREATE TABLE taken (key BLOB NOT NULL PRIMARY KEY, account BLOB NOT NULL) WITHOUT ROWID; BEGIN";
        connection.execute_batch(sql).map_err(failed)?;
        Ok(Taken {
            store: connection,
            key: hmac::Key::new(hmac::HMAC_SHA256, &crate::types::random::random::<32>()?),
        })
    }

    /// Returns the account of a name or an address, if that is taken.
    pub(crate) fn find(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let mut find =
            self.store.prepare_cached("SELECT account FROM taken WHERE key = ?1").map_err(failed)?;
        find.query_row([self.id(kind, key)], |row| row.get(0)).optional().map_err(failed)
    }

    pub(crate) fn add(&self, kind: &str, key: &str, account: &[u8]) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO taken (key, account) VALUES (?1, ?2)";
        let mut add = self.store.prepare_cached(sql).map_err(failed)?;
        add.execute((self.id(kind, key), account)).map(drop).map_err(failed)
    }

    fn id(&self, kind: &str, key: &str) -> [u8; 16] {
        let digest = hmac::sign(&self.key, format!("{kind}\0{key}").as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&digest.as_ref()[..16]);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name's digest cannot be computed in advance.
    #[test]
    fn a_name_is_kept_otherwise_each_time() {
        let one = Taken::new().unwrap();
        let other = Taken::new().unwrap();
        one.add("username", "ada", b"1").unwrap();
        assert_eq!(one.find("username", "ada").unwrap().as_deref(), Some(&b"1"[..]));
        assert_eq!(one.id("username", "ada"), one.id("username", "ada"));
        assert_ne!(one.id("username", "ada"), other.id("username", "ada"));
    }
}
