//! `events …`

use std::io::{self, Write};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use doorward::Code;
use doorward::engine::audit::Kind;
use serde_json::{Value, json};

use crate::Context;
use crate::door::Door;
use crate::failure::{Failure, Outcome};
use crate::moment::Moment;
use crate::show::{self, Table, or, time, word};
use crate::signals::{self, Signals};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Events {
    #[command(subcommand)]
    verify: Option<Verify>,
    /// Only what concerns this account: its id, which may be gone, its name or its e-mail address.
    #[arg(id = "user_id", long = "user", value_name = "USER")]
    user: Option<String>,
    /// Only this kind: `login_failed`, `throttled`, `user_updated`, …
    #[arg(long, value_parser = kinds(), hide_possible_values = true)]
    kind: Option<String>,
    /// Only what came from this address.
    #[arg(long)]
    ip: Option<String>,
    /// Only what this actor did, who was not the account itself.
    #[arg(long)]
    actor: Option<String>,
    /// Only what happened then or later: 2026-01-31, 2026-01-31T08:00:00Z, or 90s, 15m, 2h, 7d ago.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Only what happened then or before.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Only the last N.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    last: Option<u64>,
    /// Only what came into the log after the event of this id.
    #[arg(long, value_name = "ID", conflicts_with = "last")]
    after: Option<String>,
    /// Go on with what comes into the log from now on, until Ctrl-C or the time of --until, also when the store was away
    /// for a while.
    #[arg(long)]
    follow: bool,
}

#[derive(Subcommand)]
enum Verify {
    /// Verify the chain over the audit log (audit.chain); exits with 65 when something was changed, with NOT_FOUND when the
    /// store keeps no chain.
    Verify {
        /// A head that an earlier call printed: everything up to there must be as it was.
        #[arg(long)]
        head: Option<String>,
    },
}

fn kinds() -> PossibleValuesParser {
    Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().into()
}

/// How long one waits before asking again.
const PAUSE: Duration = Duration::from_secs(1);

impl Events {
    pub fn run(self, context: &mut Context) -> Outcome {
        let door = context.source.open()?;
        if let Some(Verify::Verify { head }) = self.verify {
            return verify(&door, head, context);
        }
        let user_id = match self.user {
            Some(who) => match door.user(&who) {
                Ok(mut user) => user["id"].take(),
                Err(Failure::Engine(error)) if error.code == Code::UserNotFound && is_id(&who) => json!(who),
                Err(failure) => return Err(failure),
            },
            None => Value::Null,
        };
        let request = json!({"user_id": user_id, "kind": self.kind, "ip": self.ip, "actor": self.actor,
            "since": self.since.map(|moment| moment.0), "until": self.until.map(|moment| moment.0),
            "after": self.after, "limit": 1000});
        let signals = self.follow.then(signals::watch).transpose()?;
        let names = ["AT", "ID", "KIND", "USER", "SESSION", "IP", "ACTOR", "DETAIL"];
        let mut printer = Printer { json: context.json, table: Table::new(names) };
        let (mut resume, mut shown) = (request["after"].clone(), Vec::new());
        if let Some(last) = self.last {
            let (events, end) = newest(&door, request.clone(), last as usize)?;
            printer.print(context.out, &events)?;
            resume = end;
            shown = events.into_iter().map(|mut event| event["id"].take()).collect();
        } else if signals.is_none() && request["after"].is_null() {
            let mut request = request;
            request["order"] = json!("oldest");
            return door
                .pages("events", request, "events", |events| printer.print(context.out, events))
                .map(drop);
        }
        match signals {
            None if self.last.is_some() => Ok(()),
            signals => Follower { request, resume, shown, signals, until: self.until }.run(
                door,
                &mut printer,
                context,
            ),
        }
    }
}

/// The newest events, the oldest of them first, and how far the log was read.
fn newest(door: &Door, mut request: Value, count: usize) -> Outcome<(Vec<Value>, Value)> {
    request["order"] = json!("newest");
    let (mut events, mut resume) = (Vec::new(), None);
    loop {
        request["limit"] = json!((count - events.len()).min(1000));
        let mut page = door.call("events", &request)?;
        // What came after the first page was read is for who follows.
        resume = resume.or_else(|| Some(page["resume"].take()));
        events.extend(page["events"].as_array_mut().map(std::mem::take).unwrap_or_default());
        if events.len() >= count || page["next"].is_null() {
            events.reverse();
            return Ok((events, resume.unwrap_or_default()));
        }
        request["after"] = page["next"].take();
    }
}

