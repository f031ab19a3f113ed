//! `verify` reads the request and the claims that programs usually send in a shorter way. Both ways must answer alike.

use doorward::VerifyRequest;

use super::*;

on_each_store!(a_request_is_answered_alike_however_it_is_read);
fn a_request_is_answered_alike_however_it_is_read(store: &Store) {
    let forge = Forge::new(store);
    let login = call(&forge.engine, "login", json!({"username": "ada", "password": "eight wise words"}));
    let session = login["access_token"].as_str().unwrap();
    let issued = call(&forge.engine, "issue_token", json!({"claims": {"sub": "report", "tenant": "acme"}}));
    let issued = issued["token"].as_str().unwrap();
    let claims =
        String::from_utf8(URL_SAFE_NO_PAD.decode(session.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let signed = |claims: &str| forge.sign(&forge.header(), claims);
    let now = forge.now;
    let mut tokens = vec![session.to_owned(), issued.to_owned(), signed(&forge.claims()), String::new()];
    // The session's claims, and changes that only a parser sees.
    for (from, to) in [
        ("\"exp\":", "\"exp\": "),
        ("{", "{ "),
        ("}", ",\"nbf\":0}"),
        ("}", ",\"tenant\":\"acme\"}"),
        ("}", ",\"sub\":\"another\"}"),
        ("}", ",\"exp\":99999999999}"),
        ("}", ",\"\\u0065xp\":99999999999}"),
        ("}", ",\"provider\":{\"name\":\"x\"}}"),
        ("}", "}}"),
        ("}", "} "),
        ("}", ""),
        ("\"doorward\"", "\"doorward2\""),
        ("\"aud\":\"doorward\"", "\"aud\":[\"doorward\"]"),
        ("\"client_id\":\"default\"", "\"client_id\":\"other\""),
        ("\"jti\":\"", "\"jti\":\"\\u0061"),
        ("\"jti\":\"", "\"jti\":\"é"),
        ("\"jti\":\"", "\"jti\":\"\u{1}"),
        ("\"jti\":\"", "\"jti\":\"\\"),
        ("\"sub\":\"", "\"sub\":\"\",\"x\":\""),
        ("\"amr\":[", "\"amr\":[null,"),
    ] {
        assert!(claims.contains(from), "{from}");
        tokens.push(signed(&claims.replacen(from, to, 1)));
    }
    for (name, old) in [("exp", now + 900), ("iat", now)] {
        for new in [
            "-1".to_owned(),
            "0".to_owned(),
            "00".to_owned(),
            format!("0{old}"),
            format!("{old}.0"),
            format!("{old}.9"),
            format!("{old}e0"),
            "1e3".to_owned(),
            "1e300".to_owned(),
            "999999999999999999".to_owned(),
            "9223372036854775807".to_owned(),
            "9223372036854775808".to_owned(),
            "99999999999999999999999".to_owned(),
            format!("\"{old}\""),
            "null".to_owned(),
            "true".to_owned(),
        ]
        .into_iter()
        .chain((-31..=31).map(|deviation| (now + deviation).to_string()))
        {
            tokens.push(signed(&claims.replace(&format!("\"{name}\":{old}"), &format!("\"{name}\":{new}"))));
        }
    }
    let mut texts: Vec<String> = tokens.clone();
    for token in [session, issued] {
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                texts.push(String::from_utf8(bytes).unwrap());
            }
            texts.push(token[..at].to_owned());
            texts.push(token[at..].to_owned());
        }
        for part in [
            "\"",
            "\\",
            "\\\"",
            "\\u002e",
            "\\/",
            "\\u0000",
            "\0",
            "\n",
            " ",
            ".",
            "é",
            "=",
            "\",\"backend\":\"default",
            "\",\"backend\":\"none",
            "\",\"token\":\"",
            "\"}{\"token\":\"",
            "\",\"x\":\"",
            "\\n",
        ] {
            for at in
                [0, 1, token.find('.').unwrap(), token.rfind('.').unwrap() + 1, token.len() - 1, token.len()]
            {
                texts.push([&token[..at], part, &token[at..]].concat());
            }
        }
    }
    let mut accepted = 0;
    for text in texts {
        let request = format!("{{\"token\":\"{text}\"}}");
        let answer = outcome(&forge.engine, &request);
        // White space at the end is left to the parser.
        assert_eq!(answer, outcome(&forge.engine, &format!("{request} ")), "{request}");
        assert_eq!(answer, outcome(&forge.engine, &request), "again: {request}");
        accepted += usize::from(answer.is_ok());
    }
    assert!(accepted > 60, "{accepted} are accepted");
}

/// `limits.request_bytes` bounds a request to `verify` alike with JSON and without it, as bindings call it.
#[test]
fn a_request_that_is_too_long_is_refused_alike() {
    let config = r#"{"store": "sqlite::memory:", "limits": {"request_bytes": 1024}}"#;
    let engine = Engine::open(Config::parse(config).unwrap(), Hooks::new()).unwrap();
    let longest = engine.call("issue_token", &json!({"claims": {"sub": "x".repeat(800)}}).to_string());
    let longest: Value = serde_json::from_str(&longest.unwrap()).unwrap();
    let mut tokens = vec![longest["token"].as_str().unwrap().to_owned()];
    assert!(tokens[0].len() > 1024);
    tokens.extend((970..1030).chain([16_384, 16_385, 100_000]).map(|length| "x".repeat(length)));
    let mut too_long = 0;
    for token in &tokens {
        for backend in [None, Some("default"), Some("none")] {
            let typed = || match backend {
                Some(backend) => VerifyRequest::new(token.as_str()).backend(backend),
                None => VerifyRequest::new(token.as_str()),
            };
            let written = match backend {
                Some(backend) => json!({"token": token, "backend": backend}),
                None => json!({"token": token}),
            }
            .to_string();
            let error = engine.call("verify", &written).unwrap_err();
            let answer = format!("{error:?}");
            assert_eq!(answer, format!("{:?}", engine.verify(typed()).unwrap_err()), "{written}");
            assert_eq!(answer, format!("{:?}", engine.verify_at_once(&typed()).unwrap_err()), "{written}");
            let is_too_long = error.detail.is_some_and(|detail| detail.contains("limits.request_bytes"));
            assert_eq!(is_too_long, written.len() > 1024, "{written}");
            too_long += u32::from(is_too_long);
        }
    }
    assert!(too_long > 30, "{too_long}");
}

/// Returns the response of `verify`, or everything that the host sees of a failure; but of a request that is not JSON
/// not the place, because white space moves the end of a text that has none.
fn outcome(engine: &Engine, request: &str) -> Result<String, String> {
    engine.call("verify", request).map_err(|error| match error.code {
        Code::InvalidJson => format!("{:?}", error.code),
        _ => format!("{error:?}"),
    })
}
