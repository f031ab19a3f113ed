//! `events …`

use std::io::{self, Write};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use doorward::{Code, EventKind};
use serde_json::{Value, json};

use crate::Context;
use crate::failure::{Failure, Outcome, told};
use crate::host::Host;
use crate::moment::Moment;
use crate::show::{self, Table, or, time, word};
use crate::signals::{self, Signals};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Events {
    #[command(subcommand)]
    verify: Option<Verify>,
    /// Only events of this account: its id, even of a deleted account, its name or its e-mail address.
    #[arg(id = "user_id", long = "user", value_name = "USER")]
    user: Option<String>,
    /// Only this kind: `login_failed`, `throttled`, `user_updated`, …
    #[arg(long, value_parser = kinds(), hide_possible_values = true)]
    kind: Option<String>,
    /// Only events from this IP address.
    #[arg(long)]
    ip: Option<String>,
    /// Only events by this actor, other than the account itself.
    #[arg(long)]
    actor: Option<String>,
    /// Only events from this time on: 2026-01-31, 2026-01-31T08:00:00Z, or 90s, 15m, 2h, 7d ago.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Only events up to this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Only the last N events.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    last: Option<u64>,
    /// Only events that were written after the event of this id.
    #[arg(long, value_name = "ID", conflicts_with = "last")]
    after: Option<String>,
    /// Continue with new events until Ctrl-C or the time of --until, even if the store is unavailable for a
    /// while.
    #[arg(long)]
    follow: bool,
}

#[derive(Subcommand)]
enum Verify {
    /// Verify the chain over the audit log (audit.chain). Exits with 65 if the log was changed, with
    /// NOT_FOUND if the store keeps no chain.
    Verify {
        /// A head printed by an earlier call: everything up to it must be unchanged.
        #[arg(long)]
        head: Option<String>,
    },
}

fn kinds() -> PossibleValuesParser {
    EventKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().into()
}

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_secs(1);

impl Events {
    pub fn run(self, context: &mut Context) -> Outcome {
        let host = context.source.open()?;
        if let Some(Verify::Verify { head }) = self.verify {
            return verify(&host, head, context);
        }
        let user_id = match self.user {
            Some(who) => match host.user(&who) {
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
        let mut resume = request["after"].clone();
        let mut shown = Vec::new();
        if let Some(last) = self.last {
            let (events, end) = newest(&host, request.clone(), last as usize)?;
            printer.print(context.out, &events)?;
            resume = end;
            shown = events.into_iter().map(|mut event| event["id"].take()).collect();
        } else if signals.is_none() && request["after"].is_null() {
            let mut request = request;
            request["order"] = json!("oldest");
            return host
                .pages("events", request, "events", |events| Ok(printer.print(context.out, events)?))
                .map(drop);
        }
        match signals {
            None if self.last.is_some() => Ok(()),
            signals => Follower { request, resume, shown, signals, until: self.until }.run(
                host,
                &mut printer,
                context,
            ),
        }
    }
}

/// Returns the newest events, in ascending order, and how far the log was read.
fn newest(host: &Host, mut request: Value, count: usize) -> Outcome<(Vec<Value>, Value)> {
    request["order"] = json!("newest");
    let mut events = Vec::new();
    let mut resume = None;
    loop {
        request["limit"] = json!((count - events.len()).min(1000));
        let mut page = host.call("events", &request)?;
        // Events after the first page was read are left to the follower.
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
    /// Events after that position which were already shown.
    shown: Vec<Value>,
    /// Interrupts the waiting for new events.
    signals: Option<&'static Signals>,
    /// When following ends.
    until: Option<Moment>,
}

impl Follower {
    fn run(mut self, mut host: Host, printer: &mut Printer, context: &mut Context) -> Outcome {
        // Why the store did not answer, as last reported.
        let mut away = None;
        loop {
            self.request["after"] = self.resume.clone();
            // Checked before the log is read: events that come meanwhile still belong to that time.
            let is_last = self.until.is_some_and(Moment::is_past);
            match host.call("events", &self.request) {
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
                    let mut why = told(&error);
                    // A restored store has to be opened anew.
                    match context.source.open() {
                        Ok(opened) => host = opened,
                        Err(Failure::Engine(error)) => why = told(&error),
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

/// Prints a notice. If this fails, it cannot be reported.
fn notice(text: &str) {
    let _ = writeln!(io::stderr(), "doorward: {}", show::safe(text));
}

struct Printer {
    json: bool,
    table: Table<8>,
}

impl Printer {
    fn print(&mut self, out: &mut dyn Write, events: &[Value]) -> io::Result<()> {
        match self.json {
            true => events.iter().try_for_each(|event| writeln!(out, "{}", show::json(&event.to_string()))),
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

fn verify(host: &Host, head: Option<String>, context: &mut Context) -> Outcome {
    let verdict = host.call("verify_events", &json!({ "head": head }))?;
    let problems = verdict["problems"].as_array().map_or(&[][..], Vec::as_slice);
    let has = |reason: &str| problems.iter().any(|it| it["reason"] == reason);
    // A head that was kept elsewhere proves that the log had a chain.
    if has("no_chain") && !has("other_head") {
        return Err(Failure::NoChain(match host.engine.settings().chain {
            // A new store has no events; another may have lost all of them.
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
    text.parse::<doorward::Id>().is_ok()
}
