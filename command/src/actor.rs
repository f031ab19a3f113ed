//! The actor at the shell. The audit log records the actor with every operation of the command.

use std::fs;
use std::sync::LazyLock;

use doorward::{Actor, OPERATIONS};
use rustix::process::getuid;
use rustix::system::uname;
use serde_json::{Map, Value, json};

/// `USER@HOST`: the user who became root by sudo, or else the user who runs the command.
static ACTOR: LazyLock<Option<Actor>> = LazyLock::new(|| {
    let user = environment("SUDO_USER").or_else(account).unwrap_or_else(|| getuid().as_raw().to_string());
    let host = uname();
    let text: String = format!("{user}@{}", host.nodename().to_string_lossy());
    text.chars().filter(|c| !c.is_control()).take(200).collect::<String>().trim().parse().ok()
});

pub fn current() -> Option<Actor> {
    ACTOR.clone()
}

/// Adds the actor to the request of an operation that accepts one, unless it is given. A request that is not
/// an object is left for the engine to refuse.
pub fn sign(operation: &str, request: &str) -> Option<String> {
    let takes_actor = OPERATIONS.iter().any(|known| known.name == operation && known.takes_actor);
    let actor = current().filter(|_| takes_actor)?;
    let members: Map<String, Value> = match request.trim() {
        "" => Map::new(),
        text => serde_json::from_str(text).ok()?,
    };
    let rest = request.trim().strip_prefix('{').unwrap_or("}");
    let comma = if members.is_empty() { "" } else { "," };
    (!members.contains_key("actor")).then(|| format!("{{\"actor\":{}{comma}{rest}", json!(actor.as_str())))
}

/// Returns the name of the account that runs the command, as the machine itself knows it.
fn account() -> Option<String> {
    let own = getuid().as_raw().to_string();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = accounts.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        let uid = parts.nth(1)?;
        (uid == own).then(|| name.to_owned())
    });
    found.or_else(|| environment("LOGNAME"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the engine reads no environment; its command asks who runs it"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
