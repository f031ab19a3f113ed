//! Tests of organizations: of owners who go at the same moment, one stays; no session outlives its membership; of many
//! who accept an invitation at once, one does.

use doorward::Code;
use serde_json::{Value, json};

use crate::stage::{PASSWORD, Store, call, count, is_active, login, on_each_store, register, together};

on_each_store!(one_of_all_owners_stays);
fn one_of_all_owners_stays(store: &Store) {
    let engines = [store.open(), store.open()];
    let user = |name: &str| register(&engines[0], name).unwrap()["user"]["id"].clone();
    for round in 0..5 {
        let owners: Vec<Value> = (0..6).map(|number| user(&format!("owner{round}x{number}"))).collect();
        let request = json!({"name": "Analysts", "owner_id": owners[0]});
        let id = call(&engines[0], "create_organization", request).unwrap()["organization"]["id"].clone();
        for owner in &owners[1..] {
            let request = json!({"organization_id": id, "user_id": owner, "roles": ["owner"]});
            call(&engines[0], "add_member", request).unwrap();
        }
        let results = together(owners.len(), |number| {
            let (engine, owner) = (&engines[number % 2], &owners[number]);
            match number % 3 {
                0 => call(engine, "remove_member", json!({"organization_id": id, "user_id": owner})),
                1 => {
                    let request = json!({"organization_id": id, "user_id": owner, "roles": ["reader"]});
                    call(engine, "update_member", request)
                }
                _ => call(engine, "delete_user", json!({"id": owner})),
            }
        });
        assert_eq!(count(&results, Code::PermissionDenied), 1, "{results:?}");
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), owners.len() - 1, "{results:?}");
        let members = call(&engines[1], "list_members", json!({"organization_id": id})).unwrap();
        let is_owner = |member: &&Value| member["roles"].as_array().unwrap().contains(&json!("owner"));
        assert_eq!(members["members"].as_array().unwrap().iter().filter(is_owner).count(), 1, "{members}");
    }
    drop(engines);
    assert_eq!(store.count("organization_members WHERE is_owner = 1"), 5);
}

on_each_store!(no_session_outlives_its_membership);
/// A member is removed while logins in the organization are under way: each is refused, or its session ends.
fn no_session_outlives_its_membership(store: &Store) {
    let engine = store.open();
    let user = |name: &str| register(&engine, name).unwrap()["user"]["id"].clone();
    let (ada, bob) = (user("ada"), user("bob"));
    let request = json!({"name": "Analysts", "owner_id": ada});
    let id = call(&engine, "create_organization", request).unwrap()["organization"]["id"].clone();
    let member = json!({"organization_id": id, "user_id": bob});
    let login = json!({"username": "bob", "password": PASSWORD, "organization_id": id});
    for _ in 0..8 {
        call(&engine, "add_member", member.clone()).unwrap();
        let answers = together(6, |number| match number {
            0 => call(&engine, "remove_member", member.clone()),
            _ => call(&engine, "login", login.clone()),
        });
        for answer in &answers[1..] {
            match answer {
                Ok(session) => assert!(!is_active(&engine, session["access_token"].as_str().unwrap())),
                Err(code) => assert_eq!(*code, Code::PermissionDenied),
            }
        }
    }
    let alive = call(&engine, "list_sessions", json!({"user_id": bob})).unwrap();
    assert_eq!(alive["sessions"], json!([]));
}

on_each_store!(more_sessions_than_one_transaction_ends);
/// An organization with many sessions is deleted, and each of them is ended and recorded.
fn more_sessions_than_one_transaction_ends(store: &Store) {
    const SESSIONS: usize = 510;
    let engine = store.open();
    let ada = register(&engine, "ada").unwrap()["user"]["id"].clone();
    let request = json!({"name": "Analysts", "owner_id": ada});
    let id = call(&engine, "create_organization", request).unwrap()["organization"]["id"].clone();
    let login = json!({"username": "ada", "password": PASSWORD, "organization_id": id});
    for _ in 0..SESSIONS {
        call(&engine, "login", login.clone()).unwrap();
    }
    call(&engine, "invite_member", json!({"organization_id": id, "email": "grace@example.com"})).unwrap();
    call(&engine, "delete_organization", json!({"organization_id": id})).unwrap();
    let ended = call(&engine, "events", json!({"user_id": ada, "kind": "sessions_revoked"})).unwrap();
    let numbers = ended["events"].as_array().unwrap().iter().map(|event| event["detail"].as_str().unwrap());
    assert_eq!(numbers.map(|number| number.parse::<usize>().unwrap()).sum::<usize>(), SESSIONS);
    assert_eq!(call(&engine, "list_sessions", json!({"user_id": ada})).unwrap()["sessions"], json!([]));
    drop(engine);
    assert_eq!(store.count("sessions WHERE revoked_at IS NULL"), 0);
    assert_eq!(store.count("organization_invitations"), 0);
    assert_eq!(store.count("one_time_secrets WHERE purpose = 'membership'"), 0);
}

