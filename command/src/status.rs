//! The state of an account, in sentences: `user show`.

use std::io::Write;

use serde_json::Value;

use crate::failure::Outcome;
use crate::show::{or, time, word};

/// Prints what is known of the account besides its public part, and what prevents a login.
pub fn print(out: &mut dyn Write, user: &Value, status: &Value) -> Outcome {
    for (name, text) in [
        ("password", password(status)),
        ("factors", factors(&status["second_factors"])),
        ("identities", or(word(&status["identities"]), "none")),
        ("last login", or(time(&status["last_login_at"]), "never")),
        ("sessions", word(&status["sessions"])),
        ("mails", or(mails(&status["mails"]), "none")),
    ] {
        writeln!(out, "{name:11} {text}")?;
    }
    let name = word(&user["username"]);
    let who = argument(user);
    let obstacles: Vec<String> =
        items(&status["obstacles"]).flat_map(|code| sentences(&word(code), &who, status)).collect();
    match obstacles.is_empty() {
        true => writeln!(out, "\nNothing about the account keeps {name} from logging in.")?,
        false => writeln!(out, "\n{name} cannot log in:")?,
    }
    for sentence in obstacles {
        writeln!(out, "- {sentence}")?;
    }
    if status["must_change_password"] == true {
        writeln!(out, "The next login by password requires a new one.")?;
    }
    if !items(&status["found_by"]).any(|by| by == "email") && !user["email"].is_null() {
        writeln!(out, "A login finds the account by its name only: its e-mail address is not verified.")?;
    }
    writeln!(out, "Locks on network addresses belong to no account: doorward events --kind throttled")?;
    Ok(())
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn password(status: &Value) -> String {
    let password = &status["password"];
    if password.is_null() {
        return "none".to_owned();
    }
    let mut text = match word(&password["scheme"]) {
        scheme if scheme.is_empty() => "unreadable".to_owned(),
        scheme => format!("{scheme} ({})", word(&password["parameters"])),
    };
    if password["peppered"] == true {
        text += ", sealed";
    }
    if !password["expires_at"].is_null() {
        text += &format!(", temporary until {}", time(&password["expires_at"]));
    }
    text
}

fn factors(factors: &Value) -> String {
    let count = |name: &str, one: &str, many: &str| match factors[name].as_i64() {
        None | Some(0) => None,
        Some(1) => Some(format!("1 {one}")),
        Some(count) => Some(format!("{count} {many}")),
    };
    let app = (factors["totp"] == true).then(|| "authenticator app".to_owned());
    let passkeys = count("passkeys", "passkey", "passkeys");
    let codes = count("recovery_codes", "recovery code", "recovery codes");
    let all: Vec<String> = [app, passkeys, codes].into_iter().flatten().collect();
    match (all.is_empty(), factors["required"] == true) {
        (true, true) => "none, and one is required".to_owned(),
        (true, false) => "none".to_owned(),
        _ => all.join(", "),
    }
}

fn mails(mails: &Value) -> String {
    let one = |mail: &Value| {
        let kind = word(&mail["kind"]);
        let since = time(&mail["created_at"]);
        match mail["attempts"].as_i64() {
            None | Some(0) => format!("{kind} waits since {since}"),
            Some(tries) => {
                let why = word(&mail["last_error"]);
                let why = if why.is_empty() { why } else { format!(": {why}") };
                format!("{kind} waits since {since}, tried {tries} times{why}")
            }
        }
    };
    items(mails).map(one).collect::<Vec<_>>().join("; ")
}

/// Returns the account as an argument for the next command: its name, unless a shell would interpret it, or
/// else its id.
fn argument(user: &Value) -> String {
    let name = word(&user["username"]);
    let is_plain = |c: char| c.is_alphanumeric() || "._".contains(c);
    if name.chars().all(is_plain) { name } else { word(&user["id"]) }
}

/// Describes an obstacle and its remedy.
fn sentences(code: &str, who: &str, status: &Value) -> Vec<String> {
    let sentence = match code {
        "locked" => return items(&status["locks"]).filter(|lock| !is_of_app(lock)).map(|it| lock(it, who)).collect(),
        "second_factor_locked" => {
            return items(&status["locks"]).filter(|lock| is_of_app(lock)).map(|it| lock(it, who)).collect();
        }
        "no_password" => format!("It has no password: doorward password reset {who}"),
        "sealed_by_unknown_key" => format!(
            "Its password is sealed by a secret key that is not here. Give that key beside the others (secret_keys), or: doorward password reset {who}"
        ),
        "password_hash_too_costly" => format!(
            "The hash of its password costs more than this configuration verifies. Raise password.memory_kib and iterations to the hash's, or: doorward password reset {who}"
        ),
        "invalid_password_hash" => {
            format!("The hash of its password cannot be read: doorward password reset {who}")
        }
        "inactive_user" => format!("It is disabled: doorward user enable {who}"),
        "temporary_password_expired" => format!(
            "Its temporary password expired at {}: doorward password reset {who}",
            time(&status["password"]["expires_at"])
        ),
        "unverified_email" => format!(
            "Its e-mail address is not verified, and must be (require_verified_email). Mail it a link, or: doorward user verify-email {who}"
        ),
        "second_factor_missing" => {
            "It must have a second factor (require_second_factor), and has none.".to_owned()
        }
        "retired_seed" => {
            "Codes of its authenticator app are refused: the app's seed was retired. Another factor is still accepted."
                .to_owned()
        }
        "app_sealed_by_unknown_key" => {
            "Codes of its authenticator app are refused: a secret key that is not here sealed them. Give that key beside the others (secret_keys)."
                .to_owned()
        }
        other => other.to_owned(),
    };
    vec![sentence]
}

fn is_of_app(lock: &Value) -> bool {
    lock["of"] == "second_factor"
}

fn lock(lock: &Value, who: &str) -> String {
    let takes = match lock["of"].as_str() {
        Some("username") => "It refuses passwords with its name".to_owned(),
        Some("email") => "It refuses passwords with its e-mail address".to_owned(),
        Some("second_factor") => "It refuses codes of its authenticator app".to_owned(),
        _ => "It refuses passwords".to_owned(),
    };
    let device = if lock["known_device"] == true { " on a device where it logged in before" } else { "" };
    let until = match time(&lock["locked_until"]) {
        until if until.is_empty() => format!(" until it is unlocked: doorward user unlock {who}"),
        until => format!(" until {until}. To unlock it now: doorward user unlock {who}"),
    };
    format!("{takes}{device}, after {} failures in a row,{until}", word(&lock["failures"]))
}
