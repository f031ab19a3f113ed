//! Passkeys as proofs (Web Authentication Level 3).
//!
//! Strangers may begin a login by passkey, so nothing is stored for it: its challenge is sealed and comes
//! back, and the store keeps only the challenges that were redeemed.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::{Config, Passkeys};
use crate::crypto::secrets;
use crate::crypto::secrets::Secrets;
use crate::crypto::webauthn::{self, Assertion, Expected, Flaw, NewCredential, Registration, State};
use crate::engine::audit::{Audit, Kind, event};
use crate::engine::retired_keys;
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::passkeys::{self as rows, Passkey};
use crate::store::{Share, Tx};
use crate::types::base64url::from_base64url;
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::user::Scope;
use crate::types::webauthn::{
    AuthenticationResponse, Bytes, CredentialDescriptor, PREFERRED, PUBLIC_KEY, RegistrationResponse,
    RequestOptions,
};

/// Verifies the signatures of passkeys.
pub(crate) struct PasskeyProofs {
    pub audit: Arc<Audit>,
    pub config: Arc<Config>,
    pub secrets: Arc<Secrets>,
}

/// A challenge of a login.
pub(crate) struct Challenged {
    pub ceremony: Ceremony,
    /// The bytes that an authenticator signs.
    pub signed: Vec<u8>,
}

impl PasskeyProofs {
    /// Returns the configuration of passkeys. Failure: `invalid_config`.
    pub(crate) fn relying_party(&self) -> Result<&Passkeys> {
        let not_configured = || Error::at(Code::InvalidConfig, "/passkeys", "not configured");
        self.config.passkeys.as_ref().ok_or_else(not_configured)
    }

    /// Returns the bytes that an authenticator signs for a stored challenge. They do not disclose the
    /// challenge.
    pub(crate) fn derived_challenge(&self, challenge: &Secret) -> Result<Bytes> {
        let code = self.secrets.mac(secrets::Purpose::Passkey, &derivation(challenge))?;
        Ok(Bytes(code.to_vec()))
    }

    /// Returns the same for each of the secret keys.
    pub(crate) fn derived_challenges(&self, challenge: &Secret) -> Vec<Vec<u8>> {
        let codes = self.secrets.macs(secrets::Purpose::Passkey, &derivation(challenge));
        codes.into_iter().map(|code| code.to_vec()).collect()
    }

    /// Reads the challenge of a login.
    pub(crate) fn ceremony(&self, text: &str, now: i64) -> Result<Challenged, Flaw> {
        let sealed = (text.len() <= MAX_CHALLENGE).then(|| from_base64url(text)).flatten();
        let sealed = sealed.ok_or("malformed")?;
        let data = self.secrets.open(LOGIN, &sealed).ok_or("unknown")?;
        let ceremony: Ceremony = serde_json::from_slice(&data).map_err(|_| "malformed")?;
        if now >= ceremony.expires_at { Err("expired") } else { Ok(Challenged { ceremony, signed: sealed }) }
    }

    /// Spends the challenge of a login, in the caller's transaction. Returns false if it was spent before.
    pub(crate) fn spend(&self, tx: &mut Tx, ceremony: &Ceremony, now: i64) -> Result<bool> {
        rows::forget_expired(tx, now, Share::AFew)?;
        rows::spend(tx, ceremony.id, ceremony.expires_at + SPENT_SECONDS)
    }

    /// Returns the options that a page passes to the browser for a passkey as second factor, for the
    /// challenge of that step.
    pub(crate) fn options(
        &self,
        tx: &mut Tx,
        user_id: Id,
        challenge: &Secret,
    ) -> Result<Option<RequestOptions>> {
        let Some(party) = &self.config.passkeys else { return Ok(None) };
        let allowed = rows::list(tx, user_id)?.into_iter().map(CredentialDescriptor::from).collect();
        Ok(Some(request_options(party, self.derived_challenge(challenge)?.0, allowed, CEREMONY_SECONDS)))
    }

    /// Verifies a registration's answer to a challenge. Returns the passkey that it made.
    ///
    /// Failures: `invalid_config`, `invalid_credentials`.
    pub(crate) fn made(
        &self,
        user_id: Id,
        challenge: &Secret,
        response: RegistrationResponse,
        wish: Wish,
        now: i64,
    ) -> Result<Passkey> {
        let Wish { label, is_conditional, must_verify } = wish;
        let presence = Presence { user: !is_conditional, verified: must_verify };
        let made = self.new_credential(self.relying_party()?, challenge, &response, presence);
        let made =
            made.map_err(|flaw| Error::new(Code::InvalidCredentials, flaw).about(Some(user_id), None))?;
        // Section 7.2, on uvInitialized: the account's user authenticated just before the password manager made it.
        let verified = made.state.user_verified || (is_conditional && made.state.backup_eligible);
        Ok(Passkey {
            credential_id: response.id.0,
            user_id,
            user_handle: None,
            label,
            public_key: made.public_key,
            aaguid: made.aaguid,
            sign_count: made.state.sign_count,
            user_verified: verified,
            backup_eligible: Some(made.state.backup_eligible),
            backed_up: made.state.backed_up,
            transports: transports(response.response.transports.unwrap_or_default()),
            created_at: now,
            last_used_at: None,
        })
    }

