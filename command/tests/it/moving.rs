//! Tests of moving a store from a SQLite file into either kind of store, and back. No session ends, no
//! acknowledged write is lost, and the old store answers no more calls.

use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::stores::{Store, config, on_each_store};
use doorward::config::StoreUrl;
use doorward::{Code, Config, Engine, Error, Hooks, Moved, unseal};
use serde_json::{Value, json};

const PASSWORD: &str = "eight wise words";

fn open(store: &Store) -> Engine {
    try_to_open(store).unwrap()
}

fn try_to_open(store: &Store) -> Result<Engine, Error> {
    let defaults = json!({"password": {"memory_kib": 8, "iterations": 1, "blocklist": false},
        "signing_algorithm": "ES256", "limits": {"request_bytes": 1 << 20}});
    let keys = json!({"secret_key": "the secret key of both stores, which moves with the host"});
    let config = config(store.url(), defaults, keys);
    Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default())
}

fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Code> {
    let reply = engine.call(operation, &request.to_string());
    reply.map(|reply| serde_json::from_str(&reply).unwrap()).map_err(|error| error.code)
}

fn url(store: &Store) -> StoreUrl {
    store.url().parse().unwrap()
}

fn migrate(from: &Store, to: &Store) -> Result<Vec<Moved>, Error> {
    doorward::migrate(&url(from), &url(to), |_| ControlFlow::Continue(()))
}

/// Returns why a store cannot be opened.
fn refused(store: &Store) -> Error {
    try_to_open(store).err().expect("a store that is not to be opened")
}

/// Returns every table, row by row.
fn everything(store: &Store) -> Vec<(String, Vec<String>)> {
    let tables = if store.is_sqlite() {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'doorward_schema'"
    } else {
        "SELECT table_name AS name FROM information_schema.tables \
         WHERE table_schema = 'public' AND table_name <> 'doorward_schema'"
    };
    let mut names: Vec<String> =
        store.query(tables).iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), store.dump(&name))).collect()
}

/// Creates more accounts than one page moves, one of them with rows in every table.
fn fill(store: &Store) -> (String, Value) {
    let engine = open(store);
    for number in 0..300 {
        let request = json!({"username": format!("user{number}"), "email": format!("u{number}@example.com"),
            "password": PASSWORD, "attributes": {"number": number, "text": "ä\u{1F600}\n"}});
        call(&engine, "register", request).unwrap();
    }
    let ada = json!({"username": "Ada", "email": "Ada@Bücher.example", "password": PASSWORD, "roles": ["admin", "editor"]});
    let ada = call(&engine, "register", ada).unwrap()["user"]["id"].as_str().unwrap().to_owned();
    call(&engine, "update_user", json!({"id": ada, "must_change_password": true})).unwrap();
    let login = json!({"username": "ada", "password": PASSWORD});
    let step = engine.call("login", &login.to_string()).unwrap_err();
    assert_eq!(step.code, Code::PasswordChangeRequired);
    call(&engine, "update_user", json!({"id": ada, "must_change_password": false})).unwrap();
    for _ in 0..3 {
        let wrong = json!({"username": "user1", "password": "wrong", "client": {"ip": "192.0.2.7"}});
        assert_eq!(call(&engine, "login", wrong), Err(Code::InvalidCredentials));
    }
    call(&engine, "rotate_keys", json!({})).unwrap();
    let client = json!({"ip": "2001:db8::7", "user_agent": "a browser", "device_id": "phone"});
    let login = json!({"username": "ada", "password": PASSWORD, "client": client, "scope": "read write"});
    (ada, call(&engine, "login", login).unwrap())
}

/// Continues everything that the host held before the move.
fn goes_on(store: &Store, ada: &str, login: &Value) -> Value {
    let engine = open(store);
    let seen = call(&engine, "introspect", json!({"token": login["access_token"]})).unwrap();
    assert_eq!((&seen["active"], &seen["user"]["id"]), (&json!(true), &json!(ada)));
    assert_eq!(call(&engine, "verify", json!({"token": login["access_token"]})).unwrap()["sub"], *ada);
    let again = json!({"username": "ADA@bücher.EXAMPLE", "password": PASSWORD});
    assert_eq!(call(&engine, "login", again).unwrap()["user"], login["user"]);
    call(&engine, "refresh", json!({"refresh_token": login["refresh_token"]})).unwrap()
}

