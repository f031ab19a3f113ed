//! The configuration of an engine: one JSON object, every key with a safe default, unknown keys
//! refused, values out of range never constructed. Environment variables are never read.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::{Code, Error, Result};
use crate::json;
use crate::mail::Mail;
use crate::password::Secret;
use crate::requests::Requests;
use crate::secret_key;
use crate::totp::ServiceName;
use crate::user::Role;

/// What `doorward_open` reads.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where everything is kept: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. Default `sqlite:doorward.db`.
    pub store: StoreUrl,
    /// The secret that everything else is derived from, at least 32 bytes. At most one of
    /// `secret_key`, `secret_keys` and `secret_key_file` is given. Default: a key file beside a
    /// SQLite file, `<db>.key`; a random key for a store in memory.
    pub secret_key: Option<Secret>,
    /// Several secrets: the first is current, the others still open what they sealed.
    pub secret_keys: Option<Vec<Secret>>,
    /// A file with the secret; made with mode 0600 when a new store has none.
    pub secret_key_file: Option<PathBuf>,
    /// `iss` of every token.
    pub issuer: Issuer,
    /// `aud` of every token: a text or a list. Default: `doorward`.
    pub audience: Audience,
    /// How access tokens are signed. Default: `HS256`.
    pub signing_algorithm: SigningAlgorithm,
    /// The life of an access token.
    pub access_token_seconds: Whole<1, 2_592_000, 900>,
    /// The life of a refresh token that is not used.
    pub refresh_token_seconds: Whole<1, 31_536_000, 2_592_000>,
    /// The life of a session, however often it is refreshed.
    pub session_max_seconds: Whole<1, 315_360_000, 7_776_000>,
    /// How long after a refresh the token before the last still gets the answer that its first use got: two
    /// tabs, a lost reply. A deviation from RFC 9700 section 4.14.2 that `docs/security.md` explains.
    pub refresh_grace_seconds: Whole<0, 600, 30>,
    /// How far another machine's clock may be off when it made `iat`, `nbf` and `exp`.
    pub leeway_seconds: Whole<0, 600, 30>,
    /// Named backends beside the one that the keys above describe, which is called `default`: a token of one
    /// never passes in another. A name is 1 to 64 ASCII letters, digits, `-` and `_`.
    pub backends: BTreeMap<BackendName, BackendConfig>,
    /// Another service that `introspect_remote` asks about tokens (RFC 7662). Default: none.
    #[serde(deserialize_with = "json::optional_object")]
    pub introspection_service: Option<IntrospectionService>,
    /// Providers of ID tokens (OpenID Connect) that `login_with_id_token` accepts, by names of the host's own.
    pub id_token_providers: BTreeMap<ProviderName, IdTokenProvider>,
    /// Hash cost and policy of passwords.
    #[serde(deserialize_with = "json::object")]
    pub password: PasswordPolicy,
    /// When too many failed logins lock the door.
    #[serde(deserialize_with = "json::object")]
    pub throttle: Throttle,
    /// Rules of `register`.
    #[serde(deserialize_with = "json::object")]
    pub registration: Registration,
    /// Whether an account may log in only once its address is verified.
    pub require_verified_email: bool,
    /// Who must have a second factor: nobody (`false`), everybody (`true`), or whoever has one of these roles.
    pub require_second_factor: Whom,
    /// Codes of an authenticator app.
    #[serde(deserialize_with = "json::object")]
    pub totp: Totp,
    /// Passkeys: who asks for them, and on which pages. Default: none are made or accepted.
    #[serde(deserialize_with = "json::optional_object")]
    pub passkeys: Option<Passkeys>,
    /// Mails to users.
    #[serde(deserialize_with = "json::object")]
    pub mail: Mail,
    /// The audit log: `events`.
    #[serde(deserialize_with = "json::object")]
    pub audit: Audit,
    /// Rules of `authenticate_request`.
    #[serde(deserialize_with = "json::object")]
    pub requests: Requests,
    /// Bounds of memory and time.
    #[serde(deserialize_with = "json::object")]
    pub limits: Limits,
}

