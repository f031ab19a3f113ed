//! Passkeys (Web Authentication Level 3): `begin_passkey_registration`, `finish_passkey_registration`,
//! `begin_passkey_login`, `finish_passkey_login`, `list_passkeys`, `remove_passkey`, and the check of an
//! assertion.
//!
//! The store keeps a registration, because its user is known. A login begins without any authentication, so
//! it writes nothing: its challenge is sealed and comes back with the response, and the store keeps only the
//! redeemed ones.

use crate::engine::factors::passkeys::{
    Asserted, CEREMONY_SECONDS, Ceremony, LOGIN, handle, methods, request_options, words,
};
use crate::types::parse_error::ParseError;
use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::login::LoginResponse;
use crate::config::{LoginName, Passkeys};
use crate::crypto::secrets;
use crate::crypto::webauthn::{self, Expected, Flaw, NewCredential, Registration, State};
use crate::engine::Engine;
use crate::engine::accounts::Identifier;
use crate::engine::audit::{Kind, event};
use crate::engine::factors::recovery_codes::RecoveryCode;
use crate::engine::one_time::{Making, Purpose};
use crate::engine::sessions::Entry;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::store::events::Event;
use crate::store::passkeys::{self as rows, Passkey};
use crate::store::users::{self, By, User};
use crate::store::{Durability, damaged};
use crate::types::base64url::base64url;
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::text::text_type;
use crate::types::user::{Amr, Offered, Scope};
use crate::types::webauthn::{
    AuthenticationResponse, AuthenticatorSelection, Bytes, CreationOptions, CredentialDescriptor,
    CredentialParameters, PREFERRED, PUBLIC_KEY, RegistrationResponse, RelyingParty, RequestOptions,
    UserEntity,
};

/// Begins to register a passkey for an account. The host must have authenticated its user just now, because a
/// passkey opens the account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BeginPasskeyRegistrationRequest {
    /// The user's id.
    pub user_id: Id,
    /// The user's name for the passkey: 1 to 64 characters.
    pub label: Option<Label>,
}

/// A ceremony that begins; finish it within five minutes.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BeginPasskeyRegistrationResponse {
    /// The challenge for `finish_passkey_registration`. A registration that succeeds spends it; another call
    /// of this operation replaces it.
    pub challenge: IssuedSecret,
    /// The options for `navigator.credentials.create`, as `PublicKeyCredential.parseCreationOptionsFromJSON`
    /// reads them.
    pub options: CreationOptions,
}

/// Registers a passkey.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FinishPasskeyRegistrationRequest {
    /// The challenge of `begin_passkey_registration`.
    pub challenge: Secret,
    /// The answer of `navigator.credentials.create`: the credential's `toJSON()`.
    #[serde(deserialize_with = "crate::types::strict::open_object")]
    pub response: RegistrationResponse,
}

/// The passkey was registered and every session has ended: log in again.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct FinishPasskeyRegistrationResponse {
    /// The passkey.
    pub credential: PasskeyInfo,
    /// Codes that replace a lost second factor; each can be used once. They are shown only now. Empty if the
    /// account has codes already.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// Begins a login by passkey.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BeginPasskeyLoginRequest {
    /// The username or the e-mail address. Without it the authenticator offers the accounts that it knows.
    pub username: Option<Offered>,
    /// The backend that the session's tokens are for; default: `default`.
    pub backend: Option<String>,
    /// The scopes of the access token, as in `login`.
    pub scope: Option<Scope>,
}

/// A ceremony that begins; finish it within five minutes.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BeginPasskeyLoginResponse {
    /// The challenge for `finish_passkey_login`. A login that succeeds spends it.
    pub challenge: IssuedSecret,
    /// The options for `navigator.credentials.get`, as `PublicKeyCredential.parseRequestOptionsFromJSON`
    /// reads them.
    pub options: RequestOptions,
}

/// Logs in by a passkey alone.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FinishPasskeyLoginRequest {
    /// The challenge of `begin_passkey_login`.
    pub challenge: Secret,
    /// The answer of `navigator.credentials.get`: the credential's `toJSON()`.
    #[serde(deserialize_with = "crate::types::strict::open_object")]
    pub response: AuthenticationResponse,
    /// The client's connection, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// Lists the passkeys of an account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ListPasskeysRequest {
    /// The user's id.
    pub user_id: Id,
}

/// Passkeys, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListPasskeysResponse {
    /// The passkeys.
    pub passkeys: Vec<PasskeyInfo>,
}

