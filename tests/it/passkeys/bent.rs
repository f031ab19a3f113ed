//! Tests of correctly signed responses with one fault, so that only the check for this fault can refuse them;
//! and of responses with random faults.

use aws_lc_rs::rand::fill;
use aws_lc_rs::rsa::KeySize;
use doorward::Code;
use serde_json::{Value, json};

use super::device::{
    AT, Answer, BE, BS, Device, ED, Key, Made, UP, UV, attestation_object, cbor, cose, decoded, encoded,
};
use super::stage::{Stage, Store};
use crate::stores::on_each_store;

type BendMade = fn(&mut Made);
type BendAnswer = fn(&mut Answer);

/// A fault, and the reason of its refusal.
const REGISTRATIONS: &[(&str, BendMade)] = &[
    ("type", |made| made.client_data = made.client_data.replace("webauthn.create", "webauthn.get")),
    ("challenge", |made| {
        made.client_data = made.client_data.replace("\"challenge\":\"", "\"challenge\":\"A")
    }),
    ("client_data", |made| made.client_data = made.client_data.replace("\"challenge\"", "\"x\"")),
    ("client_data", |made| {
        made.client_data = made.client_data.replace('{', "{\"origin\":\"https://evil.example\",")
    }),
    ("client_data", |made| made.client_data = made.client_data.replace('{', "{\"x\":{\"y\":1,\"y\":2},")),
    ("client_data", |made| {
        made.client_data = format!("{}{}{}", "[".repeat(40), made.client_data, "]".repeat(40))
    }),
    ("client_data", |made| made.client_data.push('x')),
    ("client_data", |made| made.client_data.insert(0, '\u{feff}')),
    ("client_data", |made| made.client_data = "[]".to_owned()),
    ("client_data", |made| made.client_data = String::new()),
    ("too_long", |made| made.client_data.push_str(&" ".repeat(65_536))),
    ("origin", |made| made.client_data = made.client_data.replace("login.", "evil.")),
    ("origin", |made| {
        made.client_data = made.client_data.replace("https://login.example.com", "http://login.example.com")
    }),
    ("origin", |made| made.client_data = made.client_data.replace(".example.com", ".example.com:8443")),
    ("origin", |made| made.client_data = made.client_data.replace(".example.com", ".example.com/")),
    ("origin", |made| made.client_data = made.client_data.replace("login.", "LOGIN.")),
    ("cross_origin", |made| made.client_data = made.client_data.replace("false", "true")),
    ("cross_origin", |made| made.client_data = made.client_data.replace("false", "\"false\"")),
    ("cross_origin", |made| {
        made.client_data = made.client_data.replace("false", "false,\"topOrigin\":\"https://example.com\"")
    }),
    ("rp_id", |made| made.rp_id = "login.example.com".to_owned()),
    ("user_not_present", |made| made.flags &= !UP),
    ("backup_flags", |made| made.flags |= BS),
    ("no_credential", |made| made.flags &= !AT),
    ("authenticator_data", |made| made.flags |= ED),
    ("authenticator_data", |made| made.rest = vec![0]),
    ("authenticator_data", |made| (made.flags, made.rest) = (made.flags | ED, cbor::bytes(b"no map"))),
    ("authenticator_data", |made| {
        (made.flags, made.rest) = (made.flags | ED, [cbor::map(&[]), vec![0]].concat())
    }),
    // A map without an end, and one that claims 2^32 members.
    ("authenticator_data", |made| (made.flags, made.rest) = (made.flags | ED, vec![0xbf])),
    ("authenticator_data", |made| {
        (made.flags, made.rest) = (made.flags | ED, vec![0xba, 0xff, 0xff, 0xff, 0xff])
    }),
    ("authenticator_data", |made| made.public_key.truncate(20)),
    ("authenticator_data", |made| made.public_key.clear()),
    ("raw_id", |made| made.raw_id.push(1)),
    ("credential_id", |made| (made.id, made.raw_id) = (vec![1; 1024], vec![1; 1024])),
    ("credential_id", |made| (made.id, made.raw_id) = (Vec::new(), Vec::new())),
    ("public_key", |made| made.public_key = key(&[(3, cbor::int(-7))])),
    ("public_key", |made| made.public_key = key(&[])),
    ("public_key", |made| made.public_key = es256(0, (1, cbor::int(1)))),
    ("public_key", |made| made.public_key = es256(2, (-1, cbor::int(2)))),
    ("public_key", |made| made.public_key = es256(3, (-2, cbor::bytes(&[1; 31])))),
    ("public_key", |made| made.public_key = es256(3, (-2, cbor::text("x")))),
    // A point that is not on the curve, and no point.
    ("public_key", |made| made.public_key = es256(3, (-2, cbor::bytes(&[1; 32])))),
    ("public_key", |made| made.public_key = es256(4, (-3, cbor::int(1)))),
    // A compressed point (section 5.8.5).
    ("public_key", |made| made.public_key = es256(4, (-3, vec![0xf4]))),
    // A duplicate label.
    ("public_key", |made| made.public_key = es256(4, (-2, cbor::bytes(&[1; 32])))),
    // The key of one algorithm under the name of another.
    ("public_key", |made| made.public_key = es256(1, (3, cbor::int(-8)))),
    ("public_key", |made| made.public_key = es256(1, (3, cbor::int(-257)))),
    ("public_key", |made| made.public_key = es256(1, (3, cbor::text("-7")))),
    ("algorithm", |made| made.public_key = es256(1, (3, cbor::int(-35)))),
    ("algorithm", |made| made.public_key = es256(1, (3, cbor::int(-65_535)))),
    ("algorithm", |made| made.public_key = es256(1, (3, cbor::int(0)))),
    ("attestation_algorithm", |made| made.packed = Some(-8)),
    ("attestation_algorithm", |made| made.packed = Some(-257)),
];