impl Config {
    /// Reads a configuration. Failures: `invalid_json`, `invalid_config` with the key in `field`,
    /// `feature_not_built`.
    pub fn parse(text: &str) -> Result<Config> {
        let config: Config = json::parse_without_nulls(text, Code::InvalidConfig)?;
        let sources =
            [config.secret_key.is_some(), config.secret_keys.is_some(), config.secret_key_file.is_some()];
        if sources.iter().filter(|given| **given).count() > 1 {
            return Err(Error::new(
                Code::InvalidConfig,
                "more than one of secret_key, secret_keys, secret_key_file",
            ));
        }
        if config.password.memory_kib.0 < 8 * config.password.parallelism.0 {
            let rule = "less than 8 KiB for each lane (RFC 9106 section 3.1)";
            return Err(Error::at(Code::InvalidConfig, "/password/memory_kib", rule));
        }
        if config.introspection_service.as_ref().is_some_and(|it| it.bearer.is_some() && it.basic.is_some()) {
            let rule = "both bearer and basic";
            return Err(Error::at(Code::InvalidConfig, "/introspection_service", rule));
        }
        if config.passkeys.as_ref().is_some_and(|passkeys| passkeys.origins.is_empty()) {
            return Err(Error::at(Code::InvalidConfig, "/passkeys/origins", "none"));
        }
        for (name, provider) in &config.id_token_providers {
            if provider.jwks.is_some() == provider.jwks_uri.is_some() {
                let field = format!("/id_token_providers/{}", name.as_str());
                return Err(Error::at(Code::InvalidConfig, field, "expected one of jwks, jwks_uri"));
            }
        }
        config.mail.check()?;
        Ok(config)
    }
}

impl Config {
    /// The file that the secret key is in, where it is in one.
    pub fn key_file(&self) -> Option<PathBuf> {
        secret_key::file(self)
    }
}

/// A named backend; what is not given is as in the `default` one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BackendConfig {
    /// `aud` of its tokens. Default: the first audience, a colon and the backend's name.
    pub audience: Option<Audience>,
    /// The life of an access token. Default: as in `default`.
    pub access_token_seconds: Option<Whole<1, 2_592_000, 900>>,
    /// The life of a refresh token that is not used. Default: as in `default`.
    pub refresh_token_seconds: Option<Whole<1, 31_536_000, 2_592_000>>,
    /// How its access tokens are signed. Default: as in `default`.
    pub signing_algorithm: Option<SigningAlgorithm>,
    /// Makes it a compatibility backend: HS256 with this secret, `typ` JWT, no `kid`, `iss` not needed.
    pub secret: Option<Secret>,
    /// Accept a `secret` of fewer than 32 bytes, which can be guessed from any token.
    pub allow_weak_secret: bool,
    /// The claim that names the account. Default: `sub`.
    pub subject_claim: SubjectClaim,
    /// Whether its sessions can be refreshed; else they end with their access token.
    pub refresh: bool,
}

impl Default for BackendConfig {
    fn default() -> BackendConfig {
        BackendConfig {
            audience: None,
            access_token_seconds: None,
            refresh_token_seconds: None,
            signing_algorithm: None,
            secret: None,
            allow_weak_secret: false,
            subject_claim: SubjectClaim::Sub,
            refresh: true,
        }
    }
}

/// Which claim names the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectClaim {
    /// `sub` (RFC 7519).
    #[default]
    Sub,
    /// `user_id`, as older versions of fastapi-users wrote.
    UserId,
}

/// The name of a backend: letters, digits, `-` and `_`; not `default`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackendName(String);

impl BackendName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BackendName {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<BackendName, &'static str> {
        let valid = is_name(text) && text != "default";
        if valid { Ok(BackendName(text.to_owned())) } else { Err(BACKEND_NAME) }
    }
}

const BACKEND_NAME: &str = "expected 1 to 64 of ASCII letters, digits, `-` and `_`; `default` is described by the keys beside `backends`";

crate::user::text_type!(BackendName, "minLength": 1, "maxLength": 64);

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// Another service that says whether a token is good (RFC 7662), and how to ask it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntrospectionService {
    /// Its endpoint: https; http for a loopback host only.
    pub url: ServiceUrl,
    /// A file with the certificates (PEM) of the authorities that may vouch for it; it is read when the engine
    /// opens. Default: the public authorities.
    pub ca_file: Option<PathBuf>,
    /// The access token that this service authenticates with (RFC 6750).
    pub bearer: Option<BearerToken>,
    /// Or its name and password (RFC 7617).
    #[serde(default, deserialize_with = "json::optional_object")]
    pub basic: Option<BasicCredentials>,
    /// How long the whole exchange may take.
    #[serde(default)]
    pub timeout_ms: Whole<1, 60_000, 5_000>,
}

