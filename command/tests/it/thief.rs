//! Tests with a thief who has the secret key and a copy of the store, before and after the recipe of
//! docs/security.md. The thief's forgeries are made from the documented formats alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::{Clock, Code, Config, Engine, Hooks};
use serde_json::{Value, json};

use crate::stores::{self, Store, on_each_store};

const OLD: &str = "the secret key that leaked, with a copy of the store";
const NEW: &str = "the secret key that takes the place of the one that leaked";
const PASSWORD: &str = "eight wise words";
const NOW: i64 = 1_800_000_000;

on_each_store!(a_thief_of_secret_key_and_store_gets_nothing_after_the_recipe);
fn a_thief_of_secret_key_and_store_gets_nothing_after_the_recipe(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let open = |keys: &[&str]| open(store, keys, &clock);
    let owner = Owner::begin(&open(&[OLD]).unwrap());
    let thief = Thief::copy(store);

    // Before the recipe the thief has full access.
    let engine = open(&[OLD]).unwrap();
    for token in &thief.access_tokens() {
        let asked = call(&engine, "authorize", json!({"token": token, "roles": ["admin"]})).unwrap();
        assert_eq!(asked, json!({"authorized": true}));
    }
    let reset = thief.mailed_token();
    assert_eq!(
        call(&engine, "check_mail_token", json!({"token": reset})).unwrap()["purpose"],
        "reset_password"
    );
    call(&engine, "refresh", json!({"refresh_token": thief.refresh_token(0)})).unwrap();
    login(&engine, json!({"two_fa_code": thief.code(NOW)})).unwrap();
    clock.fetch_add(60, Ordering::SeqCst);

    // The recipe: every process gets the new key first, then one of them retires the old one. `engine` was
    // forgotten.
    let operator = open(&[NEW, OLD]).unwrap();
    let other = open(&[NEW, OLD]).unwrap();
    for token in &thief.access_tokens() {
        assert!(is_active(&other, token), "the recipe has only begun");
    }
    let answer = call(&operator, "rotate_keys", json!({"retire": "now"})).unwrap();
    let retired = &answer["retired"];
    assert_eq!(retired["signing_keys"], 2, "of both backends");
    assert_eq!((&retired["secret_keys"], &retired["totp_seeds"]), (&json!(1), &json!(1)));
    assert_eq!((&retired["sessions"], &retired["mails"]), (&json!(2), &json!(1)));
    assert_eq!(retired["one_time_secrets"], 1);

    // A process follows the retirement at its first call of any kind.
    thief.gets_nothing(&other, "a process that was open");
    thief.gets_nothing(&operator, "the process that retired");
    thief.gets_nothing(&open(&[NEW, OLD]).unwrap(), "a process that is opened later");
    thief.gets_nothing(&open(&[OLD, NEW]).unwrap(), "a process with the keys in the old order");
    thief.gets_nothing(&engine, "a process that was forgotten");
    assert_eq!(open(&[OLD]).err().unwrap().code, Code::WrongSecretKey);

    // The owner logs in by the password and a factor that no copy discloses, as long as the old key is
    // listed.
    assert_eq!(login(&other, json!({})).unwrap_err(), Code::SecondFactorRequired);
    let entered = login(&other, json!({"recovery_code": owner.recovery_codes[0]})).unwrap();
    let tokens = [&entered["access_token"], &entered["refresh_token"]];
    assert!(tokens.iter().all(|token| is_active(&operator, token.as_str().unwrap())));
    drop((engine, operator, other));
    let engine = open(&[NEW]).unwrap();
    assert!(tokens.iter().all(|token| is_active(&engine, token.as_str().unwrap())));
    thief.gets_nothing(&engine, "without the old key");
    assert_eq!(login(&engine, json!({})).unwrap_err(), Code::SecondFactorRequired, "the hash is sealed anew");
    drop(engine);
    // Nothing that the old key sealed is left.
    let id = hex(&derive("key id")[..4]);
    for (table, column) in [("keys", "sealed"), ("meta", "value"), ("totp", "sealed"), ("mails", "sealed")] {
        let rows = store.query(&format!("SELECT {column} AS sealed FROM {table} WHERE {column} IS NOT NULL"));
        let is_sealed = |text: &str| text.len() > 2 + 2 * (4 + 12 + 16);
        let is_old = |text: &str| is_sealed(text) && text.starts_with(&format!("\\x{id}"));
        let is_old = |row: &Value| is_old(row["sealed"].as_str().unwrap());
        assert!(!rows.iter().any(is_old), "{table}");
    }
}

