//! Whole stores: `init`, `backup`, `restore`, `maintain`, `stats`, `doctor`, `migrate`, `migrate-schema`.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use clap::{ArgGroup, Args, ValueHint};
use doorward::config::StoreUrl;
use doorward::{BackupRequest, Code, Error, Migrated, On, Restored, Restoring, Verified, Watch, damage};
use serde_json::{Map, Value, json};

use crate::Context;
use crate::actor;
use crate::failure::{Failure, Outcome};
use crate::host::store_url;
use crate::show::{self, Bar, safe, word};
use crate::signals;

#[derive(Args)]
pub struct Backup {
    /// The file to create. An existing file is never overwritten.
    #[arg(id = "path", value_name = "FILE")]
    file: PathBuf,
    /// Open the copy before it gets its name, check all of it, and count its content.
    #[arg(long)]
    verify: bool,
}

#[derive(Args)]
pub struct Restore {
    /// The backup.
    #[arg(id = "backup", value_name = "BACKUP")]
    file: PathBuf,
    /// End every session, mailed token and challenge of the backup, because it brings back those that were
    /// ended since.
    #[arg(long)]
    end_all_sessions: bool,
    /// Retire the keys of the backup, as `keys rotate --retire-now` does, because it brings back those that
    /// were retired since.
    #[arg(long)]
    retire_keys: bool,
}

#[derive(Args)]
pub struct Doctor {
    /// Check a SQLite file to its end, however long that takes; otherwise for two seconds.
    #[arg(long)]
    integrity: bool,
}

#[derive(Args)]
pub struct Maintain {
    /// Stop after this many milliseconds, 1 to 60000, even if something is left. Default: when nothing is
    /// left.
    #[arg(long, value_name = "MS")]
    budget_ms: Option<u32>,
}

#[derive(Args)]
pub struct Stats {
    /// Print the figures in the format of Prometheus.
    #[arg(long, conflicts_with = "json")]
    prometheus: bool,
}

#[derive(Args)]
#[command(group = ArgGroup::new("which").required(true).args(["to", "unseal"]))]
pub struct Migrate {
    /// The store to read: sqlite:PATH, postgres://…, or @FILE that contains it.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    from: String,
    /// The store to fill: a new file, or a database that no engine has opened.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    to: Option<String>,
    /// Move nothing, but reopen the store in --from to its hosts after it was moved. Data written to the new
    /// store stays there.
    #[arg(long)]
    unseal: bool,
}

/// Creates a store and its key file. Existing tables on a server stay.
pub fn init(context: &mut Context) -> Outcome {
    let mut config = context.source.config()?;
    (config.create, config.migrate) = (Some(true), On::from(true));
    let refused = |why: String| Err(Failure::from(Error::at(Code::InvalidConfig, "/store", why)));
    let mut is_claimed = false;
    let store = match &config.store {
        StoreUrl::SqliteFile(path) => {
            // If several commands begin at once, one of them makes the file.
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    return refused(format!("{}: the file exists already", path.display()));
                }
                // The engine reports whatever else is wrong with the path.
                claimed => is_claimed = claimed.is_ok(),
            }
            Some(path.display().to_string())
        }
        StoreUrl::SqliteMemory => return refused("a store in memory ends with its process".to_owned()),
        _ => None,
    };
    let key = config.key_file();
    let is_given = key.as_ref().is_none_or(|path| path.exists());
    let files = store.iter().flat_map(|path| ["", "-wal", "-shm"].map(|ending| format!("{path}{ending}")));
    let is_new =
        |file: &String| (is_claimed && store.as_ref() == Some(file)) || fs::symlink_metadata(file).is_err();
    let made: Vec<_> = files.filter(is_new).collect();
    if let Err(failure) = context.source.open_as(config) {
        // The store cannot be opened yet, and would be refused the next time.
        for file in made {
            let _ = fs::remove_file(file);
        }
        return Err(failure);
    }
    let key = key.map(|path| path.display().to_string());
    if context.json {
        let made = json!({"store": store, "secret_key_file": key}).to_string();
        return Ok(writeln!(context.out, "{}", show::json(&made))?);
    }
    match &store {
        Some(path) => writeln!(context.out, "Created the store:       {}", safe(path))?,
        None => writeln!(context.out, "The store is ready: its tables are on the server.")?,
    }
    match &key {
        Some(path) if is_given => writeln!(context.out, "Found its secret key:    {}", safe(path))?,
        Some(path) => writeln!(context.out, "Created its secret key:  {}", safe(path))?,
        None => writeln!(context.out, "Its secret key is the configuration's.")?,
    }
    writeln!(
        context.out,
        "Keep a copy of the secret key, apart from backups of the store: without it the\n\
         sealed data are lost, and anyone who has it can make tokens.\n\
         Next: doorward user add NAME --email ADDRESS --role admin"
    )?;
    Ok(())
}