/// Name and password of this service (RFC 7617).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicCredentials {
    /// The name, without a colon.
    pub username: BasicUsername,
    /// The password.
    pub password: Secret,
}

/// A provider of ID tokens, and how far it is trusted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdTokenProvider {
    /// `iss` of its tokens, to the letter.
    pub issuer: Issuer,
    /// What this service is called there: a text, or a list where its programs have several names. `aud` must be
    /// among them, and whoever else is in it, and `azp`, too.
    pub client_id: Audience,
    /// Its public keys, a JWK Set (RFC 7517).
    pub jwks: Option<KeySet>,
    /// Or where they are: https; http for a loopback host only. They are fetched when they are needed, kept, and
    /// fetched again every ten minutes, and for a key that is not among them at most every ten seconds.
    pub jwks_uri: Option<ServiceUrl>,
    /// A file with the certificates (PEM) of the authorities that may vouch for `jwks_uri`; it is read when the
    /// engine opens. Default: the public authorities.
    pub ca_file: Option<PathBuf>,
    /// How long fetching the keys may take.
    #[serde(default)]
    pub timeout_ms: Whole<1, 60_000, 5_000>,
    /// By which algorithms it signs: another is refused even where a key could be used with it. Default: RS256.
    #[serde(default)]
    pub algorithms: IdTokenAlgorithms,
    /// Whether somebody without an account gets one: `true` with `registration.default_roles`, or with these
    /// `roles`.
    #[serde(default)]
    pub auto_register: AutoRegister,
    /// Whether this provider's word that an address is verified counts here: then it opens the account that has
    /// verified the same address, and takes over one that never did. Only for a provider that verifies addresses
    /// itself.
    #[serde(default)]
    pub link_verified_email: bool,
}

/// The name of a provider: ASCII letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderName(String);

impl ProviderName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderName {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<ProviderName, &'static str> {
        let expected = "expected 1 to 64 of ASCII letters, digits, `-` and `_`";
        if is_name(text) { Ok(ProviderName(text.to_owned())) } else { Err(expected) }
    }
}

crate::user::text_type!(ProviderName, "minLength": 1, "maxLength": 64);

/// A JWK Set as it was given. It is public, or should be: it is not shown.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct KeySet(pub json::Object);

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("KeySet(…)")
    }
}

/// How ID tokens are signed (RFC 7518, RFC 8037): by keys whose public halves are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum IdTokenAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519, which RFC 9864 calls so.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl IdTokenAlgorithm {
    /// Whether `alg` of a header or a key means it.
    pub(crate) fn is_named(self, alg: &str) -> bool {
        match self {
            IdTokenAlgorithm::Rs256 => alg == "RS256",
            IdTokenAlgorithm::Ps256 => alg == "PS256",
            IdTokenAlgorithm::Es256 => alg == "ES256",
            IdTokenAlgorithm::EdDsa => alg == "EdDSA" || alg == "Ed25519",
        }
    }
}

/// Algorithms, each once, at least one.
#[derive(Clone, Debug)]
pub struct IdTokenAlgorithms(Vec<IdTokenAlgorithm>);

impl IdTokenAlgorithms {
    /// The members.
    pub fn members(&self) -> &[IdTokenAlgorithm] {
        &self.0
    }
}

/// OpenID Connect Core section 3.1.3.7, rule 7.
impl Default for IdTokenAlgorithms {
    fn default() -> IdTokenAlgorithms {
        IdTokenAlgorithms(vec![IdTokenAlgorithm::Rs256])
    }
}

impl<'de> Deserialize<'de> for IdTokenAlgorithms {
    fn deserialize<D: Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<IdTokenAlgorithms, D::Error> {
        let members = Vec::<IdTokenAlgorithm>::deserialize(deserializer)?;
        let is_first = |(index, member): (usize, &IdTokenAlgorithm)| !members[..index].contains(member);
        match !members.is_empty() && members.iter().enumerate().all(is_first) {
            true => Ok(IdTokenAlgorithms(members)),
            false => Err(serde::de::Error::custom("expected algorithms, each once")),
        }
    }
}

