//! Proofs that an account is the caller's without opening a session: an access token; username and password;
//! the challenge given to the browser that registered the account or asked for a change of its address; or an
//! ID token of a linked identity.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::accounts::Identifier;
use super::audit::Kind;
use super::key_ring::KeyRing;
use super::passwords::{Admitted, Passwords};
use super::providers::Providers;
use super::retired_keys;
use super::shared::Shared;
use super::throttle::{Attempt, Throttle};
use super::tokens::{Tokens, only_with_token};
use crate::clock::Clock;
use crate::config::{Config, ProviderName};
use crate::crypto::secrets::Secrets;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::password::Password;
use crate::store::users::User;
use crate::store::{Store, Tx, damaged, sessions};
use crate::types::base64url::{base64url, from_base64url};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::token::Token;
use crate::types::user::{Email, Offered};

/// A proof that is offered.
pub(crate) enum AccountProof<'a> {
    /// An access token, and the name of its backend.
    AccessToken(Token<'a>, Option<String>),
    Password(Offered, Secret),
    Verification(Secret),
    /// An ID token, the name of its provider, and the nonce.
    IdToken(Token<'a>, Option<ProviderName>, Option<Secret>),
}

impl<'a> AccountProof<'a> {
    /// Returns the one proof among those that a request may carry. Failure: `invalid_request`, for more than
    /// one and for half of one.
    pub(crate) fn among(
        access_token: Option<Token<'a>>,
        backend: Option<String>,
        username: Option<Offered>,
        password: Option<Secret>,
        verification: Option<Secret>,
        id_token: Option<AccountProof<'a>>,
    ) -> Result<Option<AccountProof<'a>>> {
        if access_token.is_none() && backend.is_some() {
            return Err(only_with_token());
        }
        match (access_token, username, password, verification) {
            (None, None, None, None) => Ok(id_token),
            _ if id_token.is_some() => Err(Error::new(Code::InvalidRequest, EXPECTED)),
            (Some(token), None, None, None) => Ok(Some(AccountProof::AccessToken(token, backend))),
            (None, Some(username), Some(password), None) => {
                Ok(Some(AccountProof::Password(username, password)))
            }
            (None, None, None, Some(challenge)) => Ok(Some(AccountProof::Verification(challenge))),
            _ => Err(Error::new(Code::InvalidRequest, EXPECTED)),
        }
    }
}

const EXPECTED: &str = "more than one proof of the account, or half of one";

/// A proof that was right. The transaction that relies on it checks its basis again.
pub(crate) struct ProvenAccount {
    pub user_id: Id,
    basis: Basis,
}

enum Basis {
    /// An access token, and its session if it has one.
    AccessToken(Option<Id>),
    Password(Attempt),
    Verification(Verification),
    IdToken,
}

/// Checks proofs of accounts.
pub(crate) struct Proofs {
    pub clock: Arc<Clock>,
    pub config: Arc<Config>,
    pub keys: Arc<KeyRing>,
    pub passwords: Arc<Passwords>,
    pub providers: Arc<Providers>,
    pub secrets: Arc<Secrets>,
    pub store: Arc<Store>,
    pub throttle: Arc<Throttle>,
    pub tokens: Arc<Tokens>,
}

impl Proofs {
    pub(crate) fn new(
        shared: &Shared,
        keys: &Arc<KeyRing>,
        passwords: &Arc<Passwords>,
        providers: &Arc<Providers>,
        throttle: &Arc<Throttle>,
        tokens: &Arc<Tokens>,
    ) -> Proofs {
        Proofs {
            clock: Arc::clone(&shared.clock),
            config: Arc::clone(&shared.config),
            keys: Arc::clone(keys),
            passwords: Arc::clone(passwords),
            providers: Arc::clone(providers),
            secrets: Arc::clone(&shared.secrets),
            store: Arc::clone(&shared.store),
            throttle: Arc::clone(throttle),
            tokens: Arc::clone(tokens),
        }
    }

