//! Algorithms, signatures, keys and headers.

use super::*;

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