impl JsonSchema for IdTokenAlgorithms {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IdTokenAlgorithms".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": {"type": "string", "enum": ["RS256", "PS256", "ES256", "EdDSA"]},
            "minItems": 1,
            "uniqueItems": true,
            "default": ["RS256"],
        })
    }
}

/// Whether an identity without an account gets one.
#[derive(Clone, Debug, Default)]
pub enum AutoRegister {
    /// It does not.
    #[default]
    No,
    /// It does, with these roles; none means `registration.default_roles`.
    Yes(Option<Vec<Role>>),
}

impl<'de> Deserialize<'de> for AutoRegister {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<AutoRegister, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Account {
            roles: Vec<Role>,
        }
        match Value::deserialize(deserializer)? {
            Value::Bool(false) => Ok(AutoRegister::No),
            Value::Bool(true) => Ok(AutoRegister::Yes(None)),
            object @ Value::Object(_) => serde_json::from_value(object)
                .map(|Account { roles }| AutoRegister::Yes(Some(roles)))
                .map_err(|_| serde::de::Error::custom("expected {\"roles\": [role, …]}")),
            _ => Err(serde::de::Error::custom("expected a boolean or {\"roles\": [role, …]}")),
        }
    }
}

impl JsonSchema for AutoRegister {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AutoRegister".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "boolean"},
                {
                    "type": "object",
                    "properties": {
                        "roles": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64}},
                    },
                    "required": ["roles"],
                    "additionalProperties": false,
                },
            ],
            "default": false,
        })
    }
}

/// Cost of the password hash (Argon2id, RFC 9106) and the policy for new passwords.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordPolicy {
    /// Memory of one hash in KiB.
    pub memory_kib: Whole<8, 4_194_304, 19_456>,
    /// Passes over that memory.
    pub iterations: Whole<1, 64, 2>,
    /// Lanes.
    pub parallelism: Whole<1, 64, 1>,
    /// The shortest new password, in code points.
    pub min_length: Whole<8, 128, 8>,
    /// The longest password, in bytes of UTF-8; a longer one is refused, never cut.
    pub max_bytes: Whole<64, 4096, 1024>,
    /// Whether common passwords, sequences, repetitions and the account's own name are refused.
    pub blocklist: bool,
    /// Whether the hashes of accounts are kept sealed under the secret key, so that a copy of the store
    /// alone gives nobody passwords to guess. When this changes, each hash follows at the next login.
    pub pepper: bool,
    /// How long a password is good that somebody else has set (`set_password`): until then its user replaces it.
    pub temporary_seconds: Whole<60, 31_536_000, 604_800>,
    /// How many hashes run at once; each takes `memory_kib`. Default: the number of processors.
    pub max_concurrent: Option<Whole<1, 1024, 1>>,
    /// How many more callers may wait; the next gets `hash_queue_full`.
    pub max_queued: Whole<0, 100_000, 256>,
}

impl Default for PasswordPolicy {
    fn default() -> PasswordPolicy {
        PasswordPolicy {
            memory_kib: Whole::default(),
            iterations: Whole::default(),
            parallelism: Whole::default(),
            min_length: Whole::default(),
            max_bytes: Whole::default(),
            blocklist: true,
            pepper: false,
            temporary_seconds: Whole::default(),
            max_concurrent: None,
            max_queued: Whole::default(),
        }
    }
}

/// Failed logins: how many, within which time, and how long the door stays locked.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Throttle {
    /// Failures for one account before it is locked.
    pub account_failures: Whole<1, 100, 10>,
    /// Failures from one address (IPv6: one /64) before it is locked.
    pub source_failures: Whole<1, 1_000_000, 100>,
    /// The time after which failures are forgotten.
    pub window_seconds: Whole<1, 86_400, 900>,
    /// The first lock; each further failure doubles it.
    pub lock_seconds: Whole<1, 86_400, 60>,
    /// The longest lock.
    pub lock_max_seconds: Whole<1, 86_400, 3_600>,
}

/// Codes of an authenticator app (RFC 6238). Who has one keeps the digits and the period of the day it was set up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Totp {
    /// The name that the app shows for the service. Default: `issuer`, without its scheme where it is a URL.
    pub issuer: Option<ServiceName>,
    /// How long a code is.
    pub digits: Whole<6, 8, 6>,
    /// How long a code is shown.
    pub period_seconds: Whole<15, 300, 30>,
    /// How many codes before and after the current one are good: clocks differ, and people need time to type.
    pub skew_steps: Whole<0, 10, 1>,
}

