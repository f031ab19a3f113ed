//! Tests of hostile tokens. The test opens the engine's own signing key, by the documented format of sealed
//! keys alone, so that every forgery here is correctly signed, with one fault.

use std::net::TcpListener;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac::{self, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use doorward::{Clock, Code, Config, Engine, Hooks};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::stores::{self, Store, on_each_store};

const SECRET_KEY: &str = "a secret key that only this test has";

on_each_store!(a_forgery_without_a_flaw_is_accepted);
fn a_forgery_without_a_flaw_is_accepted(store: &Store) {
    let forge = Forge::new(store);
    forge.accepted("as the engine writes it", &forge.sign(&forge.header(), &forge.claims()));
    for (name, token) in [
        ("typ as a media type", forge.with_header(json!({"typ": "application/at+jwt"}))),
        ("typ in capitals", forge.with_header(json!({"typ": "AT+JWT"}))),
        ("typ as a media type in capitals", forge.with_header(json!({"typ": "Application/AT+JWT"}))),
        (
            "another order",
            forge
                .sign(&format!(r#"{{"typ":"at+jwt","kid":"{}","alg":"HS256"}}"#, forge.kid), &forge.claims()),
        ),
        ("white space", forge.sign(&format!(" {}\n", forge.header()), &format!("\t{} ", forge.claims()))),
        ("an escaped name", forge.sign(&forge.header().replace("alg", "\\u0061lg"), &forge.claims())),
        ("aud as a list", forge.with_claims(json!({"aud": ["doorward"]}))),
        ("aud as a list with others", forge.with_claims(json!({"aud": ["other", "", "doorward"]}))),
        ("no iat", forge.with_claims(json!({"iat": null}))),
        ("nbf now", forge.with_claims(json!({"nbf": forge.now}))),
        ("nbf within the leeway", forge.with_claims(json!({"nbf": forge.now + 30}))),
        ("nbf long ago", forge.with_claims(json!({"nbf": i64::MIN}))),
        ("iat within the leeway", forge.with_claims(json!({"iat": forge.now + 30}))),
        ("exp within the leeway", forge.with_claims(json!({"exp": forge.now - 29}))),
        ("exp at a fraction", forge.with_claims(json!({"exp": forge.now as f64 + 900.5}))),
        ("exp at a whole fraction", forge.with_claims(json!({"exp": (forge.now + 900) as f64}))),
        ("exp at the end of time", forge.with_claims(json!({"exp": i64::MAX}))),
        ("other claims", forge.with_claims(json!({"a": 1.5, "b": [true, {"c": "\u{e9}"}], "": "x"}))),
    ] {
        forge.accepted(name, &token);
    }
}

on_each_store!(algorithms);
fn algorithms(store: &Store) {
    let forge = Forge::new(store);
    let input =
        |alg: Value| forge.input(&forge.patched(&forge.header(), json!({"alg": alg})), &forge.claims());
    for alg in ["none", "None", "NONE", "nOnE", "none ", ""] {
        let input = input(json!(alg));
        forge.refused(alg, &format!("{input}."));
        forge.refused(alg, &input);
        forge.refused(alg, &forge.signed(&input));
    }
    for alg in [
        "hs256", "HS256 ", " HS256", "HS-256", "HS256\0", "RS256", "ES256", "PS256", "EdDSA", "dir", "A256KW",
    ] {
        forge.refused(alg, &forge.signed(&input(json!(alg))));
    }
    for (alg, kind) in [("HS384", HMAC_SHA384), ("HS512", HMAC_SHA512), ("HS256", HMAC_SHA512)] {
        let input = input(json!(alg));
        let tag = hmac::sign(&hmac::Key::new(kind, &forge.key), input.as_bytes());
        forge.refused(alg, &format!("{input}.{}", url(tag.as_ref())));
        forge.refused(alg, &format!("{input}.{}", url(&tag.as_ref()[..32])));
    }
    for alg in [json!(256), json!(["HS256"]), json!({"HS256": 1}), json!(true)] {
        forge.refused(&alg.to_string(), &forge.signed(&input(alg.clone())));
    }
    forge.refused("no alg", &forge.with_header(json!({"alg": null})));
    let null = forge.header().replace(r#""HS256""#, "null");
    forge.refused("alg null", &forge.sign(&null, &forge.claims()));
}

on_each_store!(signatures);
fn signatures(store: &Store) {
    let forge = Forge::new(store);
    let input = forge.input(&forge.header(), &forge.claims());
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, &forge.key), input.as_bytes());
    let tag = tag.as_ref();
    forge.accepted("the whole tag", &format!("{input}.{}", url(tag)));
    for (name, tag) in [
        ("none", vec![]),
        ("cut", tag[..31].to_vec()),
        ("half", tag[..16].to_vec()),
        ("longer", [tag, &[0]].concat()),
        ("twice", [tag, tag].concat()),
        ("zeros", vec![0; 32]),
    ] {
        forge.refused(name, &format!("{input}.{}", url(&tag)));
    }
    for (name, key) in [
        ("empty", &b""[..]),
        ("the kid", forge.kid.as_bytes()),
        ("the secret key", SECRET_KEY.as_bytes()),
        ("zeros", &[0; 32]),
    ] {
        let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, key), input.as_bytes());
        forge.refused(name, &format!("{input}.{}", url(tag.as_ref())));
    }
}

