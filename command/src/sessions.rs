//! `session …`

use clap::{ArgGroup, Subcommand};
use serde_json::{Value, json};

use crate::Context;
use crate::failure::{Failure, Outcome};
use crate::show::{self, Table, time, word};

#[derive(Subcommand)]
pub enum Session {
    /// List the live sessions of an account.
    List {
        /// The account's id, name or e-mail address.
        #[arg(id = "user_id", value_name = "USER")]
        who: String,
    },
    /// End a session, every session of an account, or all sessions. If a single session is not alive, the
    /// result is NOT_FOUND.
    #[command(group = ArgGroup::new("which").required(true).args(["session_id", "user_id", "all"]))]
    Revoke {
        /// The session's id.
        #[arg(id = "session_id", value_name = "SESSION")]
        session: Option<String>,
        /// Every session of this account.
        #[arg(id = "user_id", long = "user", value_name = "USER")]
        who: Option<String>,
        /// Every session of every account, and every challenge and mailed token.
        #[arg(long)]
        all: bool,
    },
}

impl Session {
    pub fn run(self, context: &mut Context) -> Outcome {
        let host = context.source.open()?;
        match self {
            Session::List { who } => {
                let answer = host.call("list_sessions", &json!({"user_id": host.user(&who)?["id"]}))?;
                if context.json {
                    return Ok(writeln!(context.out, "{}", show::json(&answer.to_string()))?);
                }
                let cells = |session: &Value| {
                    let [created, refreshed, expires] =
                        ["created_at", "refreshed_at", "expires_at"].map(|name| time(&session[name]));
                    let [id, ip, device, with, label] =
                        ["id", "ip", "device_id", "user_agent", "label"].map(|name| word(&session[name]));
                    [id, created, refreshed, expires, ip, device, with, label]
                };
                let rows = answer["sessions"].as_array().into_iter().flatten();
                let rows: Vec<_> = rows.map(cells).collect();
                Ok(Table::new([
                    "ID",
                    "CREATED",
                    "REFRESHED",
                    "EXPIRES",
                    "IP",
                    "DEVICE",
                    "USER AGENT",
                    "LABEL",
                ])
                .print(context.out, &rows)?)
            }
            Session::Revoke { session, who, all } => {
                let answer = match who {
                    _ if all => host.call("revoke_all_sessions", &json!({}))?,
                    Some(who) => {
                        host.call("revoke_user_sessions", &json!({"user_id": host.user(&who)?["id"]}))?
                    }
                    None => match host.call("revoke_session", &json!({"session_id": session}))? {
                        answer if answer["revoked"] == 0 => return Err(Failure::NoSession),
                        answer => answer,
                    },
                };
                match context.json {
                    true => writeln!(context.out, "{answer}")?,
                    false => writeln!(context.out, "Sessions ended: {}", word(&answer["revoked"]))?,
                }
                Ok(())
            }
        }
    }
}