/// The audit log.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// How long an event is kept.
    pub retention_days: Whole<1, 36_500, 400>,
}

/// Rules of `register`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// Answer alike whether or not an e-mail address has an account. An address then belongs to an
    /// account, for logging in with it and looking it up, only once it is verified.
    pub conceal_existing: bool,
    /// The roles of an account that is registered without any.
    pub default_roles: Vec<Role>,
    /// Whether an account needs an e-mail address.
    pub require_email: bool,
}

impl Default for Registration {
    fn default() -> Registration {
        Registration { conceal_existing: false, default_roles: Vec::new(), require_email: true }
    }
}

/// The relying party of WebAuthn.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Passkeys {
    /// The domain that passkeys are for: that of the pages or one above it, such as `example.com`. A passkey works
    /// for the domain that it was made for, so this stays.
    pub rp_id: RpId,
    /// What authenticators call this service.
    pub rp_name: RpName,
    /// The origins of the pages, as browsers write them: `https://login.example.com`; `http://localhost:8000` while
    /// one develops; `android:apk-key-hash:…` for an app. At least one.
    #[schemars(length(min = 1))]
    pub origins: Vec<Origin>,
}

/// Bounds of memory and time.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The longest request.
    pub request_bytes: Whole<1024, 67_108_864, 1_048_576>,
    /// How many connections there are to the store at once; with SQLite, how many read.
    pub store_connections: Whole<1, 256, 4>,
    /// How long an operation waits for the store.
    pub store_timeout_ms: Whole<1, 600_000, 5_000>,
}

/// A whole number from `MIN` to `MAX`, `DEFAULT` when absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const MIN: u64, const MAX: u64, const DEFAULT: u64>(u64);

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> Whole<MIN, MAX, DEFAULT> {
    /// The number as a size.
    pub fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The number as a duration in seconds, for sums with times.
    pub fn seconds(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> Default for Whole<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Whole(DEFAULT)
    }
}

impl<'de, const MIN: u64, const MAX: u64, const DEFAULT: u64> Deserialize<'de> for Whole<MIN, MAX, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            number if (MIN..=MAX).contains(&number) => Ok(Whole(number)),
            _ => Err(serde::de::Error::custom(format_args!("expected a whole number from {MIN} to {MAX}"))),
        }
    }
}

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> JsonSchema for Whole<MIN, MAX, DEFAULT> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Whole_{MIN}_{MAX}_{DEFAULT}").into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": MIN, "maximum": MAX, "default": DEFAULT})
    }
}

/// Where the store is.
#[derive(Clone, Debug)]
pub enum StoreUrl {
    /// `sqlite:PATH`: one file.
    SqliteFile(PathBuf),
    /// `sqlite::memory:`: gone with the engine.
    SqliteMemory,
    /// `postgres://…`, a secret: it may hold a password.
    Postgres(Secret),
}

impl Default for StoreUrl {
    fn default() -> StoreUrl {
        StoreUrl::SqliteFile(PathBuf::from("doorward.db"))
    }
}

impl FromStr for StoreUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<StoreUrl, &'static str> {
        const EXPECTED: &str = "expected sqlite:PATH, sqlite::memory: or postgres://…";
        match text.split_once(':') {
            Some(("sqlite", ":memory:")) => Ok(StoreUrl::SqliteMemory),
            Some(("sqlite", path)) if !path.is_empty() && !path.contains('\0') => {
                Ok(StoreUrl::SqliteFile(PathBuf::from(path)))
            }
            Some(("postgres" | "postgresql", _)) => Ok(StoreUrl::Postgres(Secret::new(text))),
            _ => Err(EXPECTED),
        }
    }
}

crate::user::text_type!(StoreUrl, "default": "sqlite:doorward.db");

/// Where a service answers: `https://…`; `http://…` only where the host is `localhost` or a loopback address,
/// because a token is worth as much as a password. Neither user nor fragment.
#[derive(Clone)]
pub struct ServiceUrl(String);