fn there_and_back(there: &Store) {
    let here = Store::sqlite();
    let back = Store::sqlite();
    let (ada, login) = fill(&here);
    let before = everything(&here);
    let mut seen = Vec::new();
    let moved = doorward::migrate(&url(&here), &url(there), |moved| {
        seen.push(moved);
        ControlFlow::Continue(())
    });
    let moved = moved.unwrap();
    assert_eq!(everything(there), before);
    for moved in &moved {
        let (_, rows) = before.iter().find(|(table, _)| table == moved.table).unwrap();
        assert_eq!((moved.rows, moved.of), (rows.len() as u64, rows.len() as u64));
        assert_eq!(rows.is_empty(), !seen.contains(moved));
    }
    let filled = moved.iter().filter(|moved| moved.rows > 0).map(|moved| moved.table);
    let expected =
        ["meta", "users", "user_roles", "sessions", "known_devices", "keys", "events", "throttles"];
    let filled: Vec<_> = filled.collect();
    assert!(expected.iter().all(|table| filled.contains(table)), "{filled:?}");
    let refreshed = goes_on(there, &ada, &login);

    let before = everything(there);
    migrate(there, &back).unwrap();
    assert_eq!(everything(&back), before);
    let login = json!({"access_token": refreshed["access_token"], "refresh_token": refreshed["refresh_token"],
        "user": login["user"]});
    goes_on(&back, &ada, &login);
}
on_each_store!(there_and_back);

/// A target that was opened is not filled, and a source that was never used is not moved.
fn refusals(store: &Store) {
    let here = Store::sqlite();
    let nothing = migrate(&here, store).unwrap_err();
    assert_eq!((nothing.code, nothing.field.as_deref()), (Code::InvalidConfig, Some("/from")));
    drop(open(&here));
    drop(open(store));
    let before = everything(store);
    let not_empty = migrate(&here, store).unwrap_err();
    assert_eq!((not_empty.code, not_empty.field.as_deref()), (Code::InvalidConfig, Some("/to")));
    assert!(
        not_empty.detail.unwrap().starts_with("not empty: the store was opened before and has 0 accounts")
    );
    assert_eq!(everything(store), before);
    drop(open(&here));
}
on_each_store!(refusals);

