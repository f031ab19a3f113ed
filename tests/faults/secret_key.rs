//! Tests of secret keys: their origin, their readers, and that a store opens only with its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use doorward::{Code, Config, Engine, Hooks};
use serde_json::json;

use crate::stage::{
    PASSWORD, Store, call, config, is_active, login, on_each_store, open, refused, register, together,
};

const OLD: &str = "an old secret of more than thirty-two bytes";
const NEW: &str = "a new secret of more than thirty-two bytes!";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn files_are_their_owners_alone() {
    let store = Store::sqlite();
    let engine = store.open();
    register(&engine, "ada").unwrap();
    assert_eq!(mode(&store.key_file()), 0o600);
    for file in ["store.db", "store.db-wal", "store.db-shm"] {
        assert_eq!(mode(&store.path().join(file)), 0o600, "{file}");
    }
    drop(engine);
    // Only these two files remain, and no draft of the key.
    let mut names: Vec<_> =
        fs::read_dir(store.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["store.db", "store.db.key"]);
    let key = fs::read_to_string(store.key_file()).unwrap();
    assert!(key.trim().len() >= 43, "256 bits");
    // The key is read with or without white space around it.
    fs::write(store.key_file(), format!("\n  {}\r\n", key.trim())).unwrap();
    login(&store.open(), "ada").unwrap();
}

on_each_store!(a_store_opens_with_its_own_key_alone);
fn a_store_opens_with_its_own_key_alone(store: &Store) {
    let token = {
        let engine = open(store.url(), json!({"secret_key": OLD})).unwrap();
        register(&engine, "ada").unwrap();
        login(&engine, "ada").unwrap()
    };
    for keys in [json!({"secret_key": NEW}), json!({"secret_keys": [NEW]})] {
        assert_eq!(refused(store.url(), keys), Code::WrongSecretKey);
    }
    // The default is a key file. It does not exist, and none is made for a store that has a key.
    assert_eq!(refused(store.url(), json!({})), Code::WrongSecretKey);
    assert!(!store.key_file().exists());
    let elsewhere = store.path().join("elsewhere.key");
    let keys = json!({"secret_key_file": elsewhere});
    assert_eq!(refused(store.url(), keys.clone()), Code::WrongSecretKey);
    assert!(!elsewhere.exists());
    // A file with the right key opens the store.
    fs::write(&elsewhere, OLD).unwrap();
    assert!(is_active(&open(store.url(), keys).unwrap(), &token));
    // Refusals changed nothing.
    let engine = open(store.url(), json!({"secret_key": OLD})).unwrap();
    assert!(is_active(&engine, &token));
    drop(engine);
    assert_eq!(store.rows(), json!({"users": 1, "roles": 0, "sessions": 1}));
}

#[test]
fn a_lost_key_file_is_not_replaced() {
    let store = Store::sqlite();
    register(&store.open(), "ada").unwrap();
    let lost = store.path().join("lost");
    fs::rename(store.key_file(), &lost).unwrap();
    assert_eq!(refused(store.url(), json!({})), Code::WrongSecretKey);
    assert!(!store.key_file().exists());
    fs::rename(&lost, store.key_file()).unwrap();
    login(&store.open(), "ada").unwrap();
    // A lost store is not recreated silently. On request it is, under the key that still exists.
    let key = fs::read(store.key_file()).unwrap();
    fs::remove_file(store.file()).unwrap();
    assert_eq!(refused(store.url(), json!({})), Code::InvalidConfig);
    assert!(!store.file().exists());
    register(&open(store.url(), json!({"create": true})).unwrap(), "ada").unwrap();
    assert_eq!(fs::read(store.key_file()).unwrap(), key);
}