impl ServiceUrl {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<ServiceUrl, &'static str> {
        const EXPECTED: &str = "expected https://HOST… or, for a loopback host, http://HOST…";
        let is_text = text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let (scheme, rest) = text.split_once("://").filter(|_| is_text).ok_or(EXPECTED)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        // A name or an address in brackets (RFC 3986 section 3.2.2), then perhaps a port.
        let (host, port) = match authority.rfind(':').filter(|colon| authority.find(']') < Some(*colon)) {
            Some(colon) => (&authority[..colon], Some(&authority[colon + 1..])),
            None => (authority, None),
        };
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let (is_host, is_loopback) = match address.map(str::parse::<Ipv6Addr>) {
            Some(address) => (address.is_ok(), address.is_ok_and(|address| address.is_loopback())),
            None => {
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
                let is_loopback = host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
                (
                    !host.is_empty() && host.bytes().all(is_name),
                    is_loopback || host.eq_ignore_ascii_case("localhost"),
                )
            }
        };
        let is_port = port.is_none_or(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        match scheme {
            _ if !is_host || !is_port => Err(EXPECTED),
            "https" => Ok(ServiceUrl(text.to_owned())),
            "http" if is_loopback => Ok(ServiceUrl(text.to_owned())),
            _ => Err(EXPECTED),
        }
    }
}

/// Without the query, where some services want a key.
impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0.split('?').next().unwrap_or_default())
    }
}

crate::user::text_type!(ServiceUrl, "format": "uri", "maxLength": 2048);

/// A domain in lower case, as an A-label.
#[derive(Clone, Debug)]
pub struct RpId(String);

impl RpId {
    /// The domain.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RpId {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<RpId, &'static str> {
        let is_domain =
            idna::domain_to_ascii_strict(text).is_ok_and(|ascii| !text.is_empty() && ascii == text);
        let valid = is_domain && text.parse::<Ipv4Addr>().is_err();
        if valid { Ok(RpId(text.to_owned())) } else { Err("expected a domain, in lower case") }
    }
}

crate::user::text_type!(RpId, "minLength": 1, "maxLength": 253);

/// What authenticators call a service: 1 to 64 characters.
#[derive(Clone, Debug)]
pub struct RpName(String);

impl RpName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RpName {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<RpName, &'static str> {
        let valid = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if valid { Ok(RpName(text.to_owned())) } else { Err("expected a name of 1 to 64 characters") }
    }
}

crate::user::text_type!(RpName, "minLength": 1, "maxLength": 64);

/// An origin as browsers write it, or that of an Android app: the hash of its signing certificate.
#[derive(Clone, Debug)]
pub struct Origin(String);

impl Origin {
    /// The text, which is compared as it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Origin, &'static str> {
        let is_app = text.strip_prefix("android:apk-key-hash:").is_some_and(|hash| {
            hash.len() == 43 && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        });
        // Nothing after host and port, and nothing that a browser writes otherwise (RFC 6454 section 6.2).
        let is_page = text.parse::<ServiceUrl>().is_ok()
            && text.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?']))
            && !text.bytes().any(|byte| byte.is_ascii_uppercase())
            && !(text.starts_with("https:") && text.ends_with(":443"))
            && !(text.starts_with("http:") && text.ends_with(":80"));
        match is_app || is_page {
            true => Ok(Origin(text.to_owned())),
            false => {
                Err("expected an origin: https://HOST or, for a loopback host, http://HOST, in lower case")
            }
        }
    }
}

crate::user::text_type!(Origin, "minLength": 1, "maxLength": 2048);

/// An access token as a header carries it: `b64token` of RFC 6750 section 2.1.
#[derive(Clone, Debug)]
pub struct BearerToken(Secret);

impl BearerToken {
    /// The text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for BearerToken {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<BearerToken, &'static str> {
        let inner = text.trim_end_matches('=');
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let valid = !inner.is_empty() && text.len() <= 8192 && inner.bytes().all(allowed);
        if valid {
            Ok(BearerToken(Secret::new(text)))
        } else {
            Err("expected a token of RFC 6750 section 2.1")
        }
    }
}

crate::user::text_type!(BearerToken, "minLength": 1, "maxLength": 8192, "writeOnly": true);

/// The name before the first colon of RFC 7617.
#[derive(Clone, Debug)]
pub struct BasicUsername(String);

impl BasicUsername {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BasicUsername {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<BasicUsername, &'static str> {
        let valid = text.len() <= 1024 && !text.chars().any(|c| c == ':' || c.is_control());
        if valid { Ok(BasicUsername(text.to_owned())) } else { Err("expected a name without a colon") }
    }
}