const ASSERTIONS: &[(&str, BendAnswer)] = &[
    ("type", |it| it.client_data = it.client_data.replace("webauthn.get", "webauthn.create")),
    ("type", |it| it.client_data = it.client_data.replace("webauthn.get", "payment.get")),
    ("challenge", |it| it.client_data = it.client_data.replace("\"challenge\":\"", "\"challenge\":\"A")),
    ("client_data", |it| it.client_data = it.client_data.replace('{', "{\"challenge\":\"x\",")),
    ("origin", |it| it.client_data = it.client_data.replace("login.", "evil.")),
    ("origin", |it| it.client_data = it.client_data.replace("login.example.com", "example.com.evil.example")),
    ("origin", |it| it.client_data = it.client_data.replace("https://login.example.com", "null")),
    ("cross_origin", |it| it.client_data = it.client_data.replace("false", "true")),
    ("cross_origin", |it| it.client_data = it.client_data.replace("false", "false,\"topOrigin\":null")),
    ("rp_id", |it| it.rp_id = "evil.example".to_owned()),
    ("user_not_present", |it| it.flags &= !UP),
    ("user_not_verified", |it| it.flags &= !UV),
    ("backup_flags", |it| it.flags |= BS),
    ("backup_eligibility", |it| it.flags |= BE),
    ("authenticator_data", |it| it.flags |= AT),
    ("authenticator_data", |it| it.flags |= ED),
    ("authenticator_data", |it| it.rest = vec![0]),
    ("authenticator_data", |it| (it.flags, it.rest) = (it.flags | ED, vec![0xbf, 0xff])),
    ("raw_id", |it| it.raw_id.push(1)),
    ("unknown_credential", |it| (it.id, it.raw_id) = (vec![1; 16], vec![1; 16])),
    ("unknown_credential", |it| (it.id, it.raw_id) = (Vec::new(), Vec::new())),
    ("no_user_handle", |it| it.user_handle = None),
    ("user_handle", |it| it.user_handle = Some(vec![1; 16])),
    // An empty handle counts as absent, because Safari sends it for a security key.
    ("no_user_handle", |it| it.user_handle = Some(Vec::new())),
    ("user_handle", |it| it.user_handle.as_mut().unwrap().push(0)),
];

/// Returns a COSE_Key with these members.
fn key(members: &[(i64, Vec<u8>)]) -> Vec<u8> {
    cose(members)
}

/// Returns the key of an ES256 credential, with one member replaced.
fn es256(index: usize, member: (i64, Vec<u8>)) -> Vec<u8> {
    let mut members = Key::es256().members();
    members[index] = member;
    cose(&members)
}

