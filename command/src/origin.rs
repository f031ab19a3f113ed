//! The argument or file that a failure is about. The engine names it by a JSON pointer into its request or
//! configuration; the ids of arguments are the members of requests that they become.

use std::path::Path;

use clap::{Arg, ArgMatches, Command, ValueHint};
use doorward::{Code, Error, Status};

use crate::host::Source;
use crate::show;

/// The command that ran, and its arguments.
pub struct Origin {
    command: Command,
    given: ArgMatches,
}

impl Origin {
    /// Descends to the last subcommand.
    pub fn new(mut command: Command, mut given: ArgMatches) -> Origin {
        while let Some((name, below)) = given.remove_subcommand() {
            let Some(child) = command.find_subcommand(&name).cloned() else { break };
            (command, given) = (child, below);
        }
        Origin { command, given }
    }

    pub fn of(&self, error: &Error, source: &Source) -> Option<String> {
        let pointer = error.field.as_deref().unwrap_or_default();
        let mut parts = pointer.split('/').skip(1);
        let name = match error.code {
            Code::UsernameTaken if self.argument("username").is_some() => "username",
            Code::EmailTaken => "email",
            _ => parts.next().unwrap_or_default(),
        };
        let index = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        if let Some(argument) = self.argument(name) {
            return Some(self.text(argument, index));
        }
        match (error.status(), error.code) {
            (Status::Config, _) if name == "store" && self.argument("from").is_some() => {
                Some("--from, --to".to_owned())
            }
            (Status::InvalidRequest, _) if matches!(name, "password" | "new_password") && !self.is_call() => {
                Some("the password, from standard input".to_owned())
            }
            (_, Code::WrongSecretKey) if name.is_empty() => source.secret_keys(),
            (_, Code::SchemaTooNew | Code::StoreUnavailable) if name.is_empty() => {
                // A command with stores of its own may mean one of them.
                self.argument("from").or(self.argument("path")).is_none().then(|| source.store())
            }
            (Status::Config | Status::Unavailable, _) if !name.is_empty() => Some(source.of_setting(pointer)),
            _ => None,
        }
    }

    /// Returns whether the command is `call`, which has a whole request and asks for no password.
    fn is_call(&self) -> bool {
        self.command.get_name() == "call"
    }

    fn argument(&self, name: &str) -> Option<&Arg> {
        let is_it = |argument: &&Arg| argument.get_id() == name && argument.get_action().takes_values();
        self.command.get_arguments().find(is_it)
    }

    /// Returns the argument as typed; for a file also its path.
    fn text(&self, argument: &Arg, index: usize) -> String {
        let name = match (argument.get_long(), argument.get_value_names()) {
            (Some(long), _) => format!("--{long}"),
            (None, Some([name, ..])) => name.to_string(),
            (None, _) => argument.get_id().as_str().to_uppercase(),
        };
        let value = self.given.try_get_raw(argument.get_id().as_str()).ok().flatten();
        let value = value.and_then(|mut values| values.nth(index)).map(|value| value.to_string_lossy());
        match (value, argument.get_value_hint()) {
            (Some(value), ValueHint::AnyPath | ValueHint::FilePath) => {
                format!("{name} {}", show::path(Path::new(&*value)))
            }
            (Some(value), ValueHint::Url) => show::store_option(&name, &value),
            _ => name,
        }
    }
}
