//! The API as a program in Rust sees it: the program of `examples/rust`, and a configuration that is built.

#[path = "../../examples/rust/quickstart.rs"]
#[expect(dead_code, reason = "its main is not called")]
mod quickstart;

use std::collections::BTreeMap;

use doorward::config::{
    Audience, BackendConfig, BasicCredentials, IntrospectionService, Mail, PasswordPolicy, Smtp, StoreUrl,
    Throttle,
};
use doorward::{Code, Config, Engine, Error, Hooks, ParseError, Secret};

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
