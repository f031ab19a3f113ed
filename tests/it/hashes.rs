//! Tests of hostile hashes: a malformed or too costly hash gives `valid: false`, without any computation or memory
//! for it. Valid hashes of other systems are in conformance/passwords_hashes.json, passwords_foreign_hashes.json and
//! vectors/hashes.json, but for those that cost much: here they are verified once.

use std::collections::BTreeMap;

use doorward::{Config, Engine, Hooks};
use serde_json::{Value, json};

use crate::alone;

#[test]
fn hostile_hashes_are_not_valid_and_take_no_memory() {
    alone("hashes::hostile_hashes", |_| ());
}

#[test]
#[ignore = "it measures the memory of its process, and is run alone by the test above"]
fn hostile_hashes() {
    let engine = open();
    let reply = engine.call("hash_password", r#"{"password": "password"}"#).unwrap();
    let reply: Value = serde_json::from_str(&reply).unwrap();
    let good = reply["hash"].as_str().unwrap();
    assert_eq!(verify(&engine, good), json!({"valid": true, "needs_rehash": false}));
    let (head, output) = good.rsplit_once('$').unwrap();
    let (head, salt) = head.rsplit_once('$').unwrap();
    assert_eq!(head, "$argon2id$v=19$m=8,t=1,p=1");

    let mut hostile: Vec<String> = Vec::new();
    // Hashes just above the limits come first: if they are computed, the test fails here, while the bombs
    // after them would hang.
    for cost in ["m=8,t=17,p=1", "m=136,t=1,p=17", "m=131073,t=1,p=1", "m=131072,t=5,p=1"] {
        let hash = format!("$argon2id$v=19${cost}${salt}${output}");
        assert_eq!(verify(&engine, &hash), json!({"valid": false, "needs_rehash": false}), "{cost}");
    }
    for cost in [
        "m=4294967295,t=1,p=1",
        "m=8,t=4294967295,p=1",
        "m=8,t=1,p=16777215",
        "m=4294967295,t=4294967295,p=16777215",
        "m=4294967296,t=1,p=1",
        "m=18446744073709551616,t=1,p=1",
        "m=1048576,t=1,p=17",
        "m=134217728,t=1,p=1",
        "m=0,t=1,p=1",
        "m=8,t=0,p=1",
        "m=8,t=1,p=0",
        "m=7,t=1,p=1",
        "m=15,t=1,p=2",
        "m=8,t=1,p=16777216",
        "m=-8,t=1,p=1",
        "m=+8,t=1,p=1",
        "m=08,t=1,p=1",
        "m=8,t=01,p=1",
        "m=8,t=1,p=01",
        "m=0x8,t=1,p=1",
        "m=8.0,t=1,p=1",
        "m=8e0,t=1,p=1",
        "m= 8,t=1,p=1",
        "m=8 ,t=1,p=1",
        "m=8, t=1,p=1",
        "m=\u{0668},t=1,p=1",
        "m=\u{ff18},t=1,p=1",
        "m=8k,t=1,p=1",
        "m=,t=1,p=1",
        "m=8,t=,p=1",
        "m=8,t=1,p=",
        "m,t=1,p=1",
        "m8,t=1,p=1",
        "M=8,t=1,p=1",
        "t=1,m=8,p=1",
        "m=8,p=1,t=1",
        "m=8,t=1",
        "m=8",
        "",
        ",",
        "m=8,t=1,p=1,",
        ",m=8,t=1,p=1",
        "m=8,t=1,p=1,p=1",
        "m=8,m=8,t=1,p=1",
        "m=8,t=1,p=1,keyid=AAAA",
        "m=8,t=1,p=1,data=AAAA",
        "m=8;t=1;p=1",
        "m=8,t=1,p=1\0",
        "m=8,t=1,p=1\n",
    ] {
        hostile.push(format!("$argon2id$v=19${cost}${salt}${output}"));
    }
    for algorithm in [
        "argon2",
        "argon2id ",
        " argon2id",
        "ARGON2ID",
        "argon2ID",
        "argon2x",
        "argon2ds",
        "",
        "scrypt",
        "pbkdf2-sha256",
        "2b",
        "5",
        "6",
        "y",
        "argon2id\0",
    ] {
        hostile.push(format!("${algorithm}$v=19$m=8,t=1,p=1${salt}${output}"));
    }
    for version in [
        "v=18",
        "v=20",
        "v=1",
        "v=0",
        "v=013",
        "v=0x13",
        "v=",
        "v",
        "V=19",
        "v=19,v=19",
        "v=-19",
        "v=+19",
        "v=19 ",
        "19",
        "v=4294967315",
    ] {
        hostile.push(format!("$argon2id${version}$m=8,t=1,p=1${salt}${output}"));
    }
    let long = "A".repeat(1_000_000);
    for part in [
        "",
        "A",
        "AA",
        "AAAAAAAAA",
        "AAAAAAA",
        "AAAAAAAAAA=",
        "AAAAAAAAAA==",
        "AAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAB",
        "AAAAAAAAAAAAAAAAAAAAA/",
        "AAAA AAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAA\nAAAAA",
        "------",
        "AAAAAAAAAAAAAAAAAAAA-_",
        "....................",
        &"A".repeat(87),
        &"A".repeat(88),
        &"A".repeat(89),
        &long,
    ] {
        hostile.push(format!("{head}${part}${output}"));
        // As an output many of these are well formed, but wrong.
        hostile.push(format!("{head}${salt}${part}"));
    }
    hostile.extend([
        String::new(),
        "$".into(),
        "$$$$$".into(),
        "$argon2id".into(),
        "$argon2id$".into(),
        "$argon2id$v=19".into(),
        "$argon2id$v=19$".into(),
        head.into(),
        format!("{head}$"),
        format!("{head}${salt}"),
        format!("{head}${salt}$"),
        format!("{good}$"),
        format!("{good}$AAAA"),
        format!("${good}"),
        good[1..].into(),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}\0"),
        format!("{good}{good}"),
        good.replace('$', ":"),
        good.to_uppercase(),
        good.replace("$v=19", ""),
        good.replace("$v=19", "$v=16"),
        good.replace("argon2id", "argon2i"),
        good.replace("argon2id", "argon2d"),
        good.replace("m=8", "m=9"),
        good.replace("t=1", "t=2"),
        good.replace(salt, &output[..22].replace(&output[21..22], "A")),
        "x".repeat(1_000_000),
        "$".repeat(1_000_000),
        format!("$argon2id$v=19$m={},t=1,p=1${salt}${output}", "9".repeat(1_000_000)),
        "plain text".into(),
        "password".into(),
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW".into(),
        "5f4dcc3b5aa765d61d8327deb882cf99".into(),
        "null".into(),
        "{}".into(),
    ]);
    for position in 0..output.len() {
        let mut changed = output.as_bytes().to_vec();
        changed[position] = if changed[position] == b'A' { b'E' } else { b'A' };
        hostile.push(format!("{head}${salt}${}", String::from_utf8(changed).unwrap()));
    }
    let before = peak_kib();
    for hash in &hostile {
        let shown = hash.chars().take(120).collect::<String>();
        assert_eq!(verify(&engine, hash)["valid"], false, "{shown}");
    }
    let taken = peak_kib() - before;
    assert!(taken < 32 * 1024, "{taken} KiB were taken for {} hashes", hostile.len());

    // The most costly accepted hash of another system is computed. (It is here because its memory counts,
    // too.)
    for cost in ["m=131072,t=1,p=1", "m=8,t=16,p=1", "m=128,t=1,p=16"] {
        let hash = format!("$argon2id$v=19${cost}${salt}${output}");
        assert_eq!(verify(&engine, &hash), json!({"valid": false, "needs_rehash": true}), "{cost}");
    }
    assert!(peak_kib() - before > 100 * 1024, "the peak is not measured");
}