/// Reads the log in the order in which it was written.
struct Follower {
    request: Value,
    /// How far it was read.
    resume: Value,
    /// Events after that which are shown already.
    shown: Vec<Value>,
    /// Where it is followed until one arrives.
    signals: Option<&'static Signals>,
    /// When it is followed no longer.
    until: Option<Moment>,
}

impl Follower {
    fn run(mut self, mut door: Door, printer: &mut Printer, context: &mut Context) -> Outcome {
        // Why the store did not answer, as it was said.
        let mut away = None;
        loop {
            self.request["after"] = self.resume.clone();
            // Before the log is read: what comes meanwhile is of that time still.
            let is_last = self.until.is_some_and(Moment::is_past);
            match door.call("events", &self.request) {
                Ok(page) => {
                    if away.take().is_some() {
                        notice("the store answers again");
                    }
                    let events = page["events"].as_array().map_or(&[][..], Vec::as_slice);
                    let is_new = |event: &&Value| !self.shown.contains(&event["id"]);
                    let events: Vec<Value> = events.iter().filter(is_new).cloned().collect();
                    printer.print(context.out, &events)?;
                    context.out.flush()?;
                    if !page["resume"].is_null() {
                        self.resume = page["resume"].clone();
                    }
                    if !page["next"].is_null() {
                        continue;
                    }
                    if is_last {
                        return Ok(());
                    }
                }
                Err(Failure::Engine(error))
                    if self.signals.is_some() && error.code == Code::StoreUnavailable =>
                {
                    let mut why = error.to_string();
                    // A store that was put back wants to be opened anew.
                    match context.source.open() {
                        Ok(opened) => door = opened,
                        Err(Failure::Engine(error)) => why = error.to_string(),
                        Err(failure) => return Err(failure),
                    }
                    if away.as_ref() != Some(&why) {
                        notice(&format!("{why}: trying again"));
                        away = Some(why);
                    }
                }
                Err(failure) => return Err(failure),
            }
            let Some(signals) = self.signals else { return Ok(()) };
            signals.wait(None, Some(PAUSE))?;
            signals.check(|| "interrupted".to_owned())?;
        }
    }
}

/// Nobody is left to tell when this fails.
fn notice(text: &str) {
    let _ = writeln!(io::stderr(), "doorward: {}", show::safe(text));
}

struct Printer {
    json: bool,
    table: Table<8>,
}

impl Printer {
    fn print(&mut self, out: &mut dyn Write, events: &[Value]) -> Outcome {
        match self.json {
            true => {
                events.iter().try_for_each(|event| Ok(writeln!(out, "{}", show::json(&event.to_string()))?))
            }
            false if events.is_empty() => Ok(()),
            false => self.table.print(out, &events.iter().map(cells).collect::<Vec<_>>()),
        }
    }
}

fn cells(event: &Value) -> [String; 8] {
    let [id, kind, user, session, ip, actor, detail] =
        ["id", "kind", "user_id", "session_id", "ip", "actor", "detail"].map(|name| word(&event[name]));
    [time(&event["at"]), id, kind, user, session, ip, actor, detail]
}

fn verify(door: &Door, head: Option<String>, context: &mut Context) -> Outcome {
    let verdict = door.call("verify_events", &json!({ "head": head }))?;
    let problems = verdict["problems"].as_array().map_or(&[][..], Vec::as_slice);
    if problems.iter().any(|it| it["reason"] == "no_chain") {
        return Err(Failure::NoChain(match door.engine.settings().chain {
            // A new store has none, and neither has one of which somebody took everything away.
            true => "the audit log is empty: its chain begins with the first event",
            false => "the store keeps no chain over its audit log: adopt the setting audit.chain",
        }));
    }
    let out = &mut *context.out;
    if context.json {
        writeln!(out, "{}", show::json(&verdict.to_string()))?;
    } else {
        for problem in problems {
            let part = |name: &str| word(&problem[name]);
            writeln!(
                out,
                "{}",
                format!("{:11} {:>9}  {}", part("reason"), part("position"), part("event_id")).trim_end()
            )?;
        }
        writeln!(out, "events   {}", word(&verdict["events"]))?;
        writeln!(out, "since    {}", or(time(&verdict["since"]), "none"))?;
        writeln!(out, "head     {}", or(word(&verdict["head"]), "none"))?;
    }
    match verdict["intact"] == true {
        true => Ok(()),
        false => Err(Failure::LogChanged),
    }
}

fn is_id(text: &str) -> bool {
    text.parse::<doorward::user::Id>().is_ok()
}
