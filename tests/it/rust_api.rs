//! The API as a program in Rust sees it: the program of `examples/rust`, and a configuration that is built.

#[path = "../../examples/rust/quickstart.rs"]
#[expect(dead_code, reason = "its main is not called")]
mod quickstart;

use std::collections::BTreeMap;

use doorward::config::{
    Audience, BackendConfig, BasicCredentials, IntrospectionService, Mail, PasswordPolicy, Smtp, StoreUrl,
    Throttle,
};
use doorward::{
    AuthenticateRequest, Claims, Code, CompleteLoginRequest, Config, Engine, Error, Hooks, IssueTokenRequest,
    Login, LoginRequest, Object, ParseError, PasswordWeakness, RegisterRequest, Secret, SetPasswordRequest,
    VerifyRequest,
};
use serde_json::json;

#[test]
fn the_tour_in_rust_runs_on_a_new_store_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let told = |_| {
        let mut out = Vec::new();
        quickstart::run(path.to_str().unwrap(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let [first, second] = [1, 2].map(told);
    let rest = "logged in ada\nthe token is of ada\nrefreshed; the new token lasts 900 seconds\nlogged out\n";
    assert_eq!(first, format!("registered ada\n{rest}"));
    assert_eq!(second, format!("ada has an account already\n{rest}"));
}

const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";

fn built() -> Result<Config, ParseError> {
    let backend = BackendConfig::new().secret(SECRET).access_token_seconds(60_u64.try_into()?);
    let service = IntrospectionService::new("https://example.com/introspect".parse()?)
        .bearer(SECRET.parse()?)
        .basic(BasicCredentials::new("ada".parse()?, SECRET));
    let smtp = Smtp::new("mail.example.com".parse()?).username("ada").password(SECRET);
    Ok(Config::new()
        .store(format!("postgres://ada:{SECRET}@example.com/app").parse()?)
        .migrate(false)
        .secret_keys(vec![Secret::new(SECRET)])
        .issuer("https://example.com".parse()?)
        .audience(vec!["app".to_owned(), "api".to_owned()].try_into()?)
        .backends(BTreeMap::from([("partner".parse()?, backend)]))
        .introspection_service(service)
        .password(PasswordPolicy::new().min_length(12_u64.try_into()?))
        .throttle(Throttle::new().lock_seconds(120_u64.try_into()?))
        .mail(Mail::new().smtp(smtp)))
}

#[test]
fn a_configuration_is_read_back_and_its_secrets_are_not_shown() {
    let config = built().unwrap();
    assert!(matches!(&config.store, StoreUrl::Postgres(url) if url.expose().contains(SECRET)));
    assert!(!config.migrate.is_on());
    assert_eq!(config.issuer.as_ref().unwrap().as_str(), "https://example.com");
    assert_eq!(config.audience.as_ref().unwrap().members(), ["app", "api"]);
    assert_eq!(config.password.min_length.get(), 12);
    assert_eq!(config.throttle.lock_seconds.seconds(), 120);
    assert_eq!(config.throttle.account_failures.get(), 10, "what is not set has its default");
    let partner = config.backends.as_ref().unwrap().values().next().unwrap();
    assert_eq!(partner.access_token_seconds.unwrap().seconds(), 60);
    assert_eq!(partner.secret.as_ref().unwrap().expose(), SECRET);
    let smtp = config.mail.smtp.as_ref().unwrap();
    assert_eq!((smtp.host.as_str(), smtp.port_number()), ("mail.example.com", 465));

    let shown = format!("{config:?}");
    assert!(shown.contains("mail.example.com"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

/// The rules between members hold for a configuration that is built, as for one that is parsed.
#[test]
fn a_built_configuration_that_contradicts_itself_is_refused() {
    let opened = |config: Config| -> Error { Engine::open(config, Hooks::new()).err().unwrap() };
    let memory = || Config::new().store(StoreUrl::SqliteMemory);
    let two_keys = memory().secret_key(SECRET).secret_key_file("app.key");
    assert_eq!(opened(two_keys).code, Code::InvalidConfig);
    // A parsed configuration has no NUL characters.
    assert!("app\0".parse::<Audience>().is_err());
    let smtp = Smtp::new("mail.example.com".parse().unwrap());
    let error = opened(memory().mail(Mail::new().smtp(smtp)));
    assert_eq!((error.code, error.field.as_deref()), (Code::InvalidConfig, Some("/mail/from")));
}

#[test]
fn a_value_that_cannot_be_parsed_says_what_was_expected_and_not_what_was_given() {
    let error = "hunter2@".parse::<doorward::Email>().unwrap_err();
    assert_eq!(error.to_string(), "expected an e-mail address");
    let error = doorward::Whole::<1, 100, 10>::try_from(4242_u64).unwrap_err();
    assert_eq!(error.to_string(), "expected a whole number from 1 to 100");
    let error = Error::from(error);
    assert_eq!(
        (error.code, error.detail.as_deref()),
        (Code::InvalidRequest, Some("expected a whole number from 1 to 100"))
    );
}

/// Opens an engine with hashes that cost little.
fn opened(backends: &str) -> Engine {
    let cheap = r#""password": {"memory_kib": 8, "iterations": 1}"#;
    let config = format!(r#"{{"store": "sqlite::memory:", {cheap}, "backends": {backends}}}"#);
    Engine::open(Config::parse(&config).unwrap(), Hooks::new()).unwrap()
}

const PASSWORD: &str = "eight wise words";

#[test]
fn claims_have_types() {
    let engine = opened("{}");
    let admin = RegisterRequest::new("ada".parse().unwrap(), PASSWORD).roles(vec!["admin".parse().unwrap()]);
    let ada = engine.register(admin.email("ada@example.com".parse().unwrap())).unwrap().user;
    let Login::Session(session) = engine.login(LoginRequest::new("ada", PASSWORD)).unwrap() else { panic!() };
    let verified = engine.verify(VerifyRequest::new(&session.access_token)).unwrap();
    let live = engine.authenticate(AuthenticateRequest::new().token(&session.access_token)).unwrap();
    for claims in [verified, live.claims.unwrap()] {
        assert_eq!((claims.iss(), claims.client_id()), (Some("doorward"), Some("default")));
        assert_eq!((claims.sub(), claims.sid()), (ada.id.to_string().as_str(), Some(session.session_id)));
        assert_eq!(
            (claims.aud(), claims.roles(), claims.amr()),
            (vec!["doorward"], vec!["admin"], vec!["pwd"])
        );
        assert_eq!(claims.iat(), claims.auth_time());
        assert_eq!(claims.exp() - claims.iat().unwrap(), session.expires_in);
        assert!(claims.jti().is_some() && claims.scope().is_none() && claims.nbf().is_none());
        assert_eq!(claims.get("sub"), Some(&json!(ada.id)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(claims.as_str()).unwrap()["sub"], json!(ada.id));
    }
}

#[test]
fn claims_of_another_library_have_types() {
    let secret = "another library's secret of 32 bytes";
    let backends = json!({"old": {"secret": secret, "audience": ["old", "api"], "subject_claim": "user_id"}});
    let engine = opened(&backends.to_string());
    let verified = |own: serde_json::Value| -> Claims {
        let request = IssueTokenRequest::new(Object::try_from(own).unwrap()).backend("old");
        let token = engine.issue_token(request).unwrap().token;
        engine.verify(VerifyRequest::new(&token).backend("old")).unwrap()
    };
    let claims = verified(json!({"sub": "7", "tenant": {"id": 3}, "roles": "editor"}));
    assert_eq!((claims.sub(), claims.get("sub")), ("7", None));
    assert_eq!((claims.aud(), claims.sid()), (vec!["old", "api"], None));
    assert_eq!(claims.get("tenant"), Some(&json!({"id": 3})));
    assert_eq!(claims.roles(), ["editor"], "one text counts as a list of one");
    assert_eq!(verified(json!({"sub": "7", "roles": {"a": 1}})).roles(), [""; 0]);
}

#[test]
fn what_a_response_gives_goes_into_the_next_request() {
    let engine = opened("{}");
    let ada =
        RegisterRequest::new("ada".parse().unwrap(), PASSWORD).email("ada@example.com".parse().unwrap());
    let ada = engine.register(ada).unwrap().user;
    engine.set_password(SetPasswordRequest::new(ada.id, "nine wiser words")).unwrap();
    let Login::StepUp(step) = engine.login(LoginRequest::new("ada", "nine wiser words")).unwrap() else {
        panic!()
    };

    let change =
        |password| engine.complete_login(CompleteLoginRequest::new(&step.challenge).new_password(password));
    let weak = change("password").unwrap_err();
    assert_eq!((weak.code, &weak.reasons[..]), (Code::WeakPassword, &[PasswordWeakness::Common][..]));
    assert!(weak.to_json().contains(r#""reasons":["common"]"#));
    assert!(matches!(change("ten other wise words"), Ok(Login::Session(_))));
}