crate::user::text_type!(BasicUsername, "maxLength": 1024);

/// `iss`: not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Issuer {
    fn default() -> Issuer {
        Issuer("doorward".to_owned())
    }
}

impl FromStr for Issuer {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Issuer, &'static str> {
        let valid = (1..=1024).contains(&text.len()) && !text.chars().any(char::is_control);
        if valid { Ok(Issuer(text.to_owned())) } else { Err("expected an issuer of 1 to 1024 bytes") }
    }
}

crate::user::text_type!(Issuer, "minLength": 1, "default": "doorward");

/// `aud`: one text or several, none of them empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(Vec<String>);

impl Audience {
    /// The members, at least one.
    pub fn members(&self) -> &[String] {
        &self.0
    }

    /// What a named backend's tokens are for, when nothing else is said.
    pub(crate) fn named(&self, backend: &str) -> Audience {
        let first = self.0.first().map_or("doorward", String::as_str);
        Audience(vec![format!("{first}:{backend}")])
    }
}

impl Default for Audience {
    fn default() -> Audience {
        Audience(vec!["doorward".to_owned()])
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Audience, D::Error> {
        let members = match Value::deserialize(deserializer)? {
            Value::String(one) => vec![Value::String(one)],
            Value::Array(several) => several,
            _ => Vec::new(),
        };
        let members: Option<Vec<String>> = members
            .into_iter()
            .map(|member| match member {
                Value::String(text) if !text.is_empty() => Some(text),
                _ => None,
            })
            .collect();
        match members {
            Some(members) if !members.is_empty() => Ok(Audience(members)),
            _ => Err(serde::de::Error::custom("expected a text or a list of texts, none of them empty")),
        }
    }
}

impl JsonSchema for Audience {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Audience".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        ]})
    }
}

/// For whom a rule is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whom {
    /// `false`.
    #[default]
    Nobody,
    /// `true`.
    Everybody,
    /// Whoever has one of these roles.
    Roles(Vec<Role>),
}

impl Whom {
    /// Whether the rule is for somebody with these roles.
    pub fn includes(&self, roles: &[Role]) -> bool {
        match self {
            Whom::Nobody => false,
            Whom::Everybody => true,
            Whom::Roles(listed) => roles.iter().any(|role| listed.contains(role)),
        }
    }
}

impl<'de> Deserialize<'de> for Whom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Whom, D::Error> {
        let role = |role: Value| role.as_str().and_then(|role| role.parse().ok());
        let read = match Value::deserialize(deserializer)? {
            Value::Bool(false) => Some(Whom::Nobody),
            Value::Bool(true) => Some(Whom::Everybody),
            Value::Array(roles) => roles.into_iter().map(role).collect::<Option<_>>().map(Whom::Roles),
            _ => None,
        };
        read.ok_or(serde::de::Error::custom("expected true, false or a list of roles"))
    }
}

impl JsonSchema for Whom {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Whom".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"default": false, "anyOf": [
            {"type": "boolean"},
            {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64}},
        ]})
    }
}

/// How tokens are signed (RFC 7518).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SigningAlgorithm {
    /// HMAC with SHA-256.
    #[default]
    #[serde(rename = "HS256")]
    Hs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519 (RFC 8037).
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256, 2048 bits.
    #[serde(rename = "PS256")]
    Ps256,
}

impl SigningAlgorithm {
    const ALL: [SigningAlgorithm; 5] = [
        SigningAlgorithm::Hs256,
        SigningAlgorithm::Es256,
        SigningAlgorithm::EdDsa,
        SigningAlgorithm::Rs256,
        SigningAlgorithm::Ps256,
    ];

    fn name(self) -> &'static str {
        match self {
            SigningAlgorithm::Hs256 => "HS256",
            SigningAlgorithm::Es256 => "ES256",
            SigningAlgorithm::EdDsa => "EdDSA",
            SigningAlgorithm::Rs256 => "RS256",
            SigningAlgorithm::Ps256 => "PS256",
        }
    }
}

impl FromStr for SigningAlgorithm {
    type Err = ();

    fn from_str(name: &str) -> std::result::Result<SigningAlgorithm, ()> {
        SigningAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(())
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}