    /// Returns the account that a proof is for. With `expected` it must be this one; another account is
    /// refused as a wrong proof is, so that a token of one account does not help to try passwords of others.
    /// Guesses at passwords are counted as those of `login`, and cost as much.
    ///
    /// Failures: `invalid_token`, `user_not_found`, `permission_denied` (an access token of another account),
    /// `invalid_credentials`, `invalid_challenge`, `too_many_attempts`, `hash_queue_full`, `auth_service_unavailable`,
    /// `store_unavailable`.
    pub(crate) fn prove(
        &self,
        proof: AccountProof,
        expected: Option<Id>,
        client: &Client,
    ) -> Result<ProvenAccount> {
        let is_other = |user_id: Id| expected.is_some_and(|expected| expected != user_id);
        match proof {
            AccountProof::AccessToken(token, backend) => {
                let backend = self.keys.backend(backend.as_deref())?;
                let bearer = self.tokens.bearer_in_person(&token, backend);
                let bearer = bearer.map_err(|error| error.at_field("/access_token"))?;
                let user_id = bearer.user.id;
                let session_id = bearer.session_id;
                match is_other(user_id) {
                    true => Err(Error::new(Code::PermissionDenied, "another_account")
                        .about(Some(user_id), session_id)),
                    false => Ok(ProvenAccount { user_id, basis: Basis::AccessToken(session_id) }),
                }
            }
            AccountProof::Password(username, password) => {
                self.prove_by_password(&username, &password, expected, client)
            }
            AccountProof::Verification(challenge) => {
                let challenge = self.read_verification(challenge.expose())?;
                let user_id = challenge.user_id;
                match is_other(user_id) {
                    true => Err(Error::new(Code::InvalidChallenge, "another_account")),
                    false => Ok(ProvenAccount { user_id, basis: Basis::Verification(challenge) }),
                }
            }
            AccountProof::IdToken(id_token, provider, nonce) => {
                let owner = self.providers.owner(&self.store, provider.as_ref(), &id_token, nonce.as_ref());
                let owner = owner.and_then(|owner| {
                    let own = owner.filter(|owner| !is_other(*owner));
                    own.ok_or(Error::new(Code::InvalidToken, "another_account"))
                });
                match owner {
                    Ok(user_id) => Ok(ProvenAccount { user_id, basis: Basis::IdToken }),
                    Err(error) if error.code == Code::InvalidToken => Err(error.at_field("/id_token")),
                    Err(error) => Err(error),
                }
            }
        }
    }

    fn prove_by_password(
        &self,
        username: &Offered,
        password: &Secret,
        expected: Option<Id>,
        client: &Client,
    ) -> Result<ProvenAccount> {
        let password = Password::offered(password, &self.config.password, "/password")?;
        let identifier = Identifier::parse(username.as_str());
        let now = self.clock.now();
        let (user, device) = self.store.read(|tx| {
            let user = identifier.find(tx)?;
            let account = user.as_ref().map(|user| user.public.id);
            let device = self.throttle.known_device(tx, account, client, now)?;
            Ok((user, device))
        })?;
        let account = user.as_ref().map(|user| user.public.id);
        let about = |error: Error| error.about(account, None);
        let attempt =
            self.throttle.count_attempt(account, identifier.as_str(), client.ip, device).map_err(about)?;
        let proven =
            self.passwords.verified(user, &password, &attempt).and_then(|Admitted { user, .. }| {
                let user_id = user.public.id;
                match expected.is_some_and(|expected| expected != user_id) {
                    true => Err(Error::new(Code::InvalidCredentials, "another_account")),
                    false => Ok(user_id),
                }
            });
        match proven {
            Ok(user_id) => Ok(ProvenAccount { user_id, basis: Basis::Password(attempt) }),
            Err(error) => {
                if error.code == Code::InvalidCredentials {
                    self.passwords.guess_failed(Kind::LoginFailed, account, client, &attempt, &error)?;
                }
                Err(about(error))
            }
        }
    }