on_each_store!(the_documented_commands_leave_the_thief_nothing);
/// Runs the commands of docs/security.md as they are, with keys in files, beside one application that is
/// restarted as the page says, and one that was forgotten.
fn the_documented_commands_leave_the_thief_nothing(store: &Store) {
    let page =
        include_str!("../../../docs/security.md").split("### A secret key that leaked").nth(1).unwrap();
    let page = page.split("\n## ").next().unwrap().replace("/etc/app", store.path().to_str().unwrap());
    let blocks: Vec<&str> =
        page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [new_secret, rotate, events, list] = blocks[..] else { panic!("{blocks:?}") };
    let command = std::path::Path::new(env!("CARGO_BIN_EXE_doorward")).parent().unwrap();
    let run = |block: &str| {
        let script = format!("PATH='{}':\"$PATH\"\n{block}", command.display());
        let shell = std::process::Command::new("sh").args(["-euc", &script]).output().unwrap();
        assert!(shell.status.success(), "{block}: {}", String::from_utf8_lossy(&shell.stderr));
        String::from_utf8(shell.stdout).unwrap()
    };
    let clock = Arc::new(AtomicI64::new(NOW));
    let configure = |keys: Value| {
        let config = stores::config(store.url(), defaults(), keys).to_string();
        std::fs::write(store.path().join("doorward.json"), config).unwrap();
    };
    let application = || {
        let config = std::fs::read_to_string(store.path().join("doorward.json")).unwrap();
        open_with(&config, &clock).unwrap()
    };
    let old = store.path().join("old.key");
    std::fs::write(&old, format!("{OLD}\n")).unwrap();
    configure(json!({"secret_key_file": old, "create": true}));
    let owner = Owner::begin(&application());
    let thief = Thief::copy(store);
    let forgotten = application();
    assert!(thief.access_tokens().iter().all(|token| is_active(&application(), token)));
    clock.fetch_add(60, Ordering::SeqCst);

    run(new_secret);
    let keys = page.split('`').find(|text| text.starts_with("{\"secret_key_files\"")).unwrap();
    configure(serde_json::from_str(keys).unwrap());
    let engine = application();
    assert!(thief.access_tokens().iter().all(|token| is_active(&engine, token)), "the recipe has only begun");
    let said = run(rotate);
    assert!(said.contains("Retired signing keys: 2; secret keys: 1.\nEnded sessions: 1;"), "{said}");
    thief.gets_nothing(&engine, "the application");
    thief.gets_nothing(&forgotten, "a process that was forgotten");
    assert!(run(events).contains("  keys_retired  "));

    let needed = run(list);
    assert!(needed.contains("  retired  9 recovery codes\n"), "{needed}");
    login(&engine, json!({"recovery_code": owner.recovery_codes[0]})).unwrap();
    call(&engine, "generate_recovery_codes", json!({"user_id": owner.id, "reason": "a leak"})).unwrap();
    let needed = run(list);
    assert!(needed.contains("  retired  nothing\n"), "{needed}");
    drop((engine, forgotten));
    configure(json!({"secret_key_file": store.path().join("new.key")}));
    thief.gets_nothing(&application(), "without the old key");
}

