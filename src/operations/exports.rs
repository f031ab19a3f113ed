//! The export of all data about a user: `export_user`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api_keys::ApiKeyInfo;
use super::observability::events::EventInfo;
use super::organizations::invitations::InvitationInfo;
use super::passkeys::PasskeyInfo;
use super::trusted_devices::TrustedDeviceInfo;
use crate::crypto::hasher::Unverifiable;
use crate::crypto::secrets::Secrets;
use crate::engine::Engine;
use crate::engine::own_claims::OwnClaims;
use crate::error::{Code, Error, Result};
use crate::store::organizations::{Membership, Organization};
use crate::store::users::{self, By, Canonical, User};
use crate::store::{
    Tx, api_keys, events, identities, known_devices, mails, one_time_secrets, organizations, passkeys,
    second_factors, sessions, trusted_devices,
};
use crate::types::id::Id;
use crate::types::secret::IssuedSecret;
use crate::types::strict::Object;
use crate::types::user::{Act, Amr, ProviderLogin, PublicUser, Role};

/// Reads everything that the store keeps about a person.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExportUserRequest {
    /// The user's id.
    pub id: Id,
    /// Only sessions and events after this id: `next` of the previous page.
    pub after: Option<Id>,
}

/// Everything that the store keeps about a person, without secrets; one page of sessions and events.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportUserResponse {
    /// The account.
    pub user: PublicUser,
    /// The canonical forms by which the account's name and address are compared.
    pub identifiers: Identifiers,
    /// The scheme of the password's hash, if there is a password. The hash stays in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_scheme: Option<&'static str>,
    /// Whether the next login by password requires a new password.
    pub must_change_password: bool,
    /// When the password was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_set_at: Option<i64>,
    /// The number of earlier passwords of which the store keeps the hashes (`password.history`).
    pub past_passwords: usize,
    /// The identities of ID token providers that log in to the account.
    pub identities: Vec<ExportedIdentity>,
    /// When the password expires, if an administrator set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_expires_at: Option<i64>,
    /// The mails that wait to be sent, without their content (the address and a token).
    pub mails: Vec<ExportedMail>,
    /// The authenticator app without its secret, if one is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp: Option<ExportedTotp>,
    /// The authenticator app that is set up and not confirmed, without its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_totp: Option<ExportedTotp>,
    /// The number of unused recovery codes.
    pub recovery_codes: i64,
    /// The mailed tokens and challenges that can still be redeemed or are not yet forgotten.
    pub one_time_secrets: Vec<ExportedSecret>,
    /// The passkeys.
    pub passkeys: Vec<PasskeyInfo>,
    /// The API keys, without the keys themselves, with those that expired and are not yet forgotten.
    pub api_keys: Vec<ApiKeyInfo>,
    /// The organizations of which the user is a member.
    pub organizations: Vec<ExportedMembership>,
    /// The invitations to organizations, with those that expired and are not yet forgotten.
    pub invitations: Vec<InvitationInfo>,
    /// The devices that the user trusts, with those that expired and are not yet forgotten.
    pub trusted_devices: Vec<TrustedDeviceInfo>,
    /// When each known device of the user will be forgotten. The store does not keep which device it is.
    pub known_devices: Vec<i64>,
    /// The sessions, the oldest first, with those that ended and are not yet forgotten.
    pub sessions: Vec<ExportedSession>,
    /// The account's events in the audit log, the oldest first.
    pub events: Vec<EventInfo>,
    /// The id to give as `after` for the next page of sessions and events; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
}

/// Canonical forms (RFC 8265 UsernameCaseMapped; the address folded, its domain as an A-label).
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Identifiers {
    /// The form of the username.
    pub username: String,
    /// The form of the address, if the account has claimed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// An authenticator app.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportedTotp {
    /// When the app was set up.
    pub created_at: i64,
    /// When the app was activated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<i64>,
}

/// An identity at a provider of ID tokens.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportedIdentity {
    /// The provider's issuer: `iss`.
    pub issuer: String,
    /// The user's id at the provider: `sub`.
    pub subject: String,
    /// When the identity was linked to the account.
    pub created_at: i64,
}

/// The membership in an organization.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportedMembership {
    /// The organization's id.
    pub organization_id: Id,
    /// The organization's name.
    pub name: String,
    /// The roles in the organization, in alphabetical order.
    pub roles: Vec<Role>,
    /// When the account became a member.
    pub created_at: i64,
}

/// A mail in the outbox.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportedMail {
    /// The kind of mail.
    #[schemars(extend("x-values" = "MailKind"))]
    pub kind: String,
    /// When the mail was written.
    pub created_at: i64,
    /// When the mail is no longer worth sending.
    pub expires_at: i64,
}