fn finish(stage: &Stage, begun: &Value, response: &Value) -> (Code, String) {
    let request = json!({"challenge": begun["challenge"], "response": response});
    stage.refused("finish_passkey_registration", request)
}

fn finish_login(stage: &Stage, begun: &Value, response: &Value) -> (Code, String) {
    let request = json!({"challenge": begun["challenge"], "response": response});
    stage.refused("finish_passkey_login", request)
}

fn invalid(reason: &str) -> (Code, String) {
    (Code::InvalidCredentials, reason.to_owned())
}

on_each_store!(registrations_with_one_thing_wrong);
fn registrations_with_one_thing_wrong(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let begun = stage.begin(&user_id);
    let mut device = Device::new(Key::es256());
    for (index, (reason, bend)) in REGISTRATIONS.iter().enumerate() {
        let response = device.create_bent(&begun["options"], bend);
        assert_eq!(finish(&stage, &begun, &response), invalid(reason), "{index}");
    }
    // The identifier beside the response differs from the attested one.
    let mut response = device.create(&begun["options"]);
    for name in ["id", "rawId"] {
        response[name] = json!(encoded(&[1; 16]));
    }
    assert_eq!(finish(&stage, &begun, &response), invalid("credential_id"));
    // Another credential's key signs the statement.
    let other = Key::es256();
    let response = device.create_bent(&begun["options"], |made| {
        (made.packed, made.public_key) = (Some(-7), cose(&other.members()));
    });
    assert_eq!(finish(&stage, &begun, &response), invalid("attestation_signature"));
    // An RSA key that is too short, and one with a modulus of a megabyte of zeros.
    let short = cose(&[
        (1, cbor::int(3)),
        (3, cbor::int(-257)),
        (-1, cbor::bytes(&[0xff; 128])),
        (-2, cbor::bytes(&[1, 0, 1])),
    ]);
    let long = cose(&[
        (1, cbor::int(3)),
        (3, cbor::int(-257)),
        (-1, cbor::bytes(&[0xff; 40_000])),
        (-2, cbor::bytes(&[1, 0, 1])),
    ]);
    let exponent = cose(&[
        (1, cbor::int(3)),
        (3, cbor::int(-257)),
        (-1, cbor::bytes(&[0xff; 256])),
        (-2, cbor::bytes(&[0xff; 256])),
    ]);
    for bad in [short, long, exponent] {
        let response = device.create_bent(&begun["options"], |made| made.public_key = bad);
        assert_eq!(finish(&stage, &begun, &response), invalid("public_key"));
    }
    // Nothing was stored, and the challenge is still valid.
    assert_eq!(stage.call("list_passkeys", json!({"user_id": user_id})), json!({"passkeys": []}));
    let response = device.create(&begun["options"]);
    stage.call("finish_passkey_registration", json!({"challenge": begun["challenge"], "response": response}));
}