on_each_store!(each_live_question_follows_by_itself);
/// An engine that knew the old keys gets only this one call after their retirement.
fn each_live_question_follows_by_itself(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let owner = Owner::begin(&open(store, &[OLD], &clock).unwrap());
    let thief = Thief::copy(store);
    let [alone, of_session] = thief.access_tokens();
    let questions = [
        ("authenticate", json!({"token": alone})),
        ("authenticate", json!({"token": of_session})),
        ("introspect", json!({"token": alone})),
        ("introspect", json!({"token": of_session})),
        ("introspect", json!({"token": thief.refresh_token(0)})),
        ("authorize", json!({"token": alone})),
        ("refresh", json!({"refresh_token": thief.refresh_token(0)})),
        ("logout", json!({"refresh_token": thief.refresh_token(0)})),
        ("logout", json!({"token": of_session})),
        ("reauthenticate", json!({"token": of_session, "password": PASSWORD})),
        ("finish_passkey_login", passkey_login(&thief.passkey_challenge())),
        ("request_email_verification", json!({"verification": thief.verification()})),
        (
            "change_password",
            json!({"token": alone, "old_password": PASSWORD, "new_password": "nine wise words"}),
        ),
    ];
    let open = || open(store, &[NEW, OLD], &clock).unwrap();
    let engines: Vec<(Engine, _)> = questions.into_iter().map(|question| (open(), question)).collect();
    let signs = open();
    let verifies = open();
    call(&signs, "verify", json!({"token": alone})).unwrap();
    // The thief's forgeries are well formed: before the retirement they are accepted.
    for (operation, request) in [
        ("finish_passkey_login", passkey_login(&thief.passkey_challenge())),
        ("request_email_verification", json!({"verification": thief.verification()})),
    ] {
        assert_ne!(call(&open(), operation, request), Err(Code::InvalidChallenge), "{operation}");
    }
    let kid = call(&open(), "rotate_keys", json!({"retire": "now"})).unwrap()["kid"].clone();
    for (engine, (operation, request)) in &engines {
        match call(engine, operation, request.clone()) {
            Ok(answer) if *operation == "introspect" => assert_eq!(answer["active"], false, "{request}"),
            Ok(answer) if *operation == "authorize" => assert_eq!(answer["authorized"], false),
            answer => {
                let is_challenge = ["finish_passkey_login", "request_email_verification"].contains(operation);
                let expected = if is_challenge { Code::InvalidChallenge } else { Code::InvalidToken };
                assert_eq!(answer.unwrap_err(), expected, "{operation}");
            }
        }
    }
    // The next signature is made with the new key.
    let entered = login(&signs, json!({"recovery_code": owner.recovery_codes[0]})).unwrap();
    let header = entered["access_token"].as_str().unwrap().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!(header["kid"], kid);
    // `verify` reads the store once a minute.
    call(&verifies, "verify", json!({"token": alone})).unwrap();
    clock.fetch_add(60, Ordering::SeqCst);
    assert_eq!(call(&verifies, "verify", json!({"token": alone})), Err(Code::InvalidToken));
}

on_each_store!(a_session_that_began_later_is_not_forged);
/// The thief learns the id of a session that began after the retirement, and is the first to call an engine
/// that knew the old keys.
fn a_session_that_began_later_is_not_forged(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let owner = Owner::begin(&open(store, &[OLD], &clock).unwrap());
    let mut thief = Thief::copy(store);
    let open = || open(store, &[NEW, OLD], &clock).unwrap();
    let (operator, engines): (_, [Engine; 5]) = (open(), std::array::from_fn(|_| open()));
    call(&operator, "rotate_keys", json!({"retire": "now"})).unwrap();
    let entered = login(&operator, json!({"recovery_code": owner.recovery_codes[0]})).unwrap();
    thief.session = bytes(&store.query("SELECT id FROM sessions WHERE revoked_at IS NULL")[0]["id"]);
    let ([_, of_session], refresh_token) = (thief.access_tokens(), thief.refresh_token(0));
    let questions = [
        ("authenticate", json!({"token": of_session})),
        ("refresh", json!({"refresh_token": refresh_token})),
        ("logout", json!({"token": of_session})),
        ("logout", json!({"refresh_token": refresh_token})),
        ("revoke_token", json!({"token": of_session})),
    ];
    for (engine, (operation, request)) in engines.iter().zip(questions) {
        let answer = call(engine, operation, request);
        // A malformed token counts as revoked already (RFC 7009 section 2.2).
        assert_eq!(answer.err(), (operation != "revoke_token").then_some(Code::InvalidToken), "{operation}");
        assert!(is_active(&operator, entered["refresh_token"].as_str().unwrap()), "{operation}");
    }
}

