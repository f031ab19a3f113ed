//! `keys …`

use clap::Subcommand;
use serde_json::{Value, json};

use crate::Context;
use crate::failure::Outcome;
use crate::show::{self, Table, word};

#[derive(Subcommand)]
pub enum Keys {
    /// List the public keys that tokens verify with. Keys of HS256 are secret, and are not shown.
    List,
    /// Make a new signing key. Tokens of the old one stay valid until they expire.
    Rotate {
        /// Of this backend; default: `default`.
        #[arg(long)]
        backend: Option<String>,
    },
}

impl Keys {
    pub fn run(self, context: &mut Context) -> Outcome {
        let door = context.source.open()?;
        let answer = match &self {
            Keys::List => door.call("jwks", &json!({}))?,
            Keys::Rotate { backend } => door.call("rotate_keys", &json!({"backend": backend}))?,
        };
        match self {
            _ if context.json => writeln!(context.out, "{}", show::json(&answer.to_string()))?,
            Keys::List => {
                let cells = |key: &Value| ["kid", "alg", "kty", "crv"].map(|name| word(&key[name]));
                let keys = answer["keys"].as_array().into_iter().flatten();
                Table::new(["KID", "ALG", "KTY", "CRV"])
                    .print(context.out, &keys.map(cells).collect::<Vec<_>>())?;
            }
            Keys::Rotate { .. } => {
                let old = word(&answer["previous"]);
                let verifies = if old.is_empty() { String::new() } else { format!("; {old} still verifies") };
                writeln!(context.out, "{} signs from now on{verifies}.", word(&answer["kid"]))?;
            }
        }
        Ok(())
    }
}