/// Hashes of `password` in the formats of other systems, each with a low cost.
const FOREIGN: [&str; 24] = [
    "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm",
    "bcrypt$$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm",
    "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuavYyybW8SwBYgHrVfEOHIljvgCGgHr2",
    "$bcrypt-sha256$v=2,t=2b,r=4$abcdefghijklmnopqrstuu$6eeTxYH54oiZ0Z7.zjNaUH4ORExX7RG",
    "$pbkdf2$1$c2FsdA$DGDID5YfDnHzqbUkr2ASBi/gN6Y",
    "$pbkdf2-sha256$1$c2FsdA$Eg.2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
    "pbkdf2_sha256$1$salt$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs=",
    "pbkdf2_sha1$1$salt$DGDID5YfDnHzqbUkr2ASBi/gN6Y=",
    "pbkdf2:sha256:1$salt$120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b",
    "$scrypt$ln=1,r=1,p=1$c2FsdA$bRu4eO7pzkp7d9ekQQNXTUy/48Fa45QPD/51zV4eCvo",
    "scrypt$2$salt$1$1$bRu4eO7pzkp7d9ekQQNXTUy/48Fa45QPD/51zV4eCvo=",
    "scrypt:2:1:1$salt$6d1bb878eee9ce4a7b77d7a44103574d4cbfe3c15ae3940f0ffe75cd5e1e0afa",
    "$fbscrypt$v=1,n=1,r=1,p=1,ss=,sk=MDEyMzQ1Njc4OWFiY2RlZg==$c2FsdA==$c8oIdeGzPtHH62diwsoIJA==",
    "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
    "$5$rounds=1000$salt$p.wiWs2zrZ7irikO2AL64QDIJo00A3KDq2xWHpLJGgB",
    "$6$rounds=1000$salt$O0nhCLTaysO7YRx7RhswA9LUudDbe8n/29Fg0mCv48MlTSygeX82/gn5a5m7.zIERei.MTm0LX6AbQbQLYGS5.",
    "$P$5saltsalt.dw5Zgkxy7Q/ZvpQhE5iw0",
    "{SSHA}yI6cZwQadOA1e+/f+T+H3eCQQhRzYWx0",
    "$pbkdf2-sha256$i=1,l=32$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
    "pbkdf2$1$50$73616c74$120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b4dbf3a2f3dad3377264bb7b8e8330d4efc74",
    "$wp$2y$04$abcdefghijklmnopqrstuuvVcN26Qszf/bgHTEy5wqn1LFLMIFXUq",
    "$devise$cGVwcGVy$2a$04$abcdefghijklmnopqrstuuplyOA/yggp3uDOFweBlaokYQ36s6xTW",
    "1|$2y$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm",
    "AQAAAAEAAAABAAAAEAABAgMEBQYHCAkKCwwNDg/hsI+SvoF02fRC2V2JqkzNwxEjGk1w0LhU0VSN6Pq9/Q==",
];