on_each_store!(without_a_copy_of_the_store_authenticator_apps_stay_good);
fn without_a_copy_of_the_store_authenticator_apps_stay_good(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    Owner::begin(&open(store, &[OLD], &clock).unwrap());
    let seed = Thief::copy(store);
    let answer = call(
        &open(store, &[NEW, OLD], &clock).unwrap(),
        "rotate_keys",
        json!({"retire": "now", "keep_totp": true}),
    );
    assert_eq!(answer.unwrap()["retired"]["totp_seeds"], 0);
    let engine = open(store, &[NEW], &clock).unwrap();
    login(&engine, json!({"two_fa_code": seed.code(NOW)})).unwrap();
}

on_each_store!(the_keys_of_one_backend_are_retired_alone);
fn the_keys_of_one_backend_are_retired_alone(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let owner = Owner::begin(&open(store, &[OLD], &clock).unwrap());
    clock.fetch_add(1, Ordering::SeqCst);
    let other = open(store, &[OLD], &clock).unwrap();
    let issued = |backend: &str| {
        let claims = json!({"claims": {"sub": owner.id}, "backend": backend});
        call(&other, "issue_token", claims).unwrap()["token"].clone()
    };
    let default = issued("default");
    let admin = issued("admin");
    let engine = open(store, &[OLD], &clock).unwrap();
    call(&engine, "rotate_keys", json!({"retire": "now", "backend": "admin"})).unwrap();
    for engine in [&engine, &other] {
        assert!(is_active(engine, default.as_str().unwrap()));
        assert!(!is_active(engine, admin.as_str().unwrap()));
        assert!(is_active(engine, owner.refresh_token.as_str().unwrap()));
    }
    assert!(is_active(&engine, issued("admin").as_str().unwrap()));
}

on_each_store!(a_process_that_was_forgotten_seals_nothing_with_a_retired_key);
/// After the retirement, no call of a forgotten process keeps the others from working or the store from
/// opening.
fn a_process_that_was_forgotten_seals_nothing_with_a_retired_key(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    Owner::begin(&open(store, &[OLD], &clock).unwrap());
    let requests = [
        json!({}),
        json!({"backend": "admin"}),
        json!({"backend": "admin", "retire": "now"}),
        json!({"retire": "now"}),
    ];
    let forgotten = requests.each_ref().map(|_| open(store, &[OLD], &clock).unwrap());
    let swapped = requests.each_ref().map(|_| open(store, &[OLD, NEW], &clock).unwrap());
    let operator = open(store, &[NEW, OLD], &clock).unwrap();
    call(&operator, "rotate_keys", json!({"retire": "now"})).unwrap();
    for (engine, request) in forgotten.iter().zip(&requests) {
        for _ in 0..2 {
            assert_eq!(
                call(engine, "rotate_keys", request.clone()),
                Err(Code::StoreUnavailable),
                "{request}"
            );
        }
    }
    // A process that has the other key, too, continues with that key, at the second call at the latest.
    for (engine, request) in swapped.iter().zip(&requests) {
        if let Err(code) = call(engine, "rotate_keys", request.clone()) {
            assert_eq!(code, Code::StoreUnavailable, "{request}");
            call(engine, "rotate_keys", request.clone()).unwrap();
        }
    }
    for keys in [&[NEW][..], &[NEW, OLD], &[OLD, NEW]] {
        let engine = open(store, keys, &clock).unwrap();
        assert_eq!(login(&engine, json!({})).unwrap_err(), Code::SecondFactorRequired);
    }
}