/// Removes a passkey. The host must have authenticated its user just now.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RemovePasskeyRequest {
    /// The user's id.
    pub user_id: Id,
    /// The credential's id.
    pub credential_id: Bytes,
}

/// The passkey is gone. If it existed, every session has ended.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RemovePasskeyResponse {
    /// Whether the account had the passkey.
    pub removed: bool,
}

/// A passkey, for its user's own list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Passkey")]
#[non_exhaustive]
pub struct PasskeyInfo {
    /// The credential's id.
    pub id: Bytes,
    /// The user's name for the passkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When the passkey was registered.
    pub created_at: i64,
    /// When the passkey was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<i64>,
    /// Whether the passkey may be on several devices, because it is synchronized.
    pub backup_eligible: bool,
    /// Whether the passkey is on several devices now, as far as known.
    pub backed_up: bool,
    /// The transports that reach its authenticator: `internal`, `hybrid`, `usb`, `nfc`, `ble`, …
    pub transports: Vec<String>,
    /// The model of authenticator, if it tells; not verified.
    pub aaguid: String,
}

/// The user's label of a passkey: 1 to 64 characters without control characters.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Label, ParseError> {
        let valid = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if valid { Ok(Label(text.to_owned())) } else { Err(ParseError::new("expected 1 to 64 characters")) }
    }
}

text_type!(Label, "minLength": 1, "maxLength": 64);

/// The most pending registrations of one user.
const REGISTRATIONS: u32 = 3;

/// The most passkeys of an account.
const MOST: usize = 20;