/// A mailed token or a challenge, without the secret.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportedSecret {
    /// The secret's purpose.
    pub purpose: String,
    /// When the secret was made.
    pub created_at: i64,
    /// When the secret expires.
    pub expires_at: i64,
}

/// A session as the store keeps it.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportedSession {
    /// The session's id: `sid` in tokens.
    pub id: Id,
    /// The backend that its tokens are for.
    pub backend: String,
    /// The scopes of its tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The label, if the session has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The host's own claims in its tokens. Left out if no secret key opens them: one that sealed them was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Object>,
    /// The longest time without a refresh, if the login gave a shorter one than the backend's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_seconds: Option<i64>,
    /// The organization that the session is in, if the login was for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Id>,
    /// Whether the session outlasts the browser, if the login said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent: Option<bool>,
    /// The methods by which the user authenticated (RFC 8176).
    pub amr: Amr,
    /// The login at an identity provider that opened the session, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderLogin>,
    /// The person who acts or acted as the user in this session, if it is not the user's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// When the session was opened.
    pub created_at: i64,
    /// When the session was last refreshed, or else opened.
    pub refreshed_at: i64,
    /// When the session ends or ended, unless it is refreshed or revoked.
    pub expires_at: i64,
    /// When the session was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<i64>,
    /// The IP address that opened the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The `User-Agent` that opened the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The device that opened the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<IssuedSecret>,
}

/// The most sessions, and the most events, of one page.
const PAGE: usize = 1000;

impl Engine {
    /// Returns all data about a user, without secrets.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn export_user(&self, request: ExportUserRequest) -> Result<ExportUserResponse> {
        let ExportUserRequest { id, after } = request;
        let which = events::Filter { user_id: Some(id), ..Default::default() };
        let not_found = || Error::from(Code::UserNotFound);
        let mail = |mails::Waiting { kind, created_at, expires_at, .. }| ExportedMail {
            kind,
            created_at,
            expires_at,
        };
        let identity = |identities::Linked { issuer, subject, created_at }| ExportedIdentity {
            issuer,
            subject,
            created_at,
        };
        let secret = |one_time_secrets::Kept { purpose, created_at, expires_at, .. }| ExportedSecret {
            purpose,
            created_at,
            expires_at,
        };
        let mut export = self.store.read(|tx| {
            let user = users::find(tx, By::Id(id))?.ok_or_else(not_found)?;
            let Canonical { username, email, .. } = users::canonical(tx, id)?.ok_or_else(not_found)?;
            Ok(ExportUserResponse {
                identifiers: Identifiers { username, email },
                password_scheme: self.password_scheme(&user),
                must_change_password: user.must_change_password,
                password_expires_at: user.password_expires_at,
                password_set_at: user.password_set_at,
                past_passwords: self.passwords.past(tx, id)?.len(),
                user: user.public,
                identities: identities::list(tx, id)?.into_iter().map(identity).collect(),
                totp: second_factors::totp(tx, id)?.map(|totp| ExportedTotp {
                    created_at: totp.seed.created_at,
                    confirmed_at: Some(totp.confirmed_at),
                }),
                pending_totp: second_factors::pending_totp(tx, id)?
                    .map(|seed| ExportedTotp { created_at: seed.created_at, confirmed_at: None }),
                recovery_codes: second_factors::count(tx, id)?.recovery_codes,
                mails: mails::waiting_for(tx, id)?.into_iter().map(mail).collect(),
                one_time_secrets: one_time_secrets::list(tx, id)?.into_iter().map(secret).collect(),
                passkeys: passkeys::list(tx, id)?
                    .into_iter()
                    .map(|passkey| PasskeyInfo::of(passkey, self.config.passkeys.as_ref()))
                    .collect(),
                api_keys: api_keys::list(tx, id)?.into_iter().map(Into::into).collect(),
                organizations: organizations::list_of(tx, id, Id::from_bytes([0; 16]), usize::MAX >> 1)?
                    .into_iter()
                    .map(Into::into)
                    .collect(),
                invitations: organizations::invitations_of(tx, id)?.into_iter().map(Into::into).collect(),
                trusted_devices: trusted_devices::list(tx, id)?.into_iter().map(Into::into).collect(),
                known_devices: known_devices::list(tx, id)?,
                sessions: self.exported_sessions(tx, id, after)?,
                events: events::list_by_time(tx, &which, after, false, PAGE)?
                    .into_iter()
                    .map(Into::into)
                    .collect(),
                next: None,
            })
        })?;
        export.end_page();
        Ok(export)
    }

    fn password_scheme(&self, user: &User) -> Option<&'static str> {
        self.passwords.hash_of(user).map(|hash| match self.passwords.hasher.scheme(&hash) {
            Ok(scheme) | Err(Unverifiable::TooCostly(scheme)) => scheme,
            Err(Unverifiable::Malformed) => "unknown",
        })
    }
}