on_each_store!(keys_in_the_wrong_order_retire_nothing);
/// Otherwise the leaked key would stay, and the new one would be lost for good.
fn keys_in_the_wrong_order_retire_nothing(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let owner = Owner::begin(&open(store, &[OLD], &clock).unwrap());
    let retire = |engine: &Engine| call(engine, "rotate_keys", json!({"retire": "now"}));
    // The new key was never current; then it is, and is the newer one.
    let engine = open(store, &[OLD, NEW], &clock).unwrap();
    assert_eq!(retire(&engine), Err(Code::InvalidRequest));
    drop(open(store, &[NEW, OLD], &clock).unwrap());
    assert_eq!(retire(&engine), Err(Code::InvalidRequest));
    let alone = open(store, &[OLD, NEW], &clock).unwrap();
    assert_eq!(retire(&alone), Err(Code::InvalidRequest));
    assert!(is_active(&alone, owner.refresh_token.as_str().unwrap()), "nothing has ended");
    let answer = retire(&open(store, &[NEW, OLD], &clock).unwrap()).unwrap();
    assert_eq!(answer["retired"]["secret_keys"], 1);
    assert_eq!(retire(&open(store, &[NEW], &clock).unwrap()).unwrap()["retired"]["secret_keys"], 0);
}

on_each_store!(what_needs_an_older_secret_key_is_told);
/// When no data need the key any more, it can be removed.
fn what_needs_an_older_secret_key_is_told(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let open = |keys: &[&str]| open(store, keys, &clock).unwrap();
    let list = |engine: &Engine| call(engine, "list_keys", json!({})).unwrap();
    let owner = Owner::begin(&open(&[OLD]));
    let alone = list(&open(&[OLD]))["secret_keys"].take();
    let id = hex(&derive("key id")[..4]).to_lowercase();
    assert_eq!(alone, json!([{"id": id, "since": NOW, "state": "current"}]));
    clock.fetch_add(60, Ordering::SeqCst);

    let engine = open(&[NEW, OLD]);
    let older = |engine: &Engine| {
        let all = list(engine)["secret_keys"].take();
        let [old, new] = &all.as_array().unwrap()[..] else { panic!("{all}") };
        let is_newer = (&new["state"], &new["since"], new.get("needed_by"));
        assert_eq!(is_newer, (&json!("current"), &json!(NOW + 60), None));
        assert_eq!((&old["id"], &old["since"]), (&json!(id), &json!(NOW)));
        (old["state"].clone(), old["needed_by"].clone())
    };
    let [listed, missing, retired] = ["listed", "missing", "retired"].map(|state| json!(state));
    let needs = |hashes: i64, seeds: i64, mails: i64, codes: i64, sessions: i64| {
        json!({"password_hashes": hashes, "totp_seeds": seeds, "mails": mails, "recovery_codes": codes,
            "api_keys": 0, "sessions": sessions})
    };
    let (state, found) = older(&engine);
    let mails = found["mails"].as_i64().unwrap();
    assert!(mails > 0, "{found}");
    assert_eq!((state, found), (listed.clone(), needs(1, 1, mails, 9, 1)));
    call(&engine, "refresh", json!({"refresh_token": owner.refresh_token})).unwrap();
    login(&engine, json!({"recovery_code": owner.recovery_codes[0]})).unwrap();
    let needed = needs(0, 1, mails, 8, 0);
    assert_eq!(older(&engine), (listed, needed.clone()));
    assert_eq!(older(&open(&[NEW])), (missing, needed));
    call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap();
    assert_eq!(older(&engine), (retired.clone(), needs(0, 0, 0, 8, 0)));
    call(&engine, "generate_recovery_codes", json!({"user_id": owner.id, "reason": "a leak"})).unwrap();
    assert_eq!(older(&engine), (retired, needs(0, 0, 0, 0, 0)));
}

on_each_store!(in_a_new_store_the_keys_after_the_first_count_as_older);
fn in_a_new_store_the_keys_after_the_first_count_as_older(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let engine = open(store, &[NEW, OLD], &clock).unwrap();
    let answer = call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap();
    assert_eq!(answer["retired"]["secret_keys"], 1);
}

