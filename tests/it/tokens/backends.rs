//! A token of one backend passes in no other: every operation that takes a token of a user is tried.

use doorward::{Code, describe};
use serde_json::{Value, json};

use super::{call, engine, register};
use crate::stores::{Store, on_each_store};

/// The members that take another kind of token, or a token of any backend.
const OTHERS: [(&str, &str); 15] = [
    ("accept_invitation", "id_token"),
    ("accept_invitation", "token"),
    ("check_mail_token", "token"),
    // The answer names the backend, and `audience` restricts it.
    ("introspect", "token"),
    ("introspect_remote", "token"),
    ("login", "trusted_device_token"),
    ("login_with_id_token", "id_token"),
    ("login_with_mail_token", "token"),
    // The bearer of a token may always end its session.
    ("logout", "token"),
    ("logout", "refresh_token"),
    ("refresh", "refresh_token"),
    ("reset_password", "token"),
    ("revoke_token", "token"),
    ("verify_email", "id_token"),
    ("verify_email", "token"),
];

on_each_store!(no_operation_takes_a_token_of_another_backend);
fn no_operation_takes_a_token_of_another_backend(store: &Store) {
    let hub = json!({"preset": "github", "client_id": "app", "client_secret": "secret", "exchange": "host"});
    let config = json!({
        "backends": {"admin": {}},
        "id_token_providers": {"hub": hub},
        "impersonation": {"roles": ["support"]},
        "mail": {"links": {"verify_email": "https://app.example/verify#{token}"}},
        "passkeys": {"rp_id": "example.com", "rp_name": "Example", "origins": ["https://example.com"]},
    });
    let engine = engine(store, config, 1_800_000_000);
    let ada = register(&engine, "ada");
    call(&engine, "take_mail", json!({}));
    call(&engine, "update_user", json!({"id": ada, "roles": ["support"], "email_verified": true}));
    let bob = register(&engine, "bob");
    let mailed = call(&engine, "take_mail", json!({}))["mails"][0]["token"].clone();
    let token = |backend: &str| {
        let request = json!({"username": "ada", "password": "eight wise words", "backend": backend});
        call(&engine, "login", request)["access_token"].clone()
    };
    let (own, foreign) = (token("default"), token("admin"));
    let url = "https://app.example/callback";
    let begun = call(&engine, "begin_provider_login", json!({"redirect_uri": url, "user_token": own}));
    let query = format!("code=1&state={}", begun["state"].as_str().unwrap());
    let with = |operation: &str| match operation {
        "authenticate_request" => json!({"method": "GET", "path": "/"}),
        "begin_provider_login" => json!({"redirect_uri": url}),
        "change_password" => json!({"old_password": "eight wise words", "new_password": "nine wiser words"}),
        "finish_provider_login" => {
            json!({"transaction": begun["transaction"], "query": query, "redirect_uri": url})
        }
        "impersonate" => json!({"user_id": bob, "reason": "ticket 12"}),
        "reauthenticate" => json!({"password": "eight wise words"}),
        "request_email_change" => json!({"new_email": "new@example.com"}),
        "update_session" => json!({"label": "laptop"}),
        "accept_invitation" | "verify_email" => json!({"token": mailed}),
        _ => json!({}),
    };
    let mut tried = 0;
    for (operation, member) in members() {
        let mut request = with(&operation);
        let text = foreign.as_str().unwrap();
        request[&member] =
            json!(if member == "authorization" { format!("Bearer {text}") } else { text.into() });
        let reason = match engine.call(&operation, &request.to_string()) {
            Ok(answer) => serde_json::from_str::<Value>(&answer).unwrap()["reason"].clone(),
            Err(error) => {
                assert_eq!(error.code, Code::InvalidToken, "{operation}, {member}: {error:?}");
                json!(error.detail)
            }
        };
        assert_eq!(reason, "other_backend", "{operation}, {member}");
        tried += 1;
    }
    assert!(tried >= 16, "{tried}");
}

/// Returns the members of requests that take an access token of a user, with their operations.
fn members() -> Vec<(String, String)> {
    let description = describe();
    let mut found = Vec::new();
    for operation in description["operations"].as_array().unwrap() {
        let name = operation["name"].as_str().unwrap();
        let request = &operation["request"];
        let path = request["$ref"].as_str().map(|path| path.trim_start_matches('#'));
        let request = path.map_or(request, |path| description.pointer(path).unwrap());
        for member in request["properties"].as_object().into_iter().flatten().map(|(member, _)| member) {
            let is_token = member == "authorization" || member == "token" || member.ends_with("_token");
            if is_token && !OTHERS.contains(&(name, member)) {
                found.push((name.to_owned(), member.clone()));
            }
        }
    }
    found
}
