//! Runs tests/conformance/*.json by `Engine::call`, on each store; the README beside them describes the
//! format. bindings/c/tests/conformance.rs runs them through the C ABI.

use std::collections::BTreeSet;

use scenarios::{DESCRIPTION, InProcess, array, scenarios, text};
use stores::{Store, on_each_store};

mod scenarios;
mod stores;
mod totp;

on_each_store!(every_scenario);
fn every_scenario(store: &Store) {
    scenarios::each(|scenario| scenarios::run(scenario, &InProcess, &store.another()).map(drop));
}

/// Every operation has a scenario in which it succeeds, and one for each code in its row of the table.
#[test]
fn every_code_of_every_operation_is_tried() {
    let tried: BTreeSet<(String, String)> = scenarios()
        .iter()
        .flat_map(|(_, scenario)| array(&scenario["steps"]))
        .map(|step| (text(&step["call"]).to_owned(), step["code"].as_str().unwrap_or("ok").to_owned()))
        .collect();
    // These come from the machine, not from a request: tests/faults causes them.
    const FAULTS: [&str; 3] = ["store_unavailable", "store_constraint", "hash_queue_full"];
    // These come from another service (tests/it/remote.rs), from a build without a feature, or from one kind
    // of store. An authenticator, which signs random challenges, makes passkeys: tests/it/passkeys has some.
    const ELSEWHERE: [(&str, &str); 13] = [
        // A file that was changed while it was open: tests/faults/passwords.rs.
        ("check_password", "invalid_config"),
        ("complete_login", "already_configured"),
        ("finish_passkey_registration", "ok"),
        ("finish_passkey_registration", "already_configured"),
        ("finish_passkey_login", "ok"),
        ("finish_passkey_login", "permission_denied"),
        ("remove_passkey", "permission_denied"),
        ("update_passkey", "ok"),
        ("introspect_remote", "ok"),
        ("introspect_remote", "feature_not_built"),
        ("begin_provider_login", "feature_not_built"),
        ("backup", "feature_not_built"),
        ("deliver_mail", "feature_not_built"),
    ];
    for operation in array(&DESCRIPTION["operations"]) {
        let always = ["ok", "invalid_json", "invalid_request"].into_iter();
        for code in always.chain(array(&operation["failures"]).iter().map(|failure| text(&failure["code"]))) {
            let pair = (text(&operation["name"]).to_owned(), code.to_owned());
            let is_elsewhere = FAULTS.contains(&code) || ELSEWHERE.contains(&(&pair.0, code));
            assert!(is_elsewhere || tried.contains(&pair), "no step for {pair:?}");
        }
    }
}