impl Backup {
    pub fn run(self, context: &mut Context) -> Outcome {
        let name = format!("FILE {}", show::path(&self.file));
        let path = std::path::absolute(&self.file).map_err(|error| Failure::file(&name, &error))?;
        let key = context.source.config()?.key_file();
        let host = context.source.open()?;
        let request = BackupRequest::new(&path).verify(self.verify);
        let answer = watched(|watch| host.engine.backup_watched(request, watch));
        let answer = answer.map_err(|failure| match failure {
            Failure::Engine(error)
                if error.code == Code::InvalidRequest && error.field.as_deref() == Some("/path") =>
            {
                Failure::File(format!("{name}: {}", error.detail.unwrap_or_default()))
            }
            failure => failure,
        })?;
        if context.json {
            let answer = serde_json::to_string(&answer).map_err(io::Error::from)?;
            return Ok(writeln!(context.out, "{answer}")?);
        }
        let name = path.display().to_string();
        writeln!(context.out, "{} bytes are in {}.", answer.bytes, safe(&name))?;
        if let Some(Verified { users, sessions, events, .. }) = answer.verified {
            let counts = format!("{users} accounts, {sessions} live sessions, {events} events");
            writeln!(
                context.out,
                "Verified: the copy is complete, opens with the secret key, and has {counts}."
            )?;
        }
        match key {
            Some(key) => {
                let key = key.display().to_string();
                writeln!(
                    context.out,
                    "It does not contain the secret key: keep {}, too, in another place.",
                    safe(&key)
                )?;
            }
            None => {
                writeln!(context.out, "It does not contain the secret key, which is the configuration's.")?
            }
        }
        Ok(())
    }
}

/// Runs `f` with a progress bar, until a signal arrives.
fn watched<T>(f: impl FnOnce(&Watch) -> doorward::Result<T>) -> Outcome<T> {
    signals::watch()?;
    let bar = Arc::new(Mutex::new(Bar::new()));
    let shown = Arc::clone(&bar);
    let watch: Watch = Arc::new(move |what, done, of| {
        if let Ok(mut bar) = shown.lock() {
            bar.show(what, done, of, &format!("of {} MB", of.div_ceil(1_000_000)));
        }
        signals::arrived().is_none()
    });
    let result = f(&watch);
    if let Ok(mut bar) = bar.lock() {
        bar.clear();
    }
    result.map_err(|error| interrupted_or(error, "interrupted, nothing is changed"))
}

/// Returns what a signal interrupted as such. Another failure stays what it is, also if a signal arrived.
fn interrupted_or(error: Error, how: &str) -> Failure {
    match signals::arrived().is_some() && error.detail.as_deref() == Some("interrupted") {
        true => Failure::Interrupted(how.to_owned()),
        false => error.into(),
    }
}

impl Restore {
    pub fn run(self, context: &mut Context) -> Outcome {
        let name = format!("BACKUP {}", show::path(&self.file));
        fs::File::open(&self.file).map_err(|error| Failure::file(&name, &error))?;
        let mut config = context.source.config()?;
        // The backup may be older than this version.
        config.migrate = On::from(true);
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        let how = Restoring::new(format!(".before-{}", show::time(&json!(now)).replace(':', "")))
            .end_all_sessions(self.end_all_sessions)
            .retire_keys(self.retire_keys);
        let Restored { kept, sessions, retired, .. } = watched(|watch| {
            doorward::acting(actor::current(), || doorward::restore(&config, &self.file, &how, watch))
        })?;
        let kept = kept.map(|kept| kept.display().to_string());
        if context.json {
            let answer = json!({"kept": kept, "sessions": sessions, "retired": retired}).to_string();
            return Ok(writeln!(context.out, "{}", show::json(&answer))?);
        }
        let backup = self.file.display().to_string();
        writeln!(context.out, "The store was restored from {}.", safe(&backup))?;
        if let Some(kept) = kept {
            writeln!(context.out, "The replaced store is kept: {}", safe(&kept))?;
        }
        if let Some(retired) = retired {
            crate::keys::tell(context, &json!(retired))?;
        }
        match sessions {
            Some(sessions) => writeln!(context.out, "Sessions ended: {sessions}")?,
            None if self.retire_keys => {}
            None => writeln!(
                context.out,
                "Sessions, mailed tokens, passwords and factors are those of the backup, also such as were revoked or\n\
                 changed since. `doorward session revoke --all` ends the sessions and tokens."
            )?,
        }
        Ok(())
    }
}

impl Maintain {
    pub fn run(self, context: &mut Context) -> Outcome {
        let host = context.source.open()?;
        let signals = signals::watch()?;
        let mut purged: BTreeMap<String, u64> = BTreeMap::new();
        let is_complete = loop {
            signals.check(|| format!("interrupted, rows purged so far: {}", purged.values().sum::<u64>()))?;
            let answer = host.call("maintain", &json!({"budget_ms": self.budget_ms}))?;
            for (kind, rows) in answer["purged"].as_object().into_iter().flatten() {
                *purged.entry(kind.clone()).or_default() += rows.as_u64().unwrap_or(0);
            }
            let is_complete = answer["complete"] == true;
            if is_complete || self.budget_ms.is_some() {
                break is_complete;
            }
        };
        if context.json {
            return Ok(writeln!(context.out, "{}", json!({"purged": purged, "complete": is_complete}))?);
        }
        for (kind, rows) in &purged {
            writeln!(context.out, "{kind:18} {rows:>12}")?;
        }
        if !is_complete {
            writeln!(context.out, "More expired data is left.")?;
        }
        Ok(())
    }
}