impl Engine {
    fn exported_sessions(&self, tx: &mut Tx, id: Id, after: Option<Id>) -> Result<Vec<ExportedSession>> {
        let kept = sessions::list_all(tx, id, after, PAGE)?.into_iter();
        kept.map(|session| ExportedSession::read(tx, session, &self.secrets)).collect()
    }
}

impl ExportUserResponse {
    /// Ends the page where the first full list ends. Ids are ordered by time, so one id is a position in both
    /// lists.
    fn end_page(&mut self) {
        let ends = [
            self.sessions.last().filter(|_| self.sessions.len() == PAGE).map(|session| session.id),
            self.events.last().filter(|_| self.events.len() == PAGE).map(|event| event.id),
        ];
        self.next = ends.into_iter().flatten().min();
        if let Some(end) = self.next {
            self.sessions.retain(|session| session.id <= end);
            self.events.retain(|event| event.id <= end);
        }
    }
}

impl From<(Organization, Membership)> for ExportedMembership {
    fn from((organization, own): (Organization, Membership)) -> ExportedMembership {
        let Membership { roles, created_at } = own;
        ExportedMembership { organization_id: organization.id, name: organization.name, roles, created_at }
    }
}

impl ExportedSession {
    fn read(tx: &mut Tx, session: sessions::Kept, secrets: &Secrets) -> Result<ExportedSession> {
        let sealed = sessions::claims(tx, session.id)?;
        let claims = OwnClaims::open(secrets, session.id, sealed.as_deref());
        Ok(ExportedSession {
            label: session.label,
            claims: claims.and_then(OwnClaims::into_object),
            idle_seconds: session.idle_seconds,
            persistent: session.persistent,
            organization_id: session.organization_id,
            id: session.id,
            backend: session.backend,
            scope: session.scope,
            amr: session.amr,
            provider: session.provider,
            act: session.act,
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            expires_at: session.expires_at,
            revoked_at: session.revoked_at,
            ip: session.ip,
            user_agent: session.user_agent,
            device_id: session.device_id.map(IssuedSecret::new),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ExportUserResponse;
    use crate::engine::Engine;
    use crate::{Config, Hooks};

    /// The place in the export of each table that refers to a user. A new table must be added here.
    const TABLES: [(&str, &str); 17] = [
        // `user.roles`
        ("user_roles", "user"),
        // A code of `user.email`, until the account is used.
        ("waiting_accounts", "user"),
        ("identities", "identities"),
        ("sessions", "sessions"),
        ("known_devices", "known_devices"),
        ("trusted_devices", "trusted_devices"),
        ("one_time_secrets", "one_time_secrets"),
        ("totp", "totp"),
        ("pending_totp", "pending_totp"),
        ("recovery_codes", "recovery_codes"),
        ("passkeys", "passkeys"),
        ("api_keys", "api_keys"),
        ("organization_members", "organizations"),
        ("organization_invitations", "invitations"),
        ("events", "events"),
        ("event_order", "events"),
        ("mails", "mails"),
    ];

    /// The schema, after all its migrations, shows these tables: they have a column `user_id`, or one that names a
    /// row with a `user_id`, or they refer to `users`.
    #[test]
    fn every_table_that_knows_a_user_is_exported() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        let config = serde_json::json!({"store": format!("sqlite:{}", file.display())}).to_string();
        drop(Engine::open(Config::parse(&config).unwrap(), Hooks::default()).unwrap());
        let sql = "SELECT t.name FROM sqlite_schema t WHERE t.type = 'table' AND ( \
                     EXISTS (SELECT 1 FROM pragma_table_info(t.name) c \
                             WHERE c.name IN ('user_id', 'session_id', 'event_id')) \
                     OR EXISTS (SELECT 1 FROM pragma_foreign_key_list(t.name) k WHERE k.\"table\" = 'users')) \
                   ORDER BY t.rowid";
        let store = rusqlite::Connection::open(file).unwrap();
        let mut tables = store.prepare(sql).unwrap();
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
        assert_eq!(tables.collect::<Vec<_>>(), TABLES.map(|(table, _)| table));
        let response = schemars::schema_for!(ExportUserResponse);
        for (table, field) in TABLES {
            assert!(response.get("properties").is_some_and(|fields| fields.get(field).is_some()), "{table}");
        }
    }
}
