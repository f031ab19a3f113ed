//! Registration of passkeys: `begin_passkey_registration`, `finish_passkey_registration`. The store keeps a
//! registration, because its user is known.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PasskeyInfo;
use crate::crypto::webauthn;
use crate::engine::Engine;
use crate::engine::factors::passkeys::{CEREMONY_SECONDS, KIND, MOST, Wish, handle};
use crate::engine::factors::recovery_codes::RecoveryCode;
use crate::engine::logins::Named;
use crate::engine::one_time::{Making, Purpose};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::store::passkeys as rows;
use crate::store::{Durability, damaged, sessions};
use crate::types::id::Id;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::token::Token;
use crate::types::webauthn::{
    AuthenticatorSelection, CreationOptions, CredentialDescriptor, CredentialParameters, Label, PREFERRED,
    PUBLIC_KEY, PasskeyHint, REQUIRED, RegistrationResponse, RelyingParty, UserEntity,
};

/// Begins to register a passkey for an account: that of `token`, `user_id`, `challenge` or `invitation`. With
/// `user_id` the host must have authenticated its user just now, because a passkey opens the account.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BeginPasskeyRegistrationRequest<'a> {
    /// A live access token of the user. The user must have authenticated in the last 15 minutes, by a second factor if
    /// the account's logins need one (`reauthenticate`).
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The backend that `token` is for; default: `default`.
    pub backend: Option<String>,
    /// The user's id.
    pub user_id: Option<Id>,
    /// The challenge of a login, if the account must have a second factor and has none. `complete_login` takes the
    /// answer as `webauthn_registration`.
    pub challenge: Option<Secret>,
    /// The mailed token of an invitation. `accept_invitation` then takes the answer as `webauthn_registration`.
    #[serde(borrow)]
    pub invitation: Option<Token<'a>>,
    /// The user's name for the passkey: 1 to 64 characters; not with `challenge` and `invitation`.
    pub label: Option<Label>,
    /// With `token`: whether its session continues when the passkey is made. Default: false.
    pub keep_session: Option<bool>,
    /// With `token`: whether the browser makes the passkey without asking its user (conditional creation). It needs an
    /// account that has a second factor, or `passkeys.second_factor` `never`. Default: false.
    pub conditional: Option<bool>,
    /// The kinds of authenticator that the page expects, the likeliest first.
    pub hints: Option<Vec<PasskeyHint>>,
}

/// A ceremony that begins; finish it within five minutes, or as long as `challenge` or `invitation` is valid.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BeginPasskeyRegistrationResponse {
    /// The challenge for `finish_passkey_registration`. A registration that succeeds spends it; another call
    /// of this operation replaces it. With `challenge` or `invitation` it is the same, for `complete_login` or
    /// `accept_invitation`.
    pub challenge: IssuedSecret,
    /// The options for `navigator.credentials.create`, as `PublicKeyCredential.parseCreationOptionsFromJSON`
    /// reads them.
    pub options: CreationOptions,
    /// With `conditional`: `conditional`, to be passed to `navigator.credentials.create` beside the options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mediation: Option<&'static str>,
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

/// The passkey was registered. Every session has ended, except that of the token with `keep_session`.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct FinishPasskeyRegistrationResponse {
    /// The passkey.
    pub credential: PasskeyInfo,
    /// Codes that replace a lost second factor; each can be used once. They are shown only now. Empty if the
    /// account has codes already.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// What a registration was begun with, sealed.
#[derive(Serialize, Deserialize)]
struct Begun {
    label: Option<Label>,
    is_conditional: bool,
    /// The session of the token that began it.
    session_id: Option<Id>,
    keeps_session: bool,
}

/// The most pending registrations of one user.
const REGISTRATIONS: u32 = 3;

