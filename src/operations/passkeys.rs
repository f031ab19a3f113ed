//! Passkeys (Web Authentication Level 3): `begin_passkey_registration`, `finish_passkey_registration`,
//! `begin_passkey_login`, `finish_passkey_login`, `list_passkeys`, `remove_passkey`, and how one is proven.
//!
//! A registration is held in the store: its user is known. A login may be begun by anybody, so that nothing is
//! written for it: its challenge is sealed and comes back, and the store keeps only which were redeemed.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::login::{Identifier, LoginResponse};
use super::recovery_codes::RecoveryCode;
use crate::client::Client;
use crate::config::{LoginName, Passkeys};
use crate::crypto::webauthn::{self, Assertion, Expected, Flaw, NewCredential, Registration, State};
use crate::crypto::{base64url, from_base64url, secrets};
use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::one_time::{Making, Purpose};
use crate::engine::sessions::Entry;
use crate::error::{Code, Error, Result, exposed};
use crate::json;
use crate::password::Secret;
use crate::store::events::Event;
use crate::store::passkeys::{self as rows, Passkey};
use crate::store::users::{self, By, User};
use crate::store::{Durability, Share, Tx, damaged};
use crate::user::{Amr, Id, Offered, Scope, text_type};
use crate::webauthn::{
    AuthenticationResponse, AuthenticatorSelection, Bytes, CreationOptions, CredentialDescriptor,
    CredentialParameters, PREFERRED, PUBLIC_KEY, REQUIRED, RegistrationResponse, RelyingParty,
    RequestOptions, UserEntity,
};

/// Begins to make a passkey for an account. Whoever asks must be its user, who logged in just now: a passkey opens the
/// account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginPasskeyRegistrationRequest {
    /// Whose.
    pub user_id: Id,
    /// What its user calls it: 1 to 64 characters.
    pub label: Option<Label>,
}

/// What the page passes on, within five minutes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BeginPasskeyRegistrationResponse {
    /// For `finish_passkey_registration`. It is spent when that succeeds, and replaced by that of a later begin.
    #[serde(serialize_with = "exposed")]
    #[schemars(with = "String", extend("x-secret" = true))]
    pub challenge: Secret,
    /// What `PublicKeyCredential.parseCreationOptionsFromJSON` reads, for `navigator.credentials.create`.
    pub options: CreationOptions,
}

/// Makes the passkey.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishPasskeyRegistrationRequest {
    /// The challenge of `begin_passkey_registration`.
    pub challenge: Secret,
    /// What `navigator.credentials.create` gave: the credential's `toJSON()`.
    #[serde(deserialize_with = "json::open_object")]
    pub response: RegistrationResponse,
}

/// The passkey was made, and every session has ended: log in again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FinishPasskeyRegistrationResponse {
    /// The passkey.
    pub credential: PasskeyInfo,
    /// Codes that stand in for a second factor that is lost, each once. They are shown now and never again; none
    /// where the account has some from another factor.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// Begins a login by passkey.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BeginPasskeyLoginRequest {
    /// The username or the e-mail address. Without, the authenticator offers the accounts that it knows.
    pub username: Option<Offered>,
    /// For which backend; default: `default`.
    pub backend: Option<String>,
    /// What the access token may be used for, as with `login`.
    pub scope: Option<Scope>,
}

/// What the page passes on, within five minutes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BeginPasskeyLoginResponse {
    /// For `finish_passkey_login`. It is spent when that succeeds.
    #[serde(serialize_with = "exposed")]
    #[schemars(with = "String", extend("x-secret" = true))]
    pub challenge: Secret,
    /// What `PublicKeyCredential.parseRequestOptionsFromJSON` reads, for `navigator.credentials.get`.
    pub options: RequestOptions,
}

/// Logs in by a passkey alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishPasskeyLoginRequest {
    /// The challenge of `begin_passkey_login`.
    pub challenge: Secret,
    /// What `navigator.credentials.get` gave: the credential's `toJSON()`.
    #[serde(deserialize_with = "json::open_object")]
    pub response: AuthenticationResponse,
    /// From where the user comes, as far as the host knows.
    #[serde(default, deserialize_with = "json::optional_object")]
    pub client: Option<Client>,
}

/// Lists the passkeys of an account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPasskeysRequest {
    /// Whose.
    pub user_id: Id,
}

/// Passkeys, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListPasskeysResponse {
    /// The passkeys.
    pub passkeys: Vec<PasskeyInfo>,
}

