//! `keys …`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use doorward::{Code, Error};
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::show::{self, Table, time, word};
use crate::{Context, ask};

#[derive(Subcommand)]
pub enum Keys {
    /// List signing keys and secret keys by their ids, and the data that still needs an older secret key.
    List,
    /// Create a file with a new secret key, to be listed first. An existing file is never overwritten.
    NewSecret {
        /// The file to create, readable by its owner only.
        file: PathBuf,
    },
    /// Make a new signing key. Tokens of the old key stay valid until they expire.
    Rotate {
        /// The backend; default: `default`.
        #[arg(long)]
        backend: Option<String>,
        /// Invalidate the keys in use at once, after a leak. Without --backend this includes everything that
        /// a leaked secret key opens: all other secret keys, sessions, mailed tokens, authenticator apps.
        #[arg(long)]
        retire_now: bool,
        /// With --retire-now, without --backend: keep authenticator apps valid, because no copy of the store
        /// leaked.
        #[arg(long, requires = "retire_now", conflicts_with = "backend")]
        keep_totp: bool,
        /// Do not ask for confirmation.
        #[arg(long, requires = "retire_now")]
        yes: bool,
    },
}

impl Keys {
    pub fn run(self, context: &mut Context) -> Outcome {
        if let Keys::NewSecret { file } = self {
            return new_secret(&file, context);
        }
        let host = context.source.open()?;
        let answer = match &self {
            Keys::NewSecret { .. } => Value::Null,
            Keys::List => host.call("list_keys", &json!({}))?,
            Keys::Rotate { backend, retire_now: false, .. } => {
                host.call("rotate_keys", &json!({"backend": backend}))?
            }
            Keys::Rotate { backend, keep_totp, yes, .. } => {
                ask::confirm(&question(backend.as_deref(), *keep_totp), *yes)?;
                let mut request = json!({"backend": backend, "retire": "now"});
                if backend.is_none() {
                    request["keep_totp"] = (*keep_totp).into();
                }
                host.call("rotate_keys", &request)?
            }
        };
        match self {
            _ if context.json => writeln!(context.out, "{}", show::json(&answer.to_string()))?,
            Keys::NewSecret { .. } => {}
            Keys::List => list(context, &answer)?,
            Keys::Rotate { backend, .. } => {
                let old = word(&answer["previous"]);
                let retired = &answer["retired"];
                let verifies = if old.is_empty() || retired.is_object() {
                    String::new()
                } else {
                    format!("; {old} still verifies")
                };
                writeln!(context.out, "{} signs from now on{verifies}.", word(&answer["kid"]))?;
                if retired.is_object() {
                    tell(context, retired)?;
                }
                if backend.is_none() && retired["secret_keys"] == 0 {
                    writeln!(context.out, "{NO_SECRET_KEY}")?;
                }
            }
        }
        Ok(())
    }
}

/// Prints the keys, and what needs each older secret key.
fn list(context: &mut Context, answer: &Value) -> Outcome {
    let keys = |name: &str| answer[name].as_array().map_or(&[][..], Vec::as_slice);
    let signing = keys("signing_keys").iter().map(|key| {
        let use_ = if key["expires_at"].is_null() { "signs" } else { "verifies" };
        let [kid, backend, algorithm] = ["kid", "backend", "algorithm"].map(|name| word(&key[name]));
        [kid, backend, algorithm, time(&key["created_at"]), time(&key["expires_at"]), use_.to_owned()]
    });
    Table::new(["KID", "BACKEND", "ALG", "SINCE", "UNTIL", "USE"])
        .print(context.out, &signing.collect::<Vec<_>>())?;
    writeln!(context.out)?;
    let secret = keys("secret_keys").iter().map(|key| {
        let needed = key["needed_by"].as_object().into_iter().flatten().filter(|(_, count)| **count != 0);
        let needed: Vec<String> =
            needed.map(|(what, count)| format!("{} {}", word(count), what.replace('_', " "))).collect();
        let needed = match &needed[..] {
            [] if key["needed_by"].is_null() => String::new(),
            [] => "nothing".to_owned(),
            needed => needed.join(", "),
        };
        [word(&key["id"]), time(&key["since"]), word(&key["state"]), needed]
    });
    let mut table = Table::new(["SECRET KEY", "SINCE", "STATE", "NEEDED BY"]);
    Ok(table.print(context.out, &secret.collect::<Vec<_>>())?)
}

/// Creates the file of a new secret key.
fn new_secret(file: &Path, context: &mut Context) -> Outcome {
    let name = file.display().to_string();
    let shown = show::path(file);
    doorward::new_secret_key_file(file).map_err(|error| match (error.code, error.detail) {
        (Code::InvalidConfig, _) if file.exists() => {
            Failure::File(format!("FILE {shown}: the file exists already"))
        }
        (Code::InvalidConfig, Some(why)) => Failure::File(format!("FILE {shown}: {why}")),
        (code, Some(detail)) => Error::new(code, detail).into(),
        (code, None) => Error::from(code).into(),
    })?;
    if context.json {
        let made = json!({"secret_key_file": name}).to_string();
        return Ok(writeln!(context.out, "{}", show::json(&made))?);
    }
    writeln!(context.out, "A new secret key is in {}.", show::safe(&name))?;
    writeln!(context.out, "List it before the one in use: secret_key_files, or --secret-key-file twice.")?;
    Ok(())
}

/// Reported if only the current secret key was given: otherwise a leaked key would be believed retired.
const NO_SECRET_KEY: &str = "No secret key was retired: the first one stays in use. If that one leaked, put a new one \
                             before it (secret_key_files) and do this again.";

/// Returns the question to confirm before keys are retired.
fn question(backend: Option<&str>, keep_totp: bool) -> String {
    match (backend, keep_totp) {
        (Some(backend), _) => {
            format!("Retire the keys of {backend}? Its access tokens become invalid at once.")
        }
        (None, true) => "Retire all keys? Every session ends.".to_owned(),
        (None, false) => {
            "Retire all keys? Every session ends, and every authenticator app has to be set up again."
                .to_owned()
        }
    }
}

/// Prints what was retired.
pub fn tell(context: &mut Context, retired: &Value) -> Outcome {
    let count = |name: &str| word(&retired[name]);
    let [keys, secret_keys, sessions] = ["signing_keys", "secret_keys", "sessions"].map(count);
    let [secrets, mails, seeds] = ["one_time_secrets", "mails", "totp_seeds"].map(count);
    writeln!(context.out, "Retired signing keys: {keys}; secret keys: {secret_keys}.")?;
    writeln!(
        context.out,
        "Ended sessions: {sessions}; mailed tokens and challenges: {secrets}; mails: {mails}; authenticator apps: {seeds}."
    )?;
    Ok(())
}
