//! Tests of `import` and `export` with many accounts.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;

use serde_json::{Value, json};

use super::{Shell, signal};

/// Returns an account as a line.
fn line(number: usize) -> String {
    format!("{{\"username\":\"user{number}\",\"email\":\"u{number}@example.com\",\"roles\":[\"r\"]}}\n")
}

fn lines(numbers: std::ops::RangeInclusive<usize>) -> String {
    numbers.map(line).collect()
}

#[test]
fn accounts_are_imported_and_exported() {
    let shell = Shell::with_store();
    let bcrypt = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    let more = json!({"username": "Zoë", "email": "z@example.com", "email_verified": true, "is_active": false,
        "attributes": {"a": [1, "\u{7f}"]}, "locale": "de-AT", "external_id": "HR-7", "password_hash": bcrypt});
    let file = format!("\u{feff}{}\r\n\n  {more}\n{}", lines(1..=1500).trim_end(), line(1501).trim_end());
    shell.write("users.ndjson", file);
    let dry = shell.good(&["import", "users.ndjson", "--dry-run"], "");
    assert_eq!(
        dry,
        "Nothing is written yet. Would be imported: 1502, skipped: 0, of the lines up to 1503.\nPassword hashes: bcrypt 1.\n"
    );
    assert!(shell.good(&["user", "list", "--json"], "").is_empty());
    let summary = shell.json(&["import", "users.ndjson"], "");
    let expected = json!({"imported": 1502, "present": 0, "skipped": 0, "hashes": {"bcrypt": 1}, "malformed": 0,
        "lines": 1503, "complete": true});
    assert_eq!(summary, expected);

    shell.good(&["service-account", "create", "nightly", "--role", "reader"], "");
    let exported = shell.good(&["export"], "");
    assert_eq!(exported.lines().count(), 1503);
    assert!(!exported.contains("hash") && !exported.contains('\u{7f}'));
    assert!(exported.contains(r#""locale":"de-AT""#) && exported.contains(r#""external_id":"HR-7""#));
    assert!(exported.contains(r#""is_service_account":true"#));
    shell.good(&["--store", "sqlite:b.db", "--secret-key-file", "b.key", "init"], "");
    // With their secrets, accounts are the same to the letter.
    let whole = ["export", "--with-hashes", "--with-factors"];
    let exported = shell.good(&whole, "");
    assert_eq!((exported.lines().count(), exported.matches(bcrypt).count()), (1503, 1));
    let told = shell.good(&["events", "--kind", "users_exported", "--json"], "");
    assert!(
        told.lines().count() == 2 && told.lines().all(|event| event.contains(r#""hashes factors""#)),
        "{told}"
    );
    let other = ["--store", "sqlite:b.db", "--secret-key-file", "b.key"];
    let (status, out, _) = shell.on(&[&other[..], &["import", "-"]].concat(), &exported);
    assert_eq!((status, out.contains("Imported: 1503")), (0, true), "{out}");
    assert!(
        shell.good(&[&other[..], &whole].concat(), "") == exported,
        "what is exported is not what was imported"
    );
}

#[test]
fn problems_of_an_import_are_told_by_line() {
    let shell = Shell::with_store();
    let other = line(1).replace("\"r\"", "\"s\"");
    shell.write("a.ndjson", format!("{}\n{}{other}{}", line(1), line(2), line(2)));
    let (status, text) = shell.bad(&["import", "a.ndjson"], "");
    assert_eq!(status, 4, "{text}");
    assert!(text.contains("line 4: username_repeated\nline 4: email_repeated\n"), "{text}");
    assert!(text.contains("Imported: 0, skipped: 0, of the lines up to 0."), "{text}");
    let (status, text) = shell.bad(&["import", "a.ndjson", "--dry-run"], "");
    assert_eq!((status, text.contains("to the end of the file: imported: 2.")), (4, true), "{text}");
    let hashed = r#"{"username": "x", "email": "x@example.com", "password_hash": "{noop}x"}"#;
    let (_, text) = shell.bad(&["import", "-", "--dry-run"], hashed);
    assert!(text.contains("line 1: invalid_password_hash (a plain password: give it to"), "{text}");
    let (_, text) = shell.bad(&["import", "-", "--dry-run", "--json"], hashed);
    assert!(text.contains(r#""line":1,"reason":"a plain password: give it to"#), "{text}");
    let out = shell.good(&["import", "a.ndjson", "--on-conflict", "skip", "--json"], "");
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(out.lines().next(), Some(r#"{"code":"username_repeated","line":4}"#));
    assert_eq!((&last["imported"], &last["present"], &last["skipped"]), (&json!(2), &json!(1), &json!(1)));
}

/// All invalid lines are reported with their positions. The valid ones are imported on request.
#[test]
fn lines_that_are_no_account() {
    let shell = Shell::with_store();
    let bad = [
        ("{\"username\": \"zanzibar\"", "column 23: not JSON"),
        ("{\"username\": \"x\"}, {\"username\": \"y\"}", "column 18: not JSON"),
        ("  name", "column 3: expected a JSON object"),
        ("{\"username\": \"x\", \"email\": \"x@example.com\", \"zanzibar\": true}", "unknown field"),
        ("{\"username\": \"x\", \"username\": \"y\"}", "username: duplicate field"),
        ("{\"username\": 7}", "column 14: username: expected a string"),
        ("{\"username\": \"x\", \"identities\": [{}]}", "missing field"),
    ];
    let mut file = lines(1..=1099);
    bad.iter().for_each(|(bad, _)| file += &format!("{bad}\n"));
    file += &lines(1100..=2200);
    shell.write("b.ndjson", &file);
    let told = |text: &str| {
        for (index, (bad, why)) in bad.iter().enumerate() {
            let line = format!("line {}, column ", 1100 + index);
            let found = text.lines().find(|found| found.starts_with(&line));
            assert!(found.is_some_and(|found| found.contains(why)), "{bad}: {text}");
        }
    };
    let (status, text) = shell.bad(&["import", "b.ndjson", "--dry-run"], "");
    assert_eq!(status, 4);
    told(&text);
    let would = "The import would end before the first batch with a problem: imported: 1000, skipped: 0, of the lines up to 1000.";
    assert!(text.contains(would), "{text}");
    assert!(text.contains("to the end of the file: imported: 2200."), "{text}");
    let (status, text) = shell.bad(&["import", "b.ndjson"], "");
    assert_eq!(status, 4);
    told(&text);
    assert!(text.contains("Imported: 1000, skipped: 0, of the lines up to 1000."), "{text}");

    // Accounts that exist already are no problem.
    let (status, text) = shell.bad(&["import", "b.ndjson", "--on-conflict", "skip"], "");
    assert_eq!((status, text.contains("invalid lines: 7")), (4, true), "{text}");
    told(&text);
    let counts = "Imported: 1200, there already: 1000, skipped: 7, of the lines up to 2207.";
    assert!(text.contains(counts) && !text.contains("taken"), "{text}");
    let (_, text) = shell.bad(&["--json", "import", "b.ndjson", "--on-conflict", "skip"], "");
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first, json!({"line": 1100, "column": 23, "code": "malformed", "detail": "not JSON"}));

    // Of very many invalid lines only a part is reported, and their number.
    shell.write("c.ndjson", "{\n".repeat(1100));
    let (_, text) = shell.bad(&["import", "c.ndjson", "--on-conflict", "skip"], "");
    assert_eq!(text.matches("not JSON").count(), 1000);
    assert!(text.contains("Further invalid lines: 100."), "{text}");
}

/// Each kind of invalid line.
#[test]
fn problems_are_told_in_the_order_of_the_lines() {
    let shell = Shell::with_store();
    let bad = "{\"username\": 7}\n";
    let file =
        format!("{}{bad}{}{bad}{}", lines(1..=2), line(1).replace("u1@", "x@"), line(2).replace("u2@", "y@"));
    shell.write("a.ndjson", file);
    for options in [&["--dry-run"][..], &["--on-conflict", "skip"]] {
        let (_, text) = shell.bad(&[&["import", "a.ndjson"], options].concat(), "");
        let told = text.lines().filter_map(|line| line.strip_prefix("line ")).map(|rest| &rest[..1]);
        assert_eq!(told.collect::<String>(), "3456", "{text}");
    }
}

/// A dry run reports for the whole file what the import would do, across batches, and beside a host that
/// writes.
#[test]
fn a_dry_run_is_true_of_the_whole_file() {
    let shell = Shell::with_store();
    // Repeated in a later batch: the same account, with other roles, with another's address; and a name that
    // is free again, because the account that had the address was refused.
    let other = |number: usize, name: &str| {
        line(number).replace(&format!("\"user{number}\""), &format!("\"{name}\""))
    };
    let roles = line(7).replace("\"r\"", "\"s\"");
    let taken = line(8).replace("u8@", "fresh@");
    let file = format!(
        "{}{}{roles}{}{taken}{}",
        lines(1..=1500),
        line(3),
        other(9, "new"),
        line(2000).replace("u2000@", "fresh@")
    );
    shell.write("a.ndjson", &file);
    let writer = rusqlite::Connection::open(shell.0.path().join("a.db")).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let dry = shell.good(&["import", "a.ndjson", "--dry-run", "--on-conflict", "skip", "--json"], "");
    writer.execute_batch("COMMIT").unwrap();
    drop(writer);
    let real = shell.good(&["import", "a.ndjson", "--on-conflict", "skip", "--json"], "");
    assert_eq!(dry.replace("_repeated", "_taken"), real);
    let last: Value = serde_json::from_str(real.lines().last().unwrap()).unwrap();
    assert_eq!((&last["imported"], &last["present"], &last["skipped"]), (&json!(1501), &json!(1), &json!(3)));
    // A repeated import finds everything there, or refuses it as before.
    let again = shell.good(&["import", "a.ndjson", "--on-conflict", "skip", "--json"], "");
    assert_eq!(again.lines().count(), real.lines().count() + 1, "the new address of one is taken by now");
    let last: Value = serde_json::from_str(again.lines().last().unwrap()).unwrap();
    assert_eq!((&last["imported"], &last["present"], &last["skipped"]), (&json!(0), &json!(1502), &json!(3)));
}

/// A call compares twenty passwords: the file is cut accordingly.
#[test]
fn many_passwords_are_compared() {
    let shell = Shell::with_store();
    let account = |number: usize| {
        json!({"username": format!("user{number}"), "check": {"password": "password"},
            "password_hash": "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm"})
    };
    let lines: String = (0..41).map(|number| format!("{}\n", account(number))).collect();
    shell.write("checked.ndjson", lines);
    assert_eq!(shell.json(&["import", "checked.ndjson"], "")["imported"], 41);
}

#[test]
fn an_import_is_repeated_quietly() {
    let shell = Shell::with_store();
    shell.write("b.ndjson", lines(1..=2000));
    shell.good(&["import", "b.ndjson"], "");
    shell.write("b.ndjson", lines(1..=2200));
    let out = shell.good(&["import", "b.ndjson", "--on-conflict", "skip", "--json"], "");
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(out.lines().count(), 1, "{out}");
    assert_eq!(
        (&last["imported"], &last["present"], &last["skipped"], &last["complete"]),
        (&json!(200), &json!(2000), &json!(0), &json!(true))
    );
}

#[test]
fn files_in_other_forms_are_refused_by_name() {
    let shell = Shell::with_store();
    for (content, form) in [
        (&b"username,email\nada,ada@example.com\n"[..], "CSV"),
        (b"\xef\xbb\xbfusername;email\nada;ada@example.com\n", "CSV"),
        (b"PK\x03\x04\x14\x00", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (b"[{\"username\":\"ada\"}]", "a JSON array"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\x28\xb5\x2f\xfd\x24", "compressed"),
        (b"SQLite format 3\x00\x10\x00", "not text"),
    ] {
        shell.write("file", content);
        let (status, text) = shell.bad(&["import", "file"], "");
        assert_eq!(
            (status, text.contains(form), text.contains("one JSON object a line")),
            (4, true, true),
            "{text}"
        );
    }
    shell.write("file", b"{\"username\":\"\xff\"}\n");
    assert!(shell.bad(&["import", "file"], "").1.contains("line 1, column 14: not UTF-8"));
    shell.write("file", format!("{{\"username\":\"{}\"}}", "x".repeat(1 << 20)));
    assert!(shell.bad(&["import", "file"], "").1.contains("column 1048576: longer than"));
    assert_eq!(shell.bad(&["import", "none"], "").0, 9);
    assert_eq!(shell.bad(&["import", "."], "").0, 9);
    shell.write("file", "");
    assert!(shell.good(&["import", "file"], "").contains("Imported: 0"));
    assert!(shell.good(&["user", "list", "--json"], "").is_empty());
}

/// Ctrl-C ends an import between two batches, even while its input stalls: the import reports how far it got,
/// and ends by the signal, so that the script that started it ends, too.
#[test]
fn an_import_that_is_interrupted_says_how_far_it_got() {
    let shell = Shell::new();
    shell.good(&["init"], "");
    for (number, options, first) in [(libc::SIGINT, &[][..], 1), (libc::SIGTERM, &["--json"], 2001)] {
        let mut child = shell.start(&[&["import", "-"], options].concat());
        let mut input = child.stdin.take().unwrap();
        input.write_all(lines(first..=first + 1499).as_bytes()).unwrap();
        let name = format!("user{}", first + 999);
        while shell.on(&["user", "show", &name], "").0 != 0 {}
        signal(&child, number);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.signal(), Some(number), "{text}");
        let said: &[&str] = match options {
            [] => &[
                "Imported: 1000, skipped: 0, of the lines up to 1000.",
                "import the whole file again",
                ": interrupted",
            ],
            _ => &[r#""complete":false"#, r#""imported":1000"#, r#"{"error":{"code":"interrupted","#],
        };
        assert!(said.iter().all(|part| text.contains(part)), "{text}");
    }
}
