//! Spellings and shapes of tokens, and an oracle that reads them, too.

use super::*;

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
        let header = forge.header() + &" ".repeat(spaces);
        let claims = claims.clone() + &" ".repeat(spaces);
        let h = url(header.as_bytes());
        let c = url(claims.as_bytes());
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
    let access = login["access_token"].as_str().unwrap();
    let refresh = login["refresh_token"].as_str().unwrap();
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
    let mut random = Random(20_260_101);
    let mut accepted = 0;
    let mut refused = 0;
    for _ in 0..4000 {
        let mut header = json!({});
        let mut claims = json!({});
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
            let place = random.below(token.len());
            let byte = random.below(128) as u8;
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