impl Engine {
    /// Begins the registration of a passkey.
    ///
    /// Failures: `user_not_found`, `email_not_verified`, `permission_denied` (it has 20), `invalid_config` (`passkeys` is
    /// not configured), `store_unavailable`.
    pub fn begin_passkey_registration(
        &self,
        request: BeginPasskeyRegistrationRequest,
    ) -> Result<BeginPasskeyRegistrationResponse> {
        let BeginPasskeyRegistrationRequest { user_id, label } = request;
        let party = self.relying_party()?;
        let now = self.clock.now();
        let data = json::render(&label)?;
        let (challenge, user, passkeys) = self.store.write(Durability::Full, |tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            self.factors.may_be_taken_by(&user.public)?;
            let passkeys = rows::list(tx, user_id)?;
            if passkeys.len() >= MOST {
                let error = Error::new(Code::PermissionDenied, "too_many_passkeys");
                return Err(error.about(Some(user_id), None));
            }
            let making = Making {
                purpose: Purpose::PasskeyRegistration,
                lifetime_seconds: CEREMONY_SECONDS,
                most: REGISTRATIONS,
                attempts: 0,
                data: data.as_bytes(),
            };
            Ok((self.one_time.make(tx, &user, now, &making)?, user.public, passkeys))
        })?;
        let algorithm = |alg| CredentialParameters { kind: PUBLIC_KEY, alg };
        let options = CreationOptions {
            rp: RelyingParty { id: party.rp_id.as_str().to_owned(), name: party.rp_name.as_str().to_owned() },
            user: UserEntity {
                id: handle(user_id),
                name: user.username.as_str().to_owned(),
                display_name: user.username.as_str().to_owned(),
            },
            challenge: self.factors.passkeys.derived_challenge(&challenge)?,
            pub_key_cred_params: webauthn::ALGORITHMS.into_iter().map(algorithm).collect(),
            timeout: CEREMONY_SECONDS * 1000,
            exclude_credentials: passkeys.into_iter().map(CredentialDescriptor::from).collect(),
            authenticator_selection: AuthenticatorSelection {
                resident_key: PREFERRED,
                require_resident_key: false,
                user_verification: PREFERRED,
            },
            attestation: "none",
        };
        Ok(BeginPasskeyRegistrationResponse { challenge: challenge.into(), options })
    }

    /// Registers the passkey, and ends every session and token of the account, all or nothing. A credential
    /// that any account has is refused.
    ///
    /// Failures: `invalid_challenge`, `invalid_credentials` (the response is not what it should be),
    /// `already_configured`, `invalid_request`, `invalid_config`, `store_unavailable`.
    pub fn finish_passkey_registration(
        &self,
        request: FinishPasskeyRegistrationRequest,
    ) -> Result<FinishPasskeyRegistrationResponse> {
        let FinishPasskeyRegistrationRequest { challenge, response } = request;
        let party = self.relying_party()?;
        let now = self.clock.now();
        let purpose = &[Purpose::PasskeyRegistration];
        let found = self.store.read(|tx| self.one_time.peek(tx, challenge.expose(), purpose, now))?;
        let user_id = found.user_id;
        let about = |error: Error| error.about(Some(user_id), None);
        let label: Option<Label> = serde_json::from_slice(&found.data).map_err(|_| damaged())?;
        let made = self.new_credential(party, &challenge, &response);
        let made = made.map_err(|flaw| about(Error::new(Code::InvalidCredentials, flaw)))?;
        let passkey = Passkey {
            credential_id: response.id.0,
            user_id,
            label: label.map(|Label(label)| label),
            public_key: made.public_key,
            aaguid: made.aaguid,
            sign_count: made.state.sign_count,
            user_verified: made.state.user_verified,
            backup_eligible: made.state.backup_eligible,
            backed_up: made.state.backed_up,
            transports: transports(response.response.transports.unwrap_or_default()),
            created_at: now,
            last_used_at: None,
        };
        let recovery_codes = self.store.write(Durability::Full, |tx| {
            // Registrations that were begun before another passkey was registered are dead, so the limit
            // still holds.
            self.one_time.redeem(tx, challenge.expose(), purpose, now)?;
            if !rows::insert(tx, &passkey)? {
                return Err(about(Error::new(Code::AlreadyConfigured, "credential_id")));
            }
            self.factors.added(tx, user_id, KIND, now)
        })?;
        Ok(FinishPasskeyRegistrationResponse { credential: passkey.into(), recovery_codes })
    }

    /// Begins a login by passkey. It writes nothing, and does not disclose whether the user exists or has
    /// passkeys: the answer always has credentials, the same ones for the same name.
    ///
    /// Failures: `invalid_request`, `invalid_config` (`passkeys` is not configured), `store_unavailable`.
    pub fn begin_passkey_login(
        &self,
        request: BeginPasskeyLoginRequest,
    ) -> Result<BeginPasskeyLoginResponse> {
        let BeginPasskeyLoginRequest { username, backend, scope } = request;
        let party = self.relying_party()?;
        let now_ms = self.clock.now_ms();
        let backend = self.keys.backend(backend.as_deref())?.name.clone();
        let (user_id, allowed) = match &username {
            Some(username) => {
                let (user_id, allowed) = self.credentials_of(party, &Identifier::parse(username.as_str()))?;
                (Some(user_id), allowed)
            }
            None => (None, Vec::new()),
        };
        let id = Id::new(now_ms)?;
        let ceremony =
            Ceremony { id, user_id, backend, scope, expires_at: self.clock.now() + CEREMONY_SECONDS };
        let sealed = self.secrets.seal(LOGIN, json::render(&ceremony)?.as_bytes())?;
        let challenge = Secret::new(base64url(&sealed));
        Ok(BeginPasskeyLoginResponse {
            challenge: challenge.into(),
            options: request_options(party, sealed, allowed, true),
        })
    }

    /// Logs in by a passkey alone. The authenticator must have verified its user. A password that must be
    /// changed and a lock after wrong passwords do not matter, because no password was used. Failures are
    /// counted for the source.
    ///
    /// Failures: `invalid_credentials`, `invalid_challenge`, `too_many_attempts`, `invalid_request`,
    /// `invalid_config`, `store_unavailable`.
    pub fn finish_passkey_login(&self, request: FinishPasskeyLoginRequest) -> Result<LoginResponse> {
        let FinishPasskeyLoginRequest { challenge, response, client } = request;
        let party = self.relying_party()?;
        let now = self.clock.now();
        let client = client.unwrap_or_default();
        let ceremony = || {
            let ceremony = self.factors.passkeys.ceremony(challenge.expose(), now);
            ceremony.map_err(|flaw| Error::new(Code::InvalidChallenge, flaw))
        };
        ceremony()?;
        let (passkey, user) = self.store.read(|tx| {
            self.keys.follow_secret_keys(tx)?;
            let passkey = rows::find(tx, &response.id.0)?;
            let user = match &passkey {
                Some(passkey) => users::find(tx, By::Id(passkey.user_id))?,
                None => None,
            };
            self.throttle.admit_client(tx, user.as_ref().map(|user| user.public.id), &client, now)?;
            Ok((passkey, user))
        })?;
        // The key that sealed the challenge may have been retired meanwhile.
        let (ceremony, sealed) = ceremony()?;
        let account = user.as_ref().map(|user| user.public.id);
        let asserted = Asserted {
            challenges: &[sealed],
            response: &response,
            user_id: ceremony.user_id,
            is_alone: true,
        };
        let state = asserted.by(party, passkey.as_ref());
        let entered = state.and_then(|state| {
            let user = self.admitted(user)?;
            Ok((passkey.ok_or("unknown_credential")?, state, user))
        });
        let entered = match entered {
            Ok((passkey, state, user)) => self.enter_by_passkey(&ceremony, &passkey, state, user, &client),
            Err(flaw) => Err(Error::new(Code::InvalidCredentials, flaw)),
        };
        entered.or_else(|error| {
            if error.code == Code::InvalidCredentials {
                self.passkey_failed(account, &client, &error, now)?;
            }
            Err(error.about(account, None))
        })
    }

    /// Lists the passkeys of an account.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn list_passkeys(&self, request: ListPasskeysRequest) -> Result<ListPasskeysResponse> {
        let listed = self.store.read(|tx| {
            users::find(tx, By::Id(request.user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            rows::list(tx, request.user_id)
        })?;
        Ok(ListPasskeysResponse { passkeys: listed.into_iter().map(PasskeyInfo::from).collect() })
    }

    /// Removes a passkey, and ends every session and token of the account, all or nothing. Removing a passkey
    /// that the account does not have is not a failure.
    ///
    /// Failures: `user_not_found`, `permission_denied` (nothing else opens the account, or it must have a second factor
    /// and has no other), `store_unavailable`.
    pub fn remove_passkey(&self, request: RemovePasskeyRequest) -> Result<RemovePasskeyResponse> {
        let RemovePasskeyRequest { user_id, credential_id } = request;
        let now = self.clock.now();
        let removed = self.store.write(Durability::Full, |tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            if !rows::delete(tx, user_id, &credential_id.0)? {
                return Ok(false);
            }
            if user.password_hash.is_none() && rows::count(tx, user_id)? == 0 {
                return Err(Error::new(Code::PermissionDenied, "last_credential").about(Some(user_id), None));
            }
            self.factors.removed(tx, &user.public, KIND, now)?;
            Ok(true)
        })?;
        Ok(RemovePasskeyResponse { removed })
    }
}

