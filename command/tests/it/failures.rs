//! Tests of the command's messages about its own failures and about mistyped command lines.

use serde_json::{Value, json};

use super::*;

/// With `--json`, a failure of the command itself is a body on standard output, like a failure of the engine.
#[test]
fn every_failure_is_json_where_that_is_asked_for() {
    let shell = Shell::with_ada();
    for (arguments, status, code, why) in [
        (&["user", "shwo", "ada"][..], 64, "usage", "'show'"),
        (&["user", "list", "--role"], 64, "usage", "--role"),
        (&["user"], 64, "usage", "a subcommand is missing"),
        (&["session", "revoke"], 64, "usage", "--all"),
        (&["migrate", "--from", "sqlite:a.db"], 64, "usage", "--unseal"),
        (&["import", "none"], 9, "file", "FILE none: No such file"),
        (&["user", "list", "--store", "@none"], 9, "file", "--store @none: No such file"),
        (&["user", "delete", "ada"], 64, "not_confirmed", "--yes"),
        (&["user", "add", "bob", "--email", "b@example.com"], 64, "not_confirmed", "no password"),
        (&["user", "show", "bob"], 5, "user_not_found", "no account has this id"),
    ] {
        let output = shell.run(&[&["--config", "a.json", "--json"], arguments].concat(), "");
        let text = String::from_utf8(output.stdout).unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{arguments:?}: {text}"));
        let error = &body["error"];
        assert_eq!((output.status.code(), &error["code"]), (Some(status), &json!(code)), "{text}");
        assert!(
            error["message"].is_string() && error["detail"].as_str().unwrap_or_default().contains(why),
            "{text}"
        );
        assert!(output.stderr.is_empty(), "{arguments:?}");
    }
    // `call` always answers in JSON.
    let output = shell.run(&["call"], "");
    let body: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &body["error"]["code"]), (Some(64), &json!("usage")));
}