    /// Returns the credential of a registration response.
    fn new_credential(
        &self,
        party: &Passkeys,
        challenge: &Secret,
        response: &RegistrationResponse,
        presence: Presence,
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
        let expected = Expected {
            party,
            challenges: &challenges,
            // Section 7.1, step 14.
            user_presence: presence.user,
            user_verification: presence.verified,
        };
        webauthn::register(&registration, &expected)
    }

    /// Uses a passkey of an account as a proof, or returns why it is refused. The passkey answers the
    /// challenge of the step that requires it, or a challenge of `begin_passkey_login`, which is then spent.
    pub(crate) fn redeem(
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
                retired_keys::follow(tx, &self.secrets)?;
                let text = webauthn::challenge_of(&proof.response.response.client_data_json.0);
                match text.and_then(|text| self.ceremony(&text, now)) {
                    Ok(Challenged { ceremony, .. }) if ceremony.user_id.is_some_and(|id| id != user_id) => {
                        return Ok(Some("other_user"));
                    }
                    // It may have been made an hour ago, and the page with it may have been left to another person.
                    Ok(Challenged { ceremony, .. }) if ceremony.is_conditional => {
                        return Ok(Some("wrong_purpose"));
                    }
                    Ok(Challenged { ceremony, signed }) => (vec![signed], Some(ceremony)),
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

    /// Stores the authenticator's new state, in the caller's transaction, or returns why not: the passkey
    /// changed meanwhile, or its counter shows that it was copied.
    pub(crate) fn use_passkey(
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
        if kept.backup_eligible.is_some_and(|kept| kept != state.backup_eligible) {
            return Ok(Some("backup_eligibility"));
        }
        // Section 7.2, step 22. Authenticators without a counter report 0.
        let counts = state.sign_count != 0 || kept.sign_count != 0;
        if counts && state.sign_count <= kept.sign_count {
            if !state.backup_eligible {
                return Ok(Some("sign_count"));
            }
            // A synchronized passkey is on several devices, each of which may count for itself.
            let ip = client.ip_text();
            let event = event(Kind::PasskeyCounterRegressed, kept.user_id);
            self.audit.record(tx, now, Event { ip: ip.as_deref(), ..event })?;
        }
        let sign_count = state.sign_count.max(kept.sign_count);
        let user_verified = kept.user_verified || state.user_verified;
        rows::used(tx, &kept.credential_id, State { sign_count, user_verified, ..state }, now)?;
        Ok(None)
    }
}

/// What a registration is to make.
#[derive(Default)]
pub(crate) struct Wish {
    pub label: Option<String>,
    /// Whether the browser makes the passkey without asking its user (section 5.1.3, conditional mediation).
    pub is_conditional: bool,
    /// Whether the authenticator must verify its user, because nothing else opens the account.
    pub must_verify: bool,
}

/// The flags that a new credential needs.
struct Presence {
    user: bool,
    verified: bool,
}

/// A login in progress: the sealed content of its challenge.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ceremony {
    pub id: Id,
    /// The user who wants to log in, if a name was given; an invented id, if no such user exists. The
    /// challenge has the same length in either case.
    pub user_id: Option<Id>,
    pub backend: String,
    pub scope: Option<Scope>,
    pub organization_id: Option<Id>,
    /// Whether a page offers the passkeys from when it opens; the answer then only logs in.
    pub is_conditional: bool,
    pub expires_at: i64,
}

/// A passkey offered as a proof beside others.
pub(crate) struct PasskeyProof {
    pub response: AuthenticationResponse,
    /// The challenge of the step that requires it; otherwise the response answers one of
    /// `begin_passkey_login`.
    pub challenge: Option<Secret>,
    /// Whether it is the only proof.
    pub is_alone: bool,
}

impl PasskeyProof {
    /// The names of the proof in a token.
    pub(crate) fn methods(&self) -> &'static [&'static str] {
        methods(webauthn::is_backup_eligible(&self.response.response.authenticator_data.0))
    }
}