on_each_store!(attestation_objects_with_one_thing_wrong);
fn attestation_objects_with_one_thing_wrong(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let begun = stage.begin(&user_id);
    let good = Device::new(Key::es256()).create(&begun["options"]);
    let data = decoded(&good["response"]["authenticatorData"]);
    let object = decoded(&good["response"]["attestationObject"]);
    let empty = cbor::map(&[]);
    let text = cbor::text;
    let entry = |name: &str, value: &[u8]| (text(name), value.to_vec());
    let packed = |entries: &[(Vec<u8>, Vec<u8>)]| attestation_object("packed", &cbor::map(entries), &data);
    let deep = [vec![0x81; 30_000], vec![0]].concat();
    let none = entry("fmt", &text("none"));
    let objects = [
        ("attestation_object", Vec::new()),
        ("attestation_object", vec![0xa0]),
        ("attestation_object", [object.clone(), vec![0]].concat()),
        ("attestation_object", object[..object.len() - 1].to_vec()),
        ("attestation_object", [&[0xbf][..], &object[1..], &[0xff]].concat()),
        (
            "attestation_object",
            [&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..], &object[1..]].concat(),
        ),
        ("attestation_object", cbor::map(&[none.clone(), entry("attStmt", &empty)])),
        (
            "attestation_object",
            cbor::map(&[none.clone(), entry("attStmt", &empty), entry("authData", &text("x"))]),
        ),
        ("attestation_object", cbor::map(&[none.clone(), none.clone(), entry("attStmt", &empty)])),
        (
            "attestation_object",
            cbor::map(&[
                none.clone(),
                entry("attStmt", &empty),
                entry("authData", &cbor::bytes(&data)),
                entry("x", &[0]),
            ]),
        ),
        // A length of half a gigabyte, without the bytes.
        ("attestation_object", [&[0xa1, 0x68][..], b"authData", &[0x5a, 0x20, 0, 0, 0]].concat()),
        ("attestation_statement", attestation_object("none", &cbor::map(&[entry("x", &[0])]), &data)),
        ("attestation_statement", attestation_object("none", &deep, &data)),
        ("attestation_statement", packed(&[])),
        ("attestation_statement", packed(&[entry("alg", &cbor::int(-7))])),
        ("attestation_statement", packed(&[entry("alg", &cbor::int(-7)), entry("alg", &cbor::int(-7))])),
        ("attestation_statement", packed(&[entry("alg", &text("ES256")), entry("sig", &cbor::bytes(b"x"))])),
        ("attestation_signature", packed(&[entry("alg", &cbor::int(-7)), entry("sig", &cbor::bytes(b"x"))])),
        ("attestation_statement", attestation_object("tpm", &cbor::bytes(b"x"), &data)),
        ("attestation_statement", attestation_object("compound", &empty, &data)),
        ("attestation_unsupported", attestation_object("NONE", &empty, &data)),
        ("attestation_unsupported", attestation_object("unheard-of", &empty, &data)),
        ("too_long", attestation_object("none", &empty, &[0; 65_536])),
    ];
    for (index, (reason, object)) in objects.into_iter().enumerate() {
        let mut response = good.clone();
        response["response"]["attestationObject"] = json!(encoded(&object));
        assert_eq!(finish(&stage, &begun, &response), invalid(reason), "{index}");
    }
    stage.call("finish_passkey_registration", json!({"challenge": begun["challenge"], "response": good}));
}

on_each_store!(attestation_that_nobody_asked_for);
/// Some clients send the statement of a manufacturer unasked: it is treated as none.
fn attestation_that_nobody_asked_for(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let x5c = [(cbor::text("sig"), cbor::bytes(b"x")), (cbor::text("x5c"), vec![0x81, 0x41, 0])];
    let packed = [vec![(cbor::text("alg"), cbor::int(-7))], x5c.to_vec()].concat();
    let statements = [
        ("packed", cbor::map(&packed)),
        ("fido-u2f", cbor::map(&x5c)),
        ("tpm", cbor::map(&[(cbor::text("ver"), cbor::text("2.0"))])),
        ("android-key", cbor::map(&packed)),
        ("apple", cbor::map(&[(cbor::text("x5c"), vec![0x80])])),
        // A list of statements (section 8.9).
        ("compound", [cbor::head(4, 1), cbor::map(&packed)].concat()),
        ("android-safetynet", cbor::map(&[(cbor::int(1), cbor::int(1))])),
    ];
    for (format, statement) in statements {
        let begun = stage.begin(&user_id);
        let mut device = Device::new(Key::es256());
        let mut response = device.create(&begun["options"]);
        let data = decoded(&response["response"]["authenticatorData"]);
        let object = attestation_object(format, &statement, &data);
        response["response"]["attestationObject"] = json!(encoded(&object));
        let request = json!({"challenge": begun["challenge"], "response": response});
        stage.call("finish_passkey_registration", request);
        stage.login(&mut device).unwrap_or_else(|error| panic!("{format}: {error:?}"));
    }
}