    /// Relies on a proof in the caller's transaction, for a mail to this address: the session must still be
    /// alive, the attempt must not be a guess, the challenge must be for this address. Failures:
    /// `invalid_token`, `invalid_challenge`.
    pub(crate) fn rely_on(
        &self,
        tx: &mut Tx,
        proven: &ProvenAccount,
        user: &User,
        address: Option<&Email>,
        now: i64,
    ) -> Result<()> {
        match &proven.basis {
            Basis::AccessToken(None) | Basis::IdToken => Ok(()),
            Basis::AccessToken(Some(session_id)) => {
                match sessions::find(tx, *session_id)?
                    .map_or(Some("revoked"), |session| session.end(now, &self.config))
                {
                    None => Ok(()),
                    Some(reason) => Err(Error::new(Code::InvalidToken, reason).at_field("/access_token")),
                }
            }
            Basis::Password(attempt) => attempt.succeeded(tx),
            Basis::Verification(challenge) => {
                let is_about = address.is_some_and(|address| address.as_str() == challenge.address);
                if challenge.epoch != user.epoch || !user.public.is_active {
                    Err(Error::new(Code::InvalidChallenge, "revoked"))
                } else if !is_about {
                    Err(Error::new(Code::InvalidChallenge, "another_address"))
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Takes back the count of a right password that was not used in the end.
    pub(crate) fn take_back(&self, proven: &ProvenAccount) {
        if let Basis::Password(attempt) = &proven.basis {
            self.throttle.take_back_attempt(attempt);
        }
    }

    /// Makes the challenge that ties an account to the browser that asked for a mail to this address. Nothing
    /// is stored: the challenge is dead with the account's sessions and with the mailed token that
    /// accompanies it.
    pub(crate) fn verification(&self, user: &User, address: &Email, now: i64) -> Result<Secret> {
        let challenge = Verification {
            user_id: user.public.id,
            epoch: user.epoch,
            address: address.as_str().to_owned(),
            expires_at: now + VERIFICATION_SECONDS,
        };
        let sealed = self.secrets.seal(VERIFICATION, json::render(&challenge)?.as_bytes())?;
        Ok(Secret::new(base64url(&sealed)))
    }

    fn read_verification(&self, text: &str) -> Result<Verification> {
        let dead = |reason: &'static str| Error::new(Code::InvalidChallenge, reason);
        let sealed = (text.len() <= MAX_VERIFICATION).then(|| from_base64url(text)).flatten();
        let sealed = sealed.ok_or(dead("unknown"))?;
        let open = || self.secrets.open(VERIFICATION, &sealed).ok_or(dead("unknown"));
        open()?;
        // The key that sealed it may have been retired meanwhile.
        self.store.read(|tx| retired_keys::follow(tx, &self.secrets))?;
        let opened = open()?;
        let challenge: Verification = serde_json::from_slice(&opened).map_err(|_| damaged())?;
        match challenge.expires_at > self.clock.now() {
            true => Ok(challenge),
            false => Err(dead("expired")),
        }
    }
}

/// The content of a browser's challenge, sealed.
#[derive(Serialize, Deserialize)]
struct Verification {
    user_id: Id,
    /// The challenge ends with the account's sessions: the account may have changed hands since.
    epoch: i64,
    /// The address, exactly as given.
    address: String,
    expires_at: i64,
}

/// The context to which the challenge is sealed: nothing sealed for another purpose passes for one.
const VERIFICATION: &str = "verification";

/// The challenge's lifetime: longer than a mail's, so that another mail can be requested.
const VERIFICATION_SECONDS: i64 = 7 * 86_400;

/// The maximum length of a challenge made here.
const MAX_VERIFICATION: usize = 1024;