/// Takes a passkey away. Whoever asks must be its user, who logged in just now.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovePasskeyRequest {
    /// Whose.
    pub user_id: Id,
    /// Which: its `id`.
    pub credential_id: Bytes,
}

/// It is gone; if there was one, every session has ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RemovePasskeyResponse {
    /// Whether the account had it until now.
    pub removed: bool,
}

/// A passkey as its user may see it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PasskeyInfo {
    /// The credential's id.
    pub id: Bytes,
    /// What its user calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it was used last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<i64>,
    /// Whether it may be on several devices: it is synchronized.
    pub backup_eligible: bool,
    /// Whether it is on several devices now, as far as is known.
    pub backed_up: bool,
    /// How its authenticator is reached: `internal`, `hybrid`, `usb`, `nfc`, `ble`, …
    pub transports: Vec<String>,
    /// The kind of authenticator, where it says so: nobody has verified it.
    pub aaguid: String,
}

/// What a user calls a passkey: 1 to 64 characters, none of them a control character.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Label(String);

impl FromStr for Label {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Label, &'static str> {
        let valid = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if valid { Ok(Label(text.to_owned())) } else { Err("expected 1 to 64 characters") }
    }
}

text_type!(Label, "minLength": 1, "maxLength": 64);

/// How long a ceremony may take.
const CEREMONY_SECONDS: i64 = 300;

/// How much longer it is remembered that a challenge was redeemed, for clocks that go back.
const SPENT_SECONDS: i64 = 86_400;

/// How many registrations of one user may be under way.
const REGISTRATIONS: u32 = 3;

/// How many passkeys an account may have.
const MOST: usize = 20;

/// The longest challenge that may have been made here.
const MAX_CHALLENGE: usize = 4096;

impl Engine {
    /// Begins to make a passkey for an account.
    ///
    /// Failures: `user_not_found`, `email_not_verified`, `permission_denied` (it has 20), `invalid_config` (`passkeys` is
    /// not configured), `store_unavailable`.
    pub fn begin_passkey_registration(
        &self,
        request: BeginPasskeyRegistrationRequest,
    ) -> Result<BeginPasskeyRegistrationResponse> {
        let BeginPasskeyRegistrationRequest { user_id, label } = request;
        let (party, now) = (self.relying_party()?, self.clock.now());
        let data = json::render(&label)?;
        let (challenge, user, passkeys) = self.store.write(Durability::Full, |tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            self.may_take_factors(&user.public)?;
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
            challenge: self.derived_challenge(&challenge)?,
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
        Ok(BeginPasskeyRegistrationResponse { challenge, options })
    }

    /// Makes the passkey, and ends every session and token of the account, all or nothing. A credential that any
    /// account has is refused.
    ///
    /// Failures: `invalid_challenge`, `invalid_credentials` (the response is not what it should be),
    /// `already_configured`, `invalid_request`, `invalid_config`, `store_unavailable`.
    pub fn finish_passkey_registration(
        &self,
        request: FinishPasskeyRegistrationRequest,
    ) -> Result<FinishPasskeyRegistrationResponse> {
        let FinishPasskeyRegistrationRequest { challenge, response } = request;
        let (party, now) = (self.relying_party()?, self.clock.now());
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
            // Whatever was begun before another passkey was made is dead: there are still not too many.
            self.one_time.redeem(tx, challenge.expose(), purpose, now)?;
            if !rows::insert(tx, &passkey)? {
                return Err(about(Error::new(Code::AlreadyConfigured, "credential_id")));
            }
            self.second_factor_added(tx, user_id, KIND, now)
        })?;
        Ok(FinishPasskeyRegistrationResponse { credential: passkey.into(), recovery_codes })
    }

    /// Begins a login by passkey. Nothing is written, and whether there is such a user, or one with passkeys,
    /// nobody is told: there are credentials in the answer anyhow, always the same for a name.
    ///
    /// Failures: `invalid_request`, `invalid_config` (`passkeys` is not configured), `store_unavailable`.
    pub fn begin_passkey_login(
        &self,
        request: BeginPasskeyLoginRequest,
    ) -> Result<BeginPasskeyLoginResponse> {
        let BeginPasskeyLoginRequest { username, backend, scope } = request;
        let (party, now_ms) = (self.relying_party()?, self.clock.now_ms());
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
        Ok(BeginPasskeyLoginResponse { challenge, options: request_options(party, sealed, allowed, true) })
    }

    /// Logs in by a passkey alone, whose authenticator must have verified its user. A password that must be changed
    /// does not matter, nor that the account was guessed at too often: no password was used. Failures are counted for
    /// the source.
    ///
    /// Failures: `invalid_credentials`, `invalid_challenge`, `too_many_attempts`, `invalid_request`,
    /// `invalid_config`, `store_unavailable`.
    pub fn finish_passkey_login(&self, request: FinishPasskeyLoginRequest) -> Result<LoginResponse> {
        let FinishPasskeyLoginRequest { challenge, response, client } = request;
        let (party, now, client) = (self.relying_party()?, self.clock.now(), client.unwrap_or_default());
        let ceremony = || {
            let ceremony = self.ceremony(challenge.expose(), now);
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
        // The key that sealed it may be retired meanwhile.
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

    /// Takes a passkey away, and ends every session and token of the account, all or nothing. One that the account
    /// does not have is no failure.
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
            self.second_factor_removed(tx, &user.public, KIND, now)?;
            Ok(true)
        })?;
        Ok(RemovePasskeyResponse { removed })
    }
}

