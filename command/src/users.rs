//! `user …` and `password …`.

use clap::{Args, Subcommand, ValueEnum};
use doorward::config::Registration;
use doorward::{Code, Error};
use serde_json::{Map, Value, json};

use crate::Context;
use crate::ask;
use crate::failure::{Failure, Outcome};
use crate::host::Host;
use crate::show::{self, Table, or, time, word};
use crate::status;

#[derive(Subcommand)]
pub enum User {
    /// Create an account. The password is typed twice, or the first line of standard input.
    Add(Add),
    /// List accounts.
    List {
        /// Only accounts with this role.
        #[arg(long)]
        role: Option<String>,
        /// Only accounts that may log in.
        #[arg(long)]
        active: bool,
        /// Only accounts that may not log in.
        #[arg(long, conflicts_with = "active")]
        disabled: bool,
        /// Only accounts that are locked now after too many failures.
        #[arg(long)]
        locked: bool,
    },
    /// Find accounts by the beginning of their name, e-mail address or external id.
    Search {
        #[arg(value_name = "TEXT")]
        text: String,
        /// Only accounts with this role.
        #[arg(long)]
        role: Option<String>,
        /// Only accounts that may log in.
        #[arg(long)]
        active: bool,
        /// Only accounts that may not log in.
        #[arg(long, conflicts_with = "active")]
        disabled: bool,
        /// The order.
        #[arg(long, default_value = "username")]
        order: Order,
    },
    /// Show an account, and whether it can log in.
    Show(Who),
    /// Change an account; members that are not given stay.
    Set(Set),
    /// Mark an account's address as verified.
    VerifyEmail(VerifyEmail),
    /// Keep an account from logging in, and end its sessions.
    Disable(Who),
    /// Let an account log in again, also after too many failures.
    Enable(Who),
    /// Unlock an account after too many failures.
    Unlock(Who),
    /// Lock an account that may be in the wrong hands, and end everything that is open. The user gets a mail.
    ///
    /// Its factors stay. `user enable` lets it log in again.
    Lock {
        #[command(flatten)]
        who: Who,
        /// Why, for the audit log.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Remove the second factors of a user who lost them. The user gets a mail.
    ///
    /// Verify who asks by other means before. Every session ends.
    RemoveSecondFactors(RemoveSecondFactors),
    /// Show or change the roles of an account.
    Roles(Roles),
    /// Delete an account and everything about it.
    Delete {
        #[command(flatten)]
        who: Who,
        /// Do not ask for confirmation.
        #[arg(long)]
        yes: bool,
    },
    /// Write all data about a person, as JSON.
    Export(Who),
}

/// The order of a list of accounts.
#[derive(Clone, Copy, ValueEnum)]
pub enum Order {
    /// By the name.
    Username,
    /// The oldest first.
    Oldest,
    /// The newest first.
    Newest,
}

#[derive(Subcommand)]
pub enum Password {
    /// Set a temporary password, or mail a link for setting a new one.
    ///
    /// The temporary password is typed twice, or is the first line of standard input. It must be changed at
    /// the next login. Every session ends.
    Reset {
        #[command(flatten)]
        who: Who,
        /// Mail a link instead; nothing changes until it is followed.
        #[arg(long)]
        mail: bool,
    },
}

#[derive(Args)]
pub struct Who {
    /// The account's id, name or e-mail address.
    #[arg(id = "user_id", value_name = "USER")]
    who: String,
}

#[derive(Args)]
pub struct Add {
    /// The name to log in with.
    #[arg(id = "username", value_name = "NAME")]
    name: String,
    /// The e-mail address; required unless the configuration says otherwise (registration.require_email).
    #[arg(long)]
    email: Option<String>,
    /// A role; may be given several times.
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Further data of the host, a JSON object.
    #[arg(long, value_name = "JSON")]
    attributes: Option<String>,
    /// The language of mails to this user.
    #[arg(long)]
    locale: Option<String>,
}

#[derive(Args)]
#[group(required = true, multiple = true, args = ["username", "email", "attributes", "locale", "external_id", "must_change_password"])]
pub struct Set {
    #[command(flatten)]
    who: Who,
    /// The new name.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// The new address. It is not verified, and links mailed to the old one become invalid.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Further data of the host, a JSON object that replaces the present one.
    #[arg(long, value_name = "JSON")]
    attributes: Option<String>,
    /// The language of mails to this user.
    #[arg(long)]
    locale: Option<String>,
    /// The id of the account in another system, which no other account has; an empty text removes it.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Whether the next login by password requires a new one.
    #[arg(long, value_name = "BOOL")]
    must_change_password: Option<bool>,
}

#[derive(Args)]
pub struct VerifyEmail {
    #[command(flatten)]
    who: Who,
    /// Remove all access set up before, if the user never proved an address: password, sessions, second
    /// factors, passkeys, identities.
    #[arg(long)]
    reclaim: bool,
    /// Do not ask for confirmation.
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
pub struct RemoveSecondFactors {
    #[command(flatten)]
    who: Who,
    /// A factor to remove; may be given several times. Default: all of them.
    #[arg(id = "factors", long = "factor", value_name = "FACTOR")]
    factors: Vec<Factor>,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do not ask for confirmation.
    #[arg(long)]
    yes: bool,
}

/// A kind of second factor.
#[derive(Clone, Copy, ValueEnum)]
pub enum Factor {
    /// The authenticator app.
    Totp,
    /// Every passkey.
    Passkeys,
    /// The recovery codes.
    RecoveryCodes,
}

#[derive(Args)]
pub struct Roles {
    #[command(flatten)]
    who: Who,
    /// A role to add; may be given several times.
    #[arg(id = "add_roles", long = "add", value_name = "ROLE")]
    given: Vec<String>,
    /// A role to remove; may be given several times.
    #[arg(id = "remove_roles", long = "remove", value_name = "ROLE")]
    taken: Vec<String>,
}

impl User {
    pub fn run(self, context: &mut Context) -> Outcome {
        let host = context.source.open()?;
        match self {
            User::Add(add) => add.run(&host, context),
            User::List { role, active, disabled, locked } => {
                let is_active = (active || disabled).then_some(active);
                let request = json!({"role": role, "is_active": is_active, "locked": locked});
                list(&host, "list_users", request, context)
            }
            User::Search { text, role, active, disabled, order } => {
                let filters = json!({"role": role, "is_active": (active || disabled).then_some(active)});
                let order = match order {
                    Order::Username => "username",
                    Order::Oldest => "oldest",
                    Order::Newest => "newest",
                };
                list(
                    &host,
                    "search_users",
                    json!({"text": text, "filters": filters, "order": order}),
                    context,
                )
            }
            User::Show(Who { who }) => show(&host, &who, context),
            User::Set(set) => set.run(&host, context),
            User::VerifyEmail(verify) => verify.run(&host, context),
            User::Unlock(Who { who }) => {
                let locks = host.user_with_status(&who)?["status"]["locks"].take();
                let user = update(&host, &who, json!({"unlock": true}))?;
                let became = match locks.as_array().is_none_or(Vec::is_empty) {
                    true => "was not locked; its failure counts are reset.",
                    false => "is unlocked; its failure counts are reset.",
                };
                answer(context, &user, Some(became))
            }
            User::Lock { who, reason } => {
                let user = host.user(&who.who)?;
                let locked = host.call("lock_user", &json!({"user_id": user["id"], "reason": reason}))?;
                answer(context, &locked, Some("is locked; its sessions ended."))
            }
            User::RemoveSecondFactors(remove) => remove.run(&host, context),
            User::Disable(Who { who }) => {
                let user = update(&host, &who, json!({"is_active": false}))?;
                answer(context, &user, Some("may not log in any more; its sessions ended."))
            }
            User::Enable(Who { who }) => {
                let user = update(&host, &who, json!({"is_active": true}))?;
                answer(context, &user, Some("may log in."))
            }
            User::Roles(roles) => roles.run(&host, context),
            User::Delete { who, yes } => {
                let user = host.user(&who.who)?;
                ask::confirm(&format!("Delete {} and everything about it?", title(&user)), yes)?;
                let deleted = host.call("delete_user", &json!({"id": user["id"]}))?;
                match context.json {
                    true => writeln!(context.out, "{deleted}")?,
                    false => writeln!(context.out, "{} is deleted.", title(&user))?,
                }
                Ok(())
            }
            User::Export(Who { who }) => {
                let everything = export(&host, &host.user(&who)?["id"])?;
                let text = serde_json::to_string_pretty(&everything).unwrap_or_default();
                let text: Vec<_> = text.lines().map(show::json).collect();
                Ok(writeln!(context.out, "{}", text.join("\n"))?)
            }
        }
    }
}

impl RemoveSecondFactors {
    fn run(self, host: &Host, context: &mut Context) -> Outcome {
        let RemoveSecondFactors { who, factors, reason, yes } = self;
        let user = host.user(&who.who)?;
        ask::confirm(&format!("Remove second factors of {}?", title(&user)), yes)?;
        let name = |factor: &Factor| match factor {
            Factor::Totp => "totp",
            Factor::Passkeys => "passkeys",
            Factor::RecoveryCodes => "recovery_codes",
        };
        let factors: Vec<_> = factors.iter().map(name).collect();
        let factors = Some(factors).filter(|factors| !factors.is_empty());
        let request = json!({"user_id": user["id"], "factors": factors, "reason": reason});
        let removed = host.call("remove_second_factors", &request)?;
        match context.json {
            true => writeln!(context.out, "{removed}")?,
            false => writeln!(
                context.out,
                "Removed from {}: authenticator apps: {}; passkeys: {}; recovery codes: {}.\nEnded sessions: {}.",
                title(&user),
                u8::from(removed["totp"] == true),
                removed["passkeys"],
                removed["recovery_codes"],
                removed["revoked_sessions"],
            )?,
        }
        Ok(())
    }
}

impl Set {
    fn run(self, host: &Host, context: &mut Context) -> Outcome {
        let Set { who, username, email, attributes, locale, external_id, must_change_password } = self;
        let changes = json!({"username": username, "email": email, "attributes": object(attributes)?,
            "locale": locale, "external_id": external_id, "must_change_password": must_change_password});
        let user = update(host, &who.who, changes)?;
        answer(context, &user, None)
    }
}

impl VerifyEmail {
    fn run(self, host: &Host, context: &mut Context) -> Outcome {
        let VerifyEmail { who, reclaim, yes } = self;
        let found = host.user_with_status(&who.who)?;
        let user = &found["user"];
        let is_unproven = found["status"]["has_proven"] == false;
        let title = title(user);
        let address = word(&user["email"]);
        if reclaim {
            let question =
                format!("Remove password, sessions and factors of {title}, and mark {address} as verified?");
            ask::confirm(&question, yes)?;
        } else if is_unproven && !address.is_empty() {
            let question = format!(
                "The user of {title} never proved an address, and another person may know the password. Does the \
                 account belong to the owner of {address}? (--reclaim removes what opened it before)"
            );
            ask::confirm(&question, yes)?;
        }
        let changes = json!({"id": user["id"], "email_verified": true, "reclaim": reclaim});
        let became = match reclaim {
            true => {
                format!("has the verified address {address}; its password and sessions were removed.")
            }
            false => format!("has the verified address {address}."),
        };
        answer(context, &host.call("update_user", &changes)?, Some(&became))
    }
}

/// Parses an option's JSON object.
fn object(attributes: Option<String>) -> Outcome<Option<Map<String, Value>>> {
    let object = attributes.map(|text| serde_json::from_str(&text)).transpose();
    object.map_err(|_| Failure::Usage("--attributes: expected a JSON object".to_owned()))
}

impl Add {
    fn run(self, host: &Host, context: &mut Context) -> Outcome {
        let Add { name, email, roles, attributes, locale } = self;
        let attributes = object(attributes)?;
        let roles = Some(roles).filter(|roles| !roles.is_empty());
        let mut request = json!({"username": name, "email": email, "roles": roles, "attributes": attributes,
            "locale": locale});
        check(host, &request, &context.source.config()?.registration)?;
        request["password"] = ask::new_password(&name)?.into();
        answer(context, &host.call("register", &request)?, None)
    }
}

/// Refuses an account that `register` would refuse, before a password is typed for it.
fn check(host: &Host, account: &Value, registration: &Registration) -> Outcome {
    let report = host.call("import_users", &json!({"dry_run": true, "users": [account]}))?;
    match report["problems"][0]["code"].as_str() {
        // An account that is imported needs no address.
        None if !(registration.require_email && account["email"].is_null()) => Ok(()),
        Some("username_taken") => Err(Error::from(Code::UsernameTaken).into()),
        Some("email_taken") if registration.conceal_existing => Ok(()),
        Some("email_taken") => Err(Error::from(Code::EmailTaken).into()),
        // `register` names the member and the reason.
        _ => {
            let mut request = account.clone();
            request["password"] = "".into();
            host.call("register", &request).map(drop)
        }
    }
}

impl Roles {
    fn run(self, host: &Host, context: &mut Context) -> Outcome {
        let Roles { who, given, taken } = self;
        let mut user = host.user(&who.who)?;
        if !given.is_empty() || !taken.is_empty() {
            let change = json!({"id": user["id"], "add_roles": given, "remove_roles": taken});
            user = host.call("update_user", &change)?["user"].take();
        }
        match context.json {
            true => answer(context, &json!({"user": user}), None),
            false => {
                let roles = user["roles"].as_array().into_iter().flatten();
                roles.into_iter().try_for_each(|role| Ok(writeln!(context.out, "{}", word(role))?))
            }
        }
    }
}

impl Password {
    pub fn run(self, context: &mut Context) -> Outcome {
        let Password::Reset { who, mail } = self;
        let host = context.source.open()?;
        let user = host.user(&who.who)?;
        if mail {
            return mail_link(&host, &user, context);
        }
        let password = ask::new_password(&title(&user))?;
        let request = json!({"user_id": user["id"], "new_password": password, "temporary": true});
        let user = host.call("set_password", &request)?;
        answer(
            context,
            &user,
            Some("has a temporary password, to be changed at the next login; its sessions ended."),
        )
    }
}

fn mail_link(host: &Host, user: &Value, context: &mut Context) -> Outcome {
    let mail = context.source.config()?.mail;
    if mail.links.reset_password.is_none() && mail.from.is_none() {
        return Err(Error::at(Code::InvalidConfig, "/mail", "there is no link to mail").into());
    }
    // The operation itself does not disclose this.
    let why_not = match (&user["email"], &user["is_active"]) {
        (Value::Null, _) => Some("the account has no e-mail address"),
        (_, Value::Bool(false)) => Some("the account may not log in"),
        _ => None,
    };
    if let Some(why) = why_not {
        return Err(Error::new(Code::InvalidRequest, why).into());
    }
    let sent = host.call("request_password_reset", &json!({"email": user["email"]}))?;
    match context.json {
        true => writeln!(context.out, "{sent}")?,
        false => writeln!(
            context.out,
            "A mail to {} waits to be sent, unless another one was requested less than a minute ago.",
            word(&user["email"])
        )?,
    }
    Ok(())
}

fn update(host: &Host, who: &str, mut changes: Value) -> Outcome<Value> {
    changes["id"] = host.user(who)?["id"].take();
    host.call("update_user", &changes)
}

/// Prints accounts as a table, or as one JSON object per line.
fn list(host: &Host, operation: &str, request: Value, context: &mut Context) -> Outcome {
    let mut table = Table::new(["ID", "USERNAME", "E-MAIL", "ACTIVE", "ROLES"]);
    let out = &mut *context.out;
    let json = context.json;
    let listed = host.pages(operation, request, "users", |users| match json {
        true => users.iter().try_for_each(|user| Ok(writeln!(out, "{}", show::json(&user.to_string()))?)),
        false => {
            let cells = |user: &Value| {
                ["id", "username", "email", "is_active", "roles"].map(|name| word(&user[name]))
            };
            Ok(table.print(out, &users.iter().map(cells).collect::<Vec<_>>())?)
        }
    });
    listed.map(drop)
}

/// Prints the answer's account, or its outcome in one line.
fn answer(context: &mut Context, answer: &Value, became: Option<&str>) -> Outcome {
    let out = &mut *context.out;
    let user = &answer["user"];
    match became {
        _ if context.json => writeln!(out, "{}", show::json(&answer.to_string()))?,
        Some(became) => writeln!(out, "{} {became}", title(user))?,
        None => {
            let email = match (word(&user["email"]), user["email_verified"] == true) {
                (none, _) if none.is_empty() => "none".to_owned(),
                (email, true) => format!("{email} (verified)"),
                (email, false) => format!("{email} (not verified)"),
            };
            for (name, text) in [
                ("id", word(&user["id"])),
                ("username", word(&user["username"])),
                ("e-mail", email),
                ("active", word(&user["is_active"])),
                ("roles", or(word(&user["roles"]), "none")),
                ("external id", or(word(&user["external_id"]), "none")),
                ("created", time(&user["created_at"])),
                ("attributes", word(&user["attributes"])),
            ] {
                writeln!(out, "{name:11} {text}")?;
            }
        }
    }
    Ok(())
}

/// Prints an account and its state.
fn show(host: &Host, who: &str, context: &mut Context) -> Outcome {
    let found = host.user_with_status(who)?;
    answer(context, &found, None)?;
    match context.json {
        true => Ok(()),
        false => status::print(context.out, &found["user"], &found["status"]),
    }
}

fn title(user: &Value) -> String {
    format!("{} ({})", word(&user["username"]), word(&user["id"]))
}

/// Collects every page of a person's data.
fn export(host: &Host, id: &Value) -> Outcome<Value> {
    let mut whole = host.call("export_user", &json!({"id": id}))?;
    while let Some(next) = whole.as_object_mut().and_then(|whole| whole.remove("next")) {
        let mut page = host.call("export_user", &json!({"id": id, "after": next}))?;
        for list in ["sessions", "events"] {
            if let (Some(all), Some(more)) = (whole[list].as_array_mut(), page[list].as_array_mut()) {
                all.append(more);
            }
        }
        if !page["next"].is_null() {
            whole["next"] = page["next"].take();
        }
    }
    Ok(whole)
}