/// Hashes that cost too much, in forms that only some systems write. The first of each kind is just above the limit.
fn other_bombs() -> Vec<String> {
    let [_, sha256, sha512, phpass, _, phc, gitea, wordpress, devise, nextcloud, _] = &FOREIGN[13..] else {
        panic!()
    };
    let zeros = base64(&[0; 64]);
    let keycloak = |iterations: &str| {
        let secret = json!({"value": zeros, "salt": "AAAA"}).to_string();
        let data = json!({"hashIterations": 4_294_967_295_u32, "algorithm": "pbkdf2-sha256"}).to_string();
        let data = data.replace("4294967295", iterations);
        json!({"type": "password", "secretData": secret, "credentialData": data}).to_string()
    };
    let directory = |iterations: u32| {
        format!("{{PBKDF2_SHA256}}{}", base64(&[&iterations.to_be_bytes()[..], &[0; 320]].concat()))
    };
    let aspnet = |iterations: u32| {
        let numbers = [1_u32, iterations, 16].map(u32::to_be_bytes).concat();
        base64(&[&[1], &numbers[..], &[0; 48]].concat())
    };
    let mut bombs = vec![
        phc.replace("i=1,", "i=5000001,"),
        phc.replace("i=1,", "i=4294967295,"),
        gitea.replace("$1$", "$2500001$"),
        gitea.replace("$1$", "$4294967295$"),
        format!("pbkdf2:sha512:1250001$salt${}", "00".repeat(256)),
        format!("pbkdf2:sha1:384616$salt${}", "00".repeat(256)),
        format!("argon2$5$131072$1$50$73616c7473616c74${}", "00".repeat(50)),
        format!("argon2$1$4294967295$1$50$73616c7473616c74${}", "00".repeat(50)),
        format!("scrypt$65536$17$1$50$73616c74${}", "00".repeat(50)),
        format!("scrypt$2147483648$16$2$50$73616c74${}", "00".repeat(50)),
        format!("$scrypt$ln=2147483648,r=8,p=1$AAAA${zeros}"),
        format!("$y$jDF$saltsalt${}", "a".repeat(43)),
        format!("$y$jSj$saltsalt${}", "a".repeat(43)),
        format!("$101101$AAAA${zeros}"),
        format!("{{scrypt}}$1fffff$AAAA${zeros}"),
        format!("{{CRYPT}}{}", sha512.replace("1000", "1048577")),
    ];
    bombs.extend([keycloak("2500001"), keycloak("4294967295")]);
    bombs.extend([directory(625_001), directory(u32::MAX), aspnet(5_000_001), aspnet(u32::MAX)]);
    for hash in [sha256, sha512] {
        bombs.extend(["1048577", "999999999"].map(|rounds| hash.replace("1000", rounds)));
    }
    for log_rounds in ["$J", "$S"] {
        bombs.push(phpass.replace("$5", log_rounds));
        bombs.push(format!("$S{log_rounds}saltsalt{}", "a".repeat(43)));
        bombs.push(format!("U$S{log_rounds}saltsalt{}", "a".repeat(43)));
    }
    for cost in ["$15$", "$31$"] {
        bombs.extend([wordpress, devise, nextcloud].map(|hash| hash.replace("$04$", cost)));
    }
    bombs
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// If they were computed, the last of each kind would take from minutes to years, or gigabytes. The first is
/// just above the limit, and fails within seconds.
#[test]
fn hash_bombs_are_not_computed() {
    let engine = open();
    let before = peak_kib();
    let mut bombs: Vec<String> = Vec::new();
    for costs in [["$04$", "$15$"], ["r=4$", "r=15$"], ["$04$", "$31$"], ["r=4$", "r=31$"]] {
        bombs.extend(FOREIGN[..4].iter().map(|good| good.replace(costs[0], costs[1])));
    }
    for iterations in ["5000001", "4294967295"] {
        bombs.extend(FOREIGN[4..8].iter().map(|good| good.replace("$1$", &format!("${iterations}$"))));
        bombs.push(FOREIGN[8].replace(":1$", &format!(":{iterations}$")));
    }
    // r; p; the memory of N and r together; the work of all; N; then each far beyond its limit.
    for [log_n, r, p] in [
        [1, 65, 1],
        [1, 1, 17],
        [16, 17, 1],
        [17, 8, 5],
        [20, 1, 5],
        [18, 8, 1],
        [31, 1, 1],
        [1, 536_870_911, 1],
        [1, 1, 536_870_911],
        [31, 32_767, 32_767],
    ] {
        let n = 1_u64 << log_n;
        bombs.push(FOREIGN[9].replace("ln=1,r=1,p=1", &format!("ln={log_n},r={r},p={p}")));
        bombs.push(FOREIGN[10].replace("$2$salt$1$1$", &format!("${n}$salt${r}${p}$")));
        bombs.push(FOREIGN[11].replace("2:1:1", &format!("{n}:{r}:{p}")));
        if p == 1 {
            bombs.push(FOREIGN[12].replace("n=1,r=1", &format!("n={log_n},r={r}")));
        }
    }
    bombs.retain(|bomb| !FOREIGN.contains(&bomb.as_str()));
    bombs.extend(other_bombs());
    assert_eq!(bombs.len(), 6 + 10 + 37 + 38);
    for bomb in &bombs {
        assert_eq!(verify(&engine, bomb), json!({"valid": false, "needs_rehash": false}), "{bomb}");
    }
    // They are refused for their cost, and not as malformed.
    let users: Vec<Value> = bombs.iter().enumerate().map(|(index, bomb)| imported(index, bomb)).collect();
    let report = call(&engine, "import_users", &json!({"users": users, "on_conflict": "skip"}));
    assert_eq!(report["skipped"], bombs.len(), "{report}");
    for problem in report["problems"].as_array().unwrap() {
        assert_eq!(
            problem["code"],
            "password_hash_too_costly",
            "{}",
            bombs[problem["index"].as_u64().unwrap() as usize]
        );
    }
    let taken = peak_kib() - before;
    assert!(taken < 32 * 1024, "{taken} KiB were taken");
}

/// Vectors of RFC 7914 (section 12, those with a password and less than 1 GiB, in passlib's form), the example of
/// github.com/firebase/scrypt, and two of passlib's documentation.
#[test]
fn published_hashes_of_a_usual_cost_are_valid() {
    let engine = open();
    for (password, hash) in [
        (
            "password",
            "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
        ),
        (
            "pleaseletmein",
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
        ),
        (
            "user1password",
            "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        ),
        ("password", "$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m"),
        ("password", "$bcrypt-sha256$2b,12$LrmaIX5x4TRtAwEfwJZa1.$2ehnw6LvuIUTM0iz4iz9hTxv21B6KFO"),
    ] {
        let request = json!({"password": password, "hash": hash}).to_string();
        let reply: Value = serde_json::from_str(&engine.call("verify_password", &request).unwrap()).unwrap();
        assert_eq!(reply, json!({"valid": true, "needs_rehash": true}), "{hash}");
    }
}

#[test]
fn spoiled_foreign_hashes_are_not_valid() {
    let engine = open();
    for good in FOREIGN {
        assert_eq!(verify(&engine, good), json!({"valid": true, "needs_rehash": true}), "{good}");
        let mut spoiled = vec![
            format!("{good}$"),
            format!("${good}"),
            format!("{good}\n"),
            format!(" {good}"),
            format!("{good}{}", "A".repeat(1_000_000)),
            format!("argon2{good}"),
            format!("bcrypt${good}$"),
        ];
        for position in 0..good.len() {
            let (head, tail) = good.split_at(position);
            // The output in two forms may have any length from 16 bytes on.
            if !good.starts_with("pbkdf2:") && !good.starts_with("AQ") {
                spoiled.push(head.to_owned());
            }
            spoiled.push(format!("{head}{}", &tail[1..]));
            for other in ["*", "$", "\0", "é"] {
                spoiled.push(format!("{head}{other}{tail}"));
                if !tail.starts_with(other) {
                    spoiled.push(format!("{head}{other}{}", &tail[1..]));
                }
            }
            if tail.starts_with(|c: char| c.is_ascii_digit()) {
                for other in ["0", "-", "+", " "] {
                    spoiled.push(format!("{head}{other}{tail}"));
                }
            }
        }
        for hash in &spoiled {
            let shown = hash.chars().take(120).collect::<String>();
            assert_eq!(verify(&engine, hash)["valid"], false, "{shown:?}");
        }
    }
}

/// Hashes of other systems, made by tests/vectors/hashes.py.
#[test]
fn hashes_of_other_systems_are_verified_and_imported() {
    let engine = open();
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../vectors/hashes.json")).unwrap();
    let mut schemes = BTreeMap::<&str, u64>::new();
    for Vector { by, scheme, password, hash } in vectors.iter().map(Vector::of) {
        let verdict = call(&engine, "verify_password", &json!({"password": password, "hash": hash}));
        assert_eq!(verdict, json!({"valid": true, "needs_rehash": true}), "{by}: {password}, {hash}");
        let is_costly = matches!(by, "better-auth" | "Lucia") || hash.starts_with("$y$j9T");
        if !is_costly {
            let other = json!({"password": format!("x{password}"), "hash": hash});
            assert_eq!(call(&engine, "verify_password", &other)["valid"], false, "{by}: x{password}, {hash}");
        }
        *schemes.entry(scheme).or_default() += 1;
    }
    let users = vectors.iter().map(Vector::of).enumerate();
    let users: Vec<Value> = users.map(|(index, vector)| imported(index, vector.hash)).collect();
    let report = call(&engine, "import_users", &json!({"users": users, "dry_run": true}));
    assert_eq!(report["problems"], json!([]));
    assert_eq!(report["hashes"], json!(schemes));
}

/// A hash that another system made.
struct Vector<'a> {
    by: &'a str,
    scheme: &'a str,
    password: &'a str,
    hash: &'a str,
}

impl Vector<'_> {
    fn of(line: &Value) -> Vector<'_> {
        let [by, scheme, password, hash] =
            ["by", "scheme", "password", "hash"].map(|name| line[name].as_str().unwrap());
        Vector { by, scheme, password, hash }
    }
}

fn imported(index: usize, hash: &str) -> Value {
    json!({"username": format!("user{index}"), "email": format!("user{index}@example.com"), "password_hash": hash})
}

fn call(engine: &Engine, operation: &str, request: &Value) -> Value {
    serde_json::from_str(&engine.call(operation, &request.to_string()).unwrap()).unwrap()
}

fn open() -> Engine {
    let config = r#"{"store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1}}"#;
    Engine::open(Config::parse(config).unwrap(), Hooks::default()).unwrap()
}

fn verify(engine: &Engine, hash: &str) -> Value {
    call(engine, "verify_password", &json!({"password": "password", "hash": hash}))
}

/// Returns the peak memory of this process, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