/// The old store is refused, by open engines and at opening, with the name of the new store but without its
/// password. The operator may give it back.
fn the_old_store_answers_nothing(here: &Store) {
    for there in
        [Some(here.another()), here.is_sqlite().then(Store::postgres).flatten()].into_iter().flatten()
    {
        let engine = open(here);
        let ada = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
        let _ = call(&engine, "register", ada);
        let login = json!({"username": "ada", "password": PASSWORD}).to_string();
        let tokens: Value = serde_json::from_str(&engine.call("login", &login).unwrap()).unwrap();
        let introspect = json!({"token": tokens["access_token"]}).to_string();
        let (address, name) = match there.is_sqlite() {
            true => (there.url().to_owned(), there.file().display().to_string()),
            false => {
                let secret = there.url().replace("postgres@", "postgres:zanzibar@");
                (secret, there.url().rsplit_once('@').unwrap().1.to_owned())
            }
        };
        let before = everything(here);
        let to = address.parse().unwrap();
        doorward::migrate(&url(here), &to, |_| ControlFlow::Continue(())).unwrap();
        let says_where = |error: &Error| {
            let detail = error.detail.as_deref().unwrap();
            assert!(detail.contains(&name) && !detail.contains("zanzibar"), "{detail}");
        };
        let register =
            json!({"username": "eve", "email": "eve@example.com", "password": PASSWORD}).to_string();
        for (operation, request) in [
            ("introspect", introspect.as_str()),
            ("login", &login),
            ("register", &register),
            ("jwks", "{}"),
            ("list_users", "{}"),
            ("maintain", "{}"),
        ] {
            let error = engine.call(operation, request).unwrap_err();
            assert_eq!(error.code, Code::StoreUnavailable, "{operation}: {error}");
            says_where(&error);
        }
        let backup = json!({"path": there.path().join("backup.db")}).to_string();
        for (operation, request) in [("stats", r#"{"store": true}"#), ("backup", &backup)] {
            if operation == "stats" || here.is_sqlite() {
                let error = engine.call(operation, request).unwrap_err();
                assert_eq!(error.code, Code::StoreUnavailable, "{operation}: {error}");
                says_where(&error);
            }
        }
        assert!(!there.path().join("backup.db").exists());
        let findings = call(&engine, "doctor", json!({})).unwrap()["findings"].take();
        let of_store = |finding: &&Value| finding["check"] == "store" && finding["severity"] == "problem";
        let finding = findings.as_array().unwrap().iter().find(of_store).expect("a finding");
        assert!(finding["message"].as_str().unwrap().contains(&name), "{finding}");
        let error = refused(here);
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidConfig, Some("/store")));
        says_where(&error);
        // It is neither moved again nor filled.
        for target in [here.another(), here.another().without_tables()] {
            let again = migrate(here, &target).unwrap_err();
            assert_eq!(
                (again.code, again.field.as_deref()),
                (Code::InvalidConfig, Some("/from")),
                "{again:?}"
            );
            says_where(&again);
        }
        let into = migrate(&there, here).unwrap_err();
        assert_eq!((into.code, into.field.as_deref()), (Code::InvalidConfig, Some("/to")));
        drop(open(&there));

        assert!(unseal(&url(here)).unwrap().is_some_and(|to| to.contains(&name)));
        engine.call("introspect", &introspect).unwrap();
        drop(engine);
        assert_eq!(everything(here), before);
        assert_eq!(unseal(&url(here)).unwrap(), None);
        let engine = open(here);
        engine.call("introspect", &introspect).unwrap();
        engine.call("login", &login).unwrap();
    }
}
on_each_store!(the_old_store_answers_nothing);

