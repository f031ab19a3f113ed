//! `events`

use std::time::Duration;

use clap::Args;
use doorward::Code;
use serde_json::{Value, json};

use crate::Context;
use crate::failure::{Failure, Outcome};
use crate::show::{self, Table, time, word};
use crate::signals;

#[derive(Args)]
pub struct Events {
    /// Only what concerns this account: its id, which may be gone, its name or its e-mail address.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only this kind, as the reference spells it.
    #[arg(long)]
    kind: Option<String>,
    /// Only what was written after the event of this id.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// Go on with what is written from now on, until Ctrl-C.
    #[arg(long)]
    follow: bool,
}

impl Events {
    pub fn run(self, context: &mut Context) -> Outcome {
        let door = context.source.open()?;
        let user_id = match self.user {
            Some(who) => match door.user(&who) {
                Ok(mut user) => user["id"].take(),
                Err(Failure::Engine(error)) if error.code == Code::UserNotFound && is_id(&who) => json!(who),
                Err(failure) => return Err(failure),
            },
            None => Value::Null,
        };
        let mut request = json!({"user_id": user_id, "kind": self.kind, "after": self.after});
        let signals = self.follow.then(signals::watch).transpose()?;
        let mut table = Table::new(["AT", "KIND", "USER", "SESSION", "IP", "DETAIL"]);
        loop {
            let (out, json) = (&mut *context.out, context.json);
            let last = door.pages("events", request.clone(), "events", |events| match json {
                true => events
                    .iter()
                    .try_for_each(|event| Ok(writeln!(out, "{}", show::json(&event.to_string()))?)),
                false if events.is_empty() => Ok(()),
                false => table.print(out, &events.iter().map(cells).collect::<Vec<_>>()),
            })?;
            context.out.flush()?;
            let Some(signals) = signals else { return Ok(()) };
            request["after"] = last;
            signals.wait(None, Some(Duration::from_secs(1)))?;
            signals.check(|| "interrupted".to_owned())?;
        }
    }
}

fn cells(event: &Value) -> [String; 6] {
    let [kind, user, session, ip, detail] =
        ["kind", "user_id", "session_id", "ip", "detail"].map(|name| word(&event[name]));
    [time(&event["at"]), kind, user, session, ip, detail]
}

fn is_id(text: &str) -> bool {
    text.parse::<doorward::user::Id>().is_ok()
}
