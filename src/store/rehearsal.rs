//! What a dry run of many calls remembers: in a database of its own that SQLite keeps in memory, and beyond a bound in a
//! file without a name, which goes with it. It holds digests only.

use aws_lc_rs::digest;
use rusqlite::{Connection, OptionalExtension};

use super::sqlite::failed;
use crate::error::Result;

/// Names and addresses that are taken.
pub(crate) struct Taken(Connection);

impl Taken {
    pub(crate) fn new() -> Result<Taken> {
        let connection = Connection::open("").map_err(failed)?;
        let sql = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192; \
                   CREATE TABLE taken (key BLOB NOT NULL PRIMARY KEY, account BLOB NOT NULL) WITHOUT ROWID; BEGIN";
        connection.execute_batch(sql).map_err(failed)?;
        Ok(Taken(connection))
    }

    /// What was kept with a name or an address, if it is taken.
    pub(crate) fn find(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let mut find = self.0.prepare_cached("SELECT account FROM taken WHERE key = ?1").map_err(failed)?;
        find.query_row([id(kind, key)], |row| row.get(0)).optional().map_err(failed)
    }

    pub(crate) fn add(&self, kind: &str, key: &str, account: &[u8]) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO taken (key, account) VALUES (?1, ?2)";
        let mut add = self.0.prepare_cached(sql).map_err(failed)?;
        add.execute((id(kind, key), account)).map(drop).map_err(failed)
    }
}

fn id(kind: &str, key: &str) -> [u8; 16] {
    let digest = digest::digest(&digest::SHA256, format!("{kind}\0{key}").as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&digest.as_ref()[..16]);
    id
}