on_each_store!(more_sessions_end_than_one_transaction_does);
fn more_sessions_end_than_one_transaction_does(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let engine = open(store, &[OLD], &clock).unwrap();
    Owner::begin(&engine);
    let columns = "user_id, epoch, generation, rotated_at, replaced_at, repeats, auth_time, amr, created_at, idle_at, \
                   expires_at, backend";
    let id = if store.is_sqlite() { "randomblob(16)" } else { "decode(md5(number::text), 'hex')" };
    store.execute(&format!(
        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 1200) \
         INSERT INTO sessions (id, {columns}) SELECT {id}, {columns} FROM sessions, numbers"
    ));
    // One of them has ended already.
    store.execute(
        "UPDATE sessions SET revoked_at = 1 WHERE id = (SELECT id FROM sessions ORDER BY id LIMIT 1)",
    );
    let answer = call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap();
    assert_eq!(answer["retired"]["sessions"], 1200);
    assert_eq!(store.count("sessions WHERE revoked_at IS NULL"), 0);
}

on_each_store!(more_is_sealed_anew_than_in_one_transaction);
fn more_is_sealed_anew_than_in_one_transaction(store: &Store) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let engine = open(store, &[OLD], &clock).unwrap();
    let hash = call(&engine, "hash_password", json!({"password": PASSWORD})).unwrap()["hash"].clone();
    let names: Vec<String> = (0..501).map(|number| format!("user{number}")).collect();
    let import = |name: &String| json!({"username": name, "email": format!("{name}@example.com"), "email_verified": true, "password_hash": hash});
    let users: Vec<Value> = names.iter().map(import).collect();
    call(&engine, "import_users", json!({"users": users})).unwrap();
    drop(engine);
    call(&open(store, &[NEW, OLD], &clock).unwrap(), "rotate_keys", json!({"retire": "now"})).unwrap();
    let engine = open(store, &[NEW], &clock).unwrap();
    for name in names {
        let told = call(&engine, "get_user", json!({"username": name, "status": true})).unwrap();
        assert_eq!(told["status"]["obstacles"], json!([]), "{name}");
    }
}

/// The owner of an account: an administrator with an authenticator app, who has requested a new password.
struct Owner {
    id: Value,
    recovery_codes: Vec<String>,
    refresh_token: Value,
}

impl Owner {
    fn begin(engine: &Engine) -> Owner {
        let hash = call(engine, "hash_password", json!({"password": PASSWORD})).unwrap();
        let ada = json!({"username": "ada", "email": "ada@example.com", "email_verified": true, "roles": ["admin"],
            "password_hash": hash["hash"]});
        call(engine, "import_users", json!({"users": [ada]})).unwrap();
        let id = call(engine, "get_user", json!({"username": "ada"})).unwrap()["user"]["id"].clone();
        let seed = call(engine, "setup_totp", json!({"user_id": id})).unwrap();
        let seed = base32(seed["secret"].as_str().unwrap());
        let code = totp(&seed, NOW - 30);
        let confirmed = call(engine, "confirm_totp", json!({"user_id": id, "code": code})).unwrap();
        let codes = confirmed["recovery_codes"].as_array().unwrap();
        let recovery_codes: Vec<String> =
            codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        let entered = login(engine, json!({"recovery_code": recovery_codes[9]})).unwrap();
        call(engine, "request_password_reset", json!({"email": "ada@example.com"})).unwrap();
        Owner { id, recovery_codes, refresh_token: entered["refresh_token"].clone() }
    }
}

/// A thief with the old secret key and the whole content of the store.
struct Thief {
    user: String,
    epoch: Value,
    kid: String,
    signing_key: Vec<u8>,
    session: Vec<u8>,
    seed: Vec<u8>,
    mail: Value,
}

