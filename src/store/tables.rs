//! The tables of the schema and their columns, for moves and for checks of a role's privileges.

/// A table of the schema: every column, those of its key first.
pub(super) struct Table {
    pub name: &'static str,
    /// The number of columns in the key.
    pub key: usize,
    pub columns: &'static [(&'static str, Kind)],
}

/// The type of a column.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Integer,
    Text,
    Bytes,
}

use Kind::{Bytes, Integer, Text};

/// All tables, those that others refer to first. A test compares them with the schema.
pub(super) const TABLES: &[Table] = &[
    Table { name: "meta", key: 1, columns: &[("name", Text), ("value", Bytes)] },
    Table {
        name: "users",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("username", Text),
            ("username_key", Text),
            ("email", Text),
            ("email_key", Text),
            ("email_verified", Integer),
            ("was_verified", Integer),
            ("is_active", Integer),
            ("is_service_account", Integer),
            ("password_hash", Text),
            ("must_change_password", Integer),
            ("password_expires_at", Integer),
            ("attributes", Text),
            ("locale", Text),
            ("epoch", Integer),
            ("epoch_at", Integer),
            ("token_epoch", Integer),
            ("created_at", Integer),
        ],
    },
    Table { name: "user_roles", key: 2, columns: &[("user_id", Bytes), ("role", Text)] },
    Table {
        name: "waiting_accounts",
        key: 1,
        columns: &[("id", Bytes), ("user_id", Bytes), ("expires_at", Integer)],
    },
    Table {
        name: "identities",
        key: 3,
        columns: &[
            ("issuer", Text),
            ("subject", Text),
            ("user_id", Bytes),
            ("created_at", Integer),
            ("unlinked_at", Integer),
        ],
    },
    Table {
        name: "sessions",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("backend", Text),
            ("user_id", Bytes),
            ("epoch", Integer),
            ("generation", Integer),
            ("rotated_at", Integer),
            ("replaced_at", Integer),
            ("repeats", Text),
            ("auth_time", Integer),
            ("amr", Text),
            ("provider", Text),
            ("scope", Text),
            ("created_at", Integer),
            ("idle_at", Integer),
            ("expires_at", Integer),
            ("revoked_at", Integer),
            ("ip", Text),
            ("user_agent", Text),
            ("device_id", Text),
            ("actor_id", Bytes),
            ("actor_session_id", Bytes),
        ],
    },
    Table {
        name: "known_devices",
        key: 1,
        columns: &[("id", Bytes), ("user_id", Bytes), ("expires_at", Integer)],
    },
    Table {
        name: "trusted_devices",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("code", Bytes),
            ("user_id", Bytes),
            ("epoch", Integer),
            ("user_agent", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("last_used_at", Integer),
        ],
    },
    Table {
        name: "one_time_secrets",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("purpose", Text),
            ("user_id", Bytes),
            ("epoch", Integer),
            ("sealed", Bytes),
            ("attempts_left", Integer),
            ("created_at", Integer),
            ("expires_at", Integer),
        ],
    },
    Table {
        name: "passkeys",
        key: 1,
        columns: &[
            ("credential_id", Bytes),
            ("user_id", Bytes),
            ("label", Text),
            ("public_key", Bytes),
            ("aaguid", Bytes),
            ("sign_count", Integer),
            ("user_verified", Integer),
            ("backup_eligible", Integer),
            ("backed_up", Integer),
            ("transports", Text),
            ("created_at", Integer),
            ("last_used_at", Integer),
        ],
    },
    Table {
        name: "api_keys",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("code", Bytes),
            ("user_id", Bytes),
            ("name", Text),
            ("beginning", Text),
            ("backend", Text),
            ("scope", Text),
            ("roles", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("last_used_at", Integer),
        ],
    },
    Table {
        name: "organizations",
        key: 1,
        columns: &[("id", Bytes), ("name", Text), ("attributes", Text), ("created_at", Integer)],
    },
    Table {
        name: "organization_members",
        key: 2,
        columns: &[
            ("organization_id", Bytes),
            ("user_id", Bytes),
            ("is_owner", Integer),
            ("roles", Text),
            ("created_at", Integer),
        ],
    },
    Table {
        name: "organization_invitations",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("organization_id", Bytes),
            ("user_id", Bytes),
            ("email", Text),
            ("email_key", Text),
            ("is_owner", Integer),
            ("roles", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
        ],
    },
    Table { name: "spent_challenges", key: 1, columns: &[("id", Bytes), ("expires_at", Integer)] },
    Table {
        name: "mails",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("user_id", Bytes),
            ("kind", Text),
            ("sealed", Bytes),
            ("locale", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("due_at", Integer),
            ("attempts", Integer),
            ("last_error", Text),
        ],
    },
    Table {
        name: "totp",
        key: 1,
        columns: &[
            ("user_id", Bytes),
            ("sealed", Bytes),
            ("digits", Integer),
            ("period_seconds", Integer),
            ("last_step", Integer),
            ("created_at", Integer),
            ("confirmed_at", Integer),
        ],
    },
    Table {
        name: "pending_totp",
        key: 1,
        columns: &[
            ("user_id", Bytes),
            ("sealed", Bytes),
            ("digits", Integer),
            ("period_seconds", Integer),
            ("created_at", Integer),
        ],
    },
    Table {
        name: "recovery_codes",
        key: 1,
        columns: &[("id", Bytes), ("user_id", Bytes), ("created_at", Integer)],
    },
    Table {
        name: "keys",
        key: 1,
        columns: &[
            ("kid", Text),
            ("backend", Text),
            ("algorithm", Text),
            ("sealed", Bytes),
            ("created_at", Integer),
            ("expires_at", Integer),
        ],
    },
    Table {
        name: "events",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("at", Integer),
            ("kind", Text),
            ("user_id", Bytes),
            ("session_id", Bytes),
            ("actor", Text),
            ("detail", Text),
        ],
    },
    Table {
        name: "event_order",
        key: 1,
        columns: &[
            ("event_id", Bytes),
            ("position", Integer),
            ("ip", Text),
            ("digest", Bytes),
            ("link", Bytes),
        ],
    },
    Table { name: "revoked_tokens", key: 1, columns: &[("id", Bytes), ("expires_at", Integer)] },
    Table {
        name: "throttles",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("failures", Integer),
            ("in_a_row", Integer),
            ("failed_at", Integer),
            ("locked_until", Integer),
            ("expires_at", Integer),
        ],
    },
];

/// The names of all tables, in that order.
pub(super) fn names() -> impl DoubleEndedIterator<Item = &'static str> {
    TABLES.iter().map(|table| table.name)
}
