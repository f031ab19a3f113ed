//! Login by passkey: `begin_passkey_login`, `finish_passkey_login`. A login begins without any authentication,
//! so it writes nothing: its challenge is sealed and comes back with the response, and the store keeps only the
//! redeemed ones.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{LoginName, Passkeys};
use crate::crypto::secrets;
use crate::crypto::webauthn::{Flaw, State};
use crate::engine::Engine;
use crate::engine::accounts::Identifier;
use crate::engine::audit::{Kind, event};
use crate::engine::backends::Backend;
use crate::engine::factors::passkeys::{
    AUTOFILL_SECONDS, Asserted, CEREMONY_SECONDS, Ceremony, Challenged, LOGIN, methods, request_options,
};
use crate::engine::retired_keys;
use crate::engine::sessions::Entry;
use crate::engine::terms::Terms;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::operations::login::LoginResponse;
use crate::store::Durability;
use crate::store::events::Event;
use crate::store::passkeys::{self as rows, Passkey};
use crate::store::users::{self, By, User};
use crate::types::base64url::base64url;
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::session::{SessionLabel, SessionLifetime};
use crate::types::strict::Object;
use crate::types::user::{Amr, Offered, Scope};
use crate::types::webauthn::{
    AuthenticationResponse, Bytes, CredentialDescriptor, PUBLIC_KEY, PasskeyHint, REQUIRED, RequestOptions,
};

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
    /// The organization that the session is in, as in `login`.
    pub organization_id: Option<Id>,
    /// Whether the passkeys are offered in a form as the page opens (autofill), so that the ceremony has an hour; not
    /// with `username`. The answer is taken by `finish_passkey_login` only. Default: false.
    pub conditional: Option<bool>,
    /// The kinds of authenticator that the page expects, the likeliest first.
    pub hints: Option<Vec<PasskeyHint>>,
}

/// A ceremony that begins; finish it within five minutes, or an hour with `conditional`.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BeginPasskeyLoginResponse {
    /// The challenge for `finish_passkey_login`. A login that succeeds spends it.
    pub challenge: IssuedSecret,
    /// The options for `navigator.credentials.get`, as `PublicKeyCredential.parseRequestOptionsFromJSON`
    /// reads them.
    pub options: RequestOptions,
    /// With `conditional`: `conditional`, to be passed to `navigator.credentials.get` beside the options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mediation: Option<&'static str>,
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
    /// The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are refused.
    pub claims: Option<Object>,
    /// A shorter life of the session than the configuration gives it.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub lifetime: Option<SessionLifetime>,
    /// A label for the session in the user's list, such as the name of the device.
    pub label: Option<SessionLabel>,
}

impl Engine {
    /// Begins a login by passkey. It writes nothing, and does not disclose whether the user exists or has
    /// passkeys: the answer always has credentials, the same ones for the same name.
    ///
    /// Failures: `invalid_request`, `invalid_config` (`passkeys` is not configured), `store_unavailable`.
    pub fn begin_passkey_login(
        &self,
        request: BeginPasskeyLoginRequest,
    ) -> Result<BeginPasskeyLoginResponse> {
        let BeginPasskeyLoginRequest { username, backend, scope, organization_id, conditional, hints } =
            request;
        let is_conditional = conditional.unwrap_or(false);
        if is_conditional && username.is_some() {
            return Err(Error::at(Code::InvalidRequest, "/conditional", "not with username"));
        }
        let lifetime_seconds = if is_conditional { AUTOFILL_SECONDS } else { CEREMONY_SECONDS };
        let party = self.factors.passkeys.relying_party()?;
        let now_ms = self.clock.now_ms();
        let backend = self.keys.backend(backend.as_deref())?.name.clone();
        let allowed = username
            .map(|username| self.credentials_of(party, &Identifier::parse(username.as_str())))
            .transpose()?;
        let user_id = allowed.as_ref().map(|allowed| allowed.user_id);
        let id = Id::new(now_ms)?;
        let expires_at = self.clock.now() + lifetime_seconds;
        let ceremony = Ceremony { id, user_id, backend, scope, organization_id, is_conditional, expires_at };
        let sealed = self.secrets.seal(LOGIN, json::render(&ceremony)?.as_bytes())?;
        let credentials = allowed.map(|allowed| allowed.credentials).unwrap_or_default();
        let challenge = Secret::new(base64url(&sealed));
        let options = RequestOptions {
            user_verification: REQUIRED,
            hints: hints.unwrap_or_default(),
            ..request_options(party, sealed, credentials, lifetime_seconds)
        };
        let mediation = is_conditional.then_some("conditional");
        Ok(BeginPasskeyLoginResponse { challenge: challenge.into(), options, mediation })
    }