#[test]
fn every_failure_names_what_it_is_about() {
    let shell = Shell::with_ada();
    shell.write("malformed.json", "{\"store\": ");
    shell.write("typo.json", r#"{"stroe": "sqlite:a.db"}"#);
    shell.write("twice.json", r#"{"store": "sqlite:a.db", "store": "sqlite:b.db"}"#);
    shell.write("nested.json", r#"{"store": "sqlite:a.db", "password": {"memory": 1}}"#);
    shell.write("two.json", r#"{"store": "sqlite:a.db", "secret_key_files": ["a.db.key", "lost.key"]}"#);
    shell.write("short.key", "short");
    shell.write("wrong.key", "another key of thirty-two bytes!!");
    let key = "--secret-key-file";
    let list = ["user", "list"];
    let failures: &[(&[&str], i32, &str)] = &[
        (&["--config", "none.json", "user", "list"], 9, "--config none.json: No such file or directory\n"),
        (
            &["--config", "malformed.json", "user", "list"],
            9,
            "not JSON: line 1, column 10 (--config malformed.json)\n",
        ),
        (&["--config", "twice.json", "user", "list"], 9, "duplicate key (--config twice.json)\n"),
        (&["--config", "typo.json", "user", "list"], 9, "did you mean `store`? (/stroe in typo.json)\n"),
        (
            &["--config", "nested.json", "user", "list"],
            9,
            "`memory_kib`? (/password/memory in nested.json)\n",
        ),
        (
            &["--config", "two.json", "user", "list"],
            9,
            "missing (/secret_key_files/1 in two.json: lost.key)\n",
        ),
        (&["user", "list"], 9, "(doorward.db is the default; --store names another)\n"),
        (&["--store", "a.db", "user", "list"], 9, "or postgres://… (--store)\n"),
        (&["--store", "sqlite:none.db", "user", "list"], 9, "(--store sqlite:none.db)\n"),
        (&["--store", "@none", "user", "list"], 9, "--store @none: No such file or directory\n"),
        (
            &["--store", "sqlite:a.db", key, "none.key", "user", "list"],
            9,
            "missing (--secret-key-file none.key)\n",
        ),
        (
            &["--store", "sqlite:a.db", key, "short.key", "user", "list"],
            9,
            "32 bytes (--secret-key-file short.key)\n",
        ),
        (
            &["--store", "sqlite:a.db", key, "wrong.key", "user", "list"],
            9,
            " (--secret-key-file wrong.key)\n",
        ),
        (
            &["--store", "sqlite:a.db", key, "a.db.key", key, "none.key", "user", "list"],
            9,
            "(--secret-key-file none.key)\n",
        ),
        (&["migrate", "--from", "sqlite:none.db", "--to", "sqlite:b.db"], 9, "(--from sqlite:none.db)\n"),
        (
            &["migrate", "--from", "@none", "--to", "sqlite:b.db"],
            9,
            "--from @none: No such file or directory\n",
        ),
        (&["migrate", "--from", "sqlite:a.db", "--to", "postgres:x"], 9, "(--from, --to)\n"),
        (&["--store", "postgres://a@b/c", "restore", "a.json"], 9, "for PostgreSQL use pg_restore\n"),
        (&["--config", URL, "user", "list"], 9, "--config (a URL, not a file): No such file or directory\n"),
        (
            &["--store", "sqlite:a.db", key, URL, "user", "list"],
            9,
            "missing (--secret-key-file (a URL, not a file))\n",
        ),
        (&["--store", AT_URL, "user", "list"], 9, "--store (a URL, not a file): No such file or directory\n"),
    ];
    for (arguments, status, why) in failures {
        let (code, text) = shell.exit(arguments);
        assert_eq!((code, text.ends_with(why)), (*status, true), "{arguments:?}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let failures: &[(&[&str], i32, &str)] = &[
        (&["init"], 9, "a.db: the file exists already (/store in a.json)\n"),
        (&["user", "add", "b@b", "--email", "b@example.com"], 4, "no @ (NAME)\n"),
        (&["user", "add", "bob", "--email", "b@@example.com"], 4, "expected an e-mail address (--email)\n"),
        (&["user", "add", "bob"], 4, "missing field `email` (--email)\n"),
        (&["user", "add", "bob", "--email", "b@example.com", "--role", ""], 4, "(--role)\n"),
        (&["user", "add", "bob", "--email", "b@example.com", "--locale", "?"], 4, "(--locale)\n"),
        (&["user", "set", "ada", "--username", "a@a"], 4, "(--username)\n"),
        (&["user", "set", "ada", "--email", "a"], 4, "(--email)\n"),
        (&["user", "roles", "ada", "--add", ""], 4, "(--add)\n"),
        (&["user", "add", "ada", "--email", "b@example.com"], 6, "username_taken (NAME)\n"),
        (&["user", "add", "bob", "--email", "ada@example.com"], 6, "email_taken (--email)\n"),
        (&["user", "show", "bob"], 5, "(USER)\n"),
        (&["session", "list", "bob"], 5, "(USER)\n"),
        (&["session", "revoke", "--user", "bob"], 5, "(--user)\n"),
        (&["session", "revoke", "x"], 4, "(SESSION)\n"),
        (&["session", "revoke", "01965c3e-0000-7000-8000-000000000000"], 5, "(SESSION)\n"),
        (&["keys", "rotate", "--backend", "none"], 4, "(--backend)\n"),
        (&["keys", "new-secret", "a.db.key"], 9, "FILE a.db.key: the file exists already\n"),
        (&["events", "--user", "bob"], 5, "(--user)\n"),
        (&["events", "--ip", "x"], 4, "(--ip)\n"),
        (&["events", "--actor", ""], 4, "(--actor)\n"),
        (&["events", "--after", "x"], 4, "(--after)\n"),
        (&["events", "verify", "--head", "x"], 4, "(--head)\n"),
        (&["maintain", "--budget-ms", "0"], 4, "(--budget-ms)\n"),
        (&["import", "none"], 9, "FILE none: No such file or directory\n"),
        (&["backup", "a.json"], 9, "FILE a.json: the file exists already\n"),
        (&["backup", "none/b.db"], 9, "FILE none/b.db: the folder does not exist\n"),
        (&["restore", "none"], 9, "BACKUP none: No such file or directory\n"),
        (&["restore", "a.json"], 4, "(BACKUP a.json)\n"),
        (&["import", URL], 9, "FILE (a URL, not a file): No such file or directory\n"),
        (&["keys", "new-secret", URL], 9, "FILE (a URL, not a file): key file: the folder does not exist\n"),
        (&["backup", URL], 9, "FILE (a URL, not a file): the folder does not exist\n"),
        (&["restore", URL], 9, "BACKUP (a URL, not a file): No such file or directory\n"),
        (&["password", "reset", "ada", "--mail"], 9, "there is no link to mail (/mail in a.json)\n"),
    ];
    for (arguments, status, why) in failures {
        let (code, text) = shell.bad(arguments, "");
        assert_eq!((code, text.ends_with(why)), (*status, true), "{arguments:?}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
        assert!(!text.contains("b@@example.com"), "{text}");
    }
    // The password is not an argument.
    let (_, text) = shell.bad(&["user", "add", "bob", "--email", "b@example.com"], "password\n");
    assert!(text.contains("(the password, from standard input)"), "{text}");
    let (_, answer) = shell.call("a.db", "login", json!({"password": []}));
    assert_eq!(
        (&answer["error"]["argument"], &answer["error"]["field"]),
        (&json!(null), &json!("/password"))
    );
    let output = shell.run(&[&["--json", "--config", "typo.json"], &list[..]].concat(), "");
    let body: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(body["error"]["argument"], "/stroe in typo.json");
}

/// The options of all commands stand apart from those of the command.
#[test]
fn help_tells_the_options_of_a_command_first() {
    let shell = Shell::new();
    for command in [&["user", "add"][..], &["backup"], &["events"], &["migrate"]] {
        let (status, text) = shell.exit(&[command, &["--help"]].concat());
        let (own, global) = text.split_once("\nGlobal options:\n").expect("a heading");
        assert_eq!(status, 0);
        for option in ["--config", "--store", "--secret-key-file", "--json"] {
            assert!(global.contains(option) && !own.contains(&format!("{option} ")), "{option}: {text}");
        }
    }
}

#[test]
fn what_is_mistyped_is_told_by_its_right_name() {
    let shell = Shell::new();
    for (arguments, name) in [
        (&["usr", "list"][..], "'user'"),
        (&["user", "lst"], "'list'"),
        (&["user", "list", "--rol", "admin"], "'--role'"),
        (&["keys", "rotate", "--retire-no"], "'--retire-now'"),
        (&["import", "a", "--on-conflict", "skp"], "'skip'"),
        (&["call", "lisst_users"], "did you mean list_users?"),
        (&["events", "--kind", "loginfailed"], "'login_failed'"),
    ] {
        let (_, text) = shell.bad(arguments, "");
        assert!(text.contains(name), "{text}");
    }
    for unlike in ["xyzzy", "nope"] {
        assert!(!shell.bad(&["call", unlike], "").1.contains("did you mean"));
    }
    assert!(!shell.0.path().join("a.db").exists(), "an operation that is none makes no store");
}

/// A disk that is full is named by the argument that leads to it, and nothing is left half done.
#[test]
fn a_full_disk_is_named() {
    let shell = Shell::with_ada();
    let shim = moving::shim(shell.0.path());
    let hit = shell.0.path().join("hit");
    let run = |nth: usize, arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args([&["--config", "a.json"], arguments].concat())
            .current_dir(shell.0.path())
            .envs([("LD_PRELOAD", shim.as_str()), ("FAULT_HIT", hit.to_str().unwrap())])
            .env("FAULT", format!("write:{nth}:{}:1000000", libc::ENOSPC))
            .output()
            .unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (std::fs::remove_file(&hit).is_ok(), output.status.code(), text)
    };
    let (_, status, text) = run(1, &["backup", "store.db"]);
    assert_eq!((status, text.ends_with("(FILE store.db)\n")), (Some(8), true), "{text}");
    assert!(!shell.0.path().join("store.db").exists());
    let mut refused = 0;
    for nth in (1..).step_by(9) {
        let (was_hit, status, text) =
            run(nth, &["migrate", "--from", "sqlite:a.db", "--to", "sqlite:store.db"]);
        if !was_hit {
            assert_eq!(status, Some(0), "{text}");
            break;
        }
        assert_eq!((status, text.ends_with("(--to sqlite:store.db)\n")), (Some(8), true), "{nth}: {text}");
        assert!(shell.good(&["user", "list"], "").contains("ada"));
        refused += 1;
    }
    assert!(refused > 2, "{refused}");
}

/// What cannot be written to standard output is told on standard error.
#[test]
fn an_output_that_cannot_be_written_is_a_failure() {
    let shell = Shell::with_ada();
    for arguments in [&["user", "list"][..], &["user", "list", "--json"], &["export"], &["call", "stats"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args([&["--config", "a.json"], arguments].concat())
            .current_dir(shell.0.path())
            .stdout(full)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let told = text == "doorward: No space left on device\n";
        assert_eq!((output.status.code(), told), (Some(9), true), "{arguments:?}: {text}");
    }
}