/// How events name it.
const KIND: &str = "passkey";

/// To whom the challenge of a login is sealed: nothing else that is sealed passes for one.
const LOGIN: &str = "passkey login";

/// A login that is under way: what its challenge holds, sealed.
#[derive(Serialize, Deserialize)]
struct Ceremony {
    id: Id,
    /// Who wants to log in, where that was said; somebody whom there is not, where there is no such user. The
    /// challenge is as long in either case.
    user_id: Option<Id>,
    backend: String,
    scope: Option<Scope>,
    expires_at: i64,
}

/// A passkey as a proof beside others.
pub(crate) struct PasskeyProof {
    pub response: AuthenticationResponse,
    /// Of the step that wants it; else it is one of `begin_passkey_login`, which the response names.
    pub challenge: Option<Secret>,
    /// Whether it is the only proof.
    pub is_alone: bool,
}

impl PasskeyProof {
    /// How a token names it.
    pub(crate) fn methods(&self) -> &'static [&'static str] {
        methods(webauthn::is_backup_eligible(&self.response.response.authenticator_data.0))
    }
}

/// How a token names a passkey (RFC 8176): a key that may be on several devices is not in hardware; either way its
/// user was there.
fn methods(is_backup_eligible: bool) -> &'static [&'static str] {
    if is_backup_eligible { &["swk", "user"] } else { &["hwk", "user"] }
}

/// What somebody answers to a challenge with.
struct Asserted<'a> {
    challenges: &'a [Vec<u8>],
    response: &'a AuthenticationResponse,
    /// Of whom the passkey must be, where that is known.
    user_id: Option<Id>,
    /// Whether it is the only factor.
    is_alone: bool,
}

impl Asserted<'_> {
    /// What the authenticator says, if everything is right and the passkey is that of whom it should be. A passkey
    /// that is unknown takes as much work as one that is known.
    fn by(&self, party: &Passkeys, passkey: Option<&Passkey>) -> Result<State, Flaw> {
        let AuthenticationResponse { id, raw_id, response, .. } = self.response;
        if id != raw_id {
            return Err("raw_id");
        }
        let assertion = Assertion {
            client_data_json: &response.client_data_json.0,
            authenticator_data: &response.authenticator_data.0,
            signature: &response.signature.0,
        };
        let expected = Expected { party, challenges: self.challenges, user_verification: self.is_alone };
        let public_key =
            passkey.map_or_else(|| webauthn::any_key().into(), |passkey| Cow::from(&passkey.public_key));
        let state = webauthn::authenticate(&assertion, &public_key, &expected);
        let passkey = passkey.ok_or("unknown_credential")?;
        let state = state?;
        // Section 7.2, on uvInitialized: whoever holds an authenticator may give it its first PIN. Only beside
        // another factor may it begin to verify its user.
        if self.is_alone && !passkey.user_verified {
            return Err("user_verification_is_new");
        }
        // Safari writes an empty one for a security key.
        let user_handle = response.user_handle.as_ref().filter(|handle| !handle.0.is_empty());
        match (self.user_id, user_handle) {
            (Some(user_id), _) if user_id != passkey.user_id => Err("other_user"),
            // Section 7.2, step 6: whoever did not say who they are says it by the user handle.
            (None, None) => Err("no_user_handle"),
            (_, Some(given)) if *given != handle(passkey.user_id) => Err("user_handle"),
            _ => Ok(state),
        }
    }
}

impl Engine {
    fn relying_party(&self) -> Result<&Passkeys> {
        let not_configured = || Error::at(Code::InvalidConfig, "/passkeys", "not configured");
        self.config.passkeys.as_ref().ok_or_else(not_configured)
    }