/// The factor's name in events.
const KIND: &str = "passkey";

impl Engine {
    fn relying_party(&self) -> Result<&Passkeys> {
        let not_configured = || Error::at(Code::InvalidConfig, "/passkeys", "not configured");
        self.config.passkeys.as_ref().ok_or_else(not_configured)
    }

    /// Returns the user of this name with their credentials, or decoys if there is no such user or no passkey
    /// (section 14.6.2). For the other kind of name it always returns decoys: equal credentials for both
    /// names would disclose that they belong to one account.
    fn credentials_of(
        &self,
        party: &Passkeys,
        identifier: &Identifier,
    ) -> Result<(Id, Vec<CredentialDescriptor>)> {
        let are_shown = match identifier {
            Identifier::Username(_) => party.login_name == LoginName::Username,
            Identifier::Email(_) => party.login_name == LoginName::Email,
            Identifier::Neither(_) => false,
        };
        let (nobody, decoys) = self.decoys(identifier.as_str())?;
        let (user, passkeys) = self.store.read(|tx| {
            let user = identifier.find(tx)?;
            // Query even when there is no such user, so that both cases take equal time.
            let id = user.as_ref().map_or(nobody, |user| user.public.id);
            Ok((user, rows::list(tx, id)?))
        })?;
        match user {
            Some(user) if !passkeys.is_empty() => {
                let own = passkeys.into_iter().map(CredentialDescriptor::from).collect();
                Ok((user.public.id, if are_shown { own } else { decoys }))
            }
            _ => Ok((nobody, decoys)),
        }
    }

    /// Returns credentials of no account. They are the same for a name as long as the oldest secret key
    /// stays.
    fn decoys(&self, name: &str) -> Result<(Id, Vec<CredentialDescriptor>)> {
        let code = |index: usize, part: usize| {
            let message = format!("decoy {index} {part} {name}");
            self.secrets.lasting_mac(secrets::Purpose::Passkey, message.as_bytes())
        };
        let shape = code(0, 0)?;
        let [count, ..] = shape;
        // Most users have one.
        let count = if count < 64 { 2 } else { 1 };
        let mut decoys = Vec::with_capacity(count);
        for index in 1..=count {
            let [kind, ..] = code(index, 0)?;
            let (len, transports): (usize, &[&str]) = match kind {
                0..96 => (20, &["hybrid", "internal"]),
                96..160 => (32, &["internal"]),
                160..216 => (16, &["hybrid", "internal"]),
                216.. => (64, &["nfc", "usb"]),
            };
            let id = [code(index, 1)?, code(index, 2)?].concat();
            decoys.push(CredentialDescriptor {
                kind: PUBLIC_KEY,
                id: Bytes(id.into_iter().take(len).collect()),
                transports: transports.iter().map(|&name| name.to_owned()).collect(),
            });
        }
        let nobody = shape.last_chunk::<16>().copied().unwrap_or_default();
        Ok((Id::from_bytes(nobody), decoys))
    }