impl Thief {
    fn copy(store: &Store) -> Thief {
        let first = |sql: &str| store.query(sql).swap_remove(0);
        let key = first("SELECT kid, sealed FROM keys WHERE backend = 'default'");
        let kid = key["kid"].as_str().unwrap().to_owned();
        let account = first("SELECT id, epoch FROM users");
        let user = uuid(&bytes(&account["id"]));
        let epoch = account["epoch"].clone();
        let mail = first("SELECT id, sealed FROM mails WHERE kind = 'reset_password'");
        let content = unseal(&mail["sealed"], &format!("mail {}", uuid(&bytes(&mail["id"]))));
        Thief {
            signing_key: unseal(&key["sealed"], &format!("signing key {kid}")),
            session: bytes(&first("SELECT id FROM sessions")["id"]),
            seed: unseal(&first("SELECT sealed FROM totp")["sealed"], &format!("totp {user}")),
            mail: serde_json::from_slice(&content).unwrap(),
            kid,
            user,
            epoch,
        }
    }

    /// Forges a token without a session and one of the owner's session, valid for ninety days.
    fn access_tokens(&self) -> [String; 2] {
        let header = json!({"alg": "HS256", "kid": self.kid, "typ": "at+jwt"}).to_string();
        [json!(null), json!(uuid(&self.session))].map(|sid| {
            let mut claims = json!({"iss": "doorward", "aud": "doorward", "sub": self.user, "iat": NOW + 1,
                "exp": NOW + 90 * 86_400});
            if !sid.is_null() {
                claims["sid"] = sid;
            }
            let input = format!("{}.{}", url(header.as_bytes()), url(claims.to_string().as_bytes()));
            format!("{input}.{}", url(&mac(&self.signing_key, input.as_bytes())))
        })
    }

    fn refresh_token(&self, generation: u32) -> String {
        let message = [&self.session[..], &generation.to_be_bytes()].concat();
        url(&[&message[..], &mac(&derive("refresh token"), &message)].concat())
    }

    fn mailed_token(&self) -> &str {
        self.mail["token"].as_str().unwrap()
    }

    /// Forges a challenge of `begin_passkey_login`, with a scope that was never granted.
    fn passkey_challenge(&self) -> String {
        let ceremony = json!({"id": self.user, "user_id": self.user, "backend": "default", "scope": "admin",
            "is_conditional": false, "expires_at": NOW + 300});
        url(&seal(&ceremony, "passkey login"))
    }

    /// Forges the challenge of the browser that registered.
    fn verification(&self) -> String {
        let challenge = json!({"user_id": self.user, "epoch": self.epoch, "address": "ada@example.com",
            "expires_at": NOW + 300});
        url(&seal(&challenge, "verification"))
    }

    fn code(&self, at: i64) -> String {
        totp(&self.seed, at)
    }

    fn gets_nothing(&self, engine: &Engine, name: &str) {
        let refused = |operation: &str, request: Value, code: Code| {
            assert_eq!(call(engine, operation, request).unwrap_err(), code, "{operation}: {name}");
        };
        for token in self.access_tokens() {
            refused("authenticate", json!({"token": token}), Code::InvalidToken);
            refused("verify", json!({"token": token}), Code::InvalidToken);
            refused("logout", json!({"token": token}), Code::InvalidToken);
            assert!(!is_active(engine, &token), "{name}");
            let asked = call(engine, "authorize", json!({"token": token, "roles": ["admin"]})).unwrap();
            assert_eq!(asked["authorized"], false, "{name}");
        }
        for generation in 0..3 {
            let token = self.refresh_token(generation);
            refused("refresh", json!({"refresh_token": token}), Code::InvalidToken);
            refused("logout", json!({"refresh_token": token, "everywhere": true}), Code::InvalidToken);
            assert!(!is_active(engine, &token), "{name}");
        }
        // A process without an active key cannot even look the session up.
        if name != "a process that was forgotten" {
            let reset = json!({"token": self.mailed_token(), "new_password": "another wise password"});
            refused("check_mail_token", json!({"token": self.mailed_token()}), Code::InvalidMailToken);
            refused("reset_password", reset, Code::InvalidMailToken);
            let mails = call(engine, "take_mail", json!({})).unwrap()["mails"].clone();
            assert!(mails.as_array().unwrap().iter().all(|mail| mail["token"].is_null()), "{name}");
            let code = self.code(NOW + 60);
            assert_eq!(login(engine, json!({"two_fa_code": code})).unwrap_err(), Code::InvalidCode, "{name}");
        }
    }
}