impl Engine {
    /// Begins the registration of a passkey.
    ///
    /// Failures: `invalid_token` (of the session, or the invitation's), `user_not_found`, `invalid_challenge`,
    /// `email_not_verified`, `permission_denied` (it has 20, or is a service account, or the token's user gave no fresh
    /// proof, or has no second factor for `conditional`), `invalid_config` (`passkeys` is not configured),
    /// `invalid_request`, `store_unavailable`.
    pub fn begin_passkey_registration(
        &self,
        request: BeginPasskeyRegistrationRequest,
    ) -> Result<BeginPasskeyRegistrationResponse> {
        let BeginPasskeyRegistrationRequest { token, user_id, challenge, invitation, label, hints, .. } =
            request;
        let keeps_session = request.keep_session.unwrap_or(false);
        let is_conditional = request.conditional.unwrap_or(false);
        for (place, is_wanted) in [
            ("/backend", request.backend.is_some()),
            ("/keep_session", keeps_session),
            ("/conditional", is_conditional),
        ] {
            if is_wanted && token.is_none() {
                return Err(Error::at(Code::InvalidRequest, place, "only with token"));
            }
        }
        let party = self.factors.passkeys.relying_party()?;
        let now = self.clock.now();
        let (named, session_id) = match (token, user_id, challenge, invitation) {
            (Some(token), None, None, None) => {
                let (user_id, session_id) = self.proven_just_now(&token, request.backend.as_deref(), now)?;
                (Named::Id(user_id), Some(session_id))
            }
            (None, None, None, Some(token)) => (Named::Invitation(Secret::new(token.expose())), None),
            (None, user_id, challenge, None) => (Named::among(user_id, challenge)?, None),
            _ => {
                let expected = "expected one of token, user_id, challenge, invitation";
                return Err(Error::new(Code::InvalidRequest, expected));
            }
        };
        if !matches!(named, Named::Id(_)) && label.is_some() {
            return Err(Error::at(Code::InvalidRequest, "/label", "not with challenge or invitation"));
        }
        let data = json::render(&Begun { label, is_conditional, session_id, keeps_session })?;
        let (challenge, user, passkeys) = self.store.write(Durability::Full, |tx| {
            let user = self.logins.named(tx, &named, now)?;
            self.accounts.may_log_in(&user.public)?;
            // The bearer of an invitation has read the mail to the address.
            if !matches!(named, Named::Invitation(_)) {
                self.factors.may_be_taken_by(&user.public)?;
            }
            if is_conditional {
                self.factors.may_be_made_unasked(tx, &user.public)?;
            }
            let passkeys = rows::list(tx, user.public.id)?;
            if passkeys.len() >= MOST {
                let error = Error::new(Code::PermissionDenied, "too_many_passkeys");
                return Err(error.about(Some(user.public.id), None));
            }
            let making = Making {
                purpose: Purpose::PasskeyRegistration,
                lifetime_seconds: CEREMONY_SECONDS,
                most: REGISTRATIONS,
                attempts: 0,
                data: data.as_bytes(),
            };
            let challenge = match &named {
                Named::Id(_) => self.one_time.make(tx, &user, now, &making)?,
                Named::Login(known) | Named::Invitation(known) => known.clone(),
            };
            Ok((challenge, user.public, passkeys))
        })?;
        let algorithm = |alg| CredentialParameters { kind: PUBLIC_KEY, alg };
        // The account of an invitation has no name of its own yet.
        let is_invited = matches!(named, Named::Invitation(_));
        let name = match user.email.filter(|_| is_invited) {
            Some(email) => email.as_str().to_owned(),
            None => user.username.as_str().to_owned(),
        };
        let options = CreationOptions {
            rp: RelyingParty { id: party.rp_id.as_str().to_owned(), name: party.rp_name.as_str().to_owned() },
            user: UserEntity { id: handle(user.id), display_name: name.clone(), name },
            challenge: self.factors.passkeys.derived_challenge(&challenge)?,
            pub_key_cred_params: webauthn::ALGORITHMS.into_iter().map(algorithm).collect(),
            timeout: CEREMONY_SECONDS * 1000,
            exclude_credentials: passkeys.into_iter().map(CredentialDescriptor::from).collect(),
            authenticator_selection: AuthenticatorSelection {
                resident_key: PREFERRED,
                require_resident_key: false,
                user_verification: if is_invited { REQUIRED } else { PREFERRED },
            },
            attestation: "none",
            hints: hints.unwrap_or_default(),
        };
        let mediation = is_conditional.then_some("conditional");
        Ok(BeginPasskeyRegistrationResponse { challenge: challenge.into(), options, mediation })
    }

    /// Returns the account of a token, and the session, if its user gave a fresh proof.
    fn proven_just_now(&self, token: &Token, backend: Option<&str>, now: i64) -> Result<(Id, Id)> {
        let backend = self.keys.backend(backend)?;
        let bearer = self.tokens.bearer_in_person(token, backend)?;
        self.store.read(|tx| self.factors.require_fresh_proof(tx, &bearer, now))?;
        let no_session = || Error::new(Code::InvalidToken, "no_session").about(Some(bearer.user.id), None);
        Ok((bearer.user.id, bearer.session_id.ok_or_else(no_session)?))
    }

    /// Registers the passkey, and ends every session and token of the account, all or nothing, except a session
    /// that is to continue. A credential that any account has is refused.
    ///
    /// Failures: `invalid_challenge`, `invalid_credentials` (the response is not what it should be),
    /// `already_configured`, `invalid_request`, `invalid_config`, `store_unavailable`.
    pub fn finish_passkey_registration(
        &self,
        request: FinishPasskeyRegistrationRequest,
    ) -> Result<FinishPasskeyRegistrationResponse> {
        let FinishPasskeyRegistrationRequest { challenge, response } = request;
        self.factors.passkeys.relying_party()?;
        let now = self.clock.now();
        let purpose = &[Purpose::PasskeyRegistration];
        let found = self.store.read(|tx| self.one_time.peek(tx, challenge.expose(), purpose, now))?;
        let user_id = found.user_id;
        let about = |error: Error| error.about(Some(user_id), None);
        let begun: Begun = serde_json::from_slice(&found.data).map_err(|_| damaged())?;
        let Begun { label, is_conditional, session_id, keeps_session } = begun;
        let label = label.map(|label| label.as_str().to_owned());
        let wish = Wish { label, is_conditional, must_verify: false };
        let passkey = self.factors.passkeys.made(user_id, &challenge, response, wish, now)?;
        let recovery_codes = self.mailing.write(|tx| {
            // Registrations that were begun before another passkey was registered are dead, so the limit
            // still holds.
            self.one_time.redeem(tx, challenge.expose(), purpose, now)?;
            if let Some(id) = session_id
                && let Some(end) =
                    sessions::find(tx, id)?.map_or(Some("revoked"), |session| session.end(now, &self.config))
            {
                return Err(about(Error::new(Code::InvalidChallenge, end)));
            }
            if !rows::insert(tx, &passkey)? {
                return Err(about(Error::new(Code::AlreadyConfigured, "credential_id")));
            }
            self.factors.added(tx, user_id, KIND, session_id.filter(|_| keeps_session), now)
        })?;
        let credential = PasskeyInfo::of(passkey, self.config.passkeys.as_ref());
        Ok(FinishPasskeyRegistrationResponse { credential, recovery_codes })
    }
}
