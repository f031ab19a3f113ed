//! Claims, subjects and sessions.

use super::*;

on_each_store!(claims);
fn claims(store: &Store) {
    let forge = Forge::new(store);
    let now = forge.now;
    for name in ["iss", "sub", "aud", "exp"] {
        forge.refused(&format!("no {name}"), &forge.with_claims(json!({ name: null })));
    }
    // Every claim that has a type, with every value of another type.
    let values = [
        "null",
        "true",
        "false",
        "1",
        "1.5",
        "1e3",
        "1e400",
        "-0.0",
        "9223372036854775808",
        "\"\"",
        "\"1\"",
        "\"x\"",
        "[]",
        "[1]",
        "[[\"x\"]]",
        "{}",
        "{\"doorward\":1}",
    ];
    for name in
        ["iss", "sub", "aud", "exp", "nbf", "iat", "sid", "jti", "scope", "client_id", "auth_time", "amr"]
    {
        for value in values {
            let is_good = match (name, value.as_bytes()) {
                ("exp", _) => false,
                // Issued before the account's sessions last ended.
                ("iat", b"-0.0") => continue,
                // A NumericDate may have a fraction (RFC 7519 section 2).
                ("nbf" | "iat" | "auth_time", b"1" | b"1.5" | b"1e3") | ("nbf" | "auth_time", b"-0.0") => {
                    true
                }
                ("jti" | "scope" | "client_id", [b'"', ..]) => true,
                ("amr", b"[]" | [b'"', ..]) => true,
                // A text is a valid claim, but names no user and no session.
                ("sub" | "sid", b"\"1\"" | b"\"x\"") | ("sid", b"\"\"") => continue,
                _ => false,
            };
            let bare = forge.patched(&forge.claims(), json!({ name: null }));
            let claims = bare.replacen('{', &format!("{{\"{name}\":{value},"), 1);
            let token = forge.sign(&forge.header(), &claims);
            let case = format!("{name}: {value}");
            if is_good { forge.accepted(&case, &token) } else { forge.refused(&case, &token) }
        }
    }
    for (name, patch) in [
        ("expired", json!({"exp": now - 30})),
        ("expired long ago", json!({"exp": 0})),
        ("expired before time", json!({"exp": i64::MIN})),
        ("expires in milliseconds as text", json!({"exp": (now + 900).to_string()})),
        ("expired by a fraction", json!({"exp": now as f64 - 30.5})),
        ("expires beyond what a float counts", json!({"exp": 1e300})),
        ("not yet", json!({"nbf": now + 31})),
        ("never", json!({"nbf": i64::MAX})),
        ("of the future", json!({"iat": now + 31})),
        ("of the end of time", json!({"iat": i64::MAX})),
        ("another issuer", json!({"iss": "https://doorward.example"})),
        ("an issuer in capitals", json!({"iss": "Doorward"})),
        ("an issuer with a space", json!({"iss": "doorward "})),
        ("a list of issuers", json!({"iss": ["doorward"]})),
        ("another audience", json!({"aud": "other"})),
        ("an audience in capitals", json!({"aud": "DOORWARD"})),
        ("part of the audience", json!({"aud": "door"})),
        ("a list in a text", json!({"aud": "doorward other"})),
        ("other audiences", json!({"aud": ["other", "doorward2"]})),
        ("an audience and a number", json!({"aud": ["doorward", 1]})),
        ("an audience and null", json!({"aud": ["doorward", null]})),
        ("a list in a list", json!({"aud": [["doorward"]]})),
        ("an object", json!({"aud": {"doorward": "doorward"}})),
        ("an empty subject", json!({"sub": ""})),
        ("a NUL", json!({"x": "\0"})),
        ("too long", json!({"x": "x".repeat(13_000)})),
    ] {
        forge.refused(name, &forge.with_claims(patch));
    }
    let claims = forge.claims();
    let with = |member: &str| claims.replacen('{', &format!("{{{member},"), 1);
    for (name, claims) in [
        ("exp twice", with(&format!("\"exp\":{}", now + 900))),
        ("exp twice, once escaped", with(&format!("\"\\u0065xp\":{}", now + 900))),
        ("sub twice", with(&format!("\"sub\":\"{}\"", forge.user))),
        ("aud twice", with("\"aud\":\"doorward\"")),
        ("iss twice", with("\"iss\":\"doorward\"")),
        ("iat twice", with("\"iat\":1")),
        ("nbf twice", with("\"nbf\":1,\"nbf\":1")),
        ("sid twice", with("\"sid\":\"x\",\"sid\":\"x\"")),
        ("jti twice", with("\"jti\":\"x\",\"jti\":\"x\"")),
        ("amr twice", with("\"amr\":[],\"amr\":[]")),
        ("another name twice", with("\"x\":1,\"x\":2")),
        ("a name twice inside", with("\"x\":{\"y\":1,\"y\":1}")),
        ("a name twice deep inside", with("\"x\":[[{\"y\":{\"z\":1,\"z\":1}}]]")),
        ("a lone surrogate", with(r#""x":"\ud800""#)),
        ("a lone surrogate in a name", with(r#""\udc00":1"#)),
        ("a lone surrogate in sub", claims.replace("\"sub\":\"", "\"sub\":\"\\ud800")),
        ("a number beyond all numbers", with("\"x\":1e999")),
        ("deep", with(&format!("\"x\":{}{}", "[".repeat(32), "]".repeat(32)))),
        ("deep objects", with(&format!("\"x\":{}1{}", "{\"a\":".repeat(100), "}".repeat(100)))),
        ("very deep", with(&format!("\"x\":{}{}", "[".repeat(5000), "]".repeat(5000)))),
        ("deep without an end", with(&format!("\"x\":{}", "[".repeat(9000)))),
        ("a list", format!("[{claims}]")),
        ("a text", json!(claims).to_string()),
        ("two", claims.repeat(2)),
        ("null", "null".to_owned()),
        ("empty", "{}".to_owned()),
        ("nothing", String::new()),
        ("a byte order mark", format!("\u{feff}{claims}")),
        ("a comma", claims.replace('}', ",}")),
        ("a comment", claims.replace('}', "/**/}")),
        ("no end", claims.replace('}', "")),
        ("a token", forge.sign(&forge.header(), &claims)),
    ] {
        forge.refused(name, &forge.sign(&forge.header(), &claims));
    }
    let claims = [b"{\"x\":\"\xff\",", &claims.as_bytes()[1..]].concat();
    forge
        .refused("not UTF-8", &forge.signed(&format!("{}.{}", url(forge.header().as_bytes()), url(&claims))));
}

on_each_store!(foreign_subjects_and_sessions);
/// A valid token with an unknown subject or session: `verify` does not read the store, the other operations
/// do.
fn foreign_subjects_and_sessions(store: &Store) {
    let forge = Forge::new(store);
    let session = |name: &str| {
        let request = json!({"username": name, "password": "eight wise words"}).to_string();
        let reply: Value = serde_json::from_str(&forge.engine.call("login", &request).unwrap()).unwrap();
        reply["session_id"].as_str().unwrap().to_owned()
    };
    register(&forge.engine, "bob");
    let own = session("ada");
    let other = session("bob");
    forge.accepted("a session of one's own", &forge.with_claims(json!({"sid": own})));
    for (name, sid) in [
        ("another's", other),
        ("unknown", "00000000-0000-7000-8000-000000000000".into()),
        ("in capitals", own.to_uppercase()),
        ("no id", "x".into()),
        ("empty", "".into()),
        ("in braces", format!("{{{own}}}")),
    ] {
        let token = forge.with_claims(json!({"sid": sid}));
        assert!(forge.verify(&token), "{name}");
        forge.is_nobody(name, &token, Code::InvalidToken);
    }
    for sub in [
        "00000000-0000-7000-8000-000000000000",
        "ada",
        "x",
        "0",
        &forge.user.to_uppercase(),
        &format!("{} ", forge.user),
    ] {
        for sid in [json!(null), json!(own)] {
            let token = forge.with_claims(json!({"sub": sub, "sid": sid}));
            assert!(forge.verify(&token), "{sub}");
            let answer = forge.engine.call("authenticate", &json!({"token": token}).to_string());
            let code = answer.expect_err(sub).code;
            assert!(matches!(code, Code::TokenUserNotFound | Code::InvalidToken), "{sub}");
            forge.is_inactive(sub, &token);
        }
    }
}

on_each_store!(no_session_gets_a_token_that_is_refused_for_its_length);
/// The refusal opens no session, ends no other, and leaves a refresh token as it is.
fn no_session_gets_a_token_that_is_refused_for_its_length(store: &Store) {
    let audience: Vec<String> = (0..40).map(|index| format!("{index:0100}")).collect();
    let settings = json!({"audience": audience, "max_sessions_per_user": 1, "refresh_grace_seconds": 0});
    let engine = engine(store, settings, 1_800_000_000);
    let id = register(&engine, "ada");
    let login = |claims: usize| {
        let claims = json!({"long": "x".repeat(claims)});
        let request = json!({"username": "ada", "password": "eight wise words", "claims": claims});
        engine.call("login", &request.to_string())
    };
    let opened: Value = serde_json::from_str(&login(4000).unwrap()).unwrap();
    let roles: Vec<String> = (0..64).map(|index| format!("{index:064}")).collect();
    call(&engine, "update_user", json!({"id": id, "roles": roles}));
    let refresh = json!({"refresh_token": opened["refresh_token"]});
    let again = json!({"token": opened["access_token"], "password": "eight wise words"});
    let refused = |error: doorward::Error| {
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidRequest, Some("/claims")));
    };
    // More often than wrong passwords would be accepted, and spent tokens.
    for _ in 0..12 {
        refused(login(4000).unwrap_err());
        refused(engine.call("refresh", &refresh.to_string()).unwrap_err());
        refused(engine.call("reauthenticate", &again.to_string()).unwrap_err());
    }
    // The session, its tokens and the log say nothing of what got no token.
    let proven = json!({"user_id": id, "kind": "reauthenticated"});
    assert_eq!(call(&engine, "events", proven.clone())["events"], json!([]));
    // Claims with which no token could be made are refused, and the old ones stay.
    let with =
        |claims: usize| json!({"token": opened["access_token"], "claims": {"long": "y".repeat(claims)}});
    refused(engine.call("update_session", &with(3900).to_string()).unwrap_err());
    let sessions = call(&engine, "list_sessions", json!({"user_id": id}))["sessions"].clone();
    let ids: Vec<&Value> = sessions.as_array().unwrap().iter().map(|session| &session["id"]).collect();
    assert_eq!(ids, [&opened["session_id"]]);
    call(&engine, "update_user", json!({"id": id, "roles": roles[..8]}));
    let refreshed = call(&engine, "refresh", refresh);
    let verified = call(&engine, "verify", json!({"token": refreshed["access_token"]}));
    assert_eq!(verified["long"], "x".repeat(4000));
    call(&engine, "reauthenticate", again);
    assert_eq!(call(&engine, "events", proven)["events"].as_array().unwrap().len(), 1);
    call(&engine, "update_session", with(1000));
    call(&engine, "update_user", json!({"id": id, "roles": roles}));
    let session: Value = serde_json::from_str(&login(1000).unwrap()).unwrap();
    call(&engine, "verify", json!({"token": session["access_token"]}));
}