on_each_store!(several_keys);
/// With a new key before the old one, the old key's data stay valid. Without the old one the store does not
/// open while rows are sealed by it.
fn several_keys(store: &Store) {
    let with = |keys: &[&str]| open(store.url(), json!({"secret_keys": keys}));
    let engine = with(&[OLD]).unwrap();
    register(&engine, "ada").unwrap();
    let sessions: Vec<_> = (0..2)
        .map(|_| call(&engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap())
        .collect();
    drop(engine);

    let engine = with(&[NEW, OLD]).unwrap();
    for session in &sessions {
        assert!(is_active(&engine, session["access_token"].as_str().unwrap()));
        assert!(is_active(&engine, session["refresh_token"].as_str().unwrap()));
    }
    call(&engine, "logout", json!({"refresh_token": sessions[0]["refresh_token"]})).unwrap();
    assert!(!is_active(&engine, sessions[0]["access_token"].as_str().unwrap()));
    let newer = call(&engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap();
    drop(engine);

    // The older key's data are sealed anew, so that the key can be removed. Its refresh tokens become
    // invalid.
    assert_eq!(with(&[OLD]).err().unwrap().code, Code::WrongSecretKey);
    let engine = with(&[NEW]).unwrap();
    assert!(is_active(&engine, sessions[1]["access_token"].as_str().unwrap()));
    assert!(!is_active(&engine, sessions[1]["refresh_token"].as_str().unwrap()));
    assert!(is_active(&engine, newer["refresh_token"].as_str().unwrap()));
    drop(engine);
    // A process that has the keys in the other order understands the newer key's data.
    let engine = with(&[OLD, NEW]).unwrap();
    for session in [&sessions[1], &newer] {
        assert!(is_active(&engine, session["access_token"].as_str().unwrap()));
        assert!(is_active(&engine, session["refresh_token"].as_str().unwrap()));
    }
    drop(engine);
    // It has reverted nothing.
    assert_eq!(with(&[OLD]).err().unwrap().code, Code::WrongSecretKey);
    assert!(is_active(&with(&[NEW]).unwrap(), newer["refresh_token"].as_str().unwrap()));
}

on_each_store!(several_keys_from_files);
/// Secrets mounted as read-only links. They work like keys in the configuration, and none is ever created.
fn several_keys_from_files(store: &Store) {
    let folder = store.path();
    let [new, old] = [("new", NEW), ("old", OLD)].map(|(name, key)| {
        let file = folder.join(format!("{name}.data"));
        let link = folder.join(name);
        fs::write(&file, format!("{key}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        std::os::unix::fs::symlink(file, &link).unwrap();
        link
    });
    let with = |files: &[&Path]| open(store.url(), json!({"secret_key_files": files, "create": true}));
    let token = {
        let engine = with(&[&old]).unwrap();
        register(&engine, "ada").unwrap();
        login(&engine, "ada").unwrap()
    };
    let engine = with(&[&new, &old]).unwrap();
    assert!(is_active(&engine, &token));
    let retired = call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap()["retired"].take();
    assert_eq!((&retired["secret_keys"], &retired["sessions"]), (&json!(1), &json!(1)));
    drop(engine);
    assert_eq!(with(&[&old]).err().unwrap().code, Code::WrongSecretKey);
    login(&with(&[&new]).unwrap(), "ada").unwrap();
    assert!(!store.key_file().exists());
}

/// The files of a list must exist: nothing is created, not even a store, if one file is missing or invalid.
#[test]
fn listed_files_are_there() {
    let store = Store::sqlite();
    let [good, other] = ["good", "other"].map(|name| store.path().join(name));
    fs::write(&good, NEW).unwrap();
    let refusal = || {
        let error = open(store.url(), json!({"secret_key_files": [good, other]})).err().unwrap();
        assert_eq!(error.field.as_deref(), Some("/secret_key_files/1"));
        let names = fs::read_dir(store.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| name == "good" || name == "other"));
        error.code
    };
    assert_eq!(refusal(), Code::WrongSecretKey);
    for text in [&b""[..], b"\n", &[b'k'; 31], &[b'k'; 4097]] {
        fs::write(&other, text).unwrap();
        assert_eq!(refusal(), Code::InvalidConfig);
    }
}

/// Only its owner can read a key file, or root provides it to a group of the process.
#[test]
fn the_doctor_looks_at_every_key_file() {
    let store = Store::sqlite();
    let [first, second] = ["first", "second"].map(|name| store.path().join(name));
    fs::write(&first, NEW).unwrap();
    fs::write(&second, OLD).unwrap();
    fs::set_permissions(&first, fs::Permissions::from_mode(0o400)).unwrap();
    let engine = open(store.url(), json!({"secret_key_files": [first, second], "create": true})).unwrap();
    let severity = |mode: u32, owner: u32, group: u32| {
        fs::set_permissions(&second, fs::Permissions::from_mode(mode)).unwrap();
        let is_owned = std::os::unix::fs::chown(&second, Some(owner), Some(group)).is_ok();
        let answer = call(&engine, "doctor", json!({})).unwrap();
        let all = answer["findings"].as_array().unwrap();
        let files: Vec<_> = all.iter().filter(|finding| finding["check"] == "key_file").collect();
        let fields = ["/secret_key_files/0", "/secret_key_files/1"];
        assert_eq!(files.iter().map(|file| &file["field"]).collect::<Vec<_>>(), fields);
        assert_eq!(files[0]["severity"], "ok");
        // Only root can change the owner of a file.
        is_owned.then(|| files[1]["severity"].as_str().unwrap().to_owned())
    };
    let own = fs::metadata(&first).unwrap();
    let user = std::os::unix::fs::MetadataExt::uid(&own);
    let group = std::os::unix::fs::MetadataExt::gid(&own);
    for (mode, expected) in
        [(0o600, "ok"), (0o400, "ok"), (0o604, "problem"), (0o644, "problem"), (0o666, "problem")]
    {
        assert_eq!(severity(mode, user, group).as_deref(), Some(expected), "{mode:o}");
    }
    for (mode, owner, group, expected) in [
        (0o440, 0, group, "ok"),
        (0o440, 0, 0, "ok"),
        (0o440, 0, 54_321, "problem"),
        (0o444, 0, group, "problem"),
        (0o460, 0, group, "problem"),
        (0o440, 54_321, group, "problem"),
    ] {
        let found = severity(mode, owner, group);
        assert!(found.is_none_or(|found| found == expected), "{mode:o} of {owner}:{group}");
    }
}

#[test]
fn weak_keys_are_refused() {
    let store = Store::sqlite();
    let short = "31 bytes are one byte too few..";
    assert_eq!(short.len(), 31);
    for keys in [
        json!({"secret_key": ""}),
        json!({"secret_key": short}),
        json!({"secret_keys": []}),
        json!({"secret_keys": [NEW, short]}),
        json!({"secret_key": NEW, "secret_key_file": "x"}),
        json!({"secret_key": NEW, "secret_key_files": ["x"]}),
        json!({"secret_keys": [NEW], "secret_key_files": ["x"]}),
        json!({"secret_key_file": "x", "secret_key_files": ["x"]}),
        json!({"secret_key_files": []}),
        json!({"secret_key_files": "x"}),
        json!({"secret_key": 7}),
    ] {
        let mut text = json!({"store": format!("sqlite:{}", store.file().display())});
        text.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        let opened =
            Config::parse(&text.to_string()).and_then(|config| Engine::open(config, Hooks::default()));
        assert_eq!(opened.err().unwrap().code, Code::InvalidConfig, "{keys}");
    }
    for text in
        [&b""[..], b"\n", short.as_bytes(), b"                                        ", &[b'k'; 4097]]
    {
        fs::write(store.key_file(), text).unwrap();
        let error = open(store.url(), json!({"create": true})).err().unwrap();
        assert_eq!(error.code, Code::InvalidConfig, "{} bytes", text.len());
        assert_eq!(error.field.as_deref(), Some("/secret_key_file"));
        assert_eq!(fs::read(store.key_file()).unwrap(), text, "left as it was");
    }
    // Any bytes are accepted, if there are enough of them.
    fs::write(store.key_file(), (128..=255).collect::<Vec<u8>>()).unwrap();
    register(&store.open(), "ada").unwrap();
    fs::write(store.key_file(), (128..=254).collect::<Vec<u8>>()).unwrap();
    assert_eq!(refused(store.url(), json!({})), Code::WrongSecretKey);
    fs::remove_file(store.key_file()).unwrap();
    fs::create_dir(store.key_file()).unwrap();
    assert_eq!(refused(store.url(), json!({})), Code::InvalidConfig);
}

#[test]
fn a_key_file_that_cannot_be_made() {
    let store = Store::sqlite();
    let keys = json!({"secret_key_file": store.path().join("no/such/folder.key")});
    assert_eq!(refused(store.url(), keys), Code::InvalidConfig);
    // The next process that opens the store finishes its creation.
    register(&store.open(), "ada").unwrap();
}

#[test]
fn threads_make_one_key() {
    for _ in 0..10 {
        let store = Store::sqlite();
        let engines = together(8, |_| store.open());
        register(&engines[0], "ada").unwrap();
        let token = login(&engines[1], "ada").unwrap();
        assert!(engines.iter().all(|engine| is_active(engine, &token)));
        drop(engines);
        assert_eq!(fs::read_dir(store.path()).unwrap().count(), 2);
        store.rows();
    }
}

/// No text that a host could log shows a secret.
#[test]
fn secrets_are_not_shown() {
    let store = Store::sqlite();
    for keys in [json!({"secret_key": NEW}), json!({"secret_keys": [OLD, NEW]})] {
        let shown = format!("{:?}", config(store.url(), keys));
        assert!(!shown.contains("secret of"), "{shown}");
    }
    let text = json!({"store": "postgres://doorward:hunter2@localhost/doorward", "secret_key": NEW});
    let parsed = Config::parse(&text.to_string()).unwrap();
    assert!(!format!("{parsed:?}").contains("hunter2"));
    let error = Engine::open(parsed, Hooks::default()).err().unwrap();
    assert!(!format!("{error:?} {error} {}", error.to_json()).contains("hunter2"));

    fs::write(store.key_file(), "too short but secret").unwrap();
    let error = open(store.url(), json!({"create": true})).err().unwrap();
    assert!(!format!("{error:?} {error} {}", error.to_json()).contains("too short but secret"));
    open(store.url(), json!({"secret_key": NEW})).unwrap();
    let error = open(store.url(), json!({"secret_key": OLD})).err().unwrap();
    assert!(!format!("{error:?} {error} {}", error.to_json()).contains("secret of"));
    let text = json!({"store": 7, "secret_key": NEW, "secret_keys": NEW}).to_string();
    let error = Config::parse(&text).err().unwrap();
    assert!(!format!("{error:?} {error} {}", error.to_json()).contains("secret of"));
}
