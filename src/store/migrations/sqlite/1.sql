-- Values of the store itself, such as the proof of the secret key.
CREATE TABLE meta (
  name  TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- Ids are the 16 bytes of a UUID: of version 7, unless a user was imported with another. Times are Unix seconds.
-- *_key columns are canonical forms: they, and never lower(), decide what is the same. email_key is NULL while the address is not claimed.
CREATE TABLE users (
  id             BLOB    NOT NULL PRIMARY KEY,
  username       TEXT    NOT NULL,
  username_key   TEXT    NOT NULL UNIQUE,
  email          TEXT,
  email_key      TEXT    UNIQUE,
  email_verified INTEGER NOT NULL,
  -- Whether this address of the account or an earlier one was verified: 0 as far as known not, 1 an administrator
  -- or an import declared it, 2 its user proved it.
  was_verified   INTEGER NOT NULL,
  is_active      INTEGER NOT NULL,
  -- Whether the account is a program's: it has API keys and no other way in.
  is_service_account INTEGER NOT NULL,
  password_hash  TEXT,
  -- Whether a login by password must change the password.
  must_change_password INTEGER NOT NULL,
  -- The time until which a password that was set by another person is valid.
  password_expires_at INTEGER,
  -- When the password was set.
  password_set_at INTEGER,
  -- The hashes of the passwords before, the newest first: a JSON list in the form of the hash.
  past_passwords TEXT,
  attributes     TEXT    NOT NULL,
  locale         TEXT,
  -- The host's own id of the account.
  external_id    TEXT    UNIQUE,
  epoch          INTEGER NOT NULL,
  epoch_at       INTEGER NOT NULL,
  -- Increases whenever tokens without a session end.
  token_epoch    INTEGER NOT NULL,
  created_at     INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX users_by_activity ON users (is_active, id);
CREATE INDEX users_by_creation ON users (created_at, id);
CREATE INDEX service_accounts ON users (id) WHERE is_service_account = 1;

CREATE TABLE user_roles (
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role    TEXT NOT NULL,
  PRIMARY KEY (user_id, role)
) WITHOUT ROWID;
CREATE INDEX user_roles_by_role ON user_roles (role, user_id);

-- Accounts that wait for the reader of a mail to accept them. The id is a code of the address. An account that still
-- waits when its row expires is deleted.
CREATE TABLE waiting_accounts (
  id         BLOB    NOT NULL PRIMARY KEY,
  user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX waiting_accounts_by_user ON waiting_accounts (user_id);
CREATE INDEX waiting_accounts_by_expiry ON waiting_accounts (expires_at);

-- Logins at providers: a provider's id of a user, and the user's account. Never found by address. An identity that
-- was unlinked opens no account, but stays, so that its address does not link it again.
CREATE TABLE identities (
  issuer      TEXT    NOT NULL,
  subject     TEXT    NOT NULL,
  user_id     BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at  INTEGER NOT NULL,
  unlinked_at INTEGER,
  PRIMARY KEY (issuer, subject, user_id)
) WITHOUT ROWID;
CREATE INDEX identities_by_user ON identities (user_id);
CREATE UNIQUE INDEX identities_linked ON identities (issuer, subject) WHERE unlinked_at IS NULL;

-- One row for each session, however often it is refreshed. A session is alive while it is not revoked, not
-- expired (idle_at, expires_at), and its epoch is its user's.
CREATE TABLE sessions (
  id          BLOB    NOT NULL PRIMARY KEY,
  backend     TEXT    NOT NULL,
  user_id     BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  epoch       INTEGER NOT NULL,
  generation  INTEGER NOT NULL,
  -- When the current generation was issued, and the one before it.
  rotated_at  INTEGER NOT NULL,
  replaced_at INTEGER NOT NULL,
  -- When the token before the newest was presented again, after the grace window, separated by spaces.
  repeats     TEXT    NOT NULL,
  -- When its user last authenticated; and the methods (RFC 8176) with the times: `pwd:1767225600 otp:1767225660`.
  auth_time   INTEGER NOT NULL,
  amr         TEXT    NOT NULL,
  -- The login at the provider whose ID token opened the session, a JSON object.
  provider    TEXT,
  scope       TEXT,
  created_at  INTEGER NOT NULL,
  idle_at     INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  revoked_at  INTEGER,
  ip          TEXT,
  user_agent  TEXT,
  device_id   TEXT,
  -- The user's name for the session.
  label       TEXT,
  -- What the host said of its life: the time without a refresh, if it is shorter than the backend's, and whether it
  -- outlasts the browser.
  idle_seconds INTEGER,
  persistent  INTEGER,
  -- The organization that the login was for. Without the membership the session is over.
  organization_id BLOB,
  -- The account of a person who acts as the user, and the session from which they do. Without that session this one
  -- is over, too.
  actor_id    BLOB,
  actor_session_id BLOB,
  -- The host's own claims in its tokens, sealed: the last column, because checks of a session read all but this one.
  -- NULL once the session is revoked.
  claims      BLOB
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, id);
-- A user may have many sessions that were revoked and are not deleted yet.
CREATE INDEX unrevoked_sessions ON sessions (user_id, id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (idle_at);
CREATE INDEX sessions_by_organization ON sessions (organization_id, user_id) WHERE organization_id IS NOT NULL;

-- The devices on which users logged in. The id is a code of account and device.
CREATE TABLE known_devices (
  id         BLOB    NOT NULL PRIMARY KEY,
  user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX known_devices_by_user ON known_devices (user_id, expires_at);
CREATE INDEX known_devices_by_expiry ON known_devices (expires_at);

-- The devices on which logins need no second factor until they expire. The code is that of user and token; the token
-- is stored nowhere. The token is valid while its epoch is its user's.
CREATE TABLE trusted_devices (
  id           BLOB    NOT NULL PRIMARY KEY,
  code         BLOB    NOT NULL UNIQUE,
  user_id      BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  epoch        INTEGER NOT NULL,
  user_agent   TEXT,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  last_used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX trusted_devices_by_user ON trusted_devices (user_id, id);
CREATE INDEX trusted_devices_by_expiry ON trusted_devices (expires_at);

-- Secrets that are redeemed once: mailed tokens, challenges. The id is a code of the secret, which is stored
-- nowhere. A secret is valid while it is not expired, its user is active, and its epoch is its user's.
CREATE TABLE one_time_secrets (
  id            BLOB    NOT NULL PRIMARY KEY,
  purpose       TEXT    NOT NULL,
  user_id       BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  epoch         INTEGER NOT NULL,
  -- The data of its purpose.
  sealed        BLOB    NOT NULL,
  -- The number of attempts that remain.
  attempts_left INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX one_time_secrets_by_user ON one_time_secrets (user_id, purpose, created_at);
CREATE INDEX one_time_secrets_by_expiry ON one_time_secrets (expires_at);

-- The seed of a user's authenticator app (RFC 6238), sealed, and the parameters given to the app. A time step is
-- accepted once, and none before it.
CREATE TABLE totp (
  user_id        BLOB    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  sealed         BLOB    NOT NULL,
  digits         INTEGER NOT NULL,
  period_seconds INTEGER NOT NULL,
  last_step      INTEGER NOT NULL,
  created_at     INTEGER NOT NULL,
  confirmed_at   INTEGER NOT NULL
) WITHOUT ROWID;

-- The seed of an app that is set up and not confirmed. It is no factor. Once it is confirmed it replaces the row of
-- `totp`.
CREATE TABLE pending_totp (
  user_id        BLOB    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  sealed         BLOB    NOT NULL,
  digits         INTEGER NOT NULL,
  period_seconds INTEGER NOT NULL,
  created_at     INTEGER NOT NULL
) WITHOUT ROWID;

-- Recovery codes, for an account whose other factors are lost. The id is a code of user and recovery code, which is
-- stored nowhere; a used code is deleted.
CREATE TABLE recovery_codes (
  id         BLOB    NOT NULL PRIMARY KEY,
  user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);
-- WebAuthn credentials (section 4, credential record). The public key is a COSE_Key.
CREATE TABLE passkeys (
  credential_id   BLOB    NOT NULL PRIMARY KEY,
  user_id         BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  -- The user handle, if it is not the user's id: another system made the credential.
  user_handle     BLOB,
  label           TEXT,
  public_key      BLOB    NOT NULL,
  aaguid          BLOB    NOT NULL,
  sign_count      INTEGER NOT NULL,
  user_verified   INTEGER NOT NULL,
  -- NULL until the first use, if the system that made the credential did not tell.
  backup_eligible INTEGER,
  backed_up       INTEGER NOT NULL,
  transports      TEXT    NOT NULL,
  created_at      INTEGER NOT NULL,
  last_used_at    INTEGER
) WITHOUT ROWID;
CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at);

-- API keys. The code is that of the key, which is stored nowhere. A key is valid while it has not expired and its
-- account is active.
CREATE TABLE api_keys (
  id           BLOB    NOT NULL PRIMARY KEY,
  code         BLOB    NOT NULL UNIQUE,
  user_id      BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name         TEXT    NOT NULL,
  -- The beginning of the key, by which its owner recognizes it.
  beginning    TEXT    NOT NULL,
  backend      TEXT    NOT NULL,
  scope        TEXT,
  -- The roles that the key has of its account, separated by spaces; NULL: all of them.
  roles        TEXT,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  -- The time of the last use, to the minute.
  last_used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX api_keys_by_user ON api_keys (user_id, id);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

-- Organizations, and the accounts that are their members.
CREATE TABLE organizations (
  id         BLOB    NOT NULL PRIMARY KEY,
  name       TEXT    NOT NULL,
  attributes TEXT    NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE organization_members (
  organization_id BLOB    NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id         BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  -- Whether the member has the role `owner`, and the other roles in the organization, separated by spaces.
  is_owner        INTEGER NOT NULL,
  roles           TEXT    NOT NULL,
  created_at      INTEGER NOT NULL,
  PRIMARY KEY (organization_id, user_id)
) WITHOUT ROWID;
CREATE INDEX organization_members_by_user ON organization_members (user_id, organization_id);
CREATE INDEX organization_owners ON organization_members (organization_id, user_id) WHERE is_owner = 1;

-- Invitations to organizations that were not accepted yet. The account is the one that has verified the address, or
-- one that waits for its reader.
CREATE TABLE organization_invitations (
  id              BLOB    NOT NULL PRIMARY KEY,
  organization_id BLOB    NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id         BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  email           TEXT    NOT NULL,
  email_key       TEXT    NOT NULL,
  -- As those of a member.
  is_owner        INTEGER NOT NULL,
  roles           TEXT    NOT NULL,
  created_at      INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL,
  -- The member who invites, if the host names one. The secret is deleted with the invitation.
  invited_by      BLOB REFERENCES users (id) ON DELETE CASCADE,
  secret_id       BLOB     NOT NULL,
  UNIQUE (organization_id, email_key)
) WITHOUT ROWID;
CREATE INDEX organization_invitations_by_user ON organization_invitations (user_id);
CREATE INDEX organization_invitations_by_inviter ON organization_invitations (invited_by) WHERE invited_by IS NOT NULL;
CREATE INDEX organization_invitations_by_expiry ON organization_invitations (expires_at);

-- Sealed challenges that were redeemed, until they expire.
CREATE TABLE spent_challenges (
  id         BLOB    NOT NULL PRIMARY KEY,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX spent_challenges_by_expiry ON spent_challenges (expires_at);

-- Signing keys, sealed.
CREATE TABLE keys (
  kid        TEXT    NOT NULL PRIMARY KEY,
  backend    TEXT    NOT NULL,
  algorithm  TEXT    NOT NULL,
  sealed     BLOB    NOT NULL,
  created_at INTEGER NOT NULL,
  -- The time until which the key verifies; NULL for the one that signs.
  expires_at INTEGER
) WITHOUT ROWID;

-- Tokens without a session that were revoked one by one, until they expire. The id is a digest of backend and jti.
CREATE TABLE revoked_tokens (
  id         BLOB    NOT NULL PRIMARY KEY,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

-- The audit log. Events are never changed; user_id may be that of a deleted account.
CREATE TABLE events (
  id         BLOB    NOT NULL PRIMARY KEY,
  at         INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  user_id    BLOB,
  session_id BLOB,
  -- The actor, if that was not the account's own user.
  actor      TEXT,
  detail     TEXT
) WITHOUT ROWID;
CREATE INDEX events_by_user ON events (user_id, id);
CREATE INDEX events_by_kind ON events (kind, id);
CREATE INDEX events_by_actor ON events (actor, id) WHERE actor IS NOT NULL;

-- What of an event changes, a row for each: its place in the log, which it gets once it is committed; the client's
-- address, until the account is deleted; and its link of the chain, if one is kept. The last rows of expired events
-- stay, so that the places continue from there.
CREATE TABLE event_order (
  event_id BLOB    NOT NULL PRIMARY KEY,
  position INTEGER,
  ip       TEXT,
  digest   BLOB,
  link     BLOB
) WITHOUT ROWID;
CREATE INDEX event_order_by_position ON event_order (position, event_id);
CREATE INDEX event_order_by_ip ON event_order (ip, event_id) WHERE ip IS NOT NULL;

-- Counts of failed attempts. The id is a code that names neither account nor address.
CREATE TABLE throttles (
  id           BLOB    NOT NULL PRIMARY KEY,
  failures     INTEGER NOT NULL,
  in_a_row     INTEGER NOT NULL,
  failed_at    INTEGER NOT NULL,
  locked_until INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX throttles_by_expiry ON throttles (expires_at);

-- Mails that wait to be sent: the address and the token are sealed. A mail that a sender has taken is not due until
-- the sender's lease ends. The last mail of a deleted account tells of its deletion.
CREATE TABLE mails (
  id         BLOB    NOT NULL PRIMARY KEY,
  user_id    BLOB    NOT NULL,
  kind       TEXT    NOT NULL,
  sealed     BLOB    NOT NULL,
  locale     TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  due_at     INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  last_error TEXT
) WITHOUT ROWID;
CREATE INDEX mails_by_user ON mails (user_id);
CREATE INDEX mails_by_due ON mails (due_at, id);
CREATE INDEX mails_by_expiry ON mails (expires_at);
