//! Tests of `breached build`, with the lists that it reads and the engine that asks its file.

use serde_json::json;

use crate::shell::Shell;

/// `eight wise words` and `a password that leaked`, as the public lists have them.
const LIST: &str =
    "552580E67696361FE0C7A0761A13F33FEB762625:9\r\nBC5E5095332DD43F79360BBE80D6094711B94888:3\r\n";

#[test]
fn a_file_is_made_of_a_list_and_used() {
    let shell = Shell::new();
    shell.write("list.txt", LIST);
    let out = shell.good(&["breached", "build", "--own-list", "list.txt", "breached.filter"], "");
    assert!(out.starts_with("2 passwords are in breached.filter, which has "), "{out}");
    assert!(
        out.ends_with("\nThe last digest of the list is BC5E5095332DD43F79360BBE80D6094711B94888.\n"),
        "{out}"
    );
    assert!(!shell.0.path().join("a.db").exists(), "it needs no store");
    let small = shell.json(
        &["breached", "build", "--own-list", "--bits", "8", "--min-count", "4", "-", "small.filter"],
        LIST,
    );
    assert_eq!(small["passwords"], json!(1));
    assert_eq!(small["last"], json!("BC5E5095332DD43F79360BBE80D6094711B94888"));
    assert!(small["bytes"].as_u64().unwrap() > 0);

    shell.write("a.json", r#"{"store": "sqlite:a.db", "password": {"breached": "breached.filter"}}"#);
    shell.good(&["init"], "");
    let add = ["user", "add", "ada", "--email", "ada@example.com"];
    for leaked in ["eight wise words\n", "a password that leaked\n"] {
        let (status, text) = shell.bad(&add, leaked);
        assert_eq!((status, text.contains("breached")), (4, true), "{text}");
    }
    shell.good(&add, "nine wiser words yet\n");
    // Another file takes the place of the first.
    shell.good(&["breached", "build", "--own-list", "--min-count", "4", "list.txt", "breached.filter"], "");
    shell.good(&["user", "add", "bob", "--email", "bob@example.com"], "a password that leaked\n");
    // A file that is none is named.
    shell.write("breached.filter", LIST);
    let (status, text) = shell.bad(&["user", "list"], "");
    assert_eq!((status, text.contains("/password/breached")), (9, true), "{text}");
}

#[test]
fn a_list_that_is_none_makes_no_file() {
    let shell = Shell::new();
    shell.write("list.txt", format!("{LIST}{LIST}"));
    let (status, text) = shell.bad(&["breached", "build", "list.txt", "b.filter"], "");
    assert_eq!(
        (status, text.contains("LIST list.txt, line 3: not in the order of the digests")),
        (4, true),
        "{text}"
    );
    let (status, text) = shell.bad(&["breached", "build", "-", "b.filter"], "a password\n");
    assert_eq!((status, text.contains("LIST -, line 1: expected")), (4, true), "{text}");
    assert!(!text.contains("a password\n"), "{text}");
    let (status, text) = shell.bad(&["breached", "build", "nothing.txt", "b.filter"], "");
    assert_eq!((status, text.contains("LIST nothing.txt: ")), (9, true), "{text}");
    let (status, text) = shell.bad(&["breached", "build", "-", "nowhere/b.filter"], LIST);
    assert_eq!((status, text.contains("FILE nowhere/b.filter: ")), (9, true), "{text}");
    assert_eq!(shell.bad(&["breached", "build", "--bits", "12", "-", "b.filter"], LIST).0, 64);
    let files = std::fs::read_dir(shell.0.path()).unwrap().count();
    assert_eq!(files, 2, "the configuration and the list");
}

/// As when a download ends early: the earlier file stays.
#[test]
fn a_list_that_is_cut_off_replaces_no_file() {
    let shell = Shell::new();
    shell.write("b.filter", "the file of another day");
    let build = |input: &str| shell.bad(&["breached", "build", "-", "b.filter"], input);
    let (status, text) = build("");
    assert_eq!((status, text.contains("LIST - has no password to keep")), (4, true), "{text}");
    let (status, text) = build(LIST);
    let is_told = text.contains("its last digest is BC5E5095") && text.contains("--own-list");
    assert_eq!((status, is_told), (4, true), "{text}");
    shell.write("b.filter.part", "of a build that was killed");
    let (status, text) = build(LIST);
    assert_eq!((status, text.contains("b.filter.part is there")), (9, true), "{text}");
    let kept = std::fs::read_to_string(shell.0.path().join("b.filter")).unwrap();
    assert_eq!(kept, "the file of another day");
}
