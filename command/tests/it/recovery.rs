//! Tests of point-in-time recovery: runs the blocks of docs/restoring.md below "PostgreSQL" on a server that
//! dies.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::ROOT;
use crate::cluster::{
    Cluster, PASSWORD, call, chown_to_postgres, is_active, login, open, register, server_program,
};

/// The blocks of the page: settings, the backup, the recovery, and the steps after it.
fn blocks() -> [String; 4] {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/restoring.md")).unwrap();
    let (_, part) = page.split_once("\n## PostgreSQL\n").expect("the part about PostgreSQL");
    let part = part.split("\n## ").next().unwrap();
    let blocks = part.split("```").skip(1).step_by(2);
    let blocks: Vec<_> = blocks.map(|block| block.split_once('\n').unwrap().1.to_owned()).collect();
    blocks.try_into().expect("four blocks")
}

fn with(text: &str, replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old} in {text}");
        text.replace(old, new)
    })
}

fn run(shell: &mut Command, script: &str, cluster: &Cluster) {
    shell.args(["-eu", "-o", "pipefail", "-c", script]);
    shell.env("PGHOST", cluster.folder()).env("PGPORT", cluster.port.to_string()).env("PGUSER", "postgres");
    // The server that the script starts would keep pipes open.
    let output = fs::File::create(cluster.folder().join("output")).unwrap();
    let status = shell.stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
    assert!(status.success(), "{}", fs::read_to_string(cluster.folder().join("output")).unwrap());
}

#[test]
fn a_store_comes_back_as_it_was_at_a_moment() {
    let folder = tempfile::tempdir().unwrap();
    let [settings, backup, recovery, after] = blocks();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let archive = place("archive");
    let base = place("base");
    fs::create_dir(&archive).unwrap();
    let settings = with(&settings, &[("/var/archive", &archive)]);
    let Some(server) = Cluster::start(&settings) else { return };
    for path in [folder.path(), Path::new(&archive)] {
        chown_to_postgres(path);
    }
    let data = server.data();
    let rules = data.join("pg_hba.conf");
    let allowed = format!("local replication postgres trust\n{}", fs::read_to_string(&rules).unwrap());
    fs::write(&rules, allowed).unwrap();
    server.sql("postgres", "SELECT pg_reload_conf()");

    let engine = open(&server.url(), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    run(&mut server_program("bash"), &with(&backup, &[("/var/backups/base", &base)]), &server);
    // Written after the backup, and only in the archive: the server has removed its own copy.
    register(&engine, "bob").unwrap();
    let archived = server.sql("postgres", "SELECT pg_walfile_name(pg_switch_wal())");
    server.wait_for(&format!(
        "SELECT 1 FROM pg_stat_archiver WHERE last_archived_wal >= '{}'",
        archived.trim()
    ));
    // Not archived yet.
    let bob = login(&engine, "bob").unwrap();
    let moment = server.sql("door", "SELECT clock_timestamp()");
    server.sql("door", "TRUNCATE users CASCADE");
    assert_eq!(login(&engine, "bob").unwrap_err().code.name(), "invalid_credentials");
    drop(engine);
    server.control(&["stop", "--mode=immediate"]);
    fs::remove_file(data.join("pg_wal").join(archived.trim())).unwrap();

    let data = data.display().to_string();
    let places = [
        ("/var/lib/postgresql/data", data.as_str()),
        ("/var/backups/base", &base),
        ("/var/archive", &archive),
        ("2026-11-29 09:14:00+00", moment.trim()),
    ];
    run(&mut server_program("bash"), &with(&recovery, &places), &server);
    server.wait_for("SELECT 1 WHERE NOT pg_is_in_recovery()");
    let engine = open(&server.url(), json!({})).unwrap();
    assert!(is_active(&engine, &bob).unwrap(), "as it was at the moment");

    let config = folder.path().join("doorward.json");
    let store = json!({"store": server.url(), "secret_key": "a secret key that the tests share"});
    fs::write(&config, store.to_string()).unwrap();
    let places = [
        ("doorward --", &*format!("'{}' --", env!("CARGO_BIN_EXE_doorward"))),
        ("/etc/app/doorward.json", &config.display().to_string()),
    ];
    run(&mut Command::new("bash"), &with(&after, &places), &server);
    assert!(!is_active(&engine, &bob).unwrap());
    for user in ["ada", "bob"] {
        call(&engine, "login", json!({"username": user, "password": PASSWORD})).unwrap();
    }
}
