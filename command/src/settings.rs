//! `settings`: the store's settings, and how they are changed to a configuration's.

use clap::{Args, Subcommand};
use doorward::Difference;
use serde_json::{Value, json};

use crate::Context;
use crate::actor;
use crate::ask;
use crate::failure::{Failure, Outcome};
use crate::show::{self, safe};

#[derive(Args)]
pub struct Settings {
    #[command(subcommand)]
    change: Option<Change>,
}

#[derive(Subcommand)]
enum Change {
    /// Change the store's settings to those of the configuration, and record an event.
    ///
    /// Running hosts keep their settings; a host that opens the store with other settings from now on is
    /// refused. Asks for confirmation if events would expire.
    Adopt {
        /// Only show what would change.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask for confirmation.
        #[arg(long, conflicts_with = "dry_run")]
        yes: bool,
    },
}

impl Settings {
    pub fn run(self, context: &mut Context) -> Outcome {
        match self.change {
            None => show(context),
            Some(Change::Adopt { dry_run, yes }) => adopt(context, dry_run, yes),
        }
    }
}

fn show(context: &mut Context) -> Outcome {
    let mut config = context.source.config()?;
    config.follow_store();
    let host = context.source.open_as(config)?;
    let settings = host.engine.settings().to_json();
    match context.json {
        true => Ok(writeln!(context.out, "{}", show::json(&settings.to_string()))?),
        false => print("", &settings, context),
    }
}

/// Prints every setting in a line of its own, with its pointer.
fn print(place: &str, value: &Value, context: &mut Context) -> Outcome {
    match value {
        Value::Object(members) => {
            members.iter().try_for_each(|(name, value)| print(&format!("{place}/{name}"), value, context))
        }
        value => Ok(writeln!(context.out, "{} {}", safe(place), safe(&value.to_string()))?),
    }
}

fn adopt(context: &mut Context, dry_run: bool, yes: bool) -> Outcome {
    if !context.source.has_config() {
        return Err(Failure::Usage("settings adopt: --config names the configuration to adopt".to_owned()));
    }
    let mut given = context.source.config()?;
    let mut follower = given.clone();
    follower.follow_store();
    let host = context.source.open_as(follower)?;
    let differences = host.engine.differences(&given)?;
    let purged = host.engine.events_to_purge(&given)?;
    drop(host);
    if !context.json {
        for Difference { field, store, given, .. } in &differences {
            writeln!(context.out, "{} {} -> {}", safe(field), safe(store), safe(given))?;
        }
        if purged > 0 {
            writeln!(context.out, "Events that expire then, and are purged: {purged}")?;
        }
        context.out.flush()?;
    }
    if !dry_run && !differences.is_empty() {
        if purged > 0 {
            ask::confirm(&format!("Change the settings, which purges {purged} events?"), yes)?;
        }
        given.change_settings = true;
        doorward::acting(actor::current(), || context.source.open_as(given))?;
    }
    if context.json {
        let change = |Difference { field, store, given, .. }: &Difference| json!({"field": field, "store": store, "given": given});
        let changes: Vec<_> = differences.iter().map(change).collect();
        let answer = json!({"changes": changes, "dry_run": dry_run, "events_purged": purged}).to_string();
        return Ok(writeln!(context.out, "{}", show::json(&answer))?);
    }
    let end = match (differences.is_empty(), dry_run) {
        (true, _) => "The store has these settings already.",
        (false, true) => "Nothing is changed yet: this was a dry run.",
        (false, false) => "The store has these settings now.",
    };
    Ok(writeln!(context.out, "{end}")?)
}
