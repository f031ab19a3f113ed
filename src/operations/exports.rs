//! Everything that is kept on a person: `export_user`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::EventInfo;
use super::passkeys::PasskeyInfo;
use crate::crypto::hasher::Unverifiable;
use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::password::IssuedSecret;
use crate::store::users::{self, By, User};
use crate::store::{
    events, identities, known_devices, mails, one_time_secrets, passkeys, second_factors, sessions,
};
use crate::user::{Amr, Id, ProviderLogin, PublicUser};

/// Reads everything that is kept on a person.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportUserRequest {
    /// Who.
    pub id: Id,
    /// Only sessions and events after this id: `next` of the page before.
    pub after: Option<Id>,
}

/// Everything that is kept on a person, without what is secret; of sessions and events a page.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportUserResponse {
    /// The account.
    pub user: PublicUser,
    /// The forms under which the account's name and address are compared.
    pub identifiers: Identifiers,
    /// The scheme of the password's hash, where there is a password. The hash itself stays in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_scheme: Option<&'static str>,
    /// Whether the next login by password ends with a new one.
    pub must_change_password: bool,
    /// Who logs in to it by ID token.
    pub identities: Vec<ExportedIdentity>,
    /// Until when the password is good, where somebody else has set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_expires_at: Option<i64>,
    /// Mails that wait to be sent, without their content, which is the address and a token.
    pub mails: Vec<ExportedMail>,
    /// The authenticator app, where one is set up, without its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp: Option<ExportedTotp>,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
    /// Mailed tokens and challenges that may still be redeemed, or not yet forgotten.
    pub one_time_secrets: Vec<ExportedSecret>,
    /// The passkeys.
    pub passkeys: Vec<PasskeyInfo>,
    /// Until when each device is known on which the user logged in; which it is, is not kept.
    pub known_devices: Vec<i64>,
    /// The sessions, those that are over and not yet forgotten included, the oldest first.
    pub sessions: Vec<ExportedSession>,
    /// What the audit log tells about the account, the oldest first.
    pub events: Vec<EventInfo>,
    /// Where the next page of sessions and events begins, when there may be one: give it as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
}

/// Canonical forms (RFC 8265 UsernameCaseMapped; the address folded, its domain as an A-label).
#[derive(Debug, Serialize, JsonSchema)]
pub struct Identifiers {
    /// Of the name.
    pub username: String,
    /// Of the address, where the account has claimed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// An authenticator app.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportedTotp {
    /// When it was set up.
    pub created_at: i64,
    /// Since when it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<i64>,
}

/// Somebody as a provider of ID tokens knows them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportedIdentity {
    /// The provider: `iss`.
    pub issuer: String,
    /// What it calls them: `sub`.
    pub subject: String,
    /// Since when the account is theirs.
    pub created_at: i64,
}

/// A mail in the outbox.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportedMail {
    /// What it is about.
    pub kind: String,
    /// Since when it waits.
    pub created_at: i64,
    /// Until when it is worth sending.
    pub expires_at: i64,
}

/// What is kept of a mailed token or a challenge that may be told.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportedSecret {
    /// What it is for.
    pub purpose: String,
    /// When it was made.
    pub created_at: i64,
    /// Until when it may be redeemed.
    pub expires_at: i64,
}

/// A session as it is kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportedSession {
    /// Its id: `sid` in tokens.
    pub id: Id,
    /// For which backend it was opened.
    pub backend: String,
    /// What its tokens may be used for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// By what its user proved who they are (RFC 8176).
    pub amr: Amr,
    /// Of a login with another provider, what that says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderLogin>,
    /// When it began.
    pub created_at: i64,
    /// When it was refreshed last, or began.
    pub refreshed_at: i64,
    /// When it ends, or ended, unless it is refreshed or revoked.
    pub expires_at: i64,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<i64>,
    /// From where it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// With what it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// On which device it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<IssuedSecret>,
}

/// How many sessions, and how many events, a page has at most.
const PAGE: usize = 1000;

impl Engine {
    /// Reads everything that is kept on a person, without what is secret.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn export_user(&self, request: ExportUserRequest) -> Result<ExportUserResponse> {
        let ExportUserRequest { id, after } = request;
        let which = events::Which { user_id: Some(id), ..Default::default() };
        let not_found = || Error::from(Code::UserNotFound);
        let mail = |(kind, created_at, expires_at)| ExportedMail { kind, created_at, expires_at };
        let identity = |(issuer, subject, created_at)| ExportedIdentity { issuer, subject, created_at };
        let secret = |(purpose, created_at, expires_at)| ExportedSecret { purpose, created_at, expires_at };
        let mut export = self.store.read(|tx| {
            let user = users::find(tx, By::Id(id))?.ok_or_else(not_found)?;
            let (username, email) = users::canonical(tx, id)?.ok_or_else(not_found)?;
            Ok(ExportUserResponse {
                identifiers: Identifiers { username, email },
                password_scheme: self.password_scheme(&user),
                must_change_password: user.must_change_password,
                password_expires_at: user.password_expires_at,
                user: user.public,
                identities: identities::list(tx, id)?.into_iter().map(identity).collect(),
                totp: second_factors::totp(tx, id)?.map(|totp| ExportedTotp {
                    created_at: totp.created_at,
                    confirmed_at: totp.confirmed_at,
                }),
                recovery_codes: second_factors::count(tx, id)?.recovery_codes,
                mails: mails::list(tx, id)?.into_iter().map(mail).collect(),
                one_time_secrets: one_time_secrets::list(tx, id)?.into_iter().map(secret).collect(),
                passkeys: passkeys::list(tx, id)?.into_iter().map(Into::into).collect(),
                known_devices: known_devices::list(tx, id)?,
                sessions: sessions::list_all(tx, id, after, PAGE)?.into_iter().map(Into::into).collect(),
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

impl ExportUserResponse {
    /// Ends the page where the first full list ends: ids are ordered by time, so one of them is a place in both.
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

impl From<sessions::Kept> for ExportedSession {
    fn from(session: sessions::Kept) -> ExportedSession {
        ExportedSession {
            id: session.id,
            backend: session.backend,
            scope: session.scope,
            amr: session.amr,
            provider: session.provider,
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            expires_at: session.expires_at,
            revoked_at: session.revoked_at,
            ip: session.ip,
            user_agent: session.user_agent,
            device_id: session.device_id.map(IssuedSecret::new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExportUserResponse;
    use crate::engine::Engine;
    use crate::{Config, Hooks};

    /// Where each table that knows a user is in the export. Who adds a table says it here.
    const TABLES: [(&str, &str); 10] = [
        // `user.roles`
        ("user_roles", "user"),
        ("identities", "identities"),
        ("sessions", "sessions"),
        ("known_devices", "known_devices"),
        ("one_time_secrets", "one_time_secrets"),
        ("totp", "totp"),
        ("recovery_codes", "recovery_codes"),
        ("passkeys", "passkeys"),
        ("events", "events"),
        ("mails", "mails"),
    ];

    /// By the schema as all its steps make it: columns called `user_id` and columns that refer to `users`.
    #[test]
    fn every_table_that_knows_a_user_is_exported() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        let config = serde_json::json!({"store": format!("sqlite:{}", file.display())}).to_string();
        drop(Engine::open(Config::parse(&config).unwrap(), Hooks::default()).unwrap());
        let sql = "SELECT t.name FROM sqlite_schema t WHERE t.type = 'table' AND ( \
                     EXISTS (SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = 'user_id') \
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