/// The factor's name in events.
pub(crate) const KIND: &str = "passkey";

/// The names of a passkey in a token (RFC 8176): a key that may be on several devices is not bound to
/// hardware; in either case the user was present.
pub(crate) fn methods(is_backup_eligible: bool) -> &'static [&'static str] {
    if is_backup_eligible { &["swk", "user"] } else { &["hwk", "user"] }
}

/// An answer to a challenge.
pub(crate) struct Asserted<'a> {
    pub challenges: &'a [Vec<u8>],
    pub response: &'a AuthenticationResponse,
    /// The user that must own the passkey, if known.
    pub user_id: Option<Id>,
    /// Whether it is the only factor.
    pub is_alone: bool,
}

impl Asserted<'_> {
    /// Returns the authenticator's state, if everything is right and the passkey belongs to the expected
    /// user. An unknown passkey takes as much work as a known one.
    pub(crate) fn by(&self, party: &Passkeys, passkey: Option<&Passkey>) -> Result<State, Flaw> {
        let AuthenticationResponse { id, raw_id, response, .. } = self.response;
        if id != raw_id {
            return Err("raw_id");
        }
        let assertion = Assertion {
            client_data_json: &response.client_data_json.0,
            authenticator_data: &response.authenticator_data.0,
            signature: &response.signature.0,
        };
        let expected = Expected {
            party,
            challenges: self.challenges,
            user_presence: true,
            user_verification: self.is_alone,
        };
        let public_key =
            passkey.map_or_else(|| webauthn::any_key().into(), |passkey| Cow::from(&passkey.public_key));
        let state = webauthn::authenticate(&assertion, &public_key, &expected);
        let passkey = passkey.ok_or("unknown_credential")?;
        let state = state?;
        // Section 7.2, on uvInitialized: a thief of an authenticator may give it its first PIN. It may begin
        // to verify its user only beside another factor.
        if self.is_alone && !passkey.user_verified {
            return Err("user_verification_is_new");
        }
        // Safari writes an empty handle for a security key.
        let user_handle = response.user_handle.as_ref().filter(|handle| !handle.0.is_empty());
        match (self.user_id, user_handle) {
            (Some(user_id), _) if user_id != passkey.user_id => Err("other_user"),
            // Section 7.2, step 6: without a name, the user handle identifies the user.
            (None, None) => Err("no_user_handle"),
            (_, Some(given)) if *given != passkey.handle() => Err("user_handle"),
            _ => Ok(state),
        }
    }
}

fn derivation(challenge: &Secret) -> Vec<u8> {
    [b"challenge ", challenge.expose().as_bytes()].concat()
}

pub(crate) fn request_options(
    party: &Passkeys,
    challenge: Vec<u8>,
    allowed: Vec<CredentialDescriptor>,
    lifetime_seconds: i64,
) -> RequestOptions {
    RequestOptions {
        challenge: Bytes(challenge),
        timeout: lifetime_seconds * 1000,
        rp_id: party.rp_id.as_str().to_owned(),
        allow_credentials: allowed,
        user_verification: PREFERRED,
        hints: Vec::new(),
    }
}

impl Passkey {
    /// Returns the user handle that the authenticator gives.
    fn handle(&self) -> Bytes {
        self.user_handle.clone().map_or_else(|| handle(self.user_id), Bytes)
    }
}

/// The user handle of a new passkey (section 5.4.3), which discloses nothing about the user.
pub(crate) fn handle(user_id: Id) -> Bytes {
    Bytes(user_id.as_bytes().to_vec())
}

pub(crate) fn words(text: &str) -> Vec<String> {
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

/// The most passkeys of an account.
pub(crate) const MOST: usize = 20;

/// How long a ceremony may take.
pub(crate) const CEREMONY_SECONDS: i64 = 300;

/// How long a login page with autofill may stay open before its user chooses a passkey.
pub(crate) const AUTOFILL_SECONDS: i64 = 3600;

/// How much longer a redeemed challenge is remembered, for clocks that go back.
const SPENT_SECONDS: i64 = 86_400;

/// The maximum length of a challenge made here.
const MAX_CHALLENGE: usize = 4096;

/// The context to which the challenge of a login is sealed: nothing sealed for another purpose passes for
/// one.
pub(crate) const LOGIN: &str = "passkey login";

/// Returns the transports as they are stored: a few sorted words. Invalid words are dropped, because
/// transports are only hints.
pub(crate) fn transports(mut given: Vec<String>) -> String {
    given.retain(|name| {
        (1..=16).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    });
    given.sort();
    given.dedup();
    given.truncate(8);
    given.join(" ")
}
