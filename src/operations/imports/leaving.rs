//! All accounts, in the form in which `import_users` takes them: `export_users`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::factors::passkeys::words;
use crate::engine::factors::totp;
use crate::engine::pending::Pending;
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::identities::{self, Linked};
use crate::store::passkeys::{self, Passkey};
use crate::store::second_factors::{self, Totp};
use crate::store::users::{self, Listing, User};
use crate::store::{Durability, Tx, waiting_accounts};
use crate::totp::Seed;
use crate::types::base64url::base64url;
use crate::types::id::Id;
use crate::types::secret::IssuedSecret;
use crate::types::user::PublicUser;
use crate::types::webauthn::Bytes;

/// Reads accounts for a move to another engine or another system, in the order of their ids.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ExportUsersRequest {
    /// Whether to return the hashes of passwords; default: false.
    pub with_hashes: Option<bool>,
    /// Whether to return second factors with their secrets, passkeys and identities; default: false.
    pub with_factors: Option<bool>,
    /// The most to return: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
    /// Only accounts after this id: `next` of the previous page.
    pub after: Option<Id>,
}

/// A page of accounts.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportUsersResponse {
    /// The accounts. Those that wait for the reader of an invitation are left out.
    pub users: Vec<PortableUser>,
    /// The id to give as `after` for the next page; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
}

/// An account in the form of `import_users`. What is absent is as an import has it by default.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PortableUser {
    /// The account.
    #[serde(flatten)]
    pub account: PublicUser,
    /// Whether the user proved an address.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub email_proven: bool,
    /// Whether an address was verified before, though the present one is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub email_was_verified: bool,
    /// False if the address is not claimed: another account may have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_claimed: Option<bool>,
    /// The hash of the password, without the pepper. Absent if no secret key opens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<IssuedSecret>,
    /// Whether the next login by password requires a new password.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub must_change_password: bool,
    /// When the password was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_set_at: Option<i64>,
    /// When the password expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_expires_at: Option<i64>,
    /// The hashes of earlier passwords, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub past_password_hashes: Vec<IssuedSecret>,
    /// When all tokens of the account were last revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_revoked_at: Option<i64>,
    /// The authenticator app. Absent if no secret key opens its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp: Option<PortableTotp>,
    /// What the store keeps of the recovery codes. Only an engine with the same secret key can verify them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recovery_code_hashes: Vec<IssuedSecret>,
    /// The users of identity providers that log in to the account, or did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<PortableIdentity>,
    /// The passkeys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<PortablePasskey>,
}

/// An authenticator app with its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PortableTotp {
    /// The secret in base32.
    pub secret: Seed,
    /// The number of digits of a code.
    pub digits: i64,
    /// How long a code is shown.
    pub period_seconds: i64,
    /// When the app was set up.
    pub created_at: i64,
}

/// A user of an identity provider.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PortableIdentity {
    /// The provider's issuer: `iss`.
    pub issuer: String,
    /// The user's id at the provider: `sub`.
    pub subject: String,
    /// When the identity was linked to the account.
    pub created_at: i64,
    /// When the identity was unlinked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlinked_at: Option<i64>,
}

/// A passkey with its public key.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PortablePasskey {
    /// The credential's id.
    pub id: Bytes,
    /// The public key: a COSE_Key.
    pub public_key: Bytes,
    /// The last value of the authenticator's counter.
    pub sign_count: u32,
    /// The user handle, if it is not the bytes of the user's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_handle: Option<Bytes>,
    /// Whether the authenticator verified its user before.
    pub user_verified: bool,
    /// Whether the passkey may be on several devices, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_eligible: Option<bool>,
    /// Whether the passkey is on several devices.
    pub backed_up: bool,
    /// The transports that reach its authenticator.
    pub transports: Vec<String>,
    /// The model of authenticator.
    pub aaguid: String,
    /// The user's name for the passkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When the passkey was registered.
    pub created_at: i64,
    /// When the passkey was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<i64>,
}

impl Engine {
    /// Returns accounts in the form of `import_users`, with secrets if they are asked for. These let their reader guess
    /// passwords and show codes: the event `users_exported` says that they left.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn export_users(&self, request: ExportUsersRequest) -> Result<ExportUsersResponse> {
        let limit = request.limit.unwrap_or(100);
        if !(1..=1000).contains(&limit) {
            return Err(Error::at(Code::InvalidRequest, "/limit", "expected 1 to 1000"));
        }
        let page = Page {
            engine: self,
            with_hashes: request.with_hashes == Some(true),
            with_factors: request.with_factors == Some(true),
        };
        let limit = limit as usize;
        let response = self.store.read(|tx| page.read(tx, request.after, limit))?;
        if let Some(detail) = page.secrets() {
            let now = self.clock.now();
            let left = Event { detail: Some(detail), ..event(Kind::UsersExported, None) };
            self.store.write(Durability::Full, |tx| self.audit.record(tx, now, left))?;
        }
        Ok(response)
    }
}