/// A cancelled move leaves the source in use and the target empty.
fn a_move_that_is_given_up(store: &Store) {
    let here = store.another();
    let (ada, login) = fill(&here);
    let before = everything(&here);
    for at in [1, 5, 9] {
        let mut calls = 0;
        let given_up = doorward::migrate(&url(&here), &url(store), |_| {
            calls += 1;
            if calls == at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(given_up.unwrap_err().code, Code::StoreUnavailable);
        assert!(!store.is_sqlite() || !store.file().exists(), "a file was left behind");
        assert_eq!(everything(&here), before);
        // The next move works.
        let size = "SELECT pg_relation_size('users') AS size";
        assert!(store.is_sqlite() || store.query(size)[0]["size"] == 0);
    }
    let triggers = "SELECT count(*) AS count FROM pg_trigger WHERE tgname = 'doorward_moving'";
    assert!(here.is_sqlite() || here.query(triggers)[0]["count"] == 0);
    migrate(&here, store).unwrap();
    assert_eq!(everything(store), before);
    // The plans are made for the present rows.
    let rows = "SELECT reltuples AS rows FROM pg_class WHERE relname = 'users'";
    assert!(store.is_sqlite() || store.query(rows)[0]["rows"] == store.count("users"));
    goes_on(store, &ada, &login);
}
on_each_store!(a_move_that_is_given_up);

/// Creates an account with a session.
fn ada(store: &Store) -> (String, Value) {
    let engine = open(store);
    let ada = json!({"username": "Ada", "email": "Ada@Bücher.example", "password": PASSWORD, "roles": ["a"]});
    let ada = call(&engine, "register", ada).unwrap()["user"]["id"].as_str().unwrap().to_owned();
    let login = call(&engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap();
    (ada, login)
}

/// The lock for which concurrent moves wait on a server.
const MOVERS: &str = "locktype = 'advisory' AND objid = 1685549669";

/// Returns the number of connections that wait for a lock in the store's database.
fn waiting(store: &Store, locks: &str) -> i64 {
    let database = "(SELECT oid FROM pg_database WHERE datname = current_database())";
    store.count(&format!("pg_locks WHERE {locks} AND NOT granted AND database = {database}"))
}

/// If two moves of one store begin at the same time, one is done, and the other undoes nothing of it.
fn two_movers(store: &Store) {
    for is_elsewhere in [false, true] {
        let here = store.another();
        let there = store.another();
        let elsewhere = store.another();
        let to = [&there, if is_elsewhere { &elsewhere } else { &there }];
        let (id, login) = ada(&here);
        let results = thread::scope(|scope| {
            let (file, server) = match here.is_sqlite() {
                true => {
                    let connection = here.connection();
                    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                    (Some(connection), None)
                }
                false => (None, Some(here.hold("SELECT pg_advisory_xact_lock(1685549669)"))),
            };
            let movers = to.map(|to| scope.spawn(|| migrate(&here, to)));
            while match here.is_sqlite() {
                true => to.iter().any(|to| !to.file().exists()),
                false => waiting(&here, MOVERS) < 2,
            } {
                thread::yield_now();
            }
            file.into_iter().for_each(|file| file.execute_batch("COMMIT").unwrap());
            server.into_iter().for_each(crate::stores::Held::commit);
            movers.map(|mover| mover.join().unwrap())
        });
        let first = usize::from(results[0].is_err());
        assert!(results[first].is_ok(), "{results:?}");
        let says = refused(&here).detail.unwrap();
        assert!(says.starts_with("the store was moved to "), "{says}");
        goes_on(to[first], &id, &login);
        if is_elsewhere {
            assert!(results[1 - first].is_err() && is_not_to_be_opened(to[1 - first]), "{results:?}");
        }
    }
}
on_each_store!(two_movers);

/// A server may roll a transaction back at its commit, and request another try.
fn a_target_that_asks_for_another_try(here: &Store) {
    let Some(there) = Store::postgres() else { return };
    let config = config(there.url(), json!({}), json!({}));
    doorward::migrate_schema(&Config::parse(&config.to_string()).unwrap()).unwrap();
    // The number that a sequence has reached is not rolled back.
    there.execute(
        "CREATE SEQUENCE tries; CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF nextval('tries') = 1 THEN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END IF; \
           RETURN NULL; \
         END $$; \
         CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON meta DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let (id, login) = ada(here);
    migrate(here, &there).unwrap();
    assert!(there.query("SELECT last_value AS tries FROM tries")[0]["tries"] != 1);
    there.execute("DROP TRIGGER refuse ON meta; DROP FUNCTION refuse; DROP SEQUENCE tries");
    assert_eq!(refused(here).code, Code::InvalidConfig);
    goes_on(&there, &id, &login);
}
on_each_store!(a_target_that_asks_for_another_try);

/// The statement in docs/command.md against a mover that hangs lets the writers continue. They lose nothing,
/// even if the mover continues, too.
#[test]
fn a_mover_that_hangs_is_ended() {
    let (Some(here), there) = (Store::postgres(), Store::sqlite()) else { return };
    let (id, login) = ada(&here);
    let (_, remedy) = include_str!("../../../docs/command.md").split_once("```sql\n").unwrap();
    let (remedy, _) = remedy.split_once("```").unwrap();
    let mut ended = None;
    let moved = doorward::migrate(&url(&here), &url(&there), |_| {
        ended.get_or_insert_with(|| {
            here.execute(remedy);
            goes_on(&here, &id, &login)
        });
        ControlFlow::Continue(())
    });
    // The move began anew.
    moved.unwrap();
    let refreshed = ended.unwrap();
    assert_eq!(refused(&here).code, Code::InvalidConfig);
    call(&open(&there), "refresh", json!({"refresh_token": refreshed["refresh_token"]})).unwrap();
}

/// An engine that began to open the target while it was empty is refused while the source is in use.
#[test]
fn an_engine_that_opens_the_target_meanwhile() {
    for there in [Some(Store::sqlite()), Store::postgres()].into_iter().flatten() {
        let Some(here) = Store::postgres() else { return };
        let (id, login) = ada(&here);
        // The source cannot be left after the target was filled.
        here.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
               IF NEW.moving LIKE '%left%' THEN RAISE EXCEPTION 'no'; END IF; RETURN NULL; \
             END $$; \
             CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON doorward_schema DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION refuse()",
        );
        let (moved, opened) = thread::scope(|scope| {
            let mut opened = None;
            let moved = doorward::migrate(&url(&here), &url(&there), |_| {
                opened.get_or_insert_with(|| {
                    let opening = scope.spawn(|| try_to_open(&there));
                    while !there.is_sqlite() && waiting(&there, "true") == 0 {
                        thread::yield_now();
                    }
                    opening
                });
                ControlFlow::Continue(())
            });
            (moved, opened.map(|opened| opened.join().unwrap()))
        });
        assert!(moved.is_err(), "{moved:?}");
        let refused = opened.unwrap().err().expect("a store that is not to be opened");
        assert_eq!((refused.code, refused.field.as_deref()), (Code::InvalidConfig, Some("/store")));
        assert!(refused.detail.unwrap().contains("is not finished"));
        here.execute("DROP TRIGGER refuse ON doorward_schema; DROP FUNCTION refuse");
        drop(open(&here));
        migrate(&here, &there).unwrap();
        goes_on(&there, &id, &login);
    }
}

fn command(from: &Store, to: &Store) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.args(["--json", "migrate", "--from", from.url(), "--to", to.url()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.as_slice(), &output.stderr].concat()).unwrap()
}

/// An application writes while the command moves its store: every acknowledged account is in the new store.
fn beside_an_application(store: &Store) {
    for there in [Some(Store::sqlite()), Store::postgres()].into_iter().flatten() {
        let here = store.another();
        let engine = open(&here);
        let count = AtomicUsize::new(0);
        let promised = AtomicUsize::new(0);
        let (names, output) = thread::scope(|scope| {
            let write = || {
                let mut names = Vec::new();
                loop {
                    let name = format!("user{}", count.fetch_add(1, Ordering::Relaxed));
                    let request = json!({"username": name, "email": format!("{name}@example.com"),
                        "password": PASSWORD, "roles": ["a"]});
                    match engine.call("register", &request.to_string()) {
                        Ok(_) => {
                            names.push(name);
                            promised.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => {
                            let detail = error.detail.clone().unwrap_or_default();
                            assert_eq!(error.code, Code::StoreUnavailable, "{error}");
                            let is_being_moved = detail.contains("the store is being moved to ");
                            assert!(is_being_moved || detail.contains("the store was moved to "), "{error}");
                            if !is_being_moved {
                                return names;
                            }
                        }
                    }
                }
            };
            let writers: Vec<_> = (0..3).map(|_| scope.spawn(write)).collect();
            while promised.load(Ordering::Relaxed) < 300 {
                thread::yield_now();
            }
            let output = command(&here, &there).output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
            let names = writers.into_iter().flat_map(|writer| writer.join().unwrap());
            (names.collect::<Vec<_>>(), output)
        });
        drop(engine);
        let moved: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(moved["moved"]["users"], names.len());
        let there = there.query("SELECT username FROM users");
        let there: Vec<_> = there.iter().map(|row| row["username"].as_str().unwrap()).collect();
        let behind: Vec<_> = names.iter().filter(|name| !there.contains(&name.as_str())).collect();
        assert!(behind.is_empty(), "left behind: {behind:?}");
    }
}
on_each_store!(beside_an_application);

/// Ctrl-C undoes everything, and the command reports that.
#[test]
fn a_move_that_is_interrupted() {
    let here = Store::sqlite();
    let there = Store::sqlite();
    let (ada, login) = fill(&here);
    // The command waits for the writer.
    let writer = here.connection();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let child = command(&here, &there).spawn().unwrap();
    while !there.file().exists() {
        thread::yield_now();
    }
    // SAFETY: a signal to a child that was not waited for.
    assert_eq!(unsafe { libc::kill(child.id() as i32, libc::SIGINT) }, 0);
    writer.execute_batch("COMMIT").unwrap();
    drop(writer);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(libc::SIGINT), "{}", said(&output));
    assert!(said(&output).contains("nothing was moved"), "{}", said(&output));
    assert!(!there.file().exists());
    goes_on(&here, &ada, &login);
}

/// Killing the command at any moment leaves one of the stores in use, or a move that the same command
/// finishes, or begins anew if necessary.
#[test]
fn kill_9_at_any_time() {
    killed_at_every("sync", 1, Store::sqlite, Store::sqlite);
    if Store::postgres().is_some() {
        let postgres = || Store::postgres().unwrap();
        killed_at_every("send", 11, Store::sqlite, postgres);
        killed_at_every("send", 11, postgres, Store::sqlite);
    }
}

fn killed_at_every(class: &str, step: usize, from: impl Fn() -> Store, to: impl Fn() -> Store) {
    let folder = tempfile::tempdir().unwrap();
    let shim = shim(folder.path());
    let hit = folder.path().join("hit");
    let mut ends = [0, 0];
    for nth in (1..).step_by(step) {
        let here = from();
        let there = to();
        let engine = open(&here);
        let ada =
            json!({"username": "ada", "email": "Ada@Bücher.example", "password": PASSWORD, "roles": ["a"]});
        let ada = call(&engine, "register", ada).unwrap()["user"]["id"].as_str().unwrap().to_owned();
        let login = call(&engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap();
        drop(engine);
        let fault = format!("{class}:{nth}:0:1");
        let killed = command(&here, &there)
            .envs([("LD_PRELOAD", shim.as_str()), ("FAULT", &fault), ("FAULT_HIT", hit.to_str().unwrap())])
            .output()
            .unwrap();
        let was_hit = std::fs::remove_file(&hit).is_ok();
        assert_eq!(killed.status.signal(), was_hit.then_some(libc::SIGKILL), "{fault}: {}", said(&killed));
        match try_to_open(&here) {
            // The application continues, and no engine opens the other store by mistake.
            Ok(engine) => {
                assert!(was_hit, "{fault}");
                call(&engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap();
                let user = json!({"username": "grace", "email": "grace@example.com", "password": PASSWORD});
                call(&engine, "register", user).unwrap();
                assert!(is_not_to_be_opened(&there), "{fault}");
                ends[0] += 1;
            }
            Err(error) => {
                assert_eq!((error.code, error.field.as_deref()), (Code::InvalidConfig, Some("/store")));
                ends[1] += 1;
            }
        }
        if was_hit {
            let again = command(&here, &there).output().unwrap();
            let is_finished = said(&again).contains("was moved");
            assert!(again.status.success() || is_finished, "{fault}: {}", said(&again));
        }
        assert_eq!(refused(&here).code, Code::InvalidConfig, "{fault}");
        goes_on(&there, &ada, &login);
        if !was_hit {
            assert!(nth > step, "{class} was never met");
            break;
        }
    }
    assert!(ends[0] > 0 && ends[1] > 0, "{class}: {ends:?}");
}

/// Whether a store is empty, or has a note that keeps it from being opened.
fn is_not_to_be_opened(store: &Store) -> bool {
    if store.is_sqlite() && !store.file().exists() {
        return true;
    }
    let table = if store.is_sqlite() {
        "sqlite_schema WHERE name = 'doorward_schema'"
    } else {
        "pg_tables WHERE schemaname = 'public' AND tablename = 'doorward_schema'"
    };
    store.count(table) == 0 || store.count("meta") == 0 || refused(store).code == Code::InvalidConfig
}

pub(super) fn shim(folder: &Path) -> String {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/faults/shim.c");
    let library = folder.join("shim.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(compiler.status().expect("cc, a C compiler").success());
    library.to_str().unwrap().to_owned()
}