on_each_store!(keys_that_nobody_may_have);
/// A key that can never verify would lock its owner out, and with other weak keys anyone could sign.
fn keys_that_nobody_may_have(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let keys: Vec<Value> = serde_json::from_str(include_str!("../../vectors/bad_keys.json")).unwrap();
    let bytes = |value: &Value| {
        let hex = value.as_str().unwrap();
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        cbor::bytes(&(0..hex.len()).step_by(2).map(byte).collect::<Vec<_>>())
    };
    let mut good = 0;
    for key in &keys {
        let own = &key["key"];
        let int = cbor::int;
        let members = match key["kind"].as_str().unwrap() {
            "rsa" => vec![(1, int(3)), (3, int(-257)), (-1, bytes(&own["n"])), (-2, bytes(&own["e"]))],
            "ed25519" => vec![(1, int(1)), (3, int(-8)), (-1, int(6)), (-2, bytes(own))],
            _ => {
                let x = bytes(&own["x"]);
                let y = bytes(&own["y"]);
                vec![(1, int(2)), (3, int(-7)), (-1, int(1)), (-2, x), (-3, y)]
            }
        };
        let begun = stage.begin(&user_id);
        let mut device = Device::new(Key::es256());
        let response = device.create_bent(&begun["options"], |made| made.public_key = cose(&members));
        let request = json!({"challenge": begun["challenge"], "response": response});
        if key["is_good"] == true {
            stage.call("finish_passkey_registration", request);
            good += 1;
        } else {
            let refused = stage.refused("finish_passkey_registration", request);
            assert_eq!(refused, invalid("public_key"), "{}", key["name"]);
        }
    }
    assert!(good == 5 && keys.len() > 40);
}

on_each_store!(assertions_with_one_thing_wrong);
fn assertions_with_one_thing_wrong(store: &Store) {
    let stage = Stage::with(store, json!({"throttle": {"account_failures": 100, "source_failures": 1000}}));
    let user_id = stage.register("ada");
    let mut device = stage.device(&user_id);
    let begun = stage.begin_login();
    for (index, (reason, bend)) in ASSERTIONS.iter().enumerate() {
        let response = device.get_bent(&begun["options"], bend);
        assert_eq!(finish_login(&stage, &begun, &response), invalid(reason), "{index}");
    }
    let good = device.get(&begun["options"]);
    let mut other = Device::new(Key::es256());
    (other.id, other.user_handle) = (device.id.clone(), device.user_handle.clone());
    let mut bad = good.clone();
    bad["response"]["signature"] = json!("");
    let signatures = [other.get(&begun["options"]), bad];
    for response in signatures {
        assert_eq!(finish_login(&stage, &begun, &response), invalid("signature"));
    }
    // Each failure is in the log, with the account if it is known.
    let failed = stage.events("login_failed");
    assert_eq!(failed.len(), ASSERTIONS.len() + 2);
    let nobodys = failed.iter().filter(|event| event["user_id"].is_null());
    assert!(nobodys.clone().all(|event| event["detail"] == "unknown_credential"));
    assert_eq!(nobodys.count(), 2);
    // The failures did not spend the challenge.
    stage.call("finish_passkey_login", json!({"challenge": begun["challenge"], "response": good}));
}

/// Each credential's algorithm is verified by its own key.
#[test]
fn a_signature_of_one_algorithm_is_none_of_another() {
    let stage = Stage::new(&Store::sqlite());
    let user_id = stage.register("ada");
    let keys = || [Key::es256(), Key::eddsa(), Key::rs256(KeySize::Rsa2048)];
    let mut devices: Vec<Device> =
        keys().into_iter().map(|key| stage.enrolled(&user_id, Device::new(key))).collect();
    let begun = stage.begin_login();
    for signer in 0..devices.len() {
        for claimed in 0..devices.len() {
            let id = devices[claimed].id.clone();
            let response =
                devices[signer].get_bent(&begun["options"], |it| (it.id, it.raw_id) = (id.clone(), id));
            let request = json!({"challenge": begun["challenge"], "response": response});
            if signer != claimed {
                assert_eq!(stage.refused("finish_passkey_login", request), invalid("signature"));
            }
        }
    }
    for device in &mut devices {
        stage.login(device).unwrap();
    }
}

