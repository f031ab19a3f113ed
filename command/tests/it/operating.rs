//! Runs each block of docs/operating.md, from the first to the last, on a SQLite store and on a private
//! server. Each role of the page can do its job and nothing more, and systemd accepts the units of
//! examples/operating.
//!
//! A block of ```` ```sh ```` is run on both stores, one of ```` ```sh sqlite ```` or ```` ```sh postgres
//! ```` on that one; ```` ```sql ```` is run on the server, by the role of its first line (`-- as ROLE`);
//! ```` ```console ```` is not run, because it needs systemd or a container engine. The test replaces
//! folders, the server's name and passwords.
//! ```` ```sql ```` is run on the server, by the role of its first line (`-- as ROLE`); ```` ```console ```` is not run: it is for
//! what needs systemd or a container engine. Folders, the server's name and passwords are the test's.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ROOT;
use crate::cluster::{Cluster, call, login, open, register, succeed};
use crate::skips::not_run;

const COMMAND: &str = env!("CARGO_BIN_EXE_doorward");

/// A block of the page.
struct Block {
    line: usize,
    /// The words after the opening fence.
    kind: String,
    text: String,
}

fn source(path: &str) -> String {
    let path = Path::new(ROOT).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn blocks() -> Vec<Block> {
    let page = source("docs/operating.md");
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            let indent = line.len() - line.trim_start().len();
            let body = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim_start() != "```");
            let text = body.map(|line| line.get(indent..).unwrap_or_default().to_owned() + "\n").collect();
            blocks.push(Block { line: index + 1, kind: kind.to_owned(), text });
        }
    }
    blocks
}

/// The folders of the page.
struct Machine(TempDir);

const ETC: &str = "/etc/door";
const LIB: &str = "/var/lib/door";
const BACKUPS: &str = "/var/backups/door";

/// The user of the application, if the test may choose one.
const NOBODY: u32 = 65534;

fn mode(path: &Path, mode: &str) {
    succeed(Command::new("chmod").arg(mode).arg(path));
}

impl Machine {
    /// Creates the folders as the page's first step does: root's, and those of an unprivileged user if the
    /// test may choose one.
    fn new() -> Machine {
        let machine = Machine::of_one_user();
        let mut as_user = String::new();
        if is_root() {
            as_user = format!("setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --");
            for (folder, owner) in [(ETC, None), (LIB, Some(NOBODY)), (BACKUPS, Some(NOBODY))] {
                chown(machine.path(folder), owner, Some(NOBODY)).unwrap();
            }
            mode(&machine.path(ETC), "2750");
        }
        let examples = Path::new(ROOT).join("examples");
        std::os::unix::fs::symlink(examples, machine.path("examples")).unwrap();
        machine.program("doorward", &format!("exec '{COMMAND}' \"$@\""));
        machine.program("sudo", &format!("test \"$1 $2\" = '-u door' && shift 2 && exec {as_user} \"$@\""));
        machine
    }

