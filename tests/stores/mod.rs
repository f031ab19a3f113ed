//! The stores of the tests: a SQLite file, and a database of the PostgreSQL server that
//! DOORWARD_TEST_POSTGRES names, which tests/postgres starts.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test binary uses a part of it")]

use std::cell::RefCell;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

#[path = "../skips/mod.rs"]
pub mod skips;

/// Makes two tests of `fn name(store: &Store)`: `name::sqlite` and `name::postgres`.
macro_rules! on_each_store {
    ($name:ident) => {
        mod $name {
            use super::Store;

            #[test]
            fn sqlite() {
                super::$name(&Store::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(store) = Store::postgres() {
                    super::$name(&store);
                }
            }
        }
    };
}
pub(crate) use on_each_store;

/// An empty store, and a folder; both are deleted with the value.
pub struct Store {
    url: String,
    folder: Arc<TempDir>,
    database: Option<Database>,
}

impl Store {
    /// Creates a store in a folder that stays until the test's thread ends, even if the engine outlives this
    /// value: an engine notices that its file is gone.
    pub fn sqlite() -> Store {
        thread_local!(static FOLDERS: RefCell<Vec<Arc<TempDir>>> = RefCell::default());
        let folder = Arc::new(tempfile::tempdir().unwrap());
        FOLDERS.with_borrow_mut(|folders| folders.push(Arc::clone(&folder)));
        Store { url: sqlite(&folder.path().join("store.db")), folder, database: None }
    }

    /// Creates a store on the server; none without a server, which is reported, and the test passes.
    pub fn postgres() -> Option<Store> {
        server().map(Store::on)
    }

    fn on(server: String) -> Store {
        let database = Database::new(server);
        Store {
            url: database.url(),
            folder: Arc::new(tempfile::tempdir().unwrap()),
            database: Some(database),
        }
    }

    /// Creates another store of this kind.
    pub fn another(&self) -> Store {
        match &self.database {
            None => Store::sqlite(),
            Some(database) => Store::on(database.server.clone()),
        }
    }

    /// Drops the tables, which a reused database has.
    pub fn without_tables(self) -> Store {
        if let Some(database) = &self.database {
            database.psql("BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO public; COMMIT");
        }
        self
    }

    pub fn is_sqlite(&self) -> bool {
        self.database.is_none()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of the test.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the store's file, if it is one.
    pub fn file(&self) -> PathBuf {
        self.path().join("store.db")
    }

    /// Returns the path of the store's key.
    pub fn key_file(&self) -> PathBuf {
        self.path().join("store.db.key")
    }

    /// Opens a connection of the test to the file. No engine may be open in this process: a file must not be
    /// opened beside another copy of SQLite, although this is the same copy.
    pub fn connection(&self) -> rusqlite::Connection {
        assert!(self.is_sqlite());
        rusqlite::Connection::open(self.file()).unwrap()
    }

    /// Returns the rows of a query, by the names of their columns; bytes are `\x…` in upper-case hexadecimal,
    /// so that no name is found in them. As with [`Store::connection`], no engine is open.
    pub fn query(&self, sql: &str) -> Vec<Value> {
        let Some(database) = &self.database else {
            let connection = self.connection();
            let mut statement = connection.prepare(sql).unwrap();
            let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let read = |row: &rusqlite::Row| {
                let cell = |(index, name): (usize, &String)| (name.clone(), value(row.get_ref_unwrap(index)));
                Ok(Value::Object(names.iter().enumerate().map(cell).collect::<Map<_, _>>()))
            };
            return statement.query_map([], read).unwrap().map(Result::unwrap).collect();
        };
        let json = database.psql(&format!("SELECT coalesce(json_agg(row), '[]') FROM ({sql}) AS row"));
        let mut rows: Vec<Value> = serde_json::from_str(&json).unwrap();
        for cell in rows.iter_mut().flat_map(|row| row.as_object_mut().unwrap().values_mut()) {
            if let Some(digits) = cell.as_str().and_then(|text| text.strip_prefix("\\x")) {
                *cell = json!(format!("\\x{}", digits.to_uppercase()));
            }
        }
        rows
    }

    pub fn execute(&self, sql: &str) {
        match &self.database {
            None => self.connection().execute_batch(sql).unwrap(),
            Some(database) => drop(database.psql(sql)),
        }
    }

    /// Runs statements in a transaction of the server that stays open.
    pub fn hold(&self, sql: &str) -> Held {
        let url = self.database.as_ref().unwrap().url();
        let mut command = Command::new("psql");
        let command = command
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .args(["--dbname", &url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut psql = command.spawn().unwrap();
        writeln!(psql.stdin.as_mut().unwrap(), "BEGIN; {sql}; SELECT 1;").unwrap();
        let mut answer = [0];
        psql.stdout.as_mut().unwrap().read_exact(&mut answer).unwrap();
        Held(psql)
    }

    /// Returns the number of rows of a table, or of `table WHERE …`.
    pub fn count(&self, what: &str) -> i64 {
        self.query(&format!("SELECT count(*) AS count FROM {what}"))[0]["count"].as_i64().unwrap()
    }

    /// Returns every row of a table, as text, in a fixed order.
    pub fn dump(&self, table: &str) -> Vec<String> {
        let rows = self.query(&format!("SELECT * FROM {table}"));
        let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        rows.sort();
        rows
    }
}

/// A transaction of another connection.
pub struct Held(Child);

impl Held {
    pub fn commit(mut self) {
        writeln!(self.0.stdin.take().unwrap(), "COMMIT;").unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

pub fn sqlite(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// Returns a configuration for a store: `keys` override `defaults`.
pub fn config(store: &str, defaults: Value, keys: Value) -> Value {
    let mut config = defaults;
    config["store"] = json!(store);
    merge(&mut config, keys);
    with_secret_key(config)
}

/// A store that is neither in a file nor in memory needs an explicit secret key.
pub fn with_secret_key(mut config: Value) -> Value {
    let names = ["secret_key", "secret_keys", "secret_key_file", "secret_key_files"];
    let is_on_server = config["store"].as_str().is_some_and(|store| store.starts_with("postgres:"));
    if is_on_server && names.iter().all(|name| config[name].is_null()) {
        config["secret_key"] = json!("a secret key that the tests share");
    }
    config
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            from.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
        }
        (into, from) => *into = from,
    }
}

fn value(cell: ValueRef) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => json!(number),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => json!(str::from_utf8(text).unwrap()),
        ValueRef::Blob(bytes) => {
            json!(bytes.iter().fold("\\x".to_owned(), |text, byte| text + &format!("{byte:02X}")))
        }
    }
}

/// Returns the server's address, if there is one.
#[expect(clippy::disallowed_methods, reason = "the engine reads no environment, its tests may")]
fn server() -> Option<String> {
    let server = std::env::var("DOORWARD_TEST_POSTGRES").ok().filter(|server| !server.is_empty());
    if server.is_none() {
        skips::not_run("PostgreSQL", "tests/postgres starts one");
    }
    server
}

/// An empty database. Databases of passed tests are reused with their tables, because creating tables takes
/// much longer.
struct Database {
    server: String,
    name: String,
}

static EMPTY: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Database {
    fn new(server: String) -> Database {
        static COUNT: Mutex<u32> = Mutex::new(0);
        if let Some(name) = EMPTY.lock().unwrap().pop() {
            return Database { server, name };
        }
        // One at a time: the template must not be in use.
        let mut count = COUNT.lock().unwrap();
        *count += 1;
        let name = format!("doorward_{}_{count}", std::process::id());
        succeed(psql(&server, &format!("CREATE DATABASE {name} TEMPLATE template0")));
        Database { server, name }
    }

    fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    fn psql(&self, sql: &str) -> String {
        succeed(psql(&self.url(), sql))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.psql(
                // The tables of a moved store have other names. A trigger of a test would change the next test's rows.
                "DO $$ DECLARE name text; BEGIN \
                   IF to_regclass('moved_users') IS NOT NULL OR EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal) \
                       OR EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'public'::regnamespace) THEN \
                     DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO public; \
                   END IF; \
                   FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
                     IF name = 'doorward_schema' THEN \
                       UPDATE doorward_schema SET moving = NULL; CONTINUE; \
                     END IF; \
                     EXECUTE 'DELETE FROM ' || name; \
                   END LOOP; \
                 END $$",
            );
            EMPTY.lock().unwrap().push(std::mem::take(&mut self.name));
        }
    }
}

fn psql(url: &str, sql: &str) -> Output {
    Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
        .args(["--dbname", url, "--command", sql])
        .env("PGOPTIONS", "--client-min-messages=warning")
        .output()
        .unwrap_or_else(|error| panic!("psql: {error}"))
}

fn succeed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