    /// Returns the credential of a registration response.
    fn new_credential(
        &self,
        party: &Passkeys,
        challenge: &Secret,
        response: &RegistrationResponse,
    ) -> Result<NewCredential, Flaw> {
        if response.id != response.raw_id {
            return Err("raw_id");
        }
        let challenges = self.factors.passkeys.derived_challenges(challenge);
        let registration = Registration {
            credential_id: &response.id.0,
            client_data_json: &response.response.client_data_json.0,
            attestation_object: &response.response.attestation_object.0,
        };
        webauthn::register(
            &registration,
            &Expected { party, challenges: &challenges, user_verification: false },
        )
    }

    /// Returns the account if it may log in.
    fn admitted(&self, user: Option<User>) -> Result<User, Flaw> {
        match user {
            None => Err("unknown_user"),
            Some(user) if !user.public.is_active => Err("inactive_user"),
            Some(user) if self.config.require_verified_email && !user.public.email_verified => {
                Err("unverified_email")
            }
            Some(user) => Ok(user),
        }
    }

    /// Opens a session and redeems the challenge. Only one of several concurrent callers succeeds.
    fn enter_by_passkey(
        &self,
        ceremony: &Ceremony,
        passkey: &Passkey,
        state: State,
        user: User,
        client: &Client,
    ) -> Result<LoginResponse> {
        if self.keys.backend(Some(&ceremony.backend)).is_err() {
            return Err(Error::new(Code::InvalidChallenge, "unknown_backend"));
        }
        let refused = |reason| Err(Error::new(Code::InvalidCredentials, reason));
        let methods = methods(state.backup_eligible);
        let entry = Entry {
            backend: ceremony.backend.clone(),
            scope: ceremony.scope.clone(),
            client: client.clone(),
            // Possession of the key, and the authenticator's verification of its user.
            amr: Amr::default().with(methods).with(&["mfa"]),
            provider: None,
        };
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        if now >= ceremony.expires_at {
            return Err(Error::new(Code::InvalidChallenge, "expired"));
        }
        let session = self.store.write(Durability::Full, |tx| {
            if !self.factors.passkeys.spend(tx, ceremony, now)? {
                return Err(Error::new(Code::InvalidChallenge, "spent"));
            }
            let found = users::find(tx, By::Id(user.public.id))?;
            let Some(user) = found.filter(|now| now.epoch == user.epoch) else {
                return refused("changed_meanwhile");
            };
            let user = match self.admitted(Some(user)) {
                Ok(user) => user,
                Err(flaw) => return refused(flaw),
            };
            if let Some(flaw) = self.factors.passkeys.use_passkey(tx, passkey, state, client, now)? {
                return refused(flaw);
            }
            self.sessions.open(tx, user, &entry, now_ms)
        })?;
        Ok(self.sessions.first_tokens(session)?.into())
    }

    /// Logs why a passkey was refused, and counts the failure for the source.
    fn passkey_failed(&self, account: Option<Id>, client: &Client, error: &Error, now: i64) -> Result<()> {
        let ip = client.ip_text();
        let of = |kind, detail| Event { ip: ip.as_deref(), detail, ..event(kind, account) };
        self.store.write(Durability::Relaxed, |tx| {
            self.audit.record_one_of_many(tx, now, of(Kind::LoginFailed, error.detail.as_deref()))?;
            match self.throttle.source_failed(tx, client.ip, now)? {
                true => self.audit.record_one_of_many(tx, now, of(Kind::Throttled, Some("source"))),
                false => Ok(()),
            }
        })
    }
}

/// Returns the transports as they are stored: a few sorted words. Invalid words are dropped, because
/// transports are only hints.
fn transports(mut given: Vec<String>) -> String {
    given.retain(|name| {
        (1..=16).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    });
    given.sort();
    given.dedup();
    given.truncate(8);
    given.join(" ")
}

impl From<Passkey> for PasskeyInfo {
    fn from(passkey: Passkey) -> PasskeyInfo {
        PasskeyInfo {
            id: Bytes(passkey.credential_id),
            label: passkey.label,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
            backup_eligible: passkey.backup_eligible,
            backed_up: passkey.backed_up,
            transports: words(&passkey.transports),
            aaguid: Uuid::from_bytes(passkey.aaguid).to_string(),
        }
    }
}