/// What of the accounts is read.
struct Page<'a> {
    engine: &'a Engine,
    with_hashes: bool,
    with_factors: bool,
}

impl Page<'_> {
    /// Names the secrets that leave.
    fn secrets(&self) -> Option<&'static str> {
        match (self.with_hashes, self.with_factors) {
            (true, true) => Some("hashes factors"),
            (true, false) => Some("hashes"),
            (false, true) => Some("factors"),
            (false, false) => None,
        }
    }

    fn read(&self, tx: &mut Tx, after: Option<Id>, limit: usize) -> Result<ExportUsersResponse> {
        let listing = Listing {
            is_active: None,
            role: None,
            is_service_account: None,
            after,
            skip: 0,
            limit: limit + 1,
        };
        let mut found = users::list(tx, &listing)?;
        let is_last = found.len() <= limit;
        found.truncate(limit);
        let next = found.last().filter(|_| !is_last).map(|user| user.public.id);
        let mut users = Vec::with_capacity(found.len());
        for user in found {
            let waits = waiting_accounts::has(tx, user.public.id)? && Pending::waits(tx, &user)?;
            if !waits {
                users.push(self.portable(tx, user)?);
            }
        }
        Ok(ExportUsersResponse { users, next })
    }

    fn portable(&self, tx: &mut Tx, user: User) -> Result<PortableUser> {
        let id = user.public.id;
        let passwords = &self.engine.passwords;
        let hash = passwords.hash_of(&user).filter(|_| self.with_hashes);
        let has_hash = hash.is_some();
        let past = if has_hash { passwords.past(tx, id)? } else { Vec::new() };
        let mut portable = PortableUser {
            email_proven: user.has_proven,
            email_was_verified: user.was_verified && !user.public.email_verified,
            email_claimed: None,
            password_hash: hash.map(IssuedSecret::new),
            must_change_password: user.must_change_password,
            password_set_at: user.password_set_at.filter(|_| has_hash),
            password_expires_at: user.password_expires_at.filter(|_| has_hash),
            past_password_hashes: past.into_iter().map(IssuedSecret::new).collect(),
            tokens_revoked_at: Some(user.epoch_at).filter(|at| *at > 0),
            totp: None,
            recovery_code_hashes: Vec::new(),
            identities: Vec::new(),
            passkeys: Vec::new(),
            account: user.public,
        };
        if portable.account.email.is_some() && !portable.account.email_verified {
            let is_claimed = users::canonical(tx, id)?.is_some_and(|names| names.email.is_some());
            portable.email_claimed = Some(false).filter(|_| !is_claimed);
        }
        if self.with_factors {
            let app = second_factors::totp(tx, id)?;
            portable.totp = app.and_then(|app| self.app(id, &app));
            let codes = second_factors::recovery_codes(tx, id)?;
            portable.recovery_code_hashes = codes.iter().map(|id| IssuedSecret::new(base64url(id))).collect();
            portable.identities = identities::list_all(tx, id)?.into_iter().map(Into::into).collect();
            portable.passkeys = passkeys::list(tx, id)?.into_iter().map(Into::into).collect();
        }
        Ok(portable)
    }

    fn app(&self, user_id: Id, app: &Totp) -> Option<PortableTotp> {
        let secret = self.engine.secrets.open(&totp::owner(user_id), &app.seed.sealed).map(Seed::stored)?;
        Some(PortableTotp {
            secret,
            digits: app.seed.digits,
            period_seconds: app.seed.period_seconds,
            created_at: app.seed.created_at,
        })
    }
}

impl From<(Linked, Option<i64>)> for PortableIdentity {
    fn from((linked, unlinked_at): (Linked, Option<i64>)) -> PortableIdentity {
        let Linked { issuer, subject, created_at } = linked;
        PortableIdentity { issuer, subject, created_at, unlinked_at }
    }
}

impl From<Passkey> for PortablePasskey {
    fn from(passkey: Passkey) -> PortablePasskey {
        PortablePasskey {
            id: Bytes(passkey.credential_id),
            public_key: Bytes(passkey.public_key),
            sign_count: passkey.sign_count,
            user_handle: passkey.user_handle.map(Bytes),
            user_verified: passkey.user_verified,
            backup_eligible: passkey.backup_eligible,
            backed_up: passkey.backed_up,
            transports: words(&passkey.transports),
            aaguid: Uuid::from_bytes(passkey.aaguid).to_string(),
            label: passkey.label,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}
