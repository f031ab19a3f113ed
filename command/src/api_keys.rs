//! `service-account …` and `api-key …`

use clap::Subcommand;
use doorward::{Code, Error};
use serde_json::{Value, json};

use crate::Context;
use crate::failure::Outcome;
use crate::moment;
use crate::show::{self, Table, or, time, word};

#[derive(Subcommand)]
pub enum ServiceAccount {
    /// Create an account for a program. It has API keys and cannot log in. `user` shows, disables and deletes it.
    Create {
        /// The name, which no account has.
        name: String,
        /// A role; may be repeated.
        #[arg(id = "roles", long = "role", value_name = "ROLE")]
        roles: Vec<String>,
    },
}

#[derive(Subcommand)]
pub enum ApiKey {
    /// Create an API key of an account, and print it: it is shown only now.
    Create {
        /// The account's id, name or e-mail address.
        #[arg(id = "user_id", value_name = "USER")]
        who: String,
        /// A name for the key, such as the program that will have it.
        #[arg(long)]
        name: String,
        /// A scope; may be repeated.
        #[arg(id = "scopes", long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// A role that the key has of its account; may be repeated. Default: all of them.
        #[arg(id = "roles", long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// The days until the key expires; default: never.
        #[arg(id = "expires_at", long = "days", value_name = "DAYS")]
        days: Option<u16>,
        /// The backend that the key is for; default: `default`.
        #[arg(long)]
        backend: Option<String>,
    },
    /// List the API keys of an account.
    List {
        /// The account's id, name or e-mail address.
        #[arg(id = "user_id", value_name = "USER")]
        who: String,
    },
    /// Revoke an API key. If no account has it, the result is NOT_FOUND.
    Revoke {
        /// The key's id, as `list` shows it.
        #[arg(id = "api_key_id", value_name = "ID")]
        id: String,
    },
}

impl ServiceAccount {
    pub fn run(self, context: &mut Context) -> Outcome {
        let host = context.source.open()?;
        let ServiceAccount::Create { name, roles } = self;
        let answer = host.call("create_service_account", &json!({"name": name, "roles": roles}))?;
        match context.json {
            true => writeln!(context.out, "{}", show::json(&answer.to_string()))?,
            false => {
                let [name, id] = ["username", "id"].map(|name| word(&answer["user"][name]));
                writeln!(context.out, "{name} ({id}) is a service account.")?;
            }
        }
        Ok(())
    }
}

impl ApiKey {
    pub fn run(self, context: &mut Context) -> Outcome {
        let host = context.source.open()?;
        match self {
            ApiKey::Create { who, name, scopes, roles, days, backend } => {
                let user = host.user(&who)?;
                let owner = match user["is_service_account"] == true {
                    true => "service_account_id",
                    false => "user_id",
                };
                let roles = (!roles.is_empty()).then_some(roles);
                let mut request = json!({"name": name, "scopes": scopes, "roles": roles, "backend": backend,
                    "expires_at": days.map(moment::in_days).transpose()?});
                request[owner] = user["id"].clone();
                let answer = host.call("create_api_key", &request)?;
                match context.json {
                    true => writeln!(context.out, "{}", show::json(&answer.to_string()))?,
                    false => writeln!(context.out, "{}", word(&answer["key"]))?,
                }
                Ok(())
            }
            ApiKey::List { who } => {
                let answer = host.call("list_api_keys", &json!({"user_id": host.user(&who)?["id"]}))?;
                if context.json {
                    return Ok(writeln!(context.out, "{}", show::json(&answer.to_string()))?);
                }
                let cells = |key: &Value| {
                    let [created, expires, used] =
                        ["created_at", "expires_at", "last_used_at"].map(|name| time(&key[name]));
                    let [id, name, beginning, scopes] =
                        ["id", "name", "beginning", "scopes"].map(|name| word(&key[name]));
                    let roles = key.get("roles").map_or_else(|| "all".to_owned(), word);
                    [id, name, beginning, created, or(expires, "never"), or(used, "never"), scopes, roles]
                };
                let rows = answer["api_keys"].as_array().into_iter().flatten();
                let rows: Vec<_> = rows.map(cells).collect();
                Ok(Table::new([
                    "ID",
                    "NAME",
                    "BEGINNING",
                    "CREATED",
                    "EXPIRES",
                    "LAST USED",
                    "SCOPES",
                    "ROLES",
                ])
                .print(context.out, &rows)?)
            }
            ApiKey::Revoke { id } => {
                let answer = host.call("revoke_api_key", &json!({"api_key_id": id}))?;
                if answer["revoked"] == false {
                    let why = "no account has this key";
                    return Err(Error::at(Code::ApiKeyNotFound, "/api_key_id", why).into());
                }
                match context.json {
                    true => writeln!(context.out, "{answer}")?,
                    false => writeln!(context.out, "The API key is revoked.")?,
                }
                Ok(())
            }
        }
    }
}