impl Stats {
    pub fn run(self, context: &mut Context) -> Outcome {
        let answer = context.source.open()?.call("stats", &json!({"store": true}))?;
        let store = &answer["store"];
        if self.prometheus {
            // The counters of this short process are meaningless.
            let all = answer["prometheus"].as_str().unwrap_or_default();
            let own = all.find("# HELP doorward_accounts").and_then(|start| all.get(start..));
            return Ok(write!(context.out, "{}", own.unwrap_or_default())?);
        }
        if context.json {
            return Ok(writeln!(context.out, "{}", show::json(&store.to_string()))?);
        }
        let is_estimate =
            |name: &str| store["estimated"].as_array().is_some_and(|all| all.contains(&json!(name)));
        for (name, figure) in store.as_object().into_iter().flatten() {
            let text = match name.as_str() {
                "estimated" => continue,
                "oldest_mail_at" => show::time(figure),
                name if is_estimate(name) => format!("{} (expected)", word(figure)),
                _ => word(figure),
            };
            writeln!(context.out, "{:18} {text:>20}", name.replace('_', " "))?;
        }
        Ok(())
    }
}

impl Doctor {
    pub fn run(self, context: &mut Context) -> Outcome {
        let answer = match context.source.open() {
            Ok(host) => host.call("doctor", &json!({"integrity": self.integrity}))?,
            Err(failure) => {
                let damage = damage(&context.source.config()?.store, self.integrity).ok_or(failure)?;
                json!({"findings": [damage], "version": env!("CARGO_PKG_VERSION")})
            }
        };
        let findings = answer["findings"].as_array().map_or(&[][..], Vec::as_slice);
        if context.json {
            writeln!(context.out, "{}", show::json(&answer.to_string()))?;
        } else {
            for finding in findings {
                let part = |name: &str| word(&finding[name]);
                writeln!(context.out, "{:8} {:20} {}", part("severity"), part("check"), part("message"))?;
            }
        }
        let problems = findings.iter().filter(|finding| finding["severity"] == "problem").count();
        match problems {
            0 => Ok(()),
            count => Err(Error::new(Code::InvalidConfig, format!("problems found: {count}")).into()),
        }
    }
}

impl Migrate {
    pub fn run(self, context: &mut Context) -> Outcome {
        let from = store_url(&self.from, "--from")?;
        match &self.to {
            Some(to) => move_store(&from, &store_url(to, "--to")?, context),
            None => unseal(&from, context),
        }
    }
}

fn move_store(from: &StoreUrl, to: &StoreUrl, context: &mut Context) -> Outcome {
    signals::watch()?;
    let mut bar = Bar::new();
    let moved = doorward::migrate(from, to, |moved| {
        bar.show(moved.table, moved.rows, moved.of, &format!("of {} rows", moved.of));
        match signals::arrived() {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    });
    bar.clear();
    let moved = moved.map_err(|error| {
        interrupted_or(error, "interrupted: nothing was moved, and the old store is in use as before")
    })?;
    if context.json {
        let rows: Map<String, Value> =
            moved.iter().map(|moved| (moved.table.to_owned(), json!(moved.rows))).collect();
        return Ok(writeln!(context.out, "{}", json!({ "moved": rows }))?);
    }
    for moved in &moved {
        writeln!(context.out, "{:18} {:>12}", moved.table, moved.rows)?;
    }
    writeln!(
        context.out,
        "Moved and compared. Open the new store with the same secret key; the old one refuses its hosts."
    )?;
    Ok(())
}

fn unseal(store: &StoreUrl, context: &mut Context) -> Outcome {
    let moved_to = doorward::unseal(store)?;
    if context.json {
        return Ok(writeln!(context.out, "{}", json!({ "moved_to": moved_to }))?);
    }
    match moved_to {
        Some(to) => writeln!(context.out, "The store is open again. Do not use {} any more.", safe(&to))?,
        None => writeln!(context.out, "The store was not moved: it is open.")?,
    }
    Ok(())
}

/// Upgrades the schema, for hosts that open the store with `"migrate": false`.
pub fn migrate_schema(context: &mut Context) -> Outcome {
    let Migrated { before, after, .. } = doorward::migrate_schema(&context.source.config()?)?;
    if context.json {
        return Ok(writeln!(context.out, "{}", json!({"before": before, "after": after}))?);
    }
    match before {
        _ if before >= after => writeln!(context.out, "The schema is {after} already.")?,
        0 => writeln!(context.out, "The tables were created: the schema is {after}.")?,
        _ => writeln!(context.out, "The schema was {before} and is {after}.")?,
    }
    Ok(())
}
