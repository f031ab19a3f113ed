//! The administrator's command: what the library can do, from a shell. Everything goes through the operations of
//! the library. Secrets come from files, prompts and standard input, never from arguments, which every user of the
//! machine can read.
//!
//! Here: the command line. One file for each topic (`users`, `sessions`, `keys`, `events`, `transfer`, `stores`),
//! each beginning with its commands, and below them what all share: `door` (the open engine), `show` (text for
//! people), `ask` (prompts), `failure`.

mod ask;
mod door;
mod events;
mod failure;
mod keys;
mod sessions;
mod show;
mod stores;
mod transfer;
mod users;

use std::io::{self, Read, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use door::Source;
use failure::{Failure, Outcome, USAGE};

/// Administers a doorward store: users, passwords, sessions, keys, backups.
///
/// The exit code is the status of the answer: 0 OK, 1 DENIED, 2 STEP_UP, 3 FORBIDDEN, 4 INVALID_REQUEST, 5 NOT_FOUND,
/// 6 CONFLICT, 7 THROTTLED, 8 UNAVAILABLE, 9 CONFIG, 10 MISUSE, 11 INTERNAL; and 64 where the command line is wrong.
#[derive(Parser)]
#[command(name = "doorward", version, verbatim_doc_comment)]
struct Line {
    #[command(flatten)]
    source: Source,
    /// Print JSON instead of text for people.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a new store and its key file.
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
    /// Signing keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Show the audit log.
    Events(events::Events),
    /// Create accounts from NDJSON: one JSON object a line.
    Import(transfer::Import),
    /// Write all accounts as NDJSON, in the form that import reads, without passwords.
    Export,
    /// Copy a SQLite store into a new file, while it is in use.
    Backup(stores::Backup),
    /// Purge what is past its time.
    Maintain(stores::Maintain),
    /// Judge the configuration on this machine; fails with CONFIG when there is a problem.
    Doctor,
    /// Move everything in one store into another that is empty.
    ///
    /// Ids, tokens and sessions keep working with the same secret key. Stop the hosts first: what they write to the old
    /// store meanwhile is not moved.
    Migrate(stores::Migrate),
    /// Bring the schema of the store up to date, as opening does unless the configuration says `"migrate": false`.
    MigrateSchema,
    /// Run an operation: JSON in, JSON out.
    Call {
        /// Its name, as the reference spells it.
        operation: String,
        /// The request; `-` reads it from standard input, where passwords belong.
        #[arg(default_value = "{}")]
        request: String,
    },
    /// Print the completion script of a shell.
    Completion {
        /// Which.
        shell: clap_complete::Shell,
    },
}

/// What every command is given.
struct Context<'a> {
    source: &'a Source,
    json: bool,
    out: &'a mut dyn Write,
}

fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    // `call` answers in JSON whatever happens.
    let json = line.json || matches!(line.command, Command::Call { .. });
    let result = run(line.command, &mut Context { source: &line.source, json, out: &mut out });
    match result.and(out.flush().map_err(Failure::from)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json, &mut out),
    }
}

fn run(command: Command, context: &mut Context) -> Outcome {
    match command {
        Command::Init => stores::init(context),
        Command::User(user) => user.run(context),
        Command::Password(password) => password.run(context),
        Command::Session(session) => session.run(context),
        Command::Keys(keys) => keys.run(context),
        Command::Events(events) => events.run(context),
        Command::Import(import) => import.run(context),
        Command::Export => transfer::export(context),
        Command::Backup(backup) => backup.run(context),
        Command::Maintain(maintain) => maintain.run(context),
        Command::Doctor => stores::doctor(context),
        Command::Migrate(migrate) => migrate.run(context),
        Command::MigrateSchema => stores::migrate_schema(context),
        Command::Call { operation, request } => call(context, &operation, request),
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Line::command(), "doorward", context.out);
            Ok(())
        }
    }
}

fn call(context: &mut Context, operation: &str, mut request: String) -> Outcome {
    let door = context.source.open()?;
    if request == "-" {
        request.clear();
        io::stdin().read_to_string(&mut request)?;
    }
    let answer = door.engine.call(operation, &request)?;
    Ok(writeln!(context.out, "{}", show::json(&answer))?)
}
