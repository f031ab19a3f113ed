//! Tests that deleted or revoked data leave nothing behind.

use std::fs;

use doorward::Code;
use serde_json::{Value, json};

use crate::stage::{PASSWORD, Store, call, login, on_each_store, open, register};

/// After a checkpoint, neither the file nor its log contains data of a deleted account.
#[test]
fn deleted_rows_are_overwritten() {
    let store = Store::sqlite();
    let marker = "Zyxomma-petiolatum";
    let engine = store.open();
    // Rows around it keep its page in use.
    (0..20).for_each(|index| drop(register(&engine, &format!("user{index}")).unwrap()));
    let request = json!({"username": marker, "email": format!("{marker}@example.com"), "password": PASSWORD,
        "attributes": {"text": marker.repeat(300)}});
    let id = call(&engine, "register", request).unwrap()["user"]["id"].clone();
    let bytes = |ending: &str| fs::read(store.path().join(format!("store.db{ending}"))).unwrap_or_default();
    let holds = |ending: &str| {
        bytes(ending).windows(marker.len()).any(|part| part.eq_ignore_ascii_case(marker.as_bytes()))
    };
    drop(engine);
    assert!(holds(""));
    let engine = store.open();
    call(&engine, "delete_user", json!({"id": id})).unwrap();
    drop(engine);
    assert!(!holds("") && !holds("-wal"));
    login(&store.open(), "user7").unwrap();
}

/// Everything that was pending for an account ends with its sessions: waiting mails with tokens, and the
/// tokens. So it does if one session is excepted.
fn mails_and_secrets_end_with_the_sessions(store: &Store) {
    let links = json!({"verify_email": "https://app.example/{token}"});
    let open = || open(store.url(), json!({"mail": {"links": links, "delivery": "manual"}})).unwrap();
    for (name, stays) in [("ada", false), ("grace", true)] {
        let engine = open();
        let id = register(&engine, name).unwrap()["user"]["id"].clone();
        let request = json!({"username": name, "password": PASSWORD});
        let session = call(&engine, "login", request).unwrap()["session_id"].clone();
        let mails = call(&engine, "take_mail", json!({"lease_seconds": 1})).unwrap()["mails"].take();
        let sent = mails[0]["token"].clone();
        call(&engine, "check_mail_token", json!({"token": sent})).unwrap();
        let except = if stays { session } else { Value::Null };
        let request = json!({"user_id": id, "except_session_id": except});
        call(&engine, "revoke_user_sessions", request).unwrap();
        let dead = call(&engine, "check_mail_token", json!({"token": sent}));
        assert_eq!(dead.unwrap_err(), Code::InvalidMailToken);
        let living = call(&engine, "list_sessions", json!({"user_id": id})).unwrap()["sessions"].take();
        assert_eq!(living.as_array().unwrap().len(), usize::from(stays));
        drop(engine);
        assert_eq!((store.count("mails"), store.count("one_time_secrets")), (0, 0), "{name}");
    }
}
on_each_store!(mails_and_secrets_end_with_the_sessions);