    fn of_one_user() -> Machine {
        let machine = Machine(tempfile::tempdir().unwrap());
        mode(machine.0.path(), "0755");
        for folder in [ETC, LIB, BACKUPS] {
            fs::create_dir_all(machine.path(folder)).unwrap();
            mode(&machine.path(folder), "0700");
        }
        machine
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        mode(&path, "0755");
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    /// Returns the text of the page with the folders of this machine.
    fn here(&self, text: &str) -> String {
        [ETC, LIB, BACKUPS].iter().fold(text.to_owned(), |text, folder| {
            text.replace(folder, &self.path(folder).display().to_string())
        })
    }

    /// Runs a shell script. A failure names the line of the page.
    fn run(&self, script: &str, cluster: Option<&Cluster>) {
        let head = "set -eu -o pipefail\ntrap 'echo \"docs/operating.md, block at line $block\" >&2' ERR\n";
        fs::write(self.path("script"), format!("{head}{}", self.here(script))).unwrap();
        // Every prompt asks for a password.
        let mut answers = Command::new("yes").arg("nine wise words").stdout(Stdio::piped()).spawn().unwrap();
        let mut shell = Command::new("bash");
        shell
            .arg("-E")
            .arg(self.path("script"))
            .current_dir(self.0.path())
            .stdin(answers.stdout.take().unwrap());
        let programs = std::env::split_paths(&path_variable()).collect::<Vec<_>>();
        let programs = std::iter::once(self.0.path().to_owned()).chain(programs);
        shell.env("PATH", std::env::join_paths(programs).unwrap()).env_remove("HOME");
        if let Some(cluster) = cluster {
            shell.env("PGHOST", cluster.folder()).env("PGPORT", cluster.port.to_string());
        }
        let output = shell.output().unwrap();
        answers.kill().unwrap();
        answers.wait().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let all = text(&output.stdout) + &text(&output.stderr);
        assert!(output.status.success(), "{all}");
    }
}

/// Returns the page as the script for one store.
fn script(store: &str, cluster: Option<&Cluster>) -> String {
    let mut script = String::new();
    for Block { line, kind, text } in blocks() {
        let text = match kind.as_str() {
            "sh" => text,
            "sql" if cluster.is_some() => sql(&text),
            _ if kind == format!("sh {store}") => text,
            "sql" | "sh sqlite" | "sh postgres" | "console" => continue,
            _ => panic!("docs/operating.md:{line}: no test knows ```{kind}"),
        };
        script += &format!("block={line}\n{text}");
    }
    match cluster {
        None => script,
        Some(cluster) => on_server(&script, cluster),
    }
}

/// Runs statements by the role of the first line. The owner of the database connects by a socket, as all
/// roles do here.
fn sql(text: &str) -> String {
    let role = text.lines().next().and_then(|line| line.strip_prefix("-- as ")).expect("a role");
    let database = if text.contains("CREATE DATABASE") { "postgres" } else { "door" };
    let options = "--no-psqlrc --quiet --set=ON_ERROR_STOP=1 --output=/dev/null";
    format!("psql {options} --username={role} --dbname={database} <<'SQL'\n{text}SQL\n")
}

fn on_server(text: &str, cluster: &Cluster) -> String {
    let address = "@db.example/door?sslmode=verify-full&sslrootcert=/etc/door/db-ca.pem";
    assert!(text.contains(address));
    text.replace(address, &format!("@127.0.0.1:{}/door", cluster.port))
        .replace(
            "--host=db.example",
            &format!("--host={} --port={}", cluster.folder().display(), cluster.port),
        )
        .replace("PASSWORD '…'", "PASSWORD 'PASSWORD'")
}

fn path_variable() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn is_root() -> bool {
    // SAFETY: it only asks.
    unsafe { libc::geteuid() == 0 }
}

#[test]
fn the_page_on_sqlite() {
    Machine::new().run(&script("sqlite", None), None);
}

#[test]
fn the_page_on_postgres() {
    let Some(cluster) = Cluster::start("") else { return };
    cluster.sql("postgres", "DROP DATABASE door");
    let machine = Machine::new();
    machine.run(&script("postgres", Some(&cluster)), Some(&cluster));
    the_application_lives(&cluster, &machine);
    nobody_does_more(&cluster);
}

/// Uses every feature of an application, by the role that the page gives it.
fn the_application_lives(cluster: &Cluster, machine: &Machine) {
    let url = format!("postgres://door_app:PASSWORD@127.0.0.1:{}/door", cluster.port);
    let key = machine.path("/etc/door/secret.key");
    let engine = open(&url, json!({"migrate": false, "secret_key": null, "secret_key_file": key})).unwrap();
    let user = register(&engine, "alan").unwrap()["user"]["id"].clone();
    let first = call(&engine, "login", json!({"username": "alan", "password": "eight wise words"})).unwrap();
    call(&engine, "refresh", json!({"refresh_token": first["refresh_token"]})).unwrap();
    let wrong = json!({"username": "alan", "password": "no wise words", "client": {"ip": "192.0.2.1"}});
    call(&engine, "login", wrong).unwrap_err();
    call(&engine, "rotate_keys", json!({})).unwrap();
    let token = login(&engine, "alan").unwrap();
    call(&engine, "logout", json!({"token": token})).unwrap();
    call(&engine, "delete_user", json!({"id": user})).unwrap();
    let maintained = call(&engine, "maintain", json!({})).unwrap();
    assert_eq!(maintained["complete"], json!(true));
    let events = call(&engine, "events", json!({"user_id": user})).unwrap();
    let events = events["events"].as_array().unwrap();
    assert!(events.iter().all(|event| event["ip"] == Value::Null) && events.len() > 4, "{events:?}");
}

/// Checks the statements that each role of the page is refused.
fn nobody_does_more(cluster: &Cluster) {
    let write =
        ["INSERT INTO meta VALUES ('x', '')", "UPDATE users SET is_active = 1", "DELETE FROM sessions"];
    let change = [
        "CREATE TABLE more ()",
        "DROP TABLE events",
        "TRUNCATE events",
        "UPDATE doorward_schema SET version = 9",
    ];
    let shorten = ["DELETE FROM events", "UPDATE events SET kind = 'x'"];
    let secrets = ["SELECT password_hash FROM users", "SELECT sealed FROM keys", "SELECT sealed FROM totp"];
    let refusals: [(&str, &[&[&str]]); 4] = [
        ("door_app", &[&change, &shorten]),
        ("door_auditor", &[&change, &shorten, &write, &secrets, &["SELECT username FROM users"]]),
        (
            "door_monitor",
            &[&change, &write, &secrets, &["SELECT user_id FROM events", "SELECT email FROM users"]],
        ),
        ("door_backup", &[&change, &write]),
    ];
    for (role, statements) in refusals {
        for statement in statements.iter().copied().flatten() {
            let output = cluster.psql("door", &format!("SET ROLE {role}; {statement}")).output().unwrap();
            let reason = String::from_utf8_lossy(&output.stderr);
            let is_refused = reason.contains("permission denied") || reason.contains("must be owner");
            assert!(!output.status.success() && is_refused, "{role}: {statement}: {reason}");
        }
    }
    cluster.sql("postgres", "CREATE ROLE stranger LOGIN");
    let stranger = cluster.psql("door", "SELECT 1").arg("--username=stranger").output().unwrap();
    assert!(!stranger.status.success());
}

/// systemd accepts the units, and their commands run under the units' restrictions.
#[test]
fn the_units() {
    let machine = Machine::of_one_user();
    let folder = Path::new(ROOT).join("examples/operating");
    let mut units = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".service") || name.ends_with(".timer") {
            let text = source(&format!("examples/operating/{name}"));
            let text = text
                .replace("/usr/local/bin/doorward", COMMAND)
                .replace("/opt/door/venv/bin/python", "/bin/true");
            fs::write(machine.path(&name), text).unwrap();
            units.push(machine.path(&name));
        }
    }
    assert_eq!(units.len(), 7);
    let Ok(Output { status, stderr, .. }) =
        Command::new("systemd-analyze").arg("verify").args(&units).output()
    else {
        return not_run("systemd", "systemd-analyze is not there");
    };
    let said = String::from_utf8(stderr).unwrap();
    let of_ours = said.lines().filter(|line| line.contains("door")).collect::<Vec<_>>();
    assert!(status.success() && of_ours.is_empty(), "{of_ours:?}");
    for service in units.iter().filter(|unit| unit.extension().is_some_and(|ending| ending == "service")) {
        let limit = ["security", "--offline=true", "--threshold=15", "--no-pager"];
        succeed(Command::new("systemd-analyze").args(limit).arg(service));
    }
}

