//! Tests of organizations: of owners who go at the same moment, one stays.

use doorward::Code;
use serde_json::{Value, json};

use crate::stage::{Store, call, count, on_each_store, register, together};

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