    /// Logs in by a passkey alone. The authenticator must have verified its user. A password that must be
    /// changed and a lock after wrong passwords do not matter, because no password was used. Failures are
    /// counted for the source.
    ///
    /// Failures: `invalid_credentials`, `invalid_challenge`, `permission_denied` (as of `login`), `too_many_attempts`,
    /// `invalid_request`, `invalid_config`, `store_unavailable`.
    pub fn finish_passkey_login(&self, request: FinishPasskeyLoginRequest) -> Result<LoginResponse> {
        let FinishPasskeyLoginRequest { challenge, response, client, claims, lifetime, label } = request;
        let party = self.factors.passkeys.relying_party()?;
        let now = self.clock.now();
        let client = client.unwrap_or_default();
        let ceremony = || {
            let ceremony = self.factors.passkeys.ceremony(challenge.expose(), now);
            ceremony.map_err(|flaw| Error::new(Code::InvalidChallenge, flaw))
        };
        let begun = ceremony()?.ceremony;
        let terms = self.sessions.terms(self.backend_of(&begun)?, claims, lifetime, label)?;
        let (passkey, user) = self.store.read(|tx| {
            retired_keys::follow(tx, &self.secrets)?;
            let passkey = rows::find(tx, &response.id.0)?;
            let user = match &passkey {
                Some(passkey) => users::find(tx, By::Id(passkey.user_id))?,
                None => None,
            };
            self.throttle.admit_client(tx, user.as_ref().map(|user| user.public.id), &client, now)?;
            Ok((passkey, user))
        })?;
        // The key that sealed the challenge may have been retired meanwhile.
        let Challenged { ceremony, signed } = ceremony()?;
        let account = user.as_ref().map(|user| user.public.id);
        let asserted = Asserted {
            challenges: &[signed],
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
            Ok((passkey, state, user)) => {
                let entry = ceremony.entry(client.clone(), terms);
                self.enter_by_passkey(&ceremony, &passkey, state, user, entry)
            }
            Err(flaw) => Err(Error::new(Code::InvalidCredentials, flaw)),
        };
        entered.or_else(|error| {
            if error.code == Code::InvalidCredentials {
                self.passkey_failed(account, &client, &error, now)?;
            }
            Err(error.about(account, None))
        })
    }
}

/// The credentials that a login by a name allows, of the user or decoys.
struct Allowed {
    user_id: Id,
    credentials: Vec<CredentialDescriptor>,
}

impl Engine {
    /// Returns the user of this name with their credentials, or decoys if there is no such user or no passkey
    /// (section 14.6.2). For the other kind of name it always returns decoys: equal credentials for both
    /// names would disclose that they belong to one account.
    fn credentials_of(&self, party: &Passkeys, identifier: &Identifier) -> Result<Allowed> {
        let are_shown = match identifier {
            Identifier::Username(_) => party.login_name == LoginName::Username,
            Identifier::Email(_) => party.login_name == LoginName::Email,
            Identifier::Neither(_) => false,
        };
        let decoys = self.decoys(identifier.as_str())?;
        let (user, passkeys) = self.store.read(|tx| {
            let user = identifier.find(tx)?;
            // Query even when there is no such user, so that both cases take equal time.
            let id = user.as_ref().map_or(decoys.user_id, |user| user.public.id);
            Ok((user, rows::list(tx, id)?))
        })?;
        match user {
            Some(user) if !passkeys.is_empty() => {
                let own = passkeys.into_iter().map(CredentialDescriptor::from).collect();
                let credentials = if are_shown { own } else { decoys.credentials };
                Ok(Allowed { user_id: user.public.id, credentials })
            }
            _ => Ok(decoys),
        }
    }

    /// Returns credentials of no account. They are the same for a name as long as the oldest secret key
    /// stays.
    fn decoys(&self, name: &str) -> Result<Allowed> {
        let code = |index: usize, part: usize| {
            let message = format!("decoy {index} {part} {name}");
            self.secrets.lasting_mac(secrets::Purpose::Passkey, message.as_bytes())
        };
        let shape = code(0, 0)?;
        let [count, ..] = shape;
        // Most users have one.
        let count = if count < 64 { 2 } else { 1 };
        let mut credentials = Vec::with_capacity(count);
        for index in 1..=count {
            let [kind, ..] = code(index, 0)?;
            let (len, transports): (usize, &[&str]) = match kind {
                0..96 => (20, &["hybrid", "internal"]),
                96..160 => (32, &["internal"]),
                160..216 => (16, &["hybrid", "internal"]),
                216.. => (64, &["nfc", "usb"]),
            };
            let id = [code(index, 1)?, code(index, 2)?].concat();
            credentials.push(CredentialDescriptor {
                kind: PUBLIC_KEY,
                id: Bytes(id.into_iter().take(len).collect()),
                transports: transports.iter().map(|&name| name.to_owned()).collect(),
            });
        }
        let nobody = shape.last_chunk::<16>().copied().unwrap_or_default();
        Ok(Allowed { user_id: Id::from_bytes(nobody), credentials })
    }

    /// Returns the backend of a login that began. Failure: `invalid_challenge`.
    fn backend_of(&self, ceremony: &Ceremony) -> Result<&Backend> {
        let unknown = |_| Error::new(Code::InvalidChallenge, "unknown_backend");
        self.keys.backend(Some(&ceremony.backend)).map_err(unknown)
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
        entry: Entry,
    ) -> Result<LoginResponse> {
        let refused = |reason| Err(Error::new(Code::InvalidCredentials, reason));
        // Possession of the key, and the authenticator's verification of its user.
        let entry = entry.with(methods(state.backup_eligible));
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
            if let Some(flaw) = self.factors.passkeys.use_passkey(tx, passkey, state, &entry.client, now)? {
                return refused(flaw);
            }
            self.sessions.open(tx, user, &entry, now_ms)
        })?;
        Ok(self.sessions.first_tokens(session.result()?)?.into())
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

impl Ceremony {
    /// Returns the login that began by this challenge.
    fn entry(&self, client: Client, terms: Terms) -> Entry {
        Entry {
            backend: self.backend.clone(),
            scope: self.scope.clone(),
            client,
            amr: Amr::default(),
            provider: None,
            trusts_device: false,
            terms,
            organization_id: self.organization_id,
        }
    }
}