fn open(store: &Store, keys: &[&str], clock: &Arc<AtomicI64>) -> Result<Engine, doorward::Error> {
    let config = stores::config(store.url(), defaults(), json!({"secret_keys": keys}));
    open_with(&config.to_string(), clock)
}

fn defaults() -> Value {
    json!({"password": {"memory_kib": 8, "iterations": 1, "pepper": true}, "backends": {"admin": {}},
        "passkeys": {"rp_id": "example.com", "rp_name": "Example", "origins": ["https://example.com"]}})
}

fn open_with(config: &str, clock: &Arc<AtomicI64>) -> Result<Engine, doorward::Error> {
    let hand = Arc::clone(clock);
    let clock = Clock::custom(move || hand.load(Ordering::SeqCst) * 1000);
    Engine::open(Config::parse(config).unwrap(), Hooks::new().clock(clock))
}

fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Code> {
    match engine.call(operation, &request.to_string()) {
        Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
        Err(error) => Err(error.code),
    }
}

fn login(engine: &Engine, proof: Value) -> Result<Value, Code> {
    let mut request = proof;
    request["username"] = json!("ada");
    request["password"] = json!(PASSWORD);
    call(engine, "login", request)
}

fn is_active(engine: &Engine, token: &str) -> bool {
    call(engine, "introspect", json!({"token": token})).unwrap()["active"] == true
}

/// Computes a code by RFC 6238 with SHA-1, 30 seconds, 6 digits.
fn totp(seed: &[u8], at: i64) -> String {
    let key = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &(at / 30).to_be_bytes());
    let offset = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Decodes base32 (RFC 4648 section 6).
fn base32(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut bits = 0_u32;
    let mut count = 0;
    for letter in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|byte| *byte == letter).unwrap();
        (bits, count) = (bits << 5 | value as u32, count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(HMAC_SHA256, key), text).as_ref().to_vec()
}

/// Derives a key of the old secret key by HKDF-SHA256 (RFC 5869), with the salt "doorward".
fn derive(label: &str) -> Vec<u8> {
    mac(&mac(b"doorward", OLD.as_bytes()), &[label.as_bytes(), &[1]].concat())
}

/// Opens sealed bytes: the id of the key (4 bytes), a nonce (12), the ciphertext with its tag.
fn unseal(sealed: &Value, owner: &str) -> Vec<u8> {
    let sealed = bytes(sealed);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive("seal")).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&sealed[4..16]).unwrap();
    let mut text = sealed[16..].to_vec();
    key.open_in_place(nonce, Aad::from(owner), &mut text).unwrap().to_vec()
}

/// Seals bytes in this format.
fn seal(text: &Value, owner: &str) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive("seal")).unwrap());
    let mut text = text.to_string().into_bytes();
    let nonce = Nonce::assume_unique_for_key([7; 12]);
    key.seal_in_place_append_tag(nonce, Aad::from(owner), &mut text).unwrap();
    [&derive("key id")[..4], &[7; 12], &text].concat()
}

/// Returns a browser's response to a challenge, with an invalid signature.
fn passkey_login(challenge: &str) -> Value {
    let client = json!({"type": "webauthn.get", "challenge": challenge, "origin": "https://example.com"});
    let response = json!({"clientDataJSON": url(client.to_string().as_bytes()), "signature": "AA",
        "authenticatorData": url(&[0; 37])});
    let credential = json!({"id": "AA", "rawId": "AA", "type": "public-key", "response": response,
        "clientExtensionResults": {}});
    json!({"challenge": challenge, "response": credential})
}

fn bytes(cell: &Value) -> Vec<u8> {
    let digits = cell.as_str().unwrap().strip_prefix("\\x").unwrap().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn uuid(bytes: &[u8]) -> String {
    let digits = hex(bytes).to_lowercase();
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

fn url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
