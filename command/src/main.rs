//! The administrator's command: the library from a shell. Everything goes through the library's operations.
//! Secrets come from files, prompts and standard input, never from arguments, which every user of the machine
//! can read.
//!
//! This file is the command line. Each topic has a file (`users`, `sessions`, `api_keys`, `keys`, `breached`,
//! `settings`, `events`, `transfer`, `stores`) that begins with its commands. They share `host` (the open engine), `show` (text for
//! people), `moment`, `actor` (the user at the shell), `status` (an account's state in sentences), `ask` (prompts),
//! `signals`, `failure` and `origin` (the argument that a failure is about). `examples` and `manual` are
//! documentation.

mod actor;
mod api_keys;
mod ask;
mod breached;
mod events;
mod examples;
mod failure;
mod host;
mod keys;
mod manual;
mod moment;
mod origin;
mod sessions;
mod settings;
mod show;
mod signals;
mod status;
mod stores;
mod transfer;
mod users;

use std::env;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use doorward::{Code, Error, OPERATIONS};

use failure::{Failure, Outcome, USAGE};
use host::{GLOBAL, Source};
use origin::Origin;

/// Administers a doorward store: users, passwords, sessions, keys, backups.
///
/// The exit code is the status of the answer: 0 OK, 1 DENIED, 2 STEP_UP, 3 FORBIDDEN, 4 INVALID_REQUEST,
/// 5 NOT_FOUND, 6 CONFLICT, 7 THROTTLED, 8 UNAVAILABLE, 9 CONFIG (also if a file cannot be read or written),
/// 10 MISUSE, 11 INTERNAL; 64 if the command line is wrong or a question was not confirmed; 65 if `events verify`
/// finds a changed log. After a signal it is 130 or 143.
#[derive(Parser)]
#[command(name = "doorward", version, verbatim_doc_comment)]
struct Line {
    #[command(flatten)]
    source: Source,
    /// Print JSON instead of text for people.
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Create a store and its key file.
    Init,
    /// Accounts.
    #[command(subcommand)]
    User(users::User),
    /// Passwords.
    #[command(subcommand)]
    Password(users::Password),
    /// Sessions.
    #[command(subcommand)]
    Session(sessions::Session),
    /// Accounts for programs.
    #[command(subcommand)]
    ServiceAccount(api_keys::ServiceAccount),
    /// API keys.
    #[command(subcommand)]
    ApiKey(api_keys::ApiKey),
    /// Signing keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Passwords that leaked.
    #[command(subcommand)]
    Breached(breached::Breached),
    /// Show the settings of the store, or change them to those of a configuration.
    Settings(settings::Settings),
    /// Show the audit log, or verify its chain.
    Events(events::Events),
    /// Create accounts from NDJSON: one JSON object per line.
    Import(transfer::Import),
    /// Write all accounts as NDJSON, in the format of import.
    Export(transfer::Export),
    /// Copy a SQLite store into a new file while it is in use.
    Backup(stores::Backup),
    /// Replace a SQLite store that no process has open by a backup.
    ///
    /// The backup is first checked and opened with the secret key. The replaced files are kept under other
    /// names. The backup brings back what was changed since: sessions and tokens that were revoked, old
    /// passwords and factors.
    Restore(stores::Restore),
    /// Delete expired data.
    Maintain(stores::Maintain),
    /// Show the size of the store: accounts, sessions, events, mails, bytes.
    Stats(stores::Stats),
    /// Check the configuration on this machine; fails with CONFIG if there is a problem.
    Doctor(stores::Doctor),
    /// Move the content of a store into an empty one.
    ///
    /// Ids, tokens and sessions keep working with the same secret key. Meanwhile the old store refuses
    /// writes, and afterwards it refuses its hosts and names the new one. After an interruption, run the same
    /// command again.
    Migrate(stores::Migrate),
    /// Upgrade the schema of the store, as opening does unless the configuration says `"migrate": false`.
    MigrateSchema,
    /// Run an operation: JSON in, JSON out.
    Call {
        /// The operation's name, as in the reference.
        #[arg(value_parser = OperationName, hide_possible_values = true)]
        operation: String,
        /// The request; `-` reads it from standard input, where passwords belong.
        #[arg(default_value = "{}")]
        request: String,
    },
    /// Print the completion script of a shell.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder.
    #[command(hide = true)]
    Man { folder: PathBuf },
}