/// A response of another shape is an invalid request, and the error does not repeat its value.
#[test]
fn responses_of_another_shape() {
    let stage = Stage::new(&Store::sqlite());
    let user_id = stage.register("ada");
    let begun = stage.begin(&user_id);
    let good = Device::new(Key::es256()).create(&begun["options"]);
    let without = |pointer: &str, name: &str| {
        let mut response = good.clone();
        response.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
        response
    };
    let with = |pointer: &str, value: Value| {
        let mut response = good.clone();
        *response.pointer_mut(pointer).unwrap() = value;
        response
    };
    let shapes = [
        json!({}),
        json!([]),
        json!("x"),
        json!([good.clone()]),
        without("", "id"),
        without("", "rawId"),
        without("", "type"),
        without("", "response"),
        without("/response", "clientDataJSON"),
        without("/response", "attestationObject"),
        with("/type", json!("password")),
        with("/id", json!("SECRETMARK=")),
        with("/id", json!("SECRET MARK")),
        with("/id", json!(["SECRETMARK"])),
        with("/response/clientDataJSON", json!({"type": "SECRETMARK"})),
        with("/response/transports", json!("SECRETMARK")),
    ];
    for response in shapes {
        let request = json!({"challenge": begun["challenge"], "response": response}).to_string();
        let error = stage.engine.call("finish_passkey_registration", &request).unwrap_err();
        assert_eq!(error.code, Code::InvalidRequest, "{request}");
        assert!(!error.to_json().contains("MARK"), "{}", error.to_json());
    }
    // A duplicate key, and deep nesting in a member that is not read.
    let text = json!({"challenge": begun["challenge"], "response": good}).to_string();
    let twice = text.replacen("\"rawId\"", "\"id\"", 1);
    let deep = text.replacen("{\"rk\":true}", &format!("{}1{}", "[".repeat(40), "]".repeat(40)), 1);
    for bad in [twice, deep] {
        assert_ne!(bad, text);
        let error = stage.engine.call("finish_passkey_registration", &bad).unwrap_err();
        assert_eq!(error.code, Code::InvalidRequest, "{bad}");
    }
    // Members that browsers may add later are ignored.
    let mut more = good.clone();
    more["response"]["another"] = json!({"x": [1, null]});
    more["another"] = json!(null);
    // Languages that do not distinguish an empty list from an empty object write this.
    more["response"]["transports"] = json!({});
    stage.call("finish_passkey_registration", json!({"challenge": begun["challenge"], "response": more}));
}

/// A randomly changed response is either refused or correct, and changes nothing else. `SEED=… cargo test`
/// repeats a run.
#[test]
fn anything_wrong() {
    let stage = Stage::with(&Store::sqlite(), json!({"throttle": {"source_failures": 1_000_000}}));
    let user_id = stage.register("ada");
    let mut device = stage.device(&user_id);
    let registration = stage.begin(&user_id);
    let login = stage.begin_login();
    // With a signature over all signed parts.
    let made = Device::new(Key::es256()).create_bent(&registration["options"], |made| made.packed = Some(-7));
    let got = device.get(&login["options"]);
    let seed = option_env!("SEED").map_or_else(drawn, |seed| seed.parse().unwrap());
    let mut random = Random(seed);
    let mut tried = 0;
    while tried < 4000 {
        let (operation, begun, good, parts) = match tried % 2 {
            0 => (
                "finish_passkey_registration",
                &registration,
                &made,
                &["clientDataJSON", "attestationObject"][..],
            ),
            _ => (
                "finish_passkey_login",
                &login,
                &got,
                &["clientDataJSON", "authenticatorData", "signature", "userHandle"][..],
            ),
        };
        let part = parts[random.below(parts.len())];
        let original = decoded(&good["response"][part]);
        let mut bytes = original.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len().max(1));
            match random.below(5) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
                1 => bytes.truncate(at),
                2 => bytes.insert(at.min(bytes.len()), random.below(256) as u8),
                3 if !bytes.is_empty() => {
                    bytes[at] = [0, 0x1b, 0x5b, 0x7b, 0x9b, 0xbb, 0xbf, 0xff][random.below(8)]
                }
                _ => bytes.extend_from_within(..at.min(bytes.len())),
            }
        }
        if bytes == original {
            continue;
        }
        tried += 1;
        let mut response = good.clone();
        response["response"][part] = json!(encoded(&bytes));
        let request = json!({"challenge": begun["challenge"], "response": response});
        assert_eq!(
            stage.try_call(operation, request),
            Err(Code::InvalidCredentials),
            "SEED={seed} {response}"
        );
    }
    // Nothing was spent or stored.
    let listed = stage.call("list_passkeys", json!({"user_id": user_id}));
    assert_eq!(listed["passkeys"].as_array().unwrap().len(), 1);
    stage.call("finish_passkey_login", json!({"challenge": login["challenge"], "response": got}));
}

fn drawn() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}

/// SplitMix64: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % limit
    }
}