on_each_store!(one_of_many_accepts);
fn one_of_many_accepts(store: &Store) {
    let engine = store.open();
    let ada = register(&engine, "ada").unwrap()["user"]["id"].clone();
    let request = json!({"name": "Analysts", "owner_id": ada});
    let id = call(&engine, "create_organization", request).unwrap()["organization"]["id"].clone();
    let invite = json!({"organization_id": id, "email": "grace@example.com"});
    call(&engine, "invite_member", invite).unwrap();
    let mails = call(&engine, "take_mail", json!({})).unwrap();
    let accept = json!({"token": mails["mails"][0]["token"], "username": "grace", "password": PASSWORD});
    let answers = together(200, |_| call(&engine, "accept_invitation", accept.clone()));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    drop(engine);
    assert_eq!((store.count("organization_members"), store.count("organization_invitations")), (2, 0));
}

on_each_store!(an_invitation_is_accepted_once_or_withdrawn);
fn an_invitation_is_accepted_once_or_withdrawn(store: &Store) {
    let engines = [store.open(), store.open()];
    register(&engines[0], "ada").unwrap();
    for round in 0..8 {
        let name = format!("grace{round}");
        let user = register(&engines[0], &name).unwrap()["user"]["id"].clone();
        call(&engines[0], "update_user", json!({"id": user, "email_verified": true})).unwrap();
        let owner = register(&engines[0], &format!("owner{round}")).unwrap()["user"]["id"].clone();
        let request = json!({"name": "Analysts", "owner_id": owner});
        let id = call(&engines[0], "create_organization", request).unwrap()["organization"]["id"].clone();
        let request = json!({"organization_id": id, "email": format!("{name}@example.com")});
        let invitation = call(&engines[0], "invite_member", request).unwrap()["invitation"]["id"].clone();
        let mails = call(&engines[0], "take_mail", json!({"limit": 100, "lease_seconds": 3600})).unwrap();
        let mails = mails["mails"].as_array().unwrap();
        let token = mails.iter().find(|mail| mail["kind"] == "member_invitation").unwrap()["token"].clone();
        let access = login(&engines[0], &name).unwrap();
        let results = together(5, |number| {
            let engine = &engines[number % 2];
            match (number, round % 4) {
                (0, 1) => {
                    let request = json!({"organization_id": id, "invitation_id": invitation});
                    call(engine, "revoke_invitation", request)
                }
                (0, 2) => call(engine, "remove_member", json!({"organization_id": id, "user_id": user})),
                (0, 3) => call(engine, "delete_organization", json!({"organization_id": id})),
                _ => call(engine, "accept_invitation", json!({"token": token, "access_token": access})),
            }
        });
        let others = if round % 4 == 0 { &results[..] } else { &results[1..] };
        let accepted = others.iter().filter(|result| result.is_ok()).count();
        assert_eq!(accepted + count(others, Code::InvalidMailToken), others.len(), "{results:?}");
        let is_exact = if round % 4 == 0 { accepted == 1 } else { accepted <= 1 };
        assert!(is_exact, "{results:?}");
        let request = json!({"token": token, "access_token": access});
        assert_eq!(call(&engines[1], "accept_invitation", request).unwrap_err(), Code::InvalidMailToken);
        let own = call(&engines[1], "list_organizations", json!({"user_id": user})).unwrap();
        let is_member = !own["organizations"].as_array().unwrap().is_empty();
        let ends = round % 4 > 1 && results[0].as_ref().is_ok_and(|end| end["removed"] != false);
        assert_eq!(is_member, accepted == 1 && !(ends || round % 4 == 3), "round {round}: {results:?}");
    }
    drop(engines);
    assert_eq!(store.count("organization_invitations"), 0);
    assert_eq!(store.count("one_time_secrets WHERE purpose = 'membership'"), 0);
}