/// The context of every command.
struct Context<'a> {
    source: &'a Source,
    json: bool,
    out: &'a mut dyn Write,
}

/// The name of an operation. Completion knows the names; the engine checks them.
#[derive(Clone)]
struct OperationName;

impl TypedValueParser for OperationName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(OPERATIONS.iter().map(|operation| PossibleValue::new(operation.name))))
    }
}

/// Returns the command line, with examples.
fn line() -> clap::Command {
    with_examples(Line::command(), "")
}

fn with_examples(command: clap::Command, path: &str) -> clap::Command {
    let command = match examples::after_help(path) {
        Some(text) => command.after_help(text),
        None => command,
    };
    command.mut_subcommands(|child| {
        let path = format!("{path} {}", child.get_name());
        with_examples(child, path.trim_start())
    })
}

fn main() -> ExitCode {
    let parsed = line().try_get_matches().and_then(|given| Ok((Line::from_arg_matches(&given)?, given)));
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (line, given) = match parsed {
        Ok(parsed) => parsed,
        Err(error) if error.use_stderr() && asks_for_json() => {
            return Failure::Usage(reason(&error)).report(None, true, &mut out);
        }
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    // `call` answers in JSON in any case.
    let json = line.json || matches!(line.command, Command::Call { .. });
    let result = run(line.command, &mut Context { source: &line.source, json, out: &mut out });
    match result.and(out.flush().map_err(Failure::from)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let origin = match &failure {
                Failure::Engine(error) => Origin::new(Line::command(), given).of(error, &line.source),
                _ => None,
            };
            failure.report(origin.as_deref(), json, &mut out)
        }
    }
}

/// Returns whether a wrong command line asks for JSON, as far as it can be parsed.
fn asks_for_json() -> bool {
    let matches = line().ignore_errors(true).try_get_matches();
    matches.is_ok_and(|matches| matches.subcommand_name() == Some("call"))
        || env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// Returns why the command line is wrong, without the usage.
fn reason(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a subcommand is missing".to_owned();
    }
    let text = error.render().to_string();
    let why = text.split("\n\nUsage:").next().unwrap_or_default();
    why.strip_prefix("error: ").unwrap_or(why).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn run(command: Command, context: &mut Context) -> Outcome {
    match command {
        Command::Init => stores::init(context),
        Command::User(user) => user.run(context),
        Command::Password(password) => password.run(context),
        Command::Session(session) => session.run(context),
        Command::ServiceAccount(account) => account.run(context),
        Command::ApiKey(key) => key.run(context),
        Command::Keys(keys) => keys.run(context),
        Command::Breached(breached) => breached.run(context),
        Command::Settings(settings) => settings.run(context),
        Command::Events(events) => events.run(context),
        Command::Import(import) => import.run(context),
        Command::Export(export) => export.run(context),
        Command::Backup(backup) => backup.run(context),
        Command::Restore(restore) => restore.run(context),
        Command::Maintain(maintain) => maintain.run(context),
        Command::Stats(stats) => stats.run(context),
        Command::Doctor(doctor) => doctor.run(context),
        Command::Migrate(migrate) => migrate.run(context),
        Command::MigrateSchema => stores::migrate_schema(context),
        Command::Call { operation, request } => call(context, &operation, request),
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut line(), "doorward", context.out);
            Ok(())
        }
        Command::Man { folder } => manual::write(Line::command(), &folder),
    }
}

fn call(context: &mut Context, operation: &str, mut request: String) -> Outcome {
    if !OPERATIONS.iter().any(|known| known.name == operation) {
        let mut error = Error::from(Code::UnknownOperation);
        error.detail = did_you_mean(operation).map(Into::into);
        return Err(error.into());
    }
    let host = context.source.open()?;
    if request == "-" {
        request.clear();
        io::stdin().read_to_string(&mut request)?;
    }
    let request = actor::sign(operation, &request).unwrap_or(request);
    let answer = host.engine.call(operation, &request)?;
    Ok(writeln!(context.out, "{}", show::json(&answer))?)
}

/// Suggests the operation with the most similar name.
fn did_you_mean(operation: &str) -> Option<String> {
    let likeness = |known: &str| strsim::jaro(known, operation);
    let names = OPERATIONS.iter().map(|known| known.name).filter(|known| likeness(known) > 0.8);
    let nearest = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    Some(format!("did you mean {nearest}?"))
}