/// The jobs of the timers run on a read-only file system, as an unprivileged user, without HOME.
#[test]
fn the_jobs_of_the_timers() {
    let machine = Machine::of_one_user();
    fs::write(machine.path("/etc/door/door.json"), machine.here(&source("examples/operating/door.json")))
        .unwrap();
    fs::write(machine.path("/etc/door/secret.key"), "the secret key of the service of this test").unwrap();
    mode(&machine.path("/etc/door/secret.key"), "0400");
    let config = machine.path("/etc/door/door.json");
    succeed(Command::new(COMMAND).arg("--config").arg(&config).arg("init"));
    // The chain of an empty log cannot be verified.
    succeed(Command::new(COMMAND).arg("--config").arg(&config).args(["keys", "rotate"]));
    for unit in ["doorward-backup.service", "doorward-maintain.service", "doorward-verify.service"] {
        for line in source(&format!("examples/operating/{unit}")).lines() {
            let Some(line) = line.strip_prefix("ExecStart=") else { continue };
            let line = line.replace("/usr/local/bin/doorward", COMMAND).replace("%%", "%");
            let mut confined = Command::new(Path::new(ROOT).join("tests/confined"));
            confined.args([machine.path(LIB), machine.path(BACKUPS)]).args([
                "--",
                "sh",
                "-ec",
                &machine.here(&line),
            ]);
            let output = confined.current_dir("/").output().unwrap();
            if output.status.code() == Some(77) {
                return not_run("the jobs of the timers", "there are no namespaces");
            }
            assert!(output.status.success(), "{unit}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    let copies = fs::read_dir(machine.path(BACKUPS)).unwrap().map(|entry| entry.unwrap().file_name());
    let copies = copies.map(|name| name.into_string().unwrap()).collect::<Vec<_>>();
    assert!(
        copies.len() == 1 && copies[0].starts_with("door-2") && copies[0].ends_with("Z.db"),
        "{copies:?}"
    );
}