on_each_store!(headers);
fn headers(store: &Store) {
    let forge = Forge::new(store);
    let kid = &forge.kid;
    for other in [
        "",
        "x",
        "../../../../dev/null",
        "/etc/passwd",
        "' OR '1'='1",
        "1; DROP TABLE keys",
        "%00",
        "0",
        "http://localhost/key",
    ] {
        forge.refused(other, &forge.with_header(json!({"kid": other})));
    }
    for other in [
        format!("{kid}\0"),
        format!("{kid} "),
        kid.to_uppercase() + "_",
        format!("./{kid}"),
        kid.repeat(1000),
    ] {
        forge.refused(&other, &forge.with_header(json!({"kid": other})));
    }
    for (name, patch) in [
        ("no kid", json!({"kid": null})),
        ("kid a number", json!({"kid": 1})),
        ("kid a list", json!({"kid": [kid]})),
        ("kid an object", json!({"kid": {"kid": kid}})),
        ("no typ", json!({"typ": null})),
        ("typ JWT", json!({"typ": "JWT"})),
        ("typ rt+jwt", json!({"typ": "rt+jwt"})),
        ("typ empty", json!({"typ": ""})),
        ("typ twice a media type", json!({"typ": "application/application/at+jwt"})),
        ("typ with a parameter", json!({"typ": "at+jwt; charset=utf-8"})),
        ("typ with a space", json!({"typ": "at+jwt "})),
        ("typ with the kelvin sign", json!({"typ": "at+\u{212a}wt"})),
        ("typ a list", json!({"typ": ["at+jwt"]})),
        ("typ a number", json!({"typ": 1})),
        ("crit unknown", json!({"crit": ["x"], "x": 1})),
        ("crit empty", json!({"crit": []})),
        ("crit no list", json!({"crit": "exp"})),
        ("crit an object", json!({"crit": {}})),
        ("crit of what is known", json!({"crit": ["alg", "kid", "typ"]})),
        ("crit b64", json!({"crit": ["b64"], "b64": true})),
        ("b64 false", json!({"b64": false})),
        ("b64 true", json!({"b64": true})),
        ("a long header", json!({"x": "x".repeat(2000)})),
        ("a NUL", json!({"x": "\0"})),
    ] {
        forge.refused(name, &forge.with_header(patch));
    }
    let header = forge.header();
    for (name, header) in [
        ("kid null", header.replace(&format!("\"{kid}\""), "null")),
        ("typ null", header.replace(r#""at+jwt""#, "null")),
        ("crit null", header.replacen('{', r#"{"crit":null,"#, 1)),
        ("alg twice", header.replacen('{', r#"{"alg":"HS256","#, 1)),
        ("alg twice, once none", header.replacen('{', r#"{"alg":"none","#, 1)),
        ("alg twice, once escaped", header.replacen('{', r#"{"\u0061lg":"HS256","#, 1)),
        ("kid twice", header.replacen('{', &format!(r#"{{"kid":"{kid}","#), 1)),
        ("typ twice", header.replacen('{', r#"{"typ":"at+jwt","#, 1)),
        ("another name twice", header.replacen('{', r#"{"x":1,"x":1,"#, 1)),
        ("a name twice inside", header.replacen('{', r#"{"x":{"y":1,"y":1},"#, 1)),
        ("a lone surrogate", header.replacen('{', r#"{"x":"\ud800","#, 1)),
        ("deep", header.replacen('{', &format!(r#"{{"x":{}{},"#, "[".repeat(300), "]".repeat(300)), 1)),
        ("a list", format!("[{header}]")),
        ("a text", json!(header).to_string()),
        ("two", header.repeat(2)),
        ("null", "null".to_owned()),
        ("empty", "{}".to_owned()),
        ("nothing", String::new()),
        ("a byte order mark", format!("\u{feff}{header}")),
        ("a comma", header.replace('}', ",}")),
        ("no end", header.replace('}', "")),
        ("single quotes", header.replace('"', "'")),
    ] {
        forge.refused(name, &forge.sign(&header, &forge.claims()));
    }
    let header = [header.as_bytes(), b"\xff"].concat();
    forge
        .refused("not UTF-8", &forge.signed(&format!("{}.{}", url(&header), url(forge.claims().as_bytes()))));
}

on_each_store!(headers_of_a_compatibility_backend);
/// The HMAC is right each time, by the secret that the backend shares with another library.
fn headers_of_a_compatibility_backend(store: &Store) {
    const SHARED: &str = "a secret of more than thirty-two bytes";
    let engine = engine(
        store,
        json!({"backends": {"jwt": {"secret": SHARED}}}),
        jsonwebtoken::get_current_timestamp(),
    );
    let user = register(&engine, "ada");
    let issued = call(&engine, "issue_token", json!({"claims": {"sub": user}, "backend": "jwt"}));
    let claims = issued["token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let token = |header: &str| {
        let input = format!("{}.{claims}", url(header.as_bytes()));
        let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, SHARED.as_bytes()), input.as_bytes());
        format!("{input}.{}", url(tag.as_ref()))
    };
    let ask = |operation: &str, header: &str| {
        engine.call(operation, &json!({"token": token(header), "backend": "jwt"}).to_string())
    };
    for header in [
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"typ":"JWT","alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"jwt","kid":"of the other library"}"#,
    ] {
        assert!(ask("verify", header).is_ok() && ask("authenticate", header).is_ok(), "{header}");
    }
    for header in [
        r#"{"alg":"none","typ":"JWT"}"#,
        r#"{"alg":"HS512","typ":"JWT"}"#,
        r#"{"alg":"HS384","typ":"JWT"}"#,
        r#"{"alg":"hs256","typ":"JWT"}"#,
        r#"{"alg":"RS256","typ":"JWT"}"#,
        r#"{"alg":"","typ":"JWT"}"#,
        r#"{"alg":null,"typ":"JWT"}"#,
        r#"{"alg":["HS256"],"typ":"JWT"}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":""}"#,
        r#"{"alg":"HS256","typ":null}"#,
        r#"{"alg":"HS256","typ":1}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":"rt+jwt"}"#,
        r#"{"alg":"HS256","typ":"JWT","crit":[]}"#,
        r#"{"alg":"HS256","typ":"JWT","crit":["exp"]}"#,
        r#"{"alg":"HS256","typ":"JWT","crit":["b64"],"b64":false}"#,
        r#"{"alg":"HS256","typ":"JWT","b64":true}"#,
        r#"{"alg":"HS256","typ":"JWT","alg":"HS256"}"#,
        r#"{"alg":"none","typ":"JWT","alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"JWT","\u0061lg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
        r#"{"alg":"HS256","typ":"JWT","x":1,"x":1}"#,
        r#"[{"alg":"HS256","typ":"JWT"}]"#,
        r#"{"alg":"HS256","typ":"JWT"}{}"#,
        "{}",
        "null",
        "",
    ] {
        for operation in ["verify", "authenticate"] {
            assert_eq!(ask(operation, header).unwrap_err().code, Code::InvalidToken, "{operation}: {header}");
        }
        let asked = call(&engine, "introspect", json!({"token": token(header)}));
        assert_eq!(asked["active"], false, "{header}");
    }
}

on_each_store!(a_key_of_one_backend_with_a_session_of_another);
fn a_key_of_one_backend_with_a_session_of_another(store: &Store) {
    let now = jsonwebtoken::get_current_timestamp();
    let open = || engine(store, json!({"backends": {"admin": {}}}), now);
    let (user, [own, other]) = {
        let engine = open();
        let user = register(&engine, "ada");
        let login = |backend: &str| {
            let request = json!({"username": "ada", "password": "eight wise words", "backend": backend});
            call(&engine, "login", request)["session_id"].as_str().unwrap().to_owned()
        };
        (user, [login("admin"), login("default")])
    };
    let key = store.query("SELECT kid, sealed FROM keys WHERE backend = 'admin'").swap_remove(0);
    let kid = key["kid"].as_str().unwrap();
    let secret = unseal(&bytes(key["sealed"].as_str().unwrap()), &format!("signing key {kid}"));
    let engine = open();
    let audience = call(&engine, "issue_token", json!({"claims": {"sub": user}, "backend": "admin"}));
    let claims =
        URL_SAFE_NO_PAD.decode(audience["token"].as_str().unwrap().split('.').nth(1).unwrap()).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    for (sid, is_good) in [(own, true), (other, false)] {
        claims["sid"] = json!(sid);
        let header = json!({"alg": "HS256", "kid": kid, "typ": "at+jwt"}).to_string();
        let input = format!("{}.{}", url(header.as_bytes()), url(claims.to_string().as_bytes()));
        let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, &secret), input.as_bytes());
        let token = format!("{input}.{}", url(tag.as_ref()));
        let request = json!({"token": token, "backend": "admin"}).to_string();
        assert!(engine.call("verify", &request).is_ok());
        let answer = engine.call("authenticate", &request);
        assert_eq!(answer.as_ref().err().map(|error| error.code), (!is_good).then_some(Code::InvalidToken));
        assert_eq!(call(&engine, "introspect", json!({"token": token}))["active"], is_good);
        let detail = answer.err().and_then(|error| error.detail);
        assert_eq!(detail.as_deref(), (!is_good).then_some("foreign_session"));
    }
}

on_each_store!(a_retired_key_past_its_time);
/// A token of the old key is refused after the key's time, even if the token claims a longer life.
fn a_retired_key_past_its_time(store: &Store) {
    let forge = Forge::new(store);
    let token = forge.with_claims(json!({"exp": forge.now + 10 * 365 * 86_400}));
    forge.accepted("before", &token);
    call(&forge.engine, "rotate_keys", json!({}));
    forge.accepted("until nothing that it signed is alive", &token);
    // `session_max_seconds`, the largest `leeway_seconds`, and a minute in which another process may sign
    // with it.
    let end = forge.now + 7_776_000 + 600 + 60;
    let at = |seconds: i64| engine(store, json!({}), seconds as u64);
    assert!(at(end - 1).call("verify", &json!({"token": token}).to_string()).is_ok());
    let later = at(end);
    for operation in ["verify", "authenticate", "logout"] {
        let error = later.call(operation, &json!({"token": token}).to_string()).unwrap_err();
        assert_eq!(
            (error.code, error.detail.as_deref()),
            (Code::InvalidToken, Some("unknown_key")),
            "{operation}"
        );
    }
    assert_eq!(call(&later, "introspect", json!({"token": token}))["active"], false);
}

on_each_store!(offered_keys_are_ignored);
/// Keys come from the key ring: keys in a header are neither used nor fetched.
fn offered_keys_are_ignored(store: &Store) {
    let forge = Forge::new(store);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let place = format!("http://{}/keys", listener.local_addr().unwrap());
    let mine = [7; 32];
    let jwk = json!({"kty": "oct", "kid": forge.kid, "alg": "HS256", "k": url(&mine)});
    for patch in [
        json!({"jku": place}),
        json!({"x5u": place}),
        json!({"jwk": jwk}),
        json!({"x5c": ["MIIB"], "x5t": "x", "x5t#S256": "x"}),
        json!({"cty": "JWT", "zip": "DEF", "unheard-of": [1, {"a": null}]}),
    ] {
        forge.accepted(&patch.to_string(), &forge.with_header(patch.clone()));
        let input = forge.input(&forge.patched(&forge.header(), patch.clone()), &forge.claims());
        let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, &mine), input.as_bytes());
        forge.refused(&patch.to_string(), &format!("{input}.{}", url(tag.as_ref())));
    }
    assert!(listener.accept().is_err(), "someone fetched {place}");
}

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
    let (own, other) = (session("ada"), session("bob"));
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

on_each_store!(spellings);
fn spellings(store: &Store) {
    let forge = Forge::new(store);
    // Claims whose encoding uses both characters in which the alphabets differ.
    let claims = (0..).map(|n| forge.patched(&forge.claims(), json!({"x": "???>>>".repeat(n), "y": "ÿþ~}"})));
    let differs = |text: &str| url(text.as_bytes()).contains('-') && url(text.as_bytes()).contains('_');
    let claims = claims.take(100).find(|claims| differs(claims)).unwrap();
    let mut forgeries = Vec::new();
    // White space at the end makes each segment end in every number of unused bits.
    for spaces in 0..3 {
        let (header, claims) = (forge.header() + &" ".repeat(spaces), claims.clone() + &" ".repeat(spaces));
        let (h, c) = (url(header.as_bytes()), url(claims.as_bytes()));
        forge.accepted("canonical", &forge.signed(&format!("{h}.{c}")));
        for (name, spell) in SPELLINGS {
            if let Some(spelled) = spell(header.as_bytes()) {
                forgeries.push((format!("header: {name}"), forge.signed(&format!("{spelled}.{c}"))));
            }
            if let Some(spelled) = spell(claims.as_bytes()) {
                forgeries.push((format!("claims: {name}"), forge.signed(&format!("{h}.{spelled}"))));
            }
        }
    }
    let (input, tag) = (0..)
        .map(|n| forge.input(&forge.header(), &forge.patched(&forge.claims(), json!({"n": n}))))
        .map(|input| (hmac::sign(&hmac::Key::new(HMAC_SHA256, &forge.key), input.as_bytes()), input))
        .map(|(tag, input)| (input, tag.as_ref().to_vec()))
        .find(|(_, tag)| url(tag).contains('-') && url(tag).contains('_'))
        .unwrap();
    forge.accepted("canonical", &format!("{input}.{}", url(&tag)));
    for (name, spell) in SPELLINGS {
        if let Some(spelled) = spell(&tag) {
            forgeries.push((format!("signature: {name}"), format!("{input}.{spelled}")));
        }
    }
    assert!(forgeries.len() > 60);
    for (name, token) in forgeries {
        forge.refused(&name, &token);
    }
}

type Spelling = fn(&[u8]) -> Option<String>;

/// Other base64 spellings of the same bytes, each invalid in JOSE.
const SPELLINGS: [(&str, Spelling); 13] = [
    ("padding", |bytes| Some(URL_SAFE.encode(bytes)).filter(|text| text.ends_with('='))),
    ("more padding", |bytes| Some(url(bytes) + "====")),
    ("one padding", |bytes| Some(url(bytes) + "=")),
    ("the standard alphabet", |bytes| Some(STANDARD_NO_PAD.encode(bytes)).filter(|text| *text != url(bytes))),
    ("unused bits", |bytes| {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = url(bytes).into_bytes();
        let last = text.pop()?;
        let index = ALPHABET.iter().position(|byte| *byte == last)?;
        text.push(ALPHABET[index + 1]);
        (!bytes.len().is_multiple_of(3)).then(|| String::from_utf8(text).unwrap())
    }),
    ("a space before", |bytes| Some(format!(" {}", url(bytes)))),
    ("a space after", |bytes| Some(url(bytes) + " ")),
    ("a line feed after", |bytes| Some(url(bytes) + "\n")),
    ("a carriage return after", |bytes| Some(url(bytes) + "\r\n")),
    ("a line feed inside", |bytes| Some(url(bytes)).map(|text| format!("{}\n{}", &text[..8], &text[8..]))),
    ("a NUL after", |bytes| Some(url(bytes) + "\0")),
    ("percent encoding", |bytes| Some(url(bytes).replace('-', "%2D")).filter(|text| *text != url(bytes))),
    ("full-width letters", |bytes| {
        Some(url(bytes).replace('e', "\u{ff45}")).filter(|text| *text != url(bytes))
    }),
];

on_each_store!(shapes);
fn shapes(store: &Store) {
    let forge = Forge::new(store);
    let token = forge.sign(&forge.header(), &forge.claims());
    let (h, rest) = token.split_once('.').unwrap();
    let (c, s) = rest.split_once('.').unwrap();
    for token in [
        String::new(),
        h.into(),
        format!("{h}.{c}"),
        format!("{h}.{c}."),
        format!("{h}..{s}"),
        format!(".{c}.{s}"),
        "..".into(),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{s}"),
        format!("{h}.{token}"),
        format!("{token}.{token}"),
        format!("{h}.{c}.{s}.{s}.{s}"),
        format!("{h}..{c}.{s}.{s}"),
        format!("{c}.{h}.{s}"),
        format!("{h}.{s}.{c}"),
        format!("{h}{c}{s}"),
        token.replace('.', ". "),
        token.replace('.', ","),
        token.replace('.', "\u{ff0e}"),
        format!("Bearer {token}"),
        format!("\"{token}\""),
        format!("{token}\0"),
        format!("{token}#"),
        format!("{token}?x"),
        json!({"protected": h, "payload": c, "signature": s}).to_string(),
        ".".repeat(1_000_000),
        "A".repeat(1_000_000),
        format!("{h}.{c}.{}", "A".repeat(1_000_000)),
        format!("{}.{c}.{s}", "A".repeat(1_000_000)),
        format!("{token}{}", ".".repeat(1_000_000)),
    ] {
        forge.refused(&token.chars().take(60).collect::<String>(), &token);
    }
}

on_each_store!(every_byte_counts);
fn every_byte_counts(store: &Store) {
    let forge = Forge::new(store);
    let access = forge.sign(&forge.header(), &forge.claims());
    let login = forge.engine.call("login", r#"{"username":"ada","password":"eight wise words"}"#).unwrap();
    let login: Value = serde_json::from_str(&login).unwrap();
    let refresh = login["refresh_token"].as_str().unwrap();
    for token in [&access, login["access_token"].as_str().unwrap(), refresh] {
        assert!(forge.introspect(token)["active"] == true);
        for position in 0..token.len() {
            for change in [1, 2, 4, 16, 32] {
                let mut bytes = token.as_bytes().to_vec();
                bytes[position] ^= change;
                let forgery = String::from_utf8(bytes).unwrap();
                let refused = forge.engine.call("verify", &json!({"token": forgery}).to_string());
                assert_eq!(refused.unwrap_err().code, Code::InvalidToken, "byte {position} of {token}");
                forge.is_inactive("a changed byte", &forgery);
            }
            forge.is_inactive("a byte less", &[&token[..position], &token[position + 1..]].concat());
            forge.is_inactive("cut", &token[..position]);
        }
    }
}

on_each_store!(tokens_of_another_kind_or_engine);
fn tokens_of_another_kind_or_engine(store: &Store) {
    let forge = Forge::new(store);
    let login = forge.engine.call("login", r#"{"username":"ada","password":"eight wise words"}"#).unwrap();
    let login: Value = serde_json::from_str(&login).unwrap();
    let (access, refresh) =
        (login["access_token"].as_str().unwrap(), login["refresh_token"].as_str().unwrap());
    for (operation, request) in [
        ("verify", json!({"token": refresh})),
        ("authenticate", json!({"token": refresh})),
        ("authenticate", json!({"authorization": format!("Bearer {refresh}")})),
        ("logout", json!({"token": refresh})),
        ("logout", json!({"refresh_token": access})),
    ] {
        let answer = forge.engine.call(operation, &request.to_string());
        assert_eq!(answer.unwrap_err().code, Code::InvalidToken, "{operation}");
    }
    forge.refused("a refresh token's parts", &format!("{refresh}.{refresh}.{refresh}"));

    let elsewhere = store.another();
    let other = Forge::new(&elsewhere);
    forge.refused("another engine's", &other.sign(&other.header(), &other.claims()));
    forge.refused("another engine's, with our key id", &other.sign(&forge.header(), &forge.claims()));
    forge.refused("our key, another's key id", &forge.sign(&other.header(), &forge.claims()));
    let login = other.engine.call("login", r#"{"username":"ada","password":"eight wise words"}"#).unwrap();
    let login: Value = serde_json::from_str(&login).unwrap();
    // Both stores have the same secret key, so the code is valid; but there is no such session here.
    forge.is_inactive("another store's", login["refresh_token"].as_str().unwrap());
    assert!(forge.introspect(refresh)["active"] == true);
}

on_each_store!(the_oracle_agrees);
/// `jsonwebtoken` is the oracle: it must accept what the engine accepts, and the engine must refuse what it
/// refuses. If neither a rule of ours nor a type is broken, both must agree.
fn the_oracle_agrees(store: &Store) {
    let forge = Forge::new(store);
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&["doorward"]);
    validation.set_issuer(&["doorward"]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_nbf = true;
    validation.leeway = 30;
    let key = DecodingKey::from_secret(&forge.key);
    let (mut random, mut accepted, mut refused) = (Random(20_260_101), 0, 0);
    for _ in 0..4000 {
        let (mut header, mut claims) = (json!({}), json!({}));
        // Whether the token breaks a rule that only the engine has.
        let mut is_stricter = false;
        for _ in 0..random.below(3) {
            let day = 86_400;
            let (name, value, ours) = random.pick(&[
                ("exp", json!(forge.now - day), false),
                ("exp", json!(forge.now + day), false),
                ("exp", json!(null), false),
                ("exp", json!("soon"), false),
                ("nbf", json!(forge.now - day), false),
                ("nbf", json!(forge.now + day), false),
                ("nbf", json!("soon"), true),
                ("iat", json!(forge.now - day), false),
                ("iat", json!(forge.now + day), true),
                ("iat", json!("soon"), true),
                ("iss", json!("doorward"), false),
                ("iss", json!("other"), false),
                ("iss", json!(null), false),
                ("iss", json!(1), true),
                ("aud", json!("doorward"), false),
                ("aud", json!("other"), false),
                ("aud", json!(["other", "doorward"]), false),
                ("aud", json!(["other"]), false),
                ("aud", json!([]), false),
                ("aud", json!(null), false),
                ("aud", json!(1), true),
                ("sub", json!(null), false),
                ("sub", json!("someone"), false),
                ("sub", json!(""), true),
                ("x", json!({"a": [1, null, "é"]}), false),
            ]);
            claims[name] = value;
            is_stricter |= ours;
        }
        for _ in 0..random.below(2) {
            let (name, value, ours) = random.pick(&[
                ("alg", json!("HS384"), false),
                ("alg", json!("HS512"), false),
                ("alg", json!("none"), false),
                ("alg", json!("RS256"), false),
                ("alg", json!("ES256"), false),
                ("alg", json!(null), false),
                ("typ", json!("application/at+jwt"), false),
                ("typ", json!("JWT"), true),
                ("typ", json!(null), true),
                ("kid", json!("other"), true),
                ("kid", json!(null), true),
                ("crit", json!(["x"]), true),
                ("b64", json!(false), true),
                ("jku", json!("https://example.com"), false),
                ("x", json!("y"), false),
            ]);
            header[name] = value;
            is_stricter |= ours;
        }
        let header = forge.patched(&forge.header(), header);
        let mut token = forge.sign(&header, &forge.patched(&forge.claims(), claims)).into_bytes();
        if random.below(4) == 0 {
            let (place, byte) = (random.below(token.len()), random.below(128) as u8);
            match random.below(4) {
                0 => token[place] = byte,
                1 => token.insert(place, byte),
                2 => drop(token.remove(place)),
                _ => token.truncate(place),
            }
        }
        let token = String::from_utf8(token).unwrap();
        let oracle = jsonwebtoken::decode::<Value>(&token, &key, &validation).is_ok();
        let ours = forge.verify(&token);
        assert!(!ours || oracle, "only the engine accepts {token}");
        assert!(ours == oracle || is_stricter, "only the oracle accepts {token}");
        *if ours { &mut accepted } else { &mut refused } += 1;
    }
    assert!(accepted > 800 && refused > 800, "{accepted} accepted, {refused} refused");
}

/// An engine, and its signing key.
struct Forge {
    engine: Engine,
    kid: String,
    key: Vec<u8>,
    user: String,
    now: i64,
}

impl Forge {
    fn new(store: &Store) -> Forge {
        // The oracle's clock cannot be set, so the engine uses the same time.
        let now = jsonwebtoken::get_current_timestamp() as i64;
        let defaults = json!({"password": {"memory_kib": 8, "iterations": 1}});
        let config = stores::config(store.url(), defaults, json!({"secret_key": SECRET_KEY}));
        let open = || {
            let hooks = Hooks::new().clock(Clock::custom(move || now * 1000));
            Engine::open(Config::parse(&config.to_string()).unwrap(), hooks).unwrap()
        };
        let user = register(&open(), "ada");
        let row = &store.query("SELECT kid, sealed FROM keys")[0];
        let kid = row["kid"].as_str().unwrap().to_owned();
        let key = unseal(&bytes(row["sealed"].as_str().unwrap()), &format!("signing key {kid}"));
        Forge { engine: open(), kid, key, user, now }
    }

    fn header(&self) -> String {
        json!({"alg": "HS256", "kid": self.kid, "typ": "at+jwt"}).to_string()
    }

    fn claims(&self) -> String {
        json!({"iss": "doorward", "aud": "doorward", "sub": self.user, "iat": self.now, "exp": self.now + 900})
            .to_string()
    }

    /// Returns the object with changed members; `null` removes one.
    fn patched(&self, object: &str, patch: Value) -> String {
        let mut object: Value = serde_json::from_str(object).unwrap();
        for (name, value) in patch.as_object().unwrap() {
            match value {
                Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
                value => object[name] = value.clone(),
            }
        }
        object.to_string()
    }

    fn with_header(&self, patch: Value) -> String {
        self.sign(&self.patched(&self.header(), patch), &self.claims())
    }

    fn with_claims(&self, patch: Value) -> String {
        self.sign(&self.header(), &self.patched(&self.claims(), patch))
    }

    fn input(&self, header: &str, claims: &str) -> String {
        format!("{}.{}", url(header.as_bytes()), url(claims.as_bytes()))
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        self.signed(&self.input(header, claims))
    }

    fn signed(&self, input: &str) -> String {
        let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, &self.key), input.as_bytes());
        format!("{input}.{}", url(tag.as_ref()))
    }

    fn verify(&self, token: &str) -> bool {
        self.engine.call("verify", &json!({"token": token}).to_string()).is_ok()
    }

    fn introspect(&self, token: &str) -> Value {
        // A token may be longer than the maximum request.
        match self.engine.call("introspect", &json!({"token": token}).to_string()) {
            Ok(reply) => serde_json::from_str(&reply).unwrap(),
            Err(error) => panic!("introspect: {error}"),
        }
    }

    fn accepted(&self, name: &str, token: &str) {
        let request = json!({"token": token}).to_string();
        let claims = self.engine.call("verify", &request).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(url(claims.as_bytes()), token.split('.').nth(1).unwrap(), "{name}: as they were signed");
        let reply = self.engine.call("authenticate", &request);
        let reply: Value =
            serde_json::from_str(&reply.unwrap_or_else(|error| panic!("{name}: {error}"))).unwrap();
        assert_eq!(reply["user"]["id"], self.user, "{name}");
        assert_eq!(self.introspect(token)["active"], true, "{name}");
    }

    fn refused(&self, name: &str, token: &str) {
        let request = json!({"token": token}).to_string();
        for operation in ["verify", "logout"] {
            match self.engine.call(operation, &request) {
                Err(error) => assert_eq!(error.code, Code::InvalidToken, "{operation}, {name}"),
                Ok(reply) => panic!("{operation}, {name}: {token} gave {reply}"),
            }
        }
        self.is_nobody(name, token, Code::InvalidToken);
    }

    fn is_nobody(&self, name: &str, token: &str, code: Code) {
        let error = self.engine.call("authenticate", &json!({"token": token}).to_string()).expect_err(name);
        assert_eq!(error.code, code, "{name}");
        assert!(error.field.is_none() && error.detail.is_some(), "{name}");
        self.is_inactive(name, token);
    }

    fn is_inactive(&self, name: &str, token: &str) {
        let reply = self.introspect(token);
        assert_eq!(reply["active"], false, "{name}");
        let names: Vec<&str> = reply.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["active", "reason"], "{name}");
    }
}

/// Opens an engine that knows the secret key, at one moment.
fn engine(store: &Store, keys: Value, now: u64) -> Engine {
    let defaults = json!({"password": {"memory_kib": 8, "iterations": 1}, "secret_key": SECRET_KEY});
    let config = stores::config(store.url(), defaults, keys);
    let hooks = Hooks::new().clock(Clock::custom(move || now as i64 * 1000));
    Engine::open(Config::parse(&config.to_string()).unwrap(), hooks).unwrap()
}

fn call(engine: &Engine, operation: &str, request: Value) -> Value {
    serde_json::from_str(&engine.call(operation, &request.to_string()).unwrap()).unwrap()
}

/// Returns the id of a new account.
fn register(engine: &Engine, name: &str) -> String {
    let request =
        json!({"username": name, "email": format!("{name}@example.com"), "password": "eight wise words"});
    let reply: Value = serde_json::from_str(&engine.call("register", &request.to_string()).unwrap()).unwrap();
    reply["user"]["id"].as_str().unwrap().to_owned()
}

/// Opens sealed bytes as src/crypto/secrets.rs describes them: the id of the sealing key (4 bytes), a
/// nonce (12 bytes), the ciphertext with its tag; HKDF-SHA256 (RFC 5869) with the salt "doorward" and one
/// label for each purpose; the owner as associated data.
fn unseal(sealed: &[u8], owner: &str) -> Vec<u8> {
    let mac = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(HMAC_SHA256, key), text).as_ref().to_vec();
    let root = mac(b"doorward", SECRET_KEY.as_bytes());
    let derive = |label: &str| mac(&root, &[label.as_bytes(), &[1]].concat());
    assert_eq!(sealed[..4], derive("key id")[..4]);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive("seal")).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&sealed[4..16]).unwrap();
    let mut text = sealed[16..].to_vec();
    key.open_in_place(nonce, Aad::from(owner), &mut text).unwrap().to_vec()
}

/// Returns the bytes of `\x…`.
fn bytes(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix("\\x").unwrap().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// xorshift64: the same numbers every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}