    /// What an authenticator signs for a challenge that is kept: whoever sees that does not have the challenge.
    fn derived_challenge(&self, challenge: &Secret) -> Result<Bytes> {
        let code = self.secrets.mac(secrets::Purpose::Passkey, &derivation(challenge))?;
        Ok(Bytes(code.to_vec()))
    }

    /// The same under each of the secret keys.
    fn derived_challenges(&self, challenge: &Secret) -> Vec<Vec<u8>> {
        let codes = self.secrets.macs(secrets::Purpose::Passkey, &derivation(challenge));
        codes.into_iter().map(|code| code.to_vec()).collect()
    }

    /// The user of this name and their credentials; somebody whom there is not, and credentials that there are not,
    /// where there is no such user or one without any (section 14.6.2). By the other kind of name, credentials that
    /// there are not always: the same ones by both would say that the two are one account's.
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
            let user = self.identified(tx, identifier)?;
            // Nobody's are looked for, too: as much work.
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

    /// Credentials that nobody has, the same for a name as long as the oldest secret key stays.
    fn decoys(&self, name: &str) -> Result<(Id, Vec<CredentialDescriptor>)> {
        let code = |index: usize, part: usize| {
            let message = format!("decoy {index} {part} {name}");
            self.secrets.lasting_mac(secrets::Purpose::Passkey, message.as_bytes())
        };
        let shape = code(0, 0)?;
        let [count, ..] = shape;
        // Most people have one.
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

    /// The login that a challenge is for, and what is signed for it.
    fn ceremony(&self, text: &str, now: i64) -> Result<(Ceremony, Vec<u8>), Flaw> {
        let sealed = (text.len() <= MAX_CHALLENGE).then(|| from_base64url(text)).flatten();
        let sealed = sealed.ok_or("malformed")?;
        let data = self.secrets.open(LOGIN, &sealed).ok_or("unknown")?;
        let ceremony: Ceremony = serde_json::from_slice(&data).map_err(|_| "malformed")?;
        if now >= ceremony.expires_at { Err("expired") } else { Ok((ceremony, sealed)) }
    }

    /// Spends the challenge of a login, in the caller's transaction; not if it is spent.
    fn spend(&self, tx: &mut Tx, ceremony: &Ceremony, now: i64) -> Result<bool> {
        rows::forget_expired(tx, now, Share::AFew)?;
        rows::spend(tx, ceremony.id, ceremony.expires_at + SPENT_SECONDS)
    }

    /// What a page passes on where a passkey is wanted as the second factor, for the challenge of that step.
    pub(crate) fn second_factor_options(
        &self,
        tx: &mut Tx,
        user_id: Id,
        challenge: &Secret,
    ) -> Result<Option<RequestOptions>> {
        let Some(party) = &self.config.passkeys else { return Ok(None) };
        let allowed = rows::list(tx, user_id)?.into_iter().map(CredentialDescriptor::from).collect();
        Ok(Some(request_options(party, self.derived_challenge(challenge)?.0, allowed, false)))
    }

    /// Uses a passkey of an account as a proof; why not, if not. It answers the challenge of the step that wants it,
    /// or one of `begin_passkey_login`, which it spends.
    pub(crate) fn redeem_passkey(
        &self,
        tx: &mut Tx,
        user_id: Id,
        proof: &PasskeyProof,
        client: &Client,
        now: i64,
    ) -> Result<Option<Flaw>> {
        let Some(party) = &self.config.passkeys else { return Ok(Some("not_configured")) };
        let (challenges, ceremony) = match &proof.challenge {
            Some(challenge) => (self.derived_challenges(challenge), None),
            None => {
                self.keys.follow_secret_keys(tx)?;
                let text = webauthn::challenge_of(&proof.response.response.client_data_json.0);
                match text.and_then(|text| self.ceremony(&text, now)) {
                    Ok((ceremony, _)) if ceremony.user_id.is_some_and(|id| id != user_id) => {
                        return Ok(Some("other_user"));
                    }
                    Ok((ceremony, sealed)) => (vec![sealed], Some(ceremony)),
                    Err(flaw) => return Ok(Some(flaw)),
                }
            }
        };
        let passkey = rows::find(tx, &proof.response.id.0)?;
        let asserted = Asserted {
            challenges: &challenges,
            response: &proof.response,
            user_id: Some(user_id),
            is_alone: proof.is_alone,
        };
        let (passkey, state) = match (asserted.by(party, passkey.as_ref()), passkey) {
            (Ok(state), Some(passkey)) => (passkey, state),
            (Err(flaw), _) => return Ok(Some(flaw)),
            (_, None) => return Ok(Some("unknown_credential")),
        };
        if let Some(ceremony) = ceremony
            && !self.spend(tx, &ceremony, now)?
        {
            return Ok(Some("spent"));
        }
        self.use_passkey(tx, &passkey, state, client, now)
    }

    /// The credential that a response made.
    fn new_credential(
        &self,
        party: &Passkeys,
        challenge: &Secret,
        response: &RegistrationResponse,
    ) -> Result<NewCredential, Flaw> {
        if response.id != response.raw_id {
            return Err("raw_id");
        }
        let challenges = self.derived_challenges(challenge);
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

    /// Keeps what an authenticator said, in the caller's transaction; why not, if the passkey is not what it was, or
    /// its counter shows that there is a copy of it.
    fn use_passkey(
        &self,
        tx: &mut Tx,
        passkey: &Passkey,
        state: State,
        client: &Client,
        now: i64,
    ) -> Result<Option<Flaw>> {
        let found = rows::find(tx, &passkey.credential_id)?;
        let is_same = |now: &Passkey| now.user_id == passkey.user_id && now.public_key == passkey.public_key;
        let Some(kept) = found.filter(is_same) else { return Ok(Some("unknown_credential")) };
        if kept.backup_eligible != state.backup_eligible {
            return Ok(Some("backup_eligibility"));
        }
        // Section 7.2, step 22. Authenticators without a counter say 0.
        let counts = state.sign_count != 0 || kept.sign_count != 0;
        if counts && state.sign_count <= kept.sign_count {
            if !kept.backup_eligible {
                return Ok(Some("sign_count"));
            }
            // A passkey that is synchronized is where its user wants it, with counters of their own.
            let ip = client.ip();
            let event = event(Kind::PasskeyCounterRegressed, kept.user_id);
            self.audit.record(tx, now, Event { ip: ip.as_deref(), ..event })?;
        }
        let sign_count = state.sign_count.max(kept.sign_count);
        let verified = kept.user_verified || state.user_verified;
        rows::used(tx, &kept.credential_id, sign_count, verified, state.backed_up, now)?;
        Ok(None)
    }

    /// The account, if it may log in.
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

    /// Opens a session, and spends the challenge: of any number of callers one gets it.
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
            // Possession, and what the authenticator verified its user by.
            amr: Amr::default().with(methods).with(&["mfa"]),
            provider: None,
        };
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        if now >= ceremony.expires_at {
            return Err(Error::new(Code::InvalidChallenge, "expired"));
        }
        let session = self.store.write(Durability::Full, |tx| {
            if !self.spend(tx, ceremony, now)? {
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
            if let Some(flaw) = self.use_passkey(tx, passkey, state, client, now)? {
                return refused(flaw);
            }
            self.sessions.open(tx, user, &entry, now_ms)
        })?;
        Ok(self.sessions.first_tokens(session)?.into())
    }

    /// Writes to the log why a passkey was refused, and counts it for the source.
    fn passkey_failed(&self, account: Option<Id>, client: &Client, error: &Error, now: i64) -> Result<()> {
        let ip = client.ip();
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

fn derivation(challenge: &Secret) -> Vec<u8> {
    [b"challenge ", challenge.expose().as_bytes()].concat()
}

fn request_options(
    party: &Passkeys,
    challenge: Vec<u8>,
    allowed: Vec<CredentialDescriptor>,
    must_verify: bool,
) -> RequestOptions {
    RequestOptions {
        challenge: Bytes(challenge),
        timeout: CEREMONY_SECONDS * 1000,
        rp_id: party.rp_id.as_str().to_owned(),
        allow_credentials: allowed,
        user_verification: if must_verify { REQUIRED } else { PREFERRED },
    }
}

/// The user handle (section 5.4.3): it says nothing of the user.
fn handle(user_id: Id) -> Bytes {
    Bytes(user_id.as_bytes().to_vec())
}

/// Transports as they are kept: a few words, sorted. What is none is left out: it is only a hint.
fn transports(mut given: Vec<String>) -> String {
    given.retain(|name| {
        (1..=16).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    });
    given.sort();
    given.dedup();
    given.truncate(8);
    given.join(" ")
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

impl From<Passkey> for CredentialDescriptor {
    fn from(passkey: Passkey) -> CredentialDescriptor {
        CredentialDescriptor {
            kind: PUBLIC_KEY,
            id: Bytes(passkey.credential_id),
            transports: words(&passkey.transports),
        }
    }
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
